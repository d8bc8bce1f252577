"""Words of a page as runs of letters, on whole lines, comparable whatever marks the OCR engine has missed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from extractor.readers.page_text import PageText, Word

_DESCENDERS = frozenset("gjpqyçGJQ,;()/")
_STROKES = str.maketrans({"đ": "d", "ø": "o", "ı": "i", "0": "o", "1": "l"})
_NARROW, _WIDE = frozenset("iIltjfr,.:;'()"), frozenset("mMwWQOGHNĐDCR")
_PIECES = re.compile(r"[^\W\d_]+[,:.)]?|(?:[^\w]|[\d_])+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of letters with the sign that ends it, or a run of anything else; edges in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Letters and digits alone, lower case, without tone and vowel marks."""
    plain = unicodedata.normalize("NFD", text.lower()).translate(_STROKES)
    return "".join(sign for sign in plain if sign.isalnum())


def pieces_of(text: PageText) -> list[list[Piece]]:
    """The page's words by line, broken between letters and other signs: the engine likes to glue values to labels."""
    lines = [[piece for word in line for piece in _split(word)] for line in map(_apart, text.lines())]
    return _joined(_trimmed(lines))


def _trimmed(lines: list[list[Piece]]) -> list[list[Piece]]:
    """Shorten words before a colon that are wider than their letters: the engine has drawn the box into the value.

    How wide a letter is the page's own words before a colon tell: most of them are labels, and most are right.
    """
    labels = [piece for line in lines for piece in line if piece.text.endswith(":")]
    units = [(piece.right - piece.left) / breadth(piece.text) for piece in labels]
    if len(units) < 5:
        return lines
    unit = float(np.median(units))

    def trim(piece: Piece) -> Piece:
        if not piece.text.endswith(":"):
            return piece
        return replace(piece, right=min(piece.right, piece.left + (1.15 * breadth(piece.text) + 0.3) * unit))

    return [[trim(piece) for piece in line] for line in lines]


def breadth(text: str) -> float:
    """Width of a printed word, in widths of a usual letter."""
    return sum(0.55 if sign in _NARROW else 1.35 if sign in _WIDE else 1.0 for sign in _plain(text))


def _plain(text: str) -> str:
    """Letters without their marks, which take no width of their own."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def _apart(line: list[Word]) -> list[Word]:
    """End every word where the next begins: the engine's boxes sometimes reach over their neighbours."""
    parted = []
    for word, after in zip(line, [*line[1:], None], strict=True):
        width = word.box.w if after is None else min(word.box.w, max(word.box.w // 4, after.box.x - word.box.x))
        parted.append(replace(word, box=word.box._replace(w=max(1, width))))
    return parted


def _joined(lines: list[list[Piece]]) -> list[list[Piece]]:
    """Put together what the engine has taken for two lines though one goes on where the other ends."""
    whole: list[list[Piece]] = []
    for line in sorted(lines, key=lambda pieces: pieces[0].left):
        for before in whole:
            last, first = before[-1], line[0]
            height = max(1.0, min(last.bottom - last.top, first.bottom - first.top))
            level = min(last.bottom, first.bottom) - max(last.top, first.top)
            if -0.5 * height < first.left - last.right < 2.0 * height and level > 0.55 * height:
                before.extend(line)
                break
        else:
            whole.append(list(line))
    return sorted(whole, key=lambda pieces: (pieces[0].top, pieces[0].left))


def _split(word: Word) -> list[Piece]:
    parts = _PIECES.findall(word.text) or [word.text]
    box, size = word.box, max(1, len(word.text))
    pieces, at = [], 0
    for part in parts:
        left = box.x + box.w * at / size
        at += len(part)
        pieces.append(Piece(part, left, box.y, box.x + box.w * at / size, box.bottom))
    return pieces


def height_of(pieces: Sequence[Piece]) -> float:
    """Height of the tallest piece, pixels."""
    return max(piece.bottom - piece.top for piece in pieces)


def baseline_of(pieces: Sequence[Piece]) -> float:
    """Row the letters stand on: bottoms of words without descenders, else a fifth above the bottom."""
    on_line: NDArray[np.float64] = np.array([p.bottom for p in pieces if not _descends(p.text)])
    if len(on_line):
        return float(np.median(on_line))
    return float(np.median([p.bottom - 0.2 * (p.bottom - p.top) for p in pieces]))


def _descends(text: str) -> bool:
    return any(sign in _DESCENDERS or "\u0323" in unicodedata.normalize("NFD", sign) for sign in text)
