"""Names of persons compared word by word, with a distance that knows tones, marks and look-alikes."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import yaml

from extractor.vietnamese.distance import distance
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import canonical_tones, fold_marks

NEAR = 1.0
"""Up to this distance two names may be one name written or read wrongly once."""
_JOIN = re.compile(r"[\u2010-\u2015\u2212\-_.,;:/()\"]+")
_ALIKE = {0xD0: "Đ", 0xF0: "đ", 0x189: "Đ", **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD))}
"""Letters that look like Đ and are none (Eth, African D), and signs without width."""
_APOSTROPHES = re.compile(r"[\u2018\u2019\u02bc\u00b4`\u2032]")

EXACT, SOUND, SHORTER, CLOSE, SAME_ENDS, OTHER = range(6)
"""How two names compare: the same; the same but for tones, marks, y/i or regional form; the same with a word left out;
one slip apart; the same surname and given name with another middle name; other."""


class NameComparison(NamedTuple):
    """Level, and weighted edit distance over all words (a word left out costs its letters, 1 each, at most 2)."""

    level: int
    distance: float


@cache
def _variants() -> dict[str, str]:
    text = (resources.files(__package__) / "variants.yaml").read_text(encoding="utf-8")
    return {_one_i(word): _one_i(group[0]) for group in yaml.safe_load(text)["groups"] for word in group}


def _one_i(word: str) -> str:
    return word.replace("y", "i")


@lru_cache(maxsize=100_000)
def _word(word: str) -> str:
    return canonical_tones(word)


@lru_cache(maxsize=100_000)
def _sound(word: str) -> str:
    bare = _one_i(re.sub(r"[^a-z0-9]", "", fold_marks(word)))
    return _variants().get(bare, bare)


def name_key(name: str) -> str:
    """The name as it is compared: case, width of letters, spaces, hyphens and place of the tone do not count."""
    text = _APOSTROPHES.sub("'", _JOIN.sub(" ", unicodedata.normalize("NFKC", name.translate(_ALIKE)).casefold()))
    return " ".join(_word(word) for word in text.split())


def name_sound(name: str) -> str:
    """The name without tones and marks, i for y, one form for regional variants: the key it is looked up under."""
    return key_sound(name_key(name))


def name_forms(name: str) -> str:
    """Key and sound of a name, parted by a tabulator: one call of the database for both."""
    key = name_key(name)
    return f"{key}\t{key_sound(key)}"


@cache
def _common() -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Shares of all people by sound: family names, middle names (``''`` none, ``*`` any other), given names."""
    data = yaml.safe_load((resources.files(__package__) / "common_names.yaml").read_text(encoding="utf-8"))
    surnames: dict[str, float] = {}
    for name, percent in load("surnames")["common"].items():
        surnames[name_sound(name)] = surnames.get(name_sound(name), 0.0) + percent / 100
    given = {name_sound(name): share for share, names in data["given"].items() for name in names}
    middles = {name_sound(name): share for name, share in data["middle"].items()}
    return surnames, middles | {"": data["none"], "*": data["other"]}, given


def common_share(sound: str) -> float:
    """Share of the country's people who may be thought to bear a name, given as :func:`name_sound`; 0 where unknown.

    It is the product of the shares of frequent parts of names (``common_names.yaml``).
    """
    surnames, middles, given = _common()
    if " " not in sound:
        return 0.0
    first, *between, last = sound.split(" ")
    middle = math.prod(middles.get(word, middles["*"]) for word in between) if between else middles[""]
    return surnames.get(first, 0.0) * middle * given.get(last, 0.0)


def key_sound(key: str) -> str:
    """The same for a name given as :func:`name_key`."""
    return " ".join(sound for word in key.split(" ") if (sound := _sound(word)))


@lru_cache(maxsize=400_000)
def _word_distance(one: str, other: str) -> float:
    return 0.0 if one == other else distance(one, other)


def _alignment(ones: list[str], others: list[str]) -> float:
    """Least cost of turning one list of words into the other."""
    previous = [0.0]
    for word in others:
        previous.append(previous[-1] + min(2.0, len(word)))
    for one in ones:
        gap = min(2.0, len(one))
        current = [previous[0] + gap]
        for index, other in enumerate(others):
            current.append(
                min(
                    previous[index] + _word_distance(one, other),
                    previous[index + 1] + gap,
                    current[index] + min(2.0, len(other)),
                )
            )
        previous = current
    return previous[-1]


def _left_out(shorter: list[str], longer: list[str]) -> bool:
    """Whether the shorter name is the longer one with inner words left out."""
    if len(shorter) < 2 or len(shorter) >= len(longer) or shorter[0] != longer[0] or shorter[-1] != longer[-1]:
        return False
    inner = iter(longer[1:-1])
    return all(word in inner for word in shorter[1:-1])


def compare_names(one: str, other: str) -> NameComparison:
    """Compare two names given as :func:`name_key`."""
    if one == other:
        return NameComparison(EXACT, 0.0)
    ones, others = one.split(" "), other.split(" ")
    apart = _alignment(ones, others)
    sounds, other_sounds = [_sound(word) for word in ones], [_sound(word) for word in others]
    if sounds == other_sounds or "".join(sounds) == "".join(other_sounds):
        return NameComparison(SOUND, apart)
    shorter, longer = sorted((sounds, other_sounds), key=len)
    if _left_out(shorter, longer):
        return NameComparison(SHORTER, apart)
    if apart <= NEAR:
        return NameComparison(CLOSE, apart)
    if sounds[0] == other_sounds[0] and sounds[-1] == other_sounds[-1] and min(len(ones), len(others)) > 1:
        return NameComparison(SAME_ENDS, apart)
    return NameComparison(OTHER, apart)
