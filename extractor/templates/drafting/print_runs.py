"""Which words of a page are its form's print, and which were written into it later.

What is printed stands beside the writing lines, what is written on them; print that other forms bear is known; a colon
ends a label. None of these is certain on one page, so pages are compared afterwards (:mod:`.agreement`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.furniture import Furniture, binarise
from extractor.readers.page_text import PageText
from extractor.templates.boxes import best_frame
from extractor.templates.drafting.word_lists import word_lists
from extractor.templates.label_template import TickPlace
from extractor.templates.letters import Piece, baseline_of, fold, height_of
from extractor.templates.wording import find_wordings

_ON_LINE = 0.35
"""Share of a word's width under which a writing line shows, from which the word counts as written on it."""
_READ = 0.55
"""The OCR engine's confidence from which a word may be print; handwriting seldom reaches it."""
_KNOWN = 0.92
"""Likeness from which print of other forms is recognised: a label that differs in a word is another label."""
_LONG = 4
"""Letters from which a known wording is no chance find."""
_LONG_WORDING = 8
"""Letters from which one wrong letter does not make another wording."""
_JOIN = 1.5
"""Words closer than this belong to one label, in letter heights."""
_WORD_GAP = 0.8
"""Words of one wording stand closer than this, in letter heights."""
_SURE_FRAME = 0.85
"""Share of a frame that must be inked where no template expects a box: letters reach two thirds."""
_BESIDE_MM = 6.0
"""A writing line that begins no further right than this belongs to the label before it."""


@dataclass(frozen=True, slots=True)
class PrintRun:
    """Printed words in a row; lengths in millimetres of the page.

    Args:
        text: as read, or as other forms spell it, without the closing colon.
        left: left end.
        right: right end.
        baseline: what the letters stand on, from the top of the page.
        height: height of its tallest word.
        confidence: the OCR engine's mean confidence, 0 to 1.
        asks: a colon, a writing line or writing follows: it asks for a value.
        boxed: a tick box stands at its left.
        known: whether other forms bear this wording.
        pieces: its lines where it stands on several.
        colon: a colon ends it.
        inside: it stands after another label's colon on its line, where mostly values stand.
    """

    text: str
    left: float
    right: float
    baseline: float
    height: float
    confidence: float
    asks: bool
    boxed: bool = False
    known: bool = False
    pieces: tuple[str, ...] = ()
    colon: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class _Word:
    """A piece of the page with what speaks for and against its being print."""

    piece: Piece
    confidence: float
    on_line: float
    known: int
    """Number of the known wording it is part of, or -1."""


def find_runs(
    lines: Sequence[Sequence[Piece]], text: PageText, furniture: Furniture, vocabulary: Sequence[str]
) -> list[PrintRun]:
    """Printed runs of a page, top to bottom.

    Args:
        lines: the page's pieces, working pixels, from :func:`extractor.templates.letters.pieces_of`.
        text: the page's words, working pixels.
        furniture: the page's furniture.
        vocabulary: wordings that other forms bear.
    """
    known = _known_pieces(lines, vocabulary)
    page = _Page(_WritingLines(furniture), binarise(furniture.grey) > 0, furniture.mm, vocabulary)
    runs: list[PrintRun] = []
    number = 0
    for line in lines:
        base = baseline_of(line)
        words = []
        for piece in line:
            at = known.get(number, -1)
            words.append(_Word(piece, _confidence(piece, text), page.lines(piece, base), at))
            number += 1
        for start, end in _cut(words):
            runs.append(_run(words, start, end, page))
    return sorted((run for run in runs if len(fold(run.text)) >= 2), key=lambda run: (run.baseline, run.left))


def _known_pieces(lines: Sequence[Sequence[Piece]], vocabulary: Sequence[str]) -> dict[int, int]:
    """For each piece of the page that is part of a known wording, the wording's number; longer wordings win."""
    found = [
        place
        for place in find_wordings(lines, vocabulary)
        if place.likeness >= _KNOWN and not place.cut and len(fold(vocabulary[place.wording])) >= _LONG
    ]
    found.sort(key=lambda place: (-len(fold(vocabulary[place.wording])), -place.likeness))
    owner: dict[int, int] = {}
    for place in found:
        span = range(*place.span)
        if not any(piece in owner for piece in span):
            owner.update(dict.fromkeys(span, place.wording))
    return owner


