"""An extract of the population database into the working database: CSV is streamed, workbooks are read row by row."""

from __future__ import annotations

import codecs
import csv
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb

from extractor.errors import EmptyInputError, ExportError, InputError, MissingInputError, UnsupportedTypeError
from extractor.exports.reconciliation import deriving
from extractor.exports.reconciliation.engine import literal
from extractor.exports.reconciliation.profile import PopulationProfile, population_profiles
from extractor.exports.reconciliation.roles import ATTRIBUTES, Attribute

_WORKBOOKS = (".xlsx", ".xlsm")
_TEXTS = (".csv", ".txt", ".tsv")
_UTF8 = frozenset({"utf-8", "utf_8", "utf8", "utf-8-sig", "ascii"})
_SHOWN = {"dmy": "%d/%m/%Y", "ymd": "%Y-%m-%d", "mdy": "%m/%d/%Y"}


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
    if not path.is_file():
        raise MissingInputError(path, "there is no such file.", mend="Check the path given with --population.")
    if not path.stat().st_size:
        raise EmptyInputError(path, "the file is empty.", mend="Ask for the extract again.")
    suffix = path.suffix.lower()
    delimiter, encoding, text = profile.delimiter, profile.encoding.lower(), path
    if suffix in _WORKBOOKS:
        text, delimiter, encoding = folder / f"sheet-{number}.csv", ",", "utf-8"
        _write_sheet(path, text, profile)
    elif suffix not in _TEXTS:
        raise UnsupportedTypeError(
            path, "this is no CSV file and no workbook.", mend="Save it as .csv or .xlsx and try again."
        )
    elif encoding not in _UTF8:
        text = folder / f"text-{number}.csv"
        _recode(path, text, encoding)
    delimiter, headers = _headers(path, text, delimiter)
    try:
        found = profile.match(headers)
    except ValueError as error:
        raise ExportError(f"{path}: {error}.", mend=_mend(headers, profile)) from None
    _copy(connection, number, path, text, folder=folder, delimiter=delimiter, width=len(headers), found=found)


def _mend(headers: Sequence[str], profile: PopulationProfile) -> str:
    for other in population_profiles().values():
        try:
            other.match(headers)
        except ValueError:
            continue
        return f"Profile '{other.name}' fits this file: --profile {other.name}."
    return (
        f"Profile '{profile.name}' lists the known columns; name others under 'ignored' in a profile of your own "
        "(--profile FILE.yaml)."
    )


def _headers(path: Path, text: Path, delimiter: str) -> tuple[str, list[str]]:
    """The delimiter, that of the profile unless the header row is plainly parted otherwise, and the headers."""
    try:
        with text.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except UnicodeDecodeError:
        raise _undecodable(path) from None
    rows = ((sign, next(csv.reader([line], delimiter=sign), [])) for sign in (delimiter, ";", "\t", ","))
    delimiter, headers = max(rows, key=lambda pair: len(pair[1]) > 1)
    if not any(header.strip() for header in headers):
        raise EmptyInputError(path, "there is no header row.", mend="The first row must name the columns.")
    return delimiter, [header.strip() for header in headers]


def _undecodable(path: Path) -> ExportError:
    return ExportError(
        f"{path}: the text is not in the encoding of the profile.",
        mend="Save the extract as CSV UTF-8, or name its encoding in a profile of your own.",
    )


def _recode(source: Path, target: Path, encoding: str) -> None:
    try:
        codecs.lookup(encoding)
        with source.open(encoding=encoding, newline="") as old, target.open("w", encoding="utf-8", newline="") as new:
            while chunk := old.read(1 << 20):
                new.write(chunk)
    except LookupError:
        raise ExportError(f"Encoding '{encoding}' is not known.", mend="Name it as Python does, like cp1258.") from None
    except UnicodeDecodeError:
        raise _undecodable(source) from None


def _write_sheet(source: Path, target: Path, profile: PopulationProfile) -> None:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        workbook = openpyxl.load_workbook(source, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(
            source, f"no readable workbook ({type(error).__name__}).", mend="Save it as .xlsx again."
        ) from error
    try:
        if profile.sheet and profile.sheet not in workbook.sheetnames:
            raise ExportError(f"{source}: there is no sheet '{profile.sheet}'.", mend="Correct 'sheet' in the profile.")
        sheet = workbook[profile.sheet] if profile.sheet else workbook.worksheets[0]
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_rows(sheet.iter_rows(values_only=True), profile))
    finally:
        workbook.close()


