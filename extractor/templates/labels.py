"""The engine for forms whose fields hang on printed labels: evidence, registration, location of the fields."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from extractor.readers.furniture import Furniture, find_furniture
from extractor.readers.page_text import PageText, Word
from extractor.records import BY_HAND, Box
from extractor.scans.types import CleanPage, Matrix
from extractor.templates.boxes import find_boxes
from extractor.templates.by_hand import pinned_labels
from extractor.templates.form import FieldSpec, FormSchema, Role
from extractor.templates.free_ink import note_lines, signed_name
from extractor.templates.gate import judge
from extractor.templates.label_template import LabelTemplate, ValuePlace
from extractor.templates.letters import pieces_of
from extractor.templates.margins import Margins, above_others, find_margins, on_their_lines
from extractor.templates.placing import Placed, Placement, place, place_anywhere, place_by_hand
from extractor.templates.types import (
    LocatedField,
    LocatedOption,
    LocatedRecord,
    Polygon,
    RegisteredPage,
    Told,
)
from extractor.templates.unread import on_their_ink
from extractor.templates.values import Region, Stretch, region_of, value_stretches

METHOD = "labels"


def register_labels(
    page: CleanPage, text: PageText, schema: FormSchema, template: LabelTemplate, told: Told | None = None
) -> RegisteredPage:
    """Lay the template over the page and locate every field of the form.

    Where the registration is not good enough the page comes back without records. A cover or closing page is known by
    its words; there, each value hangs on its own label, and where that is not found the value is nowhere.
    """
    furniture = find_furniture(page)
    scaled = scaled_text(text, furniture.scale)
    page_of_records = template.spread_out()
    hand = told.hand if told else None
    if hand is not None:
        pins = pinned_labels(page_of_records, hand, furniture.scale)
        placement = place_by_hand(page_of_records, pieces_of(scaled), hand.affine * furniture.scale, pins)
    else:
        placement = place_labels(template, schema, scaled, furniture)
    stretch = _stretch(page.to_source, page.grey.shape) / furniture.scale
    registration = judge(
        coverage=placement.coverage(),
        residual_px=placement.residual() * stretch,
        mm=placement.mm * stretch,
        missing=_missing(placement, schema),
        method=METHOD,
    )
    if hand is not None:
        said = {"ok": True, "method": f"{BY_HAND}: {METHOD}", "reason": ""}
        registration = registration.model_copy(update=said)
    records: tuple[LocatedRecord, ...] = ()
    if registration.ok or schema.role is not Role.RECORDS:
        each = len(template.blocks)
        records = tuple(
            LocatedRecord(
                number + 1,
                locate(
                    page_of_records,
                    schema,
                    placement,
                    furniture,
                    scaled,
                    blocks=range(number * each, (number + 1) * each),
                ),
            )
            for number in range(template.records)
        )
    anchors = _anchors(placement) / max(1e-9, furniture.scale)
    marks = _marks(page_of_records, placement, furniture.scale)
    return RegisteredPage(schema.form, schema.version, registration, records, anchors, marks=marks)


def place_labels(template: LabelTemplate, schema: FormSchema, text: PageText, furniture: Furniture) -> Placement:
    """Where the labels of all records of a page are, working pixels.

    Args:
        text: words, working pixels.
    """
    placer = place if schema.role is Role.RECORDS else place_anywhere
    return placer(template.spread_out(), pieces_of(text), furniture.mm)


def locate(
    template: LabelTemplate,
    schema: FormSchema,
    placement: Placement,
    furniture: Furniture,
    text: PageText,
    *,
    blocks: Sequence[int] | None = None,
) -> tuple[LocatedField, ...]:
    """All fields of one record in the order of the form's schema; regions in clean pixels.

    Args:
        template: the form's template.
        schema: the form's fields.
        placement: where its labels are, working pixels.
        furniture: page furniture, working pixels.
        text: words, working pixels.
        blocks: numbers of the record's blocks; all where none are given.
    """
    regions: dict[str, list[tuple[str, Region]]] = {}
    options: dict[str, list[LocatedOption]] = {}
    numbers = range(len(template.blocks)) if blocks is None else blocks
    others = [n for n in range(len(template.blocks)) if n not in numbers]
    for number in numbers:
        block = template.blocks[number]
        margins = find_margins(block, number, placement, furniture, template.pitch)
        margins = above_others(margins, block, others, template.blocks, placement)
        own = [placed for placed in placement.labels if placed.block == number]
        own = on_their_ink(on_their_lines(own, margins, placement.mm), furniture, placement.mm)
        stretches = value_stretches(own, margins, placement.mm)
        for i, placed in enumerate(own):
            for code, piece in _regions(placed, own, margins, furniture, stretches.get(i, [])):
                regions.setdefault(code, []).append((placed.label.part or "", piece))
        boxed = [placed for placed in own if placed.label.value is ValuePlace.BOX]
        for placed, box in zip(boxed, find_boxes(boxed, block.tick, furniture, placement.mm), strict=True):
            code = str(placed.label.field)
            label = placed.label.option or placed.label.text
            value = next((o.value for o in schema.field(code).options if o.label == label), None)
            options.setdefault(code, []).append(LocatedOption(label, value, _polygon(box, furniture.scale)))
    if schema.role is not Role.RECORDS:
        found = {code for placed in placement.labels if placed.found for code in placed.label.codes}
        regions = {code: own for code, own in regions.items() if code in found}
    return tuple(_field(spec, regions, options, furniture.scale, text) for spec in schema.fields)


def _regions(
    placed: Placed, own: Sequence[Placed], margins: Margins, furniture: Furniture, stretches: Sequence[Stretch]
) -> list[tuple[str, Region]]:
    """Places of the values that hang on a label, each with its field's code."""
    if not placed.label.codes:
        return []
    match placed.label.value:
        case ValuePlace.RIGHT:
            return [(s.field, region_of(s, margins, furniture)) for s in stretches]
        case ValuePlace.BELOW:
            found = [signed_name(placed, own, margins, furniture)]
        case ValuePlace.BLOCK:
            found = note_lines(placed, own, margins, furniture)
        case ValuePlace.BOX:
            found = []
    return [(str(placed.label.field), region) for region in found]


