"""Workbooks of the reconciliation: every cell text, the same data the same bytes, whole or not at all."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from extractor.exports.reconciliation.pictures import Crop

_CREATED = datetime(2000, 1, 1)
_LAST_ROW = 1_048_575
_PICTURE_HEIGHT = 60


@cache
def texts() -> dict[str, Any]:
    """The texts of ``texts.yaml``."""
    loaded: dict[str, Any] = yaml.safe_load((resources.files(__package__) / "texts.yaml").read_text(encoding="utf-8"))
    return loaded


@dataclass
class Sheet:
    """One sheet being written, row by row.

    Args:
        headings: the header row.
        widths: width of columns by heading, in characters; others get 14.
    """

    book: Any
    sheet: Any
    formats: dict[str, Any]
    headings: Sequence[str]
    next_row: int = 1
    _left: list[str] = field(default_factory=list)

    def row(self, cells: Sequence[str], *, marked: Mapping[int, str] | None = None, height: int = 0) -> int:
        """Write a row; returns its number from 0.

        Args:
            marked: name of a format by column: ``differs``, ``open`` or ``changed``.

        Raises:
            ExportError: the sheet is full.
        """
        if self.next_row > _LAST_ROW:
            raise ExportError("A workbook holds no more than 1,048,575 rows.", mend="Reconcile book by book.")
        number = self.next_row
        for column, cell in enumerate(cells):
            # write_string never takes a text for a formula.
            self.sheet.write_string(number, column, cell[:MAX_CELL], self.formats[(marked or {}).get(column, "text")])
        if height:
            self.sheet.set_row_pixels(number, height)
        self.next_row += 1
        return number

    def picture(self, row: int, column: int, crop: Crop, width: int) -> None:
        """Put a picture into a cell, scaled down to ``width`` and the row's height in pixels."""
        scale = min(width / crop.width, _PICTURE_HEIGHT / crop.height, 1.0)
        self.sheet.insert_image(
            row, column, crop.name,
            {"image_data": io.BytesIO(crop.content), "x_scale": scale, "y_scale": scale, "x_offset": 2, "y_offset": 2,
             "object_position": 1, "decorative": True},
        )  # fmt: skip

    def choices(self, column: int, words: Sequence[str]) -> None:
        """Offer words for all rows of a column; other text is allowed, with a warning."""
        if self.next_row > 1:
            self.sheet.data_validation(
                1, column, self.next_row - 1, column,
                {"validate": "list", "source": list(words), "error_type": "warning"},
            )  # fmt: skip


@contextmanager
def workbook(path: Path, title: str, *, streamed: bool = False) -> Iterator[Book]:
    """Write a workbook; it takes its place once all is written, a former one of other content is kept.

    Args:
        streamed: rows go to the disk one by one: for long lists without pictures.

    Raises:
        ExportError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="workbook-", dir=path.parent) as folder:
            raw = Path(folder) / "workbook.xlsx"
            book = xlsxwriter.Workbook(
                str(raw),
                {
                    "constant_memory": streamed,
                    "strings_to_numbers": False,
                    "strings_to_formulas": False,
                    "strings_to_urls": False,
                    "tmpdir": folder,
                },
            )
            book.set_properties({"title": title, "created": _CREATED})
            yield Book(book)
            book.close()
            files.repack(raw, files.part_of(path))
        files.put_in_place(path)
    except (OSError, xlsxwriter.exceptions.XlsxWriterException) as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).",
            mend="Close it in other programs; check the folder's rights and free space.",
        ) from error


class Book:
    """A workbook being written."""

    def __init__(self, book: Any) -> None:
        base = {"num_format": "@", "text_wrap": True, "valign": "top", "border": 1, "border_color": "#BDBDBD"}
        self._book = book
        self.formats = {
            "text": book.add_format(base),
            "head": book.add_format({**base, "bold": True, "bg_color": "#E3E9F0"}),
            "differs": book.add_format({**base, "bg_color": "#FFE0B2"}),
            "open": book.add_format({**base, "bg_color": "#FFF9C4"}),
            "changed": book.add_format({**base, "bg_color": "#FFCDD2"}),
            "link": book.add_format({**base, "font_color": "#0B57D0", "underline": 1}),
        }

    def sheet(
        self, name: str, headings: Sequence[str], widths: Mapping[str, int], *, hidden: str = "", banner: str = ""
    ) -> Sheet:
        """Add a sheet with a header row, which stays in view.

        Args:
            hidden: heading of a column that is not shown.
            banner: said in the header row's comment and behind the sheet's name, for drafts.
        """
        sheet = self._book.add_worksheet(name)
        for column, heading in enumerate(headings):
            options = {"hidden": True} if heading == hidden else {}
            sheet.set_column(column, column, widths.get(heading, 14), None, options)
            sheet.write_string(0, column, heading, self.formats["head"])
        sheet.set_row_pixels(0, 40)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(8)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        if banner:
            sheet.set_header(f"&C&B{banner}")
            sheet.set_tab_color("#D32F2F")
            sheet.write_comment(0, 0, banner)
        return Sheet(self._book, sheet, self.formats, headings)
