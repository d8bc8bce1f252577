"""Closed word lists: ethnic groups, nationalities, sexes, relations, titles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

from extractor.vietnamese.distance import distance
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import list_key, single_spaces


class Near(NamedTuple):
    """A list entry close to a text: its value, the spelling meant, and the weighted edit distance."""

    value: str
    spelling: str
    distance: float


@dataclass(frozen=True)
class ClosedList:
    """Entries of a list with the spellings that stand for them.

    Args:
        name: name of the list.
        spellings: each spelling with the value it stands for.
        weights: how often a value is met, any positive scale.
        abbreviations: short forms, understood but never proposed.
    """

    name: str
    spellings: tuple[tuple[str, str], ...]
    weights: dict[str, float]
    abbreviations: tuple[tuple[str, str], ...] = ()

    @cached_property
    def _by_key(self) -> dict[str, str]:
        pairs = (*self.spellings[::-1], *self.abbreviations)
        return {list_key(spelling): value for spelling, value in pairs}

    @cached_property
    def share(self) -> dict[str, float]:
        """Weight of each value as a share of the most frequent one's, above 0 to 1."""
        most = max(self.weights.values())
        return {value: weight / most for value, weight in self.weights.items()}

    def find(self, text: str) -> str | None:
        """Value of the entry the text spells, whatever case, tone place, hyphens and spaces; or none."""
        return self._by_key.get(list_key(single_spaces(text)))

    def nearest(self, text: str, reach: float) -> tuple[Near, ...]:
        """Entries within ``reach`` per letter, one spelling each, nearest first."""
        return _nearest(self, single_spaces(text), reach)

    def __hash__(self) -> int:
        return hash(self.name)


@lru_cache(maxsize=4096)
def _nearest(entries: ClosedList, text: str, reach: float) -> tuple[Near, ...]:
    best: dict[str, Near] = {}
    for spelling, value in entries.spellings:
        limit = reach * max(len(spelling), len(text))
        if abs(len(spelling) - len(text)) > limit + 1:
            continue
        found = distance(text, spelling, limit)
        if found <= limit and (value not in best or found < best[value].distance):
            best[value] = Near(value, spelling, found)
    return tuple(sorted(best.values(), key=lambda near: (near.distance, near.value)))


def _from_entries(name: str, *, as_name: bool = True) -> ClosedList:
    entries: list[dict[str, Any]] = load(name)["entries"]
    spellings: list[tuple[str, str]] = []
    short: list[tuple[str, str]] = []
    weights: dict[str, float] = {}
    for entry in entries:
        value = entry["name"] if as_name else entry["value"]
        weights[value] = float(entry["weight"])
        # In a list of plain names the first spelling is what a writer would put down for it.
        first = [] if " (" in entry["name"] else [entry["name"]]
        spellings += [(word, value) for word in (*first, *entry.get("spellings", ()))]
        short += [(word, value) for word in entry.get("abbreviations", ())]
        if not first:
            short.append((entry["name"], value))
    return ClosedList(name, tuple(spellings), weights, tuple(short))


@cache
def ethnic_groups() -> ClosedList:
    """Ethnic groups; another name or sub-group stands for ``Group (sub-group)`` where it belongs to one group only."""
    data = load("ethnic_groups")
    groups: list[dict[str, Any]] = data["groups"]
    main = {list_key(group["name"]) for group in groups}
    owners = Counter(list_key(other) for group in groups for other in group["others"])
    spellings: list[tuple[str, str]] = [(word, word) for word in data["extra"]]
    short: list[tuple[str, str]] = []
    weights: dict[str, float] = dict.fromkeys(data["extra"], 0.02)
    for group in groups:
        name = group["name"]
        weights[name] = group["weight"]
        spellings += [(word, name) for word in (name, *group.get("spellings", ()))]
        short += [(word, name) for word in group.get("abbreviations", ())]
        for other in group["others"]:
            value = f"{name} ({other})"
            weights[value] = 0.02
            short.append((value, value))
            if owners[list_key(other)] == 1 and list_key(other) not in main:
                spellings.append((other, value))
    return ClosedList("ethnic_groups", tuple(spellings), weights, tuple(short))


@cache
def nationalities() -> ClosedList:
    """Nationalities by the country's name."""
    return _from_entries("nationalities")


@cache
def sexes() -> ClosedList:
    """Words for the sex; values are the codes 1, 2 and 3."""
    return _from_entries("sexes", as_name=False)


@cache
def relations() -> ClosedList:
    """What a declarant may be to the person registered."""
    return _from_entries("relations")


@cache
def titles() -> ClosedList:
    """Titles of those who sign."""
    return _from_entries("titles")
