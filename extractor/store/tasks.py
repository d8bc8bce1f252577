"""Keep one task for each field that waits for a person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from extractor.records import Decision
from extractor.store.tables import FieldRow, RecordRow, TaskRow, TaskStatus

KEY_CODES = frozenset({"so", "quyenSo", "ngayDangKy"})
KEY_KINDS = frozenset({"record_number", "book_number"})
"""Fields that name the record: file name, row and test for doubles hang on them, so people settle them first."""

_IN_LIMIT = 500


def key_rank(code: str, kind: str) -> int:
    """0 for fields that name the record, 1 for all others."""
    return 0 if code in KEY_CODES or kind in KEY_KINDS else 1


def synchronise(session: Session, fields: Sequence[FieldRow], *, book_id: int) -> None:
    """Open, refresh or withdraw the task of each field, as its decision asks for."""
    ids = [field.id for field in fields]
    present: dict[int, TaskRow] = {}
    for start in range(0, len(ids), _IN_LIMIT):
        wanted = select(TaskRow).where(TaskRow.field_id.in_(ids[start : start + _IN_LIMIT]))
        present.update((task.field_id, task) for task in session.scalars(wanted))
    for field in fields:
        task = present.get(field.id)
        if field.decision == Decision.REVIEW.value and field.retired_at is None:
            if task is None:
                task = TaskRow(field_id=field.id, person="", token=0)
                session.add(task)
            task.book_id = book_id
            task.kind, task.code = field.kind, field.code
            task.key_rank = key_rank(field.code, field.kind)
            task.ease = -field.confidence
            task.status = TaskStatus.OPEN.value
        elif task is not None and task.status == TaskStatus.OPEN.value:
            task.status = TaskStatus.WITHDRAWN.value
    session.flush()


def withdraw_fields(session: Session, field_ids: Sequence[int]) -> None:
    """Take the open tasks of these fields out of the queue."""
    for start in range(0, len(field_ids), _IN_LIMIT):
        session.execute(
            update(TaskRow)
            .where(TaskRow.field_id.in_(field_ids[start : start + _IN_LIMIT]), TaskRow.status == TaskStatus.OPEN.value)
            .values(status=TaskStatus.WITHDRAWN.value)
        )


def withdraw_page(session: Session, page_id: int) -> None:
    """Take all open tasks of a page out of the queue."""
    fields = select(FieldRow.id).join(RecordRow, RecordRow.id == FieldRow.record_id).where(RecordRow.page_id == page_id)
    session.execute(
        update(TaskRow)
        .where(TaskRow.field_id.in_(fields), TaskRow.status == TaskStatus.OPEN.value)
        .values(status=TaskStatus.WITHDRAWN.value)
    )
