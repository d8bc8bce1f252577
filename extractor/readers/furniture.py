"""What a form brings along besides words: dotted leaders, rulings, frames, told apart from ink that says something."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace

import cv2
import numpy as np

from extractor.scans.types import CleanPage, Image

WORKING_DPI = 200.0
"""Resolution of the page pass: 10-point print is some 14 pixels high at the x-height and a half, which is what
Tesseract's line recogniser is trained for; more costs time and gains nothing."""


_ON = np.array([0, 255], dtype=np.uint8)
"""Pixels of a mask for false and true."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight horizontal or vertical stroke: from ``start`` to ``end`` along its way, at ``at`` across it."""

    start: float
    end: float
    at: float

    @property
    def length(self) -> float:
        """Extent along the way, pixels."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, eq=False)
class Furniture:
    """Page furniture, in working pixels.

    Args:
        scale: working pixels for each clean pixel.
        dpi: resolution of the working image.
        grey: working image, ``(height, width)``.
        ink: ``(height, width)`` of 0 and 255: all dark strokes but leaders and rulings.
        marks: the same shape: leaders and rulings.
        leaders: dotted or dashed writing lines, top to bottom; ``at`` is the row of the dots.
        horizontals: solid rulings along a row.
        verticals: solid rulings along a column.
        stamps: ``(height, width)`` of 0 and 255: what is red, as stamps are; nothing on a grey page.
    """

    scale: float
    dpi: float
    grey: Image
    ink: Image
    marks: Image
    leaders: tuple[Segment, ...]
    horizontals: tuple[Segment, ...]
    verticals: tuple[Segment, ...]
    stamps: Image

    @property
    def mm(self) -> float:
        """Working pixels in a millimetre."""
        return self.dpi / 25.4


def working_scale(dpi: float) -> float:
    """Factor that brings a page to the working resolution; one where it is close already."""
    factor = WORKING_DPI / dpi
    return 1.0 if 0.9 <= factor <= 1.15 else factor


_last: tuple[weakref.ref[Image], Furniture] | None = None


def find_furniture(page: CleanPage) -> Furniture:
    """Find leaders and rulings of a page at the working resolution.

    What was found last is kept while its page lives: a page is read, registered and cut into crops one after another.
    """
    global _last  # noqa: PLW0603
    if _last is not None and _last[0]() is page.grey:
        return _last[1]
    found = _found(page)
    _last = (weakref.ref(page.grey), found)
    return found


def _found(page: CleanPage) -> Furniture:
    scale = working_scale(page.dpi)
    grey = page.grey
    if scale != 1.0:
        how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=how), dtype=np.uint8)
    found = furniture_of(grey, dpi=page.dpi * scale, scale=scale)
    return replace(found, stamps=_red(page.image, (grey.shape[1], grey.shape[0])))


def furniture_of(grey: Image, *, dpi: float, scale: float = 1.0) -> Furniture:
    """The same for a grey image that has the working resolution already."""
    mm = dpi / 25.4
    dark = binarise(grey)
    across = _open(dark, round(14 * mm), 1)
    down = _open(dark, 1, round(12 * mm))
    dots, runs = _leader_dots(dark, mm)
    rulings = cv2.dilate(cv2.bitwise_or(across, down), np.ones((3, 3), np.uint8))
    marks = cv2.bitwise_or(rulings, cv2.dilate(dots, np.ones((3, 3), np.uint8)))
    ink = cv2.bitwise_and(dark, cv2.bitwise_not(marks))
    written = np.asarray(ink, dtype=np.uint8)
    leaders = _join(_segments(runs), gap=45 * mm, drift=0.7 * mm, least=5 * mm, over=(written, mm))
    horizontals = _join(_segments(across), gap=6 * mm, drift=0.8 * mm, least=14 * mm)
    verticals = _join(_segments(down.T), gap=12 * mm, drift=0.8 * mm, least=12 * mm)
    none = np.zeros_like(grey)
    return Furniture(scale, dpi, grey, written, np.asarray(marks, np.uint8), leaders, horizontals, verticals, none)


def without_furniture(furniture: Furniture) -> Image:
    """The working image with leaders and rulings painted over in white, for the OCR engine."""
    plain = furniture.grey.copy()
    plain[furniture.marks > 0] = 255
    return plain


def binarise(grey: Image) -> Image:
    """Dark strokes as 255, paper as 0.

    Otsu's threshold, held between 110 and 200 so that a page without ink does not turn its paper grain into ink.
    """
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    level = float(np.clip(level, 110, 200))
    return np.asarray(cv2.LUT(grey, _ON[(np.arange(256) < level).astype(np.intp)]), dtype=np.uint8)


def _red(image: Image, size: tuple[int, int]) -> Image:
    """Where red outweighs green and blue clearly; grown a little, for a stamp's rim is pale."""
    if image.ndim == 2:
        return np.zeros(size[::-1], np.uint8)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if image.shape[1::-1] != size else image
    blue, green, red = cv2.split(small)
    _, mask = cv2.threshold(cv2.subtract(red, cv2.max(green, blue)), 35, 255, cv2.THRESH_BINARY)
    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _open(dark: Image, width: int, height: int) -> Image:
    kernel = np.ones((max(1, height), max(1, width)), np.uint8)
    # A thin ruling breaks up in a scan: close single-pixel steps along it first.
    closing = np.ones((3, 1), np.uint8) if width > height else np.ones((1, 3), np.uint8)
    opened = cv2.morphologyEx(cv2.dilate(dark, closing), cv2.MORPH_OPEN, kernel)
    return np.asarray(cv2.bitwise_and(opened, dark), dtype=np.uint8)


