"""Invented records of any register, as ``registers/FORM.yaml`` describes who takes part and what each blank holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from random import Random
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from extractor.errors import SettingsError
from extractor.records import FieldState
from extractor.training.texts import dates, phrases, places
from extractor.training.texts.birth import FORMS as BIRTH_FORMS
from extractor.training.texts.birth import BirthRecord, birth_record
from extractor.training.texts.books import BookSetting
from extractor.training.texts.dates import DateStyle
from extractor.training.texts.numbers import identity_paper, old_card_number
from extractor.training.texts.persons import FEMALE, MALE, Person, in_capitals, make_person
from extractor.training.texts.places import Unit
from extractor.training.texts.sample import BLANK, Sample, data, plain, weighted

_FOLDER = "registers"
_BIRTH = "birth of "
_DITTO_MARKS = ('"', "nt", "-nt-", "//", "nt", '"')


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(_Part):
    """Somebody who takes part in the event.

    Args:
        sex: ``male``, ``female`` or by lot.
        age: youngest and oldest age at registration, years.
        child_of: role of a parent, whose surname and ethnic group the person has; the age must fit by itself.
        same_as: roles one of which this person is; a relative of theirs else (share of one in five).
        absent: probability that the form leaves all of the person's blanks empty.
    """

    sex: Literal["male", "female", "any"] = "any"
    age: tuple[int, int] = (20, 70)
    child_of: str = ""
    same_as: tuple[str, ...] = ()
    absent: float = Field(default=0.0, ge=0, le=1)


class Event(_Part):
    """A day that is neither registration nor birth: ``before`` another event by a number of days."""

    before: str = "registered"
    days: tuple[int, int] = (0, 30)


class Choice(_Part):
    """A tick box: its printed label, the code it stands for, how often it is ticked."""

    label: str
    value: str | None = None
    weight: float = 1.0


def _one_maker(value: Any) -> Any:
    """``{name: wife, maybe: 0.9}`` or ``officer`` in the file; the maker and its argument here."""
    if isinstance(value, str):
        return {"maker": value}
    if isinstance(value, dict) and "maker" not in value:
        options = {key: value[key] for key in ("maybe", "capitals", "ditto") if key in value}
        makers = [key for key in value if key not in options]
        if len(makers) != 1:
            raise ValueError(f"one maker is wanted, not {', '.join(makers) or 'none'}")
        return {"maker": makers[0], "of": value[makers[0]], **options}
    return value


class Blank(_Part):
    """What is written into one field.

    Args:
        maker: name of the function that writes it, one of :data:`MAKERS`.
        of: the role, event, phrase list, pattern or tick boxes it is made of.
        maybe: probability that the blank is filled at all.
        capitals: whether the clerk's habit of writing the main person in capitals holds here.
        ditto: probability of a ditto mark where the same value stands in the row above.
    """

    maker: str
    of: Any = None
    maybe: float = Field(default=1.0, ge=0, le=1)
    capitals: bool = False
    ditto: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _known(self) -> Blank:
        if self.maker not in MAKERS:
            raise ValueError(f"there is no maker '{self.maker}'; use one of {', '.join(sorted(MAKERS))}")
        return self


class RecordSpec(_Part):
    """How records of one form are invented.

    Args:
        years: first and last year such books were opened.
        region: part of the country such books come from, a region of the table of places, or empty for all of it.
        roles: who takes part, in an order in which parents stand before children.
        events: days besides registration, in an order in which later ones lean on earlier ones.
        fields: what each field holds, by field code.
    """

    form: str
    years: tuple[int, int]
    region: Literal["north", "central", "highlands", "south", ""] = ""
    roles: dict[str, Role]
    events: dict[str, Event] = {}
    fields: dict[str, Annotated[Blank, BeforeValidator(_one_maker)]]


@dataclass(frozen=True, slots=True)
class InventedRecord:
    """The written samples of one record by field code, and its day of registration."""

    form: str
    number: int
    registered: dt.date
    fields: dict[str, Sample]


@dataclass(slots=True)
class _Scene:
    """What is known of one record while its blanks are written."""

    rng: Random
    book: BookSetting
    number: int
    people: dict[str, Person] = field(default_factory=dict)
    homes: dict[str, Unit] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    days: dict[str, dt.date] = field(default_factory=dict)

    @property
    def short_dates(self) -> DateStyle:
        """The clerk's dates without the words for month and year, for narrow blanks."""
        style = self.book.date_style
        return replace(style, separator="/") if style.separator == "words" else style


