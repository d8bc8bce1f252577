"""What book and extract say of one person, field by field: agreement, no contradiction, difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from extractor.exports.reconciliation.engine import ethnic_key, sex_code
from extractor.exports.reconciliation.names import compare_names, name_key
from extractor.exports.reconciliation.places import SamePlace, same_place
from extractor.exports.reconciliation.roles import Attribute
from extractor.exports.reconciliation.subjects import Subject
from extractor.vietnamese.dates import PartialDate, parse_date
from extractor.vietnamese.lists import nationalities
from extractor.vietnamese.text import compare_key

COMPARED: tuple[Attribute, ...] = (
    "name", "birth", "sex", "ethnic_group", "nationality", "birthplace", "origin", "identity", "old_identity",
    "mother_name",
    "mother_birth", "father_name", "father_birth", "spouse_name", "residence",
)  # fmt: skip
NOT_COUNTED: frozenset[Attribute] = frozenset({"residence", "spouse_name"})
"""Shown, but never a difference: people move (procedure 1292) and marry again."""


class Outcome(StrEnum):
    """How one field compares."""

    AGREES = "agrees"
    """The same, whatever case, place of the tone, normal form and spaces."""
    FITS = "fits"
    """One side tells less (only the year, a province without commune) or uses the units of another year."""
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """One side says nothing, or nothing that can be understood."""


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One field of one link; texts and distance only where the sides differ.

    Args:
        distance: tone-aware edit distance of names, else none.
    """

    attribute: Attribute
    outcome: Outcome
    book: str = ""
    extract: str = ""
    distance: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it makes the record one of case 2."""
        return self.outcome is Outcome.DIFFERS and self.attribute not in NOT_COUNTED


def compare_fields(subject: Subject, person: Mapping[str, object]) -> tuple[FieldComparison, ...]:
    """Compare what the subject's record and a person's row say.

    Args:
        person: the row of the table of persons, by column.
    """
    found = []
    for attribute in COMPARED:
        book, extract = subject.values.get(attribute, ""), str(person.get(attribute) or "")
        if not book and not extract:
            continue
        if not book or not extract:
            found.append(FieldComparison(attribute, Outcome.UNKNOWN))
            continue
        outcome, distance = _compare(attribute, book, extract, subject, person)
        shown = (_sex_word(book), _sex_word(extract)) if attribute == "sex" else (book, extract)
        texts = shown if outcome is Outcome.DIFFERS else ("", "")
        found.append(FieldComparison(attribute, outcome, *texts, distance))
    return tuple(found)


def _compare(
    attribute: Attribute, book: str, extract: str, subject: Subject, person: Mapping[str, object]
) -> tuple[Outcome, float | None]:
    if attribute in ("name", "mother_name", "father_name", "spouse_name"):
        compared = compare_names(name_key(book), name_key(extract))
        if compared.level == 0:
            return Outcome.AGREES, None
        return Outcome.DIFFERS, round(compared.distance, 2)
    if attribute == "birth":
        theirs = tuple(int(str(part)) if (part := person[name]) else None for name in ("year", "month", "day"))
        return _dates(subject.born, theirs, subject.slack), None
    if attribute in ("mother_birth", "father_birth"):
        return _written_dates(book, str(person.get(attribute.replace("birth", "told")) or extract)), None
    if attribute in ("birthplace", "origin", "residence"):
        return _PLACES[same_place(book, extract)], None
    if attribute == "sex":
        codes = sex_code(book), sex_code(extract)
        return (_same(*codes) if all(codes) else Outcome.UNKNOWN), None
    if attribute == "ethnic_group":
        # A sub-group is not told everywhere: Hoa (Hán) is Hoa.
        ours, theirs_ = (ethnic_key(text) for text in (book, extract))
        if ours.split(" (")[0] == theirs_.split(" (")[0]:
            return Outcome.AGREES if ours == theirs_ else Outcome.FITS, None
        return Outcome.DIFFERS, None
    if attribute == "nationality":
        return _same(*(nationalities().find(text) or compare_key(text) for text in (book, extract))), None
    return _same(book, extract), None


_PLACES = {
    SamePlace.SAME: Outcome.AGREES,
    SamePlace.MAY_BE: Outcome.FITS,
    SamePlace.OTHER: Outcome.DIFFERS,
    SamePlace.UNKNOWN: Outcome.UNKNOWN,
}


def _sex_word(text: str) -> str:
    """A code in words, any other text as it is."""
    return {"1": "Nam", "2": "Nữ", "3": "Không xác định"}.get(text, text)


def _same(one: str, other: str) -> Outcome:
    return Outcome.AGREES if one == other else Outcome.DIFFERS


def _dates(ours: tuple[int | None, ...], theirs: tuple[int | None, ...], slack: int = 0) -> Outcome:
    if ours[0] is None or theirs[0] is None:
        return Outcome.UNKNOWN
    if slack:
        return Outcome.FITS if abs(ours[0] - theirs[0]) <= slack else Outcome.DIFFERS
    for one, other in zip(ours, theirs, strict=True):
        if one is None or other is None:
            return Outcome.FITS
        if one != other:
            return Outcome.DIFFERS
    return Outcome.AGREES


def _written_dates(book: str, extract: str) -> Outcome:
    dates = [parse_date(text) for text in (book, extract)]
    if not all(isinstance(date, PartialDate) for date in dates):
        return Outcome.UNKNOWN
    one, other = ((date.year, date.month, date.day) for date in dates if isinstance(date, PartialDate))
    return _dates(one, other)
