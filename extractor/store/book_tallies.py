"""How far each book is: pages, records, fields, what waits, what was handed over; counted by the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from extractor.records import BookKey, Decision, FieldState, PageProblemKind
from extractor.store import convert
from extractor.store.approval_tables import ApprovalRow
from extractor.store.content import content_digest
from extractor.store.results import ProblemResolution
from extractor.store.tables import (
    WAITS,
    Action,
    BookRow,
    DecisionRow,
    FieldRow,
    PageRow,
    PageStatus,
    ProblemRow,
    RecordRow,
    TaskRow,
)

_NOT_READ = (
    PageProblemKind.UNKNOWN_FORM.value,
    PageProblemKind.BAD_REGISTRATION.value,
    PageProblemKind.UNREADABLE.value,
)


@dataclass(frozen=True, slots=True)
class BookTally:
    """One book in numbers; all count what is current, nothing superseded or retired.

    Args:
        pages: scanned pages.
        read: pages that yielded records.
        without_records: pages, or halves of pages, that yielded none.
        rescan: those of them that a person wants scanned again.
        bad_pages: those, and those that could not be read and nobody said what they are.
        problems: pages without records that nobody looked at.
        verified: records of which no field waits for a person.
        illegible: fields that cannot be read.
        review: fields that wait for a person.
        open: the same, and those that wait for being typed blind.
        read_at: when its newest page was stored.
    """

    id: int
    key: BookKey
    pages: int = 0
    read: int = 0
    without_records: int = 0
    rescan: int = 0
    bad_pages: int = 0
    problems: int = 0
    records: int = 0
    verified: int = 0
    fields: int = 0
    illegible: int = 0
    review: int = 0
    open: int = 0
    read_at: datetime | None = None


def book_tallies(session: Session) -> tuple[BookTally, ...]:
    """All books that have pages, in the order of their identity."""
    counts: dict[int, dict[str, int]] = {}
    read_at: dict[int, datetime] = {}
    for book_id, pages, read, without, rescan, bad, problems, at in session.execute(_pages()):
        counts[book_id] = {
            "pages": pages,
            "read": int(read),
            "without_records": without,
            "rescan": int(rescan),
            "bad_pages": int(bad),
            "problems": int(problems),
        }
        read_at[book_id] = at
    for book_id, *numbers in session.execute(_records()):
        names = ("records", "fields", "illegible", "review", "verified")
        counts[book_id].update(zip(names, map(int, numbers), strict=True))
    waiting = select(TaskRow.book_id, func.count()).where(WAITS)
    for book_id, number in session.execute(waiting.group_by(TaskRow.book_id)):
        counts.get(book_id, {})["open"] = number
    rows = session.scalars(
        select(BookRow).order_by(
            BookRow.province,
            BookRow.district,
            BookRow.commune,
            BookRow.agency,
            BookRow.register,
            BookRow.year,
            BookRow.number,
            BookRow.id,
        )
    )
    return tuple(
        BookTally(row.id, convert.book_key(row), **counts[row.id], read_at=read_at[row.id])
        for row in rows
        if row.id in counts
    )


def changed(session: Session, since: datetime) -> Mapping[int, datetime]:
    """When a field of each book was last answered or read anew, of the books where one was since then."""
    rows = session.execute(
        select(PageRow.book_id, func.max(DecisionRow.at, type_=DecisionRow.at.type))
        .select_from(DecisionRow)
        .join(FieldRow, FieldRow.id == DecisionRow.field_id)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .where(DecisionRow.at > since, DecisionRow.action != Action.REFUSED.value)
        .group_by(PageRow.book_id)
    )
    return {row[0]: row[1] for row in rows}


def _pages() -> Select[*tuple[Any, ...]]:
    is_bad = ProblemRow.resolution.is_(None) & ProblemRow.kind.in_(_NOT_READ)
    rescan = ProblemRow.resolution == ProblemResolution.RESCAN.value
    unseen = ProblemRow.id.is_not(None) & ProblemRow.resolution.is_(None)
    return (
        select(
            PageRow.book_id,
            func.count(PageRow.id),
            func.sum(case((PageRow.status == PageStatus.READ.value, 1), else_=0)),
            func.count(ProblemRow.id),
            func.sum(case((rescan, 1), else_=0)),
            func.sum(case((rescan | is_bad, 1), else_=0)),
            func.sum(case((unseen, 1), else_=0)),
            func.max(PageRow.stored_at, type_=PageRow.stored_at.type),
        )
        .outerjoin(ProblemRow, ProblemRow.page_id == PageRow.id)
        .where(PageRow.superseded_at.is_(None))
        .group_by(PageRow.book_id)
    )


def _records() -> Select[*tuple[Any, ...]]:
    waits = case((FieldRow.decision == Decision.REVIEW.value, 1), else_=0)
    illegible = case((FieldRow.state == FieldState.ILLEGIBLE.value, 1), else_=0)
    each = (
        select(
            PageRow.book_id.label("book_id"),
            func.count(FieldRow.id).label("fields"),
            func.sum(illegible).label("illegible"),
            func.sum(waits).label("waits"),
        )
        .select_from(RecordRow)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .outerjoin(FieldRow, and_(FieldRow.record_id == RecordRow.id, FieldRow.retired_at.is_(None)))
        .where(PageRow.superseded_at.is_(None), RecordRow.retired_at.is_(None))
        .group_by(PageRow.book_id, RecordRow.id)
        .subquery()
    )
    return select(
        each.c.book_id,
        func.count(),
        func.sum(each.c.fields),
        func.sum(each.c.illegible),
        func.sum(each.c.waits),
        func.sum(case((and_(each.c.fields > 0, each.c.waits == 0), 1), else_=0)),
    ).group_by(each.c.book_id)


def approved(
    session: Session,
    tallies: Collection[BookTally],
    changes: Mapping[int, datetime],
    digest_of: Callable[[Session, int], str] = content_digest,
) -> frozenset[int]:
    """Numbers of the books under which a name stands as they are now.

    Args:
        changes: what :func:`changed` gives since before the oldest approval.
        digest_of: gives the digest of what a book holds.
    """
    names: dict[int, list[ApprovalRow]] = {}
    wanted = select(ApprovalRow).where(ApprovalRow.withdrawn_at.is_(None)).order_by(ApprovalRow.id)
    for row in session.scalars(wanted):
        names.setdefault(row.book_id, []).append(row)
    found = set()
    for tally in tallies:
        if tally.review or not (rows := names.get(tally.id)):
            continue
        last = max(at for at in (tally.read_at, changes.get(tally.id)) if at is not None)
        # Hashing a book takes a while, and is needed only where something happened since the name was put under it.
        if last < rows[-1].at or digest_of(session, tally.id) in {row.digest for row in rows}:
            found.add(tally.id)
    return frozenset(found)


def first_approval(session: Session) -> datetime | None:
    """When the oldest approval was given that was not withdrawn; none where there is none."""
    return session.scalar(
        select(func.min(ApprovalRow.at, type_=ApprovalRow.at.type)).where(ApprovalRow.withdrawn_at.is_(None))
    )
