"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator

Id = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit identity; SQLite numbers rows by itself only where the type is spelt INTEGER."""

SortText = String().with_variant(String(collation="C"), "postgresql")
"""Text compared byte by byte, as SQLite does, so that both databases give rows in the same order."""


class UtcDateTime(TypeDecorator[datetime]):
    """Time with zone, always UTC; SQLite keeps no zone, so it is taken off on the way in and put on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Time as the database keeps it."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Time as Python sees it, in UTC."""
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