def _leader_dots(dark: Image, mm: float) -> tuple[Image, Image]:
    """Dots or dashes that stand in a row (marks of letters never do so over 6 mm), and the rows they form."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    small = (stats[:, cv2.CC_STAT_WIDTH] <= 4.0 * mm) & (stats[:, cv2.CC_STAT_HEIGHT] <= 0.8 * mm)
    small[0] = False
    specks = _ON[small.astype(np.intp)][labels]
    runs = cv2.morphologyEx(specks, cv2.MORPH_CLOSE, np.ones((1, round(1.9 * mm) | 1), np.uint8))
    runs = cv2.morphologyEx(runs, cv2.MORPH_OPEN, np.ones((1, round(6 * mm)), np.uint8))
    near = cv2.dilate(runs, np.ones((3, 3), np.uint8))
    chosen = np.zeros(len(stats), dtype=np.uint8)
    chosen[np.asarray(labels)[cv2.bitwise_and(specks, near) > 0]] = 255
    chosen[0] = 0
    return chosen[labels], np.asarray(runs, dtype=np.uint8)


def _segments(mask: Image) -> list[Segment]:
    count, _, stats, centres = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask), connectivity=8)
    return [
        Segment(
            float(stats[i, cv2.CC_STAT_LEFT]),
            float(stats[i, cv2.CC_STAT_LEFT] + stats[i, cv2.CC_STAT_WIDTH]),
            float(centres[i][1]),
        )
        for i in range(1, count)
    ]


def _join(
    segments: list[Segment], *, gap: float, drift: float, least: float, over: tuple[Image, float] | None = None
) -> tuple[Segment, ...]:
    """Join pieces of one stroke that writing has interrupted; drop what stays shorter than ``least``.

    Args:
        segments: pieces.
        gap: greatest length of an interruption.
        drift: greatest difference across the way.
        least: least length of a whole.
        over: ink of the page and pixels in a millimetre: a gap over 3 mm without ink is no interruption but an end.
    """
    joined: list[Segment] = []
    for piece in sorted(segments, key=lambda s: s.start):
        for index, whole in enumerate(joined):
            if not (abs(whole.at - piece.at) <= drift and -drift <= piece.start - whole.end <= gap):
                continue
            if over is not None and not _interrupted(whole, piece, *over):
                continue
            weight = piece.length / max(1.0, piece.length + whole.length)
            at = whole.at + (piece.at - whole.at) * weight
            joined[index] = Segment(whole.start, max(whole.end, piece.end), at)
            break
        else:
            joined.append(piece)
    return tuple(sorted((s for s in joined if s.length >= least), key=lambda s: (s.at, s.start)))


def _interrupted(before: Segment, after: Segment, ink: Image, mm: float) -> bool:
    """Whether writing stands where a leader has a gap."""
    left, right = round(before.end), round(after.start)
    if right - left <= 3 * mm:
        return True
    top, bottom = int(max(0, before.at - 2.5 * mm)), int(before.at + 1.5 * mm)
    return bool(np.mean(ink[top:bottom, left:right].any(axis=0)) > 0.4)
