"""Days and hours in Vietnam's time, as both databases can group by them."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Float, cast, extract, func
from sqlalchemy.orm import Session

_OFFSET_HOURS = 7
VIETNAM = timezone(timedelta(hours=_OFFSET_HOURS))
"""Vietnam's time, the same all year: days are counted in it."""

_ZONE = "Asia/Ho_Chi_Minh"
_DAY_SECONDS = 86_400.0


def day_of(session: Session, column: Any) -> ColumnElement[str]:
    """The day as text (``2026-01-05``)."""
    return _text(session, column, sqlite="%Y-%m-%d", postgresql="YYYY-MM-DD")


def hour_of(session: Session, column: Any) -> ColumnElement[str]:
    """The day and the hour as text (``2026-01-05 08``)."""
    return _text(session, column, sqlite="%Y-%m-%d %H", postgresql="YYYY-MM-DD HH24")


def seconds_of(session: Session, column: Any) -> ColumnElement[float]:
    """Seconds since some moment, to within a millisecond, for taking differences."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(extract("epoch", column), Float)
    return cast(func.julianday(column) * _DAY_SECONDS, Float)


def beginning(at: datetime, *, days_before: int = 0) -> datetime:
    """The first moment of the day in which ``at`` lies, or of one some days before."""
    day = at.astimezone(VIETNAM).date() - timedelta(days=days_before)
    return datetime.combine(day, time(), VIETNAM)


def _text(session: Session, column: Any, *, sqlite: str, postgresql: str) -> ColumnElement[str]:
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone(_ZONE, column), postgresql)
    return func.strftime(sqlite, column, f"+{_OFFSET_HOURS} hours")
