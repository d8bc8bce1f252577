"""Lease tasks to people, and hand them out as their holders get them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from extractor.store import rekeying, tasks
from extractor.store.convert import field_value
from extractor.store.results import Task
from extractor.store.saving import Writer
from extractor.store.tables import FieldRow, FileRow, PageRow, RecordRow, TaskRow


def lease(writer: Writer, row: TaskRow, person: str, lease_seconds: float) -> Task:
    """Hand a task to a person, whoever had it before; older tokens of it count no more."""
    return lease_all(writer, [row], person, lease_seconds)[0]


def lease_all(writer: Writer, rows: Sequence[TaskRow], person: str, lease_seconds: float) -> tuple[Task, ...]:
    """The same for several tasks, in one statement however many they are."""
    lease_rows(writer, rows, person, lease_seconds)
    return handed_all(writer.session, rows)


def lease_rows(writer: Writer, rows: Sequence[TaskRow], person: str, lease_seconds: float) -> None:
    """The same without reading what is handed out; the rows are locked, so that nobody else leases them meanwhile."""
    if not rows:
        return
    rekeying.shown(writer.session, [row for row in rows if not tasks.is_blind(row)], person)
    until = writer.now + timedelta(seconds=lease_seconds)
    new = {"to_person": person, "until": until, "tasks": [row.id for row in rows]}
    writer.session.connection().execute(_lease_wanted(), new)
    for row in rows:
        # As the database has them now, so that nothing is written again when the transaction ends.
        set_committed_value(row, "person", person)
        set_committed_value(row, "token", row.token + 1)
        set_committed_value(row, "leased_until", until)


def handed_all(session: Session, rows: Sequence[TaskRow]) -> tuple[Task, ...]:
    """Leased tasks as their holder gets them, in the order of ``rows``."""
    if not rows:
        return ()
    asked = {"fields": [row.field_id for row in rows]}
    found = {field.id: (field, where) for field, *where in session.execute(_handed_wanted(), asked)}
    return tuple(_task(row, *found[row.field_id]) for row in rows)


@cache
def _lease_wanted() -> Update:
    table: Any = TaskRow.__table__
    leased = {
        table.c.person: bindparam("to_person"),
        table.c.token: table.c.token + 1,
        table.c.leased_until: bindparam("until", type_=table.c.leased_until.type),
    }
    return update(table).values(leased).where(table.c.id.in_(bindparam("tasks", expanding=True)))


@cache
def _handed_wanted() -> Select[FieldRow, str, int, int, str]:
    # Of record and page only what is handed out: the rest is long, and would be taken apart for nothing.
    return (
        select(FieldRow, FileRow.path, PageRow.page, RecordRow.number, RecordRow.form)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(FieldRow.id.in_(bindparam("fields", expanding=True)))
    )


def _task(row: TaskRow, field: FieldRow, where: Sequence[Any]) -> Task:
    path, page, number, form = where
    assert row.leased_until is not None  # only leased tasks are handed out
    return Task(
        id=row.id,
        token=row.token,
        person=row.person,
        leased_until=row.leased_until,
        field_id=field.id,
        record_id=field.record_id,
        book_id=row.book_id,
        record=(path, page, number),
        form=form,
        code=field.code,
        kind=field.kind,
        field=field_value(field),
        blind=tasks.is_blind(row),
    )
