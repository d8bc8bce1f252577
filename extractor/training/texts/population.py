"""An invented population, its extract, and the records of registers about it, with typical errors on both sides.

Families are made one by one, so that any number of persons takes little memory. Rates are in ``population.yaml``.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from random import Random
from typing import Any

from extractor.training.texts.numbers import old_card_number, personal_number
from extractor.training.texts.persons import FEMALE, MALE, make_person
from extractor.training.texts.sample import data, weighted
from extractor.training.texts.slips import Born, in_style, slip_of_date, slip_of_name
from extractor.vietnamese.gazetteer import Commune, communes, successors
from extractor.vietnamese.identity import province_codes
from extractor.vietnamese.text import list_key

_REGIONS = ("north", "central", "highlands", "south")


@dataclass(frozen=True, slots=True)
class Entry:
    """A person as truth has it; the extract's row is made of it."""

    identity: str
    old_identity: str
    name: str
    born: Born
    sex: str
    group: str
    birthplace: Commune
    origin: Commune
    residence: Commune
    mother: tuple[str, int, str]
    """Name, year of birth, identity number; empty and 0 where there is none."""
    father: tuple[str, int, str]
    spouse: str = ""
    surname: str = ""


@dataclass(frozen=True, slots=True)
class BookPerson:
    """A person as a record has it, with the truth.

    Args:
        role: register and role, such as ``KS.nks``.
        record: number of the record.
        values: texts by attribute as read from the book.
        born: date of birth as read.
        identity: number of the person in the extract; empty where the person is not in it.
        differs: attributes in which book and extract contradict each other.
        also: other numbers under which the extract has the same person.
        doubled: whether another record of the register is about the same person.
        twin: number of the twin in the extract, if any.
    """

    role: str
    record: int
    values: dict[str, str]
    born: Born
    identity: str
    differs: frozenset[str]
    also: tuple[str, ...] = ()
    doubled: bool = False
    twin: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """One family's rows of the extract, by attribute, and the records about it."""

    rows: list[dict[str, str]]
    people: list[BookPerson]


