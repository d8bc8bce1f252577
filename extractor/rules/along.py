"""Rules along a book: numbers, dates, pages, signers, doubles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from datetime import date
from itertools import pairwise

from extractor.rules.chain import rising_chain
from extractor.rules.registry import BookFinding, book_rule
from extractor.rules.similar import nearly_same
from extractor.rules.view import BookView, RecordView
from extractor.vietnamese.text import spelling_key

_MORE_OFTEN = 2
"""How many times as often a spelling must stand in the book to make a rarer one look misread."""


def numbers(view: BookView) -> dict[int, list[tuple[int, int]]]:
    """Place and number of the records, for each year in which they count."""
    series: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for place, record in enumerate(view.records):
        if record.number is not None:
            series[record.numbering_year or 0].append((place, record.number))
    return series


def _groups(view: BookView, key_of: dict[int, Hashable]) -> Iterator[tuple[int, list[int]]]:
    """Each place with the other places of the same key."""
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place, key in key_of.items():
        members[key].append(place)
    for places in members.values():
        for place in places:
            if len(places) > 1:
                yield place, [other for other in places if other != place]


def _positions(places: list[int]) -> dict[str, str]:
    return {"others": ", ".join(str(place + 1) for place in places)}


@book_rule("R01-duplicate")
def numbers_are_unique(view: BookView) -> Iterator[BookFinding]:
    """No number stands twice in a year."""
    keys: dict[int, Hashable] = {
        place: (record.number, record.numbering_year)
        for place, record in enumerate(view.records)
        if record.number is not None
    }
    for place, others in _groups(view, keys):
        yield BookFinding(place, ("so",), _positions(others))


@book_rule("R03-number-order")
def numbers_rise(view: BookView) -> Iterator[BookFinding]:
    """Numbers rise; the one that does not fit its neighbours is named, not they."""
    for series in numbers(view).values():
        chain = {series[index] for index in rising_chain(series, strictly=True)}
        doubles = Counter(number for _, number in series)
        for place, number in series:
            if (place, number) not in chain and doubles[number] == 1:
                yield BookFinding(place, ("so",))


@book_rule("R03-number-gap")
def no_number_is_missing(view: BookView) -> Iterator[BookFinding]:
    """Between two sound numbers stand as many records as numbers."""
    for series in numbers(view).values():
        chain = [series[index] for index in rising_chain(series, strictly=True)]
        for (place_before, before), (place, number) in pairwise(chain):
            missing = (number - before) - (place - place_before)
            if missing > 0:
                values = {"count": str(missing), "first": str(before + 1), "last": str(number - 1)}
                yield BookFinding(place, ("so",), values)


@book_rule("R03-date-order")
def dates_do_not_fall(view: BookView) -> Iterator[BookFinding]:
    """Days of registration do not fall; the one that does not fit its neighbours is named."""
    series = [
        (place, date(*record.registered.earliest).toordinal())
        for place, record in enumerate(view.records)
        if record.registered and record.registered.complete
    ]
    sound = {series[index][0] for index in rising_chain(series, strictly=False)}
    for place, _ in series:
        if place not in sound:
            yield BookFinding(place, ("ngayDangKy",))


@book_rule("R03-page-order")
def pages_do_not_fall(view: BookView) -> Iterator[BookFinding]:
    """Page numbers do not fall."""
    series = [
        (place, int(text)) for place, record in enumerate(view.records) if (text := record.text("trangSo")).isdecimal()
    ]
    sound = {series[index][0] for index in rising_chain(series, strictly=False)}
    for place, _ in series:
        if place not in sound:
            yield BookFinding(place, ("trangSo",))


@book_rule("R04-count")
def closing_total_fits(view: BookView) -> Iterator[BookFinding]:
    """There are as many records as the closing page states."""
    if view.records and view.closing_total is not None and view.closing_total != len(view.records):
        values = {"found": str(len(view.records)), "stated": str(view.closing_total)}
        yield BookFinding(len(view.records) - 1, (), values)


def signer_counts(view: BookView) -> dict[str, Counter[str]]:
    """How often each officer's name stands in each field, by comparing key."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for record in view.records:
        for code, name in record.signers():
            counts[code][spelling_key(name)] += 1
    return counts


@book_rule("R18-signer")
def signers_are_spelled_alike(view: BookView) -> Iterator[BookFinding]:
    """No officer's name is a rare misspelling of a frequent one."""
    counts = signer_counts(view)
    for place, record in enumerate(view.records):
        for code, name in record.signers():
            key = spelling_key(name)
            often = (other for other, count in counts[code].items() if count >= _MORE_OFTEN * counts[code][key])
            if any(nearly_same(key, other) for other in often):
                yield BookFinding(place, (code,), {"field": code})


@book_rule("R12-couple")
def couples_stand_once(view: BookView) -> Iterator[BookFinding]:
    """No couple stands twice in a book."""
    keys: dict[int, Hashable] = {
        place: (spelling_key(record.text("chongHoTen")), spelling_key(record.text("voHoTen")))
        for place, record in enumerate(view.records)
        if record.text("chongHoTen") and record.text("voHoTen")
    }
    for place, others in _groups(view, keys):
        yield BookFinding(place, ("chongHoTen", "voHoTen"), _positions(others))


def _siblings(view: BookView) -> Iterator[tuple[int, list[int]]]:
    keys: dict[int, Hashable] = {}
    for place, record in enumerate(view.records):
        birth, mother, father = record.date("nksNgaySinh"), record.text("meHoTen"), record.text("chaHoTen")
        if birth and birth.complete and (mother or father):
            keys[place] = (birth, spelling_key(mother), spelling_key(father))
    yield from _groups(view, keys)


def _child(record: RecordView) -> str:
    return spelling_key(record.text("nksHoTen"))


@book_rule("R20-twins")
def twins_are_noted(view: BookView) -> Iterator[BookFinding]:
    """Children of the same parents and day with other names are noted as possible twins."""
    for place, others in _siblings(view):
        name = _child(view.records[place])
        twins = [other for other in others if name and _child(view.records[other]) not in {"", name}]
        if twins:
            yield BookFinding(place, ("nksHoTen", "nksNgaySinh"), _positions(twins))


@book_rule("R20-same-child")
def children_stand_once(view: BookView) -> Iterator[BookFinding]:
    """No child of the same name, parents and day stands twice."""
    for place, others in _siblings(view):
        name = _child(view.records[place])
        doubles = [other for other in others if name and _child(view.records[other]) == name]
        if doubles:
            yield BookFinding(place, ("nksHoTen", "nksNgaySinh"), _positions(doubles))
