"""The list that is made of a returned sheet, for the officer who verifies the differences: one workbook."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import xlsxwriter
import yaml

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.checks import MAX_CELL
from extractor.exports.fields import labels
from extractor.exports.reading_back import Sheet
from extractor.exports.returned import KnownRecord, Returned

Line = Sequence[str | int]

# Stated in the file in place of the present, so that the same data gives the same bytes.
_CREATED = datetime(2000, 1, 1)


def counts_of(sheet: Sheet, result: Returned) -> dict[str, int]:
    """What came of a sheet in numbers, by the keys of ``summary`` in ``returned_texts.yaml``."""
    return {
        "rows": len(sheet.rows),
        "matched": result.matched,
        "same": result.same,
        "differences": len(result.differences),
        "not_compared": result.not_compared,
        "supplements": sum(len(supplement.columns) for _, supplement in result.supplements),
        "unused": len(result.unused),
        "without_row": len(result.without_row),
        "unknown": len(sheet.unknown),
        "missing": len(sheet.missing),
    }


def write_returned(path: Path, sheet: Sheet, result: Returned, *, now: datetime | None = None) -> bool:
    """Write the list; returns whether it changed. The same result gives the same bytes, a former list is kept.

    It holds values read from the register, as workbooks do.

    Raises:
        ExportError: it cannot be written.
    """
    sheets: Mapping[str, Iterable[Line]] = {
        "summary": _summary(sheet, result),
        "differences": _differences(result),
        "unused": _unused(result),
        "without_row": _without_row(result),
        "supplements": _supplements(result),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="list-") as folder:
            raw = Path(folder) / "list.xlsx"
            workbook = xlsxwriter.Workbook(str(raw), {"constant_memory": True, "tmpdir": folder})
            workbook.set_properties({"created": _CREATED})
            for name, lines in sheets.items():
                _write(workbook, words()["sheets"][name], words()["headings"][name], lines)
            workbook.close()
            files.repack(raw, files.part_of(path))
        return files.put_in_place(path, now=now)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error


@cache
def words() -> dict[str, Any]:
    """The texts of the list."""
    text = resources.files("extractor.exports").joinpath("returned_texts.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _write(workbook: Any, name: str, headings: Sequence[str], lines: Iterable[Line]) -> None:
    text = workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    header = workbook.add_format({"num_format": "@", "bold": True, "text_wrap": True, "valign": "top"})
    sheet = workbook.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(headings):
        wide = 44 if len(headings) == 2 or heading in words()["wide"] else 14
        sheet.set_column(column, column, wide, text)
    for number, line in enumerate([headings, *lines]):
        for column, cell in enumerate(line):
            # write_string never looks at the text, so a name that begins with = stays a name.
            sheet.write_string(number, column, str(cell)[:MAX_CELL], text if number else header)


def _summary(sheet: Sheet, result: Returned) -> Iterator[Line]:
    names = {"unknown": sheet.unknown, "missing": sheet.missing}
    for name, count in counts_of(sheet, result).items():
        listed = ": " + ", ".join(names[name]) if names.get(name) else ""
        yield words()["summary"][name] + listed, count


def _differences(result: Returned) -> Iterator[Line]:
    for one in result.differences:
        label = labels((one.column,), one.record.entry.form)
        kind = words()["kinds"][one.kind.value]
        yield one.row, *_place(one.record), one.column, label, kind, one.book, one.sheet


def _unused(result: Returned) -> Iterator[Line]:
    for one in result.unused:
        text = words()["troubles"][one.trouble.value]
        yield one.row, one.column, text["why"], text["mend"], *(one.record or ("", "", ""))


def _without_row(result: Returned) -> Iterator[Line]:
    for record in result.without_row:
        yield *_place(record), words()["without_row"]["no_row" if record.key else "no_key"]


def _supplements(result: Returned) -> Iterator[Line]:
    for row, one in result.supplements:
        for column, text in one.columns.items():
            yield row, *_place(result.records[one.key]), column, text, one.source


def _place(record: KnownRecord) -> tuple[str | int, ...]:
    key = record.key
    return (*record.entry.key, f"{key.number}/{key.number_year}" if key else "", key.date if key else "")
