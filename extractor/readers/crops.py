"""Cut text-line pictures out of a page."""

from __future__ import annotations

import cv2
import numpy as np

from extractor.scans.types import Image
from extractor.templates.types import Polygon

_PAPER = 255
_DARK = 128
_LEAST_SIDE = 2


def cut_line(grey: Image, polygon: Polygon) -> Image:
    """The region inside a polygon as an upright grey picture ``(h, w)``; what lies outside is paper white.

    Args:
        grey: evenly lit page, ``(height, width)``, paper near 255.
        polygon: corners ``(n, 2)`` in pixels of ``grey``; parts beyond the page are left out.
    """
    height, width = grey.shape[:2]
    left, top = np.floor(polygon.min(axis=0)).astype(int)
    right, bottom = np.ceil(polygon.max(axis=0)).astype(int)
    left, right = max(0, min(left, width - _LEAST_SIDE)), min(width, max(right, _LEAST_SIDE))
    top, bottom = max(0, min(top, height - _LEAST_SIDE)), min(height, max(bottom, _LEAST_SIDE))
    right, bottom = max(right, left + _LEAST_SIDE), max(bottom, top + _LEAST_SIDE)
    crop = grey[top:bottom, left:right].copy()
    mask = np.zeros(crop.shape, dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(polygon - (left, top)).astype(np.int32)], 1)
    crop[mask == 0] = _PAPER
    return crop


def edge_ink(crop: Image) -> float:
    """Share of the dark pixels that lie in the outermost rows, 0 to 1: high where a region cuts through writing."""
    dark = crop < _DARK
    total = int(dark.sum())
    if total == 0:
        return 0.0
    rows = max(1, crop.shape[0] // 20)
    return float(dark[:rows].sum() + dark[-rows:].sum()) / total
