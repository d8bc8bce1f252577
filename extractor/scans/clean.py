"""From a decoded page to an upright, flat and evenly lit one, with the way back to source pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.light import even_light, ink_mask, shrink
from extractor.scans.orientation import QUARTER_MARGIN, UPRIGHT_MARGIN, level_evidence, text_only, upright_evidence
from extractor.scans.photo import find_page, outline_of
from extractor.scans.resolution import estimate_dpi, scale_for
from extractor.scans.skew import estimate_skew
from extractor.scans.types import CleanPage, Image, Matrix, SourcePage
from extractor.scans.warping import quarter_matrix, scale_matrix, skew_matrix, warp

# Long side at which turns are judged: text of A4 is then about 10 pixels high, skew is found to 0.03 degrees.
JUDGE_SIDE = 1400
# Turns smaller than this are left: resampling would cost more than it gives.
LEAST_SKEW = 0.08
_MARGIN = 0.04
TURNED = "turned by"
"""How the note of a page that was turned begins."""
PHOTOGRAPH = "page found in photograph"
BLANK_INK = 5e-4
"""Ink share below which a page bears no writing and no print."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How a page must be turned.

    Args:
        quarters: quarter turns counterclockwise, 0 to 3.
        skew: degrees counterclockwise after that.
    """

    quarters: int
    skew: float


def clean_page(
    source: SourcePage,
    *,
    find_photo: bool = True,
    turn_upright: bool = True,
    quarters: int | None = None,
    corners: NDArray[np.float64] | None = None,
) -> CleanPage:
    """Clean a page.

    A page in a photograph is cut out and flattened, the page is turned upright where its text says so clearly, small
    skew is taken out, very small or very large scans are brought to a usual resolution, and the light is made even. All
    geometry is one projective map, so pixels are resampled once.

    Args:
        source: the decoded page.
        find_photo: look for a page in a photograph.
        turn_upright: judge quarter and half turns; without it, only skew is taken out.
        quarters: quarter turns counterclockwise that a person says bring the picture upright; judged where none.
        corners: the page's corners in source pixels as a person gave them, ``(4, 2)``: top left, top right, bottom
            right, bottom left of the page as the picture stands.
    """
    notes: list[str] = []
    image = source.image
    matrix: Matrix = np.eye(3)
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    stated = source.dpi
    outline = find_page(image) if find_photo and corners is None else None
    if corners is not None:
        outline = outline_of(corners, image)
    if outline is not None:
        matrix = outline.matrix()
        size = (outline.width, outline.height)
        judged = _judging_picture(grey, matrix, size)
        stated = None
        notes.append(PHOTOGRAPH)
    else:
        size = (image.shape[1], image.shape[0])
        judged = shrink(grey, JUDGE_SIDE)[0]
    if quarters is None:
        turn = judge_turn(judged, turn_upright=turn_upright)
    else:
        turned = np.asarray(np.ascontiguousarray(np.rot90(judged, quarters)), np.uint8)
        turn = Turn(quarters % 4, judge_turn(turned, turn_upright=False).skew)
    if turn.quarters:
        matrix = quarter_matrix(turn.quarters, size) @ matrix
        size = size[::-1] if turn.quarters % 2 else size
        notes.append(f"{TURNED} {90 * turn.quarters} degrees")
    if turn.skew:
        rotation, size = skew_matrix(turn.skew, size)
        matrix = rotation @ matrix
        notes.append(f"skew of {turn.skew:.2f} degrees taken out")
    dpi = estimate_dpi(stated, size)
    scale = scale_for(dpi)
    if scale != 1.0:
        resized = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        matrix = scale_matrix(size, resized) @ matrix
        size, dpi = resized, dpi * scale
        notes.append(f"scaled by {scale:.2f}")
    clean = warp(image, matrix, size)
    if clean is not image:
        grey = np.asarray(cv2.cvtColor(clean, cv2.COLOR_BGR2GRAY), np.uint8)
    back = np.asarray(np.linalg.inv(matrix), np.float64)
    return CleanPage(source, clean, even_light(grey), back, dpi, tuple(notes))


def judge_turn(grey: Image, *, turn_upright: bool = True) -> Turn:
    """Judge from a small grey picture how a page must be turned; no turn where the evidence is weak."""
    # The light is judged on the whole picture, where the surroundings of the sheet touch the edge.
    even = _inner(even_light(grey))
    ink = ink_mask(even)
    quarters = 0
    if turn_upright:
        level = level_evidence(text_only(ink))
        if level < -QUARTER_MARGIN:
            quarters = 1
            even, ink = np.ascontiguousarray(np.rot90(even)), np.ascontiguousarray(np.rot90(ink))
    skew, _ = estimate_skew(ink)
    if turn_upright:
        # Which way up is judged on level lines, or the rows' edges blur.
        text = text_only(ink_mask(_rotated(even, skew)))
        evidence = upright_evidence(text)
        # After a quarter turn there is no upright default to fall back on: the likelier way is taken.
        if evidence < (0.0 if quarters else -UPRIGHT_MARGIN):
            quarters = (quarters + 2) % 4
    return Turn(quarters, skew if abs(skew) >= LEAST_SKEW else 0.0)


def ink_share(grey: Image) -> float:
    """Share of the page's inner area that is ink, 0 to 1, without specks.

    A blank sheet has less than :data:`BLANK_INK`; an empty printed form has several times as much.

    Args:
        grey: evenly lit grey, as in :class:`CleanPage`.
    """
    small, _ = shrink(_inner(grey), JUDGE_SIDE)
    # Grain is finer than a stroke and does not survive a median.
    ink = ink_mask(np.asarray(cv2.medianBlur(small, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= 6
    keep[0] = False
    return float(keep[labels].mean())


def _inner(grey: Image) -> Image:
    """The page without its rim, where shadows and neighbouring pages show."""
    down, across = round(_MARGIN * grey.shape[0]), round(_MARGIN * grey.shape[1])
    return grey[down : grey.shape[0] - down, across : grey.shape[1] - across]


def _rotated(grey: Image, degrees: float) -> Image:
    centre = ((grey.shape[1] - 1) / 2, (grey.shape[0] - 1) / 2)
    rotation = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    size = (grey.shape[1], grey.shape[0])
    return np.asarray(cv2.warpAffine(grey, rotation, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _judging_picture(grey: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int]) -> Image:
    factor = min(1.0, JUDGE_SIDE / max(size))
    small = (max(1, round(size[0] * factor)), max(1, round(size[1] * factor)))
    return warp(grey, scale_matrix(size, small) @ matrix, small)
