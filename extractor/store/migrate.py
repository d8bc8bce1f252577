"""Bring a database to the current schema when it is opened."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path
from sqlite3 import complete_statement
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DatabaseError

from extractor.errors import StoreError
from extractor.store.engine import writing
from extractor.store.foreign import must_be_own

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0010"
"""Newest migration; kept here so that opening a current database needs no Alembic."""

SCHEMA_FILE = "schema.sql"
"""What all migrations make of an empty SQLite file; ``scripts/schema-sql`` writes it."""

_LOCK = 0x6D69_6772


def upgrade(engine: Engine) -> None:
    """Create or upgrade the schema; two processes may do so at once.

    Raises:
        StoreError: the database cannot be reached, or another program or a newer version of this one made it.
    """
    if engine.dialect.name == "sqlite":
        must_be_own(Path(engine.url.database or ""))
    try:
        with engine.connect() as connection:
            if _revision(connection) == HEAD:
                return
        with writing(engine).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
                _create(connection)
            elif _revision(connection) != HEAD:
                upgrade_within(connection)
    except DatabaseError as error:
        problem, mend = _reason(error)
        raise StoreError(f"{_shown(engine)}: {problem}.", mend=mend) from error


def _reason(error: DatabaseError) -> tuple[str, str]:
    """What is wrong with a database that cannot be opened, and how to mend it."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        return "this is no database, or it cannot be reached", "Check the address and the server."
    if code & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return "this is no database, or it is damaged", "Put it back from a backup ('extractor restore')."
    # SQLite's own words, such as "database or disk is full"; they quote nothing that is stored.
    return f"it cannot be opened ({error.orig})", "Check the free space of its disk and the rights of its folder."


def _shown(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _create(connection: Connection) -> None:
    """Make the current schema in an empty SQLite file, without the half second that Alembic needs for its steps."""
    statement = ""
    for line in resources.files(__package__).joinpath(SCHEMA_FILE).read_text("utf-8").splitlines(keepends=True):
        statement += line
        if complete_statement(statement):
            connection.exec_driver_sql(statement)
            statement = ""


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def upgrade_within(connection: Connection, target: str = HEAD) -> None:
    """Create or upgrade the schema in the transaction of ``connection``.

    Args:
        target: the migration to stop at, as for rows that were written with an older schema.

    Raises:
        StoreError: the database, or the target, is of a newer version of this program.
    """
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for revision in (_revision(connection), target):
        if revision is not None and revision not in known:
            raise StoreError(
                f"{_shown(connection.engine)}: has schema {revision}, which this version does not know.",
                mend="Install the version that made it, or a newer one.",
            )
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def alembic_config() -> Config:
    """Alembic configuration that finds the migrations inside the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "extractor.store:migrations")
    config.set_main_option("path_separator", "os")
    return config


def schema_of(connection: Connection) -> str | None:
    """Newest migration that a database went through; none where it is empty."""
    return _revision(connection)


def is_current(connection: Connection) -> bool:
    """Whether a database has the schema of this version."""
    return schema_of(connection) == HEAD
