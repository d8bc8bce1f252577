"""Fields for people: claimed under a lease, renewed, given back, decided."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Path
from starlette.responses import JSONResponse

from extractor.api.models import (
    ClaimAsked,
    Claimed,
    Decided,
    DecisionAsked,
    ReleaseAsked,
    Released,
    RenewAsked,
    Renewed,
    TaskShown,
)
from extractor.api.problems import ApiError, answers, as_api_error, as_response, wrong_field
from extractor.api.room import AnyRoom, ApiRoom, Decider
from extractor.api.route import ApiRoute, IdempotencyKey, as_reply
from extractor.api.views import task_shown
from extractor.errors import LeaseLostError, NotStoredError
from extractor.learning.sharing import share_or_zero
from extractor.records import Decision, FieldState, FieldValue
from extractor.review.answers import Answer, make_answer
from extractor.store import ApiKey, FieldContext, QueueEmpty, Task
from extractor.store.opening import must_open
from extractor.store.replies import keep
from extractor.store.saving import Writer
from extractor.vietnamese import is_ditto

router = APIRouter(prefix="/v1", route_class=ApiRoute)

TaskId = Annotated[int, Path(ge=1, le=2**53)]


@router.post("/tasks/claim", tags=["tasks"], responses=answers(400, 404, 408, 409, 413, 415))
def claim(room: AnyRoom, key: Decider, asked: ClaimAsked, idempotency_key: IdempotencyKey = None) -> Claimed:
    """Take the next field that waits, or the one named.

    Fields that name a record come first, then the surest. A blind task comes without what the machine read.
    """
    if asked.book is not None:
        must_open(key, asked.book)
    if asked.field is not None:
        must_open(key, room.listing.book_of_field(asked.field))
        _not_inspected(room, asked.field)
        task = room.store.claim_field(
            asked.field, _named(key, asked.person), lease_seconds=asked.lease_seconds, formerly=(asked.person,)
        )
        return Claimed(task=_shown(room, task, asked.person), held_by_others=0, left=_left(room, key, asked))
    found = room.store.claim(
        _named(key, asked.person),
        kinds=_kinds(asked),
        book=asked.book,
        books=key.books,
        lease_seconds=asked.lease_seconds,
        formerly=(asked.person,),
        learning_share=share_or_zero(room.out),
    )
    if isinstance(found, QueueEmpty):
        return Claimed(task=None, held_by_others=found.held_by_others, left=_left(room, key, asked))
    return Claimed(task=_shown(room, found, asked.person), held_by_others=0, left=_left(room, key, asked))


@router.post("/tasks/{task_id}/renew", tags=["tasks"], responses=answers(400, 404, 408, 409, 413, 415))
def renew(room: AnyRoom, key: Decider, task_id: TaskId, asked: RenewAsked) -> Renewed:
    """Prolong a lease, never shorten it; one that ran out is given anew if nobody took the field meanwhile."""
    must_open(key, room.listing.book_of_task(task_id))
    until = room.store.renew(task_id, asked.token, person=_named(key, asked.person), lease_seconds=asked.lease_seconds)
    return Renewed(leased_until=until)


@router.post("/tasks/{task_id}/release", tags=["tasks"], responses=answers(400, 404, 408, 413, 415))
def release(room: AnyRoom, key: Decider, task_id: TaskId, asked: ReleaseAsked) -> Released:
    """Give a field back unanswered, for somebody else or for later."""
    must_open(key, room.listing.book_of_task(task_id))
    give = room.store.skip if asked.skip else room.store.release
    return Released(released=give(task_id, asked.token, person=_named(key, asked.person)))


@router.post("/decisions", tags=["tasks"], responses=answers(400, 404, 408, 409, 413, 415))
def decide(
    *,
    room: AnyRoom,
    key: Decider,
    asked: DecisionAsked,
    later: BackgroundTasks,
    idempotency_key: IdempotencyKey = None,
) -> Decided:
    """Answer a field under its lease.

    Under a lease that was lost, nothing changes: the answer is kept in the field's history as refused (409). With an
    Idempotency-Key, what became of the answer and what is told of it are stored in one transaction.
    """
    must_open(key, room.listing.book_of_task(asked.task))
    _fits(asked)
    field = room.store.field_of(asked.task)
    try:
        context = room.store.field_context(field)
        answer = make_answer(asked.state, asked.raw, room.labels, context)
    except NotStoredError:
        # Its page was read anew meanwhile: the answer is refused, and kept as it was given.
        context, answer = None, Answer(asked.raw, None, asked.state)

    def keep_answer(writer: Writer, outcome: FieldValue | LeaseLostError) -> None:
        if idempotency_key is not None:
            keep(writer, key.id, idempotency_key, as_reply(_answer_to(outcome, context)))

    value = room.store.decide(
        asked.task,
        asked.token,
        person=_named(key, asked.person),
        raw=answer.raw,
        value=answer.value,
        state=answer.state,
        formerly=(asked.person,),
        also=keep_answer,
    )
    if context is not None and value.decision is Decision.CORRECTED:
        later.add_task(room.store.recheck, context.record_id, room.rules)
    return _decided(value, context)


def _decided(value: FieldValue, context: FieldContext | None) -> Decided:
    blind = context is None or context.blind
    return Decided(decision=None if blind else value.decision, value=None if blind else value.value)


def _answer_to(outcome: FieldValue | LeaseLostError, context: FieldContext | None) -> JSONResponse:
    if isinstance(outcome, LeaseLostError):
        return as_response(as_api_error(outcome))
    return JSONResponse(_decided(outcome, context).model_dump(mode="json"))


def _fits(asked: DecisionAsked) -> None:
    """Refuse a text that does not go with what is said of it; otherwise one of the two would be lost in silence."""
    text, state = asked.raw.strip(), asked.state
    if state is FieldState.READ and not text:
        raise wrong_field("body.raw", "is empty", mend="Give the text, or say what stands there: 'blank'.")
    if state is FieldState.DITTO and text and not is_ditto(text):
        raise wrong_field("body.raw", "is no ditto mark", mend="Leave it out, or give the text as 'read'.")
    if state in (FieldState.BLANK, FieldState.NOT_ON_FORM) and text:
        raise wrong_field("body.raw", f"is a text, with the state '{state}'", mend="Leave it out, or say 'read'.")


def _not_inspected(room: ApiRoom, field_id: int) -> None:
    """Refuse a settled field that inspectors are reading anew: what stands there would be told."""
    context = room.store.field_context(field_id)
    fields = room.store.stored_record(context.record_id).fields
    hidden = any(field.id == field_id and field.hidden for field in fields)
    if hidden and not context.blind and not context.rekeyed_by:
        raise ApiError(409, "inspected", "The field is being inspected.", mend="Take it when the inspection is over.")


def _named(key: ApiKey, person: str) -> str:
    """The person as the log and the queue know them.

    The bare name is given beside it as one the person went by: who saw a reading in the review application under the
    same name does not type it blind here.
    """
    return f"{key.client}/{person}"


def _kinds(asked: ClaimAsked) -> list[str] | None:
    return None if asked.kind is None else [asked.kind.value]


def _left(room: ApiRoom, key: ApiKey, asked: ClaimAsked) -> int:
    return room.store.open_tasks(
        kinds=_kinds(asked),
        book=asked.book,
        books=key.books,
        person=_named(key, asked.person),
        formerly=(asked.person,),
    )


def _shown(room: ApiRoom, task: Task, person: str) -> TaskShown:
    return task_shown(task, room.store.field_context(task.field_id), room.labels, person)
