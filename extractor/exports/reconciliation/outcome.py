"""What became of every person of every record: the three cases, and what a person has to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import duckdb

from extractor.exports.reconciliation.fields import FieldComparison, Outcome, compare_fields
from extractor.exports.reconciliation.linking import Kind, Link
from extractor.exports.reconciliation.subjects import Subject
from extractor.exports.reconciliation.verdicts import row_tag

_BATCH = 4000
_SWAPPED = 6
Person = Mapping[str, object]


class Case(StrEnum):
    """Domain guide, section 3.1, with two answers more."""

    MATCH = "match"
    DIFFERS = "differs"
    NOT_FOUND = "not_found"
    SUSPECTED = "suspected"
    UNVERIFIABLE = "unverifiable"


ORDER = (Case.UNVERIFIABLE, Case.SUSPECTED, Case.NOT_FOUND, Case.DIFFERS, Case.MATCH)
"""A record with two principals is of the first of these cases that one of them is of."""


@dataclass(frozen=True, slots=True)
class Option:
    """A person of the extract that a subject may be, with what speaks for it."""

    person: Person
    bits: float
    fields: tuple[FieldComparison, ...]

    @property
    def identity(self) -> str:
        """Its number; empty where the extract has none."""
        return str(self.person["identity"])

    @property
    def tag(self) -> str:
        """What verdicts name the row by."""
        return row_tag(self.person)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one subject.

    Args:
        kind: why, for suspected ones.
        identity: number of the person linked; empty where there is none.
        fields: comparison with the person linked.
        options: candidates, for suspected ones.
        supplies: import columns that the person's row can fill.
        bits: evidence for the person linked, and by how much any other answer is worse (``margin``).
        rivals: other subjects that claim the same person.
        known_as: what verdicts name the person linked by: the number, or a tag of the row where no number tells.
        runner_up: number of the person that fits second best, with its evidence; empty where nobody else came near.
    """

    subject: Subject
    case: Case
    kind: Kind | None = None
    identity: str = ""
    fields: tuple[FieldComparison, ...] = ()
    options: tuple[Option, ...] = ()
    supplies: Mapping[str, str] | None = None
    bits: float = 0.0
    margin: float = 0.0
    rivals: tuple[Subject, ...] = ()
    runner_up: str = ""
    runner_up_bits: float = 0.0
    by_officer: bool = False
    mother: str = ""
    father: str = ""
    known_as: str = ""

    @property
    def differing(self) -> tuple[FieldComparison, ...]:
        """The fields that make it case 2."""
        return tuple(field for field in self.fields if field.counts)


def results_of(
    connection: duckdb.DuckDBPyConnection, subjects: Mapping[int, Subject], links: Mapping[int, Link]
) -> Iterator[Result]:
    """The results in the order of the subjects' numbers; persons are fetched a few thousand at a time."""
    numbers = iter(sorted(subjects))
    while batch := list(islice(numbers, _BATCH)):
        wanted = {c.person for number in batch if number in links for c in links[number].candidates}
        persons = _persons(connection, sorted(wanted))
        for number in batch:
            yield _result(subjects, number, links.get(number), persons)


def _persons(connection: duckdb.DuckDBPyConnection, wanted: Sequence[int]) -> dict[int, Person]:
    if not wanted:
        return {}
    rows = connection.execute("SELECT * FROM person WHERE id IN (SELECT unnest(?))", [list(wanted)])
    names = [column[0] for column in rows.description or ()]
    return {int(row[0]): dict(zip(names, row, strict=True)) for row in rows.fetchall()}


def _result(subjects: Mapping[int, Subject], number: int, link: Link | None, persons: Mapping[int, Person]) -> Result:
    subject = subjects[number]
    if link is None:
        return Result(subject, Case.UNVERIFIABLE)
    if link.kind is Kind.ABSENT:
        return Result(subject, Case.NOT_FOUND, margin=link.margin)
    rivals = tuple(subjects[rival] for rival in link.rivals)
    if link.kind is not Kind.LINKED:
        options = tuple(
            Option(persons[c.person], c.bits, compare_fields(subject, persons[c.person])) for c in link.candidates
        )
        return Result(subject, Case.SUSPECTED, link.kind, options=options, margin=link.margin, rivals=rivals)
    person = persons[link.candidates[0].person]
    fields = compare_fields(subject, person)
    swapped = link.candidates[0].levels.get("mother") == _SWAPPED
    second = link.candidates[1] if len(link.candidates) > 1 else None
    case = Case.DIFFERS if any(field.counts for field in fields) else Case.MATCH
    return Result(
        subject,
        case,
        identity=str(person["identity"]),
        fields=fields,
        supplies=supplies(subject, person, fields),
        bits=link.candidates[0].bits,
        margin=link.margin,
        rivals=rivals,
        runner_up=str(persons[second.person]["identity"]) if second else "",
        runner_up_bits=second.bits if second else 0.0,
        by_officer=link.by_officer,
        mother="" if swapped else str(person["mother_identity"] or ""),
        father="" if swapped else str(person["father_identity"] or ""),
        known_as=row_tag(person) if person["contested"] or not person["identity"] else str(person["identity"]),
    )


def supplies(subject: Subject, person: Person, fields: Iterable[FieldComparison]) -> dict[str, str]:
    """Import columns that a linked person's row can fill, with their texts as the import sheets write them.

    What the extract says of a parent counts only where book and extract name the same one.
    """
    agreed = {field.attribute for field in fields if field.outcome is Outcome.AGREES}
    found = {}
    for column, attribute in subject.role.supplies.items():
        kin = attribute.partition("_")[0]
        if kin in ("mother", "father") and f"{kin}_name" not in agreed:
            continue
        text = _sheet_text(attribute, person)
        if text:
            found[column] = text
    return found


def _sheet_text(attribute: str, person: Person) -> str:
    from extractor.exports.reconciliation.engine import ethnic_key, sex_code
    from extractor.vietnamese.dates import PartialDate, parse_date
    from extractor.vietnamese.lists import nationalities

    text = str(person[attribute] or "")
    if attribute == "birth":
        parts = [int(str(part)) if (part := person[name]) else None for name in ("year", "month", "day")]
        return "" if not parts[0] else PartialDate(parts[0], parts[1], parts[2]).value
    if attribute in ("mother_birth", "father_birth"):
        date = parse_date(str(person[attribute.replace("birth", "told")] or text))
        return date.value if isinstance(date, PartialDate) else ""
    if attribute == "sex":
        return sex_code(text)
    if attribute == "ethnic_group":
        return ethnic_key(text) if text else ""
    if attribute == "nationality":
        return nationalities().find(text) or text
    return text


def record_cases(results: Iterable[Result]) -> dict[tuple[str, int, int], Case]:
    """The case of each record: that of its principal, or the first in :data:`ORDER` of its principals."""
    found: dict[tuple[str, int, int], Case] = {}
    for result in results:
        if result.subject.role.principal:
            former = found.get(result.subject.key, Case.MATCH)
            found[result.subject.key] = min(former, result.case, key=ORDER.index)
    return found
