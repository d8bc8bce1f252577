"""Dates in digits and in words, in all usual writings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random

from extractor.training.texts.sample import Sample

_UNITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười")


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How one clerk writes dates in digits.

    Args:
        separator: between day, month and year; ``words`` for ``05 tháng 3 năm 2017``.
        pad_day: ``5`` is written ``05``.
        pad_month: ``3`` is written ``03``; January and February nearly always are.
    """

    separator: str = "/"
    pad_day: bool = True
    pad_month: bool = True


@dataclass(frozen=True, slots=True)
class WordStyle:
    """How one clerk writes dates in words.

    Args:
        south: ngàn and lẻ instead of nghìn and linh.
        zero_hundred: ``không trăm`` in years from 2000 on.
        first_ten: word before the days 1 to 10: ``mùng``, ``mồng`` or empty.
        four_tu, five_nham: tư for four and nhăm for five after tens.
        capital: ``first``, ``each`` or ``none``.
        comma: whether the parts are parted by commas.
        ngay: whether it begins with ``ngày``.
    """

    south: bool = False
    zero_hundred: bool = True
    first_ten: str = ""
    four_tu: bool = True
    five_nham: bool = False
    seven_bay: bool = True
    tens_dropped: bool = False
    capital: str = "first"
    comma: bool = False
    ngay: bool = True


def date_style(rng: Random) -> DateStyle:
    """A clerk's way with dates in digits."""
    separator = rng.choices(("/", "-", ".", "words"), (62, 19, 11, 8))[0]
    pad_day, pad_month = rng.random() < 0.8, rng.random() < 0.5
    return DateStyle(separator, pad_day or pad_month, pad_month)


def word_style(rng: Random, region: str | None = None) -> WordStyle:
    """A clerk's way with dates in words, southern or northern by region."""
    south = rng.random() < {"north": 0.03, "central": 0.4, "highlands": 0.5, "south": 0.92}.get(region or "", 0.5)
    return WordStyle(
        south=south,
        zero_hundred=rng.random() < 0.75,
        first_ten=rng.choices(("mùng", "mồng", ""), (10, 20, 70) if south else (35, 25, 40))[0],
        four_tu=rng.random() < 0.8,
        five_nham=not south and rng.random() < 0.2,
        seven_bay=south or rng.random() < 0.85,
        tens_dropped=rng.random() < 0.1,
        capital=rng.choices(("first", "each", "none"), (70, 12, 18))[0],
        comma=rng.random() < 0.4,
        ngay=rng.random() < 0.55,
    )


def date_value(date: dt.date) -> str:
    """Normalised form ``dd.mm.yyyy``."""
    return f"{date.day:02d}.{date.month:02d}.{date.year}"


def date_digits(rng: Random, date: dt.date, style: DateStyle | None = None, *, led: float = 0.3) -> Sample:
    """A full date in digits; one with the month's name begins with ``ngày`` with the probability ``led``."""
    style = style or date_style(rng)
    day = f"{date.day:02d}" if style.pad_day else str(date.day)
    padded = style.pad_month or (date.month < 3 and rng.random() < 0.8)
    month = f"{date.month:02d}" if padded else str(date.month)
    if style.separator == "words":
        raw = f"{day} tháng {month} năm {date.year}"
        raw = f"ngày {raw}" if rng.random() < led else raw
    else:
        raw = style.separator.join((day, month, str(date.year)))
    return Sample(raw, date_value(date))


def partial_date(rng: Random, date: dt.date, style: DateStyle | None = None, year_only: float = 0.8) -> Sample:
    """Only the year, or month and year, as older people's dates of birth stand in registers."""
    style = style or date_style(rng)
    if rng.random() < year_only:
        return Sample(str(date.year), str(date.year))
    separator = "/" if style.separator == "words" else style.separator
    month = f"{date.month:02d}" if style.pad_month else str(date.month)
    return Sample(f"{month}{separator}{date.year}", f"{date.month:02d}.{date.year}")


def date_parts(date: dt.date, style: DateStyle) -> Sample:
    """A date in three blanks; the raw text is the blanks joined by single spaces."""
    day = f"{date.day:02d}" if style.pad_day or date.day > 9 else str(date.day)
    month = f"{date.month:02d}" if style.pad_month or date.month < 3 else str(date.month)
    return Sample(f"{day} {month} {date.year}", date_value(date))


def _below_hundred(number: int, style: WordStyle, *, year: bool = False) -> str:
    if number <= 10:
        return "bẩy" if number == 7 and not style.seven_bay else _UNITS[number]
    tens, unit = divmod(number, 10)
    head = "mười" if tens == 1 else f"{_UNITS[tens]} mươi"
    if unit == 0:
        return head
    dropped = year and style.tens_dropped and tens > 1 and unit not in (1, 5)
    head = _UNITS[tens] if dropped else head
    tail = _UNITS[unit]
    if unit == 5:
        tail = "nhăm" if style.five_nham and tens > 1 else "lăm"
    elif unit == 1 and tens > 1:
        tail = "mốt"
    elif unit == 4 and tens > 1 and style.four_tu:
        tail = "tư"
    elif unit == 7 and not style.seven_bay:
        tail = "bẩy"
    return f"{head} {tail}"


def year_words(year: int, style: WordStyle) -> str:
    """A year between 1900 and 2099 in words."""
    thousand = "ngàn" if style.south else "nghìn"
    low = "lẻ" if style.south else "linh"
    century, rest = divmod(year, 100)
    if century == 19:
        head = f"một {thousand} chín trăm"
        return head if rest == 0 else f"{head} {low if rest < 10 else ''} {_below_hundred(rest, style, year=True)}"
    head = f"hai {thousand}"
    if rest == 0:
        return head
    if rest < 10:
        middle = f"không trăm {low}" if style.zero_hundred else low
    else:
        middle = "không trăm" if style.zero_hundred else ""
    return f"{head} {middle} {_below_hundred(rest, style, year=True)}"


def month_words(month: int, style: WordStyle) -> str:
    """A month's name without ``tháng``."""
    return "tư" if month == 4 else _below_hundred(month, style) if month <= 10 else f"mười {_UNITS[month - 10]}"


def date_words(rng: Random, date: dt.date, style: WordStyle | None = None) -> Sample:
    """A date in words; its value is the words themselves, for the import column holds words."""
    style = style or word_style(rng)
    day = _below_hundred(date.day, style)
    if date.day <= 10 and style.first_ten:
        day = f"{style.first_ten} {day}"
    parts = [
        f"ngày {day}" if style.ngay else day,
        f"tháng {month_words(date.month, style)}",
        f"năm {year_words(date.year, style)}",
    ]
    text = " ".join((", " if style.comma else " ").join(parts).split())
    if style.capital == "first":
        text = text[0].upper() + text[1:]
    elif style.capital == "each":
        text = " ".join(word[0].upper() + word[1:] for word in text.split())
    return Sample(text, text)
