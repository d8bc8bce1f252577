"""Which pages were read with which form, for people who draw templates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from extractor.errors import NotStoredError
from extractor.records import BookKey
from extractor.store import convert
from extractor.store.hiding import what_is_shown
from extractor.store.inspected import under_inspection
from extractor.store.results import PageImage
from extractor.store.store import Store
from extractor.store.tables import BookRow, FieldRow, FileRow, PageRow, RecordRow


@dataclass(frozen=True, slots=True)
class FormPages:
    """How many pages were read with one version of a form."""

    form: str
    version: str
    pages: int


@dataclass(frozen=True, slots=True)
class FormPage:
    """One page of the output folder.

    Args:
        form: the form it was read with; empty where it was of none.
        picture: its cleaned picture.
    """

    id: int
    book_id: int
    file: str
    page: int
    form: str
    picture: PageImage


def pages_by_form(store: Store, books: Collection[int] | None = None) -> list[FormPages]:
    """Pages by form and version, of some books or of all."""
    wanted = select(PageRow.form, PageRow.form_version, func.count(PageRow.id)).where(
        PageRow.superseded_at.is_(None), PageRow.form != ""
    )
    if books is not None:
        wanted = wanted.where(PageRow.book_id.in_(books))
    with store.reading() as session:
        rows = session.execute(wanted.group_by(PageRow.form, PageRow.form_version)).all()
    return sorted((FormPages(*row) for row in rows), key=lambda each: (each.form, each.version))


def form_pages(
    store: Store, form: str | None, *, books: Collection[int] | None = None, limit: int = 200
) -> list[FormPage]:
    """Pages in the order people count, of one form or of none (empty) or of any (none)."""
    wanted = select(PageRow, FileRow.path).join(FileRow, FileRow.id == PageRow.file_id)
    wanted = wanted.where(PageRow.superseded_at.is_(None))
    if form is not None:
        wanted = wanted.where(PageRow.form == form)
    if books is not None:
        wanted = wanted.where(PageRow.book_id.in_(books))
    with store.reading() as session:
        rows = session.execute(wanted.order_by(FileRow.sort_key, FileRow.path, PageRow.page).limit(limit)).all()
        return [FormPage(row.id, row.book_id, path, row.page, row.form, convert.picture(row)) for row, path in rows]


def book_of_page(store: Store, page_id: int) -> BookKey:
    """The book a page belongs to.

    Raises:
        NotStoredError: there is no such page.
    """
    with store.reading() as session:
        book = session.scalar(select(BookRow).join(PageRow, PageRow.book_id == BookRow.id).where(PageRow.id == page_id))
        if book is None:
            raise NotStoredError(f"There is no page {page_id} in the store.")
        return convert.book_key(book)


def inspected_pages(store: Store) -> frozenset[int]:
    """Pages with fields that are being inspected: what the machine reads there must not be shown."""
    wanted = select(RecordRow.page_id).join(FieldRow, FieldRow.record_id == RecordRow.id)
    with store.reading() as session:
        return frozenset(session.scalars(wanted.where(under_inspection(FieldRow.id)).distinct()))


def hides_fields(store: Store, page_id: int) -> bool:
    """Whether a field of the page is keyed blind, disputed or inspected, so that no reading of the page is shown."""
    wanted = select(RecordRow.id).where(RecordRow.page_id == page_id, RecordRow.retired_at.is_(None))
    with store.reading() as session:
        return bool(what_is_shown(session, session.scalars(wanted).all()).hidden)
