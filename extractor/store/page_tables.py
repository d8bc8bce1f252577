"""Tables of what people say of pages: how one is to be read, and that one is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from extractor.store.columns import Id, UtcDateTime
from extractor.store.tables import Base


class InstructionRow(Base):
    """What a person said of a page; append-only, the newest of the same file, page and pixels counts.

    ``content`` is an :class:`extractor.page_instruction.PageInstruction`; an empty one leaves the page to the machine.
    """

    __tablename__ = "page_instruction"
    __table_args__ = (Index("ix_page_instruction_file_page", "file", "page", "sha256", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    file: Mapped[str] = mapped_column(String)
    page: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    person: Mapped[str] = mapped_column(String)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class MissingRow(Base):
    """Pages that a person says a book has and the scans have not, until another word of people settles it."""

    __tablename__ = "missing_page"
    __table_args__ = (Index("ix_missing_page_book_id", "book_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    after_page_id: Mapped[int | None] = mapped_column(ForeignKey("page.id"))
    """They follow this page; none where they come before the first."""
    pages: Mapped[int] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    settled_by: Mapped[str] = mapped_column(String)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
