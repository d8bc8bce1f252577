"""Hand out fields to people, one person at a time, and take their answers.

A claim gives a lease with a token that rises each time. An answer counts only under the newest token while the lease
runs; any other is refused, kept in the history as given, and changes nothing.

An answer to a blind task is compared with the machine's reading; where they differ, another person has to settle it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from extractor.errors import LeaseLostError, NotStoredError
from extractor.records import Decision, FieldState, FieldValue
from extractor.store import audit, rekeying, tasks, waiting
from extractor.store.convert import clean, field_value, person_key, row_columns
from extractor.store.erased import is_erased
from extractor.store.leasing import handed_all, lease, lease_all
from extractor.store.order import current_records
from extractor.store.results import Bar, NothingToUndo, QueueEmpty, Task
from extractor.store.saving import DECIDED, Writer
from extractor.store.tables import (
    Action,
    DecisionRow,
    FieldRow,
    PageRow,
    RecordRow,
    SkipRow,
    TaskRow,
    TaskStatus,
)
from extractor.store.waiting import Wanted, open_rows

_READ_ANEW = "The page was read anew meanwhile."
_ANSWERING = (*rekeying.SETTLING, Action.REKEYED.value)
_SKIPS: Any = SkipRow.__table__
_chance = random.Random().random
_UNSKIP = delete(_SKIPS).where(_SKIPS.c.task_id == bindparam("task"))
_BARRED = {
    Bar.OWN_REKEYING: "You re-keyed this field otherwise than the machine read it; another person settles it.",
    Bar.SEEN_READING: "You have seen what the machine read; somebody who has not types this field.",
}


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
    mend: str = "The answer was kept; take the field again."


ERASED = Refused("The record was erased by order.", mend="The answer was not kept; go on with another field.")
"""Nothing of what was erased comes back, not even as an answer that was refused."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """An answer that was taken before: whoever gave it did not hear of it, and gave it again."""


def claim(
    writer: Writer,
    person: str,
    *,
    wanted: Wanted,
    lease_seconds: float,
    formerly: Collection[str] = (),
    count: int = 1,
    learning_share: float = 0.0,
) -> tuple[Task, ...] | QueueEmpty:
    """Lease the next free fields to ``person``, ``count`` at most; what the person skipped comes last.

    What the person re-keyed otherwise than the machine read it is never among them, nor blind tasks whose reading the
    person has seen, whether under this name or ``formerly`` under another.

    Each field is drawn with the chance ``learning_share`` from those chosen for learning, while there are any that the
    person may get, and otherwise stands in the ordinary order. By chance and not in turn, so that everybody gets the
    same share of these harder fields, however many people ask by turns.
    """
    keys = rekeying.person_keys(person, formerly)
    asked = {
        "now": writer.now,
        "person": person,
        "keys": list(keys),
        "kinds": list(wanted.kinds or ()),
        "books": list(wanted.books or ()),
        "count": count,
    }
    drawn = sum(_chance() < learning_share for _ in range(count)) if learning_share > 0 else 0
    learning: Sequence[TaskRow] = ()
    if drawn and not wanted.disputed:
        learning = waiting.chosen(writer.session, wanted, {**asked, "count": drawn})
        if len(learning) == count:
            return lease_all(writer, learning, person, lease_seconds)
    for some in (waiting.first_free, waiting.put_off):
        # What was drawn for learning is not leased yet, and may come again here.
        rows = [row for row in some(writer.session, wanted, asked) if row not in learning]
        rows = [*learning, *rows[: count - len(learning)]]
        if rows:
            return lease_all(writer, rows, person, lease_seconds)
    others = open_rows(wanted).where(TaskRow.leased_until > writer.now, TaskRow.person != person)
    return QueueEmpty(held_by_others=writer.session.scalar(select(func.count()).select_from(others.subquery())) or 0)


def claim_field(
    writer: Writer, field_id: int, person: str, *, lease_seconds: float, formerly: Collection[str] = ()
) -> Task:
    """Lease one field, whether it waits in the queue or was settled before.

    Raises:
        LeaseLostError: another person holds it, or it is not for this person (see :class:`Bar`).
        NotStoredError: there is no such field.
    """
    session = writer.session
    field = session.scalar(
        select(FieldRow).where(FieldRow.id == field_id, FieldRow.retired_at.is_(None)).with_for_update()
    )
    if field is None:
        raise NotStoredError(f"There is no field {field_id} in the store.")
    task = session.scalar(select(TaskRow).where(TaskRow.field_id == field_id).with_for_update())
    bar = None if task is None else rekeying.barred(session, task, rekeying.person_keys(person, formerly))
    if bar is not None:
        raise LeaseLostError(_BARRED[bar], mend="Take another one.")
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
            key_rank=tasks.key_rank(field.code, field.kind),
            ease=-field.confidence,
            blind=False,
            status=TaskStatus.WITHDRAWN.value,
            person="",
            token=0,
        )
        session.add(task)
        session.flush()
    if task.leased_until is not None and task.leased_until > writer.now and task.person != person:
        raise LeaseLostError("Another person is working on this field.", mend="Take another one.")
    return lease(writer, task, person, lease_seconds)


def held(session: Session, person: str, now: datetime) -> tuple[Task, ...]:
    """Fields the person holds at this moment, in the order of the queue."""
    rows = session.scalars(
        select(TaskRow)
        .where(TaskRow.person == person, TaskRow.leased_until > now)
        .order_by(TaskRow.key_rank, TaskRow.ease, TaskRow.id)
    )
    return handed_all(session, rows.all())


def renew(writer: Writer, task_id: int, token: int, person: str, lease_seconds: float) -> datetime | Refused:
    """Prolong a lease, never shorten it; one that ran out is given anew if nobody took the field meanwhile."""
    task = writer.session.scalar(select(TaskRow).where(TaskRow.id == task_id).with_for_update())
    if task is None or task.token != token or task.person != person:
        return Refused("passed to somebody else or already answered")
    if not _is_current(writer.session, task.field_id):
        return Refused(_READ_ANEW)
    until = writer.now + timedelta(seconds=lease_seconds)
    task.leased_until = until if task.leased_until is None else max(until, task.leased_until)
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


def barred(session: Session, field_id: int, person: str, formerly: Collection[str] = ()) -> Bar | None:
    """Why the field is not for the person; none where it is, whether another person holds it or not."""
    task = session.scalar(select(TaskRow).where(TaskRow.field_id == field_id))
    return None if task is None else rekeying.barred(session, task, rekeying.person_keys(person, formerly))


def field_of(session: Session, task_id: int) -> int:
    """Number of the task's field.

    Raises:
        NotStoredError: there is no such task.
    """
    field_id = session.scalar(select(TaskRow.field_id).where(TaskRow.id == task_id))
    if field_id is None:
        raise NotStoredError(f"There is no task {task_id} in the store.")
    return field_id


def decide(
    writer: Writer,
    task_id: int,
    token: int,
    person: str,
    answer: Answer,
    *,
    formerly: Collection[str] = (),
    repeats: bool = False,
    field_id: int | None = None,
) -> FieldValue | Refused | Repeated:
    """Take an answer, or refuse it and keep it in the history.

    With ``repeats``, an answer that this person gave under this very lease before, and that still stands, is no other
    answer: it changes nothing, and nothing is kept of it.

    The answer to a blind task either confirms the machine's reading, which stays as it is, or contradicts it: then the
    field waits for another person, and what the answer itself says about its decision counts for nothing.
    """
    session = writer.session
    if field_id is None:
        field_id = field_of(session, task_id)
    # Field before task, as saving does, so that two transactions never wait for each other.
    field = session.scalars(select(FieldRow).where(FieldRow.id == field_id).with_for_update()).one()
    task = session.scalars(select(TaskRow).where(TaskRow.id == task_id).with_for_update()).one()
    before = row_columns(field)
    after = _answered(before, answer)
    # Whoever has seen the reading holds no blind task, except one that came back by undoing the person's own answer.
    own = task.rekeyed_by in rekeying.person_keys(person, formerly)
    reason = _BARRED[Bar.OWN_REKEYING] if own else _why_lost(task, token, person, writer.now)
    if not reason and not _is_current(session, field_id):
        reason = _READ_ANEW
    if reason:
        if repeats and _was_taken(session, field_id, token, person, after):
            return Repeated()
        if is_erased(session, field.record_id):
            return ERASED
        _remember(writer, field, person, Action.REFUSED, token=token, before=before, after=after)
        return Refused(reason)
    # Before anything changes, so that the row is written once.
    session.execute(_UNSKIP, {"task": task_id})
    task.person, task.leased_until = "", None
    if tasks.is_blind(task):
        # An answer that was taken back and is given again counts as one on the acceptance for which it was drawn.
        before = {**before, "decision": Decision.ACCEPTED.value}
        if not rekeying.agrees(before, after):
            return _contradict(writer, field, task, person, token=token, before=before, typed=after)
        after = {**before, "decision": Decision.CONFIRMED.value}
    for name, content in after.items():
        setattr(field, name, content)
    field.person, field.decided_at = person, writer.now
    task.status = TaskStatus.DONE.value
    confirmed = after["decision"] == Decision.CONFIRMED.value
    action = Action.CONFIRM if confirmed else Action.CORRECT
    _remember(writer, field, person, action, token=token, before=before, after=after)
    return field_value(field)


def undo_last(
    writer: Writer, person: str, *, lease_seconds: float, known: Collection[tuple[int, int]] | None = None
) -> Task | NothingToUndo:
    """Take back the person's newest decision that still stands, and hand the field out to the person again.

    Args:
        known: tasks and tokens of all fields that who asks knows to be in the person's hands. Where the field of the
            decision that was taken back last is not among them, who asks did not hear of that: the same field is handed
            out again, and no other decision is taken back.

    A blind answer comes back blind. One that contradicted the machine can be taken back until another person settled
    the field; while another person holds the field, it is passed over.

    The field of a blind answer comes back for review and not as accepted: while it was the people's, the machine may
    have judged its book anew, perhaps under no certificate at all, and that judgement of it is not known. Nothing is
    exported as accepted that nothing accepts. The task stays blind for typing it again, and a new answer still counts
    as one on an accepted field, so that taking answers back does not thin out the contradictions among them. The next
    judging of the book says whether the field is accepted; where it is not, an ordinary task takes the blind one's
    place.
    """
    session = writer.session
    unheard = None if known is None else _taken_back(writer, person, known)
    if unheard is not None:
        return handed_all(session, [unheard])[0]
    later = aliased(DecisionRow)
    elsewhere = exists().where(
        TaskRow.field_id == DecisionRow.field_id, TaskRow.person != person, TaskRow.leased_until > writer.now
    )
    decision = session.scalar(
        select(DecisionRow)
        .where(DecisionRow.person == person, *rekeying.standing(DecisionRow, _ANSWERING))
        .where(
            ~exists().where(
                later.field_id == DecisionRow.field_id,
                later.id > DecisionRow.id,
                *rekeying.standing(later, _ANSWERING),
            )
        )
        .where(or_(DecisionRow.action != Action.REKEYED.value, ~elsewhere))
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )
    if decision is None:
        return NothingToUndo()
    field = session.scalars(select(FieldRow).where(FieldRow.id == decision.field_id).with_for_update()).one()
    task = session.scalars(select(TaskRow).where(TaskRow.field_id == field.id).with_for_update()).one()
    taken = task.leased_until is not None and task.leased_until > writer.now and task.person != person
    rekeyed = decision.action == Action.REKEYED.value
    stands = rekeyed or (field.decided_at == decision.at and field.person == person)
    if taken or field.retired_at is not None or not stands:
        return NothingToUndo()
    before, after = row_columns(field), decision.before
    blind = after["decision"] == Decision.ACCEPTED.value and (rekeyed or task.blind)
    if blind:
        after = {**after, "decision": Decision.REVIEW.value}
    if rekeyed:
        task.rekeyed_by = ""
    for name, content in after.items():
        if name != "box":  # where the field lies may have been found better meanwhile
            setattr(field, name, content)
    field.person, field.decided_at = _decided_before(session, field, decision)
    if field.decision in DECIDED:
        task.status = TaskStatus.DONE.value
    elif field.decision == Decision.REVIEW.value:
        tasks.wait(task, field, blind=blind)
    else:
        task.status = TaskStatus.WITHDRAWN.value
    _remember(writer, field, person, Action.UNDO, token=None, before=before, after=after, reverses=decision.id)
    return lease(writer, task, person, lease_seconds)


def open_tasks(session: Session, wanted: Wanted, person: str | None, formerly: Collection[str] = ()) -> int:
    """How many fields wait, for anybody or for this person, whether held at this moment or not."""
    keys = None if person is None else rekeying.person_keys(person, formerly)
    return session.scalar(select(func.count()).select_from(open_rows(wanted, keys, most=True).subquery())) or 0


def open_kinds(session: Session, wanted: Wanted, person: str | None, formerly: Collection[str] = ()) -> dict[str, int]:
    """How many fields of each kind wait; see :func:`open_tasks`."""
    keys = None if person is None else rekeying.person_keys(person, formerly)
    rows = open_rows(wanted, keys, most=True).subquery()
    found = session.execute(select(rows.c.kind, func.count()).group_by(rows.c.kind))
    return {str(kind): int(number) for kind, number in found}


def open_blind(session: Session, wanted: Wanted, person: str | None, formerly: Collection[str] = ()) -> int:
    """How many of the fields that wait are re-keyed blind; see :func:`open_tasks`."""
    keys = None if person is None else rekeying.person_keys(person, formerly)
    rows = open_rows(wanted, keys, most=True).where(TaskRow.blind).subquery()
    return session.scalar(select(func.count()).select_from(rows)) or 0


def _decided_before(session: Session, field: FieldRow, decision: DecisionRow) -> tuple[str, datetime | None]:
    """Who decided the field before ``decision``, and when; nobody where it was not decided then."""
    if field.decision not in DECIDED:
        return "", None
    earlier = session.scalar(
        select(DecisionRow)
        .where(
            DecisionRow.field_id == field.id,
            DecisionRow.id < decision.id,
            *rekeying.standing(DecisionRow, rekeying.SETTLING),
        )
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )
    return (earlier.person, earlier.at) if earlier else ("", None)


def _contradict(
    writer: Writer,
    field: FieldRow,
    task: TaskRow,
    person: str,
    *,
    token: int,
    before: dict[str, Any],
    typed: dict[str, Any],
) -> FieldValue:
    """Keep a blind answer that differs from the machine's reading, and let another person settle the field."""
    field.decision = Decision.REVIEW.value
    field.candidates = rekeying.both_readings(before, typed)
    tasks.wait(task, field, blind=False)
    task.rekeyed_by = person_key(person)
    after = {**typed, "decision": field.decision, "candidates": field.candidates}
    _remember(writer, field, person, Action.REKEYED, token=token, before=before, after=after)
    return field_value(field)


