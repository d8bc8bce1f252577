"""The pages and answers of acceptance inspections: re-keying exported records blind, and judging differences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from extractor.errors import LeaseLostError
from extractor.records import FieldState
from extractor.review.access import Visit
from extractor.review.answers import make_answer, read_value
from extractor.review.api import TakeBack
from extractor.review.inspection_view import inspection_line, judging_view, keying_view
from extractor.review.pages import render
from extractor.review.permissions import Permission
from extractor.review.room import (
    AnyRoom,
    Inspecting,
    InspectorPost,
    JudgePost,
    NotAllowedError,
    Number,
    PartPost,
    Room,
    Token,
)
from extractor.review.texts import text, texts
from extractor.store import FieldContext, InspectionTask, Judgement, Part
from extractor.vietnamese import is_ditto

pages_router = APIRouter(default_response_class=HTMLResponse)
router = APIRouter(prefix="/api/inspections/{inspection}")

_KEYED_AT_ONCE = 2
"""The field in hand and the next, whose crop is fetched meanwhile."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Lease(_Body):
    """An inspected field and the token it was given under."""

    task: Number
    token: Token


class Keyed(Lease):
    """What an inspector reads."""

    raw: str = Field(max_length=4000)
    state: FieldState


class Preview(_Body):
    """A text whose value is asked for, for a field in the person's hands."""

    task: Number
    raw: str = Field(max_length=4000)


class Judged(Lease):
    """Which of two readings the book holds."""

    judgement: Judgement


@pages_router.get("/inspections")
def inspections(room: AnyRoom, visit: Inspecting) -> HTMLResponse:
    """All inspections and how far they are."""
    found = [inspection_line(room, visit, one) for one in reversed(room.store.inspections.all())]
    return render(room, visit, "inspections.html", inspections=found)


@pages_router.get("/inspections/{inspection}/{part}")
def inspect(room: AnyRoom, visit: Inspecting, inspection: Number, part: Part) -> HTMLResponse:
    """One field after the other; the page's script asks for them."""
    if not visit.may(Permission.INSPECT if part is Part.INSPECTOR else Permission.JUDGE):
        raise NotAllowedError
    found = room.store.inspections.get(inspection)
    total = sum(found.fields.values()) if part is Part.INSPECTOR else 0
    said = texts(visit.language)
    template = "inspect.html" if part is Part.INSPECTOR else "judge.html"
    return render(
        room,
        visit,
        template,
        inspection=inspection,
        total=total,
        said={**said, "blind_note": said["inspection_note"], "value_as": said["inspection_value"]},
        lease_seconds=room.lease_seconds,
    )


@router.post("/{part}/claim")
def claim(room: AnyRoom, visit: PartPost, inspection: Number, part: Part) -> dict[str, Any]:
    """The fields the person holds, topped up with the next free ones."""
    held = list(room.store.inspections.held(inspection, part, visit.person))
    while len(held) < (_KEYED_AT_ONCE if part is Part.INSPECTOR else 1):
        found = room.store.inspections.claim(
            inspection, part, visit.person, lease_seconds=room.lease_seconds, formerly=visit.formerly
        )
        if found is None:
            break
        held.append(found)
    left = room.store.inspections.waiting(inspection, part, visit.person, formerly=visit.formerly)
    views = [_view(room, visit, part, task) for task in held]
    return {"tasks": views, "left": left, **_nothing(room, visit, inspection, part, bool(held))}


@router.post("/{part}/renew")
def renew(room: AnyRoom, visit: PartPost, inspection: Number, part: Part, leases: list[Lease]) -> dict[str, list[int]]:
    """Prolong leases; names the fields that were lost."""
    lost = []
    for lease in leases[:10]:
        try:
            room.store.inspections.renew(lease.task, lease.token, person=visit.person, lease_seconds=room.lease_seconds)
        except LeaseLostError:
            lost.append(lease.task)
    return {"lost": lost}


@router.post("/{part}/release")
def release(room: AnyRoom, visit: PartPost, inspection: Number, part: Part, leases: list[Lease]) -> dict[str, bool]:
    """Give fields back, as a page does when it is closed."""
    for lease in leases[:10]:
        room.store.inspections.release(lease.task, lease.token, person=visit.person)
    return {"ok": True}


