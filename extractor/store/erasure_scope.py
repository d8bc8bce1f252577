"""What an order to erase comes to: all pages, states and copies that hold what it names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from extractor.store.renumbering import places, shared
from extractor.store.tables import FieldRow, FileRow, InspectedFieldRow, InspectionRow, PageRow, RecordRow

_IN_LIMIT = 500
_SAME_PLACE = 0.1
"""Shared part of the area of two places from which one is about the other."""


def in_parts(numbers: Sequence[int], size: int = _IN_LIMIT) -> Iterator[Sequence[int]]:
    """Numbers in parts small enough for one statement."""
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


@dataclass(frozen=True, slots=True)
class PageToErase:
    """A page, or an earlier state of it, that holds something to be erased.

    Args:
        file_sha256: hash of its file's bytes, or empty.
        remaining: records on it that stand and are not to be erased.
        records: records on it that are to be erased.
        numbers: their numbers on the page.
        current: whether this is how the page stands; otherwise it is an earlier state.
    """

    id: int
    file: str
    file_sha256: str
    page: int
    image: str
    remaining: tuple[int, ...]
    records: tuple[int, ...]
    numbers: tuple[int, ...]
    current: bool


def pages_to_erase(session: Session, record_ids: Collection[int], book_ids: Collection[int]) -> list[PageToErase]:
    """All pages that hold any of these records, or are of these books, with all states they ever had.

    A record of an earlier reading of the page, or of an earlier scan of it, that has the same number, is the same one
    read before; earlier ones that are on no page any more go with the page. So does a record on a page of the same
    pixels in another file: a scan that was read twice.
    """
    record_ids = {*record_ids, *_copies(session, record_ids, book_ids)}
    asked = select(PageRow.file_id, PageRow.page).join(RecordRow, RecordRow.page_id == PageRow.id)
    found_at = {
        (file_id, page)
        for part in in_parts(sorted(record_ids))
        for file_id, page in session.execute(asked.where(RecordRow.id.in_(part)))
    }
    found_at |= {
        (file_id, page)
        for file_id, page in session.execute(
            select(PageRow.file_id, PageRow.page).where(PageRow.book_id.in_(book_ids or (0,)))
        )
    }
    found = []
    for file_id, number in sorted(found_at):
        found += _states(session, file_id, number, record_ids, book_ids)
    return found


def _copies(session: Session, record_ids: Collection[int], book_ids: Collection[int]) -> set[int]:
    """Records at the same place of the same picture in another file."""
    page, other_page, other = aliased(PageRow), aliased(PageRow), aliased(RecordRow)
    wanted = (
        select(other.id)
        .select_from(RecordRow)
        .join(page, page.id == RecordRow.page_id)
        .join(other_page, and_(other_page.sha256 == page.sha256, other_page.id != page.id))
        .join(other, and_(other.page_id == other_page.id, other.number == RecordRow.number))
    )
    parts = in_parts(sorted(record_ids))
    found = {number for part in parts for number in session.scalars(wanted.where(RecordRow.id.in_(part)))}
    return found | set(session.scalars(wanted.where(page.book_id.in_(book_ids or (0,)))))


def _states(
    session: Session, file_id: int, number: int, record_ids: Collection[int], book_ids: Collection[int]
) -> list[PageToErase]:
    file = session.get_one(FileRow, file_id)
    pages = session.scalars(
        select(PageRow).where(PageRow.file_id == file_id, PageRow.page == number).order_by(PageRow.id)
    ).all()
    records = session.scalars(
        select(RecordRow).where(RecordRow.page_id.in_([page.id for page in pages])).order_by(RecordRow.id)
    ).all()
    current = {page.id for page in pages if page.superseded_at is None}
    all_of_it = any(page.book_id in book_ids for page in pages)
    standing = [row for row in records if row.page_id in current and row.retired_at is None]
    remaining = [] if all_of_it else [row.id for row in standing if row.id not in record_ids]
    numbers = {row.number for row in records if row.id in record_ids}
    # Of a page that others stay on, also what an earlier reading took for a record where one of these lies.
    lies = places(session, records)
    own = [lies[row.id] for row in records if row.id in record_ids and row.id in lies]
    former = {
        row.id
        for row in records
        if row.retired_at is not None
        and any(shared(lies[row.id], place) >= _SAME_PLACE for place in own if row.id in lies)
    }
    gone = {row.id for row in records if not remaining or row.number in numbers or row.id in former} - set(remaining)
    return [
        PageToErase(
            id=page.id,
            file=file.path,
            file_sha256=file.sha256,
            page=number,
            image=page.image,
            remaining=tuple(remaining),
            records=tuple(row.id for row in records if row.page_id == page.id and row.id in gone),
            numbers=tuple(sorted({row.number for row in records if row.page_id == page.id and row.id in gone})),
            current=page.id in current,
        )
        for page in pages
    ]


def inspections_open(session: Session, record_ids: Collection[int]) -> int:
    """How many inspections that were not withdrawn hold any of these records."""
    return (
        session.scalar(
            select(func.count(func.distinct(InspectedFieldRow.inspection_id)))
            .join(FieldRow, FieldRow.id == InspectedFieldRow.field_id)
            .join(InspectionRow, InspectionRow.id == InspectedFieldRow.inspection_id)
            .where(FieldRow.record_id.in_(record_ids), InspectionRow.withdrawn_at.is_(None))
        )
        or 0
    )
