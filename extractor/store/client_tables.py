"""Tables of the programs that work over the HTTP interface: keys, uploads, jobs, answers to requests sent twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from extractor.store.columns import Id, UtcDateTime
from extractor.store.tables import Base


class KeyRow(Base):
    """A client's key. Only its hash is kept; ``prefix`` is the part that may be shown and looked up."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_client", "client"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    client: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    books: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Numbers of the only books the key opens; none means all."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReplyRow(Base):
    """A request that carried an idempotency key, and its answer once there is one.

    ``resource`` is the number a request creates its upload or job under: a request that was cut off and is sent again
    finds what it had made.
    """

    __tablename__ = "api_reply"
    __table_args__ = (Index("ix_api_reply_begun_at", "begun_at"),)

    key_id: Mapped[int] = mapped_column(ForeignKey("api_key.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    resource: Mapped[str] = mapped_column(String(32))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """While the request is worked on; a worker that died is taken over afterwards."""
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[str] = mapped_column(String)


class UploadRow(Base):
    """A file that a client sends in pieces; what has arrived lies in the output folder."""

    __tablename__ = "api_upload"
    __table_args__ = (Index("ix_api_upload_client", "client", "created_at", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String)
    size: Mapped[int] = mapped_column(Id)
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    pages: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(32))
    message: Mapped[str] = mapped_column(String)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobRow(Base):
    """A run or an export that a client asked for. ``folder`` is the output folder it works in."""

    __tablename__ = "api_job"
    __table_args__ = (
        Index("ix_api_job_next", "folder", "state", "created_at", "id"),
        Index("ix_api_job_client", "client", "kind", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    client: Mapped[str] = mapped_column(String(80))
    folder: Mapped[str] = mapped_column(String)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    cancel: Mapped[bool] = mapped_column(Boolean)
    attempts: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    message: Mapped[str] = mapped_column(String)
    mend: Mapped[str] = mapped_column(String)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
