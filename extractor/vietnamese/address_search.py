"""Which unit an address names: the commune, district and province that its last words spell, or nearly spell.

The search walks the gazetteer from wide to narrow and the text from its end to its beginning: the last words are held
against all provinces, the words before them against the districts of the provinces that fit, and so on. Differences
count by :func:`extractor.vietnamese.distance.distance`, so that a wrong tone costs little and a wrong letter much. A
level may be missing, for a fee; an address that fits nothing gives nothing. The text before the units (house,
hamlet, street) is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import inf
from string import ascii_lowercase

from extractor.vietnamese.distance import LOOKALIKE, MARK_AND_TONE, distance
from extractor.vietnamese.gazetteer import Commune, Unit, communes
from extractor.vietnamese.loading import load
from extractor.vietnamese.places import Province, provinces
from extractor.vietnamese.text import ToneStyle, canonical_tones, fold_marks, list_key, single_spaces, spelling_key

_PIECE = re.compile(r"[^\s,;]+|[\s,;]+")
FIRST_YEAR_OF_TWO_LEVELS = 2025

_LONGEST_NAME = 6
"""Words of a commune's name at most."""

_HYPHENED = re.compile(r"(?<=\w)\s*[-–—]\s*(?=\w)|\s[-–—]\s?")
_GLUED = re.compile(r"^([^\W\d_]{1,2})(?:\.?(?=\d{1,2}$)|\.(?=[^\W\d_]))")
"""A short word for a kind and the name or number after it, as in P12 and Q.Tân."""

_PADDING = re.compile(r"\b0+(?=\d)")
_NUMBERS = re.compile(r"[1-9]\d*")
_COUNTRY = frozenset({list_key("Việt Nam"), list_key("VN")})


_LEVELS = (
    frozenset({"Quận", "Huyện", "Thị xã", "Thành phố"}),
    frozenset({"Xã", "Phường", "Thị trấn"}),
    frozenset({"Tỉnh", "Thành phố"}),
)
"""Kinds that one unit may have had one after the other."""


@dataclass(frozen=True, slots=True)
class Found:
    """A unit found in a text.

    Args:
        unit: as in the gazetteer.
        start: index of the name's first word in the text.
        end: index past its last word.
        cost: weighted distance between what is written and the name; 0 where it is spelt so.
    """

    unit: Unit
    start: int
    end: int
    cost: float


@dataclass(frozen=True, slots=True)
class Address:
    """One way to understand the end of a text.

    Args:
        text: the text with the units' names spelt as in the gazetteer; the same text where they already are.
        units: found units, narrow to wide.
        cost: 0 where commune, district and province are all spelt as in the gazetteer; fees for missing levels count.
        system: the system of units, ``legacy`` or ``2025``.
        commune: the commune with the units above it in the gazetteer, where one was found.
    """

    text: str
    units: tuple[Found, ...]
    cost: float
    system: str
    commune: Commune | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Full names, narrow to wide."""
        return tuple(found.unit.full for found in self.units)

    @property
    def fees(self) -> float:
        """The part of the cost that is not for spelling: missing levels, other kinds of one level, other times."""
        return self.cost - sum(found.cost for found in self.units)

    @property
    def spelt(self) -> bool:
        """Whether all found names are spelt as in the gazetteer."""
        return all(found.cost == 0 for found in self.units)

    @property
    def settled(self) -> bool:
        """Whether at least two levels are spelt as in the gazetteer, so that the text needs no other reading."""
        return self.spelt and len(self.units) > 1


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A unit with those below it; compared by identity, for whole branches are keys of a cache."""

    unit: Unit
    spellings: tuple[str, ...]
    below: tuple[_Node, ...] = ()
    province: Province | None = None
    commune: Commune | None = None


@dataclass(frozen=True, slots=True)
class _Path:
    """A partial match: units found so far, narrow to wide, and how many words are left before them."""

    node: _Node | None
    found: tuple[Found, ...]
    left: int
    cost: float


@dataclass(frozen=True, slots=True)
class _Settings:
    reach: float
    beam: int
    missing: dict[str, float]
    same_level: float
    bare_number: float
    other_time: float
    kinds: dict[str, tuple[str, ...]]


@cache
def _settings() -> _Settings:
    data = load("addresses")
    kinds = {spelling_key(word): tuple(names) for word, names in data["kinds"].items()}
    return _Settings(**{key: value for key, value in data.items() if key != "variants"} | {"kinds": kinds})


@cache
def _tree(system: str) -> tuple[_Node, ...]:
    """Provinces with what lies below, each with its spellings; former provinces hold the districts of their parts."""
    units: dict[str, Unit] = {}
    below: dict[str, dict[Unit | None, list[Commune]]] = {}
    for commune in (*communes(system), *(communes("earlier") if system == "legacy" else ())):
        name = commune.province.name
        known = provinces().province(name)
        if name not in units and known and known.parts and known.parts[0] in units:
            name = known.parts[0]
        units.setdefault(name, commune.province)
        below.setdefault(name, {}).setdefault(commune.district, []).append(commune)
    branches = {name: _branches(districts) for name, districts in below.items()}
    nodes = []
    for province in provinces():
        own = next((name for name in branches if provinces().province(name) == province), "")
        parts = province.parts if system == "legacy" and province.parts else (own,) if own else ()
        if parts:
            unit = units[own] if own else Unit("Thành phố" if province.city else "Tỉnh", province.name)
            spellings = tuple(dict.fromkeys((unit.name, *provinces().spellings(province.name))))
            nodes.append(_Node(unit, spellings, tuple(node for part in parts for node in branches[part]), province))
    return tuple(nodes)


