"""Erase what records hold, by order, so that nobody can read it again and the audit chain still holds.

What goes: readings, values and candidates of the fields, before and after of every decision on them, what was exported
and read of them in inspections, warnings. What stays: that there was a record, which fields it had, who decided when.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from extractor.errors import ErasureError
from extractor.store import audit, erasure_audit, inspection_audit, tasks
from extractor.store.client_tables import ReplyRow
from extractor.store.ditto_chains import chains
from extractor.store.erasure_scope import in_parts
from extractor.store.erasure_tables import ErasedPageRow, ErasedRecordRow, ErasureRow
from extractor.store.saving import Writer
from extractor.store.store import Store
from extractor.store.tables import (
    DecisionRow,
    FieldRow,
    FileRow,
    InspectedFieldRow,
    InspectionAnswerRow,
    PageRow,
    ProblemRow,
    RecordRow,
    WarningRow,
)

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
                for part in in_parts(sorted(record_ids))
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
        for part in in_parts(sorted(scope.records))
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
    for part in in_parts(answers):
        session.execute(update(InspectionAnswerRow).where(InspectionAnswerRow.id.in_(part)).values(raw="", value=None))
    for part in in_parts(inspected):
        session.execute(update(InspectedFieldRow).where(InspectedFieldRow.id.in_(part)).values(raw="", value=None))


def _blank_records(writer: Writer, scope: Scope, fields: Sequence[FieldRow], number: int) -> None:
    session = writer.session
    tasks.withdraw_fields(session, [field.id for field in fields])
    for field in fields:
        field.raw, field.value, field.candidates, field.char_confidences = "", None, [], []
        field.confidence, field.box = 0.0, None
        field.retired_at = field.retired_at or writer.now
    for part in in_parts(sorted(scope.records)):
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
    """Drop what quotes the erased elsewhere: warnings of other records of the books, all answers kept for programs."""
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
    for part in in_parts(quoting):
        session.execute(delete(WarningRow).where(WarningRow.id.in_(part)))
    # Which of them quotes what was read, answered or corrected at some time cannot be told from the text alone.
    session.execute(update(ReplyRow).where(ReplyRow.status.is_not(None)).values(body="{}"))


def _texts(fields: Iterable[FieldRow]) -> frozenset[str]:
    found = {text.strip() for field in fields for text in (field.raw, field.value or "")}
    return frozenset(text for text in found if len(text) >= _SHORTEST)


def _rows(session: Session, table: Any, column: Any, numbers: Sequence[int]) -> Iterator[Any]:
    for part in in_parts(numbers):
        yield from session.scalars(select(table).where(column.in_(part)).order_by(table.id))


def _erasure(row: ErasureRow) -> Erasure:
    return Erasure(row.id, row.at, row.person, row.reason, len(row.scope["records"]), len(row.events))
