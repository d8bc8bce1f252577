"""Tables of the people who work in the review room: their accounts, and the browsers that are signed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from extractor.store.columns import Id, UtcDateTime
from extractor.store.tables import Base


class AccountRow(Base):
    """One person. ``person`` is the name that stands beside decisions; earlier ones stay in ``former_names``."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    """In lower case, as it is compared."""
    person: Mapped[str] = mapped_column(String(80))
    person_key: Mapped[str] = mapped_column(String(240), unique=True)
    former_names: Mapped[list[str]] = mapped_column(JSON)
    roles: Mapped[list[str]] = mapped_column(JSON)
    books: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Numbers of the only books the account opens; none means all."""
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool] = mapped_column(Boolean)
    """The password was given by somebody else."""
    failures: Mapped[int] = mapped_column(Integer)
    """Wrong passwords since the last right one."""
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A browser that is signed in; of its secret only the hash is kept."""

    __tablename__ = "account_session"
    __table_args__ = (Index("ix_account_session_account_id", "account_id"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the person last did something, to a minute; what a page does by itself does not count."""
