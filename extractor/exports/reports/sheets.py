"""Workbooks for people: titled tables on sheets, ready to print, the same bytes for the same data."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter

from extractor.errors import ExportError
from extractor.exports import files

Cell = str | int | float | None

_CREATED = datetime(2000, 1, 1)  # stated in the file in place of the present
_MAX_CELL = 32_767
_FONT = "Times New Roman"
_LINE_POINTS, _MOST_LINES = 15.0, 20
_LETTERS_A_WIDTH = 0.92
"""Letters that fit into a column, for each unit of its width."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in characters, and whether its numbers are shares."""

    heading: str
    width: float = 14
    share: bool = False


@dataclass(frozen=True, slots=True)
class LineChart:
    """A line chart below a table: one line for each column named by number, over the first column."""

    title: str
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: a title, notes, and a table.

    Args:
        name: of the sheet, at most 31 signs.
        total: the last row is a sum and stands out.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    notes: tuple[str, ...] = ()
    total: bool = False
    chart: LineChart | None = None


def write_tables(path: Path, title: str, tables: Sequence[Table], *, now: datetime | None = None) -> bool:
    """Write a workbook of tables; returns whether anything changed.

    Args:
        path: the workbook; a former one of other content is kept under a dated name.
        now: time for the dated name of a former file.

    Raises:
        ExportError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="tables-") as folder:
            raw = Path(folder) / "tables.xlsx"
            options = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
            workbook = xlsxwriter.Workbook(str(raw), options)
            workbook.set_properties({"title": title, "created": _CREATED})
            formats = _formats(workbook)
            for table in tables:
                _write(workbook, table, formats)
            workbook.close()
            files.repack(raw, files.part_of(path))
        return files.put_in_place(path, now=now)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error


def _formats(workbook: Any) -> dict[str, Any]:
    base = {"font_name": _FONT, "font_size": 11, "valign": "top"}
    cell = {**base, "border": 1, "text_wrap": True}
    shapes = {
        "title": {**base, "font_size": 14, "bold": True, "text_wrap": True},
        "note": {**base, "italic": True, "font_color": "#444444", "text_wrap": True},
        "head": {
            **cell,
            "bold": True,
            "bg_color": "#E8EEF4",
            "valign": "vcenter",
            "align": "center",
            "num_format": "@",
        },
        "text": {**cell, "num_format": "@"},
        "number": {**cell, "num_format": "#,##0"},
        "share": {**cell, "num_format": "0.00%"},
    }
    bold = {f"{name}_total": {**shape, "bold": True} for name, shape in shapes.items()}
    return {name: workbook.add_format(shape) for name, shape in {**shapes, **bold}.items()}


def _write(workbook: Any, table: Table, formats: dict[str, Any]) -> None:
    sheet = workbook.add_worksheet(table.name)
    widths = [column.width for column in table.columns]
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    _across(sheet, 0, table.title, widths, formats["title"])
    for line, note in enumerate(table.notes, start=1):
        _across(sheet, line, note, widths, formats["note"])
    top = len(table.notes) + 2
    headings = [column.heading for column in table.columns]
    sheet.set_row(top, _height(headings, widths))
    for at, heading in enumerate(headings):
        sheet.write_string(top, at, heading, formats["head"])
    for line, row in enumerate(table.rows, start=top + 1):
        last = "_total" if table.total and line == top + len(table.rows) else ""
        sheet.set_row(line, _height(row, widths))
        for at, (value, column) in enumerate(zip(row, table.columns, strict=True)):
            _put(sheet, (line, at), value, formats[f"{_shape(value, column)}{last}"])
    sheet.freeze_panes(top + 1, 0)
    sheet.repeat_rows(top)
    if sum(column.width for column in table.columns) > 90:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")
    if table.chart is not None and table.rows:
        _draw(workbook, sheet, table, top)


def _height(texts: Sequence[Cell], widths: Sequence[float]) -> float:
    """Height of a row in points: some programs do not find it themselves for wrapped text."""
    fitting = [_LETTERS_A_WIDTH * width for width in widths]
    lines = [sum(max(1, ceil(len(part) / fit)) for part in (text if isinstance(text, str) else "").split("\n"))
             for text, fit in zip(texts, fitting, strict=True)]  # fmt: skip
    return _LINE_POINTS * min(max(lines, default=1), _MOST_LINES)


def _across(sheet: Any, line: int, text: str, widths: Sequence[float], cell_format: Any) -> None:
    """Text over the whole width of the table, so that it does not make the printed page wider."""
    if len(widths) > 1:
        sheet.merge_range(line, 0, line, len(widths) - 1, "", cell_format)
    sheet.write_string(line, 0, text, cell_format)
    sheet.set_row(line, max(_height([text], [sum(widths)]), 1.3 * _LINE_POINTS if line == 0 else 0))


def _shape(value: Cell, column: Column) -> str:
    if value is None or isinstance(value, str):
        return "text"
    return "share" if column.share else "number"


def _put(sheet: Any, place: tuple[int, int], value: Cell, cell_format: Any) -> None:
    if value is None or value == "":
        sheet.write_blank(*place, None, cell_format)
    elif isinstance(value, str):
        # write_string never looks at the text, so one that begins with = or @ stays a text.
        sheet.write_string(*place, value[:_MAX_CELL], cell_format)
    else:
        sheet.write_number(*place, value, cell_format)


def _draw(workbook: Any, sheet: Any, table: Table, top: int) -> None:
    assert table.chart is not None
    end = top + len(table.rows) - (1 if table.total else 0)
    chart = workbook.add_chart({"type": "line"})
    for at in table.chart.columns:
        chart.add_series(
            {
                "name": [table.name, top, at],
                "categories": [table.name, top + 1, 0, end, 0],
                "values": [table.name, top + 1, at, end, at],
                "marker": {"type": "circle", "size": 5},
            }
        )
    chart.set_title({"name": table.chart.title, "name_font": {"name": _FONT, "size": 12}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 860, "height": 320})
    sheet.insert_chart(top + len(table.rows) + 2, 0, chart)