@dataclass
class PopulationMaker:
    """Makes families one after the other.

    Args:
        rng: source of chance.
        records_per_person: how many records there are for each person of the extract.
        homes: communes that families live in; all of the country where empty.
        rates: see ``population.yaml``.
    """

    rng: Random
    records_per_person: float = 0.1
    homes: Sequence[Commune] = ()
    rates: Mapping[str, Any] = field(default_factory=lambda: data("population"))
    _used: set[str] = field(default_factory=set)
    _same_year: dict[tuple[int, str], tuple[str, Born, Commune]] = field(default_factory=dict)
    _records: int = 0

    def families(self) -> Iterator[Family]:
        """Families without end."""
        while True:
            yield self._family()

    def _family(self) -> Family:
        rng, people = self.rng, self.rates["people"]
        home = rng.choice(self.homes or communes())
        region = rng.choice(_REGIONS)
        group = weighted(rng, data("people")["groups_of_region"][region])
        year = rng.choices((rng.randint(1925, 1949), rng.randint(1950, 1974), rng.randint(1975, 1998)), (12, 40, 48))[0]
        father = self._adult(MALE, year, region, group, home)
        mother = self._adult(FEMALE, year + rng.randint(-8, 6), region, group, home)
        father, mother = replace(father, spouse=mother.name), replace(mother, spouse=father.name)
        members = [father, mother] if rng.random() > people["no_father"] else [mother]
        children = self._children(members, region, group, home)
        return self._told([*members, *children], len(members), married=len(members) == 2)

    def _adult(self, sex: str, year: int, region: str, group: str, home: Commune) -> Entry:
        rng, people = self.rng, self.rates["people"]
        born = self._day(year)
        person = make_person(rng, sex, year, region, group=group)
        name = person.name
        former = self._same_year.get((year, sex))
        if former and rng.random() < people["namesakes"]:
            name = former[0]
            born = former[1] if rng.random() < people["namesakes_same_day"] else born
            home = former[2] if rng.random() < people["namesakes_same_commune"] else home
        elif rng.random() < 0.2:
            self._same_year[year, sex] = (name, born, home)
        mother = make_person(rng, FEMALE, year - 26, region, group=group).name
        father = make_person(rng, MALE, year - 28, region, group=group, surname=person.surname).name
        kin = (mother, year - 26, ""), (father, year - 28, "")
        return replace(
            self._entry(name, born, sex, group=group, home=home, kin=kin, adult=True), surname=person.surname
        )

    def _children(self, parents: list[Entry], region: str, group: str, home: Commune) -> list[Entry]:
        rng, people = self.rng, self.rates["people"]
        mother, father = parents[-1], parents[0] if len(parents) == 2 else None
        kin = ((mother.name, mother.born[0], mother.identity), _parent(father))
        surname = (father or mother).surname
        children: list[Entry] = []
        year = mother.born[0] + rng.randint(18, 30)
        for _ in range(rng.choices((0, 1, 2, 3, 4, 5), (8, 22, 38, 18, 9, 5))[0]):
            if year > 2020:
                break
            born, sex = self._day(year), rng.choice((MALE, FEMALE))
            child = make_person(rng, sex, year, region, group=group, surname=surname)
            if child.name in {other.name for other in children}:
                continue
            children.append(self._entry(child.name, born, sex, group=group, home=home, kin=kin))
            if rng.random() < people["twins"]:
                twin_sex = sex if rng.random() < 0.65 else (FEMALE if sex == MALE else MALE)
                twin = make_person(rng, twin_sex, year, region, group=group, surname=surname).name
                if rng.random() < people["same_given_twins"]:
                    twin = " ".join([*twin.split()[:-1], child.name.split()[-1]])
                if twin not in {other.name for other in children}:
                    children.append(self._entry(twin, born, twin_sex, group=group, home=home, kin=kin))
            year += rng.randint(1, 6)
        return children

    def _day(self, year: int) -> Born:
        day = dt.date(year, 1, 1) + dt.timedelta(days=self.rng.randint(0, 364))
        return day.year, day.month, day.day

    def _entry(
        self,
        name: str,
        born: Born,
        sex: str,
        *,
        group: str,
        home: Commune,
        kin: tuple[tuple[str, int, str], tuple[str, int, str]],
        adult: bool = False,
    ) -> Entry:
        rng, people = self.rng, self.rates["people"]
        identity = self._number(born[0], sex, home)
        old = old_card_number(rng, f"{rng.randint(10, 38)}") if rng.random() < people["old_card"] else ""
        origin = home if rng.random() < 0.5 else rng.choice(communes())
        born_in = rng.choice(self.homes or communes()) if adult and rng.random() < people["born_elsewhere"] else home
        return Entry(identity, old if adult else "", name, born, sex, group, born_in, origin, home, *kin)

    def _number(self, year: int, sex: str, home: Commune) -> str:
        while True:
            number = personal_number(self.rng, year, sex, _code(home))
            if number not in self._used:
                self._used.add(number)
                return number

    def _told(self, members: list[Entry], parents: int, *, married: bool) -> Family:
        """The family as extract and registers tell of it."""
        rng, shares = self.rng, self.rates["records"]
        family = Family([], [])
        wanted: dict[int, list[str]] = defaultdict(list)
        # Rates by what can be registered: about 0.53 of the persons are children, the rest adults.
        if married and rng.random() < self.records_per_person * shares["marriages"] * 4:
            wanted[0].append("KH.chong")
            wanted[1].append("KH.vo")
        for index in range(len(members)):
            if index >= parents and rng.random() < self.records_per_person * shares["births"] / 0.5:
                wanted[index].append("KS.nks")
            deaths = 1 - shares["births"] - shares["marriages"]
            if rng.random() < self.records_per_person * deaths * (1.8 if index < parents else 0.15):
                wanted[index].append("KT.nkt")
        twins = {
            index: other
            for index in range(parents, len(members))
            for other in range(parents, len(members))
            if index != other and members[index].born == members[other].born
        }
        absent = {index for index in wanted if rng.random() < shares["absent"]}
        shown: dict[int, list[dict[str, str]]] = {}
        for index, member in enumerate(members):
            if index not in absent:
                shown[index] = self._rows(member)
                family.rows.extend(shown[index])
        marriage = 0
        for index, roles in sorted(wanted.items()):
            for role in roles:
                if role != "KH.vo":
                    self._records += 1
                if role == "KH.chong":
                    marriage = self._records
                number = marriage if role == "KH.vo" else self._records
                twin = shown.get(twins.get(index, -1), [{}])[0].get("identity", "")
                said = self._book(role, number, members[index], shown.get(index, []), twin)
                if role == "KS.nks" and rng.random() < shares["doubled"]:
                    self._records += 1
                    again = self._book(role, self._records, members[index], shown.get(index, []), twin)
                    family.people.append(replace(again, doubled=True))
                    said = replace(said, doubled=True)
                family.people.append(said)
        return family

    def _rows(self, entry: Entry) -> list[dict[str, str]]:
        """The person's rows in the extract: one, or two under two numbers."""
        rng, people = self.rng, self.rates["people"]
        rows = [self._row(entry)]
        if rng.random() < people["doubled"]:
            twice = replace(entry, identity=self._number(entry.born[0], entry.sex, entry.birthplace))
            rows.append(self._row(twice))
        return rows

    def _row(self, entry: Entry) -> dict[str, str]:
        rng, rates = self.rng, self.rates
        names = rates["names"]["extract"]
        residence = rng.choice(self.homes or communes()) if rng.random() < rates["people"]["moved"] else entry.residence
        born = slip_of_date(rng, entry.born, rates["births"]["extract"])
        if entry.born[0] < 1975 and rng.random() < rates["births"]["old_first_of_january"]:
            born = (entry.born[0], 1, 1)
        return {
            "identity": entry.identity,
            "old_identity": entry.old_identity,
            "name": in_style(rng, slip_of_name(rng, entry.name, names), rates["styles"]),
            "birth": written(born, "/"),
            "sex": "Nam" if entry.sex == MALE else "Nữ",
            "ethnic_group": entry.group,
            "nationality": "Việt Nam",
            "birthplace": self._place(entry.birthplace),
            "origin": self._place(entry.origin),
            "residence": self._place(residence, detail=True),
            "mother_name": slip_of_name(rng, entry.mother[0], names),
            "mother_birth": str(entry.mother[1] or ""),
            "mother_identity": entry.mother[2],
            "father_name": slip_of_name(rng, entry.father[0], names),
            "father_birth": str(entry.father[1] or ""),
            "father_identity": entry.father[2],
            "spouse_name": entry.spouse,
        }

    def _place(self, commune: Commune, *, detail: bool = False) -> str:
        rng = self.rng
        now = _successors(commune) if rng.random() < self.rates["styles"]["units_2025"] else ()
        text = _full(rng.choice(now) if now else commune)
        return f"Thôn {rng.randint(1, 12)}, {text}" if detail and rng.random() < 0.5 else text

    def _book(self, role: str, record: int, entry: Entry, rows: list[dict[str, str]], twin: str) -> BookPerson:
        rng, rates = self.rng, self.rates
        names, fields = rates["names"]["book"], rates["fields"]
        born = slip_of_date(rng, entry.born, rates["births"]["book"])
        if entry.born[0] < 1975 and (
            rng.random() < rates["births"]["old_year_only"] or (rows and rows[0]["birth"].startswith("01/01/"))
        ):
            born = (entry.born[0], None, None)
        values = {
            "name": slip_of_name(rng, entry.name, names),
            "birth": written(born, "."),
            "sex": _other_sex(entry.sex) if rng.random() < fields["sex"] else entry.sex,
            "ethnic_group": "Tày" if rng.random() < fields["ethnic_group"] else entry.group,
            "nationality": "Việt Nam",
            "residence": _as_written(rng, entry.residence, rates["styles"]["place_short"]),
        }
        if role == "KS.nks":
            values["birthplace"] = _as_written(rng, entry.birthplace, rates["styles"]["place_short"])
            values["origin"] = _as_written(rng, entry.origin, rates["styles"]["place_short"])
            years = rng.random() >= rates["records"]["births_without_years"]
            for kin, (name, year, _) in (("mother", entry.mother), ("father", entry.father)):
                values[f"{kin}_name"] = slip_of_name(rng, name, names)
                if year and years:
                    wrong = rng.random() < fields["parent_year"]
                    values[f"{kin}_birth"] = str(year + (rng.choice((-10, -1, 1, 10)) if wrong else 0))
        else:
            if role.startswith("KH"):
                values["spouse_name"] = slip_of_name(rng, entry.spouse, names)
                values["sex"] = entry.sex
            elif entry.spouse and rng.random() < rates["records"]["told_by_spouse"]:
                values["spouse_name"] = slip_of_name(rng, entry.spouse, names)
            if entry.old_identity and rng.random() < rates["records"]["papers"]:
                values["old_identity"] = entry.old_identity
        for attribute in [key for key in values if key not in ("name", "birth", "sex")]:
            if rng.random() < fields["missing"]:
                values[attribute] = ""
        values = {key: value for key, value in values.items() if value}
        differs = _contradictions(values, born, rows[0]) if rows else frozenset()
        values["name"] = in_style(rng, values["name"], rates["styles"])
        return BookPerson(
            role=role,
            record=record,
            values=values,
            born=born,
            identity=rows[0]["identity"] if rows else "",
            differs=differs,
            also=tuple(row["identity"] for row in rows[1:]),
            twin=twin,
        )


