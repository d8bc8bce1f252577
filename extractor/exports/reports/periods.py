"""The legal period a book belongs to, by which plans sort books."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import yaml

_FULL_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")
_YEARS = re.compile(r"(\d{4})(?:\s*[-–/]\s*(\d{4}))?")


@dataclass(frozen=True, slots=True)
class Period:
    """A period: its first day, its name, and the instrument in force."""

    first: date
    name: str
    instrument: str


@cache
def periods() -> tuple[Period, ...]:
    """All periods, newest first."""
    text = resources.files("extractor.exports.reports").joinpath("periods.yaml").read_text(encoding="utf-8")
    return tuple(Period(entry["from"], entry["name"], entry["instrument"]) for entry in yaml.safe_load(text))


def period_of(year: str, dates: Iterable[str] = ()) -> Period | None:
    """The period of a book's earliest day of registration; of its year where no full date is known.

    A year alone stands for its last day: a book is closed on it, and the newer form is the one that had to be used.

    Args:
        year: year the book was opened, four digits, or the years it ran (``2009-2010``); others are not known.
        dates: days of registration as exported, ``dd.mm.yyyy``; others are passed over, and so are those of other
            years than the book's or the next, which are misread.
    """
    match = _YEARS.fullmatch(year.strip())
    opened = int(match[1]) if match else 0
    closed = max(opened, int(match[2] or opened)) if match else 0
    days = [day for text in dates if (day := _day(text)) and (not match or opened <= day.year <= closed + 1)]
    if not days and not opened:
        return None
    first = min(days) if days else date(opened, 12, 31)
    return next((period for period in periods() if first >= period.first), None)


def _day(text: str) -> date | None:
    match = _FULL_DATE.fullmatch(text)
    try:
        return date(int(match[3]), int(match[2]), int(match[1])) if match else None
    except ValueError:
        return None
