"""Erase what records hold, by order, so that nobody can read it again and the audit chain still holds.

What goes: readings, values and candidates of the fields, before and after of every decision on them, what was exported
and read of them in inspections, warnings. What stays: that there was a record, which fields it had, who decided when.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from extractor.errors import ErasureError
from extractor.store import audit, erasure_audit, inspection_audit, tasks
from extractor.store.client_tables import ReplyRow
from extractor.store.ditto_chains import chains
from extractor.store.erasure_tables import ErasedPageRow, ErasedRecordRow, ErasureRow
from extractor.store.renumbering import places, shared
from extractor.store.saving import Writer
from extractor.store.store import Store
from extractor.store.tables import (
    DecisionRow,
    FieldRow,
    FileRow,
    InspectedFieldRow,
    InspectionAnswerRow,
    InspectionRow,
    PageRow,
    ProblemRow,
    RecordRow,
    WarningRow,
)

_IN_LIMIT = 500
_SAME_PLACE = 0.1
"""Shared part of the area of two places from which one is about the other."""
_SHORTEST = 3
"""Shorter texts stand in every message by chance."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be erased, by number in the store.

    Args:
        records: records whose content goes, also those of earlier readings.
        whole: pages of which everything goes.
        parts: pages of which only these records go.
    """

    records: tuple[int, ...]
    whole: tuple[int, ...]
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """An order that was carried out.

    Args:
        entries: links of the audit chain of whose content something is gone.
    """

    id: int
    at: datetime
    person: str
    reason: str
    records: int
    entries: int


class Erasures:
    """Orders to erase, and what they erased. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> tuple[Erasure, ...]:
        """All orders that were carried out, oldest first."""
        with self._store.reading() as session:
            return tuple(_erasure(row) for row in session.scalars(select(ErasureRow).order_by(ErasureRow.id)))

    def erased_pages(self) -> frozenset[tuple[str, int]]:
        """Pages that are not read again: SHA-256 of the file, and number of the page."""
        with self._store.reading() as session:
            rows = session.execute(select(ErasedPageRow.file_sha256, ErasedPageRow.page))
            return frozenset((sha256, page) for sha256, page in rows if sha256)

    def of_records(self, record_ids: Collection[int]) -> Erasure | None:
        """The newest order under which all of these were erased already; none where one of them was not."""
        with self._store.reading() as session:
            found = {
                record: erasure
                for part in _parts(sorted(record_ids), _IN_LIMIT)
                for record, erasure in session.execute(
                    select(ErasedRecordRow.record_id, ErasedRecordRow.erasure_id).where(
                        ErasedRecordRow.record_id.in_(part)
                    )
                )
            }
            if not found or len(found) < len(set(record_ids)):
                return None
            return _erasure(session.get_one(ErasureRow, max(found.values())))

    def erase(self, scope: Scope, *, person: str, reason: str) -> Erasure:
        """Erase for good, in one transaction.

        Raises:
            ErasureError: ditto marks of other records refer to it, or the chain does not hold for it even now.
        """
        with self._store.writing() as writer:
            return _erase(writer, scope, person, reason)


def _erase(writer: Writer, scope: Scope, person: str, reason: str) -> Erasure:
    session = writer.session
    fields = [
        field
        for part in _parts(sorted(scope.records), _IN_LIMIT)
        for field in session.scalars(
            select(FieldRow).where(FieldRow.record_id.in_(part)).order_by(FieldRow.id).with_for_update()
        )
    ]
    # The fields first, then the chain, as everybody who answers does.
    audit.lock(session)
    _check_marks(session, scope.records)
    field_ids = [field.id for field in fields]
    number = (session.scalar(select(func.max(ErasureRow.id))) or 0) + 1
    decisions = {row.id: row for row in _rows(session, DecisionRow, DecisionRow.field_id, field_ids)}
    inspected = {row.id: row for row in _rows(session, InspectedFieldRow, InspectedFieldRow.field_id, field_ids)}
    answers = {
        row.id: row
        for row in _rows(session, InspectionAnswerRow, InspectionAnswerRow.inspected_field_id, sorted(inspected))
    }
    blanked = {row.id: (_blank(row.before, number), _blank(row.after, number)) for row in decisions.values()}
    left = dict(_left_of_decisions(session, blanked))
    left |= dict(inspection_audit.left(session, inspected, answers))
    row = ErasureRow(
        id=number,
        at=writer.now,
        person=person,
        reason=reason,
        scope={"records": sorted(scope.records), "whole": sorted(scope.whole), "parts": sorted(scope.parts)},
        events={str(seq): digest for seq, digest in sorted(left.items())},
    )
    session.add(row)
    session.flush()
    texts = _texts(fields)
    _blank_history(session, blanked, sorted(answers), sorted(inspected))
    _blank_records(writer, scope, fields, number)
    _forget_mentions(session, scope, texts)
    audit.append(
        session,
        writer.key,
        at=writer.now,
        actor=person,
        action=erasure_audit.ACTION,
        subject=f"{erasure_audit.SUBJECT}{number}",
        content=erasure_audit.content(row),
    )
    return _erasure(row)


def _check_marks(session: Session, records: Collection[int]) -> None:
    """Refuse where a ditto mark that stays hangs on what goes: it would come to stand for what is above that."""
    gone = set(records)
    for record_id in sorted(gone):
        for chain in chains(session, record_id):
            members = [field.record_id for field in chain.members]
            if not gone.issuperset(members[members.index(record_id) :]):
                raise ErasureError(
                    f"Ditto marks of other records refer to record {record_id}.",
                    mend="Have them typed out first, or erase those records, too.",
                )


