"""Keep one task for each field that waits for a person."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, false, null, select, update
from sqlalchemy.orm import Session

from extractor.records import Decision
from extractor.store.tables import WAITS, FieldRow, RecordRow, TaskRow, TaskStatus

KEY_CODES = frozenset({"so", "quyenSo", "ngayDangKy"})
KEY_KINDS = frozenset({"record_number", "book_number"})
"""Fields that name the record: file name, row and test for doubles hang on them, so people settle them first."""

_IN_LIMIT = 500
_WITHDRAWN: dict[Any, Any] = {
    TaskRow.status: TaskStatus.WITHDRAWN.value,
    TaskRow.person: case((TaskRow.blind, ""), else_=TaskRow.person),
    TaskRow.leased_until: case((TaskRow.blind, null()), else_=TaskRow.leased_until),
    TaskRow.blind: false(),
}
"""A withdrawn task is not blind any more, so whoever holds it blind loses it."""


def key_rank(code: str, kind: str) -> int:
    """0 for fields that name the record, 1 for all others."""
    return 0 if code in KEY_CODES or kind in KEY_KINDS else 1


def is_blind(task: TaskRow) -> bool:
    """Whether whoever gets the task now must not see what the machine read."""
    return task.blind and task.status == TaskStatus.OPEN.value


def wait(task: TaskRow, field: FieldRow, *, blind: bool) -> None:
    """Put the field's task into the queue, at its place there."""
    task.kind, task.code = field.kind, field.code
    task.blind = blind
    # Accepted fields are sure ones: by their confidence, and by naming the record, they would all come first.
    task.key_rank = 1 if blind else key_rank(field.code, field.kind)
    task.ease = _any_place(field.id) if blind else -field.confidence
    if blind:
        # Blind tasks are a sample drawn by lot, which nothing else may have chosen, and they wait at any place.
        task.learning_rank = None
    task.status = TaskStatus.OPEN.value


def synchronise(
    session: Session, fields: Sequence[FieldRow], *, book_id: int, drawn: Collection[int] = frozenset()
) -> None:
    """Open, refresh or withdraw the task of each field, as its decision asks for.

    Args:
        drawn: numbers of fields that, if accepted, are to be re-keyed blind. A draw once made stands while the field
            stays accepted; a field that was re-keyed is not handed out again.
    """
    ids = [field.id for field in fields]
    present: dict[int, TaskRow] = {}
    for start in range(0, len(ids), _IN_LIMIT):
        # Locked, so that nobody is shown a proposal between our look at the task and its turning blind.
        wanted = select(TaskRow).where(TaskRow.field_id.in_(ids[start : start + _IN_LIMIT])).order_by(TaskRow.id)
        present.update((task.field_id, task) for task in session.scalars(wanted.with_for_update()))
    for field in fields:
        task = present.get(field.id)
        blind = field.decision == Decision.ACCEPTED.value and (
            (task is not None and is_blind(task))
            or (field.id in drawn and (task is None or task.status != TaskStatus.DONE.value))
        )
        if field.retired_at is None and (blind or field.decision == Decision.REVIEW.value):
            if task is None:
                task = TaskRow(field_id=field.id, person="", token=0, blind=blind)
                session.add(task)
            elif blind != is_blind(task):
                # Whoever holds it has seen the proposal and must not type it blind, or has not seen it and would give a
                # blind answer that counts as one that was given in sight of the proposal.
                _take_away(task)
            task.book_id = book_id
            wait(task, field, blind=blind)
        elif task is not None and task.status == TaskStatus.OPEN.value:
            if task.blind:
                _take_away(task)
            task.status, task.blind = TaskStatus.WITHDRAWN.value, False
    session.flush()


def withdraw_fields(session: Session, field_ids: Sequence[int]) -> None:
    """Take the open tasks of these fields out of the queue."""
    for start in range(0, len(field_ids), _IN_LIMIT):
        session.execute(
            update(TaskRow).where(TaskRow.field_id.in_(field_ids[start : start + _IN_LIMIT]), WAITS).values(_WITHDRAWN)
        )


def withdraw_page(session: Session, page_id: int) -> None:
    """Take all open tasks of a page out of the queue."""
    fields = select(FieldRow.id).join(RecordRow, RecordRow.id == FieldRow.record_id).where(RecordRow.page_id == page_id)
    session.execute(update(TaskRow).where(TaskRow.field_id.in_(fields), WAITS).values(_WITHDRAWN))


def _take_away(task: TaskRow) -> None:
    """End the lease on a task; an answer that still comes is refused and kept in the history."""
    task.person, task.leased_until = "", None


def _any_place(field_id: int) -> float:
    """A place among the eases of all fields, above -1 and below 0; for one field always the same."""
    digest = hashlib.sha256(f"blind:{field_id}".encode()).digest()
    return -(int.from_bytes(digest[:6], "big") + 1) / (2**48 + 1)
