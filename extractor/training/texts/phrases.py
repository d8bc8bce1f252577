"""Short formulaic texts: ethnic groups, nationalities, relations, titles, notes, causes of death and the like."""

from __future__ import annotations

import datetime as dt
from random import Random

from extractor.training.texts.dates import DateStyle, date_digits
from extractor.training.texts.persons import person_name
from extractor.training.texts.sample import BLANK, Sample, data, plain


def ethnic_group(rng: Random, group: str | None = None) -> Sample:
    """An ethnic group in one of its writings; the value is the official name."""
    people = data("people")
    group = group or rng.choice(people["ethnic_groups"])
    return Sample(rng.choice(people["writings"].get(group, [group])), group)


def nationality(rng: Random, name: str | None = None) -> Sample:
    """A nationality; ``Việt Nam`` is sometimes abbreviated."""
    name = name or rng.choice(data("people")["nationalities"])
    raw = rng.choices((name, "VN", "Việt nam"), (90, 5, 5))[0] if name == "Việt Nam" else name
    return Sample(raw, name)


def sex(code: str) -> Sample:
    """``Nam`` or ``Nữ`` for the codes 1 and 2."""
    return Sample("Nam" if code == "1" else "Nữ", code)


def relation(rng: Random, kind: str | None = None) -> Sample:
    """A relation to the person concerned; ``kind`` as in the data file (``father``, ``mother`` ...), or any."""
    relations = data("people")["relations"]
    if kind is None:
        kind = rng.choice([*relations["birth"], "other", "other", "other"])
    return plain(rng.choice(relations["other"] if kind == "other" else relations["birth"][kind]))


def title(rng: Random, kind: str | None = None) -> Sample:
    """A title of an office-holder; ``kind`` is ``chairman``, ``deputy`` or ``officer``, or any."""
    titles = data("people")["titles"]
    return plain(rng.choice(titles[kind or rng.choice(list(titles))]))


def signer(rng: Random, name: str | None = None, office: str | None = None) -> Sample:
    """A signer's name and title in one blank; the value is ``NAME, TITLE``."""
    name = name or str(person_name(rng, born=rng.randint(1950, 1980)).value)
    office = office or str(title(rng, rng.choice(("chairman", "deputy"))).value)
    joint = rng.choices((", ", " - ", " "), (65, 25, 10))[0]
    return Sample(f"{name}{joint}{office}", f"{name}, {office}")


def cause_of_death(rng: Random) -> Sample:
    """A cause of death in a layman's words."""
    return plain(rng.choice(data("people")["causes_of_death"]))


def marital_state(rng: Random) -> Sample:
    """A marital state as certificates word it."""
    text: str = rng.choice(data("people")["marital_states"])
    return plain(text.format(year=rng.randint(1995, 2020), number=rng.randint(1, 250)))


def purpose(rng: Random) -> Sample:
    """What a certificate of marital status is for."""
    return plain(rng.choice(data("people")["purposes"]))


def note(
    rng: Random, after: dt.date | None = None, style: DateStyle | None = None, *, mother_born: int | None = None
) -> Sample:
    """A marginal note made some time after the registration; it may correct the mother's year of birth."""
    after = after or dt.date(rng.randint(2006, 2018), rng.randint(1, 12), rng.randint(1, 28))
    when = after + dt.timedelta(days=rng.randint(20, 2500))
    year = mother_born or rng.randint(1965, 1995)
    text: str = rng.choice(data("people")["notes"])
    text = text.format(
        date=date_digits(rng, when, style).raw.removeprefix("ngày "),
        number=rng.randint(1, 180),
        count=f"{rng.randint(1, 10):02d}",
        year=year,
        year2=year + rng.choice((-3, -2, -1, 1, 2, 3)),
    )
    return plain(text)


def time_of_day(rng: Random) -> Sample:
    """An hour and minute as registers write it, value ``hh:mm``."""
    hour, minute = rng.randint(0, 23), rng.choice((0, 0, 5, 10, 15, 20, 30, 30, 40, 45, 50))
    forms = (
        f"{hour}h{minute:02d}",
        f"{hour}h{minute:02d}'",
        f"{hour} giờ {minute:02d} phút",
        f"{hour:02d} giờ {minute:02d}",
    )
    return Sample(rng.choice(forms), f"{hour:02d}:{minute:02d}")


def maybe(rng: Random, probability: float, sample: Sample) -> Sample:
    """The sample with the given probability, or a blank."""
    return sample if rng.random() < probability else BLANK
