"""What was done on which day: pages read, fields decided, records finished, exports, inspections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from extractor.records import Decision
from extractor.store import inspecting, rekeying
from extractor.store.tables import (
    Action,
    AuditRow,
    DecisionRow,
    FieldRow,
    InspectionAnswerRow,
    PageRow,
    PageStatus,
    RecordRow,
)

_OFFSET_HOURS = 7
VIETNAM = timezone(timedelta(hours=_OFFSET_HOURS))
"""Vietnam's time, the same all year: days are counted in it."""


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


_DECISIONS = {
    Action.CONFIRM.value: Deed.FIELD_CONFIRMED,
    Action.CORRECT.value: Deed.FIELD_CORRECTED,
    Action.REKEYED.value: Deed.FIELD_REKEYED,
}


def activity(session: Session) -> Iterator[DayCount]:
    """Everything that was done and still stands, by day, deed and person; answers that were taken back do not count."""
    yield from _pages(session)
    yield from _decisions(session)
    yield from _finished(session)
    yield from _exports(session)
    yield from _inspections(session)


def _day(session: Session, column: Any) -> ColumnElement[str]:
    """The day in Vietnam as text, which both databases can group by."""
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone("Asia/Ho_Chi_Minh", column), "YYYY-MM-DD")
    return func.strftime("%Y-%m-%d", column, f"+{_OFFSET_HOURS} hours")


def _pages(session: Session) -> Iterator[DayCount]:
    day = _day(session, PageRow.stored_at).label("day")
    pages = (
        select(day, PageRow.status, func.count()).where(PageRow.superseded_at.is_(None)).group_by(day, PageRow.status)
    )
    for on, status, number in session.execute(pages):
        deed = Deed.PAGE_READ if status == PageStatus.READ.value else Deed.PAGE_PROBLEM
        yield DayCount(date.fromisoformat(on), deed, "", number)
    records = (
        select(day, func.count())
        .join(RecordRow, RecordRow.page_id == PageRow.id)
        .where(PageRow.superseded_at.is_(None), RecordRow.retired_at.is_(None))
        .group_by(day)
    )
    for on, number in session.execute(records):
        yield DayCount(date.fromisoformat(on), Deed.RECORD_READ, "", number)


def _decisions(session: Session) -> Iterator[DayCount]:
    day = _day(session, DecisionRow.at).label("day")
    wanted = (
        select(day, DecisionRow.action, DecisionRow.person, func.count())
        .where(*rekeying.standing(DecisionRow, _DECISIONS))
        .group_by(day, DecisionRow.action, DecisionRow.person)
    )
    for on, action, person, number in session.execute(wanted):
        yield DayCount(date.fromisoformat(on), _DECISIONS[action], person, number)


def _finished(session: Session) -> Iterator[DayCount]:
    """Records without a field that waits, on the day of the last decision, or of reading where nobody decided."""
    waits = func.sum(case((FieldRow.decision == Decision.REVIEW.value, 1), else_=0))
    last = func.coalesce(func.max(FieldRow.decided_at), func.max(PageRow.stored_at))
    records = (
        select(_day(session, last).label("day"))
        .select_from(RecordRow)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .where(PageRow.superseded_at.is_(None), RecordRow.retired_at.is_(None), FieldRow.retired_at.is_(None))
        .group_by(RecordRow.id)
        .having(waits == 0)
        .subquery()
    )
    for on, number in session.execute(select(records.c.day, func.count()).group_by(records.c.day)):
        yield DayCount(date.fromisoformat(on), Deed.RECORD_FINISHED, "", number)


def _exports(session: Session) -> Iterator[DayCount]:
    """Books on the day they were first exported."""
    first: dict[str, date] = {}
    wanted = select(AuditRow.at, AuditRow.subject).where(AuditRow.action == "exported").order_by(AuditRow.seq)
    for at, subject in session.execute(wanted):
        first.setdefault(subject, datetime.fromisoformat(at).astimezone(VIETNAM).date())
    days = list(first.values())
    for on in sorted(set(days)):
        yield DayCount(on, Deed.BOOK_EXPORTED, "", days.count(on))


def _inspections(session: Session) -> Iterator[DayCount]:
    day = _day(session, InspectionAnswerRow.at).label("day")
    for actions, deed in ((inspecting.INSPECTING, Deed.FIELD_INSPECTED), (inspecting.JUDGING, Deed.FIELD_JUDGED)):
        wanted = (
            select(day, InspectionAnswerRow.person, func.count())
            .where(*inspecting.standing(actions))
            .group_by(day, InspectionAnswerRow.person)
        )
        for on, person, number in session.execute(wanted):
            yield DayCount(date.fromisoformat(on), deed, person, number)
