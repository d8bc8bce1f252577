"""Compare the pairs: a level for each attribute, in SQL; names that are not equal are compared in Python, once each."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

from extractor.exports.reconciliation.deriving import PLACES
from extractor.exports.reconciliation.engine import literal
from extractor.exports.reconciliation.names import compare_names
from extractor.exports.reconciliation.weights import Weights

NAMES = ("name", "mother", "father", "spouse")
COMPARED_PLACES = ("origin", "residence")
COMPARISONS = (
    *NAMES, "birth", "mother_year", "father_year", "sex", "ethnic", "identity", "paper", "family", *COMPARED_PLACES,
)  # fmt: skip
"""Everything that is compared; levels count from 0, -1 where one side knows nothing."""

_PROVINCE = 2
"""Level of places in one province."""
_AMONG = {
    "name": "''",
    "mother": "coalesce({0}.ethnic_key, '')",
    "father": "concat_ws('|', {0}.ethnic_key, {0}.surname_sound)",
    "spouse": "coalesce({0}.ethnic_key, '')",
}
"""Among whom names are counted: whoever bears the name is of a people, and mostly of the father's family name, so that
kin of that people and family name tell less than others."""
_BATCH = 50_000
_EIGHT = "printf('%04d%02d%02d', {0}.year, {0}.month, {0}.day)"
_FULL = "s.day IS NOT NULL AND p.day IS NOT NULL"
_BIRTH = f"""CASE
    WHEN s.year IS NULL OR p.year IS NULL THEN -1
    WHEN s.slack > 0 THEN CASE WHEN abs(s.year - p.year) <= s.slack THEN 8 ELSE 7 END
    WHEN s.year = p.year AND s.month = p.month AND s.day = p.day THEN 0
    WHEN s.year = p.year AND (s.month IS NULL OR p.month IS NULL
        OR (s.month = p.month AND (s.day IS NULL OR p.day IS NULL))) THEN 1
    WHEN s.year = p.year AND s.month = p.day AND s.day = p.month THEN 2
    WHEN {_FULL} AND hamming({_EIGHT.format("s")}, {_EIGHT.format("p")}) = 1 THEN 3
    WHEN s.year = p.year AND (s.month = p.month OR s.day = p.day) THEN 4
    WHEN s.year = p.year THEN 5
    WHEN (s.month IS NULL OR p.month IS NULL OR s.month = p.month)
        AND (abs(s.year - p.year) = 1 OR hamming(CAST(s.year AS VARCHAR), CAST(p.year AS VARCHAR)) = 1) THEN 6
    ELSE 7 END"""


def _name(prefix: str) -> str:
    return f"""CASE
        WHEN s.{prefix}_key IS NULL OR p.{prefix}_key IS NULL THEN -1
        WHEN s.{prefix}_key = p.{prefix}_key THEN 0
        WHEN s.{prefix}_sound = p.{prefix}_sound THEN 1
        ELSE coalesce(n_{prefix}.level, 5) END"""


def _parent(own: str, other: str) -> str:
    """A parent's name; 6 where book and extract have father and mother in each other's place."""
    swapped = (
        f"s.{own}_sound = p.{other}_sound AND s.{other}_sound = p.{own}_sound AND s.{own}_sound <> s.{other}_sound"
    )
    return _name(own).replace("CASE", f"CASE WHEN {swapped} THEN 6", 1)


def _same(own: str, other: str | None = None) -> str:
    other = other or own
    return f"""CASE
        WHEN coalesce(CAST(s.{own} AS VARCHAR), '') = '' OR coalesce(CAST(p.{other} AS VARCHAR), '') = '' THEN -1
        WHEN s.{own} = p.{other} THEN 0 ELSE 1 END"""


def _year(column: str) -> str:
    swapped = "s.mother_sound = p.father_sound AND s.father_sound = p.mother_sound AND s.mother_sound <> s.father_sound"
    return f"""CASE WHEN {swapped} THEN -1
        WHEN s.{column} IS NULL OR p.{column} IS NULL THEN -1 WHEN s.{column} = p.{column} THEN 0
        WHEN abs(s.{column} - p.{column}) = 1
            OR hamming(CAST(s.{column} AS VARCHAR), CAST(p.{column} AS VARCHAR)) = 1 THEN 1
        ELSE 2 END"""


def _place(column: str) -> str:
    """A place: in the same commune of today, in that of another of the person's places, in the same province."""
    own, tail = f"{column}_communes", "array_to_string(string_split({}, ' ')[-2:], ' ')"
    elsewhere = " OR ".join(f"list_has_any(s.{own}, p.{other}_communes)" for other in PLACES if other != column)
    words = f"s.{column}_words", f"p.{column}_words"
    # Places that no table knows are the same where their words are, and more of them than a province has.
    return f"""CASE WHEN {words[0]} IS NULL THEN -1
        WHEN list_has_any(s.{own}, p.{own}) THEN 0
        WHEN s.{own} IS NULL AND p.{own} IS NULL AND {words[0]} = {words[1]}
            AND length(string_split({words[0]}, ' ')) > 4 THEN 0
        WHEN {elsewhere} THEN 1
        WHEN {words[1]} IS NULL THEN -1
        WHEN list_has_any(s.{column}_provinces, p.{column}_provinces) THEN 2
        WHEN s.{column}_provinces IS NOT NULL AND p.{column}_provinces IS NOT NULL THEN 3
        WHEN {tail.format(words[0])} = {tail.format(words[1])} THEN 2
        ELSE -1 END"""


_LEVELS = {
    **{prefix: _name(prefix) for prefix in NAMES},
    "mother": _parent("mother", "father"),
    "father": _parent("father", "mother"),
    "birth": _BIRTH,
    "mother_year": _year("mother_year"),
    "father_year": _year("father_year"),
    "sex": _same("sex_code"),
    "ethnic": _same("ethnic_key"),
    "identity": """CASE WHEN s.identity = '' OR p.identity = '' OR length(s.identity) <> length(p.identity) THEN -1
        WHEN s.identity = p.identity THEN 0 WHEN hamming(s.identity, p.identity) = 1 THEN 1 ELSE 2 END""",
    "paper": """CASE WHEN s.old_identity = '' OR p.old_identity = '' THEN -1
        WHEN s.old_identity = p.old_identity THEN 0 ELSE 1 END""",
    "family": _same("family", "identity"),
    **{column: _place(column) for column in COMPARED_PLACES},
}

_ELIGIBLE = """(
    (l_name BETWEEN 0 AND 3 AND l_birth IN (0, 1, 2, 3, 4, 8))
    OR (l_name IN (0, 1) AND l_birth IN (5, 6) AND (l_mother IN (0, 1, 6) OR l_father IN (0, 1) OR l_spouse IN (0, 1)))
    OR (l_name IN (0, 1) AND l_birth = -1 AND (l_mother IN (0, 1) OR l_father IN (0, 1) OR l_spouse IN (0, 1)))
    OR (l_name IN (0, 1) AND l_mother IN (0, 1) AND l_father IN (0, 1))
    OR (l_birth = 0 AND (l_identity = 0 OR l_paper = 0))
    OR (l_name BETWEEN 0 AND 4 AND (l_identity = 0 OR l_family = 0 OR (l_paper = 0 AND l_birth <> 7))))"""
"""A link needs evidence of the person's own: kin and places alone fit brothers and sisters as well."""

_KIN = """(NOT eligible AND l_name >= 4 AND l_birth IN (0, 1) AND l_mother IN (-1, 0, 1) AND l_father IN (-1, 0, 1)
    AND (l_mother >= 0 OR l_father >= 0))"""
"""Born the same day of the same parents under another name: a twin, or the same person renamed."""


def compare_levels(
    connection: duckdb.DuckDBPyConnection, weights: Weights, folder: Path, table: str = "subject"
) -> None:
    """Make the table ``compared`` from ``pair``: levels (``l_...``) and how rare names and places are (``r_...``)."""
    _compare_names(connection, folder, table)
    _count_names(connection, weights)
    _count_places(connection, weights)
    levels = ", ".join(f"CAST({sql} AS TINYINT) AS l_{name}" for name, sql in _LEVELS.items())
    joins = " ".join(
        f"LEFT JOIN name_pair AS n_{prefix} ON n_{prefix}.one = s.{prefix}_key AND n_{prefix}.other = p.{prefix}_key "
        f"LEFT JOIN {prefix}_share AS f_{prefix} ON f_{prefix}.sound = p.{prefix}_sound "
        f"AND f_{prefix}.among = {_AMONG[prefix].format('p')}"
        for prefix in NAMES
    )
    rare = ", ".join(f"coalesce(f_{column}.rare, 0) AS r_{column}" for column in NAMES)
    for column in COMPARED_PLACES:
        province = f"s.{column}_provinces[1]"
        joins += f""" LEFT JOIN {column}_share AS f_{column} ON f_{column}.key = s.{column}_key
            LEFT JOIN {column}_province_share AS w_{column} ON w_{column}.key = {province}"""
        rare += f", coalesce(f_{column}.rare, 0) AS r_{column}, coalesce(w_{column}.rare, 0) AS w_{column}"
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE compared AS SELECT pair.s, pair.p, {levels}, {rare}
        FROM pair JOIN {table} AS s ON s.id = pair.s JOIN person AS p ON p.id = pair.p {joins}
        """  # noqa: S608 - our own names
    )


def compare_pairs(
    connection: duckdb.DuckDBPyConnection, weights: Weights, persons: int, folder: Path, table: str = "subject"
) -> None:
    """Make the table ``edge`` from ``pair``: levels, ``net`` bits, ``eligible`` and ``kin``.

    ``net`` is above 0 where it is likelier that the pair is one person than that the person is not in the extract.
    """
    compare_levels(connection, weights, folder, table)
    bits = " + ".join(_bits(name, weights) for name in COMPARISONS)
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE edge AS
        WITH judged AS (SELECT *, {bits} + {weights.prior(persons)} AS net, {_ELIGIBLE} AS eligible FROM compared)
        SELECT *, {_KIN} AS kin FROM judged WHERE (net > {weights.kept} AND (eligible OR {_KIN}))
            OR (l_name IN (0, 1) AND l_birth = 0);
        DROP TABLE compared
        """  # noqa: S608 - our own names and numbers
    )


