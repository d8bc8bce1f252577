"""What the verifying page asks and tells the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from extractor.errors import AnsweredBeforeError, ImageError, LeaseLostError, NotStoredError
from extractor.learning.sharing import share_or_zero
from extractor.records import Decision, FieldState
from extractor.review.access import Visit
from extractor.review.answers import Answer, make_answer, read_value
from extractor.review.doors import check_book, check_field, check_page, open_to
from extractor.review.permissions import Permission
from extractor.review.places import place_of, usable
from extractor.review.priority import claim_in_turn
from extractor.review.room import AnyRoom, AnyVisit, Number, Room, Seer, Solver, Token, WorkerPost
from extractor.review.task_view import task_view
from extractor.review.texts import text
from extractor.store import NothingToUndo, ProblemResolution, QueueEmpty, StoredProblem, Task
from extractor.store.seeing import note_fields_seen

router = APIRouter()

_HELD_AT_ONCE = 4
"""The field in hand and the next ones, whose crops are fetched meanwhile: enough for a weak network."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Lease(_Body):
    """A task and the token it was given under."""

    task: Number
    token: Token


class Known(Lease):
    """A task that the page has already, and whether it has it as a blind one."""

    blind: bool


class Filter(_Body):
    """Which fields to work on, which of them the page has, and whether it wants to know how many are left."""

    book: Number | None = None
    kind: str | None = Field(default=None, max_length=40)
    field: Number | None = None
    known: list[Known] = Field(default_factory=list, max_length=10)
    count: bool = True


class Decided(Lease):
    """A person's answer."""

    field: Number
    raw: str = Field(max_length=4000)
    state: FieldState


class TakeBack(_Body):
    """The fields that the page knows to be in the person's hands: of others it did not hear, so it asks again."""

    known: list[Lease] | None = Field(default=None, max_length=1000)

    @property
    def pairs(self) -> list[tuple[int, int]] | None:
        """Task and token of each, where the page tells them."""
        return None if self.known is None else [(lease.task, lease.token) for lease in self.known]


class Preview(_Body):
    """A text whose value is asked for, for a field in the person's hands."""

    task: Number
    field: Number
    raw: str = Field(max_length=4000)


class Resolved(_Body):
    """What a person says a page is."""

    resolution: ProblemResolution | None


@router.get("/api/session")
def session(visit: AnyVisit) -> dict[str, str]:
    """Who is signed in, for a page that was open while the person had to sign in again."""
    return {"person": visit.person, "csrf": visit.csrf}


@router.post("/api/claim", response_model=None)
def claim(room: AnyRoom, visit: WorkerPost, wanted: Filter, later: BackgroundTasks) -> dict[str, Any] | JSONResponse:
    """The fields the person holds, topped up with the next free ones; those the page has already are left out."""
    check_book(visit, wanted.book)
    if wanted.field is not None:
        check_field(room, visit, wanted.field)
        if room.store.inspections.holds(wanted.field):
            why = text(visit.language, "field_inspected")
            return JSONResponse({"tasks": [], "message": why, **_left(room, visit, wanted)}, 409)
        if not _is_theirs(room, visit, wanted.field):
            why = text(visit.language, "not_your_part")
            return JSONResponse({"tasks": [], "message": why, **_left(room, visit, wanted)}, 409)
        try:
            task = _claim_field(room, visit, wanted.field)
        except LeaseLostError:
            bar = room.store.barred(wanted.field, visit.person, formerly=visit.formerly)
            why = text(visit.language, bar.value if bar else "busy_field")
            return {"tasks": [], "message": why, **_left(room, visit, wanted)}
        return {"tasks": _views(room, visit, [task], later), **_left(room, visit, wanted)}
    kinds = [wanted.kind] if wanted.kind else None
    held = [task for task in room.store.held(visit.person) if _fits(visit, task, wanted)]
    others = 0
    while len(held) < _HELD_AT_ONCE:
        found = claim_in_turn(
            room,
            visit,
            lambda books: room.store.claim_some(
                _HELD_AT_ONCE - len(held),
                visit.person,
                kinds=kinds,
                book=wanted.book,
                books=books,
                disputed=visit.disputed,
                lease_seconds=room.lease_seconds,
                formerly=visit.formerly,
                learning_share=share_or_zero(room.out),
            ),
        )
        if isinstance(found, QueueEmpty):
            others = found.held_by_others
            break
        held.extend(found)
    known = {(task.task, task.token, task.blind) for task in wanted.known}
    new = [task for task in held if (task.id, task.token, task.blind) not in known]
    left = _left(room, visit, wanted) if wanted.count or not held else {}
    # A kind that is done is not all of the work.
    elsewhere = open_to(room, visit, book=wanted.book) - left["left"] if kinds and not held else 0
    return {"tasks": _views(room, visit, new, later), "others": others, "elsewhere": elsewhere, **left}


