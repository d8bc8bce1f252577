"""Which waiting fields a reader would learn most from: kept beside their tasks, for mixing them into the queue.

Blind tasks are never among them, for they are a sample drawn by lot that certificates rest on, nor disputes, which a
third person settles. A mark changes nothing but the order in which a field is handed out, and it stays once the field
is settled: fields chosen for learning are harder than others, so figures that speak for all fields leave them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from extractor.records import FieldValue
from extractor.store import convert
from extractor.store.order import PLACE, current_records
from extractor.store.results import RecordKey
from extractor.store.saving import DECIDED
from extractor.store.store import Store
from extractor.store.tables import WAITS, FieldRow, FileRow, PageRow, RecordRow, TaskRow, TaskStatus

_IN_LIMIT = 500
_TASKS: Any = TaskRow.__table__
_MARK = (
    update(_TASKS)
    .where(
        _TASKS.c.id == bindparam("task"),
        _TASKS.c.status == TaskStatus.OPEN.value,
        _TASKS.c.blind.is_(False),
        _TASKS.c.rekeyed_by == "",
    )
    .values(learning_rank=bindparam("rank"))
)


@dataclass(frozen=True, slots=True)
class OpenField:
    """A field that may be chosen.

    Args:
        id: number of the field.
        kind: of the field, as the form's schema names it.
        machine: what the machine read.
    """

    id: int
    record: RecordKey
    code: str
    kind: str
    machine: FieldValue


@dataclass(frozen=True, slots=True)
class Marked:
    """How many fields are chosen for learning: of those that wait, and of those that people settled."""

    waiting: int
    settled: int


def chosen_for_learning(field_id: InstrumentedAttribute[int] | ColumnElement[int]) -> ColumnElement[bool]:
    """Condition that holds for fields that are or were chosen for learning."""
    task = aliased(TaskRow)
    return exists().where(task.field_id == field_id, task.learning_rank.is_not(None))


class Learning:
    """Fields chosen for learning in a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_fields(self) -> tuple[OpenField, ...]:
        """All fields that may be chosen: those that wait, neither blind nor disputed."""
        return self._fields(WAITS, TaskRow.blind.is_(False), TaskRow.rekeyed_by == "")

    def settled_fields(self) -> tuple[OpenField, ...]:
        """All fields that people settled, with what was settled."""
        return self._fields(TaskRow.status == TaskStatus.DONE.value, FieldRow.decision.in_(DECIDED))

    def _fields(self, *conditions: ColumnElement[bool]) -> tuple[OpenField, ...]:
        wanted = (
            current_records(select(FieldRow, RecordRow.number, PageRow.page, FileRow.path))
            .join(FieldRow, FieldRow.record_id == RecordRow.id)
            .join(TaskRow, TaskRow.field_id == FieldRow.id)
            .where(FieldRow.retired_at.is_(None), *conditions)
            .order_by(*PLACE, FieldRow.position, FieldRow.id)
        )
        with self._store.reading() as session:
            return tuple(
                OpenField(row.id, (path, page, number), row.code, row.kind, convert.field_value(row))
                for row, number, page, path in session.execute(wanted)
            )

    def mark(self, fields: Sequence[int]) -> int:
        """Choose these fields, the most worthy first, instead of those chosen before that still wait.

        Fields that were settled, turned blind or disputed meanwhile are left out, in one transaction with the rest.

        Returns:
            How many are chosen.
        """
        ranks = {field: rank for rank, field in enumerate(dict.fromkeys(fields), start=1)}
        open_tasks = select(TaskRow.id, TaskRow.field_id).where(WAITS)
        with self._store.writing() as writer:
            session, numbers = writer.session, list(ranks)
            found = dict(iter(session.execute(open_tasks.where(TaskRow.learning_rank.is_not(None)))))
            for start in range(0, len(numbers), _IN_LIMIT):
                some = open_tasks.where(TaskRow.field_id.in_(numbers[start : start + _IN_LIMIT]))
                found.update(iter(session.execute(some)))
            # In the order of their numbers, as everybody locks tasks, so that no two wait for each other.
            changes = [{"task": task, "rank": ranks.get(field)} for task, field in sorted(found.items())]
            if changes:
                session.connection().execute(_MARK, changes)
            return _count(session, TaskStatus.OPEN)

    def counts(self) -> Marked:
        """How many fields are chosen."""
        with self._store.reading() as session:
            return Marked(_count(session, TaskStatus.OPEN), _count(session, TaskStatus.DONE))


def _count(session: Session, status: TaskStatus) -> int:
    wanted = select(func.count()).where(TaskRow.status == status.value, TaskRow.learning_rank.is_not(None))
    return session.scalar(wanted) or 0
