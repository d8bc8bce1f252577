"""Hand out fields to people, one person at a time, and take their answers.

A claim gives a lease with a token that rises each time. An answer counts only under the newest token while the lease
runs; any other is refused, kept in the history as given, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from extractor.errors import LeaseLostError, StoreError
from extractor.records import Decision, FieldState, FieldValue
from extractor.store import audit
from extractor.store.convert import clean, field_value, row_columns
from extractor.store.results import NothingToUndo, QueueEmpty, Task
from extractor.store.saving import Writer
from extractor.store.tables import (
    Action,
    DecisionRow,
    FieldRow,
    FileRow,
    PageRow,
    RecordRow,
    SkipRow,
    TaskRow,
    TaskStatus,
)
from extractor.store.tasks import key_rank

_DECIDING = (Action.CONFIRM.value, Action.CORRECT.value)
_NO_VALUE = (FieldState.BLANK, FieldState.NOT_ON_FORM)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says about a field."""

    raw: str
    value: str | None
    state: FieldState
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that came under a lost lease."""

    reason: str


def claim(
    writer: Writer,
    person: str,
    *,
    kinds: Collection[str] | None,
    book_id: int | None,
    lease_seconds: float,
) -> Task | QueueEmpty:
    """Lease the next free field to ``person``; what the person skipped comes last."""
    skipped = exists().where(SkipRow.task_id == TaskRow.id, SkipRow.person == person)
    free = _open(kinds, book_id).where(or_(TaskRow.leased_until.is_(None), TaskRow.leased_until <= writer.now))
    first = free.where(~skipped).order_by(TaskRow.key_rank, TaskRow.ease, TaskRow.id)
    putoff = free.join(SkipRow, and_(SkipRow.task_id == TaskRow.id, SkipRow.person == person))
    later = putoff.order_by(SkipRow.at, TaskRow.id)
    for wanted in (first, later):
        row = writer.session.scalar(wanted.limit(1).with_for_update(of=TaskRow, skip_locked=True))
        if row is not None:
            return _lease(writer, row, person, lease_seconds)
    others = _open(kinds, book_id).where(TaskRow.leased_until > writer.now, TaskRow.person != person)
    return QueueEmpty(held_by_others=writer.session.scalar(select(func.count()).select_from(others.subquery())) or 0)


def claim_field(writer: Writer, field_id: int, person: str, *, lease_seconds: float) -> Task:
    """Lease one field, whether it waits in the queue or was settled before."""
    session = writer.session
    field = session.scalar(
        select(FieldRow).where(FieldRow.id == field_id, FieldRow.retired_at.is_(None)).with_for_update()
    )
    if field is None:
        raise StoreError(f"There is no field {field_id} in the store.")
    task = session.scalar(select(TaskRow).where(TaskRow.field_id == field_id).with_for_update())
    if task is None:
        book_id = session.scalars(
            select(PageRow.book_id)
            .join(RecordRow, RecordRow.page_id == PageRow.id)
            .where(RecordRow.id == field.record_id)
        ).one()
        task = TaskRow(
            field_id=field_id,
            book_id=book_id,
            kind=field.kind,
            code=field.code,
            key_rank=key_rank(field.code, field.kind),
            ease=-field.confidence,
            status=TaskStatus.WITHDRAWN.value,
            person="",
            token=0,
        )
        session.add(task)
        session.flush()
    if task.leased_until is not None and task.leased_until > writer.now and task.person != person:
        raise LeaseLostError("Another person is working on this field.", mend="Take another one.")
    return _lease(writer, task, person, lease_seconds)


def held(session: Session, person: str, now: datetime) -> tuple[Task, ...]:
    """Fields the person holds at this moment, in the order of the queue."""
    rows = session.scalars(
        select(TaskRow)
        .where(TaskRow.person == person, TaskRow.leased_until > now)
        .order_by(TaskRow.key_rank, TaskRow.ease, TaskRow.id)
    )
    return tuple(_task(session, row) for row in rows)


def renew(writer: Writer, task_id: int, token: int, person: str, lease_seconds: float) -> datetime | Refused:
    """Prolong a lease; one that ran out is given anew if nobody took the field meanwhile."""
    task = writer.session.scalar(select(TaskRow).where(TaskRow.id == task_id).with_for_update())
    if task is None or task.token != token or task.person != person:
        return Refused("passed to somebody else or already answered")
    task.leased_until = writer.now + timedelta(seconds=lease_seconds)
    return task.leased_until


def release(writer: Writer, task_id: int, token: int, person: str, *, skip: bool) -> bool:
    """Give a lease back unanswered; returns whether it was still held."""
    session = writer.session
    task = session.scalar(select(TaskRow).where(TaskRow.id == task_id).with_for_update())
    if task is None or task.token != token or task.person != person:
        return False
    task.person, task.leased_until = "", None
    if skip:
        session.execute(delete(SkipRow).where(SkipRow.task_id == task_id, SkipRow.person == person))
        session.add(SkipRow(task_id=task_id, person=person, at=writer.now))
    return True


def decide(writer: Writer, task_id: int, token: int, person: str, answer: Answer) -> FieldValue | Refused:
    """Take an answer, or refuse it and keep it in the history."""
    session = writer.session
    field_id = session.scalar(select(TaskRow.field_id).where(TaskRow.id == task_id))
    if field_id is None:
        raise StoreError(f"There is no task {task_id} in the store.")
    # Field before task, as saving does, so that two transactions never wait for each other.
    field = session.scalars(select(FieldRow).where(FieldRow.id == field_id).with_for_update()).one()
    task = session.scalars(select(TaskRow).where(TaskRow.id == task_id).with_for_update()).one()
    before = row_columns(field)
    after = _answered(before, answer)
    reason = _why_lost(task, token, person, writer.now)
    if reason:
        _remember(writer, field, person, Action.REFUSED, token=token, before=before, after=after)
        return Refused(reason)
    for name, content in after.items():
        setattr(field, name, content)
    field.person, field.decided_at = person, writer.now
    task.status, task.person, task.leased_until = TaskStatus.DONE.value, "", None
    session.execute(delete(SkipRow).where(SkipRow.task_id == task_id))
    confirmed = after["decision"] == Decision.CONFIRMED.value
    action = Action.CONFIRM if confirmed else Action.CORRECT
    _remember(writer, field, person, action, token=token, before=before, after=after)
    return field_value(field)


def undo_last(writer: Writer, person: str, *, lease_seconds: float) -> Task | NothingToUndo:
    """Take back the person's newest decision that still stands, and hand the field out to the person again."""
    session = writer.session
    later = aliased(DecisionRow)
    decision = session.scalar(
        select(DecisionRow)
        .where(DecisionRow.person == person, *_standing(DecisionRow))
        .where(~exists().where(later.field_id == DecisionRow.field_id, later.id > DecisionRow.id, *_standing(later)))
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )
    if decision is None:
        return NothingToUndo()
    field = session.scalars(select(FieldRow).where(FieldRow.id == decision.field_id).with_for_update()).one()
    task = session.scalars(select(TaskRow).where(TaskRow.field_id == field.id).with_for_update()).one()
    taken = task.leased_until is not None and task.leased_until > writer.now and task.person != person
    if taken or field.retired_at is not None or field.decided_at != decision.at or field.person != person:
        return NothingToUndo()
    before, after = row_columns(field), decision.before
    for name, content in after.items():
        if name != "box":  # where the field lies may have been found better meanwhile
            setattr(field, name, content)
    earlier = session.scalar(
        select(DecisionRow)
        .where(DecisionRow.field_id == field.id, DecisionRow.id < decision.id, *_standing(DecisionRow))
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )
    field.person, field.decided_at = (earlier.person, earlier.at) if earlier else ("", None)
    review = field.decision == Decision.REVIEW.value
    task.status = (TaskStatus.OPEN if review else TaskStatus.WITHDRAWN).value
    _remember(writer, field, person, Action.UNDO, token=None, before=before, after=after, reverses=decision.id)
    return _lease(writer, task, person, lease_seconds)


