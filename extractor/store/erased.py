"""What was erased stays so: nothing comes back through an answer that was under way."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from extractor.errors import NotStoredError
from extractor.store.erasure_tables import ErasedRecordRow


def refuse_if_erased(session: Session, record_id: int) -> None:
    """Refuse an answer about a record that was erased meanwhile; it is not even kept as refused.

    Raises:
        NotStoredError: it was.
    """
    if is_erased(session, record_id):
        raise NotStoredError("The record was erased by order.", mend="Go on with another field.")


def is_erased(session: Session, record_id: int) -> bool:
    """Whether a record's content was erased."""
    return session.scalar(select(ErasedRecordRow.record_id).where(ErasedRecordRow.record_id == record_id)) is not None