def _confidence(piece: Piece, text: PageText) -> float:
    """Confidence of the word a piece was cut from."""
    x, y = (piece.left + piece.right) / 2, (piece.top + piece.bottom) / 2
    for word in text.words:
        if word.box.x <= x <= word.box.right and word.box.y <= y <= word.box.bottom:
            return word.confidence
    return 0.0


class _WritingLines:
    """Share of a word's width under which a leader or a writing line shows."""

    def __init__(self, furniture: Furniture) -> None:
        self._mm = furniture.mm
        # Dots stand up to two millimetres apart; between strokes of writing only some of them are seen.
        size = round(2.4 * self._mm) | 1
        marks = furniture.marks.copy()
        for wall in furniture.verticals:
            x = round(wall.at)
            marks[round(wall.start) : round(wall.end) + 1, max(0, x - 4) : x + 5] = 0
        self._marks = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((1, size), np.uint8)) > 0

    def __call__(self, piece: Piece, base: float) -> float:
        band = self._band(base, piece.left, piece.right)
        return float(band.any(axis=0).mean()) if band.size else 0.0

    def begins(self, base: float, left: float) -> bool:
        """Whether a writing line begins right of ``left``."""
        band = self._band(base, left, left + _BESIDE_MM * self._mm)
        return bool(band.size) and float(band.any(axis=0).mean()) > 0.25

    def _band(self, base: float, left: float, right: float) -> NDArray[np.bool_]:
        top, bottom = int(max(0, base - 0.8 * self._mm)), int(base + 1.6 * self._mm)
        return self._marks[top:bottom, int(max(0, left)) : int(max(0, right))]


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """What runs of a page are judged by: writing lines, ink with rulings, working pixels in a millimetre, wordings."""

    lines: _WritingLines
    dark: NDArray[np.bool_]
    mm: float
    vocabulary: Sequence[str]


def _cut(words: Sequence[_Word]) -> list[tuple[int, int]]:
    """Runs of print on a line, as numbers of the first word and the one after the last."""
    print_words = _are_print(words)
    runs: list[tuple[int, int]] = []
    start = None
    for i, word in enumerate(words):
        if not print_words[i]:
            if start is not None:
                runs.append((start, i))
            start = None
            continue
        if start is not None:
            before = words[i - 1]
            apart = word.piece.left - before.piece.right > _JOIN * height_of((before.piece, word.piece))
            wide = word.piece.left - before.piece.right > _WORD_GAP * height_of((before.piece, word.piece))
            opens = wide and word.known >= 0 and before.known >= 0 and word.known != before.known
            if apart or opens or before.piece.text.endswith(":"):
                runs.append((start, i))
                start = i
        if start is None:
            start = i
    if start is not None:
        runs.append((start, len(words)))
    return runs


def _are_print(words: Sequence[_Word]) -> list[bool]:
    """For each word of a line whether it is print: known, or read well beside the writing lines and outside values.

    What stands between a colon and the next label is a value. Where that label begins, the widest gap before its own
    colon tells.
    """
    sure = [
        word.known >= 0
        or (word.on_line < _ON_LINE and word.confidence >= _READ and any(sign.isalpha() for sign in word.piece.text))
        or (word.piece.text.strip() in (":", "(", ")", ",") and word.on_line < _ON_LINE)
        for word in words
    ]
    for i in range(1, len(words)):
        # A number within a label ("dưới 01 tuổi") stands as close to the word before it as any word.
        close = words[i].piece.left - words[i - 1].piece.right < _WORD_GAP * height_of((words[i].piece,))
        digits = words[i].piece.text.strip(" ,.").isdigit() and words[i].on_line < _ON_LINE
        ends = ":" in words[i - 1].piece.text
        sure[i] = sure[i] or (sure[i - 1] and close and digits and not ends and words[i].confidence >= 0.8)
    colons = [i for i, word in enumerate(words) if ":" in word.piece.text and word.on_line < 0.8]
    for colon, following in pairwise([*colons, len(words)]):
        first = colon + 1
        if first >= following:
            continue
        label = _label_start(words, first, following) if following < len(words) else following
        for i in range(first, label):
            # Whatever is not known print is taken for written here: what is written must never get into a template.
            sure[i] = sure[i] and words[i].on_line < _ON_LINE and (words[i].known >= 0 or _interrupts(words[i]))
    return sure


