"""Places as written in registers: the parts of an address and its province at the time.

The gazetteer is behind a small protocol so that one with districts and communes can take the place of the table of
provinces that is here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from extractor.vietnamese.data import load
from extractor.vietnamese.distance import distance
from extractor.vietnamese.text import compare_key, list_key, single_spaces

_COMMAS = re.compile(r"\s*[,;]\s*")
_DASHES = re.compile(r"\s+[-–—]\s*|\s*[-–—]\s+")
_HYPHEN = re.compile(r"\s*[-–—]\s*")


@dataclass(frozen=True, slots=True)
class Province:
    """A province with the spans of years in which it existed; no spans mean all the time."""

    name: str
    code: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    verified: bool = True

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


class ProvinceTable:
    """The provinces of ``data/provinces.yaml``."""

    def __init__(self) -> None:
        data = load("provinces")
        self._by_key: dict[str, Province] = {}
        self._spellings: list[tuple[str, str]] = []
        entries: list[dict[str, Any]] = data["provinces"]
        for entry in entries:
            spans = tuple((first, last) for first, last in entry.get("from", ()))
            province = Province(entry["name"], entry.get("code", ""), spans, entry.get("tag") != "R")
            for spelling in (entry["name"], *entry.get("spellings", ())):
                self._by_key.setdefault(list_key(spelling.replace("-", " ")), province)
            self._spellings.append((entry["name"], compare_key(entry["name"])))
        words = sorted(data["units"]["province"], key=len, reverse=True)
        self._prefix = re.compile(rf"(?:{'|'.join(re.escape(word) for word in words)})(?:\s*\.\s*|\s+)", re.IGNORECASE)

    def bare(self, name: str) -> str:
        """The name without its generic word."""
        text = single_spaces(name).strip(" .,;")
        return text[match.end() :] if (match := self._prefix.match(text)) else text

    def province(self, name: str) -> Province | None:
        """The province of that name, or none."""
        text = single_spaces(name).strip(" .,;")
        for form in (text, self.bare(text)):
            found = self._by_key.get(list_key(_HYPHEN.sub(" ", form)))
            if found:
                return found
        return None

    def near_provinces(self, name: str) -> tuple[str, ...]:
        """Names of provinces within a quarter of an edit per letter."""
        text = self.bare(name)
        near = []
        for spelling, _ in self._spellings:
            limit = 0.25 * max(len(spelling), len(text))
            if abs(len(spelling) - len(text)) <= limit + 1:
                found = distance(text, spelling, limit)
                if found <= limit:
                    near.append((found, spelling))
        return tuple(spelling for _, spelling in sorted(near))


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
    parts = [part.strip(" .") for part in _COMMAS.split(bare) if part.strip(" .")]
    if len(parts) == 1:
        whole = known.province(bare)
        if whole:
            return Place(text, (), whole)
        parts = [part.strip(" .") for part in _DASHES.split(bare) if part.strip(" .")]
    if not parts:
        return Place(text, (), None)
    last = parts[-1]
    found = known.province(last)
    if found:
        return Place(text, tuple(parts[:-1]), found)
    words = last.split(" ")
    for start in range(1, len(words)):
        ending = " ".join(words[start:])
        found = known.province(ending)
        if found:
            head = re.sub(r"(?:^|\s)(?:tỉnh|thành phố|TP|T)\.?$", "", " ".join(words[:start]), flags=re.IGNORECASE)
            return Place(text, (*parts[:-1], *([head.strip(" -–")] if head.strip(" -–") else [])), found)
    return Place(text, tuple(parts), None, known.near_provinces(last))
