"""All rows of a database as JSON lines, of one moment, to be put into an empty database of either kind.

Table by table and not by each database's own tools: one format for both, so that an office can go from SQLite to
PostgreSQL and back; no program to install; and on SQLite no starting anew whenever somebody writes meanwhile, as its
online copy of pages does. A line is a list: the first one tells what follows, then each table has its columns and rows.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from gzip import GzipFile
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, MetaData, Table, func, insert, inspect, select, text, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

import extractor.store  # noqa: F401 (all tables have to be known)
from extractor.errors import StoreError
from extractor.store.engine import to_json
from extractor.store.migrate import HEAD, upgrade_within
from extractor.store.tables import Base

LEFT_OUT = frozenset({"account_session"})
"""Who was signed in is nothing to bring back: a browser that was signed out since would be let in again."""

_FORMAT = 1
_AT_ONCE = 1_000
_MEND = "Take another backup."


def count_rows(session: Session) -> int:
    """How many rows :func:`dump` will write."""
    return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in _tables())


def dump(session: Session, sink: GzipFile, *, on_row: Callable[[int], None] = lambda count: None) -> dict[str, int]:
    """Write all rows that the transaction sees; returns how many each table has.

    Args:
        session: a transaction of one moment, see :meth:`extractor.store.Store.snapshot`.
        on_row: told how many rows were written, now and then.
    """
    _put(sink, {"format": _FORMAT, "schema": HEAD, "sequences": _sequences(session.connection())})
    counts: dict[str, int] = {}
    written = 0
    for table in _tables():
        _put(sink, {"table": table.name, "columns": [column.name for column in table.columns]})
        counts[table.name] = 0
        wanted = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_AT_ONCE)
        for rows in session.execute(wanted).partitions():
            for row in rows:
                _put(sink, [each.isoformat() if isinstance(each, datetime) else each for each in row])
            counts[table.name] += len(rows)
            written += len(rows)
            on_row(written)
    return counts


def load(connection: Connection, source: GzipFile) -> dict[str, int]:
    """Create the schema in an empty database, fill it, and bring it to the current schema, in one transaction.

    Rows are put in by the schema they were written with; what came later is left to the migrations.

    Returns:
        How many rows each table was given.

    Raises:
        StoreError: the database is not empty, or the lines are damaged or of a newer version.
    """
    if not is_empty(connection):
        raise StoreError("The database to restore into holds tables already.", mend="Name an empty database.")
    try:
        head = json.loads(source.readline())
        if head["format"] != _FORMAT:
            raise StoreError("The backup is of a newer version of this program.", mend="Install that version.")
        upgrade_within(connection, head["schema"])
        known = _bare_tables(connection)
        lines = (json.loads(line) for line in source)
        counts = _fill(connection, known, lines)
        _go_on_counting(connection, known, head["sequences"])
    except (ValueError, KeyError, TypeError, EOFError, zlib.error, DataError, IntegrityError) as error:
        raise StoreError("The rows of the backup are damaged.", mend=_MEND) from error
    if head["schema"] != HEAD:
        upgrade_within(connection, HEAD)
    return counts


def is_empty(connection: Connection) -> bool:
    """Whether the database holds no table at all."""
    return not inspect(connection).get_table_names()


def move_jobs(connection: Connection, former: str, folder: str) -> None:
    """Have jobs of an output folder belong to the folder it lies in now."""
    jobs = Base.metadata.tables["api_job"]
    connection.execute(update(jobs).where(jobs.c.folder == former).values(folder=folder))


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def _put(sink: GzipFile, content: object) -> None:
    sink.write(to_json(content).encode() + b"\n")


def _fill(connection: Connection, known: MetaData, lines: Iterator[Any]) -> dict[str, int]:
    table: Table | None = None
    names: list[str] = []
    times: set[str] = set()
    counts: dict[str, int] = {}
    while part := list(islice(lines, _AT_ONCE)):
        rows: list[dict[str, Any]] = []
        for line in part:
            if isinstance(line, dict):
                _insert(connection, table, rows)
                table, names, rows = known.tables[line["table"]], line["columns"], []
                times = {column.name for column in table.columns if isinstance(column.type, DateTime)}
                counts[table.name] = 0
                continue
            row = dict(zip(names, line, strict=True))
            rows.append(row | {name: _time(row[name], connection) for name in times & row.keys()})
            counts[table.name if table is not None else ""] += 1
        _insert(connection, table, rows)
    return counts


def _bare_tables(connection: Connection) -> MetaData:
    """The tables as the database has them, which may be of an older schema; none stays SQL's null in JSON columns."""
    known = MetaData()
    known.reflect(connection)
    for table in known.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)
    return known


def _time(value: str | None, connection: Connection) -> datetime | None:
    if value is None:
        return None
    time = datetime.fromisoformat(value)
    return time.astimezone(UTC).replace(tzinfo=None) if connection.dialect.name == "sqlite" else time


def _insert(connection: Connection, table: Table | None, rows: list[dict[str, Any]]) -> None:
    if table is not None and rows:
        connection.execute(insert(table), rows)


def _sequences(connection: Connection) -> dict[str, int]:
    """The last number given to each table's rows, also to rows that are gone; on SQLite the rows alone tell."""
    if connection.dialect.name != "postgresql":
        return {}
    found = {}
    for table in _tables():
        if name := _sequence(connection, table):
            last = connection.execute(text(f"SELECT last_value, is_called FROM {name}")).one()  # noqa: S608
            found[table.name] = last.last_value if last.is_called else 0
    return found


def _go_on_counting(connection: Connection, known: MetaData, last: dict[str, int]) -> None:
    """Have new rows numbered after all that were ever given; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in known.sorted_tables:
        if name := _sequence(connection, table):
            highest = connection.scalar(select(func.max(table.c.id))) or 0
            number = max(highest, int(last.get(table.name, 0)))
            if number:
                connection.execute(text("SELECT setval(:name, :number)"), {"name": name, "number": number})


def _sequence(connection: Connection, table: Table) -> str | None:
    if "id" not in table.columns:
        return None
    name: str | None = connection.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name})
    return name
