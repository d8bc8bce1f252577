"""Whether a record was erased by order."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from extractor.store.erasure_tables import ErasedRecordRow


def is_erased(session: Session, record_id: int) -> bool:
    """Whether a record's content was erased."""
    return session.scalar(select(ErasedRecordRow.record_id).where(ErasedRecordRow.record_id == record_id)) is not None
