"""What the rules still say against the records of a book, and who kept the values all the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from extractor.records import RuleWarning, Severity
from extractor.store import convert
from extractor.store.hiding import what_is_shown
from extractor.store.order import PLACE, current_records
from extractor.store.saving import DECIDED
from extractor.store.tables import FieldRow, PageRow, RecordRow, WarningRow

_Columns = TypeVarTuple("_Columns")


@dataclass(frozen=True, slots=True)
class Objection:
    """A warning that stands.

    Args:
        people: who decided the fields it names, as they stand.
    """

    record_id: int
    form: str
    warning: RuleWarning
    people: tuple[str, ...]


def objections(session: Session, book_id: int, *, most: int) -> tuple[int, tuple[Objection, ...]]:
    """How many warnings stand in a book, mere notes left out, and the first of them.

    Those that would tell of hidden fields are counted and not given.
    """
    number = session.scalar(_of_book(select(func.count()), book_id)) or 0
    rows = session.execute(
        _of_book(select(WarningRow, RecordRow.form), book_id).order_by(*PLACE, WarningRow.position).limit(most)
    ).all()
    ids = {row.record_id for row, _ in rows}
    hidden = what_is_shown(session, ids).hidden if ids else ()
    people = _people(session, ids)
    found = []
    for row, form in rows:
        places = [(row.record_id, code) for code in row.fields]
        if not any(place in hidden for place in places):
            names = dict.fromkeys(people[place] for place in places if place in people)
            found.append(Objection(row.record_id, form, convert.rule_warning(row), tuple(names)))
    return number, tuple(found)


def _of_book(wanted: Select[*_Columns], book_id: int) -> Select[*_Columns]:
    return (
        current_records(wanted)
        .join(WarningRow, WarningRow.record_id == RecordRow.id)
        .where(PageRow.book_id == book_id, WarningRow.severity != Severity.INFO.value)
    )


def _people(session: Session, record_ids: Collection[int]) -> dict[tuple[int, str], str]:
    rows = session.execute(
        select(FieldRow.record_id, FieldRow.code, FieldRow.person).where(
            FieldRow.record_id.in_(record_ids), FieldRow.retired_at.is_(None), FieldRow.decision.in_(DECIDED)
        )
    )
    return {(record_id, code): person for record_id, code, person in rows}
