"""A design over one of two facing pages, told in pixels of the whole picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.types import Matrix
from extractor.templates.designing.model import Design
from extractor.templates.designing.showing import Shown
from extractor.templates.designing.snapping import SeenWord, Snaps, Stroke

Points = NDArray[np.float64]


def carry(points: Points, matrix: Matrix) -> Points:
    """Points ``(n, 2)`` through a projective map."""
    if not len(points):
        return points
    moved = cv2.perspectiveTransform(np.asarray(points, np.float64).reshape(-1, 1, 2), matrix)
    return np.asarray(moved.reshape(-1, 2), np.float64)


def carried(shown: Shown, design: Design, matrix: Matrix, size: tuple[int, int]) -> Shown:
    """What is shown of a half, in pixels of the whole.

    Args:
        matrix: maps pixels of the half to those of the whole.
        size: width and height of the whole.
    """
    # The map of the template stays a plain one: that of the half's middle, which labels' own shifts make up for.
    middle = np.array(shown.size) / 2
    here, right, below = carry(middle + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), matrix)
    turn = np.column_stack([right - here, below - here])
    affine = np.array(shown.map)
    whole = np.column_stack([turn @ affine[:, :2], turn @ (affine[:, 2] - middle) + here])
    places = {place.id: (place.x, place.y) for place in design.sheet.places} if design.sheet else {}
    labels = []
    for label in shown.labels:
        at = carry(np.array([label.at]), matrix)[0]
        move = at - (whole[:, :2] @ places[label.id] + whole[:, 2])
        labels.append(replace(label, at=_rounded(at), move=_rounded(move)))
    regions = tuple(
        replace(region, corners=tuple(_rounded(corner) for corner in carry(np.array(region.corners), matrix)))
        for region in shown.regions
    )
    (a, b, c), (d, e, f) = whole.tolist()
    return replace(shown, size=size, map=((a, b, c), (d, e, f)), labels=tuple(labels), regions=regions)


def carried_snaps(snaps: Snaps, matrix: Matrix) -> Snaps:
    """Lines and words of a half, in pixels of the whole; lines stay level, as a fold turns them little."""

    def along(stroke: Stroke) -> Stroke:
        start, end, at = stroke
        ends = carry(np.array([[start, at], [end, at]]), matrix)
        return float(ends[0, 0]), float(ends[1, 0]), float(ends[:, 1].mean())

    def down(stroke: Stroke) -> Stroke:
        start, end, at = stroke
        ends = carry(np.array([[at, start], [at, end]]), matrix)
        return float(ends[0, 1]), float(ends[1, 1]), float(ends[:, 0].mean())

    def word(seen: SeenWord) -> SeenWord:
        (left, top), (right, bottom) = carry(np.array([[seen.left, seen.top], [seen.right, seen.bottom]]), matrix)
        return replace(seen, left=float(left), top=float(top), right=float(right), bottom=float(bottom))

    return Snaps(
        tuple(map(along, snaps.leaders)),
        tuple(map(along, snaps.across)),
        tuple(map(down, snaps.down)),
        tuple(map(word, snaps.words)),
    )


def together(*parts: Snaps) -> Snaps:
    """All that several halves offer."""
    return Snaps(
        tuple(stroke for part in parts for stroke in part.leaders),
        tuple(stroke for part in parts for stroke in part.across),
        tuple(stroke for part in parts for stroke in part.down),
        tuple(word for part in parts for word in part.words),
    )


def _rounded(point: Points) -> tuple[float, float]:
    return round(float(point[0]), 1), round(float(point[1]), 1)
