"""The list of records that do not leave the house, for the officer who mends them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from extractor.exports import files
from extractor.exports.findings import HeldBack, texts
from extractor.whole_files import take_place

# A spreadsheet takes text that begins with one of these for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_held_back(path: Path, held_back: Iterable[HeldBack]) -> int:
    """Write the list as CSV, one line a reason, UTF-8 with the mark spreadsheets need; returns how many records.

    It holds no text read from a page. A former list is replaced: it is a list of work to do, not handed over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    records = set()
    with files.part_of(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(texts()["held_back_headings"])
        for held in held_back:
            records.add(held.key)
            name, page, record = held.key
            for reason in held.reasons:
                columns = " ".join(reason.columns)
                line = (held.book, name, page, record, columns, reason.code, reason.message, reason.mend)
                writer.writerow([plain(cell) for cell in line])
    take_place(files.part_of(path), path)
    return len(records)


def plain(cell: str | int) -> str | int:
    """A cell of a list that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell
