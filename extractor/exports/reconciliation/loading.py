"""An extract of the population database into the working database: persons, and rows that cannot be used."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb

from extractor.errors import ExportError
from extractor.exports.reconciliation import deriving
from extractor.exports.reconciliation.engine import literal
from extractor.exports.reconciliation.extract_text import ExtractText, extract_text, undecodable
from extractor.exports.reconciliation.profile import PopulationProfile
from extractor.exports.reconciliation.roles import ATTRIBUTES
from extractor.vietnamese.dates import PartialDate, parse_date


def load_population(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], profile: PopulationProfile, folder: Path
) -> int:
    """Fill the tables ``person`` and ``unusable`` from extracts; returns the number of persons.

    ``unusable`` lists rows by file, row number (as a spreadsheet counts, from 1) and reason; a reason that begins with
    ``warn_`` leaves the row in use. It holds no values.

    Args:
        folder: for copies of what DuckDB cannot read itself; it belongs to the working database.

    Raises:
        InputError: a file is missing, empty, or of no known type.
        ExportError: its columns do not fit the profile, or it cannot be decoded.
    """
    columns = ", ".join(f"{name} VARCHAR" for name in ATTRIBUTES)
    connection.execute(f"CREATE TABLE plain (file INTEGER, row BIGINT, {columns})")
    connection.execute("CREATE TABLE unusable (file INTEGER, row BIGINT, reason VARCHAR)")
    for number, path in enumerate(files):
        _load_file(connection, number, path, profile, folder)
    _sort_out(connection, profile)
    persons = int(connection.execute("SELECT count(*) FROM person").fetchall()[0][0])
    if not persons:
        reasons = connection.execute("SELECT reason, count(*) FROM unusable GROUP BY 1 ORDER BY 1").fetchall()
        listed = ", ".join(f"{reason} {number}" for reason, number in reasons) or "no rows"
        raise ExportError(
            f"{', '.join(str(path) for path in files)}: no row can be used ({listed}).",
            mend="Check the delimiter, the columns and the way dates are written against the profile.",
        )
    return persons


def _load_file(
    connection: duckdb.DuckDBPyConnection, number: int, path: Path, profile: PopulationProfile, folder: Path
) -> None:
    text = extract_text(path, profile, folder, number)
    for _ in range(text.hidden):
        connection.execute("INSERT INTO unusable VALUES (?, 1, 'sheet')", [number])
    _copy(connection, number, path, text, folder)


def _with_one_line_end(source: Path, target: Path) -> Path:
    with source.open(encoding="utf-8-sig") as old, target.open("w", encoding="utf-8", newline="\n") as new:
        while chunk := old.read(1 << 20):
            new.write(chunk)
    return target


def _copy(connection: duckdb.DuckDBPyConnection, number: int, path: Path, text: ExtractText, folder: Path) -> None:
    layout = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(text.width))
    chosen = ", ".join(
        deriving.clean(f"c{text.columns[name]}") if name in text.columns else "''" for name in ATTRIBUTES
    )
    query = f"""
        INSERT INTO plain SELECT {number}, 1 + row_number() OVER (), {chosen}
        FROM read_csv(?, delim = ?, header = false, skip = 1, columns = {{{layout}}}, quote = '"', escape = '"',
            auto_detect = false, store_rejects = true, rejects_scan = 'scan_{number}',
            rejects_table = 'errors_{number}')
    """  # noqa: S608 - numbers and our own names
    try:
        try:
            connection.execute(query, [literal(text.path), text.delimiter])
        except duckdb.InvalidInputException as error:
            if "unicode" in str(error).lower() or "utf" in str(error).lower():
                raise
            # Ends of lines of two kinds, as where lists were put together by hand.
            lines = _with_one_line_end(text.path, folder / f"lines-{number}.csv")
            connection.execute(query, [literal(lines), text.delimiter])
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        raise
    except duckdb.Error as error:
        if "unicode" in str(error).lower() or "utf" in str(error).lower():
            raise undecodable(path) from None
        raise ExportError(
            f"{path}: cannot be read as CSV ({type(error).__name__}).", mend="Save the extract as CSV UTF-8 again."
        ) from None
    # Rows that could not be taken apart are counted in, so that numbers are those of the file: the k-th of them (from
    # 0), in line r, has r - 2 - k good rows before it, and all rows behind those stand one line further down.
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE wrong AS
            SELECT line, row_number() OVER (ORDER BY line) AS shift, line - 1 - shift AS before FROM (
                SELECT DISTINCT line FROM errors_{number});
        UPDATE plain SET row = row + w.shift FROM (
            SELECT p.row AS at, max(w.shift) AS shift FROM plain AS p ASOF JOIN wrong AS w ON p.row - 1 > w.before
            WHERE p.file = {number} GROUP BY p.row
        ) AS w WHERE plain.file = {number} AND plain.row = w.at;
        UPDATE plain SET row = row + {text.above} WHERE file = {number} AND {text.above} > 0;
        INSERT INTO unusable SELECT {number}, line + {text.above}, 'columns' FROM wrong;
        DROP TABLE wrong;
        """  # noqa: S608
    )


def _number(column: str) -> str:
    """A number without what spreadsheets put around it; zeros that they drop are put back to ten and eleven digits."""
    bare = rf"""regexp_replace({deriving.plain_digits(column)}, '^[=''"]+|[''"]+$|[\s.]', '', 'g')"""
    return f"CASE WHEN {bare} SIMILAR TO '\\d{{10,11}}' THEN lpad({bare}, 12, '0') ELSE {bare} END"


