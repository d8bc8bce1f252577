"""Tell the strokes of one written line from those of its neighbours, and draw the border between them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

ABOVE, OWN, BELOW = 1, 2, 3
_CHUNK = 8
"""Width of a border's step, pixels."""
_RISE = 2
"""Height between two rows a border may choose from, pixels."""
_STIFF = 1.2
"""What a border pays for each pixel it goes up or down, in pixels of ink on the wrong side."""


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """A window of ink about a line.

    Args:
        owner: ``(height, width)``: 0 for paper, else which line a stroke belongs to (:data:`ABOVE`, ...).
        base: row of the line's baseline within the window.
        pitch: distance of neighbouring lines, pixels.
    """

    owner: NDArray[np.uint8]
    base: float
    pitch: float


def owned_strokes(ink: NDArray[np.uint8], base: float, pitch: float) -> Strokes:
    """Decide for every stroke which line it belongs to.

    Letters belong where their middle lies. Marks and dots belong to the letter they are nearest to: a circumflex hangs
    over its vowel, a dot or a tail under it. Strokes that join two lines are shared at the height between them.
    """
    _, labels, stats, centres = cv2.connectedComponentsWithStats(np.ascontiguousarray(ink), connectivity=8)
    top = stats[:, cv2.CC_STAT_TOP].astype(np.float64)
    bottom = top + stats[:, cv2.CC_STAT_HEIGHT]
    middle = centres[:, 1]
    line = np.where(middle < base - 0.76 * pitch, ABOVE, np.where(middle > base + 0.30 * pitch, BELOW, OWN))
    small = (bottom - top < 0.3 * pitch) & (stats[:, cv2.CC_STAT_WIDTH] < 0.6 * pitch)
    small[0] = False
    doubtful = small & (
        ((middle > base - 1.15 * pitch) & (middle < base - 0.5 * pitch))
        | ((middle > base + 0.05 * pitch) & (middle < base + 0.6 * pitch))
    )
    letters = np.flatnonzero(~small)[1:]
    if doubtful.any() and len(letters):
        marks = np.flatnonzero(doubtful)
        left = stats[:, cv2.CC_STAT_LEFT].astype(np.float64)
        right = left + stats[:, cv2.CC_STAT_WIDTH]
        aside = np.maximum(left[letters][None] - right[marks][:, None], left[marks][:, None] - right[letters][None])
        apart = np.maximum(top[letters][None] - bottom[marks][:, None], top[marks][:, None] - bottom[letters][None])
        # Between two lines a mark is likelier to stand over the lower one than to hang under the upper.
        over = np.where(middle[letters][None] < middle[marks][:, None], 0.06 * pitch, 0.0)
        nearest = np.argmin(2.0 * np.maximum(aside, 0) + np.maximum(apart, 0) + over, axis=1)
        line[marks] = line[letters[nearest]]
    line[0] = 0
    owner = line.astype(np.uint8)[labels]
    tall = np.flatnonzero((line == OWN) & ((top < base - 1.1 * pitch) | (bottom > base + 0.55 * pitch)))
    if len(tall):
        joined = np.isin(labels, tall)
        rows = np.arange(ink.shape[0])[:, None]
        owner[joined & (rows < base - 0.85 * pitch)] = ABOVE
        owner[joined & (rows > base + 0.38 * pitch)] = BELOW
    return Strokes(owner, base, pitch)


def straight_cut(strokes: Strokes, usual: float, *, upper: bool) -> tuple[float, float]:
    """The row that best parts the line from the one above (``upper``) or below, and the ink left on the wrong side."""
    cost = _wrong_ink(strokes, upper=upper, columns=False)
    first, last = _limits(strokes, upper=upper)
    apart = np.abs(np.arange(first, last) - usual) / strokes.pitch
    at = int(np.argmin(cost[first:last] + 40.0 * apart**1.5))
    return float(first + at), float(cost[first + at])


def winding_cut(strokes: Strokes, straight: float, *, upper: bool) -> NDArray[np.float64]:
    """A border that winds between the strokes: points ``(n, 2)`` as x, y from left to right.

    The path from left to right with the least ink on the wrong side and the least ups and downs, by dynamic
    programming over steps of a few pixels.
    """
    cost = _wrong_ink(strokes, upper=upper)
    first, last = _limits(strokes, upper=upper)
    rows = np.arange(first, last, _RISE)
    width = cost.shape[1]
    starts = np.arange(0, width, _CHUNK)
    steps = np.add.reduceat(cost[rows], starts, axis=1).T
    # Without ink to avoid the border stays where the straight one runs.
    steps = steps + 0.02 * np.abs(rows - straight)
    bend = _STIFF * np.abs(rows[:, None] - rows[None, :])
    total = steps[0]
    came = np.zeros((len(steps), len(rows)), dtype=np.int64)
    for i in range(1, len(steps)):
        reach = total[None, :] + bend
        came[i] = np.argmin(reach, axis=1)
        total = steps[i] + reach[np.arange(len(rows)), came[i]]
    path = np.empty(len(steps), dtype=np.int64)
    path[-1] = int(np.argmin(total))
    for i in range(len(steps) - 1, 0, -1):
        path[i - 1] = came[i, path[i]]
    return _corners(starts, rows[path].astype(np.float64), float(width))


def _limits(strokes: Strokes, *, upper: bool) -> tuple[int, int]:
    base, pitch, height = strokes.base, strokes.pitch, strokes.owner.shape[0]
    low, high = (base - 1.12 * pitch, base - 0.5 * pitch) if upper else (base + 0.06 * pitch, base + 0.55 * pitch)
    first = int(np.clip(round(low), 0, height - 2))
    return first, int(np.clip(round(high) + 1, first + 2, height))


def _wrong_ink(strokes: Strokes, *, upper: bool, columns: bool = True) -> NDArray[np.float64]:
    """For each row and column, or each row: ink on the wrong side if the border ran there.

    At the upper border that is own ink above it and the upper line's ink below it.
    """
    own, other = _of(strokes, OWN, columns), _of(strokes, ABOVE if upper else BELOW, columns)
    wrong = _before(own) + _from(other) if upper else _from(own) + _before(other)
    return np.asarray(wrong, dtype=np.float64)


def _of(strokes: Strokes, owner: int, columns: bool) -> NDArray[np.float64]:
    """Where the ink of one owner is: ``(rows, columns)``, or how much there is in each row."""
    ink = strokes.owner == owner
    return np.asarray(ink if columns else np.count_nonzero(ink, axis=1), dtype=np.float64)


def _before(ink: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ink in the rows above each row."""
    return np.asarray(np.cumsum(ink, axis=0) - ink, dtype=np.float64)


def _from(ink: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ink in each row and those below."""
    return np.asarray(np.cumsum(ink[::-1], axis=0)[::-1], dtype=np.float64)


def _corners(starts: NDArray[np.int64], heights: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Steps as a line of corners, runs of one height as two corners."""
    ends = np.r_[starts[1:].astype(np.float64), width]
    points: list[tuple[float, float]] = []
    for start, end, height in zip(starts.astype(np.float64), ends, heights, strict=True):
        if points and points[-1][1] == height:
            points[-1] = (float(end), float(height))
            continue
        points += [(float(start), float(height)), (float(end), float(height))]
    return np.array(points, dtype=np.float64)
