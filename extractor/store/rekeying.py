"""Blind re-keying: a person types an accepted field without seeing what the machine read.

Where both agree, the field is confirmed. Where they differ, neither wins: the field waits for another person with both
readings, and the machine leaves it alone. That disagreement is a row of the field's history that was not taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from extractor.records import FieldState
from extractor.store.convert import clean
from extractor.store.tables import Action, DecisionRow

NO_VALUE = (FieldState.BLANK.value, FieldState.NOT_ON_FORM.value)
"""States in which nothing is written, so that there is no text to compare."""

SETTLING = (Action.CONFIRM.value, Action.CORRECT.value)

_IN_LIMIT = 500


def standing(row: Any, actions: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Conditions that hold for rows of the history with one of these actions that were not taken back.

    Args:
        row: :class:`DecisionRow` or an alias of it.
    """
    undoing = aliased(DecisionRow)
    return row.action.in_(actions), ~exists().where(undoing.reverses == row.id)


def rekeyed(field_id: Any, person: str) -> ColumnElement[bool]:
    """Condition that holds where this person's re-keying of the field contradicts the machine.

    Args:
        field_id: number of the field, or the column that holds it.
    """
    row = aliased(DecisionRow)
    return exists().where(row.field_id == field_id, row.person == person, *standing(row, (Action.REKEYED.value,)))


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
    if typed["state"] in NO_VALUE or _plain(machine["raw"]) == _plain(typed["raw"]):
        return True
    if typed["value"] is None:
        # "Same as above" is given by a key, without the mark that the machine read, and means what stands above.
        return bool(typed["state"] == FieldState.DITTO.value and not typed["raw"])
    return bool(machine["value"] == typed["value"])


def both_readings(machine: Mapping[str, Any], typed: Mapping[str, Any]) -> list[list[Any]]:
    """The two texts as candidates, in an order that does not tell whose is whose."""
    return [[text, 0.5] for text in sorted({machine["raw"], typed["raw"]})]


def _plain(text: str) -> str:
    return " ".join(clean(text).split())
