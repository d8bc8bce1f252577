"""Progress by day, week or month, from what the store remembers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from extractor.errors import SettingsError
from extractor.exports.reports.sheets import Cell, Column, LineChart, Table, write_tables
from extractor.exports.reports.words import texts
from extractor.store import DayCount, Deed


class Step(StrEnum):
    """How long a period of the report is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """A period of the report: its first and last day."""

    first: date
    last: date
    name: str


_OF_FIELDS = (Deed.FIELD_CONFIRMED, Deed.FIELD_CORRECTED, Deed.FIELD_REKEYED)
_PERSONAL = (*_OF_FIELDS, Deed.FIELD_INSPECTED, Deed.FIELD_JUDGED)
_LONGEST_DAYS = 3660


def spans(first: date, last: date, step: Step) -> Iterator[Span]:
    """The periods that hold all days from ``first`` to ``last``; the outer ones are cut off there."""
    at = first
    while at <= last:
        if step is Step.DAY:
            end = at
        elif step is Step.WEEK:
            end = at + timedelta(days=6 - at.weekday())
        else:
            end = (at.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        end = min(end, last)
        yield Span(at, end, _name(at, end, step))
        at = end + timedelta(days=1)


def _name(first: date, last: date, step: Step) -> str:
    words = texts()["progress"]
    if step is Step.DAY:
        return first.strftime("%d/%m/%Y")
    if step is Step.MONTH:
        return str(words["month"]).format(month=f"{first.month:02d}", year=first.year)
    year, week, _ = first.isocalendar()
    days = {"first": first.strftime("%d/%m"), "last": last.strftime("%d/%m")}
    return str(words["week"]).format(week=f"{week:02d}", year=year, **days)


def write_progress(
    path: Path,
    counts: Iterable[DayCount],
    *,
    step: Step,
    first: date | None = None,
    last: date | None = None,
    named: bool = False,
    now: datetime | None = None,
) -> bool:
    """Write the progress; returns whether anything changed.

    Args:
        first: first day; by default the first on which anything was done.
        last: last day; by default the last on which anything was done. Work outside these days is only in the running
            sums.
        named: whether people stand with their names; otherwise with numbers in the order of their first work.

    Raises:
        SettingsError: the days are more than ten years apart.
    """
    counts = list(counts)
    days = sorted(count.day for count in counts)
    first = first or min(days[0] if days else date(2000, 1, 1), last or date.max)
    last = last or max(days[-1] if days else first, first)
    if (last - first).days > _LONGEST_DAYS or last.year >= date.max.year:
        raise SettingsError(
            f"From {first:%d/%m/%Y} to {last:%d/%m/%Y}: more than {_LONGEST_DAYS} days, or beyond the calendar.",
            mend="Give --from and --to ten years apart at most.",
        )
    words = texts()["progress"]
    periods = list(spans(first, last, step))
    shown = {"first": first.strftime("%d/%m/%Y"), "last": last.strftime("%d/%m/%Y")}
    notes = tuple(str(note).format(**shown) for note in words["notes"])
    tables = [_overall(counts, periods, notes), _people(counts, periods, named=named)]
    return write_tables(path, words["title"], tables, now=now)


def _within(counts: Iterable[DayCount], span: Span) -> Counter[Deed]:
    found: Counter[Deed] = Counter()
    for count in counts:
        if span.first <= count.day <= span.last:
            found[count.deed] += count.number
    return found


def _overall(counts: Sequence[DayCount], periods: Sequence[Span], notes: tuple[str, ...]) -> Table:
    words = texts()["progress"]
    before = [count for count in counts if count.day < periods[0].first] if periods else []
    read = sum(count.number for count in before if count.deed is Deed.RECORD_READ)
    finished = sum(count.number for count in before if count.deed is Deed.RECORD_FINISHED)
    rows: list[list[Cell]] = []
    total: Counter[Deed] = Counter()
    for span in periods:
        done = _within(counts, span)
        total += done
        read += done[Deed.RECORD_READ]
        finished += done[Deed.RECORD_FINISHED]
        rows.append([span.name, *_numbers(done), read, finished])
    rows.append([words["total"], *_numbers(total), read, finished])
    columns = tuple(Column(heading, 30 if at == 0 else 12) for at, heading in enumerate(words["columns"]))
    chart = LineChart(words["chart"], (len(columns) - 2, len(columns) - 1))
    return Table(words["sheet"], words["title"], columns, rows, notes=notes, total=True, chart=chart)


def _numbers(done: Counter[Deed]) -> list[Cell]:
    return [
        done[Deed.PAGE_READ] + done[Deed.PAGE_PROBLEM],
        done[Deed.PAGE_READ],
        done[Deed.RECORD_READ],
        *(done[deed] for deed in _OF_FIELDS),
        done[Deed.RECORD_FINISHED],
        done[Deed.BOOK_EXPORTED],
        done[Deed.FIELD_INSPECTED],
    ]


def _people(counts: Sequence[DayCount], periods: Sequence[Span], *, named: bool) -> Table:
    words = texts()["progress"]
    personal = sorted((c for c in counts if c.person and c.deed in _PERSONAL), key=lambda c: (c.day, c.person))
    names = {
        person: person if named else str(words["people"]).format(number=number)
        for number, person in enumerate(dict.fromkeys(count.person for count in personal), start=1)
    }
    rows: list[list[Cell]] = []
    for span in periods:
        for person, name in names.items():
            done = _within((count for count in personal if count.person == person), span)
            if done:
                numbers = [done[deed] for deed in _PERSONAL]
                rows.append([span.name, name, *numbers, sum(numbers)])
    columns = tuple(Column(heading, 30 if at < 2 else 13) for at, heading in enumerate(words["people_columns"]))
    title = f"{words['title']}: {words['people_sheet'].lower()}"
    return Table(words["people_sheet"], title, columns, rows, notes=() if named else (words["anonymous"],))
