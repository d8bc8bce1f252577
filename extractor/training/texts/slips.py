"""Slips of pen, eye and keyboard in names and dates, at given rates; and ways to write the same otherwise."""

from __future__ import annotations

import calendar
import unicodedata
from collections.abc import Mapping
from random import Random

from extractor.vietnamese.text import TONES, canonical_tones, fold_marks, split_tones

Born = tuple[int, int | None, int | None]
"""Year, month, day; month or day none where unknown."""

_LOOKALIKES = {
    "n": "u", "u": "n", "a": "o", "o": "a", "e": "c", "c": "e", "i": "l", "l": "t", "t": "l", "h": "k", "k": "h",
    "g": "y", "m": "n", "v": "r", "r": "v", "b": "h", "d": "đ", "đ": "d", "p": "q", "s": "r",
}  # fmt: skip
_VARIANTS = {"Vũ": "Võ", "Võ": "Vũ", "Hoàng": "Huỳnh", "Huỳnh": "Hoàng", "Phúc": "Phước", "Phước": "Phúc"}
_I_OR_Y = {"Lý": "Lí", "Mỹ": "Mĩ", "Quý": "Quí", "Vy": "Vi", "Ly": "Li", "Kỳ": "Kì", "Thy": "Thi", "My": "Mi"}


def slip_of_name(rng: Random, name: str, rates: Mapping[str, float]) -> str:
    """The name with each kind of error at its rate; mostly as it is."""
    if not name:
        return name
    words = name.split(" ")
    draw = rng.random
    if draw() < rates["all_marks"]:
        words = [fold_marks(word) for word in words]
    if draw() < rates["tone"]:
        place = rng.randrange(len(words))
        words[place] = _other_tone(rng, words[place])
    if draw() < rates["marks"]:
        place = rng.randrange(len(words))
        words[place] = fold_marks(words[place])
    if draw() < rates["letter"]:
        place = rng.randrange(len(words))
        words[place] = _other_letter(rng, words[place])
    if draw() < rates["middle"] and len(words) > 2:
        del words[rng.randrange(1, len(words) - 1)]
    if draw() < rates["variant"]:
        words = [_VARIANTS.get(word, word) for word in words]
    if draw() < rates["spelling_i"]:
        words = [_I_OR_Y.get(word, word) for word in words]
    return " ".join(words)


def _other_tone(rng: Random, word: str) -> str:
    bare, tones = split_tones(word)
    vowels = [index for index, sign in enumerate(bare) if fold_marks(sign).lower() in "aeiouy"]
    if not vowels:
        return word
    tone = rng.choice([mark for mark in ("", *TONES) if mark != tones])
    place = vowels[-1]
    return canonical_tones(unicodedata.normalize("NFC", bare[: place + 1] + tone + bare[place + 1 :]))


def _other_letter(rng: Random, word: str) -> str:
    places = [index for index, sign in enumerate(word) if sign in _LOOKALIKES]
    if places and rng.random() < 0.8:
        place = rng.choice(places)
        return word[:place] + _LOOKALIKES[word[place]] + word[place + 1 :]
    return word[:-1] if len(word) > 2 else word


def slip_of_date(rng: Random, born: Born, rates: Mapping[str, float]) -> Born:
    """The date with each kind of error at its rate."""
    year, month, day = born
    if month is None or day is None:
        return born
    draw = rng.random
    if draw() < rates["swapped"] and day <= 12:
        return year, day, month
    if draw() < rates["digit"]:
        return _other_digit(rng, year, month, day)
    if draw() < rates["year_only"]:
        return year, None, None
    if draw() < rates["month_only"]:
        return year, month, None
    return born


def _other_digit(rng: Random, year: int, month: int, day: int) -> Born:
    while True:
        digits = list(f"{year:04d}{month:02d}{day:02d}")
        place = rng.randrange(2, 8)
        digits[place] = rng.choice([digit for digit in "0123456789" if digit != digits[place]])
        other = (int("".join(digits[:4])), int("".join(digits[4:6])), int("".join(digits[6:])))
        if 1900 <= other[0] <= 2025 and 1 <= other[1] <= 12 and 1 <= other[2] <= calendar.monthrange(*other[:2])[1]:
            return other


def in_style(rng: Random, name: str, rates: Mapping[str, float]) -> str:
    """The same name in another writing: capitals, tones on the other vowel, decomposed letters, doubled spaces."""
    if rng.random() < rates["new_tones"]:
        name = canonical_tones(name, "new")
    if rng.random() < rates["capitals"]:
        name = name.upper()
    if rng.random() < rates["spaces"]:
        name = name.replace(" ", "  ", 1)
    if rng.random() < rates["decomposed"]:
        name = unicodedata.normalize("NFD", name)
    return name