def _field(
    spec: FieldSpec,
    regions: dict[str, list[tuple[str, Region]]],
    options: dict[str, list[LocatedOption]],
    scale: float,
    text: PageText,
) -> LocatedField:
    own = regions.get(spec.code, [])
    if spec.parts:
        own = sorted(own, key=lambda entry: spec.parts.index(entry[0]) if entry[0] in spec.parts else 0)
    lines = tuple(_polygon(region, scale) for _, region in own)
    order = {option.label: i for i, option in enumerate(spec.options)}
    boxes = tuple(sorted(options.get(spec.code, []), key=lambda option: order.get(option.label, 99)))
    return LocatedField(spec.code, lines, boxes, _printed([region for _, region in own], text))


def _printed(regions: Sequence[Region], text: PageText) -> tuple[str, float] | None:
    """What the page's OCR pass has read inside the regions."""
    words: list[Word] = []
    for region in regions:
        inside = [
            word
            for word in text.words
            if region.left <= word.box.x + word.box.w / 2 <= region.right
            and region.top <= word.box.y + word.box.h / 2 <= region.bottom
        ]
        words += sorted(inside, key=lambda word: word.box.x)
    if not words:
        return None
    return " ".join(word.text for word in words), float(np.mean([word.confidence for word in words]))


def _polygon(region: Region, scale: float) -> Polygon:
    if region.outline is not None:
        return np.asarray(region.outline / scale, dtype=np.float64)
    corners = [
        (region.left, region.top),
        (region.right, region.top),
        (region.right, region.bottom),
        (region.left, region.bottom),
    ]
    return np.array(corners, dtype=np.float64) / scale


def scaled_text(text: PageText, scale: float) -> PageText:
    """The words with boxes in working pixels, ``scale`` of them for each clean pixel."""
    if scale == 1.0:
        return text
    return PageText(
        tuple(Word(w.text, w.confidence, Box(*(round(v * scale) for v in w.box)), w.line) for w in text.words)
    )


def _missing(placement: Placement, schema: FormSchema) -> tuple[str, ...]:
    """Labels of required fields that were not found; one found blank of a date stands for the field."""
    found = {code for placed in placement.labels if placed.found for code in placed.label.codes}
    return tuple(spec.label for spec in schema.fields if spec.required and spec.code not in found)


def _stretch(to_source: Matrix, shape: tuple[int, ...]) -> float:
    """Source pixels for each clean pixel, at the middle of the page."""
    middle = np.array([[shape[1] / 2, shape[0] / 2, 1.0]]).T
    steps = to_source @ (middle + np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    points = (steps[:2] / steps[2]).T
    area = abs(float(np.linalg.det(points[1:] - points[0])))
    return float(np.sqrt(area))


def _marks(template: LabelTemplate, placement: Placement, scale: float) -> NDArray[np.float64]:
    """The left end of each label's baseline: millimetres on the form, and clean pixels on the page, ``(n, 4)``."""
    spots = [(label.x, line.y) for _, line, label in template.labels()]
    places = [(placed.left / scale, placed.baseline / scale) for placed in placement.labels]
    return np.column_stack([np.array(spots), np.array(places)])


def _anchors(placement: Placement) -> NDArray[np.float64]:
    """Found labels beside where the page-wide map puts them, ``(n, 4)``."""
    rows = [(p.left, p.baseline, *p.home) for p in placement.labels if p.found]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)
