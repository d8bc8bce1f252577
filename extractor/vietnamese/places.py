"""Places as written in registers: the parts of an address and its province at the time.

The gazetteer is behind a small protocol so that one with districts and communes can take the place of the table of
provinces that is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Protocol

from extractor.vietnamese.distance import MARK_AND_TONE, distance
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import canonical_tones, list_key, single_spaces

_COMMAS = re.compile(r"\s*[,;]\s*")
_DASHES = re.compile(r"\s+[-–—]\s*|\s*[-–—]\s+")
_HYPHEN = re.compile(r"\s*[-–—]\s*")
_NEAR_PER_LETTER = 0.25
_LONGEST_PROVINCE = 8
"""Words at most of a province's name with its kind."""


@dataclass(frozen=True, slots=True)
class Province:
    """A province or city of that rank.

    Args:
        name: canonical name.
        code: code in identity numbers, where it has one.
        spans: first and last years in which it existed; none means all the time.
        city: whether it is a city of the rank of a province.
        verified: whether its years come from a source that was looked up.
        parts: names of the provinces of June 2025 whose districts it held at some time; none means its own.
    """

    name: str
    code: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    city: bool = False
    verified: bool = True
    parts: tuple[str, ...] = ()

    def existed(self, year: int) -> bool:
        """Whether it existed at some time of that year."""
        return not self.spans or any(first <= year <= last for first, last in self.spans)


@dataclass(frozen=True, slots=True)
class Place:
    """A place taken apart.

    Args:
        text: the text with single spaces.
        detail: the parts before the province, narrow to wide, without punctuation, as written.
        province: the province the last part names, or none.
        near: names of provinces the last part nearly spells, where it spells none.
    """

    text: str
    detail: tuple[str, ...]
    province: Province | None
    near: tuple[str, ...] = ()


class Gazetteer(Protocol):
    """Knows units by name."""

    def province(self, name: str) -> Province | None:
        """The province of that name, generic word or not, or none."""
        ...

    def near_provinces(self, name: str) -> tuple[str, ...]:
        """Names of provinces that differ from ``name`` by little."""
        ...


def _generic(words: Iterable[str]) -> str:
    return "|".join(re.escape(canonical_tones(word)) for word in sorted(words, key=len, reverse=True))


@cache
def _units() -> dict[str, list[str]]:
    units: dict[str, list[str]] = load("provinces")["units"]
    return units


@cache
def _unit_word() -> re.Pattern[str]:
    """A generic word before a name; the groups tell the rank."""
    narrower = {*_units()["commune"], *_units()["district"], *_units()["hamlet"]} - {*_units()["city"]}
    ranks = (
        f"(?P<province>{_generic(_units()['province'])})",
        f"(?P<city>{_generic(_units()['city'])})",
        f"(?P<narrower>{_generic(narrower)})",
    )
    return re.compile(rf"(?:{'|'.join(ranks)})(?:\s*\.\s*|\s+)(?=\S)", re.IGNORECASE)


class ProvinceTable:
    """The provinces of ``data/provinces.yaml``."""

    def __init__(self) -> None:
        self._by_key: dict[str, Province] = {}
        self._spellings: dict[str, tuple[str, ...]] = {}
        entries: list[dict[str, Any]] = load("provinces")["provinces"]
        for entry in entries:
            spans = tuple((first, last) for first, last in entry.get("from", ()))
            city = entry.get("kind") == "thành phố"
            verified, parts = entry.get("tag") != "R", tuple(entry.get("parts", ()))
            province = Province(entry["name"], entry.get("code", ""), spans, city, verified, parts)
            self._spellings[_key(province.name)] = (province.name, *entry.get("spellings", ()))
            for spelling in self._spellings[_key(province.name)]:
                self._by_key.setdefault(_key(spelling), province)
        self._names = tuple(dict.fromkeys(province.name for province in self._by_key.values()))

    def province(self, name: str) -> Province | None:
        """The province of that name; none for the name of a province after a narrower unit's word (xã, huyện)."""
        text = canonical_tones(single_spaces(name)).strip(" .,;")
        whole = self._by_key.get(_key(text))
        match = _unit_word().match(text)
        if whole or not match:
            return whole
        found = self._by_key.get(_key(text[match.end() :]))
        if found is None or match.group("narrower") or (match.group("city") and not found.city):
            return None
        return found

    def __iter__(self) -> Iterator[Province]:
        """All provinces, once each."""
        return iter(dict.fromkeys(self._by_key.values()))

    def spellings(self, name: str) -> tuple[str, ...]:
        """All known spellings of a province's name, the canonical one first; none for no province's name."""
        found = self.province(name)
        return self._spellings[_key(found.name)] if found else ()

    def near_provinces(self, name: str) -> tuple[str, ...]:
        """Names of provinces that differ by one mark, or by little more after the word for province."""
        text = canonical_tones(single_spaces(name)).strip(" .,;")
        match = _unit_word().match(text)
        if match and match.group("narrower"):
            return ()
        bare = text[match.end() :] if match else text
        return _near(bare, bool(match and match.group("province")), self._names)


@lru_cache(maxsize=4096)
def _near(bare: str, of_province: bool, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that differ a little from a text, nearest first; a book writes the same places again."""
    near = []
    for known in names:
        limit = _NEAR_PER_LETTER * len(known) if of_province else MARK_AND_TONE
        found = distance(bare, known, limit) if abs(len(known) - len(bare)) <= limit + 1 else limit + 1
        if 0 < found <= limit:
            near.append((found, known))
    return tuple(known for _, known in sorted(near))


def _key(name: str) -> str:
    return list_key(_HYPHEN.sub(" ", name))


@cache
def provinces() -> ProvinceTable:
    """The table of provinces, made on first use."""
    return ProvinceTable()


def parse_place(raw: str, gazetteer: Gazetteer | None = None) -> Place:
    """Take a place apart at commas, else at dashes, else at the longest ending that is a province."""
    known = gazetteer or provinces()
    text = single_spaces(raw)
    bare = text.strip(" .,;")
    if not bare:
        return Place(text, (), None)
    parts = _split(_COMMAS, bare)
    if len(parts) == 1:
        whole = known.province(bare)
        if whole:
            return Place(text, (), whole)
        parts = _split(_DASHES, bare)
    if not parts:
        return Place(text, (), None)
    last = parts[-1]
    found = known.province(last)
    if found:
        return Place(text, tuple(parts[:-1]), found)
    words = last.split(" ")
    for start in range(max(1, len(words) - _LONGEST_PROVINCE), len(words)):
        # The unit's word belongs to the name, else "xã Quảng Tín" would end in a province.
        if _ends_in_unit_word(" ".join(words[max(0, start - 3) : start])):
            continue
        found = known.province(" ".join(words[start:]))
        if found:
            return Place(text, (*parts[:-1], " ".join(words[:start]).strip(" -–")), found)
    return Place(text, tuple(parts), None, known.near_provinces(last))


def _split(sign: re.Pattern[str], text: str) -> list[str]:
    return [part for part in (piece.strip(" .") for piece in sign.split(text)) if part]


@cache
def _unit_word_at_end() -> re.Pattern[str]:
    every = {word for words in _units().values() for word in words}
    return re.compile(rf"(?:^|\s)(?:{_generic(every)})\.?$", re.IGNORECASE)


def _ends_in_unit_word(text: str) -> bool:
    return bool(_unit_word_at_end().search(canonical_tones(text)))
