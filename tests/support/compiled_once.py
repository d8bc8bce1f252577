"""Statements are compiled once in a process, as in one that runs for long, not anew for every store of a test."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from extractor.store import engine

STATEMENTS = 4_000
"""More than all tests of a process run, so that none is compiled twice."""


def compile_once(patch: pytest.MonkeyPatch) -> None:
    """Let all engines of one database's driver share what they compiled.

    SQLAlchemy keeps compiled statements by engine and by the identity of its dialect. All engines of the product are
    made with the same options, and all PostgreSQL servers of a process are of one version: they compile to the same.
    """
    compiled: dict[str, LRUCache[Any, Any]] = {}

    def make(url: Any, **options: Any) -> Any:
        made = create_engine(url, **options)
        made._compiled_cache = compiled.setdefault(made.driver, LRUCache(STATEMENTS))
        return made

    for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        patch.setattr(dialect, "__hash__", lambda self: hash(type(self)))
        patch.setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))
    patch.setattr(engine, "create_engine", make)
