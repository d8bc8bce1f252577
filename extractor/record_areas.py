"""Which part of a picture belongs to which record, where a picture shows facing pages or several records on a page.

A picture is only ever cut along lines between records: the gutter of an opened book, and the gap between two records
that stand on one page of a form. What lies at the outer edges stays with the record beside it. Where a line is not
level, the record keeps all of its own side and a sliver of the other. A table is not cut: a row without its headings
says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.laying import LaidPage
from extractor.templates.label_template import LabelTemplate

Shares: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the upright source picture, 0 to 1."""

_WHOLE: Shares = (0.0, 0.0, 1.0, 1.0)
# A record begins at most so far above its first field.
_ABOVE_MM = 4.0

_Points = NDArray[np.float64]


def record_areas(laid: LaidPage) -> dict[int, Shares]:
    """The areas of the records located on a page, by their number there; empty where all have the whole picture."""
    if laid.registered is None or laid.form is None:
        return {}
    places = {
        record.record: np.concatenate(points)
        for record in laid.registered.records
        if (points := [line for field in record.fields for line in field.lines if len(line)])
    }
    cuts = _gaps(laid, places) if isinstance(laid.form.template, LabelTemplate) else []
    found = {}
    for number, own in places.items():
        middle = _in_source(laid, own.mean(axis=0, keepdims=True))[0]
        area = _WHOLE
        for line in [*cuts, *([laid.fold] if laid.fold is not None else [])]:
            area = _beside(area, line, middle, laid.page.source.image.shape[:2])
        found[number] = area
    return {number: area for number, area in found.items() if area != _WHOLE}


def _gaps(laid: LaidPage, places: Mapping[int, _Points]) -> list[_Points]:
    """Lines between the records of a page, from edge to edge, source pixels ``(2, 2)``."""
    height, width = laid.page.grey.shape[:2]
    most = _ABOVE_MM * laid.page.dpi / 25.4
    lines = []
    for axis, across in ((1, width), (0, height)):
        spans = sorted((own[:, axis].min(), own[:, axis].max()) for own in places.values())
        for (_, end), (start, _) in pairwise(spans):
            if start > end:
                at = start - min((start - end) / 2, most)
                line = np.array([[0.0, at], [float(across), at]])
                lines.append(_in_source(laid, line if axis == 1 else line[:, ::-1]))
    return lines


def _in_source(laid: LaidPage, points: _Points) -> _Points:
    moved = cv2.perspectiveTransform(points.reshape(-1, 1, 2).astype(np.float64), laid.page.to_source)
    return np.asarray(moved.reshape(-1, 2), np.float64)


def _beside(area: Shares, line: _Points, own: _Points, shape: tuple[int, ...]) -> Shares:
    """The part of an area on that side of a line where a point lies."""
    left, top, right, bottom = area
    upright = abs(line[1, 1] - line[0, 1]) >= abs(line[1, 0] - line[0, 0])
    axis, size = (0, shape[1]) if upright else (1, shape[0])
    low, high = (min(1.0, max(0.0, float(at) / size)) for at in (line[:, axis].min(), line[:, axis].max()))
    if own[axis] < line[:, axis].mean():
        return (left, top, min(right, high), bottom) if upright else (left, top, right, min(bottom, high))
    return (max(left, low), top, right, bottom) if upright else (left, max(top, low), right, bottom)
