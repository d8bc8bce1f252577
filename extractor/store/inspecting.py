"""Hand inspected fields out, one person at a time, and take what inspectors and judges say.

A claim gives a lease with a token that rises each time, as in :mod:`extractor.store.queue`. An answer counts only under
the newest token while the lease runs; any other is refused, kept in the history as given, and changes nothing.

An inspector has not decided the field and was not handed its reading; a judge, besides, did not inspect it. People are
known by their names as in :mod:`extractor.store.rekeying`; besides, whoever worked over the HTTP interface as
``client/name`` is taken for the person of that name.

What is compared is what fills the cell: the value, not how it is written. Only where no value is known, and the text
itself was handed over, are the texts compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from extractor.errors import NotStoredError
from extractor.records import FieldState
from extractor.store import inspection_audit, rekeying
from extractor.store.convert import clean, person_key
from extractor.store.erased import is_erased
from extractor.store.inspected import unfinished
from extractor.store.inspection_results import Dispute, InspectionTask, Judgement, Part, Reading
from extractor.store.queue import ERASED, Answer, Refused
from extractor.store.saving import Writer
from extractor.store.tables import (
    DecisionRow,
    InspectedFieldRow,
    InspectedRecordRow,
    InspectedStatus,
    InspectionAction,
    InspectionAnswerRow,
    InspectionRow,
    PageRow,
    RecordRow,
    SeenRow,
    TaskRow,
)

INSPECTING = (InspectionAction.AGREED.value, InspectionAction.DIFFERED.value)
JUDGING = tuple(judgement.value for judgement in Judgement)
_WAITS_FOR = {Part.INSPECTOR: InspectedStatus.OPEN, Part.JUDGE: InspectedStatus.DIFFERS}
_EMPTY = rekeying.NO_VALUE
"""States that leave a cell empty: the handed-over row does not tell them apart."""
_WRITTEN = (FieldState.READ.value, FieldState.DITTO.value)
"""States that fill a cell; a ditto fills it with what it stands for."""


def claim(
    writer: Writer, inspection_id: int, part: Part, person: str, *, lease_seconds: float, formerly: Collection[str]
) -> InspectionTask | None:
    """Lease the next field of the inspection to ``person``; none where nothing is left that the person may get.

    Records at which nobody else works at this moment come first, so that a record stays in one pair of hands.
    """
    keys = names_of(person, formerly)
    other = aliased(InspectedFieldRow)
    busy = exists().where(
        other.inspected_record_id == InspectedFieldRow.inspected_record_id,
        other.leased_until > writer.now,
        other.person != person,
    )
    wanted = (
        waiting(writer.session, inspection_id, part, keys)
        .where(or_(InspectedFieldRow.leased_until.is_(None), InspectedFieldRow.leased_until <= writer.now))
        .order_by(busy, InspectedFieldRow.id)
        .limit(1)
        .with_for_update(of=InspectedFieldRow, skip_locked=True)
    )
    row = writer.session.scalar(wanted)
    return None if row is None else _lease(writer, row, person, lease_seconds)


def waiting(session: Session, inspection_id: int, part: Part, keys: frozenset[str]) -> Select[Any]:
    """Fields that wait for this part and may be given to a person with these keys."""
    return select(InspectedFieldRow).where(
        InspectedFieldRow.inspection_id == inspection_id,
        InspectedFieldRow.status == _WAITS_FOR[part].value,
        workable(),
        *_open_to(session, part, keys),
    )


def workable() -> ColumnElement[bool]:
    """Condition that holds for inspected fields whose inspection goes on and whose page was not read anew since."""
    # Side by side: within one another, the inner one would no longer be about the field that is asked for.
    goes_on = exists().where(InspectionRow.id == InspectedFieldRow.inspection_id, InspectionRow.withdrawn_at.is_(None))
    return and_(goes_on, ~_gone())


def gone(session: Session, inspection_id: int) -> int:
    """How many undecided fields cannot be worked on any more, since their pages were read anew."""
    waits = [status.value for status in _WAITS_FOR.values()]
    wanted = select(func.count()).where(
        InspectedFieldRow.inspection_id == inspection_id, InspectedFieldRow.status.in_(waits), _gone()
    )
    return session.scalar(wanted.select_from(InspectedFieldRow)) or 0


def _gone() -> ColumnElement[bool]:
    return exists().where(
        InspectedRecordRow.id == InspectedFieldRow.inspected_record_id,
        RecordRow.id == InspectedRecordRow.record_id,
        PageRow.id == RecordRow.page_id,
        or_(RecordRow.retired_at.is_not(None), PageRow.superseded_at.is_not(None)),
    )


def held(session: Session, inspection_id: int, part: Part, person: str, now: datetime) -> tuple[InspectionTask, ...]:
    """Fields the person holds at this moment, in order."""
    rows = session.scalars(
        select(InspectedFieldRow)
        .where(
            InspectedFieldRow.inspection_id == inspection_id,
            InspectedFieldRow.status == _WAITS_FOR[part].value,
            InspectedFieldRow.person == person,
            InspectedFieldRow.leased_until > now,
            workable(),
        )
        .order_by(InspectedFieldRow.id)
    )
    return tuple(_task(session, row) for row in rows)


def renew(writer: Writer, task_id: int, token: int, person: str, lease_seconds: float) -> datetime | Refused:
    """Prolong a lease; one that ran out is given anew if nobody took the field."""
    row = _row(writer.session, task_id)
    if not writer.session.scalar(select(InspectedFieldRow.id).where(InspectedFieldRow.id == task_id, workable())):
        return Refused("The inspection was withdrawn, or the page was read anew.")
    if row.token != token or row.person != person:
        return Refused("The field passed to somebody else, or was already answered.")
    row.leased_until = writer.now + timedelta(seconds=lease_seconds)
    return row.leased_until


def release(writer: Writer, task_id: int, token: int, person: str) -> bool:
    """Give a field back unanswered; returns whether it was still held."""
    row = _row(writer.session, task_id)
    if row.token != token or row.person != person:
        return False
    row.person, row.leased_until = "", None
    return True


def answer(
    writer: Writer, task_id: int, token: int, person: str, given: Answer, *, formerly: Collection[str]
) -> Refused | None:
    """Take what an inspector reads, and compare it with what was exported.

    Args:
        given: its value is what fills the cell, for a ditto what it stands for.
    """
    row = _row(writer.session, task_id)
    raw = "" if given.state.value in _EMPTY else clean(given.raw)
    value = None if given.state.value in _EMPTY or given.value is None else clean(given.value)
    typed = {"raw": raw, "value": value, "state": given.state.value}
    reason = _why_lost(writer, row, part=Part.INSPECTOR, token=token, person=person, formerly=formerly)
    if reason:
        given_before = _standing_answer(writer.session, row, token, person, INSPECTING)
        if given_before and (given_before.raw, given_before.state) == (raw.strip(), typed["state"]):
            return None
        inspected = writer.session.get_one(InspectedRecordRow, row.inspected_record_id)
        if is_erased(writer.session, inspected.record_id):
            return ERASED
        _remember(writer, row, person, InspectionAction.REFUSED, token=token, typed=typed)
        return Refused(reason)
    same = conforms({"raw": row.raw, "value": row.value, "state": row.state}, typed)
    row.status = (InspectedStatus.AGREED if same else InspectedStatus.DIFFERS).value
    row.person, row.leased_until = "", None
    action = InspectionAction.AGREED if same else InspectionAction.DIFFERED
    _remember(writer, row, person, action, token=token, typed=typed)
    return None


def dispute_of(session: Session, task: InspectionTask) -> Dispute:
    """The two readings of a field, in an order that tells nothing of whose is whose."""
    row = _row(session, task.id)
    first, second = _both(session, row)
    return Dispute(task, first, second)


def judge(
    writer: Writer, task_id: int, token: int, person: str, judgement: Judgement, *, formerly: Collection[str]
) -> Refused | None:
    """Take which of the two readings the book holds."""
    row = _row(writer.session, task_id)
    reason = _why_lost(writer, row, part=Part.JUDGE, token=token, person=person, formerly=formerly)
    if reason:
        given_before = _standing_answer(writer.session, row, token, person, JUDGING)
        if given_before and given_before.action == judgement.value:
            return None
        _remember(writer, row, person, InspectionAction.REFUSED, token=token, typed={})
        return Refused(reason)
    first, _ = _both(writer.session, row)
    ours = Judgement.FIRST if first == _reading(row) else Judgement.SECOND
    right = judgement in (ours, Judgement.BOTH)
    row.status = (InspectedStatus.RECORD_RIGHT if right else InspectedStatus.RECORD_WRONG).value
    row.person, row.leased_until = "", None
    _remember(writer, row, person, InspectionAction(judgement.value), token=token, typed={})
    return None


def undo_last(
    writer: Writer,
    inspection_id: int,
    part: Part,
    person: str,
    *,
    lease_seconds: float,
    known: Collection[tuple[int, int]] | None = None,
) -> InspectionTask | None:
    """Take back the person's newest answer of this part that still stands, and hand the field out to the person again.

    What an inspector said can be taken back until a judge holds the field or has judged it. Once nothing is left to do
    nothing is taken back: then everybody may see what was exported.
    """
    session = writer.session
    actions = INSPECTING if part is Part.INSPECTOR else JUDGING
    undoable = (
        (InspectedStatus.AGREED, InspectedStatus.DIFFERS)
        if part is Part.INSPECTOR
        else (InspectedStatus.RECORD_RIGHT, InspectedStatus.RECORD_WRONG)
    )
    if not session.scalar(select(unfinished(inspection_id))):
        return None
    unheard = None if known is None else _taken_back(writer, inspection_id, part, person, known)
    if unheard is not None:
        return _task(session, unheard)
    given = session.scalar(
        select(InspectionAnswerRow)
        .join(InspectedFieldRow, InspectedFieldRow.id == InspectionAnswerRow.inspected_field_id)
        .where(
            InspectedFieldRow.inspection_id == inspection_id,
            workable(),
            InspectionAnswerRow.person == person,
            *standing(actions),
            InspectedFieldRow.status.in_([status.value for status in undoable]),
            or_(InspectedFieldRow.leased_until.is_(None), InspectedFieldRow.leased_until <= writer.now),
        )
        .order_by(InspectionAnswerRow.id.desc())
        .limit(1)
    )
    if given is None:
        return None
    row = _row(session, given.inspected_field_id)
    row.status = _WAITS_FOR[part].value
    _remember(writer, row, person, InspectionAction.UNDO, token=None, typed={}, reverses=given.id)
    return _lease(writer, row, person, lease_seconds)


def _standing_answer(
    session: Session, row: InspectedFieldRow, token: int, person: str, actions: Collection[str]
) -> InspectionAnswerRow | None:
    """What the person answered under that lease, if it was taken and stands."""
    return session.scalar(
        select(InspectionAnswerRow).where(
            InspectionAnswerRow.inspected_field_id == row.id,
            InspectionAnswerRow.token == token,
            InspectionAnswerRow.person == person,
            *standing(actions),
        )
    )


def _taken_back(
    writer: Writer, inspection_id: int, part: Part, person: str, known: Collection[tuple[int, int]]
) -> InspectedFieldRow | None:
    """The field of the answer the person took back last, if the person holds it and it is not ``known``."""
    row = writer.session.scalar(
        select(InspectedFieldRow)
        .join(InspectionAnswerRow, InspectionAnswerRow.inspected_field_id == InspectedFieldRow.id)
        .where(
            InspectedFieldRow.inspection_id == inspection_id,
            InspectionAnswerRow.person == person,
            InspectionAnswerRow.action == InspectionAction.UNDO.value,
        )
        .order_by(InspectionAnswerRow.id.desc())
        .limit(1)
    )
    if row is None or row.person != person or row.leased_until is None or row.leased_until <= writer.now:
        return None
    return None if row.status != _WAITS_FOR[part].value or (row.id, row.token) in known else row


def conforms(exported: Mapping[str, Any], typed: Mapping[str, Any]) -> bool:
    """Whether what was handed over is what an inspector reads.

    A blank and a field that is not on the form leave the same empty cell, so they are one; so are a text and a ditto
    that stands for it. Of what is written, the values are compared: a wrong value beside the right text is wrong. The
    text counts only where no value is known of what was exported, so that the text itself filled the cell.
    """
    if exported["state"] in _EMPTY and typed["state"] in _EMPTY:
        return True
    if exported["state"] not in _WRITTEN or typed["state"] not in _WRITTEN:
        return bool(exported["state"] == typed["state"])
    if exported["value"] is None:
        return rekeying.plain(exported["raw"]) == rekeying.plain(typed["raw"])
    return bool(exported["value"] == typed["value"])


def names_of(person: str, formerly: Collection[str]) -> frozenset[str]:
    """All names by which to know a person, with those under which the HTTP interface knows people left bare."""
    return frozenset(key for name in (person, *formerly) for key in _keys(name))


def _keys(name: str) -> tuple[str, str]:
    """A name and its part after the last stroke, for comparing: ``client/name`` is the person of that name."""
    return person_key(name), person_key(name.rpartition("/")[2])


def _reading(said: InspectedFieldRow | InspectionAnswerRow) -> Reading:
    """What is put before a judge; of a ditto what it stands for, since that fills the cell."""
    meant = said.value if said.state == FieldState.DITTO.value else None
    return Reading(said.raw if meant is None else meant, said.state, said.value)


def _both(session: Session, row: InspectedFieldRow) -> list[Reading]:
    typed = session.scalars(
        select(InspectionAnswerRow)
        .where(InspectionAnswerRow.inspected_field_id == row.id, *standing((InspectionAction.DIFFERED.value,)))
        .order_by(InspectionAnswerRow.id.desc())
        .limit(1)
    ).one()
    return sorted([_reading(row), _reading(typed)], key=lambda one: (one.raw, one.state, one.value or ""))


def standing(actions: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Conditions that hold for answers with one of these actions that were not taken back."""
    undoing = aliased(InspectionAnswerRow)
    return InspectionAnswerRow.action.in_(actions), ~exists().where(undoing.reverses == InspectionAnswerRow.id)


