"""What a reader has seen little of: rare letters, and names that are made otherwise than most.

Nobody knows yet what is written on a line, so both go by what the reader's probabilities leave possible: a letter
counts as far as any frame may hold it, a word as far as the readings that have it are likely.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from extractor.readers.handwriting.decoding import log_softmax
from extractor.readers.handwriting.line_decoder import ReadText

_FOLDER = Path(__file__).with_name("data")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_LEAST_PRESENCE = 0.05
"""A letter below this probability in every frame is not there: hundreds of small doubts would add up."""


@cache
def _data(name: str) -> Any:
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class RareLetters:
    """The letters of an alphabet that a reader has seen seldom, each with a weight.

    Args:
        letters: as the alphabet has them.
        classes: of these letters in the reader's output.
        weights: how much each counts, above 0 to 1: the logarithm of how much rarer than the limit it is.
    """

    letters: tuple[str, ...]
    classes: tuple[int, ...]
    weights: NDArray[np.float64]

    def presence(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """How likely each letter is somewhere in a line with these logits ``(frames, classes)``, 0 to 1."""
        if not self.classes:
            return np.zeros(0, dtype=np.float32)
        found = np.exp(log_softmax(logits, 1.0)[:, list(self.classes)]).max(axis=0)
        return np.where(found < _LEAST_PRESENCE, 0.0, found).astype(np.float32)


def rare_letters(alphabet: str, seen: Mapping[str, float] | None = None) -> RareLetters:
    """The rare letters of an alphabet.

    Args:
        alphabet: characters in class order, the blank left out.
        seen: how often the reader has seen each character in a million; by default, how often the texts have it that
            rendered lines are drawn from (``data/letters_seen.yaml``). Signs and digits are never rare.
    """
    seen = shipped_counts() if seen is None else seen
    settings = _data("rarity")["letters"]
    limit, least = float(settings["rare_below"]), float(settings["counts_at_least"])
    span = math.log(limit / least)
    found = [
        (letter, number, math.log(limit / max(least, seen.get(letter, 0.0))) / span)
        for number, letter in enumerate(alphabet, start=1)
        if (letter.isalpha() or unicodedata.combining(letter)) and seen.get(letter, 0.0) < limit
    ]
    return RareLetters(
        tuple(letter for letter, _, _ in found),
        tuple(number for _, number, _ in found),
        np.array([weight for _, _, weight in found], dtype=np.float64),
    )


def shipped_counts() -> dict[str, float]:
    """How often each character is found in a million of the texts that rendered lines are drawn from."""
    return {str(letter): float(count) for letter, count in _data("letters_seen")["in_a_million"].items()}


def count_letters(texts: Iterable[str]) -> dict[str, float]:
    """How often each character is found in a million of these texts."""
    counts = Counter(letter for text in texts for letter in text)
    total = max(1, counts.total())
    return {letter: 1e6 * count / total for letter, count in sorted(counts.items())}


def minority_name(readings: Sequence[ReadText]) -> float:
    """How likely a line holds a name or a place of a smaller people, as far as its readings tell, 0 to 1."""
    return float(min(1.0, sum(item.share for item in readings if has_minority_name(item.text))))


def has_minority_name(text: str) -> bool:
    """Whether a text has a word that no Vietnamese syllable spells, or begins as names of smaller peoples do.

    A reading that is wrong may look so, too: then the line is worth a look for that.
    """
    words = [word.strip(".,;:()\"'-/") for word in unicodedata.normalize("NFC", text).split()]
    words = [word for word in words if word and not any(letter.isdigit() for letter in word)]
    if any(letter.islower() for letter in text):
        words = [word for word in words if len(word) == 1 or not word.isupper()]  # abbreviations
    words = [word.lower() for word in words]
    if words and words[0] in _first_words():
        return True
    return any(not _is_syllable(part) for word in words for part in word.split("-") if part and len(part) > 1)


@cache
def _first_words() -> frozenset[str]:
    return frozenset(unicodedata.normalize("NFC", name).lower() for name in _data("rarity")["first_words"])


@cache
def _is_syllable(word: str) -> bool:
    """Whether a word in small letters is spelt as a Vietnamese syllable, or is an abbreviation without a vowel."""
    bare = unicodedata.normalize("NFC", "".join(c for c in unicodedata.normalize("NFD", word) if c not in _TONES))
    parts = _data("rarity")["syllables"]
    if not any(letter in parts["vowels"] for letter in bare):
        return all(letter in parts["consonants"] for letter in bare)
    for start in parts["initials"]:
        if not bare.startswith(start):
            continue
        rest = bare[len(start) :]
        for end in parts["finals"]:
            if rest.endswith(end) and rest[: len(rest) - len(end)] in parts["nuclei"]:
                return True
    return False
