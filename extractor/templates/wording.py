"""Find printed wordings among the words of a page, whatever marks and letters the OCR engine has missed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from extractor.readers.page_text import PageText, Word

_MAX_WORDS = 12
_DESCENDERS = frozenset("gjpqyçGJQ,;()/")
_STROKES = str.maketrans({"đ": "d", "ø": "o", "ı": "i", "0": "o", "1": "l"})
_PIECES = re.compile(r"[^\W\d_]+[,:.)]?|(?:[^\w]|[\d_])+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of letters with the sign that ends it, or a run of anything else; edges in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a wording may stand.

    Args:
        similarity: of the letters without marks, 0 to 1.
        left: left end, pixels.
        right: right end, colon included, pixels.
        baseline: row on which the letters stand, pixels.
        height: height of its words, pixels.
        wording: which of the wordings asked for.
        span: index of the first piece and of the one after the last: two places that share a piece exclude each other.
        cut: the text line ends here though the wording goes on.
    """

    similarity: float
    left: float
    right: float
    baseline: float
    height: float
    wording: int
    span: tuple[int, int]
    cut: bool = False


def fold(text: str) -> str:
    """Letters and digits alone, lower case, without tone and vowel marks."""
    plain = unicodedata.normalize("NFD", text.lower()).translate(_STROKES)
    return "".join(sign for sign in plain if sign.isalnum())


def pieces_of(text: PageText) -> list[list[Piece]]:
    """The page's words by line, broken between letters and other signs: the engine likes to glue values to labels."""
    return _joined([[piece for word in line for piece in _split(word)] for line in text.lines()])


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


def find_wordings(
    lines: Sequence[Sequence[Piece]], wordings: Sequence[str], *, least: float = 0.72, loose: bool = False
) -> list[Found]:
    """All places where one of the wordings may stand, overlapping ones included.

    Args:
        lines: from :func:`pieces_of`.
        wordings: as printed; folded here.
        least: similarity below which a place is no candidate; short wordings need more (see :func:`needed`).
        loose: ask no more of short wordings; for places that are known by other means.
    """
    folded = [fold(wording) for wording in wordings]
    spans, windows, offset = [], [], 0
    for line in lines:
        letters = [fold(piece.text) for piece in line]
        for start in range(len(line)):
            if not letters[start]:
                continue
            text = ""
            for end in range(start, min(len(line), start + _MAX_WORDS)):
                if end > start and line[end].left - line[end - 1].right > 2.5 * _height(line[end - 1 : end + 1]):
                    break
                text += letters[end]
                if letters[end] and text:
                    spans.append((offset, line, start, end + 1))
                    windows.append(text)
        offset += len(line)
    if not windows or not folded:
        return []
    scores = process.cdist(folded, windows, scorer=fuzz.ratio, score_cutoff=100 * least, dtype=np.float32)
    found = []
    for wording, window in zip(*np.nonzero(scores), strict=True):
        similarity = float(scores[wording, window]) / 100
        if not loose and similarity < needed(folded[wording]):
            continue
        offset, line, start, end = spans[window]
        end = _to_colon(line, end)
        found.append(_found(line[start:end], similarity, int(wording), (offset + start, offset + end)))
    return _contained(_peaks(found + _cut_off(folded, spans, windows, least)), folded)


def _to_colon(line: Sequence[Piece], end: int) -> int:
    """Where a label really ends: words that follow it closely up to a colon are still print."""
    if line[end - 1].text.endswith(":"):
        return end
    for further in range(end, min(len(line), end + 5)):
        piece, before = line[further], line[further - 1]
        if piece.left - before.right > 0.8 * _height((before, piece)) or not (fold(piece.text) or ":" in piece.text):
            break
        if ":" in piece.text:
            return further + 1
    return end


def _peaks(found: Sequence[Found]) -> list[Found]:
    """For each wording, places that are not overlapped by a more similar one."""
    peaks: list[Found] = []
    for place in sorted(found, key=lambda f: (f.wording, -f.similarity, f.span[1] - f.span[0], f.span)):
        if not any(place.wording == peak.wording and _overlap(place.span, peak.span) for peak in peaks):
            peaks.append(place)
    return peaks


def _contained(found: Sequence[Found], folded: Sequence[str]) -> list[Found]:
    """Make a short wording less likely where it is but a part of a longer one that was found as a whole."""
    judged = []
    for place in found:
        size = len(folded[place.wording])
        within = any(
            len(folded[other.wording]) > size
            and other.similarity >= 0.85
            and other.span != place.span
            and other.span[0] <= place.span[0]
            and place.span[1] <= other.span[1]
            for other in found
        )
        judged.append(replace(place, similarity=place.similarity - 0.12) if within else place)
    return judged


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def needed(folded: str) -> float:
    """Similarity a wording of that many letters must reach: one wrong letter in six, none in three."""
    if len(folded) <= 3:
        return 0.99
    return 0.8 if len(folded) <= 7 else 0.74


def _cut_off(
    folded: Sequence[str],
    spans: Sequence[tuple[int, Sequence[Piece], int, int]],
    windows: Sequence[str],
    least: float,
) -> list[Found]:
    """Beginnings of long wordings at the end of a text line: the label goes on in the next line."""
    ends = [i for i, (_, line, _, end) in enumerate(spans) if end == len(line) and len(windows[i]) >= 8]
    found = []
    for number, whole in enumerate(folded):
        if len(whole) < 16:
            continue
        for i in ends:
            size = len(windows[i])
            if not 0.45 * len(whole) <= size <= 0.9 * len(whole):
                continue
            similarity = fuzz.ratio(windows[i], whole[:size]) / 100
            if similarity >= max(least, 0.85):
                offset, line, start, end = spans[i]
                place = _found(line[start:end], 0.95 * similarity, number, (offset + start, offset + end), cut=True)
                found.append(place)
    return found


def _split(word: Word) -> list[Piece]:
    parts = _PIECES.findall(word.text) or [word.text]
    box, size = word.box, max(1, len(word.text))
    pieces, at = [], 0
    for part in parts:
        left = box.x + box.w * at / size
        at += len(part)
        pieces.append(Piece(part, left, box.y, box.x + box.w * at / size, box.bottom))
    return pieces


def _height(pieces: Sequence[Piece]) -> float:
    return max(piece.bottom - piece.top for piece in pieces)


def _found(
    pieces: Sequence[Piece], similarity: float, wording: int, span: tuple[int, int], *, cut: bool = False
) -> Found:
    heights = np.array([piece.bottom - piece.top for piece in pieces])
    lettered = [piece for piece in pieces if fold(piece.text)]
    return Found(
        similarity,
        pieces[0].left,
        pieces[-1].right,
        _baseline(lettered),
        float(np.median(heights)),
        wording,
        span,
        cut,
    )


def _baseline(pieces: Sequence[Piece]) -> float:
    """Row the letters stand on: bottoms of words without descenders, else a fifth above the bottom."""
    on_line: NDArray[np.float64] = np.array([p.bottom for p in pieces if not _descends(p.text)])
    if len(on_line):
        return float(np.median(on_line))
    return float(np.median([p.bottom - 0.2 * (p.bottom - p.top) for p in pieces]))


def _descends(text: str) -> bool:
    return any(sign in _DESCENDERS or "\u0323" in unicodedata.normalize("NFD", sign) for sign in text)
