"""Pairs of records and persons worth comparing: those that share one of several keys (``blocking.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import duckdb
import yaml

_COLUMNS = frozenset({
    "identity", "year", "month", "day", "name_sound", "surname_sound", "given_sound", "mother_sound", "mother_given",
    "father_sound", "spouse_sound", "residence_key", "residence_province", "after_surname_sound", "sex_code",
})  # fmt: skip

_NUMBERS = (
    ("old_identity", "old_identity"),
    ("old_identity", "identity"),
    ("identity", "old_identity"),
    ("family", "identity"),
)


@dataclass(frozen=True, slots=True)
class Blocking:
    """Keys, each a list of derived columns; ``most``: persons that may share one."""

    keys: tuple[tuple[str, ...], ...]
    most: int


@cache
def blocking() -> Blocking:
    """The keys of ``blocking.yaml``."""
    data = yaml.safe_load((resources.files(__package__) / "blocking.yaml").read_text(encoding="utf-8"))
    keys = tuple(tuple(key) for key in data["keys"])
    if unknown := {column for key in keys for column in key} - _COLUMNS:
        raise ValueError(f"blocking.yaml: unknown columns {', '.join(sorted(unknown))}")
    return Blocking(keys, int(data["most"]))


def find_pairs(connection: duckdb.DuckDBPyConnection, table: str = "subject", rules: Blocking | None = None) -> int:
    """Make the tables ``pair`` (subject ``s``, person ``p``) and ``crowded`` (subjects with a key passed over).

    A number given as a subject's other number, or by its family, is looked for among all numbers. Returns the
    number of pairs.
    """
    rules = rules or blocking()
    connection.execute("CREATE OR REPLACE TABLE found (s INTEGER, p BIGINT)")
    connection.execute("CREATE OR REPLACE TABLE crowded (s INTEGER)")
    for own, other in _NUMBERS:
        connection.execute(
            f"INSERT INTO found SELECT s.id, p.id FROM {table} AS s JOIN person AS p "  # noqa: S608
            f"ON s.{own} = p.{other} WHERE s.{own} <> ''"
        )
    for key in rules.keys:
        _find(connection, table, key, rules.most)
    connection.execute("CREATE OR REPLACE TABLE pair AS SELECT DISTINCT s, p FROM found; DROP TABLE found")
    return int(connection.execute("SELECT count(*) FROM pair").fetchall()[0][0])


def _find(connection: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...], most: int) -> None:
    columns = ", ".join(key)
    present = " AND ".join(f"{column} IS NOT NULL AND CAST({column} AS VARCHAR) <> ''" for column in key)
    # Counting only the keys that subjects have keeps the aggregate small.
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE wanted AS SELECT DISTINCT {columns} FROM {table} WHERE {present};
        CREATE OR REPLACE TEMP TABLE held AS
            SELECT {columns}, count(*) AS persons, list(id) AS ids FROM person SEMI JOIN wanted USING ({columns})
            GROUP BY {columns};
        INSERT INTO found SELECT s.id, unnest(h.ids) FROM {table} AS s JOIN held AS h USING ({columns})
            WHERE h.persons <= {most};
        """  # noqa: S608
    )
    if "name_sound" in key:
        # Only a whole name passed over leaves open whether the person is there.
        connection.execute(
            f"INSERT INTO crowded SELECT s.id FROM {table} AS s JOIN held AS h USING ({columns}) "  # noqa: S608
            f"WHERE h.persons > {most}"
        )
    connection.execute("DROP TABLE wanted; DROP TABLE held")
