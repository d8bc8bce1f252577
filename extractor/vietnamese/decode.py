"""Weighs the readers' candidates by what is known of the kind of field.

A noisy-channel view: what a reader believes it saw, times how likely such a text is for the kind. Candidates outside a
list or grammar lose weight but always stay possible; entries near to what was read are added as proposals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from extractor.records import Candidate, nfc
from extractor.templates.form import FieldSpec, Kind
from extractor.vietnamese.address_search import find_in_time
from extractor.vietnamese.canonical import canonical_value
from extractor.vietnamese.context import Context, Decoded, Normalised
from extractor.vietnamese.dates import parse_value
from extractor.vietnamese.loading import load
from extractor.vietnamese.names import name_prior, near_surnames
from extractor.vietnamese.normalise import normalise
from extractor.vietnamese.places import parse_place
from extractor.vietnamese.proposals import list_of, propose
from extractor.vietnamese.text import compare_key

REGISTRATION_DATE = "ngayDangKy"
_NAMES = frozenset({Kind.PERSON_NAME, Kind.SIGNER})
_OPEN = _NAMES | {Kind.PLACE}
"""Kinds whose texts are in no closed list."""
_MOST = 8
"""Readings given back at most."""


def decode(spec: FieldSpec, candidates: Sequence[Candidate], context: Context) -> tuple[Decoded, ...]:
    """Weigh candidates, best first.

    Args:
        spec: the field.
        candidates: readings with probabilities 0 to 1; what they lack to 1 is the chance that none of them is right.
        context: what is known about the book.

    Returns:
        Readings with different values (or texts, where there is no value), most probable first; probabilities sum to
        at most 1. Readings of the same value are one: its text is the most probable of them, its probability their sum.
        Values that differ only in what :func:`extractor.vietnamese.canonical.canonical_value` evens out are the same,
        and so are places that differ only in case.
    """
    read: dict[str, float] = {}
    for candidate in candidates:
        text = nfc(candidate.text)
        read[text] = read.get(text, 0.0) + max(0.0, candidate.probability)
    mass = sum(read.values())
    scale = 1.0 / mass if mass > 1.0 else 1.0
    weighed: dict[str, tuple[Normalised, float, bool]] = {}
    for text, probability in read.items():
        result = normalise(spec, text, context)
        weighed[text] = (result, scale * probability * _weight(spec, text, result, context), False)
    for text, probability in read.items():
        # A signer may be settled for the title and still have a surname that nearly is one.
        if not _settled(weighed[text][0]) or spec.kind is Kind.SIGNER:
            for proposal in propose(spec.kind, text, context):
                result = normalise(spec, proposal.text, context)
                # A place may be known in part: its province spelt right is better than one nearly spelt.
                if _settled(result) or spec.kind is Kind.PLACE:
                    weight = scale * probability * proposal.weight * _weight(spec, proposal.text, result, context)
                    if spec.kind in _OPEN:
                        # No table has all names of people and places: a clear reading of one is not overruled.
                        weight *= min(1.0, 2.0 * (1.0 - scale * probability))
                    _, before, proposed = weighed.get(proposal.text, (result, 0.0, True))
                    weighed[proposal.text] = (result, before + weight, proposed)
    unseen = max(0.0, 1.0 - scale * mass) * math.sqrt(_unsettled_weight(spec.kind))
    total = unseen + sum(weight for _, weight, _ in weighed.values())
    if total <= 0.0:
        return tuple(
            Decoded(text, result.value, 0.0, result.known, result.ditto, result.note)
            for text, (result, _, _) in weighed.items()
        )
    readings = [(text, result, weight / total, new) for text, (result, weight, new) in weighed.items()]
    return _merged(readings, partial(_same_value, spec.kind))


def _same_value(kind: Kind, value: str) -> str:
    """A key under which two values of a kind are the same."""
    return compare_key(value) if kind is Kind.PLACE else canonical_value(kind.value, value)


def _settled(result: Normalised) -> bool:
    return result.known or result.ditto or result.note == "empty"


def _unsettled_weight(kind: Kind) -> float:
    """Weight of a text that is outside the list or grammar of its kind; 1 for kinds without one."""
    settings = load("decoding")
    if list_of(kind) is not None:
        return float(settings["lists"][kind.value]["unlisted"])
    return float(settings["unparsed"].get(kind.value, 1.0))


def _weight(spec: FieldSpec, text: str, result: Normalised, context: Context) -> float:
    if context.language != "vi" or result.ditto or result.note == "empty":
        return 1.0
    if spec.kind in _NAMES:
        floor = float(load("decoding")["name_floor"])
        title = 1.0 if spec.kind is Kind.PERSON_NAME or result.known else _unsettled_weight(Kind.TITLE)
        near = near_surnames(text.split(" ", maxsplit=1)[0]) if " " in text else ()
        return title * (floor + (1.0 - floor) * name_prior(text)) * (load("decoding")["near_surname"] if near else 1.0)
    if spec.kind is Kind.PLACE:
        return 1.0 if result.known else _unlisted_place_weight(text, context)
    if not result.known:
        return _unsettled_weight(spec.kind)
    return _date_weight(spec, result, context) if spec.kind is Kind.DATE else 1.0


def _unlisted_place_weight(text: str, context: Context) -> float:
    """Less for a place that nearly spells known units than for one that is unlike any."""
    settings = load("decoding")
    ways = find_in_time(text, context.book_year)
    near = not ways[0].spelt if ways else bool(parse_place(text).near)
    return float(settings["near_place"] if near else settings["unlike_place"])


def _date_weight(spec: FieldSpec, result: Normalised, context: Context) -> float:
    """Less for a date after the book, and for a day of registration outside the book's year."""
    date = parse_value(result.value)
    if date is None or context.book_year is None:
        return 1.0
    settings = load("decoding")
    late = date.year > context.book_year + settings["date_year_slack"]
    early = spec.code == REGISTRATION_DATE and date.year < context.book_year
    return float(settings["unparsed"]["date"]) if late or early else 1.0


def _merged(readings: list[tuple[str, Normalised, float, bool]], same: Callable[[str], str]) -> tuple[Decoded, ...]:
    """Readings of the same value as one; ``same`` gives a key under which two values are the same."""
    groups: dict[tuple[bool, str], list[tuple[str, Normalised, float, bool]]] = {}
    for reading in sorted(readings, key=lambda item: -item[2]):
        text, result, _, _ = reading
        key = (False, text) if result.value is None else (True, same(result.value))
        groups.setdefault(key, []).append(reading)
    decoded = []
    for group in groups.values():
        seen = [reading for reading in group if not reading[3]] or group
        text, result, _, new = seen[0]
        probability = min(1.0, sum(weight for _, _, weight, _ in group))
        decoded.append(Decoded(text, result.value, probability, result.known, result.ditto, result.note, new))
    return tuple(sorted(decoded, key=lambda item: -item.probability)[:_MOST])
