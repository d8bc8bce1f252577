"""A design over a page: how its lengths become pixels there, where its labels are, and where its values lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor.readers.furniture import find_furniture
from extractor.readers.page_text import PageText
from extractor.records import Registration
from extractor.scans.types import CleanPage
from extractor.templates.designing.converting import sort_template, to_form
from extractor.templates.designing.model import Design
from extractor.templates.form import Role
from extractor.templates.identify import register
from extractor.templates.label_template import LabelTemplate
from extractor.templates.labels import locate, place_labels, scaled_text
from extractor.templates.load import Form
from extractor.templates.placing import Placement
from extractor.templates.table_template import TableTemplate
from extractor.templates.tables import view_table
from extractor.templates.types import LocatedRecord, RegisteredPage

_LEAST_COVERAGE = 0.3
"""Share of the labels from which their common map says where the form lies; below it the paper's size does."""
_BESIDE = 0.06
"""Share of the page's width and height left about a table whose rulings were not found."""


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """A label on the page, clean pixels.

    Args:
        id: the design's number for it.
        at: left end and baseline of its print.
        move: how far right of and below its place by the map that is.
        width: width of its print, colon included.
        height: height of its print.
        found: whether it was read there, or must be there by its neighbours.
    """

    id: str
    at: tuple[float, float]
    move: tuple[float, float]
    width: float
    height: float
    found: bool