def _bits(name: str, weights: Weights) -> str:
    cases = []
    for number, level in enumerate(weights.comparisons[name]):
        of = "w" if name in COMPARED_PLACES and number == _PROVINCE else "r"
        rare = f" + {level.rarity} * {of}_{name}" if level.rarity else ""
        cases.append(f"WHEN {number} THEN {level.bits:.6f}{rare}")
    return f"(CASE l_{name} {' '.join(cases)} ELSE 0 END)"


def _compare_names(connection: duckdb.DuckDBPyConnection, folder: Path, table: str) -> None:
    """The table ``name_pair``: levels of names that sound otherwise but may be one name; all others are ``other``."""
    parts = [
        f"""SELECT s.{prefix}_key AS one, p.{prefix}_key AS other
        FROM pair JOIN {table} AS s ON s.id = pair.s JOIN person AS p ON p.id = pair.p
        WHERE s.{prefix}_sound <> p.{prefix}_sound AND (levenshtein(s.{prefix}_sound, p.{prefix}_sound) <= 2
            OR levenshtein(s.{prefix}_key, p.{prefix}_key) <= 2
            OR (string_split(s.{prefix}_sound, ' ')[1] = string_split(p.{prefix}_sound, ' ')[1]
                AND string_split(s.{prefix}_sound, ' ')[-1] = string_split(p.{prefix}_sound, ' ')[-1]))"""  # noqa: S608
        for prefix in NAMES
    ]
    reader = connection.cursor()
    reader.execute(" UNION ".join(parts))
    path = folder / "names.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        while rows := reader.fetchmany(_BATCH):
            writer.writerows((one, other, compare_names(one, other).level) for one, other in rows)
    reader.close()
    connection.execute(
        "CREATE OR REPLACE TABLE name_pair AS SELECT * FROM read_csv(?, header = false, auto_detect = false, "
        "delim = ',', quote = '\"', escape = '\"', "
        "columns = {'one': 'VARCHAR', 'other': 'VARCHAR', 'level': 'TINYINT'})",
        [literal(path)],
    )
    path.unlink()


def _count_names(connection: duckdb.DuckDBPyConnection, weights: Weights) -> None:
    """How much rarer each name is than two names agree by chance where the weights were made, in bits.

    A small extract makes frequent names look rare, so that none counts as rarer than in the whole country.
    """
    for prefix in NAMES:
        usual = weights.comparisons[prefix][0].u
        connection.execute(
            f"""
            CREATE TABLE IF NOT EXISTS {prefix}_share AS
            WITH counted AS (
                SELECT {prefix}_sound AS sound, {_AMONG[prefix].format("person")} AS among, count(*) AS persons
                FROM person WHERE {prefix}_sound IS NOT NULL GROUP BY ALL
            ), shared AS (SELECT *, persons / sum(persons) OVER (PARTITION BY among) AS share FROM counted)
            SELECT sound, among, log2({usual} / greatest(share, common_share(sound))) AS rare FROM shared
            """  # noqa: S608
        )


def _count_places(connection: duckdb.DuckDBPyConnection, weights: Weights) -> None:
    """How much more often each place stands in the extract than where the weights were made, in bits, never above 0.

    In the extract of one commune everybody lives there, and living there tells nothing.
    """
    for column in COMPARED_PLACES:
        levels = weights.comparisons[column]
        for table, key, usual in (
            (f"{column}_share", f"{column}_key", levels[0].u),
            (f"{column}_province_share", f"{column}_provinces[1]", levels[_PROVINCE].u),
        ):
            connection.execute(
                f"""
                CREATE TABLE IF NOT EXISTS {table} AS
                WITH counted AS (
                    SELECT {key} AS key, count(*) AS persons FROM person WHERE {key} IS NOT NULL GROUP BY 1
                )
                SELECT key, least(0, log2({usual} * (SELECT sum(persons) FROM counted) / persons)) AS rare FROM counted
                """  # noqa: S608
            )
