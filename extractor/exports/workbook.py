"""Import workbooks: one row a record, every cell text, header row of field codes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import xlsxwriter

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.checks import MAX_CELL
from extractor.exports.fields import Forms, Split, default_split
from extractor.exports.findings import HeldBack, RecordId, record_name, texts
from extractor.exports.plan import BookPlan, Row, plan_book
from extractor.exports.profile import ExportProfile
from extractor.records import BookKey, Record
from extractor.scans.types import OfficialName
from extractor.templates.form import FormSchema

Pending = Literal["blank", "proposal"]

# Stated in the file in place of the present, so that the same data gives the same bytes.
_CREATED = datetime(2000, 1, 1)

_WIDTH = 16
_AMBER = "#FFD54F"


@dataclass(frozen=True, slots=True)
class WorkbookResult:
    """A written workbook.

    Args:
        path: where it is; a draft's name ends with ``.draft.xlsx``.
        rows: the records in it, in order.
        held_back: the records that are not to be handed over; in a draft they stand in the sheet all the same.
        pending_cells: cells whose fields await review.
        changed: false where the former file already had the same bytes.
    """

    path: Path
    rows: tuple[Row, ...]
    held_back: tuple[HeldBack, ...]
    pending_cells: int
    sha256: str
    changed: bool


def write_workbook(
    path: Path,
    records: Iterable[Record],
    schema: FormSchema | Forms,
    book: BookKey,
    profile: ExportProfile,
    *,
    pending: Pending = "blank",
    official: Mapping[RecordId, OfficialName] | None = None,
    split: Split = default_split,
    now: datetime | None = None,
) -> WorkbookResult:
    """Write the import sheet of one book.

    Args:
        path: the workbook to write; a former one of other content is kept under a dated name.
        records: the book's records, in any order; they are sorted by number.
        schema: the form, or all forms by name.
        pending: ``blank`` leaves fields that await review empty. ``proposal`` makes a draft, which is not for import:
            it shows proposals in amber, holds every record, and says in a second sheet what speaks against it.
        official: official names of source files, by record.
        now: time for the dated name of a former file.

    Raises:
        ExportError: a record does not fit the profile, or the file cannot be written.
    """
    plan = plan_book(records, schema, book, profile, official=official, split=split)
    return write_plan(path, plan, pending=pending, now=now)


def write_plan(
    path: Path, plan: BookPlan, *, pending: Pending = "blank", now: datetime | None = None
) -> WorkbookResult:
    """Write the import sheet of a plan; see :func:`write_workbook`."""
    draft = pending == "proposal"
    rows = (*plan.rows, *plan.withheld) if draft else plan.rows
    if draft:
        path = path.with_name(f"{path.stem}.draft{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="workbook-") as folder:
            raw = Path(folder) / "workbook.xlsx"
            _write(raw, plan, rows, draft, folder)
            files.repack(raw, files.part_of(path))
        changed = files.put_in_place(path, now=now)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error
    return WorkbookResult(
        path=path,
        rows=rows,
        held_back=plan.held_back,
        pending_cells=sum(len(row.pending) for row in rows),
        sha256=files.sha256_of(path),
        changed=changed,
    )


def _write(path: Path, plan: BookPlan, rows: tuple[Row, ...], draft: bool, folder: str) -> None:
    profile = plan.profile
    workbook = xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        },
    )
    workbook.set_properties({"title": profile.title, "created": _CREATED})
    text = workbook.add_format({"num_format": "@"})
    header = workbook.add_format({"num_format": "@", "bold": True})
    amber = workbook.add_format({"num_format": "@", "bg_color": _AMBER})
    sheet = workbook.add_worksheet(profile.sheet)
    sheet.set_column(0, len(profile.columns) - 1, _WIDTH, text)
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(profile.headings):
        _put(sheet, 0, column, heading, header)
    for number, row in enumerate(rows, start=1):
        marked = (row.pending | {c for reason in row.reasons for c in reason.columns}) if draft else frozenset()
        for column, code in enumerate(profile.columns):
            value = str(number) if code == profile.serial_column else row.cells.get(code, "")
            if draft:
                value = (value or row.proposals.get(code, ""))[:MAX_CELL]
            value = profile.dates.written(code, value)
            _put(sheet, number, column, value, amber if code in marked else text)
    if not profile.official:
        sheet.set_header(f"&C{texts()['not_official']['title']}")
        sheet.set_tab_color(_AMBER)
        _write_not_official(workbook, plan, text, header)
    if draft:
        _write_notes(workbook, rows, text, header)
    workbook.close()


def _put(sheet: Any, row: int, column: int, value: str, cell_format: Any) -> None:
    # write_string never looks at the text, so a name that begins with =, +, - or @ stays a name.
    if value:
        status = sheet.write_string(row, column, value, cell_format)
    else:
        status = sheet.write_blank(row, column, None, cell_format)
    if status:
        raise ExportError(
            f"Row {row + 1}, column {column + 1} does not fit a worksheet.", mend="Export the book in smaller parts."
        )


def _write_not_official(workbook: Any, plan: BookPlan, text: Any, header: Any) -> None:
    words = texts()["not_official"]
    sheet = workbook.add_worksheet(words["sheet"])
    sheet.set_tab_color(_AMBER)
    sheet.set_column(0, 0, 30, text)
    sheet.set_column(1, 1, 100, text)
    lines = [(words["title"], ""), (words["notice"], ""), (plan.profile.title, ""), words["headings"]]
    lines += [(column, plan.labels.get(column, "")) for column in plan.profile.columns]
    for number, line in enumerate(lines):
        for column, cell in enumerate(line):
            _put(sheet, number, column, cell, header if number in (0, 3) else text)


def _write_notes(workbook: Any, rows: tuple[Row, ...], text: Any, header: Any) -> None:
    words = texts()["draft"]
    sheet = workbook.add_worksheet(words["sheet"])
    sheet.set_column(0, 0, 8, text)
    sheet.set_column(1, 1, 36, text)
    sheet.set_column(2, 2, 100, text)
    sheet.write_string(0, 0, words["title"], header)
    for column, heading in enumerate(words["headings"]):
        sheet.write_string(1, column, heading, header)
    line = 2
    for number, row in enumerate(rows, start=2):
        notes = [(", ".join(f.columns), f"{f.message} {f.mend}") for f in (*row.reasons, *row.warnings)]
        noted = {column for finding in row.reasons for column in finding.columns}
        notes += [(column, words["pending"]) for column in sorted(row.pending - noted)]
        for columns, note in notes:
            for column, cell in enumerate((str(number), columns, f"{note} [{record_name(row.key)}]")):
                sheet.write_string(line, column, cell[:MAX_CELL], text)
            line += 1
