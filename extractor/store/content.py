"""What a book holds, as one SHA-256: names are put under it, and exports ask whether it is still so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from extractor.store.audit import DECISION
from extractor.store.engine import to_json
from extractor.store.order import current_records
from extractor.store.tables import AuditRow, DecisionRow, FieldRow, FileRow, PageRow, RecordRow

_MOST_EVENTS = 2_000
"""Beyond so many events, hashing the book anew is no slower than looking through them."""

_OF_PAGES = ("page", "judged", "erased")
"""Events of the machine, which may be about any book."""


def content_digest(session: Session, book_id: int) -> str:
    """SHA-256 over everything a book's records hold: file, page, record, form, and each field's reading and state.

    The form with its version: read with another version, the same text under the same code may fill another column.
    Who decided a field, and how sure the machine was, is no part of it; where values lie on the page is neither.
    """
    rows = session.execute(
        current_records(
            select(
                FileRow.path,
                PageRow.page,
                PageRow.sha256,
                RecordRow.number,
                RecordRow.form,
                RecordRow.form_version,
                FieldRow.code,
                FieldRow.raw,
                FieldRow.value,
                FieldRow.state,
            )
        )
        .join(FieldRow, FieldRow.record_id == RecordRow.id)
        .where(PageRow.book_id == book_id, FieldRow.retired_at.is_(None))
        .order_by(FileRow.path, PageRow.page, RecordRow.number, FieldRow.code)
        .execution_options(yield_per=2000)
    )
    digest = hashlib.sha256()
    for row in rows:
        digest.update(to_json(list(row)).encode())
        digest.update(b"\n")
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Known:
    seq: int
    digest: str


class ContentDigests:
    """Digests of books that were hashed before, as long as the log holds nothing new about them.

    Nothing in a book changes without an event in the audit chain, and events become visible in their order; so the
    events since the last look tell whether the book has to be hashed again. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._lock = Lock()

    def digest(self, session: Session, book_id: int) -> str:
        """The digest of what the book holds now; see :func:`content_digest`."""
        # The log first: what is stored between the two looks is then looked at once more the next time.
        last = session.scalar(select(func.max(AuditRow.seq))) or 0
        with self._lock:
            known = self._known.get(book_id)
        if known is not None and not _touched(session, book_id, known.seq, last):
            found = _Known(last, known.digest)
        else:
            found = _Known(last, content_digest(session, book_id))
        with self._lock:
            self._known[book_id] = found
        return found.digest


def _touched(session: Session, book_id: int, after: int, last: int) -> bool:
    """Whether an event after one link, up to another, may be about a change in the book."""
    if last - after > _MOST_EVENTS or last < after:
        return True
    decisions: list[int] = []
    wanted = select(AuditRow.action, AuditRow.subject).where(AuditRow.seq > after, AuditRow.seq <= last)
    for action, subject in session.execute(wanted):
        if action in _OF_PAGES:
            return True
        if subject.startswith(DECISION):
            decisions += map(int, subject.removeprefix(DECISION).split(","))
    if len(decisions) > _MOST_EVENTS:
        return True
    about = (
        select(DecisionRow.id)
        .join(FieldRow, FieldRow.id == DecisionRow.field_id)
        .join(RecordRow, RecordRow.id == FieldRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .where(DecisionRow.id.in_(decisions), PageRow.book_id == book_id)
        .limit(1)
    )
    return bool(decisions) and session.scalar(about) is not None
