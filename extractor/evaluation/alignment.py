"""A reading laid over its truth, letter by letter, so that an ``á`` read as ``à`` stands beside it and not after it."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from extractor.vietnamese.letter_parts import letter_parts

_INSERTED = 1.0
"""Cost of a character that is read and not written, or written and not read."""

_OTHER = 1.5
"""Cost of another base letter: less than one left out and one inserted, more than either."""

_OTHER_SORT = 1.8
"""Cost of a letter against a digit, sign or space: people, and readers, take letters for letters."""

_PART = 0.4
"""Cost of each part that differs where the base letter is right: all three cost less than another letter."""


class Pair(NamedTuple):
    """A character as written beside the one that was read for it; empty where there is none."""

    truth: str
    read: str

    @property
    def right(self) -> bool:
        """Whether the very character was read."""
        return self.truth == self.read


def align(truth: str, read: str) -> tuple[Pair, ...]:
    """Pair the characters of a truth and a reading so that the least has to be changed.

    An edit distance with weights (Wagner and Fischer, "The string-to-string correction problem", J. ACM 21, 1974): a
    letter that is wrong in its tone, mark or case alone costs less than another letter, so that such letters meet.

    Args:
        truth: what is written.
        read: what was read.

    Returns:
        All pairs in order; the truths of them make up the truth, and the readings the reading, in normal form C.
    """
    truth, read = (unicodedata.normalize("NFC", text) for text in (truth, read))
    start = _common(truth, read)
    end = _common(truth[start:][::-1], read[start:][::-1])
    head, tail = truth[:start], truth[len(truth) - end :]
    middle = _changed(truth[start : len(truth) - end], read[start : len(read) - end])
    return (*(Pair(same, same) for same in head), *middle, *(Pair(same, same) for same in tail))


def _common(first: str, second: str) -> int:
    """How many characters two texts begin with in common."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _cost(truth: str, read: str) -> float:
    if truth == read:
        return 0.0
    first, second = letter_parts(truth), letter_parts(read)
    if first.base != second.base:
        return _OTHER if truth.isalpha() == read.isalpha() else _OTHER_SORT
    return _PART * sum(one != other for one, other in zip(first[1:], second[1:], strict=True))


def _changed(truth: str, read: str) -> list[Pair]:
    """Align what lies between the common beginning and the common end."""
    rows, columns = len(truth) + 1, len(read) + 1
    costs = [[_INSERTED * column for column in range(columns)]]
    for row in range(1, rows):
        above, here = costs[-1], [_INSERTED * row]
        for column in range(1, columns):
            here.append(
                min(
                    above[column - 1] + _cost(truth[row - 1], read[column - 1]),
                    above[column] + _INSERTED,
                    here[column - 1] + _INSERTED,
                )
            )
        costs.append(here)
    pairs = []
    row, column = rows - 1, columns - 1
    while row or column:
        cost = costs[row][column]
        if row and column and cost == costs[row - 1][column - 1] + _cost(truth[row - 1], read[column - 1]):
            pairs.append(Pair(truth[row - 1], read[column - 1]))
            row, column = row - 1, column - 1
        elif row and cost == costs[row - 1][column] + _INSERTED:
            pairs.append(Pair(truth[row - 1], ""))
            row -= 1
        else:
            pairs.append(Pair("", read[column - 1]))
            column -= 1
    return pairs[::-1]
