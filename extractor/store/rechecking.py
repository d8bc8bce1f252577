"""What the rules say of a record, kept true while people answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import select
from sqlalchemy.orm import Session

from extractor.records import BookKey, Record, RuleWarning
from extractor.store import convert, reading
from extractor.store.order import current_records
from extractor.store.saving import Writer, set_warnings
from extractor.store.tables import BookRow, PageRow, RecordRow

log = logging.getLogger(__name__)

RecordRules = Callable[[Record, BookKey, Sequence[RuleWarning]], Sequence[RuleWarning]]
"""Tells from a record, its book and what was said of it before what the rules say of it now."""

Reading = Callable[[], AbstractContextManager[Session]]
Writing = Callable[[], AbstractContextManager[Writer]]


def recheck(reading_: Reading, writing: Writing, record_id: int, rules: RecordRules) -> bool:
    """Bring the warnings of a record up to date; see :meth:`extractor.store.Store.recheck`."""
    try:
        with reading_() as session:
            if _said(session, record_id, rules) is None:
                return False
        with writing() as writer:
            session = writer.session
            # One at a time: who comes second sees what the first one answered. Nothing else is waited for from here.
            session.execute(select(RecordRow.id).where(RecordRow.id == record_id).with_for_update())
            if (found := _said(session, record_id, rules)) is not None:
                set_warnings(session, record_id, found)
                return True
    except Exception as error:
        # The error's own text may quote a value.
        log.warning("The rules could not be applied to record %d (%s).", record_id, type(error).__name__)
    return False


def _said(session: Session, record_id: int, rules: RecordRules) -> Sequence[RuleWarning] | None:
    """What the rules say of the record now; none where that is what they said before, or it does not stand any more."""
    book = session.scalar(
        current_records(select(BookRow)).join(BookRow, BookRow.id == PageRow.book_id).where(RecordRow.id == record_id)
    )
    if book is None:
        return None
    record = reading.record_of(session, record_id)
    now = rules(record, convert.book_key(book), record.warnings)
    return None if tuple(now) == record.warnings else now
