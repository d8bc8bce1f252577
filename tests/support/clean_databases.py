"""PostgreSQL databases that tests give back clean: making one costs more than most tests that use it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg

_OWN = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

_SCHEMA = f"""
SELECT 'relation', n.nspname, c.relname, concat_ws('|', c.relkind, c.relpersistence, c.relacl, c.reloptions,
    c.relrowsecurity, c.relforcerowsecurity,
    CASE c.relkind WHEN 'i' THEN pg_get_indexdef(c.oid) WHEN 'v' THEN pg_get_viewdef(c.oid) END)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OWN}
UNION ALL SELECT 'column', c.relname, a.attname, concat_ws('|', a.attnum, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE {_OWN} AND a.attnum > 0
UNION ALL SELECT 'constraint', n.nspname, k.conname, concat_ws('|', k.convalidated, pg_get_constraintdef(k.oid))
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE {_OWN}
UNION ALL SELECT 'trigger', c.relname, t.tgname, concat_ws('|', t.tgenabled, pg_get_triggerdef(t.oid))
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL SELECT 'function', n.nspname, p.proname, pg_get_functiondef(p.oid)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OWN} AND p.prokind IN ('f', 'p')
UNION ALL SELECT 'sequence', schemaname, sequencename,
    concat_ws('|', start_value, increment_by, min_value, max_value, cycle, cache_size) FROM pg_sequences
UNION ALL SELECT 'extension', '', extname, extversion FROM pg_extension
UNION ALL SELECT 'schema', '', n.nspname, n.nspacl::text FROM pg_namespace n WHERE {_OWN}
UNION ALL SELECT 'setting', setrole::text, '', setconfig::text FROM pg_db_role_setting
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY 1, 2, 3, 4
"""
"""All that statements of a test could have changed, but for rows and the places of sequences."""

_ROWS = f"""
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OWN} AND c.relkind = 'r' ORDER BY 1
"""


class CleanDatabases:
    """Databases as one template is, each used by one test at a time.

    One that cannot be given back as the template was (its schema was changed, somebody is still connected) is dropped.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._free: list[str] = []
        with psycopg.connect(self.url(template)) as connection:
            self._schema = connection.execute(_SCHEMA).fetchall()
            self._tables = [name for (name,) in connection.execute(_ROWS)]
            self._filled = {name: rows for name in self._tables if (rows := _rows_of(connection, name))}
            self._places = _places_of(connection)

    def url(self, name: str) -> str:
        """URL of a database of the server."""
        return self._server.replace("/postgres?", f"/{name}?")

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of a database that is as the template is."""
        name = self._free.pop() if self._free else self._new()
        yield self.url(name)
        if self._cleaned(name):
            self._free.append(name)
        else:
            with psycopg.connect(self._server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _new(self) -> str:
        name = f"t{uuid4().hex[:12]}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return name

    def _cleaned(self, name: str) -> bool:
        """Take away what a test wrote; returns whether all is then as in the template."""
        try:
            with psycopg.connect(self.url(name), autocommit=True) as connection:
                if not _alone(connection):
                    return False
                with connection.transaction():
                    return self._clean(connection)
        except psycopg.Error:
            return False

    def _clean(self, connection: psycopg.Connection[Any]) -> bool:
        if connection.execute(_SCHEMA).fetchall() != self._schema:
            return False
        connection.execute("SET LOCAL session_replication_role = replica")  # triggers keep what is written
        connection.execute("SET LOCAL lock_timeout = '5s'")
        for table in self._tables:
            if table not in self._filled:
                connection.execute(f"DELETE FROM {table}")
        for sequence, place in self._places.items():
            connection.execute("SELECT setval(%s::regclass, coalesce(%s, 1), %s)", (sequence, place, place is not None))
        return {table: _rows_of(connection, table) for table in self._filled} == self._filled


def _alone(connection: psycopg.Connection[Any]) -> bool:
    """Whether nobody else is connected; those who hung up are still there for a moment."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    for _ in range(50):
        if connection.execute(asked).fetchone() == (0,):
            return True
        time.sleep(0.01)
    return False


def _rows_of(connection: psycopg.Connection[Any], table: str) -> list[Any]:
    return sorted(text for (text,) in connection.execute(f"SELECT t::text FROM {table} t"))


def _places_of(connection: psycopg.Connection[Any]) -> dict[str, int | None]:
    asked = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"
    return dict(connection.execute(asked).fetchall())
