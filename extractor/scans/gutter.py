"""Find the gutter of an opened book: the line between two facing pages in one picture.

Two witnesses, looked at along lines of small tilt near the picture's middle: the shadow of the fold, a valley of
brightness wider than any ruling that runs the picture's whole height; and the band without writing that the inner
margins of two pages leave. Whether the two sides really are two pages, their forms decide later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.light import ink_mask, shrink
from extractor.scans.orientation import text_only
from extractor.scans.types import CleanPage

_SIDE = 1400
# Width over height of two facing upright pages, from squat ledgers to a photograph with table above and below.
_LEAST_RATIO, _MOST_RATIO = 1.1, 2.2
# The gutter is looked for between these shares of the width.
_FIRST, _LAST = 0.32, 0.68
_TILTS = np.arange(-3.5, 3.51, 0.25)
_STRIPS = 24
# Millimetres: rulings are narrower and shadows wider; no shadow is wider than twice the reach; letters keep away from
# the gutter at least this far; a band wider than that says no more.
_RULING, _REACH, _AWAY, _BAND = 1.3, 30.0, 2.0, 10.0
# Share of a band's area that letters may fill, for a stamp or a name that runs into the margin.
_STRAY = 0.006
# Valleys as deep as this share of the paper's brightness are as likely a fold as grain or a stain.
_HALF_SURE = 0.05
_FOLD = 0.05
# Distance within which the fold is looked for closely once it is known about, millimetres.
_NEAR = 15.0
# Without a shadow, writing must reach over this share of the width, and the band be this wide, millimetres.
_SPAN, _CLEAR = 0.6, 8.0

_Profile = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gutter:
    """The line between two facing pages, clean pixels.

    Args:
        top, bottom: x of the line at the picture's upper and lower edge.
        shadow: depth of the fold's shadow, as a share of the paper's brightness.
        clear: width of the band without writing about the line, millimetres, 20 at most.
    """

    top: float
    bottom: float
    shadow: float
    clear: float


def may_be_spread(page: CleanPage) -> bool:
    """Whether a page has the shape of an opened book; costs nothing."""
    height, width = page.grey.shape
    return bool(min(height, width) >= 64 and _LEAST_RATIO * height <= width <= _MOST_RATIO * height)


def find_gutter(page: CleanPage) -> Gutter | None:
    """Find the gutter of a page wider than high, or none where the picture shows no two facing pages."""
    if not may_be_spread(page):
        return None
    even, factor = shrink(page.grey, _SIDE)
    mm = page.dpi * factor / 25.4
    text = text_only(ink_mask(even))
    small = np.asarray(cv2.resize(page.image, even.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    valleys = _valleys(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), mm)
    letters = np.stack([strip.mean(axis=0) for strip in np.array_split(text.astype(np.float64), _STRIPS)])
    x, tilt, shadow, clear = _best_line(valleys, letters, even.shape[0], mm)
    if shadow < _FOLD and (clear < _CLEAR or not _on_both_sides(text, x)):
        return None
    height = page.grey.shape[0]
    lean = math.tan(math.radians(tilt)) * height / 2
    middle = (x + 0.5) / factor - 0.5
    return Gutter(middle - lean, middle + lean, shadow, clear)


def _valleys(grey: NDArray[np.uint8], mm: float) -> _Profile:
    """How much darker than the paper beside it each place is, as a share, ``(strips, width)``; rulings are left out."""
    strips = np.stack([np.median(strip, axis=0) for strip in np.array_split(grey, _STRIPS)])
    strips = strips.astype(np.float32)
    reach = np.ones((1, round(2 * _REACH * mm) | 1), np.uint8)
    paper = cv2.morphologyEx(strips, cv2.MORPH_CLOSE, reach, borderType=cv2.BORDER_REPLICATE)
    depth = 1.0 - strips / np.maximum(paper, 1.0)
    return np.asarray(cv2.erode(depth, np.ones((1, max(3, round(_RULING * mm) | 1)), np.uint8)), np.float64)


def _best_line(valleys: _Profile, letters: _Profile, height: int, mm: float) -> tuple[float, float, float, float]:
    """The likeliest gutter: its place at half height in small pixels, tilt in degrees, shadow, and clear band in mm."""
    lines = (_best_of_tilt(valleys, letters, height, mm, float(tilt)) for tilt in _TILTS)
    x, tilt, shadow, clear = max(lines, key=lambda line: line[0])[1:]
    return (*(_darkest(valleys, height, x, _NEAR * mm) if shadow >= _FOLD else (x, tilt)), shadow, clear)


def _darkest(valleys: _Profile, height: int, x: float, near: float) -> tuple[float, float]:
    """Place and tilt of the darkest line near a place; writing and stains in a few strips do not turn it."""
    first, last = max(0, round(x - near)), min(valleys.shape[1], round(x + near) + 1)
    best, place, lean = -math.inf, x, 0.0
    for tilt in np.arange(_TILTS[0], _TILTS[-1] + 0.01, 0.125):
        strips = np.sort(_sheared(valleys, height, float(tilt))[:, first:last], axis=0)
        depth = strips[_STRIPS // 6 : -_STRIPS // 6].mean(axis=0)
        if depth.max() > best:
            best, place, lean = float(depth.max()), float(first + depth.argmax()), float(tilt)
    return place, lean


def _best_of_tilt(
    valleys: _Profile, letters: _Profile, height: int, mm: float, tilt: float
) -> tuple[float, float, float, float, float]:
    """The best line of one tilt: how good it is, and what :func:`_best_line` gives."""
    width = letters.shape[1]
    # A fold is dark from top to bottom, but a photograph may show the table above and below.
    shadow = np.median(_sheared(valleys, height, tilt), axis=0)
    fill = cv2.blur(_sheared(letters, height, tilt).mean(axis=0)[None], (round(2 * _AWAY * mm) | 1, 1))[0]
    clear = _distance(fill > _STRAY) / mm
    x = np.arange(width)
    off = np.abs(x - width / 2) / (width / 2)
    good = 1.5 * shadow / (shadow + _HALF_SURE) + 0.5 * np.minimum(clear, _BAND) / _BAND - off - 0.01 * abs(tilt)
    good[(fill > _STRAY) | (x < _FIRST * width) | (x > _LAST * width)] = -math.inf
    best = int(good.argmax())
    return float(good[best]), float(best), tilt, float(shadow[best]), 2 * min(_BAND, float(clear[best]))


def _sheared(profile: _Profile, height: int, tilt: float) -> _Profile:
    """The strips moved so that lines of that tilt stand upright."""
    strips, width = profile.shape
    middles = (np.arange(strips) + 0.5) * height / strips - height / 2
    moved = np.arange(width)[None, :] + np.round(math.tan(math.radians(tilt)) * middles)[:, None].astype(int)
    return np.asarray(profile[np.arange(strips)[:, None], np.clip(moved, 0, width - 1)])


def _distance(taken: NDArray[np.bool_]) -> _Profile:
    """Distance of each place to the nearest one taken, or to the profile's end."""
    free = np.pad((~taken).astype(np.uint8), 1)[None]
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L1, 3)[0, 1:-1], np.float64)


def _on_both_sides(text: NDArray[np.bool_], x: float) -> bool:
    """Whether writing lies on both sides of a place, and reaches over most of the picture's width."""
    columns = np.flatnonzero(text.sum(axis=0) >= 3)
    return bool(len(columns) and columns[0] < x < columns[-1] and columns[-1] - columns[0] >= _SPAN * text.shape[1])
