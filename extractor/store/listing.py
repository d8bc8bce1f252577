"""Lists a page at a time, for programs that read what the store holds.

Each list goes on after the last thing the reader got, wherever new ones came in meanwhile: nothing that was there all
the time is missed or given twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from extractor.errors import NotStoredError
from extractor.records import BookKey, Box
from extractor.store import convert, reading
from extractor.store.client_tables import KeyRow
from extractor.store.order import PLACE, current_records
from extractor.store.results import BookSummary, Counts, PageImage, StoredProblem
from extractor.store.store import Store
from extractor.store.tables import WAITS, BookRow, FieldRow, FileRow, PageRow, ProblemRow, RecordRow, TaskRow

_FEW, _MANY = 8, 256
_PAGE_PLACE = (FileRow.sort_key, FileRow.path, PageRow.page)


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record as a list names it.

    Args:
        waiting: fields that wait for a person, also for a blind one.
    """

    id: int
    book_id: int
    page_id: int
    file: str
    page: int
    number: int
    form: str
    waiting: int


class Listing:
    """Books, records and page problems of a store, a page at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def records(
        self,
        *,
        books: Collection[int] | None = None,
        form: str = "",
        settled: bool | None = None,
        after: int = 0,
        after_in: Collection[int] | None = None,
        limit: int,
    ) -> Sequence[RecordLine]:
        """Current records by file as people count, page and number, from the one after record ``after`` on.

        Args:
            books: only records of these books.
            settled: only records of which no field waits for a person, or only the others.
            after_in: books of which ``after`` has to be; where those of others lie is not told.

        Raises:
            NotStoredError: there never was a record ``after``.
        """
        wanted = current_records(select(RecordRow, PageRow, FileRow.path))
        if books is not None:
            wanted = wanted.where(PageRow.book_id.in_(books))
        if form:
            wanted = wanted.where(RecordRow.form == form)
        if settled is not None:
            open_field = (
                exists()
                .where(FieldRow.record_id == RecordRow.id, FieldRow.retired_at.is_(None))
                .where(TaskRow.field_id == FieldRow.id, WAITS)
            )
            wanted = wanted.where(~open_field if settled else open_field)
        with self._store.reading() as session:
            place = _place_of_record(session, after, after_in) if after else None
            if place is not None:
                wanted = wanted.where(tuple_(*PLACE) > tuple_(*place))
            rows: list[Any] = []
            if books is not None:
                rows += session.execute(wanted.order_by(*PLACE).limit(limit)).all()
            else:
                # File by file, so that a page costs the same wherever it lies; no index holds the whole order.
                for files in _files_from(session, place):
                    some = wanted.where(PageRow.file_id.in_(files)).order_by(*PLACE)
                    rows += session.execute(some.limit(limit - len(rows))).all()
                    if len(rows) == limit:
                        break
            waiting = _waiting(session, [row.id for row, _, _ in rows])
            return [
                RecordLine(row.id, page.book_id, page.id, path, page.page, row.number, row.form, waiting.get(row.id, 0))
                for row, page, path in rows
            ]

    def books(self, *, books: Collection[int] | None = None, after: int = 0, limit: int) -> Sequence[BookSummary]:
        """Books that have pages, in the order in which they came, from the one after book ``after`` on."""
        wanted = select(BookRow).where(
            BookRow.id > after,
            exists().where(PageRow.book_id == BookRow.id, PageRow.superseded_at.is_(None)),
        )
        if books is not None:
            wanted = wanted.where(BookRow.id.in_(books))
        with self._store.reading() as session:
            rows = list(session.scalars(wanted.order_by(BookRow.id).limit(limit)))
            found = reading.counts(session, [row.id for row in rows])
            return [BookSummary(row.id, convert.book_key(row), Counts(**found.get(row.id, {}))) for row in rows]

    def book_keys(self) -> Mapping[int, BookKey]:
        """All books that have pages by their numbers, in the order of their identity; nothing of them is counted."""
        with self._store.reading() as session:
            return reading.book_keys(session)

    def books_of_files(self, names: Collection[str]) -> frozenset[int]:
        """Numbers of the books that pages of these files, or of members of these archives, went to."""
        found: set[int] = set()
        with self._store.reading() as session:
            ordered = sorted(names)
            for first in range(0, len(ordered), _MANY):
                some = ordered[first : first + _MANY]
                inside = [FileRow.path.startswith(f"{name}/", autoescape=True) for name in some if _is_archive(name)]
                wanted = select(PageRow.book_id).join(FileRow).where(or_(FileRow.path.in_(some), *inside))
                found.update(session.scalars(wanted.where(PageRow.superseded_at.is_(None)).distinct()))
        return frozenset(found)

    def problems(
        self,
        *,
        books: Collection[int] | None = None,
        resolved: bool | None = None,
        after: int = 0,
        after_in: Collection[int] | None = None,
        limit: int,
    ) -> Sequence[StoredProblem]:
        """Pages without records by file as people count and page, from the one after problem ``after`` on.

        Args:
            books: only pages of these books.
            resolved: only those that a person judged, or only the others.
            after_in: books of which ``after`` has to be; where those of others lie is not told.

        Raises:
            NotStoredError: there never was a problem ``after``.
        """
        wanted = (
            select(ProblemRow, PageRow, FileRow.path, BookRow)
            .join(PageRow, PageRow.id == ProblemRow.page_id)
            .join(FileRow, FileRow.id == PageRow.file_id)
            .join(BookRow, BookRow.id == PageRow.book_id)
            .where(PageRow.superseded_at.is_(None))
        )
        if books is not None:
            wanted = wanted.where(PageRow.book_id.in_(books))
        if resolved is not None:
            wanted = wanted.where(ProblemRow.resolution.is_not(None) if resolved else ProblemRow.resolution.is_(None))
        with self._store.reading() as session:
            if after:
                wanted = wanted.where(tuple_(*_PAGE_PLACE) > tuple_(*_place_of_problem(session, after, after_in)))
            return [
                reading.stored_problem(row, page, path, book)
                for row, page, path, book in session.execute(wanted.order_by(*_PAGE_PLACE).limit(limit))
            ]

    def page(self, page_id: int) -> tuple[int, PageImage]:
        """Number of the book a page belongs to, and its picture.

        Raises:
            NotStoredError: there is no such page.
        """
        with self._store.reading() as session:
            row = session.get(PageRow, page_id)
            if row is None:
                raise NotStoredError(f"There is no page {page_id} in the store.")
            return row.book_id, convert.picture(row)

    def book_of_task(self, task_id: int) -> int:
        """Number of the book a task's field belongs to.

        Raises:
            NotStoredError: there is no such task.
        """
        with self._store.reading() as session:
            book_id = session.scalar(select(TaskRow.book_id).where(TaskRow.id == task_id))
            if book_id is None:
                raise NotStoredError(f"There is no task {task_id} in the store.")
            return book_id

    def book_of_field(self, field_id: int) -> int:
        """Number of the book a field belongs to.

        Raises:
            NotStoredError: there is no such field.
        """
        with self._store.reading() as session:
            wanted = current_records(select(PageRow.book_id)).join(FieldRow, FieldRow.record_id == RecordRow.id)
            book_id = session.scalar(wanted.where(FieldRow.id == field_id))
            if book_id is None:
                raise NotStoredError(f"There is no field {field_id} in the store.")
            return book_id

    def picture_of_field(self, field_id: int) -> tuple[PageImage, Box | None]:
        """The picture of a field's page, and where the field lies in source pixels.

        Raises:
            NotStoredError: there is no such field.
        """
        with self._store.looking() as session:
            wanted = current_records(select(PageRow, FieldRow.box)).join(FieldRow, FieldRow.record_id == RecordRow.id)
            found = session.execute(wanted.where(FieldRow.id == field_id)).one_or_none()
            if found is None:
                raise NotStoredError(f"There is no field {field_id} in the store.")
            page, box = found
            return convert.picture(page), None if box is None else Box(*box)

    def alive(self) -> bool:
        """Whether the database answers; raises where it does not."""
        with self._store.reading() as session:
            return session.scalar(select(func.count()).select_from(KeyRow)) is not None


_Place = tuple[str, str, int, int]


def _is_archive(name: str) -> bool:
    return name.lower().endswith(".zip")


def _files_from(session: Session, place: _Place | None) -> Iterator[list[int]]:
    """Numbers of all files in their order, from the one at ``place`` on; few at first, then more at a time."""
    many, last = _FEW, None if place is None else place[:2]
    inclusive = True
    while True:
        wanted = select(FileRow.id, FileRow.sort_key, FileRow.path).order_by(FileRow.sort_key, FileRow.path)
        if last is not None:
            here = tuple_(FileRow.sort_key, FileRow.path)
            wanted = wanted.where(FileRow.sort_key >= last[0])  # what the index can be asked
            wanted = wanted.where(here >= tuple_(*last) if inclusive else here > tuple_(*last))
        rows = session.execute(wanted.limit(many)).all()
        if not rows:
            return
        yield [row.id for row in rows]
        last, inclusive = (rows[-1].sort_key, rows[-1].path), False
        many = min(_MANY, 2 * many)


def _place_of_record(session: Session, record_id: int, books: Collection[int] | None) -> _Place:
    # A record that was retired since still has its place, so that a reader who got it goes on from there.
    wanted = (
        select(FileRow.sort_key, FileRow.path, PageRow.page, RecordRow.number)
        .select_from(RecordRow)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(RecordRow.id == record_id)
    )
    found = session.execute(wanted if books is None else wanted.where(PageRow.book_id.in_(books))).one_or_none()
    if found is None:
        raise NotStoredError("The list cannot go on from there.", mend="Begin it again.")
    return found.sort_key, found.path, found.page, found.number


def _place_of_problem(session: Session, problem_id: int, books: Collection[int] | None) -> tuple[str, str, int]:
    wanted = (
        select(*_PAGE_PLACE)
        .select_from(ProblemRow)
        .join(PageRow, PageRow.id == ProblemRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(ProblemRow.id == problem_id)
    )
    found = session.execute(wanted if books is None else wanted.where(PageRow.book_id.in_(books))).one_or_none()
    if found is None:
        raise NotStoredError("The list cannot go on from there.", mend="Begin it again.")
    return found.sort_key, found.path, found.page


def _waiting(session: Session, record_ids: Sequence[int]) -> dict[int, int]:
    """How many fields of each record wait for a person."""
    # An outer join, so that no database begins with all tasks that are open.
    rows = session.execute(
        select(FieldRow.record_id, func.count(TaskRow.id))
        .select_from(FieldRow)
        .outerjoin(TaskRow, and_(TaskRow.field_id == FieldRow.id, WAITS))
        .where(FieldRow.record_id.in_(record_ids), FieldRow.retired_at.is_(None))
        .group_by(FieldRow.record_id)
    )
    return {row[0]: row[1] for row in rows}
