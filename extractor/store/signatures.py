"""What a name under a book is worth at the moment its records are read, for whoever hands them over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from extractor.records import Decision, Record
from extractor.store import reading
from extractor.store.approval_tables import ApprovalRow
from extractor.store.content import content_digest
from extractor.store.order import current_records
from extractor.store.store import Store
from extractor.store.tables import FieldRow, PageRow, RecordRow


class Doubt(StrEnum):
    """Why a book is not approved as it stands."""

    NEVER = "never"
    """Nobody ever approved it."""
    CHANGED = "changed"
    """It holds something else than what was approved."""
    WITHDRAWN = "withdrawn"
    WAITING = "waiting"
    """It holds what was approved, and fields of it wait for people again."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The name under a book, or why none stands there.

    Args:
        book_id: number of the book in the store.
        doubt: none where the book is approved as it stands.
        person: who approved it last; empty where nobody did.
        at: when, ISO 8601, UTC.
        digest: of the content approved.
    """

    book_id: int
    doubt: Doubt | None
    person: str = ""
    at: str = ""
    digest: str = ""


@contextmanager
def signed_book(store: Store, book_id: int) -> Iterator[tuple[Signature, Iterator[Record]]]:
    """A book's signature and its records, both of one moment: no answer given meanwhile is among them."""
    with store.snapshot() as session:
        yield signature(session, book_id), reading.records_at_once(session, book_id)


def signature(session: Session, book_id: int) -> Signature:
    """How a book stands with its approvals at the moment of the transaction."""
    rows = list(
        session.scalars(select(ApprovalRow).where(ApprovalRow.book_id == book_id).order_by(ApprovalRow.id.desc()))
    )
    if not rows:
        return Signature(book_id, Doubt.NEVER)
    standing = [row for row in rows if row.withdrawn_at is None]
    content = content_digest(session, book_id) if standing else ""
    row = next((row for row in standing if row.digest == content), None)
    if row is None:
        return _signature(rows[0], Doubt.CHANGED if rows[0].withdrawn_at is None else Doubt.WITHDRAWN)
    return _signature(row, Doubt.WAITING if _waiting(session, book_id) else None)


def given(session: Session, book_id: int, person: str, at: str, digest: str) -> bool:
    """Whether that approval was ever given, withdrawn or not."""
    rows = session.scalars(
        select(ApprovalRow).where(
            ApprovalRow.book_id == book_id, ApprovalRow.person == person, ApprovalRow.digest == digest
        )
    )
    return any(_moment(row.at) == at for row in rows)


def _signature(row: ApprovalRow, doubt: Doubt | None) -> Signature:
    return Signature(row.book_id, doubt, row.person, _moment(row.at), row.digest)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _waiting(session: Session, book_id: int) -> int:
    return (
        session.scalar(
            current_records(select(func.count()))
            .join(FieldRow, FieldRow.record_id == RecordRow.id)
            .where(
                PageRow.book_id == book_id,
                FieldRow.retired_at.is_(None),
                FieldRow.decision == Decision.REVIEW.value,
            )
        )
        or 0
    )