Maker = Callable[[_Scene, Any], Sample]
MAKERS: dict[str, Maker] = {}


def _maker(made: Maker) -> Maker:
    MAKERS[made.__name__.removeprefix("_make_")] = made
    return made


@_maker
def _make_number(scene: _Scene, _: Any) -> Sample:
    written = f"{scene.number:0{scene.book.pad}d}"
    year = scene.book.year
    return Sample(f"{written}/{year}" if scene.book.number_with_year else written, f"{written.zfill(2)}/{year}")


@_maker
def _make_book(scene: _Scene, _: Any) -> Sample:
    book = scene.book
    value = f"{book.number}/{book.year}"
    return Sample(value if book.book_number_with_year else book.number, value)


@_maker
def _make_page(scene: _Scene, _: Any) -> Sample:
    return plain(str(scene.number))


@_maker
def _make_officer(scene: _Scene, _: Any) -> Sample:
    return plain(scene.rng.choice(scene.book.officers).name)


def _signing(scene: _Scene) -> tuple[Person, str]:
    return scene.book.signers[0 if scene.days["registered"].day % 5 else 1]


@_maker
def _make_signer(scene: _Scene, _: Any) -> Sample:
    person, office = _signing(scene)
    return phrases.signer(scene.rng, person.name, office)


@_maker
def _make_signer_name(scene: _Scene, _: Any) -> Sample:
    return plain(_signing(scene)[0].name)


@_maker
def _make_signer_title(scene: _Scene, _: Any) -> Sample:
    return plain(_signing(scene)[1])


@_maker
def _make_note(scene: _Scene, _: Any) -> Sample:
    return phrases.note(scene.rng, scene.days["registered"], scene.book.date_style)


@_maker
def _make_date(scene: _Scene, event: str) -> Sample:
    return dates.date_digits(scene.rng, scene.days[event], scene.short_dates, led=0.0)


@_maker
def _make_date_parts(scene: _Scene, event: str) -> Sample:
    return dates.date_parts(scene.days[event], scene.book.date_style)


def _day(scene: _Scene, name: str) -> dt.date:
    """The day of an event, or on which the person of a role was born."""
    return scene.days[name] if name in scene.days else scene.days[_BIRTH + name]


@_maker
def _make_date_words(scene: _Scene, name: str) -> Sample:
    return dates.date_words(scene.rng, _day(scene, name), scene.book.word_style)


@_maker
def _make_spelled_date(scene: _Scene, name: str) -> Sample:
    """A date that stands in words alone, so that the words are read for the day itself."""
    day = _day(scene, name)
    return Sample(dates.date_words(scene.rng, day, scene.book.word_style).raw, dates.date_value(day))


@_maker
def _make_time(scene: _Scene, _: Any) -> Sample:
    written = phrases.time_of_day(scene.rng)
    return plain(written.raw)


@_maker
def _make_time_parts(scene: _Scene, _: Any) -> Sample:
    return plain(f"{scene.rng.randint(0, 23):02d} {scene.rng.choice((0, 10, 15, 20, 30, 45)):02d}")


@_maker
def _make_name(scene: _Scene, role: str) -> Sample:
    return plain(scene.people[role].name)


@_maker
def _make_birth(scene: _Scene, role: str) -> Sample:
    day = scene.days[_BIRTH + role]
    if day.year < 1960 and scene.rng.random() < 0.5:
        return dates.partial_date(scene.rng, day, scene.short_dates)
    return dates.date_digits(scene.rng, day, scene.short_dates, led=0.0)


@_maker
def _make_age(scene: _Scene, role: str) -> Sample:
    age = scene.days["registered"].year - scene.people[role].born
    return plain(scene.rng.choice((f"{age} tuổi", f"{age} t", f"{age}t")))


@_maker
def _make_sex(scene: _Scene, role: str) -> Sample:
    return phrases.sex(scene.people[role].sex)


@_maker
def _make_group(scene: _Scene, role: str) -> Sample:
    return phrases.ethnic_group(scene.rng, scene.people[role].group)


@_maker
def _make_nationality(scene: _Scene, role: str) -> Sample:
    foreign = scene.rng.random() < 0.02
    land = scene.rng.choice(data("people")["nationalities"][1:]) if foreign else "Việt Nam"
    return phrases.nationality(scene.rng, land)


