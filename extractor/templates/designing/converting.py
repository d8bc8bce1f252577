"""From the files of a form to what the designer holds, and back without losing anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from pydantic import ValidationError

from extractor.errors import TemplateError
from extractor.templates.designing.model import (
    Design,
    DesignBlock,
    DesignCell,
    DesignColumn,
    DesignEdge,
    DesignField,
    DesignHead,
    DesignOption,
    DesignPlace,
    DesignRepeat,
    DesignTick,
    LabelSheet,
    TableSheet,
)
from extractor.templates.designing.writing import schema_text, template_text
from extractor.templates.form import FormSchema
from extractor.templates.label_template import LabelTemplate
from extractor.templates.layouts import Template
from extractor.templates.load import SCHEMA_FILE, TEMPLATE_FILE, Form
from extractor.templates.marked_yaml import read_yaml
from extractor.templates.table_template import TableTemplate

Path_ = tuple[int | str, ...]

SAME_LINE = 0.6
"""Labels whose baselines differ by less, millimetres, stand on one line; lines of a form lie some 4 mm apart."""


class OddDesignError(TemplateError):
    """A design that is no form yet; ``problems`` are pydantic's, with places as in the files."""

    def __init__(self, file: str, problems: list[Any]) -> None:
        super().__init__(f"{file}: is no form yet.", mend="Mend what the designer shows beside the fields.")
        self.file = file
        self.problems = problems


@dataclass(frozen=True, slots=True)
class FormFiles:
    """Texts of the two files of a form."""

    schema: str
    template: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """The data of ``template.yaml``, and which thing of the design stands at a place of it."""

    data: dict[str, Any]
    ids: dict[Path_, str]

    def id_at(self, place: Path_) -> str:
        """The innermost thing that the place belongs to, or empty."""
        while place:
            if place in self.ids:
                return self.ids[place]
            place = place[:-1]
        return ""


def to_design(form: Form) -> Design:
    """What the designer shows of a form."""
    version = str(read_yaml(form.folder / SCHEMA_FILE).data["version"])
    schema = form.schema
    head = DesignHead(
        version=version, role=schema.role.value, **{name: getattr(schema, name) for name in _HEAD_AS_IT_IS}
    )
    fields = [
        DesignField(
            id=f"f{number}",
            kind=spec.kind.value,
            columns=list(spec.columns),
            parts=list(spec.parts),
            options=[DesignOption(label=option.label, value=option.value) for option in spec.options],
            **{name: getattr(spec, name) for name in ("code", "label", "reader", "required", "multiline", "words_of")},
        )
        for number, spec in enumerate(schema.fields, start=1)
    ]
    if isinstance(form.template, TableTemplate):
        return Design(head=head, fields=fields, table=_table(form.template))
    return Design(head=head, fields=fields, sheet=_sheet(form.template))


def to_files(design: Design, before: Path | None = None) -> FormFiles:
    """The files of a form; remarks in those of the version before (a form's folder) are kept.

    Raises:
        OddDesignError: the design is no form yet.
    """
    schema, template = to_form(design)
    old = {}
    if before is not None:
        old = {name: (before / name).read_text(encoding="utf-8") for name in (SCHEMA_FILE, TEMPLATE_FILE)}
    return FormFiles(
        schema_text(schema.model_dump(mode="json", exclude_defaults=True), old.get(SCHEMA_FILE, "")),
        template_text(template.model_dump(mode="json", exclude_defaults=True), old.get(TEMPLATE_FILE, "")),
    )


def to_form(design: Design) -> tuple[FormSchema, Template]:
    """The checked parts of a form.

    Raises:
        OddDesignError: the design is no form yet.
    """
    try:
        schema = FormSchema.model_validate(schema_data(design))
    except ValidationError as error:
        raise OddDesignError(SCHEMA_FILE, list(error.errors(include_url=False, include_input=False))) from error
    model = TableTemplate if design.table is not None else LabelTemplate
    try:
        template = model.model_validate(sort_template(design).data)
    except ValidationError as error:
        raise OddDesignError(TEMPLATE_FILE, list(error.errors(include_url=False, include_input=False))) from error
    return schema, template


def levelled(design: Design) -> Design:
    """The design as it is read back: labels of one line at one height."""
    sheet = design.sheet
    if sheet is None:
        return design
    heights = {
        place.id: y
        for block in sheet.blocks
        for y, places in _lines([place for place in sheet.places if place.block == block.id])
        for place in places
    }
    places = [place.model_copy(update={"y": heights.get(place.id, place.y)}) for place in sheet.places]
    return design.model_copy(update={"sheet": sheet.model_copy(update={"places": places})})


def next_version(version: str) -> str:
    """The version after one: its last number raised, or a 2 put behind it."""
    found = re.search(r"(\d+)(\D*)$", version)
    if found is None:
        return f"{version}-2" if version else "1"
    return f"{version[: found.start()]}{int(found[1]) + 1}{found[2]}"


def schema_data(design: Design) -> dict[str, Any]:
    """What ``form.yaml`` holds."""
    return {**design.head.model_dump(), "fields": [field.model_dump(exclude={"id"}) for field in design.fields]}


