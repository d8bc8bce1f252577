"""Draft a tabular form: its vertical rulings, its head, its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.page_text import PageText
from extractor.scans.types import CleanPage, Image
from extractor.templates.drafting.naming import Borrowing, Twin, choose, nearest_form, person_of
from extractor.templates.drafting.types import Drafted
from extractor.templates.form import FieldSpec, Kind
from extractor.templates.letters import fold
from extractor.templates.load import Form
from extractor.templates.rulings import Ruling, find_rulings
from extractor.templates.table_frame import TableFrame, find_frame
from extractor.templates.table_lines import column_mask, find_ink, measure_pitch
from extractor.templates.table_match import EdgeMatch, ruling_weights
from extractor.templates.table_template import HeaderSpec

_SIZE = 1500
"""Longer side of the picture on which rulings are looked for, pixels."""
_LEAST_EDGES = 5
"""A page with fewer long rulings is no table of entries but a form with frames."""
_LONG = 0.4
"""Share of the page's height that a column's ruling must be seen on."""
_TOGETHER = 0.04
"""Edges of one table begin and end within this share of the page's height."""
_DOUBLE = 0.012
"""Rulings closer than this are the lines of one frame, in table widths."""
_SAME = 0.02
"""Rulings of two pages this close are the same edge, in table widths."""
_SUB = 0.015
"""An edge that begins further below the top than this belongs to a group of columns, in table widths."""
_MOST_HEAD = 0.4
"""A table's head is no higher than this, in table widths."""
_USUAL_HEAD = 0.08
_ENTRY = re.compile(r"\d{1,2}\s?[-/.]\s?\d{1,2}|\d{3,}")
"""A date or a year."""
_LINE_MM = 8.0
_WIDTH = 1400

Cell = tuple[float, float, float, float]
"""Left, upper, right and lower edge, clean pixels."""
LineReader = Callable[[Sequence[Image]], list[str]]
"""Reads pictures of single lines."""


@dataclass(frozen=True, slots=True, eq=False)
class RuledPage:
    """The rulings of a page that may be edges of columns, working pixels.

    Args:
        grey: working picture.
        scale: working pixels for each clean pixel.
        rulings: long vertical rulings, left to right, one for each frame.
        level: height at which they are compared.
    """

    grey: NDArray[np.uint8]
    scale: float
    rulings: tuple[Ruling, ...]
    level: float

    @property
    def shares(self) -> NDArray[np.float64]:
        """Places of the rulings as shares of the distance of the outermost."""
        places = np.array([float(ruling.at(self.level)) for ruling in self.rulings])
        return np.asarray((places - places[0]) / (places[-1] - places[0]), np.float64)


