"""Give the words that an engine found on a page to the fields whose blanks they stand in.

For engines that read pages but know no forms: the blanks are those of the truth, so that finding the fields is no part
of what is measured for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .tracks import Task

Corners = Sequence[tuple[float, float]]


class Piece(NamedTuple):
    """Text that an engine found, and its corners in the picture, clockwise from the upper left one."""

    text: str
    corners: Corners


class _Word(NamedTuple):
    text: str
    x: float
    y: float


def assign(pieces: Iterable[Piece], tasks: Sequence[Task]) -> dict[str, str]:
    """Texts of a page's fields by the ids of their tasks: the words whose middle lies in one of the field's blanks.

    A piece of several words, for engines that find lines, is divided by the share of its letters. Blanks follow each
    other as in the task, the words in a blank from left to right.
    """
    words = [word for piece in pieces for word in _words(piece)]
    blanks = [(task.id, number, np.array(box, np.float32)) for task in tasks for number, box in enumerate(task.boxes)]
    found: dict[tuple[str, int], list[_Word]] = {}
    for word in words:
        best = max(blanks, key=lambda blank: _depth(word, blank[2]), default=None)
        if best is not None and _depth(word, best[2]) >= 0:
            found.setdefault(best[:2], []).append(word)
    texts = {}
    for task in tasks:
        rows = [found.get((task.id, number), []) for number in range(len(task.boxes))]
        texts[task.id] = " ".join(word.text for row in rows for word in sorted(row, key=lambda word: word.x))
    return texts


def _words(piece: Piece) -> list[_Word]:
    parts = piece.text.split()
    length = sum(len(part) for part in parts) + max(0, len(parts) - 1)
    upper_left, upper_right, lower_right, lower_left = (np.array(corner, np.float64) for corner in piece.corners)
    left, right = (upper_left + lower_left) / 2, (upper_right + lower_right) / 2
    words, at = [], 0
    for part in parts:
        x, y = left + (right - left) * (at + len(part) / 2) / length
        words.append(_Word(part, float(x), float(y)))
        at += len(part) + 1
    return words


def _depth(word: _Word, box: NDArray[np.float32]) -> float:
    """How far within a blank a word's middle lies, in pixels; negative outside."""
    return float(cv2.pointPolygonTest(box, (word.x, word.y), True))