def _left_of_decisions(
    session: Session, blanked: Mapping[int, tuple[dict[str, Any], dict[str, Any]]]
) -> Iterator[tuple[int, str]]:
    """Links that vouch for decisions that are blanked, and the digest of what they are about afterwards."""
    must, _ = erasure_audit.expected(session)
    for event, numbers in list(erasure_audit.events_of_decisions(session, blanked.keys())):
        rows = {row.id: row for row in _rows(session, DecisionRow, DecisionRow.id, numbers)}
        contents = [audit.decision_content(rows[number]) for number in numbers if number in rows]
        if len(contents) != len(numbers) or audit.digest_of(contents) != must.digest(event):
            raise erasure_audit.broken()
        for content in contents:
            if (new := blanked.get(int(str(content["id"])))) is not None:
                content["before"], content["after"] = new
        yield event.seq, audit.digest_of(contents)


def _blank(columns: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What is left of a field in the history: nothing that was read, and no figure by which a guess could be tried."""
    empty: dict[str, Any] = {"raw": "", "value": None, "candidates": [], "confidence": 0.0, "box": None}
    return {**columns, **empty, "erased": number}


def _blank_history(
    session: Session,
    blanked: Mapping[int, tuple[dict[str, Any], dict[str, Any]]],
    answers: Sequence[int],
    inspected: Sequence[int],
) -> None:
    for decision, (before, after) in blanked.items():
        session.execute(update(DecisionRow).where(DecisionRow.id == decision).values(before=before, after=after))
    for part in _parts(answers, _IN_LIMIT):
        session.execute(update(InspectionAnswerRow).where(InspectionAnswerRow.id.in_(part)).values(raw="", value=None))
    for part in _parts(inspected, _IN_LIMIT):
        session.execute(update(InspectedFieldRow).where(InspectedFieldRow.id.in_(part)).values(raw="", value=None))


def _blank_records(writer: Writer, scope: Scope, fields: Sequence[FieldRow], number: int) -> None:
    session = writer.session
    tasks.withdraw_fields(session, [field.id for field in fields])
    for field in fields:
        field.raw, field.value, field.candidates, field.char_confidences = "", None, [], []
        field.confidence, field.box = 0.0, None
        field.retired_at = field.retired_at or writer.now
    for part in _parts(sorted(scope.records), _IN_LIMIT):
        session.execute(delete(WarningRow).where(WarningRow.record_id.in_(part)))
        session.execute(
            update(RecordRow)
            .where(RecordRow.id.in_(part))
            .values(retired_at=func.coalesce(RecordRow.retired_at, writer.now))
        )
    known = set(session.scalars(select(ErasedRecordRow.record_id)))
    session.add_all(
        ErasedRecordRow(record_id=record, erasure_id=number) for record in scope.records if record not in known
    )
    for page_id in (*scope.whole, *scope.parts):
        _mark_page(writer, page_id, number, whole=page_id in scope.whole)


def _mark_page(writer: Writer, page_id: int, number: int, *, whole: bool) -> None:
    session = writer.session
    page = session.get_one(PageRow, page_id)
    if whole:
        page.superseded_at = page.superseded_at or writer.now
        session.execute(delete(ProblemRow).where(ProblemRow.page_id == page_id))
    row = session.get(ErasedPageRow, page_id)
    if row is None:
        file = session.get_one(FileRow, page.file_id)
        row = ErasedPageRow(page_id=page_id, file_sha256=file.sha256, page=page.page, sha256=page.sha256, whole=0)
        session.add(row)
    row.erasure_id = number
    row.whole = max(row.whole, int(whole))


def _forget_mentions(session: Session, scope: Scope, texts: Collection[str]) -> None:
    """Drop what quotes the erased elsewhere: warnings of other records of the books, answers kept for programs."""
    pages = select(PageRow.book_id).where(PageRow.id.in_((*scope.whole, *scope.parts)))
    of_books = (
        select(WarningRow.id, WarningRow.message, WarningRow.message_en)
        .join(RecordRow, RecordRow.id == WarningRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .where(PageRow.book_id.in_(pages))
    )
    quoting = [
        number
        for number, *messages in session.execute(of_books)
        if any(text in said for text in texts for said in messages)
    ]
    for part in _parts(quoting, _IN_LIMIT):
        session.execute(delete(WarningRow).where(WarningRow.id.in_(part)))
    for reply in session.scalars(select(ReplyRow)):
        if any(text in reply.body for text in texts):
            reply.body = "{}"


def _texts(fields: Iterable[FieldRow]) -> frozenset[str]:
    found = {text.strip() for field in fields for text in (field.raw, field.value or "")}
    return frozenset(text for text in found if len(text) >= _SHORTEST)


def _parts(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def _rows(session: Session, table: Any, column: Any, numbers: Sequence[int]) -> Iterator[Any]:
    for part in _parts(numbers, _IN_LIMIT):
        yield from session.scalars(select(table).where(column.in_(part)).order_by(table.id))


def _erasure(row: ErasureRow) -> Erasure:
    return Erasure(row.id, row.at, row.person, row.reason, len(row.scope["records"]), len(row.events))


# What the command works out its scope from


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
        for part in _parts(sorted(record_ids), _IN_LIMIT)
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
    parts = _parts(sorted(record_ids), _IN_LIMIT)
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
