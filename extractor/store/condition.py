"""Look at a database without opening it for work, which would bring its schema up to date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, inspect, select
from sqlalchemy.exc import DatabaseError

from extractor.errors import StoreError
from extractor.store.engine import make_engine, parse_url
from extractor.store.migrate import schema_of
from extractor.store.tables import AuditRow


@dataclass(frozen=True, slots=True)
class DatabaseCondition:
    """What a database says of itself.

    Args:
        schema: newest migration it went through; none where it is empty or not there yet.
        newest: time of the newest event in its audit chain; none where there is no event.
        server_now: the time of its server; of this machine where it is a file.
    """

    schema: str | None
    newest: datetime | None
    server_now: datetime


def look_at(url: str) -> DatabaseCondition:
    """Ask a database for its condition; a file that is not there is not made.

    Raises:
        StoreError: the URL is none, or the database does not answer.
    """
    parsed = parse_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    if is_file and not Path(parsed.database or "").is_file():
        return DatabaseCondition(None, None, datetime.now(UTC))
    engine = make_engine(parsed)
    try:
        with engine.connect() as connection:
            newest = None
            if inspect(connection).has_table(AuditRow.__tablename__):
                newest = connection.scalar(select(AuditRow.at).order_by(AuditRow.seq.desc()).limit(1))
            now = datetime.now(UTC) if is_file else connection.scalar(select(func.now()))
            told = None if newest is None else datetime.fromisoformat(newest)
            return DatabaseCondition(schema_of(connection), told, now or datetime.now(UTC))
    except DatabaseError as error:
        raise StoreError(
            f"{parsed.render_as_string(hide_password=True)}: this is no database, or it cannot be reached.",
            mend="Check the address and the server.",
        ) from error
    finally:
        engine.dispose()
