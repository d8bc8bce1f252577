"""Lists of what cannot be read and of what is missing: fields, numbers, pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from extractor.exports.fields import Forms
from extractor.exports.reports.sheets import Cell, Column, Table, write_tables
from extractor.exports.reports.words import book_name, book_order, field_label, texts
from extractor.records import BookKey, Decision, FieldState, Record
from extractor.store import StoredProblem

_NUMBER = re.compile(r"\s*(\d+)\s*(?:/\s*(\d{4})\s*)?")
_NUMBER_CODE, _PAGE_CODE = "so", "trangSo"
_MOST = 1_000_000
"""Numbers above are misread; a book never holds as many."""

_BY = {
    Decision.ACCEPTED: "machine",
    Decision.REVIEW: "nobody",
    Decision.CONFIRMED: "person",
    Decision.CORRECTED: "person",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that no record of the book has, the first and the last of a run."""

    what: str
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class BookLack:
    """What cannot be read of one book, and what is missing.

    Args:
        illegible: record, code, and who found it, for fields that cannot be read.
        blank: the same of fields the form asks for and the book leaves empty.
    """

    book: BookKey
    records: int
    illegible: tuple[tuple[Record, str, str], ...]
    blank: tuple[tuple[Record, str, str], ...]
    gaps: tuple[Gap, ...]
    problems: tuple[StoredProblem, ...]


def book_lack(
    book: BookKey,
    records: Sequence[Record],
    problems: Sequence[StoredProblem],
    forms: Forms,
) -> BookLack:
    """Gather what one book lacks."""
    illegible, blank = [], []
    for record in records:
        schema = forms.get(record.form)
        required = {spec.code for spec in schema.fields if spec.required} if schema else set()
        for code, value in record.fields.items():
            by = _BY[value.decision]
            if value.state is FieldState.ILLEGIBLE:
                illegible.append((record, code, by))
            elif value.state is FieldState.BLANK and code in required and value.decision.settled:
                blank.append((record, code, by))
    return BookLack(book, len(records), tuple(illegible), tuple(blank), tuple(_gaps(records)), tuple(problems))


def _gaps(records: Sequence[Record]) -> Iterator[Gap]:
    words = texts()["illegible"]
    by_year: dict[str, set[int]] = {}
    pages: set[int] = set()
    for record in records:
        if number := _parsed(record, _NUMBER_CODE):
            by_year.setdefault(number[1], set()).add(number[0])
        if page := _parsed(record, _PAGE_CODE):
            pages.add(page[0])
    for year, numbers in sorted(by_year.items()):
        what = words["number"].format(year=year) if year else words["number_no_year"]
        yield from _runs(what, numbers)
    yield from _runs(words["page"], pages)


def _parsed(record: Record, code: str) -> tuple[int, str] | None:
    value = record.fields.get(code)
    match = _NUMBER.fullmatch(value.value or "") if value else None
    return (int(match[1]), match[2] or "") if match and len(match[1]) < len(str(_MOST)) else None


def _runs(what: str, numbers: set[int]) -> Iterator[Gap]:
    for before, after in pairwise(sorted(numbers)):
        if after - before > 1:
            yield Gap(what, before + 1, after - 1)


def write_missing(path: Path, books: Sequence[BookLack], forms: Forms, *, now: datetime | None = None) -> bool:
    """Write the lists; returns whether anything changed."""
    words = texts()["illegible"]
    books = sorted(books, key=lambda lack: book_order(lack.book))
    illegible = [(lack.book, *entry) for lack in books for entry in lack.illegible]
    blank = [(lack.book, *entry) for lack in books for entry in lack.blank]
    tables = [
        _summary(books),
        _fields(words["fields"], words["title"], illegible, forms, (words["notes_fields"],)),
        _fields(words["blanks"], words["blanks_title"], blank, forms, ()),
        _numbers(books),
        _pages(books),
    ]
    return write_tables(path, words["title"], tables, now=now)


def _columns(headings: Sequence[str], widths: Sequence[float]) -> tuple[Column, ...]:
    return tuple(Column(heading, width) for heading, width in zip(headings, widths, strict=True))


def _summary(books: Sequence[BookLack]) -> Table:
    words = texts()["illegible"]
    rows: list[list[Cell]] = []
    for lack in books:
        pages = [gap for gap in lack.gaps if gap.what == words["page"]]
        numbers = [gap for gap in lack.gaps if gap.what != words["page"]]
        rows.append(
            [
                book_name(lack.book),
                lack.records,
                len(lack.illegible),
                len(lack.blank),
                sum(gap.count for gap in numbers),
                sum(gap.count for gap in pages),
                sum(problem.resolution is None for problem in lack.problems),
            ]
        )
    total: list[Cell] = [words["total"], *(sum(int(row[at] or 0) for row in rows) for at in range(1, 7))]
    columns = _columns(words["summary_columns"], (24, 12, 14, 14, 14, 14, 16))
    return Table(words["summary"], words["title"], columns, [*rows, total], total=True)


def _fields(
    name: str,
    title: str,
    entries: Sequence[tuple[BookKey, Record, str, str]],
    forms: Forms,
    notes: tuple[str, ...],
) -> Table:
    words = texts()["illegible"]
    rows: list[list[Cell]] = [
        [
            at,
            book_name(book),
            _number_of(record),
            record.file,
            record.page,
            record.record,
            field_label(forms, record.form, code),
            texts()["illegible"]["by"][by],
        ]
        for at, (book, record, code, by) in enumerate(entries, start=1)
    ]
    columns = _columns(words["fields_columns"], (6, 16, 12, 40, 8, 10, 36, 22))
    return Table(name, title, columns, rows, notes=notes)


def _number_of(record: Record) -> str:
    number = record.fields.get(_NUMBER_CODE)
    return (number.value or "") if number else ""


def _numbers(books: Sequence[BookLack]) -> Table:
    words = texts()["illegible"]
    gaps = [(lack.book, gap) for lack in books for gap in lack.gaps]
    rows: list[list[Cell]] = [
        [at, book_name(book), gap.what, gap.first, gap.last, gap.count] for at, (book, gap) in enumerate(gaps, start=1)
    ]
    columns = _columns(words["numbers_columns"], (6, 20, 28, 10, 10, 12))
    return Table(words["numbers"], words["numbers_title"], columns, rows, notes=(words["notes_numbers"],))


def _pages(books: Sequence[BookLack]) -> Table:
    words = texts()["illegible"]
    problems = [(lack.book, problem) for lack in books for problem in lack.problems]
    rows: list[list[Cell]] = [
        [
            at,
            book_name(book),
            found.problem.file,
            found.problem.page,
            words["problem_kinds"].get(found.problem.kind.value, found.problem.kind.value),
            words["resolutions"].get(found.resolution.value, "") if found.resolution else "",
        ]
        for at, (book, found) in enumerate(problems, start=1)
    ]
    columns = _columns(words["pages_columns"], (6, 20, 44, 8, 26, 22))
    return Table(words["pages"], words["pages_title"], columns, rows)
