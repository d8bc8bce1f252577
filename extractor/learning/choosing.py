"""Which fields of a store a set may learn from: decided by people, read, and kept back by nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from extractor.learning.withholding import always_withheld
from extractor.records import BookKey, Decision, FieldState
from extractor.store import Store
from extractor.store.hiding import what_is_shown
from extractor.store.order import PLACE, current_records
from extractor.store.saving import DECIDED
from extractor.store.tables import FieldRow, PageRow, RecordRow, TaskRow, TaskStatus
from extractor.templates.form import Kind
from extractor.vietnamese.text import single_spaces

_IN_LIMIT = 200


@dataclass(frozen=True, slots=True)
class DecidedText:
    """A field that can be learnt from.

    Args:
        record: its record's number on the page.
        code: field code.
        kind: kind of field.
        form: name of the form.
        text: what is written there, in one line.
        reader: digest of the reader that first read it, or empty.
    """

    record: int
    code: str
    kind: str
    form: str
    text: str
    reader: str


@dataclass(frozen=True, slots=True)
class PageTexts:
    """A page and what can be learnt from on it.

    Args:
        image: path of its picture in the output folder; empty where none was kept.
        sha256: of the source page's pixels.
        pipeline_version: of the pipeline that read it.
    """

    image: str
    sha256: str
    pipeline_version: str
    fields: tuple[DecidedText, ...]


@dataclass(frozen=True, slots=True)
class BookTexts:
    """A book, and how much of it people decided.

    Args:
        id: its number in the store.
        fields: how many of its fields people decided that hold a text, of kinds that are not withheld.
        pages: hashes of the pages these are on.
    """

    id: int
    key: BookKey
    fields: int
    pages: frozenset[str]


def books_of(store: Store, withheld: Collection[str] = ()) -> tuple[BookTexts, ...]:
    """All books that have pages, in the order of their identity.

    Args:
        withheld: kinds of fields that do not count.
    """
    useful = (
        FieldRow.retired_at.is_(None),
        FieldRow.decision.in_(DECIDED),
        FieldRow.state == FieldState.READ.value,
        FieldRow.kind.not_in([*withheld, Kind.CHOICE.value]),
    )
    counted = current_records(select(PageRow.book_id, PageRow.sha256, func.count()))
    counted = counted.join(FieldRow, FieldRow.record_id == RecordRow.id).where(*useful)
    fields: Counter[int] = Counter()
    pages: dict[int, set[str]] = defaultdict(set)
    with store.snapshot() as session:
        for book_id, sha256, number in session.execute(counted.group_by(PageRow.book_id, PageRow.sha256)):
            fields[book_id] += number
            pages[book_id].add(sha256)
    return tuple(
        BookTexts(book.id, book.key, fields[book.id], frozenset(pages.get(book.id, ()))) for book in store.books()
    )


def page_count(store: Store) -> int:
    """How many pages bear records."""
    with store.snapshot() as session:
        return session.scalar(select(func.count()).select_from(_pages_with_records(None).subquery())) or 0


def page_files(store: Store, book_id: int) -> tuple[tuple[str, str, str], ...]:
    """Picture, hash and version of reading of each page of a book that bears records, in order."""
    with store.snapshot() as session:
        wanted = _pages_with_records(book_id).with_only_columns(
            PageRow.image, PageRow.sha256, PageRow.pipeline_version, PageRow.id
        )
        rows = session.execute(wanted.order_by(PageRow.id)).all()
    return tuple((row.image, row.sha256, row.pipeline_version) for row in rows)


def retired_fields(store: Store) -> int:
    """How many decided fields a newer reading no longer has, or are on pages that were replaced."""
    with store.snapshot() as session:
        wanted = (
            select(func.count())
            .select_from(FieldRow)
            .join(RecordRow, RecordRow.id == FieldRow.record_id)
            .join(PageRow, PageRow.id == RecordRow.page_id)
            .where(
                FieldRow.decision.in_(DECIDED),
                or_(
                    FieldRow.retired_at.is_not(None),
                    RecordRow.retired_at.is_not(None),
                    PageRow.superseded_at.is_not(None),
                ),
            )
        )
        return session.scalar(wanted) or 0


def texts_of_book(store: Store, book_id: int, withheld: Collection[str], left_out: Counter[str]) -> Iterator[PageTexts]:
    """The pages of a book with records, in order, with the fields that can be learnt from.

    All of a book is of one moment; what people decide meanwhile is in the next set.

    Args:
        withheld: kinds of fields that are left out.
        left_out: counts the fields that are not among those given back, by reason; added to.
    """
    with store.snapshot() as session:
        rows = list(session.execute(_fields_of(book_id)))
        hidden = _hidden(session, sorted({row.record_id for row in rows}))
    for _, of_page in groupby(rows, key=lambda row: row.page_id):
        fields = []
        on_page = list(of_page)
        for row in on_page:
            text = single_spaces(row.raw)
            why = _why_not(row, text, hidden, withheld)
            if why:
                left_out[why] += 1
            else:
                fields.append(DecidedText(row.number, row.code, row.kind, row.form, text, row.reader_version))
        first = on_page[0]
        yield PageTexts(first.image, first.sha256, first.pipeline_version, tuple(fields))


def _pages_with_records(book_id: int | None) -> Any:
    wanted = current_records(select(PageRow.id)).distinct()
    return wanted if book_id is None else wanted.where(PageRow.book_id == book_id)


def _fields_of(book_id: int) -> Any:
    """All current fields of a book; those on a page stand together."""
    return (
        current_records(
            select(
                PageRow.id.label("page_id"),
                PageRow.image,
                PageRow.sha256,
                PageRow.pipeline_version,
                RecordRow.id.label("record_id"),
                RecordRow.number,
                RecordRow.form,
                FieldRow.code,
                FieldRow.kind,
                FieldRow.raw,
                FieldRow.state,
                FieldRow.decision,
                FieldRow.reader_version,
                TaskRow.status,
                TaskRow.blind,
                TaskRow.rekeyed_by,
            )
        )
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .outerjoin(TaskRow, TaskRow.field_id == FieldRow.id)
        .where(PageRow.book_id == book_id, FieldRow.retired_at.is_(None))
        .order_by(*PLACE[:3], PageRow.id, RecordRow.number, FieldRow.position, FieldRow.id)
    )


def _hidden(session: Session, record_ids: Sequence[int]) -> set[tuple[int, str]]:
    """Fields that nobody may be shown, since they are inspected, re-keyed blind or disputed."""
    found: set[tuple[int, str]] = set()
    for start in range(0, len(record_ids), _IN_LIMIT):
        found |= set(what_is_shown(session, record_ids[start : start + _IN_LIMIT]).hidden)
    return found


def _why_not(row: Any, text: str, hidden: set[tuple[int, str]], withheld: Collection[str]) -> str:
    """Why a field is left out, a word of :data:`REASONS`; empty where it is not."""
    waits = row.status == TaskStatus.OPEN.value
    if waits and row.rekeyed_by:
        return "disputed"
    if waits and row.blind:
        return "rekeyed_blind"
    if (row.record_id, row.code) in hidden:
        return "inspected"
    if row.decision == Decision.REVIEW.value:
        return "waiting"
    if row.decision not in DECIDED:
        return "machine_alone"
    if row.state != FieldState.READ.value:
        return str(row.state)
    if row.kind == Kind.CHOICE.value:
        return "tick_box"
    if row.kind in withheld:
        return "names_the_record" if row.kind in always_withheld() else "withheld"
    return "" if text else "blank"


REASONS: Mapping[str, str] = {
    "waiting": "wait for a person",
    "rekeyed_blind": "wait to be typed again blind",
    "disputed": "were typed otherwise than read, and wait for another person",
    "inspected": "are in an acceptance inspection that is under way",
    "machine_alone": "were accepted by the machine alone",
    "retired": "were decided, but a newer reading no longer has them",
    "blank": "hold nothing",
    "ditto": "hold a ditto mark",
    "illegible": "are illegible",
    "not_on_form": "are not on the form",
    "tick_box": "are tick boxes",
    "names_the_record": "number the record or the book",
    "withheld": "are of a kind that is withheld",
    "torn": "are of books that hang together, but were in two parts before",
    "other_part_before": "were in an earlier set in another part, under another name",
    "no_picture": "are on pages whose picture is missing",
    "damaged_picture": "are on pages whose picture is damaged",
    "no_places": "are on pages of which it is not known where their fields lie",
    "no_ink": "show no writing where the reader looked",
    "lines_unclear": "hold several lines, and which words stand on which cannot be told",
    "elsewhere": "seem to stand elsewhere than where the reader looked",
    "too_long": "are longer than a line can be",
    "twice": "show the same picture as another line",
}
"""Why fields are left out of a set: the words of the manifest, and what is said of them to people."""