def _branches(districts: dict[Unit | None, list[Commune]]) -> tuple[_Node, ...]:
    """Districts with their communes, or communes alone where there are no districts."""
    found: list[_Node] = []
    for district, members in districts.items():
        leaves = tuple(_Node(member.unit, (member.unit.name,), commune=member) for member in members)
        found += leaves if district is None else (_Node(district, (district.name,), leaves),)
    return tuple(found)


@lru_cache(maxsize=4096)
def find_in_time(text: str, year: int | None = None) -> tuple[Address, ...]:
    """As :func:`find_address`, in the systems of units that a record of a year may use, cheapest first.

    Births and homes are older than the record: from 2025 on both systems are tried.
    """
    ways = find_address(text, "legacy", year)
    if year is not None and year >= FIRST_YEAR_OF_TWO_LEVELS:
        ways = tuple(sorted((*ways, *find_address(text, "2025", year)), key=lambda way: way.cost))
    return ways


@lru_cache(maxsize=4096)
def find_address(text: str, system: str = "legacy", year: int | None = None, most: int = 5) -> tuple[Address, ...]:
    """Ways to understand the end of a text as units of a system, cheapest first; none where nothing is near.

    Args:
        text: an address as written or read, with or without commas and words such as huyện.
        system: ``legacy`` (three levels, until June 2025) or ``2025`` (two levels).
        year: of the record, where it is known: a province that did not exist then costs a fee.
        most: ways given back at most.

    Raises:
        ValueError: there is no such system.
    """
    text = single_spaces(text)
    words, places = _words(text)
    settings = _settings()
    paths = [_Path(None, (), len(words), 0.0)]
    for count in (1, 2):
        if list_key(" ".join(words[-count:])) in _COUNTRY:
            paths.append(_Path(None, (), max(0, len(words) - count), 0.0))
    levels = ("province", "district", "commune") if system == "legacy" else ("province", "commune")
    for level in levels:
        further: list[_Path] = []
        for path in paths:
            below = _tree(system) if path.node is None else path.node.below
            if level == "commune" and below and below[0].below:
                # The district is missing: its communes are looked for all over the province, by their letters.
                below = _like(words, path.left, below)
            further += _matches(words, path, below, settings, year)
            if path.node is not None:
                further.append(replace(path, cost=path.cost + settings.missing[level]))
        # Of two names at one price the longer is meant: Thường Thắng, not Thắng.
        paths = sorted(further, key=lambda path: (path.cost, path.left))[: settings.beam]
    best: dict[tuple[str, ...], Address] = {}
    for path in paths:
        if len(path.found) == 1 and not _stands_alone(text, places, path):
            continue
        commune = path.node.commune if path.node else None
        address = Address(_spelt(text, places, path.found), path.found, path.cost, system, commune)
        best.setdefault((*address.names, address.text), address)
    return tuple(list(best.values())[:most])


def _like(words: Sequence[str], left: int, districts: tuple[_Node, ...]) -> tuple[_Node, ...]:
    """Communes of any of the districts whose letters, marks aside, are those of the last words."""
    index = _by_letters(districts)
    spans = (" ".join(words[left - size : left]) for size in range(1, min(left, _LONGEST_NAME) + 1))
    return tuple(node for span in spans for node in index.get(_letters(span), ()))


@cache
def _by_letters(districts: tuple[_Node, ...]) -> dict[str, list[_Node]]:
    index: dict[str, list[_Node]] = {}
    for district in districts:
        for node in district.below:
            index.setdefault(_letters(node.unit.name), []).append(node)
    return index


def _letters(text: str) -> str:
    return fold_marks(text).casefold()