def _was_taken(session: Session, field_id: int, token: int, person: str, answered: dict[str, Any]) -> bool:
    """Whether this very answer was taken under this lease and was not taken back since."""
    taken = session.scalar(
        select(DecisionRow).where(
            DecisionRow.field_id == field_id,
            DecisionRow.token == token,
            DecisionRow.person == person,
            *rekeying.standing(DecisionRow, _ANSWERING),
        )
    )
    if taken is None:
        return False
    if (taken.after["raw"], taken.after["state"]) == (answered["raw"], answered["state"]):
        return True
    # Of a blind answer that agreed the machine's text was kept.
    blind = taken.before["decision"] == Decision.ACCEPTED.value and taken.action == Action.CONFIRM.value
    return blind and rekeying.agrees(taken.before, answered)


def _taken_back(writer: Writer, person: str, known: Collection[tuple[int, int]]) -> TaskRow | None:
    """The task of the decision the person took back last, if the person holds it and it is not ``known``."""
    session = writer.session
    field_id = session.scalar(
        select(DecisionRow.field_id)
        .where(DecisionRow.person == person, DecisionRow.action == Action.UNDO.value)
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )
    if field_id is None:
        return None
    task = session.scalar(
        select(TaskRow)
        .where(TaskRow.field_id == field_id, TaskRow.person == person, TaskRow.leased_until > writer.now)
        .with_for_update()
    )
    return None if task is None or (task.id, task.token) in known else task


def _is_current(session: Session, field_id: int) -> bool:
    """Whether the field still stands: its page may have been read anew while somebody held it."""
    return session.scalar(_current_wanted(), {"field": field_id}) is not None


@cache
def _current_wanted() -> Select[int]:
    found = current_records(select(FieldRow.id)).join(FieldRow, FieldRow.record_id == RecordRow.id)
    return found.where(FieldRow.id == bindparam("field"), FieldRow.retired_at.is_(None))


def _why_lost(task: TaskRow, token: int, person: str, now: datetime) -> str:
    if task.token != token or task.person != person:
        return "The field passed to somebody else, or was already answered."
    if task.leased_until is None or task.leased_until <= now:
        return "The time for the field ran out."
    return ""


def _answered(before: dict[str, Any], answer: Answer) -> dict[str, Any]:
    raw = "" if answer.state.value in rekeying.NO_VALUE else clean(answer.raw)
    value = None if answer.value is None else clean(answer.value)
    if answer.state.value in rekeying.NO_VALUE or answer.state is FieldState.ILLEGIBLE:
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
