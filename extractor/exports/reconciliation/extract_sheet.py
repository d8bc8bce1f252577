"""The sheet of a workbook that holds persons, as rows of text from its header on."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from extractor.errors import ExportError, ExtractorError, InputError
from extractor.exports.office_files import check_workbook, rows_of
from extractor.exports.reconciliation.extract_header import FEWEST, HIGHEST, Header, Joined, find_header
from extractor.exports.reconciliation.profile import PopulationProfile

_SHOWN = {"dmy": "%d/%m/%Y", "ymd": "%Y-%m-%d", "mdy": "%m/%d/%Y"}
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})
_NUMBERED = re.compile(r"\(?\d{1,2}\)?")
_NAMED = 5
_PIECE = 1 << 20
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^<>]*?ref=["']([A-Z]+[0-9]+:[A-Z]+[0-9]+)["']""")
_LONGEST = 200
"""Bytes of a piece that are looked at again with the next, since an element may be cut."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What became of a workbook.

    Args:
        above: rows of the sheet above the last one of the header.
        hidden: hidden sheets with persons that were passed over.
    """

    above: int
    hidden: int


def write_sheet(source: Path, target: Path, profile: PopulationProfile) -> Sheet:
    """Write the sheet with the persons as CSV, its header first.

    Raises:
        InputError: this is no readable workbook.
        ExportError: it has no such sheet, several with persons, or formulas without a result.
    """
    import openpyxl

    try:
        check_workbook(source)
        workbook = openpyxl.load_workbook(source, read_only=True, data_only=True)
    except ExtractorError:
        raise
    except Exception as error:  # what a damaged workbook raises is as various as the damage
        raise _unreadable(source, error) from error
    try:
        for sheet in workbook.worksheets:
            # Some programs write a wrong size, which would cut rows off.
            sheet.reset_dimensions()
        if profile.sheet and profile.sheet not in workbook.sheetnames:
            raise ExportError(f"{source}: there is no sheet '{profile.sheet}'.", mend="Correct 'sheet' in the profile.")
        sheet, hidden = _sheet(source, workbook, profile)
        header = _header(source, sheet, profile)
        header.check(source)
        above, headers = header.above, header.titles
        wrong: list[tuple[int, int]] = []
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(headers)
            writer.writerows(_rows(rows_of(source, sheet, min_row=above + 2), above + 1, len(headers), profile, wrong))
        wrong += _never_computed(source, sheet, above + 1, len(headers))
        if wrong:
            raise _without_result(source, sorted(wrong))
        return Sheet(above, hidden)
    except (ExtractorError, OSError):
        raise
    except Exception as error:
        raise _unreadable(source, error) from error
    finally:
        workbook.close()


def _unreadable(source: Path, error: Exception) -> InputError:
    return InputError(source, f"no readable workbook ({type(error).__name__}).", mend="Save it as .xlsx again.")


def _sheet(source: Path, workbook: Any, profile: PopulationProfile) -> tuple[Any, int]:
    """The sheet that holds persons, and how many hidden ones do; two in view are refused, none is passed over."""
    if profile.sheet:
        return workbook[profile.sheet], 0
    shown, hidden = [], 0
    for sheet in workbook.worksheets:
        if sum(profile.knows(header) for header in _header(source, sheet, profile).titles) < FEWEST:
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


def _header(source: Path, sheet: Any, profile: PopulationProfile) -> Header:
    """The header, without empty cells at its end."""
    rows = [[_cell(value, profile) for value in row] for row in islice(rows_of(source, sheet), HIGHEST + 1)]
    header = find_header(rows, profile, lambda: _joined_cells(source, sheet))
    titles = list(header.titles)
    while titles and not titles[-1]:
        titles.pop()
    return replace(header, titles=titles)


def _joined_cells(source: Path, sheet: Any) -> Joined:
    """Joined cells of the first rows; openpyxl tells them only of a sheet that it holds in memory as a whole."""
    from openpyxl.utils import range_boundaries

    found: dict[tuple[int, int], int] = {}
    with zipfile.ZipFile(source) as archive, archive.open(sheet._worksheet_path) as file:
        before = b""
        while piece := file.read(_PIECE):
            text = before + piece
            for match in _MERGED.finditer(text):
                left, top, right, _ = range_boundaries(match[1].decode())
                if top <= HIGHEST + 1:
                    found[top - 1, left - 1] = right
            before = text[-_LONGEST:]
    return found


def _rows(
    rows: Iterator[tuple[Any, ...]], above: int, width: int, profile: PopulationProfile, wrong: list[tuple[int, int]]
) -> Iterator[list[str]]:
    """Rows below the header as text, all as long as it; rows without any content keep their place.

    Args:
        wrong: gets row and column of cells that show the error of a formula.
    """
    for number, row in enumerate(rows, start=above + 1):
        cells = [_cell(value, profile) for value in row]
        wrong += [(number, column) for column, cell in enumerate(cells[:width]) if cell in _ERRORS]
        if number == above + 1 and _numbers_columns(cells):
            cells = []
        yield (cells + [""] * width)[:width]


def _numbers_columns(cells: Sequence[str]) -> bool:
    """Whether a row only numbers the columns, as in (1), (2), (3)."""
    told = [cell for cell in cells if cell]
    return len(told) >= FEWEST and all(_NUMBERED.fullmatch(cell) for cell in told)


def _cell(value: object, profile: PopulationProfile) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime(_SHOWN[profile.date_order])
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _never_computed(source: Path, sheet: Any, above: int, width: int) -> list[tuple[int, int]]:
    """Row and column of formulas that were never computed: their cells look empty."""
    import openpyxl

    if not _has_formulas(source):
        return []
    workbook = openpyxl.load_workbook(source, read_only=True)
    try:
        written = workbook[sheet.title].iter_rows(min_row=above + 1, max_col=width, values_only=True)
        told = sheet.iter_rows(min_row=above + 1, max_col=width, values_only=True)
        return [
            (number, column)
            for number, rows in enumerate(zip(written, told, strict=False), start=above + 1)
            for column, (formula, value) in enumerate(zip(*rows, strict=False))
            if value is None and isinstance(formula, str) and formula.startswith("=")
        ]
    finally:
        workbook.close()


def _has_formulas(source: Path) -> bool:
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                with archive.open(name) as file:
                    before = b""
                    while piece := file.read(_PIECE):
                        if b"<f>" in before + piece or b"<f " in before + piece:
                            return True
                        before = piece[-2:]
    return False


def _without_result(source: Path, cells: Sequence[tuple[int, int]]) -> ExportError:
    from openpyxl.utils import get_column_letter

    named = ", ".join(f"{get_column_letter(column + 1)}{row}" for row, column in cells[:_NAMED])
    more = f" and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
    return ExportError(
        f"{source}: formulas without a result in {named}{more}.",
        mend="Open the workbook in Excel or LibreOffice, let it compute, correct what shows an error, and save it; or "
        "paste the column as values.",
    )
