"""A task as the browser gets it: everything needed to judge one field, in one answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from extractor.errors import ImageError
from extractor.records import FieldState
from extractor.review.access import Visit
from extractor.review.answers import EMPTY_BELOW, ditto_value
from extractor.review.doubt import doubtful_segments
from extractor.review.labels import Labels, book_name
from extractor.review.places import place_of
from extractor.review.room import Room
from extractor.review.texts import text
from extractor.store import FieldContext, Neighbour, Task
from extractor.templates.form import Kind

_CHOICES = 9
"""As many as there are digits to press."""


def task_view(room: Room, visit: Visit, task: Task) -> dict[str, Any]:
    """The task as JSON."""
    context = room.store.field_context(task.field_id)
    labels, language, field = room.labels, visit.language, task.field
    file, page, record = task.record
    return {
        "id": task.id,
        "token": task.token,
        "field": task.field_id,
        "record": task.record_id,
        "label": labels.spec(task.form, task.code, task.kind).label,
        "group": labels.group(task.code, language),
        "book": book_name(context.book, labels, language),
        "place": text(language, "place", file=file, page=page, record=record),
        "raw": field.raw,
        "value": field.value,
        "state": field.state.value,
        "decision": field.decision.value,
        "startEmpty": field.state is FieldState.READ and field.confidence < EMPTY_BELOW,
        "segments": doubtful_segments(field.raw, field.candidates, context.char_confidences),
        "choices": _choices(labels, task),
        "isOption": labels.spec(task.form, task.code, task.kind).kind is Kind.CHOICE,
        "dittoValue": ditto_value(context),
        "warnings": [
            {
                "severity": warning.severity.value,
                "message": labels.explain(warning, task.form, language),
            }
            for warning in context.warnings
        ],
        "before": _neighbour(context.previous),
        "after": _neighbour(context.following),
        **_pictures(room, context),
    }


def _choices(labels: Labels, task: Task) -> list[str]:
    spec = labels.spec(task.form, task.code, task.kind)
    if spec.kind is Kind.CHOICE:
        return [option.label for option in spec.options][:_CHOICES]
    texts = [candidate.text for candidate in task.field.candidates if candidate.text]
    return list(dict.fromkeys([task.field.raw, *texts] if task.field.raw else texts))[:_CHOICES]


def _neighbour(neighbour: Neighbour | None) -> dict[str, str] | None:
    if neighbour is None:
        return None
    return {"raw": neighbour.field.raw, "state": neighbour.field.state.value}


def _pictures(room: Room, context: FieldContext) -> dict[str, Any]:
    """Addresses of crop and page, with the field's frame on each; none where the page has no picture."""
    place = place_of(room.store, context)
    page: dict[str, Any] = {"url": f"/page/{context.page_id}", "frame": None}
    try:
        if place.area is None:
            room.pictures.size(context.picture)
            return {"crop": None, "page": page}
        plan = room.pictures.plan(context.picture, place.area)
        page["frame"] = asdict(room.pictures.frame(context.picture, place.area))
    except ImageError:
        return {"crop": None, "page": None}
    width, height = plan.size
    crop = {
        "url": f"/crop/{context.field_id}",
        "width": width,
        "height": height,
        "frame": asdict(plan.frame) if place.exact else None,
    }
    return {"crop": crop, "page": page}
