"""Workbooks of acceptance: the list of the sample for inspectors, and the report's tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from extractor.exports.acceptance.record import AcceptanceRecord
from extractor.exports.acceptance.words import fault_text, texts
from extractor.exports.reports.sheets import Cell, Column, Table, write_tables
from extractor.store import InspectedField, Inspection


def write_sample_list(
    path: Path, inspection: Inspection, fields: Sequence[InspectedField], *, now: datetime | None = None
) -> bool:
    """Write the list of the records to inspect; returns whether anything changed.

    No value is in it, nor a name of a PDF or scan, since these tell number and date of the record; which PDF each is,
    the report says.
    """
    words = texts()["sample"]
    sizes = Counter(field.position for field in fields)
    first = {field.position: field for field in reversed(fields)}
    rows: list[list[Cell]] = [
        [at, field.book, field.record[1], field.record[2], sizes[at], ""] for at, field in sorted(first.items())
    ]
    widths = (12, 24, 12, 12, 10, 44)
    filled = {
        "lot": inspection.lot_size,
        "books": len(inspection.lot),
        "level": inspection.level,
        "aql": inspection.aql.replace(".", ","),
        "severity": texts()["severity"][inspection.severity],
        "sample": inspection.sample_size,
        "acceptance": inspection.acceptance,
        "rejection": inspection.rejection,
        "seed": inspection.seed,
    }
    title = words["title"].format(number=inspection.id)
    table = Table(
        name=words["sheet"],
        title=title,
        columns=tuple(Column(name, width) for name, width in zip(words["columns"], widths, strict=True)),
        rows=rows,
        notes=tuple(note.format(**filled) for note in words["notes"]),
    )
    return write_tables(path, title, [table], now=now)


def write_report_workbook(path: Path, record: AcceptanceRecord, *, now: datetime | None = None) -> bool:
    """Write the report's tables; returns whether anything changed."""
    words = texts()["report"]
    tables = [
        Table(
            name="Số lượng",
            title=words["handed_over"],
            columns=_columns(words["books_columns"], (6, 24, 34, 12, 10, 16, 14, 12)),
            rows=record.book_rows,
            notes=tuple(
                [words["counts_ok"]]
                if record.counted.ok
                else [words["counts_bad"], *(fault_text(fault) for fault in record.counted.faults)]
            ),
            total=True,
        )
    ]
    if record.outcome is not None:
        rates: list[list[Cell]] = [
            [name, rate.inspected, rate.errors, rate.interval.share, rate.interval.low, rate.interval.high]
            for name, rate in record.rates
        ]
        headings = [*words["result_columns"][:4], "Cận dưới 95 %", "Cận trên 95 %"]
        shares = tuple(Column(heading, 16, share=at >= 3) for at, heading in enumerate(headings))
        tables += [
            Table("Phương án", words["sampling"], _columns(("Mục", "Nội dung"), (40, 70)), record.plan_lines),
            Table(
                "Kết quả",
                words["result"],
                (Column(headings[0], 28), *shares[1:]),
                rates,
                notes=(*record.conclusion, *record.notes),
            ),
            Table(
                "Trường sai",
                words["wrong"],
                _columns(words["wrong_columns"], (6, 20, 34, 40, 40)),
                record.wrong_rows,
            ),
            Table(
                words["drawn"],
                words["drawn"],
                _columns(words["drawn_columns"], (12, 20, 34, 40, 8, 10)),
                record.sample_rows,
            ),
        ]
    if record.earlier_rows:
        earlier = _columns(words["earlier_columns"], (8, 16, 30, 18, 10, 30))
        tables.append(Table("Lần trước", words["earlier"], earlier, record.earlier_rows))
    tables.append(Table("SHA-256", words["hashes"], _columns(words["hash_columns"], (40, 70)), record.hashes))
    return write_tables(path, words["title"], tables, now=now)


def _columns(headings: Sequence[str], widths: Sequence[float]) -> tuple[Column, ...]:
    return tuple(Column(heading, width) for heading, width in zip(headings, widths, strict=True))
