"""The setting of an invented book: its office, its people and their habits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random

from extractor.training.texts.dates import DateStyle, WordStyle, date_style, word_style
from extractor.training.texts.persons import FEMALE, MALE, Person, make_person
from extractor.training.texts.phrases import title
from extractor.training.texts.places import PlaceStyle, Unit, make_unit, place_style

_KINDS = {"x": "xã", "p": "phường", "tt": "thị trấn"}


@dataclass(frozen=True, slots=True)
class BookSetting:
    """What stays the same down a book.

    Args:
        year: year the book was opened.
        number: number of the book, two digits.
        dates: registration date of record 1, 2, ... of this book; they do not fall.
        signers: names and titles of those who sign; the first signs most.
        officers: names of the civil-status officers.
        capitals: whether the child's name is written in capitals.
        number_with_year: whether numbers are written ``05/2017`` instead of ``05``.
    """

    year: int
    number: str
    unit: Unit
    dates: tuple[dt.date, ...]
    signers: tuple[tuple[Person, str], ...]
    officers: tuple[Person, ...]
    capitals: bool
    number_with_year: bool
    book_number_with_year: bool
    pad: int
    place_style: PlaceStyle
    date_style: DateStyle
    word_style: WordStyle

    @property
    def office(self) -> str:
        """The registering authority, such as ``UBND xã Tân Lập``."""
        return f"UBND {_KINDS[self.unit.commune[0]]} {self.unit.commune[1]}"


YEARS_OF_FORM = {"ks-2016": (2016, 2019), "ks-2006": (2006, 2015)}
"""For the forms whose records are written in code; the others' descriptions say it."""


def make_book(
    rng: Random,
    form: str,
    records: int,
    *,
    year: int | None = None,
    number: str | None = None,
    province: str | None = None,
    region: str | None = None,
    years: tuple[int, int] | None = None,
) -> BookSetting:
    """An invented book with the registration dates of all its records.

    Args:
        region: part of the country its commune lies in, where ``province`` is not given.
        years: first and last year it can be of, where ``year`` is not given; else those of the form.
    """
    unit = make_unit(rng, province, region)
    year = year or rng.randint(*(years or YEARS_OF_FORM.get(form, (2006, 2019))))
    days = sorted(rng.randint(2, 361) for _ in range(records))
    dates = tuple(_working_day(dt.date(year, 1, 1) + dt.timedelta(days=day)) for day in days)
    signers = []
    for kind in ("chairman", "deputy"):
        sex = MALE if rng.random() < 0.8 else FEMALE
        person = make_person(rng, sex, year - rng.randint(38, 58), unit.region)
        office = str(title(rng, kind).value).replace("xã", _KINDS[unit.commune[0]])
        signers.append((person, office))
    if rng.random() < 0.5:
        signers.reverse()
    officers = (make_person(rng, rng.choice((MALE, FEMALE)), year - rng.randint(25, 50), unit.region),)
    return BookSetting(
        year=year,
        number=number or "01",
        unit=unit,
        dates=dates,
        signers=tuple(signers),
        officers=officers,
        capitals=rng.random() < 0.5,
        number_with_year=rng.random() < 0.3,
        book_number_with_year=rng.random() < 0.5,
        pad=rng.choices((2, 3, 1), (75, 15, 10))[0],
        place_style=place_style(rng),
        date_style=date_style(rng),
        word_style=word_style(rng, unit.region),
    )


def _working_day(date: dt.date) -> dt.date:
    """The same day or, at a weekend, the Friday before, so that the order is kept and the year too."""
    return date - dt.timedelta(days=max(0, date.weekday() - 4))
