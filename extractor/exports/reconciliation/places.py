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
    """Units of today, as keys: communes where the commune is told, and provinces."""

    communes: frozenset[str]
    provinces: frozenset[str]


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
    return SamePlace.MAY_BE if ours.provinces & theirs.provinces else SamePlace.OTHER


def _words(place: str) -> set[str]:
    """Words that tell places apart, without marks."""
    return set(re.findall(r"\w+", fold_marks(place).casefold())) - _KINDS


def _key(place: str) -> str:
    return list_key(canonical_tones(re.sub(r"[,;–-]", " ", place)))


@lru_cache(maxsize=100_000)
def _where(text: str) -> _Where:
    parts = [_part(part) for part in _PARTS.split(text) if part.strip()]
    for table, length in ((_legacy(), 3), (_present(), 2)):
        found = table.get(tuple(parts[-length:])) if len(parts) >= length else None
        if found is not None:
            return found
    if parts and parts[-1] in _provinces():
        alone = _Where(frozenset(), _provinces()[parts[-1]])
        if len(parts) == 1:
            return alone
    for system in ("legacy", "2025"):
        for address in find_address(text, system)[:1]:
            if address.spelt and address.commune is not None:
                return _of(address.commune) if system == "legacy" else _of_today([address.commune])
            if address.spelt and address.units:
                provinces = _provinces().get(_part(address.units[-1].unit.full))
                if provinces:
                    return _Where(frozenset(), provinces)
    return _NOWHERE


def _part(text: str) -> str:
    unit = Unit.of(single_spaces(text).strip(" ."))
    return list_key(canonical_tones(unit.name))


def _of(commune: Commune) -> _Where:
    now = successors(commune)
    if now:
        return _of_today(now)
    return _Where(frozenset(), _provinces().get(_part(commune.province.full), frozenset()))


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
        former = table.get(names, _NOWHERE)
        table[names] = _Where(former.communes | where.communes, former.provinces | where.provinces)
    return table


@cache
def _provinces() -> dict[str, frozenset[str]]:
    """Provinces of today by a province's key: itself, or the one its communes went to."""
    found: dict[str, set[str]] = {}
    for commune in communes("2025"):
        found.setdefault(_part(commune.province.full), set()).add(_part(commune.province.full))
    for commune in communes("legacy"):
        for now in successors(commune)[:1]:
            found.setdefault(_part(commune.province.full), set()).add(_part(now.province.full))
    return {name: frozenset(now) for name, now in found.items()}
