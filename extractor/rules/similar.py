"""When two names are the same, nearly the same, or different."""

from __future__ import annotations

from extractor.vietnamese.distance import distance
from extractor.vietnamese.text import spelling_key

_PER_LETTER = 0.13
"""Weighted edits a letter up to which two names may be one name read two ways: a mark or a letter in a short name."""
_AT_LEAST = 0.4


def same(a: str, b: str) -> bool:
    """Whether two texts are the same but for case, spaces, tone places and i/y."""
    return spelling_key(a) == spelling_key(b)


def nearly_same(a: str, b: str) -> bool:
    """Whether two different texts are so close that one may be a misreading of the other."""
    if not a or not b or same(a, b):
        return False
    limit = max(_AT_LEAST, _PER_LETTER * max(len(a), len(b)))
    return distance(a, b, limit) <= limit
