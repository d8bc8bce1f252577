"""Names of invented persons by region, sex, year of birth and ethnic group."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from extractor.training.texts.sample import Sample, data, plain, weighted

MALE, FEMALE = "1", "2"


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person: full name in title case, sex code, ethnic group (official name), year of birth."""

    surname: str
    name: str
    sex: str
    group: str
    born: int


def period(year: int) -> str:
    """Which of the given-name fashions a year of birth belongs to: ``old``, ``mid`` or ``new``."""
    return "old" if year < 1960 else "mid" if year < 1990 else "new"


def make_person(rng: Random, sex: str, born: int, region: str, *, group: str = "Kinh", surname: str = "") -> Person:
    """An invented person; a given ``surname`` is kept (a child usually has the father's).

    Args:
        sex: ``"1"`` male, ``"2"`` female.
        region: ``north``, ``central``, ``highlands`` or ``south``.
        group: official name of the ethnic group; groups without a naming pattern are named like Kinh.
    """
    patterns: dict[str, Any] = data("names")["groups"]
    if group in patterns:
        surname, name = _minority_name(rng, patterns[group], sex, surname)
    else:
        surname, name = _kinh_name(rng, sex, born, region, surname)
    return Person(surname, name, sex, group, born)


def _kinh_name(rng: Random, sex: str, born: int, region: str, surname: str) -> tuple[str, str]:
    names = data("names")
    region = rng.choice(("north", "central", "south")) if region == "highlands" else region
    surname = surname or weighted(rng, names["surnames"][region])
    key, when = ("male" if sex == MALE else "female"), period(born)
    middle, given = rng.choice(names["middles"][key][when]), rng.choice(names["given"][key][when])
    second = weighted(rng, names["surnames"][region])
    extra = [second] if when == "new" and rng.random() < 0.06 and second != surname else []
    while given in middle.split():
        given = rng.choice(names["given"][key][when])
    parts = [surname, *extra, given] if rng.random() < 0.04 else [surname, *extra, middle, given]
    return surname, " ".join(parts)


def _minority_name(rng: Random, pattern: dict[str, Any], sex: str, surname: str) -> tuple[str, str]:
    surname = surname or rng.choice(pattern["surnames"])
    own: dict[str, Any] = pattern["male" if sex == MALE else "female"]
    given = rng.choice(own["given"])
    if "prefix" in own:
        first = f"{own['prefix']}{given}"
        parts = [surname, first] if pattern.get("surname_first") else [first, surname]
    else:
        parts = [surname, rng.choice(own["middles"]), given]
    return surname, " ".join(part for part in parts if part)


def person_name(
    rng: Random, sex: str | None = None, born: int | None = None, region: str | None = None, group: str | None = None
) -> Sample:
    """A person's name; what is not given is drawn."""
    region = region or rng.choice(("north", "central", "highlands", "south"))
    group = group or weighted(rng, data("people")["groups_of_region"][region])
    sex = sex or rng.choice((MALE, FEMALE))
    return plain(make_person(rng, sex, born or rng.randint(1925, 2020), region, group=group).name)


def in_capitals(sample: Sample) -> Sample:
    """The same text in capitals, as registers often write the main person's name; the value keeps the case."""
    value = sample.value.upper() if sample.value is not None else None
    return Sample(sample.raw.upper(), value, sample.state)