def _words(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Words of a text and their places; hyphens between words and signs at their ends are no part of them."""
    plain = _HYPHENED.sub(lambda match: " " * len(match.group()), text)
    words, places = [], []
    for match in _PIECE.finditer(plain):
        word = match.group()
        if word[0] in " ,;" or not (bare := word.strip(".:'\"()")):
            continue
        start = match.start() + word.index(bare)
        glued = None if spelling_key(bare) in _settings().kinds else _GLUED.match(bare)
        if glued:
            words.append(glued.group(1))
            places.append((start, start + glued.end(1)))
            start, bare = start + glued.end(), bare[glued.end() :]
        words.append(bare)
        places.append((start, start + len(bare)))
    return words, places


def _matches(
    words: Sequence[str], path: _Path, nodes: Sequence[_Node], settings: _Settings, year: int | None
) -> Iterator[_Path]:
    """Units that the words just before ``path.left`` spell or nearly spell."""
    spans: dict[int, str] = {}
    for node in nodes:
        cheapest: _Path | None = None
        gone = year is not None and node.province is not None and not node.province.existed(year)
        base = path.cost + (settings.other_time if gone else 0.0)
        for name in node.spellings:
            count = name.count(" ") + 1
            for size in (count, count - 1, count + 1):
                if not 0 < size <= path.left:
                    continue
                start = path.left - size
                span = spans.setdefault(size, " ".join(words[start : path.left]))
                limit = settings.reach * len(name)
                cost = _difference(span, name, limit)
                if cost > limit:
                    continue
                start_of_kind, fee = _kind_before(words, start, node, settings)
                total = base + cost + fee
                if total < (inf if cheapest is None else cheapest.cost):
                    found = Found(node.unit, start, path.left, cost)
                    cheapest = _Path(node, (found, *path.found), start_of_kind, total)
        if cheapest is not None:
            yield cheapest


def _stands_alone(text: str, places: Sequence[tuple[int, int]], path: _Path) -> bool:
    """Whether one name is enough: it is spelt right, or nearly and set apart as a province's by a word or a comma."""
    found = path.found[0]
    if found.cost == 0:
        return True
    if found.cost > MARK_AND_TONE:
        return False
    before = text[places[found.start - 1][1] : places[found.start][0]] if found.start else ","
    return path.left < found.start or bool(set(before) & set(",;-–—"))


@lru_cache(maxsize=200_000)
def _difference(written: str, name: str, limit: float) -> float:
    """Distance of what is written from a name; 0 for another way to spell the same."""
    written = _PADDING.sub("", written)
    if _NUMBERS.findall(written) != _NUMBERS.findall(name):
        # Phường 4 is not nearly Phường 1.
        return limit + 1
    if abs(len(written) - len(name)) > limit + 1:
        return limit + 1
    if _key(written) == _key(name):
        return 0.0
    if _letters_apart(written, name) > limit:
        return limit + 1
    return distance(canonical_tones(written), canonical_tones(name), limit)


@lru_cache(maxsize=50_000)
def _key(name: str) -> str:
    """The same for all accepted spellings of a name."""
    text = f" {canonical_tones(name).casefold()} "
    for variant, usual in load("addresses")["variants"].items():
        text = text.replace(f" {variant} ", f" {usual} ")
    return list_key(text)


@lru_cache(maxsize=50_000)
def _counts(text: str) -> tuple[int, ...]:
    """How often each letter from a to z occurs, marks aside."""
    folded = fold_marks(text).lower()
    return tuple(folded.count(letter) for letter in ascii_lowercase)


def _letters_apart(a: str, b: str) -> float:
    """A lower bound of the distance, cheap to compute: every base letter that the other text lacks costs something."""
    counts_a, counts_b = _counts(a), _counts(b)
    shared = sum(map(min, counts_a, counts_b))
    return LOOKALIKE * (max(sum(counts_a), sum(counts_b)) - shared)


def _kind_before(words: Sequence[str], start: int, node: _Node, settings: _Settings) -> tuple[int, float]:
    """Where the word for the unit's kind before its name begins, and the fee for another kind's or a bare number.

    The word for a kind of another level forbids the unit, unless it ends a name below it: Tân Xã in Thạch Thất.
    """
    unit = node.unit
    for size in (2, 1):
        if start >= size:
            kinds = settings.kinds.get(spelling_key(" ".join(words[start - size : start])))
            if kinds:
                near = any(unit.kind in level and not level.isdisjoint(kinds) for level in _LEVELS)
                if unit.kind in kinds:
                    return start - size, 0.0
                if near:
                    return start - size, settings.same_level
                ending = " " + words[start - 1].casefold()
                below = any(child.unit.name.casefold().endswith(ending) for child in node.below)
                return start, 0.0 if below else inf
    return start, settings.bare_number if unit.name.isdigit() else 0.0


def _spelt(text: str, places: Sequence[tuple[int, int]], found: Sequence[Found]) -> str:
    """The text with the found names spelt as in the gazetteer, where they are not; case and tone style as written."""
    style = _tone_style(text)
    for item in sorted(found, key=lambda item: -item.start):
        if item.cost == 0:
            continue
        spans = places[item.start : item.end]
        names = item.unit.name.split(" ")
        if len(names) != len(spans):
            spans, names = [(spans[0][0], spans[-1][1])], [item.unit.name]
        for (start, end), name in reversed(list(zip(spans, names, strict=True))):
            written = text[start:end]
            if list_key(canonical_tones(written)) != list_key(canonical_tones(name)):
                new = canonical_tones(name, style) if style else name
                text = text[:start] + (new.upper() if written.isupper() else new) + text[end:]
    return text


def _tone_style(text: str) -> ToneStyle | None:
    """The style in which the text places tones, where one of its words tells."""
    old, new = canonical_tones(text, "old"), canonical_tones(text, "new")
    if old == new:
        return None
    return "new" if sum(map(str.__eq__, text, new)) > sum(map(str.__eq__, text, old)) else "old"