@router.post("/api/renew")
def renew(room: AnyRoom, visit: WorkerPost, leases: list[Lease]) -> dict[str, list[int]]:
    """Prolong leases; names the tasks that were lost."""
    lost = []
    for lease in leases[:10]:
        try:
            room.store.renew(lease.task, lease.token, person=visit.person, lease_seconds=room.lease_seconds)
        except LeaseLostError:
            lost.append(lease.task)
    return {"lost": lost}


@router.post("/api/release")
def release(room: AnyRoom, visit: WorkerPost, leases: list[Lease]) -> dict[str, bool]:
    """Give fields back, as a page does when it is closed."""
    for lease in leases[:10]:
        room.store.release(lease.task, lease.token, person=visit.person)
    return {"ok": True}


@router.post("/api/skip")
def skip(room: AnyRoom, visit: WorkerPost, lease: Lease) -> dict[str, bool]:
    """Put a field off."""
    return {"ok": room.store.skip(lease.task, lease.token, person=visit.person)}


@router.post("/api/decide", response_model=None)
def decide(room: AnyRoom, visit: WorkerPost, decided: Decided, later: BackgroundTasks) -> dict[str, Any] | JSONResponse:
    """Take an answer; under a lost lease, say so and hand the field out again if it is still free.

    A page that hears nothing sends the same answer again; it is told that it was taken.

    The value hangs on the field, so an answer that names another field than its task's is not taken at all.
    """
    # Only a ditto mark hangs on what stands above.
    try:
        context = room.store.field_context(decided.field, beside=decided.state is FieldState.DITTO)
        task_id, blind, record = context.task_id, context.blind, context.record_id
        answer = make_answer(decided.state, decided.raw, room.labels, context)
    except NotStoredError:
        # Its page was read anew meanwhile: the answer is refused, and kept as it was given.
        task_id, blind, record = None, True, None
        answer = Answer(decided.raw, None, decided.state)
    if task_id != decided.task and room.store.field_of(decided.task) != decided.field:
        return JSONResponse({"error": "field"}, 404)
    try:
        value = room.store.decide(
            decided.task,
            decided.token,
            person=visit.person,
            raw=answer.raw,
            value=answer.value,
            state=answer.state,
            formerly=visit.formerly,
            repeats=True,
            field_id=decided.field,
        )
    except AnsweredBeforeError:
        # The field is no blind task any more, so that this is not the place to tell how it was decided.
        return {"ok": True, "decision": None}
    except LeaseLostError:
        return JSONResponse(_lost(room, visit, decided.field, later), 409)
    if record is not None and value.decision is Decision.CORRECTED:
        # What was confirmed says what it said before. Nobody waits for the rules: the answer is on its way by then.
        later.add_task(room.store.recheck, record, room.rules)
    # Whoever re-keyed blind is not told whether it was what the machine read.
    return {"ok": True, "decision": None if blind else value.decision.value}


@router.post("/api/undo")
def undo(room: AnyRoom, visit: WorkerPost, later: BackgroundTasks, asked: TakeBack | None = None) -> dict[str, Any]:
    """Take the person's last decision back and hand the field out again; asked again, no other one."""
    known = asked.pairs if asked else None
    task = room.store.undo_last(visit.person, lease_seconds=room.lease_seconds, known=known)
    if isinstance(task, NothingToUndo):
        return {"task": None}
    room.store.recheck(task.record_id, room.rules)
    return {"task": _views(room, visit, [task], later)[0]}


@router.post("/api/preview", response_model=None)
def preview(room: AnyRoom, visit: WorkerPost, asked: Preview) -> dict[str, str | None] | JSONResponse:
    """The value a text would be stored with, for a field that the person holds."""
    held = {(task.id, task.field_id) for task in room.store.held(visit.person)}
    if (asked.task, asked.field) not in held:
        return JSONResponse({"error": "lease"}, 409)
    return {"value": read_value(room.labels, room.store.field_context(asked.field, beside=False), asked.raw)}


