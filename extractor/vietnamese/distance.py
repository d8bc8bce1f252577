"""Edit distance that knows which Vietnamese letters are easily taken for each other."""

from __future__ import annotations

from functools import cache

from extractor.records import nfc
from extractor.vietnamese.loading import load
from extractor.vietnamese.text import fold_marks, split_tones

TONE = 0.25
"""Cost of a wrong tone on the right letter."""
MARK = 0.4
"""Cost of a wrong vowel mark or stroke: a for â, d for đ."""
MARK_AND_TONE = 0.5
LOOKALIKE = 0.6
"""Cost of a sign of similar shape, such as 1 for 7."""
SOFT_GAP = 0.4
"""Cost of a space or punctuation mark too many or too few."""

_SOFT = frozenset(" .,-–'’\"/")


@cache
def _lookalikes() -> frozenset[tuple[str, str]]:
    pairs = load("lookalikes")["pairs"]
    return frozenset((a, b) for pair in pairs for a, b in ((pair[0], pair[1]), (pair[1], pair[0])))


@cache
def letter_cost(a: str, b: str) -> float:
    """Cost of reading sign ``a`` where ``b`` stands, 0 to 1; case costs nothing."""
    a, b = a.casefold(), b.casefold()
    if a == b:
        return 0.0
    if split_tones(a)[0] == split_tones(b)[0]:
        return TONE
    bare_a, bare_b = fold_marks(a), fold_marks(b)
    if bare_a == bare_b:
        return MARK if split_tones(a)[1] == split_tones(b)[1] else MARK_AND_TONE
    return LOOKALIKE if (bare_a, bare_b) in _lookalikes() else 1.0


def distance(a: str, b: str, limit: float = float("inf")) -> float:
    """Weighted edit distance of two texts, 0 for the same letters whatever their case.

    Args:
        limit: beyond it the exact distance is of no interest; any number above it may come back.
    """
    a, b = nfc(a), nfc(b)
    gaps = [_gap(sign) for sign in b]
    previous = [0.0]
    for gap in gaps:
        previous.append(previous[-1] + gap)
    # This is asked thousands of times a page: plain comparisons cost half of what min() does.
    for sign_a in a:
        gap_a, diagonal = _gap(sign_a), previous[0]
        left = diagonal + gap_a
        current = [left]
        for above, sign_b, gap in zip(previous[1:], b, gaps, strict=True):
            cheapest = diagonal + letter_cost(sign_a, sign_b)
            if above + gap_a < cheapest:  # noqa: PLR1730
                cheapest = above + gap_a
            if left + gap < cheapest:  # noqa: PLR1730
                cheapest = left + gap
            current.append(cheapest)
            left, diagonal = cheapest, above
        least = min(current)
        if least > limit:
            return least
        previous = current
    return previous[-1]


def _gap(sign: str) -> float:
    return SOFT_GAP if sign in _SOFT else 1.0
