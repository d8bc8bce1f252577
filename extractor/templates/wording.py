"""Find printed wordings among the words of a page, whatever marks and letters the OCR engine has missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from extractor.templates.letters import Piece, baseline_of, fold, height_of

_MAX_PIECES = 12
_WITHIN = 0.12
_SURE = 0.85
_ACROSS = 0.1
"""What a run of words loses that goes on over a colon, where labels end."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a wording may stand.

    Args:
        similarity: of the letters without marks, 0 to 1.
        left: left end, pixels.
        right: right end, colon and words up to it included, pixels.
        baseline: row on which the letters stand, pixels.
        height: height of its words, pixels.
        wording: which of the wordings asked for.
        span: index of the first piece and of the one after the last: two places that share a piece exclude each other.
        cut: the text line ends here though the wording goes on.
        within: it is but a part of a longer wording that stands there, for which its similarity is lowered.
    """

    similarity: float
    left: float
    right: float
    baseline: float
    height: float
    wording: int
    span: tuple[int, int]
    cut: bool = False
    within: bool = False

    @property
    def likeness(self) -> float:
        """Similarity of the letters alone, whatever else stands there."""
        return self.similarity + (_WITHIN if self.within else 0.0)


@dataclass(frozen=True, slots=True)
class _Window:
    """A run of pieces on one line: their letters, the line, and the run's place in the line and on the page.

    ``whole`` is false where a colon stands inside it.
    """

    letters: str
    line: Sequence[Piece]
    start: int
    end: int
    offset: int
    whole: bool

    @property
    def span(self) -> tuple[int, int]:
        return self.offset + self.start, self.offset + self.end


@dataclass(frozen=True, slots=True)
class _Hit:
    similarity: float
    wording: int
    window: _Window
    cut: bool = False


def find_wordings(
    lines: Sequence[Sequence[Piece]], wordings: Sequence[str], *, least: float = 0.72, loose: bool = False
) -> list[Found]:
    """All places where one of the wordings may stand; for one wording they do not overlap.

    Args:
        lines: from :func:`extractor.templates.letters.pieces_of`.
        wordings: as printed; folded here.
        least: similarity below which a place is no candidate; short wordings need more (see :func:`needed`).
        loose: ask no more of short wordings; for places that are known by other means.
    """
    folded = [fold(wording) for wording in wordings]
    windows = _windows(lines)
    if not windows or not folded:
        return []
    texts = [window.letters for window in windows]
    scores = process.cdist(folded, texts, scorer=fuzz.ratio, score_cutoff=100 * least, dtype=np.float32)
    wanted = np.array([100 * (least if loose else needed(text)) for text in folded])
    scores = scores - np.array([0.0 if window.whole else 100 * _ACROSS for window in windows], np.float32)
    likely = zip(*np.nonzero(scores >= wanted[:, None]), strict=True)
    hits = [_Hit(float(scores[i, k]) / 100, int(i), windows[k]) for i, k in likely]
    peaks = _peaks(hits + _cut_off(folded, windows, least))
    sure = [(len(folded[hit.wording]), *hit.window.span) for hit in peaks if hit.similarity >= _SURE]
    return [_found(hit, _within_longer(hit, sure, len(folded[hit.wording]))) for hit in peaks]


def _windows(lines: Sequence[Sequence[Piece]]) -> list[_Window]:
    """All runs of up to a dozen pieces that begin and end with letters and have no wide gap."""
    windows, offset = [], 0
    for line in lines:
        letters = [fold(piece.text) for piece in line]
        for start in range(len(line)):
            text = letters[start]
            if not text:
                continue
            windows.append(_Window(text, line, start, start + 1, offset, whole=True))
            whole = True
            for end in range(start + 1, min(len(line), start + _MAX_PIECES)):
                if line[end].left - line[end - 1].right > 2.5 * height_of(line[end - 1 : end + 1]):
                    break
                text += letters[end]
                whole = whole and not line[end - 1].text.endswith(":")
                if letters[end]:
                    windows.append(_Window(text, line, start, end + 1, offset, whole))
        offset += len(line)
    return windows


def _peaks(hits: Sequence[_Hit]) -> list[_Hit]:
    """For each wording, hits that are not overlapped by a more similar one."""
    peaks: dict[int, list[_Hit]] = {}
    for hit in sorted(hits, key=lambda h: (h.wording, -h.similarity, h.window.end - h.window.start, h.window.span)):
        start, end = hit.window.span
        known = peaks.setdefault(hit.wording, [])
        if not any(start < peak.window.span[1] and peak.window.span[0] < end for peak in known):
            known.append(hit)
    return [hit for known in peaks.values() for hit in known]


def _within_longer(hit: _Hit, sure: Sequence[tuple[int, int, int]], size: int) -> bool:
    """Whether a hit is but a part of a longer wording that was surely found as a whole.

    Args:
        sure: letters, start and end of wordings that were surely found.
        size: letters of the hit's wording.
    """
    start, end = hit.window.span
    for letters, first, last in sure:
        if letters > size and first <= start and end <= last and (first, last) != (start, end):
            return True
    return False


def needed(folded: str) -> float:
    """Similarity a wording of that many letters must reach: one wrong letter in six, none in three."""
    if len(folded) <= 3:
        return 0.99
    return 0.8 if len(folded) <= 7 else 0.74


def _cut_off(folded: Sequence[str], windows: Sequence[_Window], least: float) -> list[_Hit]:
    """Beginnings of long wordings at the end of a text line: the label goes on in the next line."""
    ends = [window for window in windows if window.end == len(window.line) and len(window.letters) >= 8]
    sizes = [len(window.letters) for window in ends]
    hits = []
    for number, whole in enumerate(folded):
        if len(whole) < 16:
            continue
        low, high = 0.45 * len(whole), 0.9 * len(whole)
        for window, size in zip(ends, sizes, strict=True):
            if not low <= size <= high:
                continue
            # A little below what is asked for, so that rounding cannot matter: the comparison gives up early.
            similarity = fuzz.ratio(window.letters, whole[:size], score_cutoff=80) / 100
            if similarity >= max(least, 0.85):
                hits.append(_Hit(0.95 * similarity, number, window, cut=True))
    return hits


def _found(hit: _Hit, within_longer: bool) -> Found:
    window = hit.window
    pieces = window.line[window.start : window.end]
    lettered = [piece for piece in pieces if fold(piece.text)]
    return Found(
        hit.similarity - (_WITHIN if within_longer else 0.0),
        _opening(window).left,
        window.line[_to_colon(window.line, window.end) - 1].right,
        baseline_of(lettered),
        float(np.median([piece.bottom - piece.top for piece in pieces])),
        hit.wording,
        window.span,
        hit.cut,
        within_longer,
    )


def _opening(window: _Window) -> Piece:
    """First piece of a window, or the bracket that opens right before it."""
    first = window.line[window.start]
    if window.start == 0:
        return first
    before = window.line[window.start - 1]
    opens = before.text.endswith("(") and first.left - before.right < 0.5 * height_of((before, first))
    return before if opens and len(before.text) == 1 else first


def _ends_label(text: str) -> bool:
    """Whether a colon ends the piece, with nothing but letters before it."""
    return text.rstrip().endswith(":") and not any(sign.isdigit() for sign in text)


def _to_colon(line: Sequence[Piece], end: int) -> int:
    """Where a label really ends: words that follow it closely up to a colon are still print."""
    if line[end - 1].text.endswith(":"):
        return end
    for further in range(end, min(len(line), end + 5)):
        piece, before = line[further], line[further - 1]
        # The lower of the two is print; a written value is higher, and stands further off.
        height = min(height_of((before,)), height_of((piece,)))
        if piece.left - before.right > 0.8 * height or not (fold(piece.text) or ":" in piece.text):
            break
        if ":" in piece.text:
            # Print ends with its colon; a value the engine has read a colon into goes on after it.
            return further + 1 if _ends_label(piece.text) else end
    return end