def _open_to(session: Session, part: Part, keys: frozenset[str]) -> list[ColumnElement[bool]]:
    """Conditions that hold for inspected fields that a person with these keys may get."""
    deciders = _names(session, select(DecisionRow.person).distinct(), keys)
    decided = exists().where(DecisionRow.field_id == InspectedFieldRow.field_id, DecisionRow.person.in_(deciders))
    handed = _names(session, select(SeenRow.person).distinct(), keys)
    seen = exists().where(
        TaskRow.field_id == InspectedFieldRow.field_id, SeenRow.task_id == TaskRow.id, SeenRow.person.in_(handed)
    )
    if part is Part.INSPECTOR:
        return [~decided, ~seen]
    inspectors = _names(session, select(InspectionAnswerRow.person).distinct(), keys)
    inspected = exists().where(
        InspectionAnswerRow.inspected_field_id == InspectedFieldRow.id,
        InspectionAnswerRow.person.in_(inspectors),
        InspectionAnswerRow.action.in_((*INSPECTING, InspectionAction.REFUSED.value)),
        InspectionAnswerRow.state != "",
    )
    return [~decided, ~seen, ~inspected]


def _names(session: Session, wanted: Select[str], keys: frozenset[str]) -> list[str]:
    """Of the names people gave, those by which somebody with these keys is known."""
    return [name for name in session.scalars(wanted) if name and not keys.isdisjoint(_keys(name))]