def _parent(entry: Entry | None) -> tuple[str, int, str]:
    return ("", 0, "") if entry is None else (entry.name, entry.born[0], entry.identity)


@cache
def _codes() -> dict[str, str]:
    return {list_key(name): code for code, name in province_codes().items()}


def _code(home: Commune) -> str:
    """The three digits of the province in identity numbers."""
    return _codes().get(list_key(home.province.name), "079")


def _other_sex(sex: str) -> str:
    return FEMALE if sex == MALE else MALE


def written(born: Born, separator: str) -> str:
    """A date as far as it is known."""
    year, month, day = born
    parts = [f"{part:02d}" for part in (day, month) if part is not None]
    return separator.join([*parts, f"{year:04d}"])


_successors = lru_cache(maxsize=20_000)(successors)


@lru_cache(maxsize=20_000)
def _full(commune: Commune) -> str:
    return ", ".join(unit.full for unit in commune.levels)


def _as_written(rng: Random, commune: Commune, short: float) -> str:
    if rng.random() < short:
        return ", ".join(unit.name for unit in commune.levels)
    return ", ".join(f"{unit.kind.lower()} {unit.name}" for unit in commune.levels)


def _contradictions(values: Mapping[str, str], born: Born, row: Mapping[str, str]) -> frozenset[str]:
    """Attributes that say something else in book and extract; said before styles are put on the book's name."""
    from extractor.exports.reconciliation.names import name_key

    found = set()
    for attribute in ("name", "mother_name", "father_name"):
        if values.get(attribute) and row[attribute] and name_key(values[attribute]) != name_key(row[attribute]):
            found.add(attribute)
    for attribute in ("mother_birth", "father_birth", "ethnic_group"):
        if values.get(attribute) and row[attribute] and values[attribute] != row[attribute]:
            found.add(attribute)
    if (values["sex"] == MALE) != (row["sex"] == "Nam"):
        found.add("sex")
    theirs = [int(part) for part in reversed(row["birth"].split("/"))]
    if any(own is not None and own != other for own, other in zip(born, theirs, strict=False)):
        found.add("birth")
    return frozenset(found)
