"""Even light: divide a page by its own paper."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.types import Image

# The paper is looked for at this size; light changes slowly.
_PAPER_SIDE = 500
# Share of the long side that the widest stroke, printed letter or stamp line may have: 3 % of A4 is 9 mm.
_STROKE_SHARE = 0.03
# Below this share of the page's own brightness a region at the image's edge is no shaded paper but what lies round it.
_OUTSIDE = 0.3
# Paper is brought just under white, so that its grain is lost and pencil is not.
_WHITE = 0.97
INK_LEVEL = 170
"""Evenly lit grey below which a pixel is ink."""


def shrink(grey: Image, side: int) -> tuple[Image, float]:
    """Shrink a picture so that its longer side has at most ``side`` pixels; returns it with the factor, at most 1."""
    factor = min(1.0, side / max(grey.shape[:2]))
    if factor == 1.0:
        return grey, 1.0
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), factor


def paper_level(grey: Image) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Estimate how bright the bare paper is, and which dark surroundings at the edges are no paper at all.

    Args:
        grey: small picture, ``(height, width)``.

    Returns:
        Paper brightness of each pixel, 1 to 255, and the mask of the surroundings.
    """
    width = max(3, round(_STROKE_SHARE * max(grey.shape)) | 1)
    # Closing takes everything narrower than the kernel away; the median then takes away what is left of blots.
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    closed = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    page = float(np.percentile(closed, 80))
    outside = _touching_edge(closed < _OUTSIDE * page)
    if outside.any() and not outside.all():
        # Carry the nearest paper's brightness on below the surroundings, so that they do not darken the page's rim.
        closed = cv2.inpaint(closed, _grown(outside, width // 2).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    smooth = cv2.GaussianBlur(cv2.medianBlur(closed, 5), (0, 0), width / 3)
    return np.maximum(smooth, 1).astype(np.float32), outside


def _touching_edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    keep = np.zeros(count, bool)
    keep[np.unique(rim)] = True
    keep[0] = False
    return np.asarray(keep[labels])


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    size = 2 * max(1, by) + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)), bool)


def even_light(grey: Image) -> Image:
    """Light a page evenly: paper near 255, ink dark, dark surroundings at the edges white.

    Args:
        grey: ``(height, width)``.
    """
    small, _ = shrink(grey, _PAPER_SIDE)
    paper, outside = paper_level(small)
    # A rim one blur wide stays dark otherwise, where the surroundings shade into the page.
    size = (grey.shape[1], grey.shape[0])
    wide = cv2.resize(paper * _WHITE, size, interpolation=cv2.INTER_LINEAR)
    even = cv2.divide(grey, wide, scale=255.0, dtype=cv2.CV_8U)
    if outside.any():
        cover = cv2.resize(_grown(outside, 1).astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
        even[cover > 127] = 255
    return np.asarray(even, np.uint8)


def ink_mask(even: Image) -> NDArray[np.bool_]:
    """Ink pixels of an evenly lit page."""
    return np.asarray(even < INK_LEVEL)
