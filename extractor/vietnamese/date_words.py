"""Dates in words: a closed grammar that gives the one date a text can mean, or says that it gives none.

The parser follows every way a text can be taken apart. It answers with a date only where all of them end in the same
one, so a word it does not know, or a phrase with two meanings, is unparsed and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from extractor.records import nfc
from extractor.vietnamese.dates import PartialDate, Unparsed, full_year, make_date
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import compare_key

_SIGNS = re.compile(r"[\s.,;:/()\-\u2013\u2014_\"“”…]+")
_Parse = tuple[int, int]
"""A number and the index of the first word after it."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The grammar's words, each under its comparing key."""

    ones: dict[str, int]
    after_ten: dict[str, int]
    after_twenty: dict[str, int]
    months: dict[str, int]
    sets: dict[str, frozenset[str]]
    stems: tuple[str, ...]
    branches: tuple[str, ...]

    def known(self) -> frozenset[str]:
        """Every word the grammar can use."""
        numbers = {*self.ones, *self.after_ten, *self.after_twenty, *self.months}
        return frozenset(numbers.union(*self.sets.values(), self.stems, self.branches))


@cache
def words() -> _Words:
    """The grammar's words, from ``data/date_words.yaml``."""
    data = load("date_words")

    def numbers(name: str) -> dict[str, int]:
        return {compare_key(word): number for number, list_ in data[name].items() for word in list_}

    return _Words(
        ones=numbers("ones"),
        after_ten=numbers("after_ten"),
        after_twenty=numbers("after_twenty"),
        months=numbers("months"),
        sets={name: frozenset(compare_key(word) for word in list_) for name, list_ in data["sets"].items()},
        stems=tuple(compare_key(word) for word in data["stems"]),
        branches=tuple(compare_key(word) for word in data["branches"]),
    )


def tokens(text: str) -> list[str]:
    """Words of a text as comparing keys, without punctuation."""
    return [compare_key(word) for word in _SIGNS.split(nfc(text)) if word]


def can_chi(year: int) -> tuple[int, int]:
    """Stem and branch of a year in the sixty-year cycle, as indices into the word lists."""
    return year % 10, year % 12


@dataclass(frozen=True, slots=True)
class _Text:
    """A text taken apart, with the readings of numbers at each place."""

    words: tuple[str, ...]
    grammar: _Words
    book_year: int | None

    def at(self, index: int) -> str:
        return self.words[index] if index < len(self.words) else ""

    def is_in(self, index: int, name: str) -> bool:
        return self.at(index) in self.grammar.sets[name]

    def digit(self, index: int) -> Iterator[_Parse]:
        """A single digit, zero included."""
        if self.is_in(index, "zero"):
            yield 0, index + 1
        elif self.at(index) in self.grammar.ones:
            yield self.grammar.ones[self.at(index)], index + 1

    def tens(self, index: int) -> Iterator[_Parse]:
        """10 to 99."""
        grammar, word = self.grammar, self.at(index)
        if self.is_in(index, "ten"):
            yield 10, index + 1
            if self.at(index + 1) in grammar.after_ten:
                yield 10 + grammar.after_ten[self.at(index + 1)], index + 2
        for name, base in (("twenty_short", 20), ("thirty_short", 30)):
            if self.is_in(index, name) and self.at(index + 1) in grammar.after_twenty:
                yield base + grammar.after_twenty[self.at(index + 1)], index + 2
        base = 10 * grammar.ones.get(word, 0)
        if base >= 20:
            if self.is_in(index + 1, "tens"):
                yield base, index + 2
                if self.at(index + 2) in grammar.after_twenty:
                    yield base + grammar.after_twenty[self.at(index + 2)], index + 3
            elif self.at(index + 1) in grammar.after_twenty:
                yield base + grammar.after_twenty[self.at(index + 1)], index + 2
        if word in grammar.ones and self.is_in(index + 1, "zero"):
            yield base, index + 2
        if base == 10:
            for unit, end in self.digit(index + 1):
                yield 10 + unit, end

    def small(self, index: int) -> Iterator[_Parse]:
        """1 to 99 as a day or month is written, in words or digits."""
        word = self.at(index)
        if word.isdecimal() and len(word) <= 2:
            yield int(word), index + 1
        elif self.is_in(index, "first_ten"):
            yield from self.up_to_ten(index + 1)
        else:
            if word in self.grammar.ones:
                yield self.grammar.ones[word], index + 1
            if (self.is_in(index, "zero") or self.is_in(index, "odd")) and self.at(index + 1) in self.grammar.ones:
                yield self.grammar.ones[self.at(index + 1)], index + 2
            yield from self.tens(index)

    def up_to_ten(self, index: int) -> Iterator[_Parse]:
        word = self.at(index)
        if word in self.grammar.ones:
            yield self.grammar.ones[word], index + 1
        elif self.is_in(index, "ten"):
            yield 10, index + 1
        elif word.isdecimal() and 1 <= int(word) <= 10:
            yield int(word), index + 1

    def month(self, index: int) -> Iterator[_Parse]:
        if self.at(index) in self.grammar.months:
            yield self.grammar.months[self.at(index)], index + 1
        yield from self.small(index)

    def rest(self, index: int) -> Iterator[_Parse]:
        """01 to 99 after a hundred: linh tám, mười, tám mươi hai, tám hai."""
        if self.is_in(index, "odd") or self.is_in(index, "zero"):
            if self.at(index + 1) in self.grammar.ones:
                yield self.grammar.ones[self.at(index + 1)], index + 2
        else:
            yield from self.tens(index)

    def year(self, index: int, *, marked: bool) -> Iterator[_Parse]:
        """A year; ``marked`` says that the word năm stands before it."""
        word = self.at(index)
        if word.isdecimal() and len(word) in {2, 4}:
            year = full_year(word, self.book_year if marked else None)
            if year is not None:
                yield year, index + 1
        yield from self.year_by_thousands(index, marked=marked)
        yield from self.year_by_digits(index)
        if marked and self.book_year is not None:
            for number, end in self.tens(index):
                year = full_year(f"{number:02d}", self.book_year)
                if year is not None:
                    yield year, end

    def year_by_thousands(self, index: int, *, marked: bool) -> Iterator[_Parse]:
        thousands = self.grammar.ones.get(self.at(index), 0)
        if thousands in {1, 2} and self.is_in(index + 1, "thousand"):
            base, index = 1000 * thousands, index + 2
        elif marked and self.is_in(index, "thousand"):
            base, index = 1000, index + 1
        else:
            return
        for hundreds, end in self.digit(index):
            if self.is_in(end, "hundred"):
                yield base + 100 * hundreds, end + 1
                for number, after in self.rest(end + 1):
                    yield base + 100 * hundreds + number, after
        if base == 2000:
            yield base, index
            for number, after in self.rest(index):
                yield base + number, after

    def year_by_digits(self, index: int) -> Iterator[_Parse]:
        """Một chín tám hai; also một chín tám mươi hai and hai không linh tám."""
        for thousands, second in self.digit(index):
            if thousands not in {1, 2}:
                continue
            for hundreds, third in self.digit(second):
                base = 1000 * thousands + 100 * hundreds
                for ten, fourth in self.digit(third):
                    for one, end in self.digit(fourth):
                        yield base + 10 * ten + one, end
                for number, end in self.rest(third):
                    yield base + number, end

    def ends(self, index: int, year: int) -> str | None:
        """What follows the year: an empty text where it fits, a reason where it does not, none for other words."""
        if self.is_in(index, "even"):
            index += 1
        if index == len(self.words):
            return ""
        if self.is_in(index, "year"):
            index += 1
        stem, branch = self.at(index), self.at(index + 1)
        if index + 2 != len(self.words) or stem not in self.grammar.stems or branch not in self.grammar.branches:
            return None
        fits = (self.grammar.stems.index(stem), self.grammar.branches.index(branch)) == can_chi(year)
        return "" if fits else "can_chi"


