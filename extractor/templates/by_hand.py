"""Lay a form over a page by four points that a person gave.

The four pairs tell a projective map from the form to the page. Strong perspective is taken out of the page's picture;
what is left is an affine map, from which the layout engines start instead of searching. Print runs of one form differ,
so small departures from an affine map are the print's own, and not of the way the picture was taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.light import even_light
from extractor.scans.types import CleanPage, Matrix
from extractor.scans.warping import warp
from extractor.templates.alignment import Affine
from extractor.templates.form import FormSchema
from extractor.templates.label_template import LabelTemplate
from extractor.templates.layouts import Template
from extractor.templates.table_template import TableTemplate

_STRAIGHT_MM = 6.0
"""An affine map that comes so near to the four points needs no perspective taken out: print runs differ by as much."""
_MM_PER_INCH = 25.4
_LEVEL = 2.5
"""Degrees by which print may lean and still be read."""
_RIM = 0.05
"""What of the surroundings is kept about a sheet or table, as a share of it."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HandMap:
    """Where a form lies on a page by a person's word.

    Args:
        page: the page, its perspective taken out where there was any.
        affine: maps points of the form to clean pixels, ``(2, 3)``; of a table, shares of its frame.
        homes: the points of the form that were given, ``(4, 2)``.
        places: where they are, clean pixels, ``(4, 2)``.
    """

    page: CleanPage
    affine: Affine
    homes: Points
    places: Points

    def at(self, points: Points) -> Points:
        """Points of the form ``(n, 2)`` in clean pixels."""
        return _applied(self.affine, points)


