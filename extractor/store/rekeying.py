"""Blind re-keying: a person types an accepted field without seeing what the machine read.

Where both agree, the field is confirmed. Where they differ, neither wins: the field waits for another person with both
readings, and the machine leaves it alone. That disagreement is a row of the field's history that was not taken back.

Neither does whoever was handed the machine's reading type the field blind, nor does whoever contradicted it settle it.
Both are told by the names people give, however these are written, and by the names given before in the same visit.
There are no accounts: somebody who comes in by a new invitation under another name cannot be recognised.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from extractor.records import FieldState
from extractor.store.convert import clean, person_key
from extractor.store.lookups import there_is_none
from extractor.store.results import Bar
from extractor.store.tables import WAITS, Action, DecisionRow, SeenRow, TaskRow
from extractor.store.tasks import is_blind

NO_VALUE = (FieldState.BLANK.value, FieldState.NOT_ON_FORM.value)
"""States in which nothing is written, so that there is no text to compare."""

SETTLING = (Action.CONFIRM.value, Action.CORRECT.value)

_IN_LIMIT = 500
_UNDOING = aliased(DecisionRow)
_SEEN: Any = SeenRow.__table__
_SHOWN = {
    "postgresql": postgresql.insert(_SEEN).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(_SEEN).on_conflict_do_nothing(),
}
"""Made once, since making takes longer than running."""


def standing(row: Any, actions: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Conditions that hold for rows of the history with one of these actions that were not taken back.

    Args:
        row: :class:`DecisionRow` or an alias of it.
    """
    return row.action.in_(actions), ~exists().where(_UNDOING.reverses == row.id)


def person_keys(person: str, formerly: Collection[str]) -> frozenset[str]:
    """All names by which to know a person who was called otherwise before."""
    return frozenset(person_key(name) for name in (person, *formerly))


def open_to(keys: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Conditions that hold for open tasks that a person with these keys may get."""
    unseen = there_is_none(select(SeenRow.task_id).where(SeenRow.task_id == TaskRow.id, SeenRow.person.in_(keys)))
    return TaskRow.rekeyed_by.not_in(keys), or_(TaskRow.blind.is_(False), unseen)


def barred(session: Session, task: TaskRow, keys: Collection[str]) -> Bar | None:
    """Why the task is not for a person with these keys; none where it is."""
    if task.rekeyed_by in keys:
        return Bar.OWN_REKEYING
    if not is_blind(task):
        return None
    seen = exists().where(SeenRow.task_id == task.id, SeenRow.person.in_(keys))
    return Bar.SEEN_READING if session.scalar(select(seen)) else None


def shown(session: Session, tasks: Collection[TaskRow], person: str) -> None:
    """Note that the person is handed the machine's reading of each of these."""
    if not tasks:
        return
    key = person_key(person)
    rows = [{"task_id": task.id, "person": key} for task in tasks]
    session.connection().execute(_SHOWN[session.get_bind().dialect.name], rows)


def hidden() -> ColumnElement[bool]:
    """Condition that holds for tasks whose field's reading must not be shown as the machine's: blind or disputed."""
    return and_(WAITS, or_(TaskRow.blind, TaskRow.rekeyed_by != ""))


def contradicted(session: Session, field_ids: Collection[int]) -> dict[int, str]:
    """Of these fields, those whose re-keying contradicts the machine, with the person who re-keyed them."""
    found: dict[int, str] = {}
    ids = list(field_ids)
    for start in range(0, len(ids), _IN_LIMIT):
        wanted = select(DecisionRow.field_id, DecisionRow.person).where(
            DecisionRow.field_id.in_(ids[start : start + _IN_LIMIT]),
            *standing(DecisionRow, (Action.REKEYED.value,)),
        )
        found.update((field_id, person) for field_id, person in session.execute(wanted))
    return found


def agrees(machine: Mapping[str, Any], typed: Mapping[str, Any]) -> bool:
    """Whether a person typed what the machine read: the same state, and the same text or value.

    Args:
        machine: columns of the field as the machine left them.
        typed: the same columns as the person gave them.
    """
    if machine["state"] != typed["state"]:
        return False
    if typed["state"] in NO_VALUE or plain(machine["raw"]) == plain(typed["raw"]):
        return True
    if typed["value"] is None:
        # "Same as above" is given by a key, without the mark that the machine read, and means what stands above.
        return bool(typed["state"] == FieldState.DITTO.value and not typed["raw"])
    return bool(machine["value"] == typed["value"])


def both_readings(machine: Mapping[str, Any], typed: Mapping[str, Any]) -> list[list[Any]]:
    """The two texts as candidates, in an order that does not tell whose is whose."""
    return [[text, 0.5] for text in sorted({machine["raw"], typed["raw"]})]


def plain(text: str) -> str:
    """A text for comparing: in one line, with single spaces."""
    return " ".join(clean(text).split())
