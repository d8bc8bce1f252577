"""Entries of a table that has no rulings between them.

An entry begins on a line of running text beside which something is written in the columns that an entry's first line
fills (its number, its date). Text above the first such line was carried over from the page before and becomes a record
of its own. A line that stands alone after a separator and is indented on both sides is a heading (a month's name) and
belongs to no record; so does the line in the band under the printed head where the form puts its own heading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.page_text import PageText, Word
from extractor.templates.table_frame import TableFrame
from extractor.templates.table_lines import (
    Ink,
    TextLine,
    column_lines,
    column_mask,
    find_ink,
    measure_pitch,
    measure_slope,
)
from extractor.templates.table_template import RowsSpec, TableTemplate
from extractor.templates.types import LocatedField, LocatedRecord, Polygon

_WIDTH = 1400
"""Pixels across the straightened table."""

_INDENT = 0.1
"""A heading keeps this distance from both edges of its column, in column widths."""


_LIFT = 0.2
"""Marks of an entry's beginning stand up to so much higher than half a line above its text, in line distances."""


_BESIDE = 0.6
"""Marks closer than this stand side by side, in line distances."""

_LETTER = 0.4
"""A line that is lower or shorter than this holds no letter, in line distances."""

_BELOW = 2.5
"""The last entry's cells reach so far below its text, in line distances."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its lines are those whose middle lies between two rows of the straightened table.

    Args:
        top: first row.
        bottom: first row below.
        begins: whether it begins on this page.
        headings: rows of the running text's lines that are headings and no part of it.
    """

    top: float
    bottom: float
    begins: bool
    headings: tuple[float, ...] = ()


def locate_records(
    grey: NDArray[np.uint8],
    frame: TableFrame,
    text: PageText,
    template: TableTemplate,
    rows: NDArray[np.float64] | None = None,
) -> tuple[tuple[LocatedRecord, ...], NDArray[np.float64]]:
    """Records of a table, top to bottom, with the written lines of each cell; an empty cell has none.

    Args:
        grey: evenly lit page, clean pixels.
        frame: where the table lies, clean pixels.
        text: the page's OCR pass; words found inside a cell are handed on.
        rows: lines between the records that a person drew, clean pixels, ``(n + 1, 2, 2)``; none where they are to be
            found.

    Returns:
        The records, and the lines between them in clean pixels, ``(n + 1, 2, 2)``.
    """
    straight = frame.straightened(grey, _WIDTH)
    bounds = [round(share * (_WIDTH - 1)) for share in frame.shares]
    ink = find_ink(straight, bounds, [round(share * (_WIDTH - 1)) for share in frame.inner])
    lines, pitch = find_lines(ink, bounds, template)
    body = [column.field for column in template.columns].index(template.rows.body)
    inside = slice(bounds[body], bounds[body + 1])
    separators = _separators(ink.strokes[:, inside])
    band = template.header.heading_band * _WIDTH
    if rows is None:
        entries = find_entries(
            lines, separators, template.rows, pitch, heading_band=band, column=(bounds[body], bounds[body + 1])
        )
    else:
        entries = _drawn_entries(rows, frame)
    records = tuple(
        LocatedRecord(number, _fields(entry, lines, frame, text, template, pitch=pitch))
        for number, entry in enumerate(entries, start=1)
    )
    return records, _between(entries, frame)


def _drawn_entries(rows: NDArray[np.float64], frame: TableFrame) -> tuple[Entry, ...]:
    """Entries between lines that a person drew across the table."""
    middles = rows.mean(axis=1)
    y = middles[:, 1]
    left, right = frame.edge_at(0, y), frame.edge_at(len(frame.edges) - 1, y)
    share = np.clip((middles[:, 0] - left) / np.maximum(right - left, 1.0), 0.0, 1.0)
    drops = np.sort((y - np.interp(share, frame.head_shares, frame.head)) / frame.width * (_WIDTH - 1))
    return tuple(Entry(float(top), float(bottom), begins=True) for top, bottom in pairwise(drops))


def _between(entries: Sequence[Entry], frame: TableFrame) -> NDArray[np.float64]:
    """The lines between entries, above the first one and below the last, on the page."""
    if not entries:
        return np.zeros((0, 2, 2))
    levels = np.array([*(entry.top for entry in entries), entries[-1].bottom]) / (_WIDTH - 1)
    left, right = frame.point(0.0, levels), frame.point(1.0, levels)
    return np.asarray(np.stack([left, right], axis=1), np.float64)


