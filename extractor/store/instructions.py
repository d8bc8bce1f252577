"""What people say of pages, so that the machine reads them right: kept for good, and heeded by every later reading."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from extractor.errors import NotStoredError
from extractor.page_instruction import PageInstruction, read_instruction
from extractor.store import audit
from extractor.store.page_tables import InstructionRow
from extractor.store.results import RESOLUTIONS
from extractor.store.saving import DECIDED
from extractor.store.store import Store
from extractor.store.tables import FieldRow, FileRow, PageRow, ProblemRow, RecordRow


@dataclass(frozen=True, slots=True)
class SaidOfPage:
    """What a person said of a page.

    Args:
        sha256: hash of the pixels it was said of.
    """

    id: int
    file: str
    page: int
    sha256: str
    said: PageInstruction
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page as it stands.

    Args:
        width, height: of the source picture, pixels.
        form: name of the form, or empty.
        registration: how well it lies, as stored; none where nothing was laid.
        records: numbers in the store of its records, in order.
        decided: fields on it that people decided.
        problem: kind of the problem it has, or empty; ``resolution`` what a person said of that.
    """

    id: int
    book_id: int
    file: str
    page: int
    sha256: str
    width: int
    height: int
    form: str
    registration: dict[str, object] | None
    pipeline_version: str
    records: tuple[int, ...]
    decided: int
    problem: str = ""
    problem_message: str = ""
    resolution: str = ""
    resolved_by: str = ""


class Instructions:
    """What people said of the pages of a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def current(self) -> dict[tuple[str, int], SaidOfPage]:
        """What holds now, by file and page; where the pixels changed since, it is of those that were."""
        with self._store.reading() as session:
            newest = select(func.max(InstructionRow.id)).group_by(InstructionRow.file, InstructionRow.page)
            rows = session.scalars(select(InstructionRow).where(InstructionRow.id.in_(newest)))
            return {(row.file, row.page): _said(row) for row in rows}

    def of_page(self, page: StoredPage) -> tuple[SaidOfPage, ...]:
        """All that was said of a page's pixels, newest first."""
        with self._store.reading() as session:
            rows = session.scalars(
                select(InstructionRow)
                .where(
                    InstructionRow.file == page.file,
                    InstructionRow.page == page.page,
                    InstructionRow.sha256 == page.sha256,
                )
                .order_by(InstructionRow.id.desc())
            )
            return tuple(_said(row) for row in rows)

    def page(self, page_id: int) -> StoredPage:
        """A page of the store.

        Raises:
            NotStoredError: there is no such page, or it was superseded by one with other pixels.
        """
        with self._store.reading() as session:
            return stored_page(session, page_id)

    def find(self, file: str, page: int) -> StoredPage:
        """The current page of that name and number.

        Raises:
            NotStoredError: there is none.
        """
        with self._store.reading() as session:
            wanted = (
                select(PageRow.id)
                .join(FileRow, FileRow.id == PageRow.file_id)
                .where(FileRow.path == file, PageRow.page == page, PageRow.superseded_at.is_(None))
            )
            page_id = session.scalar(wanted)
            if page_id is None:
                raise NotStoredError(f"{file}, page {page}: not in the store.", mend="Name a page that was read.")
            return stored_page(session, page_id)

    def pages(self, book_id: int) -> tuple[StoredPage, ...]:
        """The pages of a book, by file as people count and page."""
        with self._store.reading() as session:
            ids = session.scalars(
                select(PageRow.id)
                .join(FileRow, FileRow.id == PageRow.file_id)
                .where(PageRow.book_id == book_id, PageRow.superseded_at.is_(None))
                .order_by(FileRow.sort_key, FileRow.path, PageRow.page)
            ).all()
            return _pages(session, ids)

    def say(self, page_id: int, said: PageInstruction, person: str) -> SaidOfPage:
        """Keep what a person says of a page; an empty instruction leaves it to the machine again.

        What a page without records is counts at once, without its being read anew.

        Raises:
            NotStoredError: there is no such page.
            InstructionError: a point lies outside the picture.
        """
        with self._store.writing() as writer:
            session = writer.session
            page = stored_page(session, page_id)
            said.check(page.width, page.height)
            content = json.loads(said.to_json())
            row = InstructionRow(
                file=page.file, page=page.page, sha256=page.sha256, content=content, person=person, at=writer.now
            )
            session.add(row)
            session.flush()
            audit.append(
                session,
                writer.key,
                at=writer.now,
                actor=person,
                action="page_instruction",
                subject=f"page:{page_id}",
                content=[page.sha256, content],
            )
            problem = session.scalar(select(ProblemRow).where(ProblemRow.page_id == page_id).with_for_update())
            if problem is not None and not page.records:
                resolution = RESOLUTIONS[said.is_] if said.is_ else None
                problem.resolution = resolution.value if resolution else None
                problem.resolved_by, problem.resolved_at = person, writer.now
            return _said(row)


def stored_page(session: Session, page_id: int) -> StoredPage:
    """A page as it stands.

    Raises:
        NotStoredError: there is no such page, or it was superseded.
    """
    found = _pages(session, [page_id])
    if not found:
        raise NotStoredError(f"There is no page {page_id} in the store.")
    return found[0]


def _pages(session: Session, ids: Collection[int]) -> tuple[StoredPage, ...]:
    rows = session.execute(
        select(PageRow, FileRow.path, ProblemRow)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .outerjoin(ProblemRow, ProblemRow.page_id == PageRow.id)
        .where(PageRow.id.in_(ids), PageRow.superseded_at.is_(None))
    ).all()
    records: dict[int, list[int]] = {}
    for row in session.execute(
        select(RecordRow.page_id, RecordRow.id)
        .where(RecordRow.page_id.in_(ids), RecordRow.retired_at.is_(None))
        .order_by(RecordRow.number)
    ):
        records.setdefault(row[0], []).append(row[1])
    decided = {
        row[0]: row[1]
        for row in session.execute(
            select(RecordRow.page_id, func.count())
            .join(FieldRow, FieldRow.record_id == RecordRow.id)
            .where(
                RecordRow.page_id.in_(ids),
                RecordRow.retired_at.is_(None),
                FieldRow.retired_at.is_(None),
                FieldRow.decision.in_(DECIDED),
            )
            .group_by(RecordRow.page_id)
        )
    }
    by_id = {
        page.id: StoredPage(
            id=page.id,
            book_id=page.book_id,
            file=path,
            page=page.page,
            sha256=page.sha256,
            width=page.width,
            height=page.height,
            form=page.form,
            registration=page.registration,
            pipeline_version=page.pipeline_version,
            records=tuple(records.get(page.id, ())),
            decided=decided.get(page.id, 0),
            problem=problem.kind if problem else "",
            problem_message=problem.message if problem else "",
            resolution=(problem.resolution or "") if problem else "",
            resolved_by=problem.resolved_by if problem else "",
        )
        for page, path, problem in rows
    }
    return tuple(by_id[number] for number in ids if number in by_id)


def _said(row: InstructionRow) -> SaidOfPage:
    return SaidOfPage(row.id, row.file, row.page, row.sha256, read_instruction(row.content), row.person, row.at)
