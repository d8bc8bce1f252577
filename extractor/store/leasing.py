"""Lease tasks to people, and hand them out as their holders get them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from extractor.store import rekeying, tasks
from extractor.store.convert import field_value
from extractor.store.results import Task
from extractor.store.saving import Writer
from extractor.store.tables import FieldRow, FileRow, PageRow, RecordRow, TaskRow


def lease(writer: Writer, row: TaskRow, person: str, lease_seconds: float) -> Task:
    """Hand a task to a person, whoever had it before; older tokens of it count no more."""
    return lease_all(writer, [row], person, lease_seconds)[0]


def lease_all(writer: Writer, rows: Sequence[TaskRow], person: str, lease_seconds: float) -> tuple[Task, ...]:
    """The same for several tasks."""
    rekeying.shown(writer.session, [row for row in rows if not tasks.is_blind(row)], person)
    for row in rows:
        row.person = person
        row.token += 1
        row.leased_until = writer.now + timedelta(seconds=lease_seconds)
    writer.session.flush()
    return handed_all(writer.session, rows)


def handed_all(session: Session, rows: Sequence[TaskRow]) -> tuple[Task, ...]:
    """Leased tasks as their holder gets them, in the order of ``rows``."""
    if not rows:
        return ()
    found = {
        field.id: (field, record, page, path)
        for field, record, page, path in session.execute(_handed_wanted(), {"fields": [row.field_id for row in rows]})
    }
    return tuple(_task(row, *found[row.field_id]) for row in rows)


@cache
def _handed_wanted() -> Select[FieldRow, RecordRow, PageRow, str]:
    return (
        select(FieldRow, RecordRow, PageRow, FileRow.path)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(FieldRow.id.in_(bindparam("fields", expanding=True)))
    )


def _task(row: TaskRow, field: FieldRow, record: RecordRow, page: PageRow, path: str) -> Task:
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
        blind=tasks.is_blind(row),
    )
