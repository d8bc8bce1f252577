"""Record by record: a form in the order of the register, with the waiting fields as boxes and the page beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from extractor.review.api import Lease
from extractor.review.doors import check_book, open_to
from extractor.review.pages import render, worked_on
from extractor.review.priority import Books, claim_in_turn
from extractor.review.record_view import record_view
from extractor.review.room import AnyRoom, Number, Worker, WorkerPost
from extractor.review.texts import text, texts
from extractor.store import QueueEmpty, RecordQueue, Task
from extractor.store.seeing import note_seen

router = APIRouter()

_LEASES = 1000
"""Those of the records that a page holds: the one in hand, the next, and those whose answers are on their way."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Wanted(_Body):
    """Which record to work on: the next, or one by its number."""

    book: Number | None = None
    record: Number | None = None
    without: Annotated[list[Number], Field(max_length=50)] = []


class GivenBack(_Body):
    """Fields to be handed to others, or put off."""

    leases: Annotated[list[Lease], Field(max_length=_LEASES)]
    skip: bool = False


@router.get("/verify/records", response_class=HTMLResponse)
def page(room: AnyRoom, visit: Worker, book: Number | None = None, record: Number | None = None) -> HTMLResponse:
    """One record after the other; the page's script asks for them."""
    check_book(visit, book)
    return render(
        room,
        visit,
        "record_form.html",
        book=book,
        record=record,
        total=worked_on(room, visit, book=book),
        said=dict(texts(visit.language)),
        lease_seconds=room.lease_seconds,
    )


@router.post("/api/records/claim")
def claim(room: AnyRoom, visit: WorkerPost, wanted: Wanted, later: BackgroundTasks) -> dict[str, Any]:
    """The next record with the fields that are the person's to answer, or the record asked for."""
    check_book(visit, wanted.book)
    if wanted.record is not None:
        check_book(visit, room.store.stored_record(wanted.record).book_id)

    def claim_of(books: Books) -> tuple[Task, ...] | QueueEmpty:
        return RecordQueue(room.store).claim(
            visit.person,
            record=wanted.record,
            books=books,
            disputed=visit.disputed,
            without=wanted.without,
            lease_seconds=room.lease_seconds,
            formerly=visit.formerly,
        )

    found: tuple[Task, ...] | QueueEmpty
    if wanted.record is None and wanted.book is None:
        found = claim_in_turn(room, visit, claim_of)
    else:
        found = claim_of(visit.account.books if wanted.book is None else {wanted.book})
    answer: dict[str, Any] = {"record": None, "others": 0, "left": open_to(room, visit, book=wanted.book)}
    if wanted.record is not None:
        # Also a settled field that is in the person's hands again, as after taking a decision back.
        found = tuple(task for task in room.store.held(visit.person) if task.record_id == wanted.record)
        if not found:
            return {**answer, "message": text(visit.language, "form_nothing_waits")}
    if isinstance(found, QueueEmpty):
        return {**answer, "others": found.held_by_others}
    stored = room.store.stored_record(found[0].record_id)
    later.add_task(note_seen, room.store, stored.id, visit.person)
    return {**answer, "record": record_view(room, visit, stored, found)}


@router.get("/api/records/{record_id}")
def again(room: AnyRoom, visit: Worker, record_id: Number, later: BackgroundTasks) -> dict[str, Any]:
    """What stands in the record now, and what the rules say about it."""
    stored = room.store.stored_record(record_id)
    check_book(visit, stored.book_id)
    later.add_task(note_seen, room.store, record_id, visit.person)
    if room.store.recheck(record_id, room.rules):  # an answer of a moment ago may still be on its way to the rules
        stored = room.store.stored_record(record_id)
    return record_view(room, visit, stored, ())


@router.post("/api/records/renew")
def renew(
    room: AnyRoom, visit: WorkerPost, leases: Annotated[list[Lease], Field(max_length=_LEASES)]
) -> dict[str, Sequence[int]]:
    """Prolong leases; names the tasks that were lost."""
    pairs = [(lease.task, lease.token) for lease in leases]
    return {"lost": RecordQueue(room.store).renew(pairs, person=visit.person, lease_seconds=room.lease_seconds)}


@router.post("/api/records/release")
def release(room: AnyRoom, visit: WorkerPost, given: GivenBack) -> dict[str, bool]:
    """Give fields back, as a page does when it is closed, or put them off."""
    pairs = [(lease.task, lease.token) for lease in given.leases]
    RecordQueue(room.store).release(pairs, person=visit.person, skip=given.skip)
    return {"ok": True}
