"""Inventory of books: by register, legal period and condition."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from extractor.exports.acceptance.words import percent
from extractor.exports.reports.periods import Period, period_of, periods
from extractor.exports.reports.sheets import Cell, Column, Table, write_tables
from extractor.exports.reports.words import book_order, texts
from extractor.records import BookKey, FieldState, Record
from extractor.store import BookSummary, ProblemResolution, StoredProblem

_DATE_CODE = "ngayDangKy"


@dataclass(slots=True)
class BookFacts:
    """What is counted of one book.

    Args:
        coverage: for each page, the share of its form's printed marks that were found, 0 to 1.
        bad_pages: pages to be scanned again, or that could not be read and nobody said what they are.
    """

    book: BookKey
    pages: int
    records: int = 0
    fields: int = 0
    illegible: int = 0
    waiting: int = 0
    without_records: int = 0
    rescan: int = 0
    bad_pages: int = 0
    coverage: list[float] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)

    @property
    def period(self) -> Period | None:
        """The legal period the book belongs to."""
        return period_of(self.book.year, self.dates)

    @property
    def condition(self) -> str:
        """How good it is to read, by the limits in ``texts.yaml``; not known where nothing was read of it."""
        if not self.fields and not self.bad_pages:
            return str(texts()["inventory"]["unknown"])
        illegible = self.illegible / self.fields if self.fields else 0.0
        bad = self.bad_pages / self.pages if self.pages else 0.0
        for condition in texts()["conditions"]:
            if illegible <= condition["illegible"] and bad <= condition["bad_pages"]:
                return str(condition["name"])
        raise AssertionError("the last condition has no limit")


def book_facts(summary: BookSummary, records: Sequence[Record], problems: Sequence[StoredProblem]) -> BookFacts:
    """Count one book."""
    facts = BookFacts(summary.key, summary.counts.pages, records=len(records), waiting=summary.counts.review)
    for record in records:
        facts.coverage.append(record.registration.coverage)
        facts.fields += len(record.fields)
        facts.illegible += sum(value.state is FieldState.ILLEGIBLE for value in record.fields.values())
        if (registered := record.fields.get(_DATE_CODE)) and registered.value:
            facts.dates.append(registered.value)
    facts.without_records = len(problems)
    facts.rescan = sum(problem.resolution is ProblemResolution.RESCAN for problem in problems)
    unknown = {"unknown_form", "bad_registration", "unreadable"}
    open_bad = sum(problem.resolution is None and problem.problem.kind.value in unknown for problem in problems)
    facts.bad_pages = facts.rescan + open_bad
    return facts


def write_inventory(
    path: Path, books: Sequence[BookFacts], register_name: Callable[[str], str], *, now: datetime | None = None
) -> bool:
    """Write the inventory; returns whether anything changed.

    Args:
        register_name: title of a register by its code.
    """
    words = texts()["inventory"]
    books = sorted(books, key=lambda facts: book_order(facts.book))
    tables = [
        _list(books, register_name),
        _groups(words["by_register"], words["register"], books, lambda facts: register_name(facts.book.register)),
        _groups(words["by_period"], words["period"], books, _period_name, order=_period_names()),
        _groups(
            words["by_condition"], words["condition"], books, lambda facts: facts.condition, order=_all_conditions()
        ),
    ]
    return write_tables(path, words["title"], tables, now=now)


def _period_name(facts: BookFacts) -> str:
    """As one of :func:`_period_names`."""
    return f"{facts.period.name}: {facts.period.instrument}" if facts.period else str(texts()["inventory"]["unknown"])


def _list(books: Sequence[BookFacts], register_name: Callable[[str], str]) -> Table:
    words = texts()["inventory"]
    rows: list[list[Cell]] = [
        [
            at,
            register_name(facts.book.register) or words["unknown"],
            facts.book.year,
            facts.book.number,
            ", ".join(
                part
                for part in (facts.book.agency, facts.book.commune, facts.book.district, facts.book.province)
                if part
            ),
            facts.period.name if facts.period else words["unknown"],
            facts.pages,
            facts.records,
            facts.without_records,
            facts.rescan,
            facts.fields,
            facts.illegible,
            facts.illegible / facts.fields if facts.fields else None,
            facts.waiting,
            statistics.median(facts.coverage) if facts.coverage else None,
            facts.condition,
        ]
        for at, facts in enumerate(books, start=1)
    ]
    shares = {12, 14}
    widths = (6, 26, 8, 8, 34, 22, 9, 9, 10, 9, 9, 9, 10, 9, 10, 13)
    return Table(
        name=words["sheet"],
        title=words["title"],
        columns=tuple(
            Column(heading, width, share=at in shares)
            for at, (heading, width) in enumerate(zip(words["columns"], widths, strict=True))
        ),
        rows=rows,
        notes=(words["notes"][0].format(conditions="; ".join(_conditions())), *words["notes"][1:]),
    )


def _conditions() -> list[str]:
    shown: list[str] = []
    conditions: list[dict[str, Any]] = texts()["conditions"]
    for condition in conditions[:-1]:
        limits = {key: percent(condition[key], 0) for key in ("illegible", "bad_pages")}
        shown.append(str(texts()["condition_text"]).format(name=condition["name"], **limits))
    return [*shown, str(texts()["condition_last"]).format(name=conditions[-1]["name"])]


def _all_conditions() -> list[str]:
    return [str(condition["name"]) for condition in texts()["conditions"]]


def _period_names() -> list[str]:
    """All periods, the oldest first."""
    return [f"{period.name}: {period.instrument}" for period in reversed(periods())]


def _groups(
    name: str,
    what: str,
    books: Sequence[BookFacts],
    group_of: Callable[[BookFacts], str],
    *,
    order: Sequence[str] = (),
) -> Table:
    """Sums by group, in this order, and those that are not in it behind, by name."""
    words = texts()["inventory"]
    grouped: dict[str, list[BookFacts]] = {}

    def place(group: str) -> tuple[int, str]:
        return (order.index(group) if group in order else len(order), group)

    for facts in books:
        grouped.setdefault(group_of(facts) or words["unknown"], []).append(facts)
    rows = [_sum(group, members) for group, members in sorted(grouped.items(), key=lambda one: place(one[0]))]
    rows.append(_sum(words["total"], books))
    headings = [heading.format(what=what) for heading in words["group_columns"]]
    return Table(
        name=name,
        title=f"{words['title']}: {name[0].lower()}{name[1:]}",
        columns=tuple(
            Column(heading, 46 if at == 0 else 13, share=at == len(headings) - 1) for at, heading in enumerate(headings)
        ),
        rows=rows,
        total=True,
    )


def _sum(name: str, books: Sequence[BookFacts]) -> list[Cell]:
    fields, illegible = sum(facts.fields for facts in books), sum(facts.illegible for facts in books)
    return [
        name,
        len(books),
        sum(facts.pages for facts in books),
        sum(facts.records for facts in books),
        sum(facts.without_records for facts in books),
        fields,
        illegible,
        illegible / fields if fields else None,
    ]