def _row(session: Session, task_id: int) -> InspectedFieldRow:
    row = session.scalar(select(InspectedFieldRow).where(InspectedFieldRow.id == task_id).with_for_update())
    if row is None:
        raise NotStoredError(f"There is no inspected field {task_id} in the store.")
    return row


def _why_lost(
    writer: Writer, row: InspectedFieldRow, *, part: Part, token: int, person: str, formerly: Collection[str]
) -> str:
    if row.token != token or row.person != person or row.status != _WAITS_FOR[part].value:
        return "The field passed to somebody else, or was already answered."
    if row.leased_until is None or row.leased_until <= writer.now:
        return "The time for the field ran out."
    keys = names_of(person, formerly)
    allowed = waiting(writer.session, row.inspection_id, part, keys).where(InspectedFieldRow.id == row.id)
    if not writer.session.scalar(select(func.count()).select_from(allowed.subquery())):
        return "The inspection was withdrawn, or the field is not for this person."
    return ""


def _lease(writer: Writer, row: InspectedFieldRow, person: str, lease_seconds: float) -> InspectionTask:
    row.person = person
    row.token += 1
    row.leased_until = writer.now + timedelta(seconds=lease_seconds)
    writer.session.flush()
    return _task(writer.session, row)


def _task(session: Session, row: InspectedFieldRow) -> InspectionTask:
    assert row.leased_until is not None  # only leased fields are handed out
    position = session.scalars(
        select(InspectedRecordRow.position).where(InspectedRecordRow.id == row.inspected_record_id)
    ).one()
    return InspectionTask(
        id=row.id,
        token=row.token,
        person=row.person,
        leased_until=row.leased_until,
        field_id=row.field_id,
        position=position,
        code=row.code,
        kind=row.kind,
    )


def _remember(
    writer: Writer,
    row: InspectedFieldRow,
    person: str,
    action: InspectionAction,
    *,
    token: int | None,
    typed: Mapping[str, Any],
    reverses: int | None = None,
) -> None:
    said = InspectionAnswerRow(
        inspected_field_id=row.id,
        at=writer.now,
        person=person,
        action=action.value,
        token=token,
        reverses=reverses,
        raw=typed.get("raw", ""),
        value=typed.get("value"),
        state=typed.get("state", ""),
    )
    writer.session.add(said)
    writer.session.flush()
    inspection_audit.append_answer(writer, said)
