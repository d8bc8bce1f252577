"""One generator a kind of field, for lines that belong to no record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from random import Random

from extractor.training.texts import dates, numbers, persons, phrases, places
from extractor.training.texts.sample import Sample, plain


def _date(rng: Random) -> dt.date:
    return dt.date(1930, 1, 1) + dt.timedelta(days=rng.randint(0, 33_000))


def _any_date(rng: Random) -> Sample:
    date = _date(rng)
    return dates.partial_date(rng, date) if rng.random() < 0.25 else dates.date_digits(rng, date)


def _name(rng: Random) -> Sample:
    sample = persons.person_name(rng)
    return persons.in_capitals(sample) if rng.random() < 0.3 else sample


def _number(rng: Random) -> Sample:
    return plain(f"{rng.randint(1, 400):0{rng.choice((1, 2, 3))}d}")


def _record_number(rng: Random) -> Sample:
    number, year = f"{rng.randint(1, 400):02d}", rng.randint(1995, 2022)
    return Sample(rng.choice((number, f"{number}/{year}")), f"{number}/{year}")


GENERATORS: dict[str, Callable[[Random], Sample]] = {
    "person_name": _name,
    "date": _any_date,
    "date_words": lambda rng: dates.date_words(rng, _date(rng)),
    "residence": places.residence,
    "origin": places.origin,
    "birthplace": places.birthplace,
    "identity_number": numbers.identity_number,
    "identity_paper": numbers.identity_paper,
    "ethnic_group": phrases.ethnic_group,
    "nationality": phrases.nationality,
    "sex": lambda rng: phrases.sex(rng.choice("12")),
    "relation": phrases.relation,
    "title": phrases.title,
    "signer": phrases.signer,
    "note": phrases.note,
    "cause_of_death": phrases.cause_of_death,
    "marital_state": phrases.marital_state,
    "purpose": phrases.purpose,
    "time_of_day": phrases.time_of_day,
    "number": _number,
    "record_number": _record_number,
}
"""Generators by name; each needs nothing but a random generator."""

DEFAULT_WEIGHTS = {
    "person_name": 26.0,
    "date": 10.0,
    "date_words": 12.0,
    "residence": 14.0,
    "origin": 7.0,
    "birthplace": 8.0,
    "identity_number": 2.0,
    "identity_paper": 5.0,
    "ethnic_group": 2.0,
    "nationality": 2.0,
    "sex": 1.0,
    "relation": 2.0,
    "title": 1.5,
    "signer": 3.0,
    "note": 5.0,
    "cause_of_death": 1.0,
    "marital_state": 1.5,
    "purpose": 1.0,
    "time_of_day": 0.5,
    "number": 1.5,
    "record_number": 1.5,
}
"""Shares in which lines are drawn for training a reader."""


def any_line(rng: Random) -> tuple[str, Sample]:
    """A kind drawn by :data:`DEFAULT_WEIGHTS`, and a sample of it."""
    kind = rng.choices(list(DEFAULT_WEIGHTS), list(DEFAULT_WEIGHTS.values()))[0]
    return kind, GENERATORS[kind](rng)