def find_lines(
    ink: Ink, bounds: Sequence[int], template: TableTemplate
) -> tuple[dict[str, tuple[TextLine, ...]], float]:
    """Lines of every column that is read, and the distance of lines in the running text, pixels."""
    fields = [column.field for column in template.columns]
    body = fields.index(template.rows.body)
    mask, left = column_mask(ink, body, bounds)
    pitch = measure_pitch(mask, template.rows.line_height * _WIDTH)
    centre = (bounds[body] + bounds[body + 1]) / 2.0
    slope = measure_slope(mask, centre - left, pitch)
    lines = {
        field: column_lines(ink, number, bounds, pitch, slope=slope, centre=centre, running=number == body)
        for number, field in enumerate(fields)
        if field
    }
    gaps = np.diff([line.middle for line in lines[template.rows.body]])
    close = gaps[gaps < 1.8 * pitch]
    return lines, float(np.median(close)) if len(close) >= 3 else pitch


def _separators(strokes: NDArray[np.uint8]) -> tuple[float, ...]:
    """Rows of the long strokes in the running text's column."""
    rows = np.flatnonzero(strokes.sum(axis=1) >= 0.2 * strokes.shape[1])
    if not len(rows):
        return ()
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 3) + 1)
    return tuple(float(group.mean()) for group in groups)


def find_entries(
    lines: Mapping[str, Sequence[TextLine]],
    separators: Sequence[float],
    rows: RowsSpec,
    pitch: float,
    *,
    heading_band: float,
    column: tuple[int, int],
) -> tuple[Entry, ...]:
    """Entries from the lines of the columns, top to bottom.

    Args:
        separators: rows of long strokes in the running text.
        pitch: distance of lines, pixels.
        heading_band: rows under the head in which a line without an entry's beginning is the form's own heading.
        column: pixel columns of the running text's edges.
    """
    body = [line for line in lines[rows.body] if line.middle > heading_band]
    begins = _beginnings(lines, rows, body, pitch)
    tops = [row - 0.5 * pitch for row in begins]
    entries: list[Entry] = []
    first = tops[0] if tops else float("inf")
    carried = [line for line in body if line.middle < first]
    headings = _headings(carried, separators, pitch, column)
    if len(carried) > len(headings):
        entries.append(Entry(carried[0].middle - 0.6 * pitch, first, begins=False, headings=headings))
    elif tops:
        # With nothing carried over, what stands just above the first line of the first entry belongs to it.
        tops[0] = max(tops[0] - pitch, min(heading_band, tops[0]))
    for top, bottom in zip(tops, [*tops[1:], float("inf")][: len(tops)], strict=True):
        own = [line for line in body if top <= line.middle < bottom]
        # Far below the last entry there is only the edge of the paper.
        end = min(bottom, own[-1].middle + _BELOW * pitch) if bottom == float("inf") else bottom
        entries.append(Entry(top, end, begins=True, headings=_headings(own[1:], separators, pitch, column)))
    return tuple(entries)


def _beginnings(
    lines: Mapping[str, Sequence[TextLine]], rows: RowsSpec, body: Sequence[TextLine], pitch: float
) -> list[float]:
    """Rows of the running text's lines on which entries begin."""
    if not body:
        return []
    middles = np.array([line.middle for line in body])
    beside: list[dict[str, float]] = [{} for _ in body]
    for place, scores in _side_by_side(lines, rows, pitch):
        number = int(np.argmin(np.abs(middles - place)))
        if abs(middles[number] - place) <= 0.8 * pitch:
            beside[number] |= scores
    return [float(row) for row, scores in zip(middles, beside, strict=True) if sum(scores.values()) >= rows.threshold]


def _side_by_side(
    lines: Mapping[str, Sequence[TextLine]], rows: RowsSpec, pitch: float
) -> list[tuple[float, dict[str, float]]]:
    """Marks that stand on one line: their row, the surer ones counting for more, and the score of each column."""
    marks: list[tuple[float, str]] = []
    for field in rows.starts:
        usual = float(np.median([line.ink for line in lines[field]] or [0]))
        own = [line for line in _with_tails(lines[field], pitch) if _is_mark(line, usual, pitch)]
        marks += [(line.middle, field) for line in own]
    groups: list[list[tuple[float, str]]] = []
    for mark in sorted(marks):
        last = groups[-1] if groups else []
        taken = {field for _, field in last}
        if last and mark[1] not in taken and mark[0] - _middle(last, rows) <= _BESIDE * pitch:
            last.append(mark)
        else:
            groups.append([mark])
    return [(_middle(group, rows), {field: rows.starts[field] for _, field in group}) for group in groups]