@router.post("/api/problem/{problem_id}")
def resolve(room: AnyRoom, visit: Solver, problem_id: Number, resolved: Resolved) -> dict[str, str]:
    """Record what a page without records is."""
    if visit.account.books is not None:
        check_page(room, visit, _problem(room, problem_id).page_id)
    room.store.resolve_problem(problem_id, resolved.resolution, person=visit.person)
    if resolved.resolution is None:
        return {"shown": text(visit.language, "resolution_none")}
    what = text(visit.language, f"resolution_{resolved.resolution.value}")
    return {"shown": text(visit.language, "resolution_by", what=what, person=visit.person)}


@router.get("/crop/{field_id}")
def crop(room: AnyRoom, visit: Seer, field_id: Number) -> Response:
    """A field cut out of its page."""
    check_field(room, visit, field_id)
    picture, area = room.listing.picture_of_field(field_id)
    if usable(area) is None:
        area = place_of(room.store, room.store.field_context(field_id, beside=False)).area
    if area is None:
        raise ImageError("Neither the field nor its record has a place on the page.")
    return Response(room.pictures.crop(picture, area), media_type="image/webp")


@router.get("/page/{page_id}")
def page(room: AnyRoom, visit: Seer, page_id: Number) -> FileResponse:
    """A whole page as it was stored."""
    check_page(room, visit, page_id)
    return FileResponse(room.pictures.path(room.store.page_image(page_id).image))


@router.get("/problem/{problem_id}/{size}")
def problem_picture(room: AnyRoom, visit: Seer, problem_id: Number, size: str) -> Response:
    """The overlay of a page problem, or the page itself where there is none; ``small`` or ``large``."""
    found = _problem(room, problem_id)
    check_book(visit, found.book_id)
    shown = found.problem.overlay or found.picture.image
    return Response(room.pictures.small(shown, 360 if size == "small" else 1800), media_type="image/webp")


def _problem(room: Room, problem_id: int) -> StoredProblem:
    found = [problem for problem in room.store.page_problems() if problem.id == problem_id]
    if not found:
        raise ImageError("There is no such page problem.")
    return found[0]


def _is_theirs(room: Room, visit: Visit, field_id: int) -> bool:
    """Whether a field opened by itself is the person's part: disputed ones are the adjudicators', others not."""
    context = room.store.field_context(field_id, beside=False)
    disputed = bool(context.rekeyed_by) and context.field.decision is Decision.REVIEW
    return visit.may(Permission.ADJUDICATE if disputed else Permission.VERIFY)


def _views(room: Room, visit: Visit, given: Sequence[Task], later: BackgroundTasks) -> list[dict[str, Any]]:
    """The tasks as the browser gets them; what is shown beside them is noted as seen once the answer is on its way."""
    contexts = [room.store.field_context(task.field_id) for task in given]
    seen = [
        place
        for task, context in zip(given, contexts, strict=True)
        if not task.blind
        for place in context.places_beside
    ]
    if seen:
        later.add_task(note_fields_seen, room.store, seen, visit.person)
    return [task_view(room, visit, task, context) for task, context in zip(given, contexts, strict=True)]


def _fits(visit: Visit, task: Task, wanted: Filter) -> bool:
    """Whether a field the person still holds belongs to what the page works on; settled ones were opened singly."""
    return (
        (task.blind or task.field.decision is Decision.REVIEW)
        and visit.opens(task.book_id)
        and (wanted.book is None or task.book_id == wanted.book)
        and (wanted.kind is None or wanted.kind in (task.kind, task.code))
    )


def _left(room: Room, visit: Visit, wanted: Filter) -> dict[str, int]:
    kinds = [wanted.kind] if wanted.kind else None
    return {"left": open_to(room, visit, kinds=kinds, book=wanted.book)}


def _claim_field(room: Room, visit: Visit, field_id: int) -> Task:
    return room.store.claim_field(field_id, visit.person, lease_seconds=room.lease_seconds, formerly=visit.formerly)


def _lost(room: Room, visit: Visit, field_id: int, later: BackgroundTasks) -> dict[str, Any]:
    lost = {"message": text(visit.language, "lease_lost"), "task": None}
    try:
        context = room.store.field_context(field_id, beside=False)
    except NotStoredError:
        return lost
    if not context.blind and context.field.decision is not Decision.REVIEW:
        return lost
    if room.store.inspections.holds(field_id):
        return lost
    try:
        task = _claim_field(room, visit, field_id)
    except LeaseLostError:
        return lost
    return {"message": text(visit.language, "lease_retaken"), "task": _views(room, visit, [task], later)[0]}
