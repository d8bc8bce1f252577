"""Tell which words of a value stand on which of its written lines.

People decide a value as a whole; a reader learns from single lines. What the reader makes of each line by itself tells
where the value was broken: among all ways to give each line its words, the one that differs least from what was read,
if it is clearly the best. Marks and tones are not looked at, for they are what readers get wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from extractor.vietnamese.text import fold_marks

_MOST_LINES, _MOST_WORDS = 12, 100

_MARGIN = 2
"""Letters by which the best way must differ less than the second best."""

_LIKE = 0.5
"""Share of a line's letters that may differ from what was read of it."""

_ALIKE = 0.65
"""The same for a value of one line; only what is beyond any misreading is taken for another text.

Of 200 real address lines (tuning parts of two collections) the reader that was trained on fonts alone misread at most
0.54 this way; nine in ten pairs of different values of the sample book are further apart than this.
"""

_FEW = 8
"""Shorter texts are not held against what was read: one misread word is all of them."""


def words_of_lines(text: str, readings: Sequence[str]) -> tuple[str, ...]:
    """The part of a text that stands on each line.

    Args:
        text: the whole value, words parted by single spaces.
        readings: what a reader made of each line, top to bottom.

    Returns:
        One part for each line, none of them empty; nothing at all where it cannot be told.
    """
    words = text.split(" ")
    if not 0 < len(readings) <= min(_MOST_LINES, len(words)) or len(words) > _MOST_WORDS:
        return ()
    keys, read = [_key(word) for word in words], [_key(reading) for reading in readings]
    # The two cheapest ways to give the first words to the lines so far, as costs and ends of the lines.
    ways: dict[int, list[tuple[float, tuple[int, ...]]]] = {0: [(0.0, ())]}
    for number, reading in enumerate(read):
        rest = len(read) - number - 1
        longer: dict[int, list[tuple[float, tuple[int, ...]]]] = {}
        for end in range(number + 1, len(words) - rest + 1):
            found = [
                (cost + Levenshtein.distance(reading, "".join(keys[start:end])), (*ends, end))
                for start, known in ways.items()
                if start < end
                for cost, ends in known
            ]
            longer[end] = sorted(found)[:2]
        ways = longer
    (best, ends), *others = ways[len(words)]
    second = others[0][0] if others else math.inf
    if second - best < _MARGIN:
        return ()
    starts = (0, *ends[:-1])
    parts = [" ".join(words[start:end]) for start, end in zip(starts, ends, strict=True)]
    likely = all(_far(part, reading) <= _LIKE for part, reading in zip(parts, readings, strict=True))
    return tuple(parts) if likely else ()


def may_be(text: str, reading: str) -> bool:
    """Whether a text may be what a reader looked at, however badly it read it."""
    return max(len(text), len(reading)) < _FEW or _far(text, reading) <= _ALIKE


def is_all_of(text: str, reading: str) -> bool:
    """Whether a reading has all letters of a text but one at most, so that no word of it stands anywhere else."""
    return Levenshtein.distance(_key(text), _key(reading)) < _MARGIN


def _far(text: str, reading: str) -> float:
    """Share of the letters that differ, marks, spaces and capitals aside; 0 to 1."""
    return Levenshtein.normalized_distance(_key(text), _key(reading))


def _key(text: str) -> str:
    return "".join(fold_marks(text).casefold().split())
