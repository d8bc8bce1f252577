"""A Vietnamese letter taken apart: base letter, quality mark, tone, case."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0309": "hỏi", "\u0303": "ngã", "\u0323": "nặng"}
"""The tone marks by their combining character; a letter without one has the level tone, :data:`LEVEL`."""

LEVEL = "ngang"

MARKS = {"\u0302": "circumflex", "\u0306": "breve", "\u031b": "horn", "\u0335": "stroke"}
"""The marks that make another letter of a base letter, by their combining character."""

PLAIN = "plain"
"""Name of a base letter's lack of a mark."""

_STROKED = {"đ": "d\u0335", "Đ": "D\u0335", "ƀ": "b\u0335", "Ƀ": "B\u0335"}
"""Letters that Unicode does not take apart though their stroke is a mark like any other."""

VOWELS = frozenset("aeiouy")
"""Base letters that can carry a tone."""

MARKED = frozenset("aeoud")
"""Base letters that a mark makes another letter of in Vietnamese."""


class LetterParts(NamedTuple):
    """What a character is made of.

    Args:
        base: base letter in small case, or the character itself where it is no letter.
        mark: name of its quality mark, :data:`PLAIN` where it has none; marks of other languages by their Unicode name.
        tone: name of its tone, :data:`LEVEL` where no tone is marked.
        capital: whether it is a capital.
    """

    base: str
    mark: str
    tone: str
    capital: bool


@cache
def letter_parts(character: str) -> LetterParts:
    """Take one character apart.

    Args:
        character: one letter, digit or sign, composed or not.
    """
    plain = unicodedata.normalize("NFD", "".join(_STROKED.get(part, part) for part in character))
    first, rest = plain[:1], plain[1:]
    tone = next((TONES[part] for part in rest if part in TONES), LEVEL)
    marks = [MARKS.get(part) or unicodedata.name(part, "unnamed").lower() for part in rest if part not in TONES]
    return LetterParts(first.lower(), "+".join(marks) or PLAIN, tone, first != first.lower())
