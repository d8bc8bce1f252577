"""Tables of what was erased by order: who ordered it and why, and what may not come back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from extractor.store.columns import Id, UtcDateTime
from extractor.store.tables import Base


class ErasureRow(Base):
    """An order to erase that was carried out; append-only: database triggers refuse update and delete.

    ``scope`` names what was erased by number. ``events`` has, by number, each link of the audit chain that vouched for
    something erased, and the digest of what is left of it: so its other content stays vouched for.
    """

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person: Mapped[str] = mapped_column(String)
    reason: Mapped[str] = mapped_column(Text)
    scope: Mapped[dict[str, Any]] = mapped_column(JSON)
    events: Mapped[dict[str, str]] = mapped_column(JSON)


class ErasedRecordRow(Base):
    """A record whose content is gone."""

    __tablename__ = "erased_record"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), primary_key=True)
    erasure_id: Mapped[int] = mapped_column(ForeignKey("erasure.id"))


class ErasedPageRow(Base):
    """A page that is not read again, since something on it was erased; known by its file's content and by its pixels.

    ``whole``: 1 where all of the page is gone, 0 where a record's part of its picture was blackened.
    """

    __tablename__ = "erased_page"
    __table_args__ = (Index("ix_erased_page_sha256", "sha256"),)

    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"), primary_key=True)
    erasure_id: Mapped[int] = mapped_column(ForeignKey("erasure.id"))
    file_sha256: Mapped[str] = mapped_column(String(64))
    page: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    whole: Mapped[int] = mapped_column(Integer)
