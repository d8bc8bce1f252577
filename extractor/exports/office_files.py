"""Workbooks from elsewhere, looked at before anything of them is unpacked, and read row by row within bounds."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from extractor.errors import ExportError
from extractor.scans.limits import Limits

_MEBI = 1024 * 1024
_WHOLE = 256 * _MEBI
"""Parts other than sheets are held in memory as a whole."""
_RATIO_FROM = 4 * _MEBI
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_MOST_EMPTY = 100_000
_MEND = "Save it again from the program it was made with."


def check_workbook(path: Path) -> None:
    """Refuse a workbook that would unpack to more than any workbook does; what is no archive is left to its reader.

    Raises:
        ExportError: it has too many parts, is too large, or is packed as only a bomb is.
        OSError: it cannot be read.
        zipfile.BadZipFile: it is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    limits = Limits()
    with zipfile.ZipFile(path) as package:
        infos = package.infolist()
    if len(infos) > limits.zip_members or sum(info.file_size for info in infos) > limits.zip_total_bytes:
        raise ExportError(f"{path}: unpacks to more than a workbook holds.", mend=_MEND)
    for info in infos:
        sheet = "worksheets/" in info.filename
        packed = info.file_size > _RATIO_FROM and info.file_size > limits.zip_ratio * max(1, info.compress_size)
        if packed or (not sheet and info.file_size > _WHOLE):
            raise ExportError(f"{path}: a part unpacks to {info.file_size} bytes, as only a bomb does.", mend=_MEND)


def rows_of(path: Path, sheet: Any, **bounds: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet that openpyxl reads piece by piece, whatever size the sheet says it has.

    Args:
        bounds: as of ``iter_rows``.

    Raises:
        ExportError: it has more rows or columns than a sheet can have, or nothing but empty rows for very long, as
            where a crafted file numbers a row with billions.
    """
    sheet.reset_dimensions()
    empty = 0
    for row in islice(sheet.iter_rows(values_only=True, **bounds), _MOST_ROWS + 1):
        empty = 0 if row else empty + 1
        if empty > _MOST_EMPTY or len(row) > _MOST_COLUMNS:
            raise ExportError(f"{path}: a sheet is larger than any sheet.", mend=_MEND)
        yield row