def _sort_out(connection: duckdb.DuckDBPyConnection, profile: PopulationProfile) -> None:
    """Part usable rows from unusable ones, and make the table of persons."""
    parts = deriving.date_parts("birth", profile.date_order)
    told = ", ".join(
        f"(SELECT concat_ws('.', nullif(d.day, ''), nullif(d.month, ''), nullif(d.year, '')) FROM "  # noqa: S608
        f"(SELECT {deriving.date_parts(f'{kin}_birth', profile.date_order)} AS d)) AS {kin}_told"
        for kin in ("mother", "father")
    )
    twelve = r"SIMILAR TO '\d{12}'"
    connection.execute(
        f"""
        CREATE TABLE numbered AS SELECT * REPLACE (
            {_number("identity")} AS identity,
            {_number("old_identity")} AS old_identity,
            {_number("mother_identity")} AS mother_identity,
            {_number("father_identity")} AS father_identity) FROM plain;
        DROP TABLE plain;
        CREATE TABLE dated AS
        SELECT * EXCLUDE (dates) REPLACE (
                CASE WHEN identity {twelve} THEN identity ELSE '' END AS identity,
                -- A former card's number in the column of the new one.
                CASE WHEN old_identity = '' AND identity SIMILAR TO '\\d{{9}}' THEN identity ELSE old_identity END
                    AS old_identity,
                CASE WHEN mother_identity {twelve} THEN mother_identity ELSE '' END AS mother_identity,
                CASE WHEN father_identity {twelve} THEN father_identity ELSE '' END AS father_identity),
            identity <> '' AND NOT identity SIMILAR TO '\\d{{9}}|\\d{{12}}' AS odd,
            (mother_identity <> '' AND NOT mother_identity {twelve})
                OR (father_identity <> '' AND NOT father_identity {twelve}) AS odd_parent,
            {deriving.date_columns("dates")}, {told}
        FROM (SELECT *, {parts} AS dates FROM numbered);
        DROP TABLE numbered
        """  # noqa: S608
    )
    _other_dates(connection, profile)
    connection.execute(
        """
        ALTER TABLE dated ADD COLUMN used BOOLEAN;
        UPDATE dated SET used = name <> '' AND (year IS NOT NULL OR identity <> '' OR old_identity <> '');
        INSERT INTO unusable SELECT file, row, CASE WHEN name = '' THEN 'name' ELSE 'birth' END
        FROM dated WHERE NOT used AND NOT (name = '' AND identity = '' AND birth = '' AND NOT odd);
        INSERT INTO unusable SELECT file, row, 'warn_birth' FROM dated WHERE used AND year IS NULL;
        INSERT INTO unusable SELECT file, row, 'warn_identity' FROM dated WHERE used AND odd;
        INSERT INTO unusable SELECT file, row, 'warn_parent_identity' FROM dated WHERE used AND odd_parent;
        INSERT INTO unusable SELECT file, row, 'repeated' FROM (
            SELECT *, row_number() OVER (
                PARTITION BY identity, lower(name), coalesce(CAST(year AS VARCHAR), birth), month, day
                ORDER BY file, row
            ) AS place FROM dated WHERE used AND identity <> ''
        ) WHERE place > 1;
        """
    )
    # Two persons under one number: neither can be told to be the right one.
    connection.execute(
        f"""
        CREATE TABLE usable AS
        SELECT row_number() OVER (ORDER BY file, row) AS id, * EXCLUDE (odd, odd_parent, used),
            identity <> '' AND count(*) OVER (PARTITION BY identity) > 1 AS contested, 0 AS slack
        FROM dated
        WHERE used AND NOT EXISTS (SELECT 1 FROM unusable AS u
                WHERE u.file = dated.file AND u.row = dated.row AND u.reason = 'repeated');
        DROP TABLE dated;
        {deriving.derive("usable", "person")};
        DROP TABLE usable;
        """  # noqa: S608
    )


def _other_dates(connection: duckdb.DuckDBPyConnection, profile: PopulationProfile) -> None:
    """Dates in other writings: a spreadsheet's day numbers, and what :func:`parse_date` understands."""
    rows = connection.execute("SELECT DISTINCT birth FROM dated WHERE year IS NULL AND birth <> ''").fetchall()
    understood = [(text, *date) for (text,) in rows if (date := _other_date(text, profile.date_order))]
    if understood:
        connection.execute("CREATE TEMP TABLE other_dates (birth VARCHAR, year INTEGER, month INTEGER, day INTEGER)")
        connection.executemany("INSERT INTO other_dates VALUES (?, ?, ?, ?)", [list(row) for row in understood])
        connection.execute(
            "UPDATE dated SET year = o.year, month = o.month, day = o.day FROM other_dates AS o "
            "WHERE dated.birth = o.birth AND dated.year IS NULL; DROP TABLE other_dates"
        )


def _other_date(text: str, order: str) -> tuple[int, int | None, int | None] | None:
    text = unicodedata.normalize("NFKC", text)
    if re.fullmatch(r"[1-6]\d{4}", text):
        day = date(1899, 12, 30) + timedelta(days=int(text))
        return day.year, day.month, day.day
    # Figures alone mean what the profile says, words always the same.
    found = parse_date(text) if order == "dmy" or re.search(r"[^\W\d_]", text) else None
    return (found.year, found.month, found.day) if isinstance(found, PartialDate) else None
