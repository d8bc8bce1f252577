"""Whether two places may be one: spelling, missing parts and the units of another year are no contradiction."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from extractor.vietnamese.address_search import find_address
from extractor.vietnamese.gazetteer import Commune, Unit, communes, successors
from extractor.vietnamese.lists import nationalities
from extractor.vietnamese.places import provinces
from extractor.vietnamese.text import canonical_tones, fold_marks, list_key, single_spaces

_KINDS = frozenset(
    fold_marks("xã phường thị trấn huyện quận thành phố tỉnh ấp thôn xóm bản trạm y tế bệnh viện nhà hộ sinh").split()
)
"""Words for kinds of places, which tell none from another."""
_PARTS = re.compile(r"\s*[,;]\s*|\s+[-–]\s+")


class SamePlace(StrEnum):
    """What can be said of two places."""

    SAME = "same"
    MAY_BE = "may_be"
    """One tells less than the other, or a unit was divided."""
    OTHER = "other"
    UNKNOWN = "unknown"
    """At least one names no unit that is known."""


class _Where(NamedTuple):
    """Units of today, as keys: communes where the commune is told, and provinces.

    ``whole``: whether the provinces are all that the place may lie in; of former provinces only most of it is known.
    """

    communes: frozenset[str]
    provinces: frozenset[str]
    whole: bool = True


_NOWHERE = _Where(frozenset(), frozenset())


def same_place(one: str, other: str) -> SamePlace:
    """Compare two places as written, each in the units of any year."""
    if _key(one) == _key(other):
        return SamePlace.SAME
    ours, theirs = _where(single_spaces(one)), _where(single_spaces(other))
    if not ours.provinces and not theirs.provinces:
        return SamePlace.UNKNOWN if _words(one) & _words(other) else SamePlace.OTHER
    if not ours.provinces or not theirs.provinces:
        # Abroad is no province; any other unknown name may be one of former days.
        unknown = one if not ours.provinces else other
        return SamePlace.OTHER if nationalities().find(single_spaces(unknown)) else SamePlace.UNKNOWN
    if ours.communes and theirs.communes:
        if ours.communes & theirs.communes:
            return SamePlace.SAME if ours.communes == theirs.communes else SamePlace.MAY_BE
        return SamePlace.OTHER
    if ours.provinces & theirs.provinces:
        return SamePlace.MAY_BE
    return SamePlace.OTHER if ours.whole and theirs.whole else SamePlace.UNKNOWN


def place_forms(text: str) -> str:
    """Numbers of the communes and of the provinces of today that a place may be, as ``1,2<tab>3``; for the database.

    Only the tables are asked, not the search for names that are nearly spelt: most places are spelt, and millions are
    asked for. Empty parts where a place tells none.
    """
    where = _spelt(single_spaces(text))
    communes_told, provinces_told = (
        ",".join(str(number) for number in sorted(_numbers()[key] for key in keys))
        for keys in (where.communes, where.provinces)
    )
    return f"{communes_told}\t{provinces_told}"


@cache
def _numbers() -> dict[str, int]:
    keys = {key for where in _present().values() for key in (*where.communes, *where.provinces)}
    return {key: number for number, key in enumerate(sorted(keys))}


def _words(place: str) -> set[str]:
    """Words that tell places apart, without marks."""
    return set(re.findall(r"\w+", fold_marks(place).casefold())) - _KINDS


def _key(place: str) -> str:
    return list_key(canonical_tones(re.sub(r"[,;–-]", " ", place)))


@lru_cache(maxsize=100_000)
def _where(text: str) -> _Where:
    spelt = _spelt(text)
    if spelt.communes or (len(_PARTS.split(text)) == 1 and spelt.provinces):
        return spelt
    for system in ("legacy", "2025"):
        for address in find_address(text, system)[:1]:
            if address.spelt and address.commune is not None:
                return _of(address.commune) if system == "legacy" else _of_today([address.commune])
            if address.spelt and address.units and not spelt.provinces:
                found = _provinces().get(_part(address.units[-1].unit.full))
                if found:
                    return found
    return spelt


@lru_cache(maxsize=100_000)
def _spelt(text: str) -> _Where:
    """Where a place lies whose units are parted by commas or dashes, and spelt as in the tables."""
    parts = [_part(part) for part in _PARTS.split(text) if part.strip()]
    for table, length in ((_legacy(), 3), (_present(), 2)):
        found = table.get(tuple(parts[-length:])) if len(parts) >= length else None
        if found is not None:
            return found
    if not parts or parts[-1] not in _provinces():
        return _NOWHERE
    if len(parts) > 2:
        # The same commune and district in one of the provinces that a former one was made of.
        within = [_legacy().get((*parts[-3:-1], part)) for part in _former().get(parts[-1], ())]
        known = [where for where in within if where is not None]
        if known:
            return _both(known)
    return _provinces()[parts[-1]]


@lru_cache(maxsize=100_000)
def _part(text: str) -> str:
    unit = Unit.of(single_spaces(text).strip(" ."))
    return list_key(canonical_tones(unit.name))


def _both(places: Iterable[_Where]) -> _Where:
    """A place that may be any of several."""
    found = tuple(places)
    empty: frozenset[str] = frozenset()
    return _Where(empty.union(*(p.communes for p in found)), empty.union(*(p.provinces for p in found)))


def _of(commune: Commune) -> _Where:
    now = successors(commune)
    if now:
        return _of_today(now)
    return _provinces().get(_part(commune.province.full), _NOWHERE)


def _of_today(now: list[Commune] | tuple[Commune, ...]) -> _Where:
    keys = frozenset(f"{_part(c.unit.full)}|{_part(c.province.full)}" for c in now)
    return _Where(keys, frozenset(_part(c.province.full) for c in now))


@cache
def _legacy() -> dict[tuple[str, ...], _Where]:
    return _by_names((commune, _of(commune)) for commune in communes("legacy"))


@cache
def _present() -> dict[tuple[str, ...], _Where]:
    return _by_names((commune, _of_today([commune])) for commune in communes("2025"))


def _by_names(places: Iterable[tuple[Commune, _Where]]) -> dict[tuple[str, ...], _Where]:
    """Places by the names of their units; a town and a commune of one name stay both possible."""
    table: dict[tuple[str, ...], _Where] = {}
    for commune, where in places:
        names = tuple(_part(unit.full) for unit in commune.levels)
        table[names] = _both((table.get(names, _NOWHERE), where))
    return table


@cache
def _former() -> dict[str, tuple[str, ...]]:
    """Provinces of June 2025 by the key of each spelling of one that once held their districts, or most of them."""
    return {
        _part(spelling): tuple(_part(part) for part in province.parts or (province.name,))
        for province in provinces()
        for spelling in provinces().spellings(province.name)
    }


@cache
def _provinces() -> dict[str, _Where]:
    """Where a province lies today, by the key of its name of any time: where its communes, or its parts, went."""
    now: dict[str, set[str]] = {}
    for commune in communes("2025"):
        now.setdefault(_part(commune.province.full), set()).add(_part(commune.province.full))
    for commune in communes("legacy"):
        for successor in successors(commune)[:1]:
            now.setdefault(_part(commune.province.full), set()).add(_part(successor.province.full))
    found = {name: _Where(frozenset(), frozenset(keys)) for name, keys in now.items()}
    for name, parts in _former().items():
        if len(parts) == 1 and parts[0] in now:
            # Another spelling, or a province whose districts are all of one: only the latter may have lost some.
            found.setdefault(name, _Where(frozenset(), frozenset(now[parts[0]]), whole=name in now))
        elif keys := now.get(name, set()).union(*(now.get(part, ()) for part in parts)):
            found[name] = _Where(frozenset(), frozenset(keys), whole=False)
    return found
