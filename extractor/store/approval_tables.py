"""Table of approvals: who put their name under a book, and under which content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from extractor.store.columns import Id, UtcDateTime
from extractor.store.tables import Base


class ApprovalRow(Base):
    """A book was approved as it stood then; whatever changes in it afterwards is not approved."""

    __tablename__ = "approval"
    __table_args__ = (Index("ix_approval_book_id", "book_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    person: Mapped[str] = mapped_column(String)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of all that the book's records held, see :func:`extractor.store.content.content_digest`."""
    records: Mapped[int] = mapped_column(Integer)
    fields: Mapped[int] = mapped_column(Integer)
    withdrawn_by: Mapped[str] = mapped_column(String)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