def sort_template(design: Design) -> Sorted:
    """What ``template.yaml`` holds: labels gathered into lines, lines from top to bottom, all from left to right."""
    if design.table is not None:
        return _sorted_table(design.table)
    return _sorted_sheet(design.sheet or LabelSheet(width=210, height=297))


_HEAD_AS_IT_IS = ("form", "register_code", "title", "title_en", "profile", "source", "unverified", "rows", "language")


def _sheet(template: LabelTemplate) -> LabelSheet:
    blocks: list[DesignBlock] = []
    places: list[DesignPlace] = []
    for number, block in enumerate(template.blocks, start=1):
        tick = DesignTick(**block.tick.model_dump())
        about = {"left": block.left, "right": block.right, "bottom": block.bottom}
        blocks.append(DesignBlock(id=f"b{number}", name=block.name, tick=tick, **about))
        for line in block.lines:
            for label in line.labels:
                places.append(
                    DesignPlace(
                        id=f"p{len(places) + 1}",
                        block=f"b{number}",
                        y=line.y,
                        also=list(label.also),
                        value=label.value.value,
                        cells=[DesignCell(**cell.model_dump()) for cell in label.cells],
                        **{name: getattr(label, name) for name in _LABEL_AS_IT_IS},
                    )
                )
    return LabelSheet(
        width=template.page.width,
        height=template.page.height,
        pitch=template.pitch,
        tells=list(template.tells),
        denies=list(template.denies),
        repeat=DesignRepeat(**template.repeat.model_dump()) if template.repeat else None,
        blocks=blocks,
        places=places,
    )


_LABEL_AS_IT_IS = ("x", "text", "field", "part", "option", "wraps", "optional")


def _sorted_sheet(sheet: LabelSheet) -> Sorted:
    ids: dict[Path_, str] = {}
    blocks: list[dict[str, Any]] = []
    for block in sheet.blocks:
        own = [place for place in sheet.places if place.block == block.id]
        if not own:
            continue  # a block is the lines in it
        at: Path_ = ("blocks", len(blocks))
        ids[at] = block.id
        lines = []
        for row, (y, places) in enumerate(_lines(own)):
            for number, place in enumerate(places):
                ids[(*at, "lines", row, "labels", number)] = place.id
            lines.append({"y": y, "labels": [_label_data(place) for place in places]})
        about = {name: _mm(getattr(block, name)) for name in ("left", "right", "bottom")}
        blocks.append({"name": block.name, **about, "tick": block.tick.model_dump(), "lines": lines})
    data: dict[str, Any] = {
        "layout": "labels",
        "page": {"width": sheet.width, "height": sheet.height},
        "pitch": sheet.pitch,
        "tells": sheet.tells,
        "denies": sheet.denies,
        "blocks": blocks,
    }
    if sheet.repeat is not None and sheet.repeat.count > 1:
        data["repeat"] = sheet.repeat.model_dump()
    return Sorted(data, ids)


def _lines(places: list[DesignPlace]) -> Iterator[tuple[float, list[DesignPlace]]]:
    """Labels line by line, from top to bottom and from left to right, each line with the mean of their baselines."""
    rest = sorted(places, key=lambda place: place.y)
    while rest:
        own = [place for place in rest if place.y - rest[0].y < SAME_LINE]
        rest = rest[len(own) :]
        own.sort(key=lambda place: place.x)
        yield _mm(mean(place.y for place in own)), own


def _label_data(place: DesignPlace) -> dict[str, Any]:
    data = place.model_dump(exclude={"id", "block", "y"})
    data["x"] = _mm(place.x)
    data["cells"] = [{**cell.model_dump(), "left": _mm(cell.left), "right": _mm(cell.right)} for cell in place.cells]
    for name in ("field", "part", "option"):
        data[name] = data[name] or None
    return data


def _mm(length: float) -> float:
    """Millimetres to a hundredth: less than half a pixel of any scan."""
    return round(length, 2)


def _table(template: TableTemplate) -> TableSheet:
    data = template.model_dump(mode="json", exclude_defaults=True)
    rest = {name: part for name, part in data.items() if name not in ("layout", "edges", "columns")}
    rest["header"] = {name: part for name, part in rest["header"].items() if name != "height"}
    return TableSheet(
        edges=[DesignEdge(at=edge.at, below=edge.below) for edge in template.edges],
        columns=[
            DesignColumn(id=f"c{number}", field=column.field, headings=list(column.headings))
            for number, column in enumerate(template.columns, start=1)
        ],
        height=template.header.height,
        rest=rest,
    )


def _sorted_table(table: TableSheet) -> Sorted:
    ids: dict[Path_, str] = {("columns", number): column.id for number, column in enumerate(table.columns)}
    rest: dict[str, Any] = dict(table.rest)
    header = rest.pop("header", {})
    if isinstance(header, dict):  # else the checker says what is wrong
        header = {"height": round(table.height, 5), **header}
    data: dict[str, Any] = {
        "layout": "table",
        **{name: rest.pop(name) for name in ("version", "drawn_on") if name in rest},
        "edges": [{"at": round(edge.at, 5), "below": round(edge.below, 5)} for edge in table.edges],
        "columns": [column.model_dump(exclude={"id"}) for column in table.columns],
        "header": header,
        **rest,
    }
    return Sorted(data, ids)
