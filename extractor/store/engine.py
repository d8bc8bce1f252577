"""Open a database so that what was acknowledged stays: SQLite in one file, or PostgreSQL for several machines."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError

from extractor.errors import StoreError

BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up."""

SCRUB_MILLISECONDS = 3_000
"""How long giving up room waits for those who read or write."""

_WRITE = "extractor_write"

_PAUSE_SECONDS = 1.0
"""A connection unused for longer may have lost its server meanwhile."""


def to_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no blanks, letters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# Parameters are text of registers: they must not get into messages of errors.
_COMMON: dict[str, Any] = {"json_serializer": to_json, "hide_parameters": True}


def parse_url(url: str) -> URL:
    """Check a database URL and choose its driver.

    Args:
        url: ``sqlite:///relative.sqlite``, ``sqlite:////absolute.sqlite`` or ``postgresql://user@host/name``.

    Raises:
        StoreError: the URL is none of these.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "The database URL cannot be read.", mend="Write sqlite:///file.sqlite or postgresql://user@host/name."
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("The database URL names no file.", mend="Write sqlite:///file.sqlite.")
        return parsed.set(drivername="sqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"There is no support for databases of the kind '{backend}'.", mend="Use sqlite or postgresql.")


def make_engine(url: URL) -> Engine:
    """Engine with one behaviour on both databases: real transactions, durable commits, foreign keys checked."""
    if url.get_backend_name() == "sqlite":
        _create_private(Path(url.database or ""))
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **_COMMON)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, connect_args={"connect_timeout": 15}, **_COMMON)
    event.listen(engine, "checkin", _note_pause)
    event.listen(engine, "checkout", _look_after_pause)
    return engine


def writing(engine: Engine) -> Engine:
    """Same pool, but transactions take SQLite's write lock at their start, so that what they read stays true."""
    return engine.execution_options(**{_WRITE: True})


def at_one_moment(engine: Engine) -> Engine:
    """Same pool, but all that one transaction reads is of one moment; on SQLite that is so anyway."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def looking(engine: Engine) -> Engine:
    """Same pool, for looks at what single statements tell: on PostgreSQL each is a transaction of its own.

    Its transactions see each statement's own moment anyway, so that this saves only their beginnings and ends.
    """
    if engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def scrub(engine: Engine) -> bool:
    """Give up the room of rows that are gone; returns whether nothing of them is left in SQLite's files."""
    raw = engine.raw_connection()
    try:
        if engine.dialect.name == "postgresql":
            driver: Any = raw.driver_connection
            driver.rollback()
            driver.autocommit = True
            driver.execute("VACUUM")
            driver.autocommit = False
            return True
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout={SCRUB_MILLISECONDS}")
        cursor.execute("VACUUM")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    except engine.dialect.loaded_dbapi.OperationalError:
        return False  # somebody wrote all the time
    finally:
        raw.invalidate()  # its settings are not those of others


def _note_pause(_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


def _look_after_pause(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that nobody used for a while whether its server is still there; at every use it costs dear."""
    since = record.info.get("idle_since")
    if since is None or time.monotonic() - since < _PAUSE_SECONDS:
        return
    try:
        connection.execute("")
        connection.rollback()
    except Exception as error:
        raise InvalidatePoolError from error


def _create_private(path: Path) -> None:
    """Make a new database file that only its owner may read: it holds personal data."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        found = path.stat()
        # An empty file that lay there becomes the database. What is no file, such as /dev/null, keeps its rights.
        if stat.S_ISREG(found.st_mode) and not found.st_size and found.st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"{path}: the database file cannot be opened ({error.strerror}).", mend="Choose a writable place with --db."
        ) from error


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