def _rows(rows: Iterator[tuple[object, ...]], profile: PopulationProfile) -> Iterator[list[str]]:
    """Rows as text, all as long as the header; rows without any content keep their place."""
    width = 0
    for row in rows:
        cells = [_cell(value, profile) for value in row]
        if not width:
            width = max((index + 1 for index, cell in enumerate(cells) if cell), default=0)
        yield (cells + [""] * width)[:width]


def _cell(value: object, profile: PopulationProfile) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime(_SHOWN[profile.date_order])
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _with_one_line_end(source: Path, target: Path) -> Path:
    with source.open(encoding="utf-8-sig") as old, target.open("w", encoding="utf-8", newline="\n") as new:
        while chunk := old.read(1 << 20):
            new.write(chunk)
    return target


def _copy(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    path: Path,
    text: Path,
    *,
    folder: Path,
    delimiter: str,
    width: int,
    found: dict[Attribute, int],
) -> None:
    layout = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(width))
    chosen = ", ".join(deriving.clean(f"c{found[name]}") if name in found else "''" for name in ATTRIBUTES)
    query = f"""
        INSERT INTO plain SELECT {number}, 1 + row_number() OVER (), {chosen}
        FROM read_csv(?, delim = ?, header = false, skip = 1, columns = {{{layout}}}, quote = '"', escape = '"',
            auto_detect = false, store_rejects = true, rejects_scan = 'scan_{number}',
            rejects_table = 'errors_{number}')
    """  # noqa: S608 - numbers and our own names
    try:
        try:
            connection.execute(query, [literal(text), delimiter])
        except duckdb.InvalidInputException as error:
            if "unicode" in str(error).lower() or "utf" in str(error).lower():
                raise
            # Ends of lines of two kinds, as where lists were put together by hand.
            connection.execute(query, [literal(_with_one_line_end(text, folder / f"lines-{number}.csv")), delimiter])
    except duckdb.Error as error:
        if "unicode" in str(error).lower() or "utf" in str(error).lower():
            raise _undecodable(path) from None
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
        INSERT INTO unusable SELECT {number}, line, 'columns' FROM wrong;
        DROP TABLE wrong;
        """  # noqa: S608
    )


def _sort_out(connection: duckdb.DuckDBPyConnection, profile: PopulationProfile) -> None:
    """Part usable rows from unusable ones, and make the table of persons."""
    digits = r"regexp_replace(identity, '[\s.]', '', 'g')"
    parts = deriving.date_parts("birth", profile.date_order)
    connection.execute(
        f"""
        CREATE TABLE dated AS
        SELECT * REPLACE (
                -- Spreadsheets drop the zeros a number begins with; no number has ten or eleven digits.
                CASE WHEN {digits} SIMILAR TO '\\d{{10,11}}' THEN lpad({digits}, 12, '0') ELSE {digits} END AS identity,
                regexp_replace(old_identity, '[\\s.]', '', 'g') AS old_identity),
            {deriving.date_columns("dates")}
        FROM (SELECT *, {parts} AS dates FROM plain)
        """  # noqa: S608
    )
    connection.execute("DROP TABLE plain")
    connection.execute(
        """
        INSERT INTO unusable SELECT file, row, CASE WHEN name = '' THEN 'name' ELSE 'birth' END
        FROM dated WHERE (name = '' OR year IS NULL)
            AND NOT (name = '' AND identity = '' AND birth = '');
        INSERT INTO unusable SELECT file, row, 'warn_identity'
        FROM dated WHERE name <> '' AND year IS NOT NULL AND NOT identity SIMILAR TO '(\\d{9}|\\d{12})?';
        INSERT INTO unusable SELECT file, row, 'repeated' FROM (
            SELECT *, row_number() OVER (PARTITION BY identity, lower(name), birth ORDER BY file, row) AS place
            FROM dated WHERE name <> '' AND year IS NOT NULL AND identity <> ''
        ) WHERE place > 1;
        """
    )
    # Two persons under one number: neither can be told to be the right one.
    connection.execute(
        f"""
        CREATE TABLE usable AS
        SELECT row_number() OVER (ORDER BY file, row) AS id, * EXCLUDE (dates),
            identity <> '' AND count(*) OVER (PARTITION BY identity) > 1 AS contested, 0 AS slack
        FROM dated
        WHERE name <> '' AND year IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM unusable AS u
                WHERE u.file = dated.file AND u.row = dated.row AND u.reason = 'repeated');
        DROP TABLE dated;
        {deriving.derive("usable", "person")};
        DROP TABLE usable;
        """  # noqa: S608
    )