@dataclass(frozen=True, slots=True)
class ShownRegion:
    """A place of a value: corners in clean pixels; ``option`` is a tick box's label."""

    record: int
    code: str
    corners: tuple[tuple[float, float], ...]
    option: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A design over a page.

    Args:
        size: the page's width and height, clean pixels.
        map: two rows of three numbers: the template's ``(x, y, 1)`` to clean pixels.
        labels: where its labels are, without those of further records.
        regions: where values lie; guesses where the registration is not good enough.
        edges: x of each edge of a table at the middle of its height.
    """

    size: tuple[int, int]
    map: tuple[tuple[float, float, float], tuple[float, float, float]]
    registration: Registration
    labels: tuple[ShownLabel, ...] = ()
    regions: tuple[ShownRegion, ...] = ()
    edges: tuple[float, ...] = ()


def form_of(design: Design, folder: str = "") -> Form:
    """The design as a form that pages are registered with.

    Raises:
        OddDesignError: it is no form yet.
    """
    schema, template = to_form(design)
    return Form(schema, template, Path(folder))


def laid_out(design: Design) -> Design:
    """The design as it is laid over a page: words that tell the form from others are not needed for that yet."""
    sheet = design.sheet
    if sheet is None or any(word.strip() for word in sheet.tells):
        return design
    return design.model_copy(update={"sheet": sheet.model_copy(update={"tells": ["?"]})})


def plain_map(design: Design, page: CleanPage) -> NDArray[np.float64]:
    """The map of a page about which nothing is known but its size, ``(2, 3)``."""
    height, width = page.grey.shape
    if design.table is not None:
        span = width * (1 - 2 * _BESIDE)
        return np.array([[span, 0.0, _BESIDE * width], [0.0, span, _BESIDE * height]])
    sheet = design.sheet
    across = width / sheet.width if sheet else page.dpi / 25.4
    return np.array([[across, 0.0, 0.0], [0.0, across, 0.0]])


def show(design: Design, page: CleanPage, text: PageText) -> Shown:
    """Lay a design over a page.

    Args:
        page: the cleaned page.
        text: its OCR pass.

    Raises:
        OddDesignError: the design is no form yet.
    """
    design = laid_out(design)
    form = form_of(design)
    registered = register(page, text, form)
    if isinstance(form.template, TableTemplate):
        return _shown_table(design, form.template, page, registered)
    return _shown_labels(design, form.template, page, text, registered)


def show_plainly(design: Design, page: CleanPage) -> Shown:
    """A design that is no form yet over a page: where things would lie if the page were the sheet."""
    nothing = Registration(ok=False, residual_px=0.0, coverage=0.0, method="", reason="")
    return Shown(_size(page), _rows(plain_map(design, page)), nothing)


def _shown_labels(
    design: Design, template: LabelTemplate, page: CleanPage, text: PageText, registered: RegisteredPage
) -> Shown:
    schema = to_form(design)[0]
    furniture = find_furniture(page)
    scaled = scaled_text(text, furniture.scale)
    placement = place_labels(template, schema, scaled, furniture)
    sure = registered.registration.coverage >= _LEAST_COVERAGE and schema.role is Role.RECORDS
    affine = placement.affine / furniture.scale if sure else plain_map(design, page)
    ids = sort_template(design).ids
    order = [
        ids["blocks", b, "lines", r, "labels", k]
        for b, block in enumerate(template.blocks)
        for r, line in enumerate(block.lines)
        for k in range(len(line.labels))
    ]
    records = registered.records
    if not records and registered.registration.coverage > 0:
        blocks = range(len(template.blocks))
        located = locate(template.spread_out(), schema, placement, furniture, scaled, blocks=blocks)
        records = (LocatedRecord(1, located),)
    return Shown(
        _size(page),
        _rows(affine),
        registered.registration,
        tuple(_labels(order, template, placement, affine, furniture.scale, sure=sure)),
        _regions(records),
    )


def _labels(
    order: Sequence[str],
    template: LabelTemplate,
    placement: Placement,
    affine: NDArray[np.float64],
    scale: float,
    *,
    sure: bool,
) -> list[ShownLabel]:
    shown = []
    entries = template.labels()
    for number, (name, placed) in enumerate(zip(order, placement.labels, strict=False)):
        _, line, label = entries[number]
        home = affine @ np.array([label.x, line.y, 1.0])
        trusted = sure or placed.found
        move = np.array([placed.left, placed.baseline]) / scale - home if trusted else np.zeros(2)
        wide = (placed.right - placed.left) / scale
        shown.append(
            ShownLabel(
                name,
                (round(float(home[0] + move[0]), 1), round(float(home[1] + move[1]), 1)),
                (round(float(move[0]), 1), round(float(move[1]), 1)),
                round(float(wide), 1),
                round(float(placed.height / scale), 1),
                placed.found,
            )
        )
    return shown


def _shown_table(design: Design, template: TableTemplate, page: CleanPage, registered: RegisteredPage) -> Shown:
    view = view_table(page, template)
    affine, edges = plain_map(design, page), np.array([])
    if view.frame is not None:
        frame = view.frame.scaled(1 / view.scale)
        middle = float(np.mean(frame.levels))
        edges = np.array([float(frame.edge_at(edge, middle)) for edge in range(len(frame.edges))])
        left, right = edges[0], edges[-1]
        head = float(np.median(frame.head))
        top = frame.top if frame.found_top else head - template.header.height * (right - left)
        affine = np.array([[right - left, 0.0, left], [0.0, right - left, top]])
    return Shown(
        _size(page),
        _rows(affine),
        registered.registration,
        regions=_regions(registered.records),
        edges=tuple(round(float(x), 1) for x in edges),
    )


def _regions(records: Sequence[LocatedRecord]) -> tuple[ShownRegion, ...]:
    shown = []
    for record in records:
        for field in record.fields:
            for line in field.lines:
                shown.append(ShownRegion(record.record, field.code, _corners(line)))
            for option in field.options:
                shown.append(ShownRegion(record.record, field.code, _corners(option.polygon), option.label))
    return tuple(shown)


def _corners(polygon: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in polygon)


def _size(page: CleanPage) -> tuple[int, int]:
    return page.grey.shape[1], page.grey.shape[0]


def _rows(affine: NDArray[np.float64]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (a, b, c), (d, e, f) = affine.tolist()
    return (a, b, c), (d, e, f)
