"""What is wrong with a design, each fault beside the thing it is about, in words of no file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.templates.checks import find_mistakes
from extractor.templates.designing.converting import OddDesignError, sort_template, to_form
from extractor.templates.designing.model import Design, LabelSheet, TableSheet
from extractor.templates.form import FORM_NAME, Kind
from extractor.templates.load import SCHEMA_FILE, Form
from extractor.templates.twins import find_twins

_CODE = re.compile(r"[a-z][A-Za-z0-9]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_KINDS = {kind.value for kind in Kind}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Args:
        kind: short name; texts in the languages of the room have it.
        item: ``id`` of the field, label, block or column it is about, or ``head``.
        about: words the text is filled with.
        serious: whether it keeps the design out of use; else it is advice.
    """

    kind: str
    item: str
    about: dict[str, str] = field(default_factory=dict)
    serious: bool = True


def find_faults(design: Design, in_use: Sequence[Form] = ()) -> list[Fault]:
    """All faults: those a form of its own kind could not have first, then what does not fit together.

    Args:
        in_use: the forms that a run has beside it.
    """
    faults = [*_field_faults(design), *(_sheet_faults(design.sheet) if design.sheet else ())]
    if design.table is not None:
        faults += _table_faults(design.table)
    try:
        schema, template = to_form(design)
    except OddDesignError as error:
        # What was said already in plain words is not said again in the checker's.
        return faults or [_said_by_checker(design, error, problem) for problem in error.problems]
    codes = {each.code: each.id for each in design.fields}
    place = sort_template(design)
    for mistake in find_mistakes(schema, template):
        item = place.id_at(mistake.place) if mistake.place else codes.get(mistake.code, "")
        item = item or _holder(design, mistake.code) or "head"
        faults.append(Fault(mistake.kind, item, mistake.about, mistake.serious))
    for twin in find_twins(Form(schema, template, Path()), in_use):
        kind = "twin" if twin.hide_each_other else "twin_here" if twin.here else "twin_there"
        faults.append(Fault(kind, "head", {"form": twin.name}, twin.hide_each_other))
    return faults


def _broken(*words: str) -> bool:
    """Whether words hold what no printed line does: line breaks and control signs."""
    return any(_CONTROL.search(word) for word in words)


def _field_faults(design: Design) -> Iterator[Fault]:
    if not re.fullmatch(FORM_NAME, design.head.form):
        yield Fault("form_name", "head")
    if _broken(design.head.title, design.head.title_en):
        yield Fault("line_break", "head")
    if not design.head.title.strip():
        yield Fault("no_title", "head")
    if not design.fields:
        yield Fault("no_fields", "head")
    counts = Counter(each.code for each in design.fields)
    for each in design.fields:
        if not _CODE.fullmatch(each.code):
            yield Fault("code_form", each.id)
        elif counts[each.code] > 1:
            yield Fault("code_twice", each.id, {"code": each.code})
        if _broken(each.label, *(option.label for option in each.options)):
            yield Fault("line_break", each.id)
        if each.kind not in _KINDS:
            yield Fault("kind_unknown", each.id)
        if (each.kind == Kind.CHOICE.value) != bool(each.options):
            yield Fault("choice_options", each.id)
        if any(not option.label.strip() for option in each.options):
            yield Fault("option_empty", each.id)
        if each.words_of and each.words_of not in counts:
            yield Fault("words_of_unknown", each.id, {"code": each.words_of})


def _sheet_faults(sheet: LabelSheet) -> Iterator[Fault]:
    if _broken(*sheet.tells, *sheet.denies):
        yield Fault("line_break", "head")
    if not [word for word in sheet.tells if word.strip()]:
        yield Fault("no_tells", "head")
    if not sheet.places:
        yield Fault("no_labels", "head")
    if not 2 < sheet.pitch < 30:
        yield Fault("pitch", "head")
    if sheet.repeat is not None and sheet.repeat.count > 1:
        if sheet.repeat.count > 8:
            yield Fault("repeat_count", "head")
        if sheet.repeat.dx <= 0 and sheet.repeat.dy <= 0:
            yield Fault("repeat_nowhere", "head")
    known = {block.id for block in sheet.blocks}
    for block in sheet.blocks:
        if _broken(block.name):
            yield Fault("line_break", block.id)
        if block.right <= block.left:
            yield Fault("block_turned", block.id, {"block": block.name})
        if not 1 < block.tick.size < 15:
            yield Fault("tick_size", block.id, {"block": block.name})
    for place in sheet.places:
        if _broken(place.text, *place.also):
            yield Fault("line_break", place.id)
        if not place.text.strip():
            yield Fault("label_empty", place.id)
        if place.block not in known:
            yield Fault("no_block", place.id)
        if place.field and place.cells:
            yield Fault("field_and_cells", place.id)
        if any(cell.right <= cell.left for cell in place.cells):
            yield Fault("cell_turned", place.id)


def _table_faults(table: TableSheet) -> Iterator[Fault]:
    places = [edge.at for edge in table.edges]
    if len(places) != len(table.columns) + 1 or places != sorted(set(places)) or places[:1] + places[-1:] != [0, 1]:
        yield Fault("edges", "head")
    counts = Counter(column.field for column in table.columns if column.field)
    for column in table.columns:
        if _broken(*column.headings):
            yield Fault("line_break", column.id)
        if counts[column.field] > 1:
            yield Fault("twice", column.id, {"code": column.field, "label": column.field})
    if not 0 < table.height <= 1:
        yield Fault("head_height", "head")
    rows: Any = table.rest.get("rows", {})
    if isinstance(rows, dict) and isinstance(rows.get("starts"), dict):
        for code in sorted({str(rows.get("body", "")), *map(str, rows["starts"])} - set(counts)):
            yield Fault("rows_unknown", "head", {"code": code})


def _said_by_checker(design: Design, error: OddDesignError, problem: Any) -> Fault:
    place = tuple(problem["loc"])
    item = ""
    if error.file == SCHEMA_FILE and len(place) > 1 and place[0] == "fields":
        item = design.fields[int(place[1])].id
    elif error.file != SCHEMA_FILE:
        item = sort_template(design).id_at(place)
    where = ".".join(str(step) for step in place if isinstance(step, str)) or "form"
    return Fault("odd", item or "head", {"where": where, "what": str(problem["msg"]).removeprefix("Value error, ")})


def _holder(design: Design, code: str) -> str:
    """The label or column that names a field."""
    if design.sheet is not None:
        for place in design.sheet.places:
            if place.field == code or any(cell.field == code for cell in place.cells):
                return place.id
    if design.table is not None:
        for column in design.table.columns:
            if column.field == code:
                return column.id
    return ""
