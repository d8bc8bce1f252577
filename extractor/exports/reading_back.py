"""An exported workbook as rows by column again, for checking what is handed over and for taking sheets back.

Workbooks that a person saved again from a spreadsheet program are read too: numbers and days that the program made of
texts become texts, and the cells concerned are named, since zeros may have been lost on the way.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from extractor.errors import ExportError
from extractor.exports.office_files import check_workbook, rows_of
from extractor.exports.profile import ExportProfile
from extractor.records.values import nfc

_HEADER_ROWS = 10
"""The header stands within so many rows; people put titles above it."""

_MAX_BYTES = 2_000_000_000
"""Of a sheet unpacked: a million records."""

_ESCAPED = re.compile(r"_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")
"""How workbooks write signs that XML has no place for; halves of surrogate pairs are no signs."""

_MEND = "Give a workbook (.xlsx) or UTF-8 text (.csv) whose header row has the columns of the profile."


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row.

    Args:
        number: as spreadsheet programs count, from 1.
        cells: text by column; empty cells are left out.
        converted: columns whose cells were no text.
    """

    number: int
    cells: dict[str, str]
    converted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet by the columns of its profile.

    Args:
        unknown: headings that the profile does not have, whose cells are not read.
        missing: columns of the profile that the sheet does not have.
        exact: whether the header row is the profile's and stands on top.
    """

    rows: tuple[SheetRow, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    exact: bool


def read_sheet(path: Path, profile: ExportProfile) -> Sheet:
    """Read a sheet of a profile.

    Headings are found whatever their case and spaces, in any order, below up to nine rows of other things. Dates
    become ``dd.mm.yyyy`` where the profile writes them otherwise. Rows without any text are left out.

    Args:
        path: workbook (``.xlsx``), or UTF-8 text with commas or semicolons (``.csv``).

    Raises:
        ExportError: the file cannot be read, or no row of it is a header with the profile's key columns.
    """
    lines = _lines(path, profile)
    wanted = {_folded(heading): column for heading, column in zip(profile.headings, profile.columns, strict=True)}
    for place, (number, values) in enumerate(lines):
        found = [wanted.get(_folded(_text(value)[0])) for value in values]
        if set(profile.key_cells) <= set(found):
            return _sheet(path, profile, lines[place + 1 :], values, found, exact=number == 1)
        if place == _HEADER_ROWS - 1:
            break
    needed = ", ".join(h for h, c in zip(profile.headings, profile.columns, strict=True) if c in profile.key_cells)
    raise ExportError(f"{path}: none of the first {_HEADER_ROWS} rows is a header with {needed}.", mend=_MEND)


def _sheet(
    path: Path,
    profile: ExportProfile,
    lines: Iterable[tuple[int, Sequence[Any]]],
    header: Sequence[Any],
    found: Sequence[str | None],
    *,
    exact: bool,
) -> Sheet:
    named = [column for column in found if column is not None]
    if doubled := sorted({column for column in named if named.count(column) > 1}):
        raise ExportError(f"{path}: columns stand twice: {', '.join(doubled)}.", mend=_MEND)
    rows = []
    for number, values in lines:
        cells: dict[str, str] = {}
        converted = set()
        for column, value in zip(found, values, strict=False):
            text, was_text = _text(value)
            if column is None or not text:
                continue
            cells[column] = profile.dates.read(column, text)
            if not was_text:
                converted.add(column)
        if cells:
            rows.append(SheetRow(number, cells, frozenset(converted)))
    headings = [_text(value)[0] for value in header]
    return Sheet(
        rows=tuple(rows),
        unknown=tuple(text for text, column in zip(headings, found, strict=True) if column is None and text.strip()),
        missing=tuple(column for column in profile.columns if column not in named),
        exact=exact and tuple(headings) == profile.headings,
    )


def _lines(path: Path, profile: ExportProfile) -> list[tuple[int, Sequence[Any]]]:
    try:
        check_workbook(path)
        if _unpacked(path) > _MAX_BYTES:
            raise ExportError(f"{path}: larger than {_MAX_BYTES:,} bytes.", mend="Give the sheet of one book.")
        if path.suffix.lower() == ".csv":
            return list(_csv_lines(path))
        return list(_workbook_lines(path, profile))
    except ExportError:
        raise
    except UnicodeDecodeError as error:
        raise ExportError(f"{path}: is not UTF-8 text.", mend="Save it as .xlsx, or as CSV in UTF-8.") from error
    except Exception as error:  # what a damaged workbook raises is as various as the damage
        raise ExportError(f"{path}: cannot be read ({type(error).__name__}).", mend=_MEND) from error


def _unpacked(path: Path) -> int:
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as package:
        return sum(info.file_size for info in package.infolist())


def _csv_lines(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        # A title above the header has commas of its own; the header has by far the most.
        first = "".join(islice(file, _HEADER_ROWS))
        file.seek(0)
        delimiter = max(",;\t", key=first.count)
        yield from enumerate(csv.reader(file, delimiter=delimiter, strict=True), start=1)


def _workbook_lines(path: Path, profile: ExportProfile) -> Iterator[tuple[int, Sequence[Any]]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, TypeError) as error:
        raise ExportError(f"{path}: is no workbook (.xlsx).", mend=_MEND) from error
    try:
        name = profile.sheet if profile.sheet in workbook.sheetnames else workbook.sheetnames[0]
        # What a file says of its own size is sometimes wrong; then rows would be cut off.
        yield from enumerate(rows_of(path, workbook[name]), start=1)
    finally:
        workbook.close()


def _folded(heading: str) -> str:
    return "".join(heading.casefold().split())


def _text(value: Any) -> tuple[str, bool]:
    """A cell as text, and whether it was one."""
    if value is None:
        return "", True
    if isinstance(value, str):
        return nfc(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)), True
    if isinstance(value, datetime | date):
        return value.strftime("%d.%m.%Y"), False
    if isinstance(value, float) and value.is_integer():
        return str(int(value)), False
    return str(value), False
