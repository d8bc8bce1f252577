"""A task as the browser gets it: everything needed to judge one field, in one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from extractor.errors import ImageError
from extractor.records import Decision, FieldState, FieldValue, RuleWarning
from extractor.review.access import Visit
from extractor.review.answers import EMPTY_BELOW, ditto_value
from extractor.review.doubt import doubtful_segments
from extractor.review.labels import Labels, book_name
from extractor.review.places import place_of
from extractor.review.room import Room
from extractor.review.texts import HIDDEN, text
from extractor.store import FieldContext, Neighbour, Task
from extractor.templates.form import Kind

_CHOICES = 9
"""As many as there are digits to press."""

_NOTHING_READ: dict[str, Any] = {
    "raw": "",
    "value": None,
    "state": FieldState.READ.value,
    "startEmpty": True,
    "segments": [],
}
_NOTHING_BESIDE: dict[str, Any] = {"dittoValue": None, "warnings": [], "before": None, "after": None}
BLIND = {**_NOTHING_READ, **_NOTHING_BESIDE}
"""The parts of a task that would tell what was read, with nothing in them."""


def task_view(room: Room, visit: Visit, task: Task, context: FieldContext) -> dict[str, Any]:
    """The task as JSON.

    A blind task shows nothing of what the machine read, nor what would hint at it. Where a blind re-keying contradicts
    the machine, both texts are offered and nothing tells which is whose; rules, which judged one of them, are silent.
    """
    labels, language, field = room.labels, visit.language, task.field
    disputed = bool(context.rekeyed_by) and field.decision is Decision.REVIEW
    hidden = task.blind or disputed
    file, page, record = task.record
    return {
        "id": task.id,
        "token": task.token,
        "field": task.field_id,
        "record": task.record_id,
        "label": labels.spec(task.form, task.code, task.kind).label,
        "group": labels.group(task.code, language),
        "book": book_name(context.book, labels, language),
        # Names of files tell number and date, which others may be inspecting.
        "place": text(language, "record_title", page=page, record=record)
        if room.store.inspections.holds_record(task.record_id)
        else text(language, "place", file=file, page=page, record=record),
        "decision": field.decision.value,
        "choices": _choices(labels, task, first="" if hidden else field.raw),
        "isOption": labels.spec(task.form, task.code, task.kind).kind is Kind.CHOICE,
        "blind": task.blind,
        "disputed": disputed,
        **(_NOTHING_READ if hidden else _read(context)),
        **(_NOTHING_BESIDE if task.blind else _beside(labels, context, language)),
        **pictures_of(room, context),
    }


def _read(context: FieldContext) -> dict[str, Any]:
    """What the machine read."""
    field = context.field
    return {
        "raw": field.raw,
        "value": field.value,
        "state": field.state.value,
        "startEmpty": field.state is FieldState.READ and field.confidence < EMPTY_BELOW,
        "segments": doubtful_segments(field.raw, field.candidates, context.char_confidences),
    }


def _beside(labels: Labels, context: FieldContext, language: str) -> dict[str, Any]:
    """What speaks for or against a reading: rules, and the same field of the records beside."""
    return {
        "dittoValue": ditto_value(context),
        "warnings": [
            warning_view(labels, warning, context.form, language, dict(context.named)) for warning in context.warnings
        ],
        "before": _neighbour(context.previous),
        "after": _neighbour(context.following),
    }


def warning_view(
    labels: Labels, warning: RuleWarning, form: str, language: str, others: Mapping[str, FieldValue]
) -> dict[str, Any]:
    """A rule's message, with what stands in those of the other fields that it names."""
    return {
        "severity": warning.severity.value,
        "message": labels.explain(warning, form, language),
        "named": [
            {"label": labels.named(form, code, language), "raw": field.raw, "state": field.state.value}
            for code, field in others.items()
            if code in warning.fields
        ],
    }


def _choices(labels: Labels, task: Task, *, first: str) -> list[str]:
    """The boxes that may be ticked, or the readings to choose from, ``first`` before the others."""
    spec = labels.spec(task.form, task.code, task.kind)
    if spec.kind is Kind.CHOICE:
        return [option.label for option in spec.options][:_CHOICES]
    if task.blind:
        return []
    texts = [first, *(candidate.text for candidate in task.field.candidates)]
    return list(dict.fromkeys(text for text in texts if text))[:_CHOICES]


def _neighbour(neighbour: Neighbour | None) -> dict[str, str] | None:
    if neighbour is None:
        return None
    if neighbour.hidden:
        return {"raw": "", "state": HIDDEN}
    return {"raw": neighbour.field.raw, "state": neighbour.field.state.value}


def pictures_of(room: Room, context: FieldContext) -> dict[str, Any]:
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