@_maker
def _make_residence(scene: _Scene, role: str) -> Sample:
    return places.residence(scene.rng, scene.homes[role], scene.book.place_style)


@_maker
def _make_origin(scene: _Scene, role: str) -> Sample:
    return places.origin(scene.rng, scene.homes[role], scene.book.place_style)


@_maker
def _make_birthplace(scene: _Scene, role: str) -> Sample:
    return places.birthplace(scene.rng, scene.homes[role], scene.book.place_style)


@_maker
def _make_paper(scene: _Scene, role: str) -> Sample:
    person = scene.people[role]
    issued = scene.days["registered"] - dt.timedelta(days=scene.rng.randint(100, 4500))
    return identity_paper(
        scene.rng, scene.homes[role], issued=issued, born=person.born, sex=person.sex, style=scene.short_dates
    )


@_maker
def _make_card_number(scene: _Scene, role: str) -> Sample:
    return plain(old_card_number(scene.rng, scene.homes[role].idcard))


@_maker
def _make_declarant(scene: _Scene, role: str) -> Sample:
    """Name, age, residence and card of a person in one blank."""
    name, age = scene.people[role].name, _make_age(scene, role).raw
    home = places.residence(scene.rng, scene.homes[role], scene.book.place_style, detail=0.2).raw
    card = f", {scene.rng.choice(('CMND', 'số CMND', 'CMND số'))} {_make_card_number(scene, role).raw}"
    return plain(f"{name}, {age}, {home}{card if scene.rng.random() < 0.8 else ''}")


@_maker
def _make_phrase(scene: _Scene, name: str) -> Sample:
    return _text(scene, scene.rng.choice(_phrases()[name]))


@_maker
def _make_text(scene: _Scene, patterns: Any) -> Sample:
    return _text(scene, scene.rng.choice(patterns if isinstance(patterns, list) else [patterns]))


@_maker
def _make_marital_state(scene: _Scene, _: Any) -> Sample:
    return phrases.marital_state(scene.rng)


@_maker
def _make_purpose(scene: _Scene, _: Any) -> Sample:
    return phrases.purpose(scene.rng)


@_maker
def _make_cause_of_death(scene: _Scene, _: Any) -> Sample:
    return phrases.cause_of_death(scene.rng)


@_maker
def _make_relation(scene: _Scene, _: Any) -> Sample:
    return phrases.relation(scene.rng)


@_maker
def _make_choice(scene: _Scene, options: Any) -> Sample:
    choices = [Choice.model_validate(option) for option in options]
    chosen = scene.rng.choices(choices, [choice.weight for choice in choices])[0]
    return Sample(chosen.label, chosen.value)


def _text(scene: _Scene, pattern: str) -> Sample:
    """A pattern with its places filled: ``{n}``, ``{nn}``, ``{year}``, the book's units and office, a ``{name}``."""
    unit = scene.book.unit
    number = scene.rng.randint(1, 180)
    filled = pattern.format(
        n=number,
        nn=f"{number:02d}",
        year=scene.days["registered"].year,
        commune=unit.commune[1],
        district=unit.district[1],
        province=unit.province,
        office=scene.book.office,
        name=make_person(scene.rng, scene.rng.choice((MALE, FEMALE)), 1970, unit.region).name,
    )
    return plain(filled)


def years_of(form: str) -> tuple[int, int] | None:
    """First and last year books of the form were opened, where its records have a description."""
    return load_record_spec(form).years if form in record_forms() else None


def region_of(form: str) -> str | None:
    """Part of the country the form's books come from, where they come from one alone."""
    return (load_record_spec(form).region or None) if form in record_forms() else None


def any_record(rng: Random, form: str, book: BookSetting, number: int) -> InventedRecord | BirthRecord:
    """The record with that number (from 1) in the book, of any form whose records can be invented.

    Raises:
        SettingsError: as :func:`invented_record`.
    """
    maker = birth_record if form in BIRTH_FORMS else invented_record
    return maker(rng, form, book, number)