def open_tasks(session: Session, kinds: Collection[str] | None, book_id: int | None) -> int:
    """How many fields wait for a person, whether held at this moment or not."""
    return session.scalar(select(func.count()).select_from(_open(kinds, book_id).subquery())) or 0


def _open(kinds: Collection[str] | None, book_id: int | None) -> Select[TaskRow]:
    wanted = select(TaskRow).where(TaskRow.status == TaskStatus.OPEN.value)
    if kinds is not None:
        wanted = wanted.where(or_(TaskRow.kind.in_(kinds), TaskRow.code.in_(kinds)))
    return wanted if book_id is None else wanted.where(TaskRow.book_id == book_id)


def _standing(row: Any) -> tuple[Any, ...]:
    """Conditions that hold for decisions which counted and were not taken back."""
    undoing = aliased(DecisionRow)
    return row.action.in_(_DECIDING), ~exists().where(undoing.reverses == row.id)


def _why_lost(task: TaskRow, token: int, person: str, now: datetime) -> str:
    if task.token != token or task.person != person:
        return "The field passed to somebody else, or was already answered."
    if task.leased_until is None or task.leased_until <= now:
        return "The time for the field ran out."
    return ""


def _answered(before: dict[str, Any], answer: Answer) -> dict[str, Any]:
    raw = "" if answer.state in _NO_VALUE else clean(answer.raw)
    value = None if answer.value is None else clean(answer.value)
    if answer.state in _NO_VALUE or answer.state is FieldState.ILLEGIBLE:
        value = None
    same = (before["raw"], before["value"], before["state"]) == (raw, value, answer.state.value)
    decision = answer.decision or (Decision.CONFIRMED if same else Decision.CORRECTED)
    return {**before, "raw": raw, "value": value, "state": answer.state.value, "decision": decision.value}


def _remember(
    writer: Writer,
    field: FieldRow,
    person: str,
    action: Action,
    *,
    token: int | None,
    before: dict[str, Any],
    after: dict[str, Any],
    reverses: int | None = None,
) -> None:
    row = DecisionRow(
        field_id=field.id,
        at=writer.now,
        person=person,
        action=action.value,
        token=token,
        reverses=reverses,
        before=before,
        after=after,
    )
    audit.append_decisions(writer.session, writer.key, [row])


def _lease(writer: Writer, row: TaskRow, person: str, lease_seconds: float) -> Task:
    row.person = person
    row.token += 1
    row.leased_until = writer.now + timedelta(seconds=lease_seconds)
    writer.session.flush()
    return _task(writer.session, row)


def _task(session: Session, row: TaskRow) -> Task:
    field, record, page, path = session.execute(
        select(FieldRow, RecordRow, PageRow, FileRow.path)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(FieldRow.id == row.field_id)
    ).one()
    assert row.leased_until is not None  # only leased tasks are handed out
    return Task(
        id=row.id,
        token=row.token,
        person=row.person,
        leased_until=row.leased_until,
        field_id=field.id,
        record_id=record.id,
        book_id=row.book_id,
        record=(path, page.page, record.number),
        form=record.form,
        code=field.code,
        kind=field.kind,
        field=field_value(field),
    )