def hand_map(page: CleanPage, source: Points, homes: Points, template: Template) -> HandMap:
    """The map from a form to a page by four pairs of points.

    Args:
        page: the cleaned page.
        source: where the points are, source pixels, ``(4, 2)``.
        homes: which points of the form they are, ``(4, 2)``; see :class:`extractor.page_instruction.Anchor`.
    """
    clean = _mapped(np.asarray(np.linalg.inv(page.to_source), np.float64), source)
    straight = _affine(homes, clean)
    off = np.hypot(*(_applied(straight, homes) - clean).T).max() / page.dpi * _MM_PER_INCH
    if off <= _STRAIGHT_MM and _upright(straight):
        return HandMap(_with_dpi(page, straight, template), straight, homes, clean)
    flat, size = _flat_places(homes, clean, template, page.grey.shape)
    moved = np.asarray(cv2.getPerspectiveTransform(clean.astype(np.float32), flat.astype(np.float32)), np.float64)
    picture = warp(page.source.image, moved @ np.linalg.inv(page.to_source), size)
    grey = even_light(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
    to_source = np.asarray(page.to_source @ np.linalg.inv(moved), np.float64)
    told = replace(page, image=picture, grey=grey, to_source=to_source, notes=(*page.notes, "flattened by anchors"))
    affine = _affine(homes, flat)
    return HandMap(_with_dpi(told, affine, template), affine, homes, flat)


def pinned_labels(template: LabelTemplate, hand: HandMap, scale: float) -> dict[int, tuple[float, float]]:
    """Labels, by their number on the page, that the person pointed at, and where those are in working pixels.

    Args:
        scale: working pixels for each clean pixel.
    """
    spots = np.array([(label.x, line.y) for _, line, label in template.spread_out().labels()])
    distance = np.hypot(*(spots[None, :, :] - hand.homes[:, None, :]).transpose(2, 0, 1))
    places = hand.places * scale
    return {
        int(label): (float(places[number, 0]), float(places[number, 1]))
        for number, label in enumerate(distance.argmin(axis=1))
        if distance[number, label] < 0.5
    }


def usual_anchors(schema: FormSchema, template: Template) -> list[tuple[str, tuple[float, float]]]:
    """Points of a form that a person finds easily, with what is printed there; those far apart come first.

    Four of them are corners, clockwise from the top left; for a form with labels the others follow in reading order.
    """
    if isinstance(template, TableTemplate):
        return [("", (0.0, 0.0)), ("", (1.0, 0.0)), ("", (1.0, 1.0)), ("", (0.0, 1.0))]
    named = [
        (label.text, (label.x, line.y))
        for _, line, label in template.spread_out().labels()
        if not label.optional and len(label.text) > 1
    ]
    width, height = template.page.width, template.page.height
    corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    chosen: list[int] = []
    for x, y in corners:
        ranked = sorted(range(len(named)), key=lambda n: np.hypot(named[n][1][0] - x, named[n][1][1] - y))
        chosen.append(next(n for n in ranked if n not in chosen))
    rest = [entry for number, entry in enumerate(named) if number not in chosen]
    return [*(named[number] for number in chosen), *rest]


def _upright(affine: Affine) -> bool:
    """Whether the form stands upright on the page, or so nearly that its lines can be read."""
    across = np.arctan2(affine[1, 0], affine[0, 0])
    down = np.arctan2(-affine[0, 1], affine[1, 1])
    return bool(max(abs(np.degrees(across)), abs(np.degrees(down))) <= _LEVEL)


def _with_dpi(page: CleanPage, affine: Affine, template: Template) -> CleanPage:
    """The page with the resolution that the sheet's size tells, where that is quite another one."""
    if isinstance(template, TableTemplate):
        return page
    dpi = float(np.sqrt(abs(np.linalg.det(affine[:, :2])))) * _MM_PER_INCH
    return page if 0.85 < dpi / page.dpi < 1.18 else replace(page, dpi=dpi)


def _flat_places(
    homes: Points, clean: Points, template: Template, shape: tuple[int, ...]
) -> tuple[Points, tuple[int, int]]:
    """Where the points of the form are once the perspective is out, and the size (width, height) of the whole sheet.

    The form has its own proportions and is as large as it was. How high a table's frame is no template says: that is
    taken from the picture.
    """
    ratio = _sides(clean)[1] / max(1e-9, _sides(clean)[0])
    unit = homes.copy()
    if isinstance(template, TableTemplate):
        unit[:, 1] *= ratio * float(np.ptp(homes[:, 0])) / max(1e-9, float(np.ptp(homes[:, 1])))
    middle, centre = unit.mean(axis=0), clean.mean(axis=0)
    grown = float(np.sqrt(_area(clean) / max(1e-9, _area(unit))))
    flat = np.asarray((unit - middle) * grown + centre, np.float64)
    if isinstance(template, TableTemplate):
        sheet = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    else:
        width, height = template.page.width, template.page.height
        sheet = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    ends = _applied(_affine(homes, flat), sheet)
    low, high = ends.min(axis=0), ends.max(axis=0)
    rim = _RIM * (high - low)
    span = high - low + 2 * rim
    shrink = min(1.0, float(np.sqrt(2.0 * shape[0] * shape[1] / max(1.0, span[0] * span[1]))))
    size = (max(16, round(span[0] * shrink)), max(16, round(span[1] * shrink)))
    return np.asarray((flat - low + rim) * shrink, np.float64), size


def _sides(points: Points) -> tuple[float, float]:
    """Mean length of the first and third side, and of the second and fourth."""
    lengths = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
    return float((lengths[0] + lengths[2]) / 2), float((lengths[1] + lengths[3]) / 2)


def _area(points: Points) -> float:
    x, y = points.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2.0


def _affine(homes: Points, places: Points) -> Affine:
    rows = np.column_stack([homes, np.ones(len(homes))])
    return np.asarray(np.linalg.lstsq(rows, places, rcond=None)[0].T, np.float64)


def _applied(affine: Affine, points: Points) -> Points:
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], np.float64)


def _mapped(matrix: Matrix, points: Points) -> Points:
    return np.asarray(cv2.perspectiveTransform(points.reshape(1, -1, 2), matrix)[0], np.float64)