def ruled_page(page: CleanPage) -> RuledPage:
    """Find the rulings of a page that may part columns; fewer than five where it is no table of entries."""
    scale = min(1.0, _SIZE / max(page.grey.shape))
    size = (max(1, round(page.grey.shape[1] * scale)), max(1, round(page.grey.shape[0] * scale)))
    grey = np.asarray(cv2.resize(page.grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    found = find_rulings(grey)
    weights = ruling_weights(found)
    edge = 0.004 * grey.shape[1]
    long = [
        ruling
        for ruling, weight in zip(found, weights, strict=True)
        if weight >= 0.5
        and ruling.end - ruling.start >= _LONG * grey.shape[0]
        and edge < float(ruling.at(ruling.middle)) < grey.shape[1] - edge
    ]
    level = float(np.median([(r.start + r.end) / 2 for r in long])) if long else grey.shape[0] / 2
    long.sort(key=lambda ruling: float(ruling.at(level)))
    single: list[Ruling] = []
    reach = _DOUBLE * (float(long[-1].at(level)) - float(long[0].at(level))) if long else 0.0
    for ruling in long:
        if single and float(ruling.at(level)) - float(single[-1].at(level)) < reach:
            if ruling.extent > single[-1].extent:
                single[-1] = ruling
            continue
        single.append(ruling)
    return RuledPage(grey, scale, tuple(_of_one_table(single, grey.shape[0])), level)


def _of_one_table(rulings: Sequence[Ruling], height: int) -> list[Ruling]:
    """Rulings that end together, the outermost as long as the table: a scan's dark edge is none of them."""
    if not rulings:
        return []
    top, bottom = _table_top(rulings), float(np.median([ruling.end for ruling in rulings]))
    kept = [ruling for ruling in rulings if abs(ruling.end - bottom) < _TOGETHER * height]
    while kept and abs(kept[0].start - top) > _TOGETHER * height:
        del kept[0]
    while kept and abs(kept[-1].start - top) > _TOGETHER * height:
        del kept[-1]
    return kept


def is_table(pages: Sequence[RuledPage]) -> bool:
    """Whether at least half of the pages are ruled into columns."""
    ruled = [page for page in pages if len(page.rulings) >= _LEAST_EDGES]
    return len(ruled) * 2 >= len(pages) and bool(ruled)


def draft_table(
    pages: Sequence[CleanPage],
    ruled: Sequence[RuledPage],
    texts: Sequence[PageText],
    forms: Sequence[Form],
    *,
    register: str = "",
    read_lines: LineReader | None = None,
) -> Drafted:
    """Draft a table form from pages that bear it.

    Args:
        pages: clean pages.
        ruled: their rulings.
        texts: their words, clean pixels.
        forms: known forms, which lend codes.
        register: register of the form, if known.
        read_lines: reads heading lines that the OCR engine could not, such as handwritten ones.
    """
    number, kept = _edges(ruled)
    page, view = pages[number], ruled[number]
    below = _starts_below(view, kept)
    frame, head = _frame(view, kept, max(below))
    shares = [round(float(share), 4) for share in frame.shares]
    shares[0], shares[-1] = 0.0, 1.0
    own, common = _headings(page, _cells(view, frame, below), texts[number], read_lines)
    labels = [f"{mine} {shared}".strip() for mine, shared in zip(own, common, strict=True)]
    persons = [person_of(label) for label in labels]
    nearest = nearest_form(labels, forms, register, persons=persons)
    specs, guessed = _name(own, persons, nearest.twins, Borrowing(forms, register or nearest.register))
    widths = np.diff(shares)
    specs = [
        spec.model_copy(update={"label": label}) if label else spec for spec, label in zip(specs, labels, strict=True)
    ]
    running = [k for k, spec in enumerate(specs) if spec.kind in (Kind.PERSON_NAME, Kind.PLACE, Kind.TEXT)]
    body = max(running or range(len(specs)), key=lambda k: widths[k])
    template = {
        "layout": "table",
        "version": "1",
        "drawn_on": "a page given to 'template new'",
        "edges": [{"at": at, "below": drop} if drop else {"at": at} for at, drop in zip(shares, below, strict=True)],
        "columns": [
            {"field": spec.code, "headings": label.split()} if label else {"field": spec.code}
            for spec, label in zip(specs, labels, strict=True)
        ],
        "header": {"height": round(head, 3), "tolerance": 0.03},
        "rows": {
            "starts": _starts(specs),
            "threshold": 0.95,
            "body": specs[body].code,
            "line_height": _line_height(view, frame, body, page.dpi),
        },
    }
    return Drafted(template, tuple(specs), tuple(guessed), nearest.form)


def _edges(ruled: Sequence[RuledPage]) -> tuple[int, list[int]]:
    """The page with most edges that the others share, and which of its rulings those are."""
    best: tuple[int, list[int]] = (0, [])
    tables = [page for page in ruled if len(page.rulings) >= _LEAST_EDGES]
    for number, page in enumerate(ruled):
        if page not in tables:
            continue
        kept = [
            k
            for k, share in enumerate(page.shares)
            if 2 * sum(bool(np.min(np.abs(other.shares - share)) < _SAME) for other in tables) >= len(tables)
        ]
        if len(kept) > len(best[1]):
            best = (number, kept)
    return best


def _starts_below(view: RuledPage, kept: Sequence[int]) -> list[float]:
    """How far below the table's top each edge begins, in table widths; 0 for those as long as the table."""
    rulings = [view.rulings[k] for k in kept]
    width = float(rulings[-1].at(view.level) - rulings[0].at(view.level))
    top = _table_top(rulings)
    drops = [max(0.0, (ruling.start - top) / width) for ruling in rulings]
    below = [drop if _SUB < drop < _MOST_HEAD else 0.0 for drop in drops]
    common = float(np.quantile([drop for drop in below if drop], 0.75)) if any(below) else 0.0
    if common:
        # Letters of a group's heading stand where the edge would go on: only an unbroken line is one.
        for n in range(1, len(below) - 1):
            if not below[n] and _inked(view.grey, rulings[n], top + 0.15 * common * width, top + 0.85 * common * width):
                continue
            below[n] = max(below[n], common)
    if _groups(below) == [(0, len(below) - 1)]:
        # One heading over all columns is the table's title; a hand that rules from below stops short of the top.
        return [0.0] * len(below)
    return [round(drop, 3) for drop in below]


def _table_top(rulings: Sequence[Ruling]) -> float:
    """Where the longest edges begin."""
    return float(np.quantile([ruling.start for ruling in rulings], 0.3))


def _inked(grey: NDArray[np.uint8], ruling: Ruling, start: float, end: float) -> bool:
    """Whether a ruling is dark all the way between two heights."""
    rows = np.arange(max(0, int(start)), min(len(grey), int(end) + 1))
    if not len(rows):
        return True
    columns = np.clip(ruling.at(rows.astype(np.float64)).round().astype(int), 2, grey.shape[1] - 3)
    near = np.stack([grey[rows, columns + shift] for shift in (-2, -1, 0, 1, 2)])
    paper = float(np.median(grey))
    return float((near.min(axis=0) < 0.8 * paper).mean()) > 0.85


def _frame(view: RuledPage, kept: Sequence[int], deepest: float) -> tuple[TableFrame, float]:
    """The table's frame and the height of its head in table widths; the head's lower line is below all edges' tops."""
    rulings = [view.rulings[k] for k in kept]
    places = np.array([float(ruling.at(view.level)) for ruling in rulings])
    width = float(places[-1] - places[0])
    match = EdgeMatch(tuple(kept), places, places, width, 1.0, 0.0)
    first = _table_top(rulings)
    upper, lower = int(max(0, first - 0.05 * width)), int(min(view.grey.shape[0], first + _MOST_HEAD * width))
    band = np.ascontiguousarray(view.grey[upper:lower, int(places[0]) : int(places[-1])])
    lines = sorted(
        float(line.at(line.middle)) + upper
        for faint in (False, True)
        for line in find_rulings(band, vertical=False, least_extent=0.6, degree=2, limit=14, faint=faint)
        if line.coverage > 0.6
    )
    tops = [line for line in lines if abs(line - first) < 0.03 * width]
    top = min(tops, key=lambda line: abs(line - first)) if tops else first
    under = [line for line in lines if line > top + (deepest + 0.015) * width]
    head = (under[0] - top) / width if under else _USUAL_HEAD
    header = HeaderSpec(height=float(np.clip(head, 0.01, 1.0)), tolerance=0.02)
    return find_frame(view.grey, view.rulings, match, [0.0] * len(kept), header), header.height


@dataclass(frozen=True, slots=True)
class _Heads:
    """Heading cells, clean pixels: of each column, and of each group of columns by its first and last edge."""

    columns: tuple[Cell, ...]
    groups: dict[tuple[int, int], Cell]


def _cells(view: RuledPage, frame: TableFrame, below: Sequence[float]) -> _Heads:
    edges = [float(frame.edge_at(k, frame.top)) / view.scale for k in range(len(below))]
    top, head = frame.top / view.scale, float(np.median(frame.head)) / view.scale
    width = frame.width / view.scale
    columns = tuple(
        (left, top + max(below[k], below[k + 1]) * width, right, head)
        for k, (left, right) in enumerate(pairwise(edges))
    )
    groups: dict[tuple[int, int], Cell] = {
        (start, end): (edges[start], top, edges[end], top + max(below[start + 1 : end]) * width)
        for start, end in _groups(below)
    }
    return _Heads(columns, groups)


def _headings(
    page: CleanPage, heads: _Heads, text: PageText, read_lines: LineReader | None
) -> tuple[list[str], list[str]]:
    """The heading of each column, and the heading of the group it belongs to."""

    def words(cell: Cell) -> str:
        found = _words_in(text, cell)
        if read_lines is None:
            return found
        # The page pass loses small print between rulings: what was read line by line is usually more.
        closer = _read_cell(page, cell, read_lines)
        return closer if len(fold(closer)) > len(fold(found)) else found

    own = [words(cell) for cell in heads.columns]
    if any(_ENTRY.search(text) for text in own):
        # Dates stand in entries, never in a head: what was taken for the head holds what somebody wrote.
        return [""] * len(own), [""] * len(own)
    common = [""] * len(own)
    for (start, end), cell in heads.groups.items():
        common[start:end] = [words(cell)] * (end - start)
    return own, common


def _groups(below: Sequence[float]) -> list[tuple[int, int]]:
    """Groups of columns under one heading: numbers of the edges that bound them, which reach the top themselves."""
    groups = []
    start = 0
    for k in range(1, len(below)):
        if below[k] == 0.0:
            if k - start > 1:
                groups.append((start, k))
            start = k
    return groups


def _words_in(text: PageText, cell: Cell) -> str:
    left, top, right, bottom = cell
    words = [
        word
        for word in text.words
        if left <= word.box.x + word.box.w / 2 <= right
        and top <= word.box.y + word.box.h / 2 <= bottom
        and word.confidence > 0.3
        and (any(sign.isalpha() for sign in word.text) or _ENTRY.search(word.text))
    ]
    return " ".join(word.text.strip(".:,;|") for word in sorted(words, key=lambda word: (word.line, word.box.x)))


def _read_cell(page: CleanPage, cell: Cell, read_lines: LineReader) -> str:
    """Read a heading cell line by line."""
    mm = page.dpi / 25.4
    left, top, right, bottom = (round(value) for value in cell)
    inset = max(1, round(0.4 * mm))
    patch = page.grey[max(0, top + inset) : bottom - inset, max(0, left + inset) : right - inset].copy()
    if min(patch.shape, default=0) < 2 * mm:
        return ""
    dark = patch < 0.75 * float(np.quantile(patch, 0.9))
    # What is left of the cell's own rulings would be read as letters.
    patch[:, dark.mean(axis=0) > 0.6] = 255
    patch[dark.mean(axis=1) > 0.6] = 255
    dark[:, dark.mean(axis=0) > 0.6] = False
    dark[dark.mean(axis=1) > 0.6] = False
    lines = [np.ascontiguousarray(patch[start:end]) for start, end in _bands(dark.sum(axis=1) > 0, mm)]
    return " ".join(read for read in read_lines(lines) if read) if lines else ""


def _bands(inked: NDArray[np.bool_], mm: float) -> list[tuple[int, int]]:
    """Rows of each line of writing: marks go with the letters below them, each line keeps half the gap about it."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(int)))
    bands = list(zip(bounds[::2].tolist(), bounds[1::2].tolist(), strict=True))
    merged: list[tuple[int, int]] = []
    for start, end in bands:
        low = merged and (start - merged[-1][1] < 0.5 * mm or merged[-1][1] - merged[-1][0] < 1.5 * mm)
        if merged and (low or end - start < 1.2 * mm) and end - merged[-1][0] < 9.0 * mm:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    tall = [(start, end) for start, end in merged if end - start >= 1.5 * mm]
    margin = round(0.7 * mm)
    return [(max(0, start - margin), min(len(inked), end + margin)) for start, end in tall]


def _name(
    labels: Sequence[str], persons: Sequence[str], twins: Sequence[Twin | None], borrowing: Borrowing
) -> tuple[list[FieldSpec], list[str]]:
    specs: list[FieldSpec] = []
    guessed: list[str] = []
    for number, (label, person, twin) in enumerate(zip(labels, persons, twins, strict=True)):
        taken = {spec.code for spec in specs}
        chosen = choose(label or f"Cột {number + 1}", person, twin, borrowing, taken)
        spec = chosen.spec
        if chosen.guessed:
            guessed.append(spec.code)
            if number == 0:
                spec = spec.model_copy(update={"kind": Kind.RECORD_NUMBER, "required": True})
        if spec.kind in (Kind.PERSON_NAME, Kind.PLACE, Kind.TEXT):
            spec = spec.model_copy(update={"multiline": True})
        specs.append(spec)
    return specs, guessed


def _starts(specs: Sequence[FieldSpec]) -> dict[str, float]:
    """Columns in which an entry's first line is written: its number alone, or two of its short columns together."""
    worth = {Kind.RECORD_NUMBER: 1.0, Kind.DATE: 0.5, Kind.SEX: 0.4}
    starts = {spec.code: worth[spec.kind] for spec in specs if spec.kind in worth}
    return starts or {specs[0].code: 1.0}


def _line_height(view: RuledPage, frame: TableFrame, body: int, dpi: float) -> float:
    """Distance of written lines in the body's column, in table widths."""
    usual = _LINE_MM * dpi / 25.4 * view.scale / frame.width
    straight = frame.straightened(view.grey, _WIDTH)
    bounds = [round(float(share) * (_WIDTH - 1)) for share in frame.shares]
    mask, _ = column_mask(find_ink(straight, bounds), body, bounds)
    return round(float(np.clip(measure_pitch(mask, usual * _WIDTH) / _WIDTH, 0.005, 0.2)), 4)