def _middle(marks: Sequence[tuple[float, str]], rows: RowsSpec) -> float:
    weights = [rows.starts[field] for _, field in marks]
    return float(np.average([row for row, _ in marks], weights=weights))


def _is_mark(line: TextLine, usual: float, pitch: float) -> bool:
    """Whether a line of a narrow column is a word or a number rather than a speck or a ditto mark."""
    return line.right - line.left >= 0.12 * pitch and line.height >= 0.25 * pitch and line.ink >= 0.15 * usual


def _headings(
    body: Sequence[TextLine], separators: Sequence[float], pitch: float, column: tuple[int, int]
) -> tuple[float, ...]:
    """Rows of trailing lines that stand after a separator and are indented on both sides."""
    found: list[float] = []
    indent = _INDENT * (column[1] - column[0])
    for number in range(len(body) - 1, -1, -1):
        line = body[number]
        above = body[number - 1].middle if number else line.middle - 2.5 * pitch
        parted = any(above < row < line.middle for row in separators)
        if not (parted and line.left - column[0] > indent and column[1] - line.right > indent):
            break
        found.append(line.middle)
    return tuple(found)


def _fields(
    entry: Entry,
    lines: Mapping[str, Sequence[TextLine]],
    frame: TableFrame,
    text: PageText,
    template: TableTemplate,
    *,
    pitch: float,
) -> tuple[LocatedField, ...]:
    """The cells of one entry."""
    fields = []
    for column in template.columns:
        if not column.field:
            continue
        # What marks an entry's beginning is often written a little higher than its text.
        lift = _LIFT * pitch if column.field in template.rows.starts else 0.0
        own = [line for line in lines[column.field] if entry.top - lift <= line.middle < entry.bottom - lift]
        if column.field == template.rows.body:
            own = [line for line in own if line.middle not in entry.headings]
        else:
            own = _with_tails(own, pitch)
        polygons = tuple(_polygon(line, frame, pitch) for line in own)
        fields.append(LocatedField(column.field, polygons, printed=_printed(polygons, text.words)))
    return tuple(fields)


def _with_tails(lines: Sequence[TextLine], pitch: float) -> list[TextLine]:
    """Lines of a cell, with the loose ends of strokes joined to the line above them."""
    joined: list[TextLine] = []
    for line in lines:
        above = joined[-1] if joined else None
        loose = line.height < _LETTER * pitch or line.right - line.left < _LETTER * pitch
        if above is not None and loose and line.ink < 0.35 * above.ink and line.middle - above.middle < 1.9 * pitch:
            joined[-1] = replace(
                above,
                bottom=max(above.bottom, line.bottom),
                left=min(above.left, line.left),
                right=max(above.right, line.right),
            )
        else:
            joined.append(line)
    return joined


def _polygon(line: TextLine, frame: TableFrame, pitch: float) -> Polygon:
    """A line's region on the page, with a little paper around it."""
    beside, above = 0.15 * pitch, 0.08 * pitch
    x = np.array([line.left - beside, line.right + beside])
    rise = line.slope * (x - line.centre)
    top, bottom = line.top - above + rise, line.bottom + above + rise
    scale = 1.0 / (_WIDTH - 1)
    across = np.clip(np.array([x[0], x[1], x[1], x[0]]) * scale, 0.0, 1.0)
    down = np.array([top[0], top[1], bottom[1], bottom[0]]) * scale
    return np.asarray(frame.point(across, down), np.float64)


def _printed(polygons: Sequence[Polygon], words: Sequence[Word]) -> tuple[str, float] | None:
    """Words of the page's OCR pass that lie in the regions, in their order, with their mean confidence."""
    found: list[Word] = []
    for polygon in polygons:
        left, top = polygon.min(axis=0)
        right, bottom = polygon.max(axis=0)
        shape = polygon.astype(np.float32).reshape(-1, 1, 2)
        for word in words:
            x, y = word.box.x + word.box.w / 2, word.box.y + word.box.h / 2
            inside = left <= x <= right and top <= y <= bottom and cv2.pointPolygonTest(shape, (x, y), False) >= 0
            if inside and word not in found:
                found.append(word)
    if not found:
        return None
    return " ".join(word.text for word in found), float(np.mean([word.confidence for word in found]))
