"""What was done on which day: pages read, fields decided, records finished, exports, inspections."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVarTuple

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from extractor.records import Decision
from extractor.store import inspecting, rekeying
from extractor.store.tables import (
    Action,
    AuditRow,
    DecisionRow,
    FieldRow,
    InspectedFieldRow,
    InspectionAnswerRow,
    PageRow,
    PageStatus,
    RecordRow,
)
from extractor.store.vietnam import VIETNAM, day_of

EXPORTED, EXPORT = "exported", "export:"
"""Action of the events that vouch for manifests of exported books, and what their subjects begin with."""


class Deed(StrEnum):
    """What was done."""

    PAGE_READ = "page_read"
    PAGE_PROBLEM = "page_problem"
    RECORD_READ = "record_read"
    FIELD_CONFIRMED = "field_confirmed"
    FIELD_CORRECTED = "field_corrected"
    FIELD_REKEYED = "field_rekeyed"
    """Typed blind, otherwise than the machine read it; another person settles it."""
    RECORD_FINISHED = "record_finished"
    """The last of its fields was settled."""
    BOOK_EXPORTED = "book_exported"
    FIELD_INSPECTED = "field_inspected"
    FIELD_JUDGED = "field_judged"


@dataclass(frozen=True, slots=True)
class DayCount:
    """How often something was done on a day.

    Args:
        person: who did it; empty for the machine.
    """

    day: date
    deed: Deed
    person: str
    number: int


_Columns = TypeVarTuple("_Columns")

_DECISIONS = {
    Action.CONFIRM.value: Deed.FIELD_CONFIRMED,
    Action.CORRECT.value: Deed.FIELD_CORRECTED,
    Action.REKEYED.value: Deed.FIELD_REKEYED,
}


def activity(
    session: Session, books: Collection[int] | None = None, exports: Collection[str] | None = None
) -> Iterator[DayCount]:
    """Everything that was done and still stands, by day, deed and person; answers that were taken back do not count.

    Args:
        books: only what was done in these books; all by default.
        exports: the only exported books that count, as :func:`exports` names them; all by default.
    """
    yield from _pages(session, books)
    yield from _decisions(session, books)
    yield from _finished(session, books)
    yield from _exports(session, exports)
    yield from _inspections(session, books)


def exports(session: Session) -> dict[str, tuple[datetime, datetime]]:
    """When each book was first and last exported, by the stem of its manifest."""
    found: dict[str, tuple[datetime, datetime]] = {}
    wanted = select(AuditRow.at, AuditRow.subject).where(AuditRow.action == EXPORTED).order_by(AuditRow.seq)
    for text, subject in session.execute(wanted.where(AuditRow.subject.startswith(EXPORT, autoescape=True))):
        at, stem = datetime.fromisoformat(text), subject.removeprefix(EXPORT)
        found[stem] = (found.get(stem, (at, at))[0], at)
    return found


def _of_books(
    wanted: Select[*_Columns], field_id: InstrumentedAttribute[int], books: Collection[int] | None
) -> Select[*_Columns]:
    """Only rows that are about fields of these books."""
    if books is None:
        return wanted
    return (
        wanted.join(FieldRow, FieldRow.id == field_id)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .where(PageRow.book_id.in_(books))
    )


def _pages(session: Session, books: Collection[int] | None) -> Iterator[DayCount]:
    day = day_of(session, PageRow.stored_at).label("day")
    current = [PageRow.superseded_at.is_(None), *([] if books is None else [PageRow.book_id.in_(books)])]
    pages = select(day, PageRow.status, func.count()).where(*current).group_by(day, PageRow.status)
    for on, status, number in session.execute(pages):
        deed = Deed.PAGE_READ if status == PageStatus.READ.value else Deed.PAGE_PROBLEM
        yield DayCount(date.fromisoformat(on), deed, "", number)
    records = (
        select(day, func.count())
        .join(RecordRow, RecordRow.page_id == PageRow.id)
        .where(*current, RecordRow.retired_at.is_(None))
        .group_by(day)
    )
    for on, number in session.execute(records):
        yield DayCount(date.fromisoformat(on), Deed.RECORD_READ, "", number)


def _decisions(session: Session, books: Collection[int] | None) -> Iterator[DayCount]:
    day = day_of(session, DecisionRow.at).label("day")
    wanted = select(day, DecisionRow.action, DecisionRow.person, func.count()).select_from(DecisionRow)
    wanted = _of_books(wanted, DecisionRow.field_id, books).where(*rekeying.standing(DecisionRow, _DECISIONS))
    for on, action, person, number in session.execute(wanted.group_by(day, DecisionRow.action, DecisionRow.person)):
        yield DayCount(date.fromisoformat(on), _DECISIONS[action], person, number)


def _finished(session: Session, books: Collection[int] | None) -> Iterator[DayCount]:
    """Records without a field that waits, on the day of the last decision, or of reading where nobody decided."""
    waits = func.sum(case((FieldRow.decision == Decision.REVIEW.value, 1), else_=0))
    last = func.coalesce(func.max(FieldRow.decided_at), func.max(PageRow.stored_at))
    records = (
        select(day_of(session, last).label("day"))
        .select_from(RecordRow)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .where(PageRow.superseded_at.is_(None), RecordRow.retired_at.is_(None), FieldRow.retired_at.is_(None))
        .group_by(RecordRow.id)
        .having(waits == 0)
    )
    found = (records if books is None else records.where(PageRow.book_id.in_(books))).subquery()
    for on, number in session.execute(select(found.c.day, func.count()).group_by(found.c.day)):
        yield DayCount(date.fromisoformat(on), Deed.RECORD_FINISHED, "", number)


def _exports(session: Session, stems: Collection[str] | None) -> Iterator[DayCount]:
    """Books on the day they were first exported."""
    days = [
        first.astimezone(VIETNAM).date()
        for stem, (first, _) in exports(session).items()
        if stems is None or stem in stems
    ]
    for on in sorted(set(days)):
        yield DayCount(on, Deed.BOOK_EXPORTED, "", days.count(on))


def _inspections(session: Session, books: Collection[int] | None) -> Iterator[DayCount]:
    day = day_of(session, InspectionAnswerRow.at).label("day")
    for actions, deed in ((inspecting.INSPECTING, Deed.FIELD_INSPECTED), (inspecting.JUDGING, Deed.FIELD_JUDGED)):
        wanted = (
            select(day, InspectionAnswerRow.person, func.count())
            .select_from(InspectionAnswerRow)
            .join(InspectedFieldRow, InspectedFieldRow.id == InspectionAnswerRow.inspected_field_id)
            .where(*inspecting.standing(actions))
        )
        wanted = _of_books(wanted, InspectedFieldRow.field_id, books)
        for on, person, number in session.execute(wanted.group_by(day, InspectionAnswerRow.person)):
            yield DayCount(date.fromisoformat(on), deed, person, number)
