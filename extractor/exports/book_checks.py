"""Checks of a whole book once its keys are settled: gaps in the numbers, the closing page's total, what is missing.

The rules along a book (:mod:`extractor.rules.along`) look for misread pages in the order of the scans, before people
decide. Here the keys are settled, by official file names too, and the question is whether the package holds the book.
All findings are warnings: books do have gaps.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from extractor.exports import files
from extractor.exports.findings import Finding, RecordId, texts
from extractor.exports.held_back import plain
from extractor.exports.keys import RecordKey
from extractor.exports.plan import BookPlan
from extractor.records import BookKey, Severity
from extractor.whole_files import take_place

_SHOWN = 12
"""So many missing numbers or runs of them are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class BookWarning:
    """A warning about a book, or about one of its records that is exported all the same.

    Args:
        book: stem of the book's files.
        key: the record, or none where it is about the whole book.
    """

    book: str
    finding: Finding
    key: RecordId | None = None


def check_book(
    plan: BookPlan, in_book: int, stated: int | None, shared: int = 0, off_form: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Find what speaks against a book as a whole.

    Args:
        in_book: number of records read in the book.
        stated: number of events that the closing page states, or none where there is no such page.
        shared: number of PDFs that hold another record's place as well.
        off_form: codes of settled fields that say something and that their form does not have.
    """
    findings = [
        _warning("number_gap", other=_runs(missing), labels=year or "?")
        for year, missing in sorted(_missing(plan.keys.values()).items())
    ]
    without = in_book - len(plan.keys)
    if without:
        findings.append(_warning("without_number", other=str(without)))
    if stated is not None and stated != in_book:
        findings.append(_warning("closing_total", other=f"{in_book}/{stated}"))
    if shared:
        findings.append(_warning("pages_shared", other=str(shared)))
    if codes := sorted(set(off_form)):
        findings.append(_warning("fields_off_form", other=", ".join(codes)))
    if len(plan.rows) != in_book:
        findings.append(_warning("rows_and_records", other=f"{len(plan.rows)}/{in_book}"))
    return tuple(findings)


def check_across(books: Sequence[tuple[str, BookKey, Mapping[RecordId, RecordKey]]]) -> tuple[BookWarning, ...]:
    """Find numbers that stand in two books of one office and year: a further book of a year goes on counting.

    Books whose office is not known are not compared.

    Args:
        books: stem, identity and settled keys of each book.
    """
    seen: dict[tuple[str, ...], dict[str, RecordId]] = defaultdict(dict)
    for stem, book, keys in books:
        office = (book.agency, book.commune, book.district, book.province)
        if any(office):
            for record, key in keys.items():
                seen[book.register, *office, key.number_year, key.number.lstrip("0")].setdefault(stem, record)
    return tuple(
        BookWarning(stem, _warning("other_book", other=", ".join(sorted(stems.keys() - {stem}))), record)
        for stems in seen.values()
        if len(stems) > 1
        for stem, record in stems.items()
    )


def write_checks(path: Path, warnings: Iterable[BookWarning]) -> int:
    """Write the warnings as CSV, UTF-8 with the mark spreadsheets need; returns how many.

    It holds no text read from a page. A former list is replaced: it is a list of work to do, not handed over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    words = texts()
    number = 0
    with files.part_of(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(words["checks_headings"])
        for warning in warnings:
            finding = warning.finding
            place = warning.key or ("", "", "")
            severity = words["severities"][finding.severity.value]
            line = (warning.book, severity, finding.code, finding.message, finding.mend, " ".join(finding.columns))
            writer.writerow([plain(cell) for cell in (*line, *place)])
            number += 1
    take_place(files.part_of(path), path)
    return number


def row_warnings(stem: str, plans: Iterable[BookPlan]) -> list[BookWarning]:
    """Warnings about the rows that leave the house, each once however many sheets show it."""
    found = {(row.key, warning): None for plan in plans for row in plan.rows for warning in row.warnings}
    return [BookWarning(stem, warning, key) for key, warning in found]


def _warning(code: str, *, other: str, labels: str = "") -> Finding:
    return Finding(code, (), labels, Severity.WARNING, other)


def _missing(keys: Iterable[RecordKey]) -> dict[str, list[tuple[int, int]]]:
    """First and last of each run of missing numbers between the lowest and the highest, by year of the numbers."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        numbers[key.number_year].add(int(key.number))
    gaps = {
        year: [(one + 1, other - 1) for one, other in pairwise(sorted(found)) if other - one > 1]
        for year, found in numbers.items()
    }
    return {year: runs for year, runs in gaps.items() if runs}


def _runs(runs: Sequence[tuple[int, int]]) -> str:
    """Missing numbers as people write them: ``4, 7–9 (4)``, the count in brackets."""
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in runs[:_SHOWN]]
    more = ["…"] if len(runs) > _SHOWN else []
    return f"{', '.join([*shown, *more])} ({sum(last - first + 1 for first, last in runs)})"