def _interrupts(word: _Word) -> bool:
    """Whether a word is one of those that forms print between the blanks of a value, such as 'tháng'."""
    return fold(word.piece.text) in {fold(known) for known in word_lists()["between"]}


def _label_start(words: Sequence[_Word], first: int, colon: int) -> int:
    """Where the label begins that ends with the colon of word ``colon``."""
    for i in range(first, colon + 1):
        if words[i].known >= 0 and words[i].known == words[colon].known:
            return i
    gaps = [words[i].piece.left - words[i - 1].piece.right for i in range(first, colon + 1)]
    return first + int(np.argmax(gaps))


def _run(words: Sequence[_Word], start: int, end: int, page: _Page) -> PrintRun:
    mm = page.mm
    while end - start > 1 and _is_box(words[start].piece, words[start + 1].piece, page.dark, mm):
        start += 1
    own = [word.piece for word in words[start:end]]
    base, right = baseline_of(own), own[-1].right
    read = " ".join(piece.text for piece in own)
    text = _tidy(read)
    numbers = {word.known for word in words[start:end]}
    known = len(numbers) == 1 and -1 not in numbers
    spelt = page.vocabulary[numbers.pop()] if known else _misread(text, page.vocabulary)
    if spelt:
        # The engine errs in marks more than in letters; a wording with other letters is another one.
        known, text = True, spelt if len(fold(spelt)) == len(fold(text)) else text
    asks = read.rstrip().endswith(":") or page.lines.begins(base, right)
    if not asks and end < len(words):
        asks = words[end].piece.left - right < 3 * height_of(own) and words[end].on_line >= _ON_LINE
    boxed = not asks and _has_box(own[0].left, base, page.dark, mm)
    return PrintRun(
        text,
        own[0].left / mm,
        right / mm,
        base / mm,
        height_of(own) / mm,
        float(np.mean([word.confidence for word in words[start:end]])),
        asks,
        boxed,
        known,
        colon=read.rstrip().endswith(":"),
        inside=any(":" in word.piece.text for word in words[:start]),
    )


def _misread(text: str, vocabulary: Sequence[str]) -> str:
    """The known wording that differs in one letter, or nothing; short wordings differ so by nature."""
    folded = fold(text)
    if len(folded) < _LONG_WORDING:
        return ""
    same = (spelt for spelt in vocabulary if len(fold(spelt)) == len(folded))
    return next((spelt for spelt in same if sum(a != b for a, b in zip(fold(spelt), folded, strict=True)) <= 1), "")


def _has_box(left: float, base: float, dark: NDArray[np.bool_], mm: float) -> bool:
    """Whether a tick box stands at the left of a label, on its own line."""
    frame = best_frame(left, base, TickPlace(), dark, mm)
    level = abs(frame.top + frame.size / 2 - (base - 1.2 * mm)) < 2.4 * mm
    return level and frame.score >= _SURE_FRAME and frame.left + frame.size < left + 1.0 * mm


def _is_box(first: Piece, second: Piece, dark: NDArray[np.bool_], mm: float) -> bool:
    """Whether what was read first is the tick box of the label that follows."""
    return len(fold(first.text)) <= 2 and _has_box(second.left, baseline_of([second]), dark, mm)


def _tidy(text: str) -> str:
    """A label without what surrounds it: colons, dots, dashes, numbers of a list."""
    text = text.strip(" .:,;-–_…·*|'\"")
    for sign in (" ,", " )", " :"):
        text = text.replace(sign, sign[1:])
    return text.replace("( ", "(").rstrip(" .:")
