"""Dates in digits as people write them, to ``dd.mm.yyyy``, ``mm.yyyy`` or ``yyyy``."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass

from extractor.vietnamese.text import single_spaces

FIRST_YEAR, LAST_YEAR = 1800, 2199
"""Years outside are taken for slips of pen or reader."""

_PIVOT_BACK, _PIVOT_AHEAD = 90, 1
"""A two-digit year is one of the years from so far before to so far after the book's; never two are."""

_VALUE = re.compile(r"(?:(?:(0[1-9]|[12]\d|3[01])\.)?(0[1-9]|1[0-2])\.)?(\d{4})")
_ROMAN = {
    roman: number
    for number, roman in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"), start=1)
}
_SEPARATOR = r"\s*[./,\-\u2013]\s*|\s+"
_UNKNOWN = r"0{1,2}|[.…?_x]{1,6}|-{1,3}"
_MONTH = r"\d{1,2}|[ivx]{1,4}"
_YEAR = r"['’]?\d{2}|\d{4}"
_LEAD = r"(?:(?:sinh|sanh|đăng ký|cấp)?\s*(?:ngày|ng\.?)\s*[:,]?\s*)?"
_FULL = re.compile(
    rf"{_LEAD}(?P<day>\d{{1,2}}|{_UNKNOWN})(?:{_SEPARATOR}|\s*,?\s*tháng\s*)"
    rf"(?P<month>{_MONTH}|{_UNKNOWN})(?:{_SEPARATOR}|\s*,?\s*năm\s*)(?P<year>{_YEAR})"
)
_MONTH_YEAR = re.compile(rf"(?:sinh\s*)?(?:tháng\s*)?(?P<month>{_MONTH}|{_UNKNOWN})(?:{_SEPARATOR})(?P<year>\d{{4}})")
_MONTH_OF_YEAR = re.compile(rf"(?:sinh\s*)?(?:tháng\s*)?(?P<month>{_MONTH})\s*,?\s*năm\s*(?P<year>{_YEAR})")
_YEAR_ONLY = re.compile(r"[/.\-\s]*(?P<year>\d{4})")
_MARKED_YEAR = re.compile(rf"(?:(?:sinh\s*)?năm|sinh|sn|s)[\s.:]*(?P<year>{_YEAR})")
"""Two digits alone are no year: they may be a day or an age."""
_BARE_LABELS = re.compile(r"\b(?:ngày|tháng|năm)\s*(?=tháng|năm|$)")
_LUNAR = re.compile(r"âm lịch|a\.?l\b|â\.?l\b|nhuận|\brằm\b")
_END = " .,;/-…"


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of the common calendar of which day, or day and month, may be unknown.

    Raises:
        ValueError: there is no such day, or a day without month.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        problem = impossible(self.year, self.month, self.day)
        if problem:
            raise ValueError(problem)

    @property
    def value(self) -> str:
        """As exported: ``dd.mm.yyyy``, ``mm.yyyy`` or ``yyyy``."""
        if self.month is None:
            return f"{self.year:04d}"
        if self.day is None:
            return f"{self.month:02d}.{self.year:04d}"
        return f"{self.day:02d}.{self.month:02d}.{self.year:04d}"

    @property
    def complete(self) -> bool:
        """Whether the day is known."""
        return self.day is not None

    @property
    def earliest(self) -> tuple[int, int, int]:
        """Year, month and day of the first day it can mean."""
        return self.year, self.month or 1, self.day or 1

    @property
    def latest(self) -> tuple[int, int, int]:
        """Year, month and day of the last day it can mean."""
        month = self.month or 12
        return self.year, month, self.day or calendar.monthrange(self.year, month)[1]

    def days_since(self, other: PartialDate) -> int:
        """Days from ``other`` to this date; both must be complete."""
        from datetime import date

        return (date(*self.earliest) - date(*other.earliest)).days


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Why a text could not be taken for a value; a clear answer, never a guess.

    Args:
        reason: short code: ``empty``, ``form``, ``impossible``, ``short_year``, ``lunar``, ``ambiguous``,
            ``can_chi``, ``year_range``.
    """

    reason: str


def impossible(year: int, month: int | None = None, day: int | None = None) -> str:
    """Why there is no such date (``year_range`` or ``impossible``), or an empty text where there is."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return "year_range"
    if month is None:
        return "" if day is None else "impossible"
    if not 1 <= month <= 12:
        return "impossible"
    if day is not None and not 1 <= day <= calendar.monthrange(year, month)[1]:
        return "impossible"
    return ""


def make_date(year: int, month: int | None = None, day: int | None = None) -> PartialDate | Unparsed:
    """The date, or why there is none."""
    problem = impossible(year, month, day)
    return Unparsed(problem) if problem else PartialDate(year, month, day)


def full_year(digits: str, book_year: int | None = None) -> int | None:
    """Year written with four digits, or with two where the book's year leaves one choice only."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) != 2 or book_year is None:
        return None
    last = book_year + _PIVOT_AHEAD
    year = last - (last - int(digits)) % 100
    return year if year >= book_year - _PIVOT_BACK else None


def parse_value(value: str | None) -> PartialDate | None:
    """The date behind an exported value, or none where the text is no such value."""
    match = _VALUE.fullmatch(value or "")
    if not match:
        return None
    day, month, year = (int(part) if part else None for part in match.groups())
    date = make_date(year or 0, month, day)
    return date if isinstance(date, PartialDate) else None


def parse_date(raw: str, book_year: int | None = None) -> PartialDate | Unparsed:
    """Read a date in digits.

    Understood: ``5/3/2009``, ``05.03.2009``, ``5-3-2009``, ``5 3 2009``, ``ngày 5 tháng 3 năm 2009``, ``5/III/2009``,
    ``3/2009``, ``tháng 3 năm 2009``, ``2009``, ``SN 1960``, and blanks left open (``.../.../1960``, ``00/00/1960``).

    Args:
        raw: the text as written.
        book_year: year of the book, which decides what a two-digit year means; without it such a date is unparsed.
    """
    text = single_spaces(raw).casefold()
    if not text.strip(_END):
        return Unparsed("empty")
    if _LUNAR.search(text):
        return Unparsed("lunar")
    text = _BARE_LABELS.sub("", text).strip().rstrip(_END)
    for pattern in (_FULL, _MONTH_YEAR, _MONTH_OF_YEAR, _YEAR_ONLY, _MARKED_YEAR):
        match = pattern.fullmatch(text)
        if match:
            return _from_parts(match.groupdict(), book_year)
    return Unparsed("form")


def _from_parts(parts: dict[str, str], book_year: int | None) -> PartialDate | Unparsed:
    year = full_year(parts["year"].lstrip("'’"), book_year)
    if year is None:
        return Unparsed("short_year")
    month = _number(parts.get("month", ""))
    day = _number(parts.get("day", ""))
    if month is None and day is not None:
        return Unparsed("form")
    if month == 0:
        return Unparsed("form")
    return make_date(year, month, day)


def _number(text: str) -> int | None:
    """The number of a blank, or none where it is left open; 0 for a wrong Roman numeral."""
    if text.isdecimal():
        return int(text) or None
    if text and set(text) <= set("ivx") and set(text) != {"x"}:
        return _ROMAN.get(text, 0)
    return _ROMAN["x"] if text == "x" else None
