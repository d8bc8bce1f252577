"""Pages that people say are missing from the scans of a book, until they are found or the lack is accepted in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from extractor.errors import NotStoredError, SettingsError
from extractor.store import audit
from extractor.store.page_tables import MissingRow
from extractor.store.saving import Writer
from extractor.store.store import Store
from extractor.store.tables import BookRow, FileRow, PageRow

MOST_PAGES = 500
MOST_LETTERS = 500


class Outcome(StrEnum):
    """What became of a page that was reported missing."""

    FOUND = "found"
    """It was scanned, or was there all the time."""
    ACCEPTED = "accepted"
    """The paper book itself lacks it; the words say how that is known."""


@dataclass(frozen=True, slots=True)
class MissingPages:
    """A report of missing pages.

    Args:
        after: file and number of the page they follow; none where they come before the first.
        pages: how many.
        outcome: none while it stands.
        words: what was said when it was settled.
    """

    id: int
    book_id: int
    after: tuple[str, int] | None
    pages: int
    why: str
    person: str
    at: datetime
    outcome: Outcome | None = None
    words: str = ""
    settled_by: str = ""
    settled_at: datetime | None = None


class Missing:
    """Reports of missing pages of a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_book(self, book_id: int) -> tuple[MissingPages, ...]:
        """All reports of a book, those that stand first, oldest first."""
        with self._store.reading() as session:
            rows = session.scalars(select(MissingRow).where(MissingRow.book_id == book_id).order_by(MissingRow.id))
            found = [_report(session, row) for row in rows]
        return tuple(sorted(found, key=lambda report: report.outcome is not None))

    def open(self, books: Collection[int] | None = None) -> dict[int, int]:
        """How many pages are missing, by number of the book; books that lack none are left out."""
        with self._store.reading() as session:
            return open_reports(session, books)

    def report(self, book_id: int, after_page_id: int | None, pages: int, why: str, person: str) -> MissingPages:
        """Report that pages are missing.

        Args:
            after_page_id: number in the store of the page they follow; none for before the first.
            pages: how many, 1 to 500.

        Raises:
            NotStoredError: there is no such book, or the page is none of it.
            SettingsError: number or words are missing or too large.
        """
        if not 1 <= pages <= MOST_PAGES:
            raise SettingsError(f"Missing pages: {pages} is no number from 1 to {MOST_PAGES}.", mend="Give another.")
        why = _words(why)
        with self._store.writing() as writer:
            session = writer.session
            if session.scalar(select(BookRow.id).where(BookRow.id == book_id)) is None:
                raise NotStoredError(f"There is no book {book_id} in the store.")
            if after_page_id is not None:
                of_book = select(PageRow.id).where(PageRow.id == after_page_id, PageRow.book_id == book_id)
                if session.scalar(of_book) is None:
                    raise NotStoredError(f"There is no page {after_page_id} in the book.")
            same = select(MissingRow).where(
                MissingRow.book_id == book_id,
                MissingRow.after_page_id.is_not_distinct_from(after_page_id),
                MissingRow.pages == pages,
                MissingRow.why == why,
                MissingRow.outcome.is_(None),
            )
            if (row := session.scalar(same)) is not None:
                return _report(session, row)  # sent twice
            row = MissingRow(
                book_id=book_id,
                after_page_id=after_page_id,
                pages=pages,
                why=why,
                person=person,
                at=writer.now,
                outcome=None,
                words="",
                settled_by="",
                settled_at=None,
            )
            session.add(row)
            session.flush()
            _audit(writer, row, person, "page_missing", [row.id, after_page_id, pages, why])
            return _report(session, row)

    def settle(self, report_id: int, outcome: Outcome | None, words: str, person: str) -> MissingPages:
        """Say what became of reported pages; none opens the report again.

        Raises:
            NotStoredError: there is no such report.
            SettingsError: a lack is accepted without a word.
        """
        words = _words(words) if outcome is Outcome.ACCEPTED else words.strip()[:MOST_LETTERS]
        with self._store.writing() as writer:
            row = writer.session.scalar(select(MissingRow).where(MissingRow.id == report_id).with_for_update())
            if row is None:
                raise NotStoredError(f"There is no report {report_id} of missing pages in the store.")
            row.outcome = outcome.value if outcome else None
            row.words, row.settled_by = (words, person) if outcome else ("", "")
            row.settled_at = writer.now if outcome else None
            action = f"page_missing_{outcome.value if outcome else 'reopened'}"
            _audit(writer, row, person, action, [row.id, row.outcome, row.words])
            return _report(writer.session, row)

    def book_of(self, report_id: int) -> int:
        """Number of the book that a report is about.

        Raises:
            NotStoredError: there is no such report.
        """
        with self._store.reading() as session:
            book_id = session.scalar(select(MissingRow.book_id).where(MissingRow.id == report_id))
        if book_id is None:
            raise NotStoredError(f"There is no report {report_id} of missing pages in the store.")
        return book_id


def open_reports(session: Session, books: Collection[int] | None = None) -> dict[int, int]:
    """How many pages are missing, by number of the book; books that lack none are left out."""
    wanted = (
        select(MissingRow.book_id, func.sum(MissingRow.pages))
        .where(MissingRow.outcome.is_(None))
        .group_by(MissingRow.book_id)
    )
    if books is not None:
        wanted = wanted.where(MissingRow.book_id.in_(books))
    return {row[0]: int(row[1]) for row in session.execute(wanted)}


def _words(text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > MOST_LETTERS:
        raise SettingsError(
            f"Missing pages: the reason has {len(text)} letters, not 1 to {MOST_LETTERS}.", mend="Say it in a sentence."
        )
    return text


def _audit(writer: Writer, row: MissingRow, person: str, action: str, content: object) -> None:
    subject = f"book:{row.book_id}"
    audit.append(
        writer.session, writer.key, at=writer.now, actor=person, action=action, subject=subject, content=content
    )


def _report(session: Session, row: MissingRow) -> MissingPages:
    after = session.execute(
        select(FileRow.path, PageRow.page)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(PageRow.id == row.after_page_id)
    ).one_or_none()
    return MissingPages(
        id=row.id,
        book_id=row.book_id,
        after=(after.path, after.page) if after else None,
        pages=row.pages,
        why=row.why,
        person=row.person,
        at=row.at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        words=row.words,
        settled_by=row.settled_by,
        settled_at=row.settled_at,
    )
