"""Writes dates in words in the styles people use; the inverse of :mod:`extractor.vietnamese.date_words`."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from extractor.vietnamese.date_words import can_chi
from extractor.vietnamese.dates import PartialDate
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import ToneStyle, canonical_tones

Case = Literal["lower", "sentence", "title", "upper"]
YearForm = Literal["thousands", "digits"]


@dataclass(frozen=True, slots=True)
class WordStyle:
    """How one writer puts a date into words.

    Args:
        thousand: ``nghìn`` (north) or ``ngàn`` (south).
        odd: word before the unit where the ten is nought: ``linh``, ``lẻ`` or ``không``.
        first_ten: word before the days 1 to 10: ``mùng``, ``mồng`` or empty.
        four: ``tư`` or ``bốn`` after a ten.
        five: ``lăm``, ``nhăm`` or ``năm`` after a ten.
        one: ``mốt`` or ``một`` after twenty and more.
        seven: ``bảy`` or ``bẩy``.
        drop_ten: leave out ``mươi`` before a unit (tám hai for 82).
        short_tens: ``hăm`` and ``băm`` for the days after 20 and 30.
        drop_zero_hundred: ``hai nghìn linh tám`` for ``hai nghìn không trăm linh tám``.
        even: end full hundreds with ``chẵn``.
        old_months: ``giêng`` and ``chạp`` for the first and the last month, ``tư`` for the fourth.
        year_form: by thousands and hundreds, or digit by digit.
        day_word: begin with ``ngày``.
        year_word: put ``năm`` before the year.
        commas: a comma after day and month.
        can_chi: add the year's name in the sixty-year cycle in brackets.
        case: letter case.
        tones: where tones stand on open vowel pairs.
    """

    thousand: str = "nghìn"
    odd: str = "linh"
    first_ten: str = ""
    four: str = "tư"
    five: str = "lăm"
    one: str = "mốt"
    seven: str = "bảy"
    drop_ten: bool = False
    short_tens: bool = False
    drop_zero_hundred: bool = False
    even: bool = False
    old_months: bool = False
    year_form: YearForm = "thousands"
    day_word: bool = True
    year_word: bool = True
    commas: bool = False
    can_chi: bool = False
    case: Case = "sentence"
    tones: ToneStyle = "old"


NORTHERN = WordStyle()
SOUTHERN = WordStyle(thousand="ngàn", odd="lẻ", four="bốn")
IMPORT_SHEET = WordStyle(case="title")
DIGITWISE = WordStyle(year_form="digits")
TERSE = WordStyle(drop_ten=True, short_tens=True, drop_zero_hundred=True, day_word=False, year_word=True, case="lower")
OLD = WordStyle(first_ten="mồng", old_months=True, seven="bẩy", five="nhăm", even=True, can_chi=True, commas=True)
STYLES: dict[str, WordStyle] = {
    "northern": NORTHERN,
    "southern": SOUTHERN,
    "import_sheet": IMPORT_SHEET,
    "digitwise": DIGITWISE,
    "terse": TERSE,
    "old": OLD,
}


def random_style(rng: random.Random) -> WordStyle:
    """A style drawn at random, common choices more often than rare ones."""
    south = rng.random() < 0.45
    cases: list[Case] = ["sentence", "lower", "title", "upper"]
    style = WordStyle(
        thousand="ngàn" if south else "nghìn",
        odd=rng.choice(["lẻ", "lẻ", "không"] if south else ["linh", "linh", "lẻ", "không"]),
        first_ten=rng.choice(["", "", "mùng", "mồng"]),
        four=rng.choice(["tư", "tư", "bốn"]),
        five=rng.choice(["lăm", "lăm", "lăm", "nhăm", "năm"]),
        one=rng.choice(["mốt", "mốt", "một"]),
        seven=rng.choice(["bảy", "bảy", "bảy", "bẩy"]),
        drop_ten=rng.random() < 0.15,
        short_tens=rng.random() < 0.08,
        drop_zero_hundred=rng.random() < 0.05,
        even=rng.random() < 0.1,
        old_months=rng.random() < 0.2,
        year_form="digits" if rng.random() < 0.05 else "thousands",
        day_word=rng.random() < 0.85,
        year_word=rng.random() < 0.95,
        commas=rng.random() < 0.35,
        can_chi=rng.random() < 0.02,
        case=rng.choices(cases, weights=[6, 2, 3, 1])[0],
    )
    return style if rng.random() < 0.5 else replace(style, tones="new")


def date_in_words(when: date | PartialDate, style: WordStyle = NORTHERN) -> str:
    """The date in words, such as ``Ngày hai mươi bảy tháng tám năm hai nghìn không trăm linh tám``."""
    parts = []
    if when.day is not None:
        day = _number(when.day, style, day=True)
        if when.day <= 10 and style.first_ten:
            day = f"{style.first_ten} {day}"
        parts.append(f"ngày {day}" if style.day_word else day)
    if when.month is not None:
        parts.append(f"tháng {_month(when.month, style)}")
    year = _year(when.year, style)
    parts.append(f"năm {year}" if style.year_word or when.month is None else year)
    text = (", " if style.commas else " ").join(parts)
    if style.can_chi:
        stem, branch = can_chi(when.year)
        text += f" ({load('date_words')['stems'][stem]} {load('date_words')['branches'][branch]})"
    return canonical_tones(_in_case(text, style.case), style.tones)


def _in_case(text: str, case: Case) -> str:
    if case == "upper":
        return text.upper()
    if case == "title":
        return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    return text[:1].upper() + text[1:] if case == "sentence" else text


def _digit(number: int, style: WordStyle) -> str:
    if number == 7:
        return style.seven
    return ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")[number]


def _month(month: int, style: WordStyle) -> str:
    if style.old_months and month in {1, 4, 12}:
        return {1: "giêng", 4: "tư", 12: "chạp"}[month]
    return _number(month, style)


def _number(number: int, style: WordStyle, *, day: bool = False) -> str:
    """1 to 99 in words."""
    tens, unit = divmod(number, 10)
    if tens == 0:
        return _digit(unit, style)
    last = style.five if unit == 5 else _digit(unit, style)
    if tens == 1:
        return f"mười {last}" if unit else "mười"
    if unit == 0:
        return f"{_digit(tens, style)} mươi"
    if unit in {1, 4}:
        last = style.one if unit == 1 else style.four
    if day and style.short_tens and tens in {2, 3}:
        return f"{'hăm' if tens == 2 else 'băm'} {last}"
    return f"{_digit(tens, style)} {last}" if style.drop_ten else f"{_digit(tens, style)} mươi {last}"


def _year(year: int, style: WordStyle) -> str:
    if style.year_form == "digits":
        return " ".join(_digit(int(sign), style) for sign in f"{year:04d}")
    thousands, rest = divmod(year, 1000)
    hundreds, rest = divmod(rest, 100)
    words = [_digit(thousands, style), style.thousand]
    if not (thousands == 2 and hundreds == 0 and (rest == 0 or style.drop_zero_hundred)):
        words += [_digit(hundreds, style), "trăm"]
    if rest == 0:
        return " ".join([*words, "chẵn"] if style.even else words)
    if rest < 10:
        return " ".join([*words, style.odd, _digit(rest, style)])
    short = style.drop_ten and words[-1] == "trăm"
    return " ".join([*words, _number(rest, style if short else replace(style, drop_ten=False))])