def invented_record(rng: Random, form: str, book: BookSetting, number: int) -> InventedRecord:
    """The record with that number (from 1) in the book.

    Raises:
        SettingsError: there is no description of such records, or the book has no such number.
    """
    spec = load_record_spec(form)
    if not 1 <= number <= len(book.dates):
        raise SettingsError(f"The book has no record {number}.", mend=f"Use 1 to {len(book.dates)}.")
    scene = _Scene(rng, book, number)
    scene.days["registered"] = book.dates[number - 1]
    for name, event in spec.events.items():
        scene.days[name] = scene.days[event.before] - dt.timedelta(days=rng.randint(*event.days))
    for name, role in spec.roles.items():
        _enter(scene, name, role)
    fields = {}
    for code, blank in spec.fields.items():
        sample = MAKERS[blank.maker](scene, blank.of)
        if blank.capitals and book.capitals:
            sample = in_capitals(sample)
        left_out = (isinstance(blank.of, str) and blank.of in scene.absent) or rng.random() >= blank.maybe
        fields[code] = BLANK if left_out else sample
    return InventedRecord(form, number, book.dates[number - 1], fields)


def with_dittos(
    rng: Random, records: Sequence[InventedRecord | BirthRecord], before: Mapping[str, Sample]
) -> Iterator[InventedRecord | BirthRecord]:
    """The records of a page as written one below the other: what stands in the row above is often only marked.

    Args:
        before: the last row of the page before; clerks seldom refer to it.
    """
    above, first = dict(before), True
    for record in records:
        spec = load_record_spec(record.form).fields if record.form in record_forms() else {}
        fields = dict(record.fields)
        for code, blank in spec.items():
            known, sample = above.get(code), fields.get(code)
            if (
                not blank.ditto
                or known is None
                or sample is None
                or sample.value is None
                or sample.value != known.value
            ):
                continue
            if rng.random() < blank.ditto * (0.2 if first else 1.0):
                fields[code] = Sample(rng.choice(_DITTO_MARKS), sample.value, FieldState.DITTO)
        above, first = fields, False
        yield replace(record, fields=fields)


def _enter(scene: _Scene, name: str, role: Role) -> None:
    """Invent the person of a role."""
    rng, unit = scene.rng, scene.book.unit
    if role.same_as and rng.random() < 0.8:
        other = rng.choice(role.same_as)
        scene.people[name], scene.homes[name] = scene.people[other], scene.homes[other]
        scene.days[_BIRTH + name] = scene.days[_BIRTH + other]
        return
    registered = scene.days["registered"]
    born = registered - dt.timedelta(days=rng.randint(role.age[0] * 365 + 5, role.age[1] * 365 + 360))
    first = min(day for name, day in scene.days.items() if not name.startswith(_BIRTH))
    born = min(born, first - dt.timedelta(days=1))
    parent = scene.people.get(role.child_of)
    sex = {"male": MALE, "female": FEMALE}.get(role.sex) or rng.choice((MALE, FEMALE))
    group = parent.group if parent else weighted(rng, data("people")["groups_of_region"][unit.region])
    scene.people[name] = make_person(
        rng, sex, born.year, unit.region, group=group, surname=parent.surname if parent else ""
    )
    scene.homes[name] = unit if rng.random() < 0.8 else places.make_unit(rng)
    scene.days[_BIRTH + name] = born
    if rng.random() < role.absent:
        scene.absent.add(name)


@cache
def _phrases() -> dict[str, list[str]]:
    text = (resources.files("extractor.training.texts") / _FOLDER / "phrases.yaml").read_text(encoding="utf-8")
    loaded: dict[str, list[str]] = yaml.safe_load(text)
    return loaded


@cache
def record_forms() -> tuple[str, ...]:
    """Forms whose records can be invented from a description, in alphabetical order."""
    folder = resources.files("extractor.training.texts") / _FOLDER
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml") and n != "phrases.yaml"))


@cache
def load_record_spec(form: str) -> RecordSpec:
    """The description of a form's records.

    Raises:
        SettingsError: there is none of that name, or it is wrong.
    """
    if form not in record_forms():
        raise SettingsError(
            f"There are no invented records for the form '{form}'.",
            mend=f"Use one of {', '.join(sorted((*BIRTH_FORMS, *record_forms())))}.",
        )
    path = resources.files("extractor.training.texts") / _FOLDER / f"{form}.yaml"
    try:
        spec = RecordSpec.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{_FOLDER}/{form}.yaml: {place}: {first['msg']}.") from error
    for code, blank in spec.fields.items():
        known = {*spec.roles, *spec.events, "registered", *_phrases()}
        if isinstance(blank.of, str) and blank.maker != "text" and blank.of not in known:
            raise SettingsError(f"{_FOLDER}/{form}.yaml: {code}: there is no role, event or phrase list '{blank.of}'.")
    return spec
