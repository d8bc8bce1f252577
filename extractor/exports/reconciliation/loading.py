"""An extract of the population database into the working database: CSV is streamed, workbooks are read row by row."""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extractor.errors import EmptyInputError, ExportError, InputError, MissingInputError, UnsupportedTypeError
from extractor.exports.reconciliation import deriving
from extractor.exports.reconciliation.engine import literal
from extractor.exports.reconciliation.profile import PopulationProfile, population_profiles
from extractor.exports.reconciliation.roles import ATTRIBUTES, Attribute
from extractor.vietnamese.dates import PartialDate, parse_date

_WORKBOOKS = (".xlsx", ".xlsm")
_TEXTS = (".csv", ".txt", ".tsv")
_UTF8 = frozenset({"utf-8", "utf_8", "utf8", "utf-8-sig", "ascii"})
_FEWEST = 3
"""Known headers that make a sheet one of persons."""
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
        unread = _write_sheet(path, text, profile)
        connection.executemany("INSERT INTO unusable VALUES (?, 1, 'sheet')", [[number]] * unread) if unread else None
    elif suffix not in _TEXTS:
        raise UnsupportedTypeError(
            path, "this is no CSV file and no workbook.", mend="Save it as .csv or .xlsx and try again."
        )
    elif encoding not in _UTF8:
        text = folder / f"text-{number}.csv"
        _recode(path, text, encoding)
    delimiter, headers = _headers(path, text, delimiter, profile)
    try:
        found = profile.match(headers)
    except ValueError as error:
        raise ExportError(f"{path}: {error}.", mend=_mend(headers, profile)) from None
    _check_rows(path, text, delimiter, headers)
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


def _headers(path: Path, text: Path, delimiter: str, profile: PopulationProfile) -> tuple[str, list[str]]:
    """The delimiter under which most headers are known, that of the profile first, and the headers."""
    best: tuple[int, str, list[str]] | None = None
    for sign in dict.fromkeys((delimiter, ";", "\t", ",")):
        try:
            with text.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter=sign)
                headers = [" ".join(header.split()) for header in next(reader, [])]
        except UnicodeDecodeError:
            raise _undecodable(path) from None
        except csv.Error:
            continue
        known = sum(profile.knows(header) for header in headers)
        if best is None or known > best[0]:
            best = known, sign, headers
    if best is None or not any(best[2]):
        raise EmptyInputError(path, "there is no header row.", mend="The first row must name the columns.")
    return best[1:]


def _check_rows(path: Path, text: Path, delimiter: str, headers: Sequence[str]) -> None:
    """Refuse what would make persons disappear unseen: lines inside a quotation, values under no header."""
    nameless = [index for index, header in enumerate(headers) if not header]
    csv.field_size_limit(1 << 24)
    number = 0
    try:
        with text.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter)
            before = 0
            for number, cells in enumerate(reader, start=1):
                lines, before = reader.line_num - before, reader.line_num
                if lines > 1 and number > 1:
                    inside = max(cell.count(delimiter) for cell in cells if "\n" in cell or "\r" in cell)
                    if inside >= max(1, len(headers) - 1):
                        raise _unclosed(path, number, lines)
                if number > 1 and any(index < len(cells) and cells[index].strip() for index in nameless):
                    raise ExportError(
                        f"{path}: row {number} has a value in a column without a header.",
                        mend="Name the column; a name that is not needed goes under 'ignored' in a profile.",
                    )
    except UnicodeDecodeError:
        raise _undecodable(path) from None
    except csv.Error:
        raise _unclosed(path, number + 1, 0) from None


def _unclosed(path: Path, row: int, lines: int) -> ExportError:
    inside = f" and hides {lines - 1} lines" if lines else ""
    return ExportError(
        f"{path}: row {row}: a quotation mark is not closed{inside}.",
        mend="Take the single quotation mark out of that row, or save the extract as a workbook.",
    )


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


def _write_sheet(source: Path, target: Path, profile: PopulationProfile) -> int:
    """Write the sheet with the persons as CSV; returns how many hidden sheets with persons were passed over."""
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
        sheet, hidden = _sheet(source, workbook, profile)
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_rows(sheet.iter_rows(values_only=True), profile))
    except (zipfile.BadZipFile, zlib.error, EOFError, SyntaxError) as error:
        raise InputError(
            source, f"no readable workbook ({type(error).__name__}).", mend="Save it as .xlsx again."
        ) from error
    finally:
        workbook.close()
    return hidden


def _sheet(source: Path, workbook: Any, profile: PopulationProfile) -> tuple[Any, int]:
    """The sheet that holds persons, and how many hidden ones do; two in view are refused, none is passed over."""
    if profile.sheet:
        return workbook[profile.sheet], 0
    shown, hidden = [], 0
    for sheet in workbook.worksheets:
        first = next(sheet.iter_rows(max_row=1, values_only=True), ())
        headers = [_cell(value, profile) for value in first]
        while headers and not headers[-1]:
            headers.pop()
        if sum(profile.knows(header) for header in headers) < _FEWEST:
            continue
        if sheet.sheet_state == "visible":
            shown.append(sheet)
        else:
            hidden += 1
    if len(shown) > 1:
        raise ExportError(
            f"{source}: several sheets hold persons: {', '.join(repr(sheet.title) for sheet in shown)}.",
            mend="Save each as a file of its own and give them all with --population.",
        )
    in_view = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    return (shown or in_view or workbook.worksheets)[0], hidden


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
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        raise
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


def _number(column: str) -> str:
    """A number without what spreadsheets put around it; zeros that they drop are put back to ten and eleven digits."""
    bare = rf"""regexp_replace({column}, '^[=''"]+|[''"]+$|[\s.]', '', 'g')"""
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
    if re.fullmatch(r"[1-6]\d{4}", text):
        day = date(1899, 12, 30) + timedelta(days=int(text))
        return day.year, day.month, day.day
    # Figures alone mean what the profile says, words always the same.
    found = parse_date(text) if order == "dmy" or re.search(r"[^\W\d_]", text) else None
    return (found.year, found.month, found.day) if isinstance(found, PartialDate) else None
