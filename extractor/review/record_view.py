"""A record as the browser gets it for its form: sections in the order of the register, and the fields to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from extractor.errors import ImageError
from extractor.records import Decision, FieldState
from extractor.review.access import Visit
from extractor.review.labels import Labels, book_name
from extractor.review.naming import record_name
from extractor.review.places import usable
from extractor.review.room import Room
from extractor.review.task_view import task_view, warning_view
from extractor.store import RecordQueue, StoredField, StoredRecord, Task

_NOT_IN_THE_FORM = ("book", "place", "crop", "page", "warnings")
"""Parts of a task that the record tells once, or that would name the file of a field that is typed blind."""


def record_view(room: Room, visit: Visit, record: StoredRecord, tasks: Sequence[Task]) -> dict[str, Any]:
    """The record as JSON, with ``tasks`` as its boxes; all other fields as text, or why they show none.

    Nothing is shown of fields that are re-keyed blind, disputed or inspected, and neither is what a ditto mark stands
    for, which may be the text of such a field in the record above.
    """
    labels, language = room.labels, visit.language
    try:
        size = room.pictures.size(record.picture)
    except ImageError:
        size = None
    file = record.key[0]
    busy = RecordQueue(room.store).held_by_others(record.id, visit.person)
    fields = _ordered(labels, record)
    rows = [
        {
            **_row(labels, language, record, field),
            "standing": _standing(field, busy),
            "frame": _frame(room, record, field) if size else None,
        }
        for field in fields
    ]
    groups = [labels.group(field.code, language) for field in fields]
    codes = {field.code for field in fields}
    return {
        "id": record.id,
        "title": record_name(record, labels, language),
        "book": book_name(record.book, labels, language),
        # Names of files tell number and date.
        "file": "" if any(field.hidden for field in fields) else file,
        "page": {"url": f"/page/{record.page_id}", "width": size[0], "height": size[1]} if size else None,
        "sections": [
            {"group": group, "rows": [row for _, row in section]}
            for group, section in groupby(zip(groups, rows, strict=True), key=lambda named: named[0])
        ],
        "warnings": [
            {"severity": warning.severity.value, "message": labels.explain(warning, record.form, language)}
            for warning in record.warnings
            if codes.isdisjoint(warning.fields)
        ],
        "tasks": [_task(room, visit, task) for task in tasks],
    }


def _ordered(labels: Labels, record: StoredRecord) -> list[StoredField]:
    """The record's fields as they follow each other on its form; what the form does not know comes last."""
    schema = labels.schemas.get(record.form)
    places = {spec.code: place for place, spec in enumerate(schema.fields)} if schema else {}
    return sorted(record.fields, key=lambda field: places.get(field.code, len(places)))


def _row(labels: Labels, language: str, record: StoredRecord, field: StoredField) -> dict[str, Any]:
    shown = field.field
    others = {other.code: other.field for other in record.fields if not other.hidden and other.code != field.code}
    value = None if field.hidden or shown.state is not FieldState.READ else shown.value
    return {
        "field": field.id,
        "label": labels.spec(record.form, field.code, field.kind).label,
        "raw": "" if field.hidden else shown.raw,
        "value": None if value == " ".join(shown.raw.split()) else value,
        "state": FieldState.READ.value if field.hidden else shown.state.value,
        "person": "" if field.hidden else field.person,
        "warnings": [
            warning_view(labels, warning, record.form, language, others)
            for warning in record.warnings
            if field.code in warning.fields
        ],
    }


def _standing(field: StoredField, busy: frozenset[int]) -> str:
    """What a field that is not a box is: with another person, hidden, waiting for another person, or decided."""
    if field.id in busy:
        return "busy"
    if field.hidden:
        return "hidden"
    return "waiting" if field.field.decision is Decision.REVIEW else field.field.decision.value


def _frame(room: Room, record: StoredRecord, field: StoredField) -> dict[str, float] | None:
    box = usable(field.field.box)
    return None if box is None else asdict(room.pictures.frame(record.picture, box))


def _task(room: Room, visit: Visit, task: Task) -> dict[str, Any]:
    seen = {
        key: part
        for key, part in task_view(room, visit, task, room.store.field_context(task.field_id)).items()
        if key not in _NOT_IN_THE_FORM
    }
    return {**seen, "value": None} if seen["state"] == FieldState.DITTO.value else seen
