"""Person names: surnames and how likely a text is a name. A soft prior, never a filter."""

from __future__ import annotations

import math
import re
from functools import cache

from extractor.vietnamese.distance import MARK_AND_TONE, distance
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import compare_key, single_spaces, spelling_key

_STRANGE = re.compile(r"[\d_=+*#@<>{}\[\]|\\/]")
UNKNOWN_SURNAME = 0.35
"""Score of a name that begins with no known surname; names of smaller peoples and foreigners are such."""

_FREQUENT = 0.3
"""Share of the people, in percent, from which on a surname is proposed for a word that nearly spells it."""


@cache
def _surnames() -> dict[str, float]:
    return {spelling_key(name): float(weight) for name, weight in load("surnames")["common"].items()}


@cache
def _compound() -> tuple[str, ...]:
    return tuple(sorted((spelling_key(name) for name in load("surnames")["compound"]), key=len, reverse=True))


@cache
def _minority_first() -> frozenset[str]:
    return frozenset(spelling_key(name) for name in load("surnames")["minority_first"])


def surname(name: str) -> str:
    """The surname as written: a compound one whole, else the first word; empty for an empty name."""
    words = single_spaces(name).split(" ")
    key = spelling_key(name)
    for compound in _compound():
        if key == compound or key.startswith(compound + " "):
            return " ".join(words[: compound.count(" ") + 1])
    return words[0]


@cache
def near_surnames(word: str) -> tuple[tuple[str, float], ...]:
    """Frequent surnames that differ from a word in one tone or mark, with their distances, nearest first.

    Empty for a word that is a surname of any people itself.
    """
    key = spelling_key(word)
    if key in _surnames() or key in _minority_first():
        return ()
    shares: dict[str, float] = load("surnames")["common"]
    near = [(distance(word, name, MARK_AND_TONE), name) for name, share in shares.items() if share >= _FREQUENT]
    return tuple((name, far) for far, name in sorted(near) if 0 < far <= MARK_AND_TONE)


def middle_names(name: str) -> tuple[str, ...]:
    """Comparing keys of the words between surname and given name."""
    words = single_spaces(name).split(" ")
    start = len(surname(name).split(" "))
    return tuple(compare_key(word) for word in words[start:-1])


def told_sex(name: str) -> str | None:
    """``1`` (male) or ``2`` (female) where a middle name tells it by custom (Văn, Thị), else none; only a hint."""
    telling = load("surnames")["middle"]["telling"]
    middle = middle_names(name)
    male = any(compare_key(word) in middle for word in telling["male"])
    female = any(compare_key(word) in middle for word in telling["female"])
    return None if male == female else ("1" if male else "2")


def name_prior(name: str) -> float:
    """How much a text looks like a person's name, above 0 to 1.

    A frequent surname scores near 1, a rare or unknown one less but never nothing; digits and signs that no name has
    score low.
    """
    text = single_spaces(name)
    if not text:
        return 0.05
    if _STRANGE.search(text):
        return 0.05
    words = text.split(" ")
    first = spelling_key(surname(text))
    if first in _compound():
        score = 0.8
    elif first in _surnames():
        score = min(1.0, 0.6 + 0.1 * math.log10(_surnames()[first] / 0.01))
    elif first in _minority_first() or any(first.startswith(start) for start in ("h'", "k'")):
        score = 0.6
    else:
        score = UNKNOWN_SURNAME
    if len(words) == 1:
        score *= 0.5
    elif len(words) > 6:
        score *= 0.6
    return score
