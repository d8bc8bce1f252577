"""Take the lines to write on out of a line crop: solid rulings, dotted and dashed leaders."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.types import Image

Mask = NDArray[np.bool_]

_PAPER = 255
# All lengths are shares of the crop's height, which is that of a line to write on, about 6 to 10 mm.
_MARK_HEIGHT = 0.12
_SOLID_SHARE = 0.6
_MARK_WIDTH = 0.6
_GAP = 0.32
_CHAIN = 0.9
_CHAIN_SHARE = 0.7
# Printed marks stand in a straight row, accents and dots of the i do not.
_STRAY = 0.03
_UNEVEN, _EVEN_SHARE = 0.2, 0.5
_CHAIN_HEIGHT = 0.2
_SOLID = 0.9
# The same in pixels where crops are tiny.
_LEAST_SOLID = 16
_LEAST_MARK = 3
_LEAST_BEADS = 4
# Ink this many times as high as a ruling is thick is a stroke that crosses it.
_STROKE = 1.7


def line_ink(crop: Image) -> Mask:
    """Ink of a crop of an evenly lit page; the level lies between the paper and the crop's own darkest strokes."""
    grey = crop if crop.ndim == 2 else np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    dark = float(np.percentile(grey, 1.0))
    return np.asarray(grey < min(190.0, max(120.0, (dark + 250.0) / 2)))


def remove_ruling(crop: Image) -> Image:
    """Paint rulings and leaders paper white, without the strokes that cross them.

    Meant for judging crops. A reader that has learnt to read over leaders does better on the crop as it is: a dot below
    a letter that stands on a dotted leader looks like one more of its dots, and goes with them.

    Args:
        crop: line crop of an evenly lit page, grey ``(h, w)`` or BGR ``(h, w, 3)``.

    Returns:
        A copy of the same shape.
    """
    ink = line_ink(crop)
    ruling = find_ruling(ink)
    cleaned = crop.copy()
    if ruling.any():
        # The grey rim of a ruling goes too, but not that of the strokes left.
        rim = cv2.dilate(ruling.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        strokes = cv2.dilate((ink & ~ruling).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        cleaned[ruling | (rim & ~strokes)] = _PAPER
    return cleaned


def find_ruling(ink: Mask) -> Mask:
    """Ink that belongs to level rulings and leaders, without crossing strokes.

    Args:
        ink: mask of a line crop, ``(h, w)``.
    """
    height = ink.shape[0]
    runs = column_runs(ink)
    found = np.zeros_like(ink)
    for row in (*_solid_rows(ink, height), *_leader_rows(ink, height)):
        band, thickness = row
        found |= ink & band & (runs <= max(thickness * _STROKE, thickness + 1.5))
    return found


def _solid_rows(ink: Mask, height: int) -> list[tuple[Mask, float]]:
    """Bands of solid lines and their thickness."""
    length = max(_LEAST_SOLID, round(_SOLID * height))
    pixels = ink.astype(np.uint8)
    # Lines fall by a pixel or two over a crop: short level pieces are joined before long ones are sought.
    thick = cv2.dilate(pixels, np.ones((2, 1), np.uint8))
    level = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    lines = (ink & (level > 0)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    rows: list[tuple[Mask, float]] = []
    for index in range(1, len(stats)):
        width, tall, area = (
            int(stats[index, key]) for key in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA)
        )
        if width < 0.7 * length or tall > max(4, _CHAIN_HEIGHT * height):
            continue
        band = cv2.dilate((labels == index).astype(np.uint8), np.ones((3, 3), np.uint8))
        rows.append((band.astype(bool), max(1.0, area / width)))
    return rows


def _leader_rows(ink: Mask, height: int) -> list[tuple[Mask, float]]:
    """Bands of dotted and dashed leaders across the whole crop, and the height of their marks."""
    pixels = ink.astype(np.uint8)
    _, labels, stats, centres = cv2.connectedComponentsWithStats(pixels, connectivity=8)
    high = max(_LEAST_MARK, _MARK_HEIGHT * height)
    marks = (stats[:, cv2.CC_STAT_HEIGHT] <= high) & (stats[:, cv2.CC_STAT_WIDTH] <= max(high, _MARK_WIDTH * height))
    # Dots and dashes are solid; pieces of broken strokes are not.
    marks &= stats[:, cv2.CC_STAT_AREA] >= _SOLID_SHARE * stats[:, cv2.CC_STAT_WIDTH] * stats[:, cv2.CC_STAT_HEIGHT]
    marks[0] = False
    if marks.sum() < _LEAST_BEADS:
        return []
    gap = max(5, round(_GAP * height))
    joined = cv2.morphologyEx(marks[labels].astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    _, chains, chain_stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    places = np.round(centres).astype(int)
    home = chains[np.clip(places[:, 1], 0, ink.shape[0] - 1), np.clip(places[:, 0], 0, ink.shape[1] - 1)]
    rows: list[tuple[Mask, float]] = []
    down, across = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]]
    for index in range(1, len(chain_stats)):
        members = marks & (home == index)
        if (
            members.sum() < _LEAST_BEADS
            or chain_stats[index, cv2.CC_STAT_WIDTH] < min(_CHAIN * height, _CHAIN_SHARE * ink.shape[1])
            or chain_stats[index, cv2.CC_STAT_HEIGHT] > max(5, _CHAIN_HEIGHT * height)
        ):
            continue
        # The row goes on between and beyond the marks found: strokes that touch a mark hide it.
        slope, offset = np.polyfit(centres[members, 0], centres[members, 1], 1)
        slope = float(np.clip(slope, -0.05, 0.05))
        offset = float(np.median(centres[members, 1] - slope * centres[members, 0]))
        stray = centres[members, 1] - slope * centres[members, 0] - offset
        if float(np.percentile(np.abs(stray), 80)) > max(1.0, _STRAY * height) or not _regular(centres[members, 0]):
            continue
        thickness = float(np.percentile(stats[members, cv2.CC_STAT_HEIGHT], 75))
        rows.append((np.abs(down - slope * across - offset) <= thickness / 2 + 1.0, thickness))
    return rows


def _regular(places: NDArray[np.float64]) -> bool:
    """Whether marks follow each other at one distance, give or take the pixel and some that are hidden."""
    steps = np.diff(np.sort(places))
    usual = float(np.median(steps))
    return bool((np.abs(steps - usual) <= max(1.0, _UNEVEN * usual)).mean() >= _EVEN_SHARE)


def column_runs(ink: Mask) -> NDArray[np.int32]:
    """For each ink pixel the height of the unbroken ink above and below it in its column, itself counted; else 0."""
    flat = np.pad(ink.T, ((0, 0), (0, 1))).ravel().astype(np.int8)
    steps = np.diff(np.concatenate([[0], flat]))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    lengths = np.zeros(flat.size, np.int32)
    lengths[flat.astype(bool)] = np.repeat(ends - starts, ends - starts)
    return np.ascontiguousarray(lengths.reshape(ink.shape[1], ink.shape[0] + 1)[:, :-1].T)