def parse_date_words(raw: str, book_year: int | None = None) -> PartialDate | Unparsed:
    """Read a date in words.

    Args:
        raw: the text as written; case, commas and the place of tones do not count.
        book_year: year of the book; only with it can a year of two digits be read.

    Returns:
        The date, or why there is none.
    """
    keys = tokens(raw)
    if not keys:
        return Unparsed("empty")
    grammar = words()
    if any(key in grammar.sets["lunar"] for key in keys):
        return Unparsed("lunar")
    text = _Text(tuple(keys), grammar, book_year)
    found = set(_dates(text))
    dates = {date for date in found if isinstance(date, PartialDate)}
    if len(dates) == 1:
        return dates.pop()
    if dates:
        return Unparsed("ambiguous")
    reasons = sorted({date.reason for date in found if isinstance(date, Unparsed)})
    return Unparsed(reasons[0] if reasons else "form")


def _dates(text: _Text) -> Iterator[PartialDate | Unparsed]:
    start = 0
    while text.is_in(start, "lead"):
        start += 1
    day_start = start + 1 if text.is_in(start, "day") else start
    if day_start > start or not text.is_in(start, "month"):
        for day, after_day in text.small(day_start):
            if text.is_in(after_day, "month"):
                yield from _month_and_year(text, after_day + 1, day)
    if text.is_in(day_start, "month"):
        yield from _month_and_year(text, day_start + 1, None)
    if text.is_in(day_start, "year"):
        yield from _year(text, day_start + 1, None, None, marked=True)
    elif day_start == start:
        yield from _year(text, start, None, None, marked=False)


def _month_and_year(text: _Text, index: int, day: int | None) -> Iterator[PartialDate | Unparsed]:
    for month, after in text.month(index):
        if text.is_in(after, "year"):
            yield from _year(text, after + 1, month, day, marked=True)
        yield from _year(text, after, month, day, marked=False)


def _year(
    text: _Text, index: int, month: int | None, day: int | None, *, marked: bool
) -> Iterator[PartialDate | Unparsed]:
    for year, after in text.year(index, marked=marked):
        end = text.ends(after, year)
        if end is None:
            continue
        yield make_date(year, month, day) if not end else Unparsed(end)


def november_by_old_count(raw: str) -> bool:
    """Whether the month is named ``tháng một``, which once was the eleventh month and today is the first."""
    keys = tokens(raw)
    month, year, one = words().sets["month"], words().sets["year"], compare_key("một")
    triples = zip(keys, keys[1:], [*keys[2:], ""], strict=False)
    return any(key in month and following == one and (not after or after in year) for key, following, after in triples)
