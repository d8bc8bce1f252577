"""The longest rising chain of a sequence, which tells the misread member from its sound neighbours."""

from __future__ import annotations

from collections.abc import Sequence

_WINDOW = 40
"""How far back a member's predecessor may stand; misreadings in a row are never so many."""


def rising_chain(items: Sequence[tuple[int, int]], *, strictly: bool) -> list[int]:
    """Indices of the longest chain that rises (or, unless ``strictly``, does not fall).

    Of several chains of the same length the one with the steadiest steps wins: a step of one number from one place to
    the next is steady, anything else is not.

    Args:
        items: place in the book and value, places rising.
    """
    length = [1] * len(items)
    unsteady = [0] * len(items)
    before = [-1] * len(items)
    for index, (place, value) in enumerate(items):
        for other in range(max(0, index - _WINDOW), index):
            place_before, value_before = items[other]
            if value < value_before or (strictly and value == value_before):
                continue
            jump = unsteady[other] + abs((value - value_before) - (place - place_before) * strictly)
            if (length[other] + 1, -jump) > (length[index], -unsteady[index]):
                length[index], unsteady[index], before[index] = length[other] + 1, jump, other
    if not items:
        return []
    end = max(range(len(items)), key=lambda index: (length[index], -unsteady[index]))
    chain = []
    while end >= 0:
        chain.append(end)
        end = before[end]
    return chain[::-1]
