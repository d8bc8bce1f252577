"""Cut an opened book at its gutter into two pages, each straightened by itself, with the way back to the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from extractor.scans.clean import JUDGE_SIDE, PHOTOGRAPH, judge_turn
from extractor.scans.gutter import Gutter
from extractor.scans.light import even_light, shrink
from extractor.scans.photo import find_page
from extractor.scans.resolution import estimate_dpi, scale_for
from extractor.scans.types import CleanPage, Image, Matrix
from extractor.scans.warping import scale_matrix, skew_matrix, warp

# The fold itself is no ink, and nor is what shows of the sheets below, millimetres.
_FOLD_MM = 1.0


class Side(StrEnum):
    """Which of two facing pages."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, eq=False)
class HalfPage:
    """One of two facing pages.

    Args:
        side: which one.
        page: the page by itself; its source is the whole picture, and ``to_source`` leads there.
        to_whole: maps its clean pixels to clean pixels of the page it was cut from.
    """

    side: Side
    page: CleanPage
    to_whole: Matrix


def split_page(page: CleanPage, gutter: Gutter) -> tuple[HalfPage, HalfPage]:
    """Cut a page at its gutter; what lies beyond the gutter is white in each half's grey.

    Each half has its own skew taken out, and its own perspective where the picture shows the surroundings of the book.
    """
    left, right = (half_page(page, gutter, side) for side in Side)
    return left, right


def half_page(page: CleanPage, gutter: Gutter, side: Side) -> HalfPage:
    """One half of a page, see :func:`split_page`."""
    height, width = page.grey.shape
    ends = (gutter.top, gutter.bottom)
    first = 0 if side is Side.LEFT else min(max(0, int(min(ends))), width - 1)
    last = max(min(width, int(np.ceil(max(ends)))), 1) if side is Side.LEFT else width
    matrix, size, dpi, notes = _straightened(page, first, last)
    image = page.image[:, first:last]
    if notes:
        image = warp(page.source.image, matrix @ np.linalg.inv(page.to_source), size)
    grey = even_light(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))
    line = np.array([[gutter.top, 0.0], [gutter.bottom, height - 1.0]])
    _whiten_beyond(grey, cv2.perspectiveTransform(line[None], matrix)[0], side, _FOLD_MM * dpi / 25.4)
    to_whole = np.asarray(np.linalg.inv(matrix), np.float64)
    to_source = np.asarray(page.to_source @ to_whole, np.float64)
    said = (*page.notes, f"{side} page of two", *notes)
    return HalfPage(side, CleanPage(page.source, image, grey, to_source, dpi, said), to_whole)


def _straightened(page: CleanPage, first: int, last: int) -> tuple[Matrix, tuple[int, int], float, list[str]]:
    """The map from clean pixels of the whole to those of the columns from ``first`` to ``last``, made straight.

    Returns:
        The map, the size (width, height), the resolution, and what was done besides cutting.
    """
    matrix: Matrix = np.array([[1.0, 0.0, -first], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    size, dpi, notes = (last - first, page.grey.shape[0]), page.dpi, list[str]()
    image = page.image[:, first:last]
    outline = None if PHOTOGRAPH in page.notes else find_page(image)
    if outline is not None:
        matrix = outline.matrix() @ matrix
        size, notes = (outline.width, outline.height), [PHOTOGRAPH]
        dpi = estimate_dpi(None, size)
        image = warp(image, outline.matrix(), size)
    small = shrink(image, JUDGE_SIDE)[0]
    turn = judge_turn(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), turn_upright=False)
    if turn.skew:
        rotation, size = skew_matrix(turn.skew, size)
        matrix = rotation @ matrix
        notes.append(f"skew of {turn.skew:.2f} degrees taken out")
    scale = scale_for(dpi)
    if scale != 1.0:
        resized = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        matrix = scale_matrix(size, resized) @ matrix
        size, dpi = resized, dpi * scale
        notes.append(f"scaled by {scale:.2f}")
    return matrix, size, dpi, notes


def _whiten_beyond(grey: Image, line: np.ndarray, side: Side, margin: float) -> None:
    """Paint what lies beyond the gutter white, in place."""
    away = 1.0 if side is Side.LEFT else -1.0
    along = (line[1] - line[0]) / max(1e-9, float(np.hypot(*(line[1] - line[0]))))
    far = float(sum(grey.shape))
    near = line + np.array([-away * margin, 0.0]) + np.array([[-far], [far]]) * along
    beyond = np.vstack([near, near[::-1] + np.array([away * far, 0.0])])
    cv2.fillPoly(grey, [np.round(beyond).astype(np.int32)], 255)
