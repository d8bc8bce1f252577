"""Find the tick boxes beside their printed labels, ticked, scribbled over or empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.readers.furniture import Furniture, binarise
from extractor.templates.label_template import TickPlace
from extractor.templates.placing import Placed
from extractor.templates.values import Region

_SIZES_MM = np.arange(2.6, 6.6, 0.25)
LEAST_FRAME = 0.6
"""Share of a frame that must be inked; print runs and binarising break a little of it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A square outline: its left and upper edge and its size in working pixels, and how much of it is inked, 0 to 1."""

    left: float
    top: float
    size: float
    score: float


def find_boxes(labels: Sequence[Placed], tick: TickPlace, furniture: Furniture, mm: float) -> list[Region]:
    """Insides of the tick boxes of the given labels, in order.

    All boxes of a block have one size and stand at one distance from their labels; a box that cannot be seen is
    put where the others have it.
    """
    dark = binarise(furniture.grey) > 0
    frames = [best_frame(label.left, label.baseline, tick, dark, mm) for label in labels]
    sure = [(label, f) for label, f in zip(labels, frames, strict=True) if f.score >= LEAST_FRAME and label.found]
    if sure:
        lefts = np.array([f.left for _, f in sure])
        dx = float(np.median([f.left - label.left for label, f in sure]))
        # Boxes stand below each other more exactly than the OCR engine sees where their labels begin.
        column = float(np.median(lefts)) if np.median(np.abs(lefts - np.median(lefts))) < 1.0 * mm else None
        dy = float(np.median([f.top - label.baseline for label, f in sure]))
        size = float(np.median([f.size for _, f in sure]))
    else:
        size = tick.size * mm
        dx, dy = tick.dx * mm - size / 2, tick.dy * mm - size / 2
        column = None
    regions = []
    for label, frame in zip(labels, frames, strict=True):
        left, top = label.left + dx if column is None else column, label.baseline + dy
        agrees = abs(frame.left - left) < 2.0 * mm and abs(frame.size - size) < 0.8 * mm
        if frame.score >= LEAST_FRAME and agrees:
            left, top = frame.left, frame.top
        edge = 0.25 * mm
        regions.append(Region(left + edge, top + edge, left + size - edge, top + size - edge))
    return regions


def best_frame(start: float, baseline: float, tick: TickPlace, dark: NDArray[np.bool_], mm: float) -> Frame:
    """The square outline near the place the template expects that has the most ink on its sides.

    A tick over the box adds ink but takes none away, so the outline is looked for by its sides alone.

    Args:
        start: left end of the box's label, working pixels.
        baseline: row the label stands on, working pixels.
        tick: where the box should be, seen from there.
        dark: ink, rulings included, ``(height, width)``.
        mm: working pixels in a millimetre.
    """
    reach = 5.0 * mm
    cx, cy = start + tick.dx * mm, baseline + tick.dy * mm
    x0, x1 = int(max(0, cx - reach - 3 * mm)), int(min(dark.shape[1], cx + reach + 3 * mm))
    y0, y1 = int(max(0, cy - reach - 3 * mm)), int(min(dark.shape[0], cy + reach + 3 * mm))
    patch = dark[y0:y1, x0:x1]
    best = Frame(cx - tick.size * mm / 2, cy - tick.size * mm / 2, tick.size * mm, 0.0)
    # A side may lean by a pixel: count a column as inked where it or its neighbour is.
    wide = patch.copy()
    wide[:, 1:] |= patch[:, :-1]
    tall = patch.copy()
    tall[1:] |= patch[:-1]
    down = np.vstack([np.zeros((1, patch.shape[1])), np.cumsum(wide, axis=0)])
    across = np.hstack([np.zeros((patch.shape[0], 1)), np.cumsum(tall, axis=1)])
    for size_mm in _SIZES_MM:
        n = round(size_mm * mm)
        h, w = patch.shape[0] - n, patch.shape[1] - n
        if h < 2 or w < 2:
            continue
        left = (down[n:, :w] - down[:-n, :w])[:h] / n
        right = (down[n:, n : n + w] - down[:-n, n : n + w])[:h] / n
        upper = (across[:, n:] - across[:, :-n])[:h, :w] / n
        lower = (across[n : n + h, n:] - across[n : n + h, :-n])[:, :w] / n
        sides = np.stack([left, right, upper, lower])
        # The weakest side decides, so that a letter's stem and bar do not pass for a box.
        score = 0.5 * sides.min(axis=0) + 0.5 * sides.mean(axis=0)
        ys, xs = np.mgrid[0:h, 0:w]
        apart = np.hypot(xs + n / 2 + x0 - cx, ys + n / 2 + y0 - cy) / mm
        score = score - 0.02 * apart
        at = int(np.argmax(score))
        if score.flat[at] > best.score:
            y, x = divmod(at, w)
            best = Frame(float(x + x0), float(y + y0), float(n), float(score.flat[at]))
    return best