@router.post("/{part}/undo")
def undo(
    room: AnyRoom, visit: PartPost, inspection: Number, part: Part, asked: TakeBack | None = None
) -> dict[str, Any]:
    """Take the person's last answer back and hand the field out again; asked again, no other one."""
    known = asked.pairs if asked else None
    task = room.store.inspections.undo_last(
        inspection, part, visit.person, lease_seconds=room.lease_seconds, known=known
    )
    return {"task": None if task is None else _view(room, visit, part, task)}


@router.post("/inspector/preview", response_model=None)
def preview(
    room: AnyRoom, visit: InspectorPost, inspection: Number, asked: Preview
) -> dict[str, str | None] | JSONResponse:
    """The value a text stands for, for a field that the person holds."""
    for task in room.store.inspections.held(inspection, Part.INSPECTOR, visit.person):
        if task.id == asked.task:
            return {"value": read_value(room.labels, _blind(room, task), asked.raw)}
    return JSONResponse({"error": "lease"}, 409)


@router.post("/inspector/decide", response_model=None)
def decide(room: AnyRoom, visit: InspectorPost, inspection: Number, keyed: Keyed) -> dict[str, Any] | JSONResponse:
    """Take what an inspector reads; nothing in the answer tells whether it is what was exported.

    Of a ditto mark the inspector types what it stands for: that fills the cell that was handed over.
    """
    meant, written = keyed.raw.strip(), keyed.state in (FieldState.READ, FieldState.DITTO)
    if (written and is_ditto(meant)) or (keyed.state is FieldState.DITTO and not meant):
        return JSONResponse({"message": text(visit.language, "inspection_ditto"), "task": None}, 422)
    held = {task.id: task for task in room.store.inspections.held(inspection, Part.INSPECTOR, visit.person)}
    task = held.get(keyed.task)
    raw, value = keyed.raw, None
    if task is not None:
        context = _blind(room, task)
        answer = make_answer(keyed.state, keyed.raw, room.labels, context)
        raw, value = answer.raw, answer.value
        if keyed.state is FieldState.DITTO:
            raw, value = keyed.raw, read_value(room.labels, context, keyed.raw)
    try:
        room.store.inspections.answer(
            keyed.task,
            keyed.token,
            person=visit.person,
            raw=raw,
            value=value,
            state=keyed.state,
            formerly=visit.formerly,
        )
    except LeaseLostError:
        return _lost(room, visit, inspection)
    return {"ok": True}


@router.post("/judge/decide", response_model=None)
def judge(room: AnyRoom, visit: JudgePost, inspection: Number, judged: Judged) -> dict[str, Any] | JSONResponse:
    """Take which of two readings the book holds."""
    try:
        room.store.inspections.judge(
            judged.task, judged.token, judged.judgement, person=visit.person, formerly=visit.formerly
        )
    except LeaseLostError:
        return _lost(room, visit, inspection)
    return {"ok": True}


def _view(room: Room, visit: Visit, part: Part, task: InspectionTask) -> dict[str, Any]:
    return keying_view(room, visit, task) if part is Part.INSPECTOR else judging_view(room, visit, task)


def _blind(room: Room, task: InspectionTask) -> FieldContext:
    """The field's context for reading a text as one that is typed blind: as if nothing stood in the field."""
    return replace(room.store.field_context(task.field_id), blind=True)


def _lost(room: Room, visit: Visit, inspection: Number) -> JSONResponse:
    ended = _ended(room, visit, inspection)
    return JSONResponse({"message": ended or text(visit.language, "inspection_lost"), "task": None}, 409)


def _ended(room: Room, visit: Visit, inspection: Number) -> str:
    """Why nobody can go on with the inspection or with some of it; empty where all can."""
    if room.store.inspections.get(inspection).withdrawn_at is not None:
        return text(visit.language, "inspection_withdrawn")
    # How many they are would tell an inspector how answers were taken.
    return text(visit.language, "inspection_gone") if room.store.inspections.gone(inspection) else ""


def _nothing(room: Room, visit: Visit, inspection: Number, part: Part, any_held: bool) -> dict[str, Any]:
    """Why the person gets nothing: it has ended, others hold the rest, or it is for other people."""
    if any_held:
        return {"others": 0, "message": ""}
    if ended := _ended(room, visit, inspection):
        return {"others": 0, "message": ended}
    # How many differ would tell an inspector how an answer was taken.
    rest = part is Part.INSPECTOR and room.store.inspections.get(inspection).waiting
    return {"others": 0, "message": text(visit.language, "inspection_not_yours", count=rest) if rest else ""}
