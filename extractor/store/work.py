"""What people did with fields, by day, hour, person and book: how much, how fast, how well; counted by the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVarTuple

from sqlalchemy import Integer, Select, and_, case, cast, exists, func, select
from sqlalchemy.orm import Session, aliased

from extractor.records import Decision
from extractor.store import rekeying
from extractor.store.convert import row_columns
from extractor.store.inspected import unfinished
from extractor.store.learning import chosen_for_learning
from extractor.store.saving import DECIDED
from extractor.store.tables import (
    Action,
    DecisionRow,
    FieldRow,
    InspectedFieldRow,
    InspectedStatus,
    InspectionRow,
    PageRow,
    RecordRow,
    TaskRow,
    TaskStatus,
)
from extractor.store.vietnam import day_of, hour_of, seconds_of

_ANSWERS = (*rekeying.SETTLING, Action.REKEYED.value)
_ACTS = (*_ANSWERS, Action.UNDO.value, Action.REFUSED.value)
_Columns = TypeVarTuple("_Columns")


@dataclass(frozen=True, slots=True)
class WorkCount:
    """Answers of a person to fields of a book in one hour of Vietnam's time; those that were taken back do not count.

    Args:
        hour: 0 to 23.
        confirmed: left as the machine read them.
        rekeyed: typed blind, otherwise than the machine read them.
        learning_confirmed, learning_corrected: how many of these fields were chosen for learning.
    """

    day: date
    hour: int
    person: str
    book_id: int
    confirmed: int
    corrected: int
    rekeyed: int
    learning_confirmed: int = 0
    learning_corrected: int = 0

    @property
    def answers(self) -> int:
        """All of them."""
        return self.confirmed + self.corrected + self.rekeyed


@dataclass(frozen=True, slots=True)
class Speed:
    """How long a person took.

    Args:
        answers: fields whose answer followed the person's act before within the limit and was not taken back.
        seconds: time between any two acts of the person that follow each other within the limit.
    """

    person: str
    answers: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BlindTally:
    """What became of the fields a person typed without seeing the machine's reading.

    Args:
        agreed: person and machine read the same.
        right: they differed, and what was settled since is what the person typed.
        wrong: they differed, and something else was settled.
        open: they differ, and nobody settled the field yet.
    """

    person: str
    agreed: int = 0
    right: int = 0
    wrong: int = 0
    open: int = 0

    @property
    def typed(self) -> int:
        """All of them."""
        return self.agreed + self.right + self.wrong + self.open


@dataclass(frozen=True, slots=True)
class InspectedTally:
    """Fields a person decided that finished inspections looked at, and how many of these were found wrong."""

    person: str
    inspected: int
    wrong: int


def work(session: Session, since: datetime) -> tuple[WorkCount, ...]:
    """All answers since then that still stand."""
    hour = hour_of(session, DecisionRow.at).label("hour")
    tallies = [func.sum(case((DecisionRow.action == action, 1), else_=0)) for action in _ANSWERS]
    chosen = chosen_for_learning(DecisionRow.field_id)
    tallies += [func.sum(case((and_(DecisionRow.action == act, chosen), 1), else_=0)) for act in rekeying.SETTLING]
    wanted = (
        _with_book(select(hour, DecisionRow.person, PageRow.book_id, *tallies), DecisionRow)
        .where(DecisionRow.at >= since, *rekeying.standing(DecisionRow, _ANSWERS))
        .group_by(hour, DecisionRow.person, PageRow.book_id)
        .order_by(hour, DecisionRow.person, PageRow.book_id)
    )
    return tuple(
        WorkCount(date.fromisoformat(at[:10]), int(at[11:]), person, book_id, *map(int, numbers))
        for at, person, book_id, *numbers in session.execute(wanted)
    )


def settled(session: Session, since: datetime) -> dict[tuple[int, date], int]:
    """Fields by book and day on which they were settled for the first time, so that each counts once."""
    day, earlier = day_of(session, DecisionRow.at).label("day"), aliased(DecisionRow)
    before = exists().where(
        earlier.field_id == DecisionRow.field_id,
        earlier.id < DecisionRow.id,
        *rekeying.standing(earlier, rekeying.SETTLING),
    )
    wanted = (
        _with_book(select(PageRow.book_id, day, func.count()), DecisionRow)
        .where(DecisionRow.at >= since, *rekeying.standing(DecisionRow, rekeying.SETTLING), ~before)
        .group_by(PageRow.book_id, day)
    )
    return {(book_id, date.fromisoformat(on)): number for book_id, on, number in session.execute(wanted)}


def first_work(session: Session) -> date | None:
    """The first day on which anybody settled a field; none where nobody did."""
    first = select(day_of(session, func.min(DecisionRow.at))).where(DecisionRow.action.in_(rekeying.SETTLING))
    found = session.scalar(first)
    return None if found is None else date.fromisoformat(found)


def speeds(session: Session, since: datetime, *, limit_seconds: float, books: Collection[int] | None) -> list[Speed]:
    """How long people took; what took longer than the limit was a pause, and neither its time nor its field counts.

    Nor do fields that were chosen for learning: they are the hard ones, and who was handed more of them would look
    slower than others.

    Args:
        books: only acts on fields of these books.
    """
    at = seconds_of(session, DecisionRow.at)
    before = func.lag(at).over(partition_by=DecisionRow.person, order_by=(DecisionRow.at, DecisionRow.id))
    acts = (
        select(
            DecisionRow.id, DecisionRow.field_id, DecisionRow.person, DecisionRow.action, (at - before).label("took")
        )
        .where(DecisionRow.at >= since, DecisionRow.action.in_(_ACTS))
        .subquery()
    )
    stands = case((and_(*rekeying.standing(acts.c, _ANSWERS)), 1), else_=0)
    wanted = select(acts.c.person, func.sum(stands), func.sum(acts.c.took)).where(
        acts.c.took <= limit_seconds, ~chosen_for_learning(acts.c.field_id)
    )
    if books is not None:
        wanted = _with_book(wanted, acts.c).where(PageRow.book_id.in_(books))
    rows = session.execute(wanted.group_by(acts.c.person).order_by(acts.c.person))
    return [Speed(person, int(answers), float(seconds)) for person, answers, seconds in rows]


def blind_tallies(session: Session, since: datetime, *, books: Collection[int] | None) -> list[BlindTally]:
    """What became of fields typed blind since then."""
    found: dict[str, dict[str, int]] = {}
    accepted = DecisionRow.before["decision"].as_string() == Decision.ACCEPTED.value
    agreed = (
        _with_book(select(DecisionRow.person, func.count()), DecisionRow)
        .join(TaskRow, TaskRow.field_id == DecisionRow.field_id)
        # The mark of a blind task stays once both agreed; an open field of these was taken back.
        .where(TaskRow.blind, TaskRow.status == TaskStatus.DONE.value, accepted)
        .where(DecisionRow.at >= since, *rekeying.standing(DecisionRow, (Action.CONFIRM.value,)))
    )
    for person, number in session.execute(_of_books(agreed, books).group_by(DecisionRow.person)):
        found.setdefault(person, {})["agreed"] = number
    differing = _with_book(select(DecisionRow.person, DecisionRow.after, FieldRow), DecisionRow).where(
        DecisionRow.at >= since, *rekeying.standing(DecisionRow, (Action.REKEYED.value,))
    )
    for person, typed, field in session.execute(_of_books(differing, books)):
        if field.decision not in DECIDED:
            outcome = "open"
        else:
            outcome = "right" if rekeying.agrees(row_columns(field), typed) else "wrong"
        tally = found.setdefault(person, {})
        tally[outcome] = tally.get(outcome, 0) + 1
    return [BlindTally(person, **tally) for person, tally in sorted(found.items())]


def inspected_tallies(session: Session, since: datetime, *, books: Collection[int] | None) -> list[InspectedTally]:
    """What finished inspections found of fields that people decided since then.

    A field counts for the person whose decision stood when the sample was drawn, if that decision is what was handed
    over. Fields that left the house empty because they waited are nobody's. Fields chosen for learning count like all
    others: the sample was drawn by lot from all that was handed over, and a fault in what is handed over is one.
    """
    wrong = func.sum(cast(InspectedFieldRow.status == InspectedStatus.RECORD_WRONG.value, Integer))
    if session.scalar(select(InspectionRow.id).where(InspectionRow.withdrawn_at.is_(None)).limit(1)) is None:
        return []
    later = aliased(DecisionRow)
    wanted = (
        _with_book(select(DecisionRow.person, func.count(), wrong), DecisionRow)
        .join(InspectedFieldRow, InspectedFieldRow.field_id == DecisionRow.field_id)
        .join(InspectionRow, InspectionRow.id == InspectedFieldRow.inspection_id)
        .where(
            DecisionRow.at >= since,
            _stood(DecisionRow),
            ~exists().where(later.field_id == DecisionRow.field_id, later.id > DecisionRow.id, _stood(later)),
            DecisionRow.after["raw"].as_string() == InspectedFieldRow.raw,
            DecisionRow.after["state"].as_string() == InspectedFieldRow.state,
            InspectedFieldRow.pending.is_(False),
            InspectionRow.withdrawn_at.is_(None),
            ~unfinished(InspectionRow.id),
        )
    )
    rows = session.execute(_of_books(wanted, books).group_by(DecisionRow.person).order_by(DecisionRow.person))
    return [InspectedTally(person, number, int(found)) for person, number, found in rows]


def _stood(row: Any) -> Any:
    """Condition that holds for decisions that stood when the inspection's sample was drawn."""
    undoing = aliased(DecisionRow)
    undone = exists().where(undoing.reverses == row.id, undoing.at <= InspectionRow.created_at)
    return and_(
        row.action.in_(rekeying.SETTLING),
        row.at <= InspectionRow.created_at,
        # Named, since the inspection may belong to a query two levels above.
        ~undone.correlate(row, InspectionRow),
    )


def _with_book(wanted: Select[*_Columns], row: Any) -> Select[*_Columns]:
    """With the field, record and page of each row of the history joined."""
    return (
        wanted.join(FieldRow, FieldRow.id == row.field_id)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
    )


def _of_books(wanted: Select[*_Columns], books: Collection[int] | None) -> Select[*_Columns]:
    return wanted if books is None else wanted.where(PageRow.book_id.in_(books))
