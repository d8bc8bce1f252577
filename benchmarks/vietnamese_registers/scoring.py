"""Compare answers with the truth: errors by kind of field and script, with intervals over books."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from extractor.readers.handwriting.alphabet import canonical
from extractor.training.metrics import plain_words
from extractor.vietnamese.text import canonical_tones, fold_marks, fold_tones

from .tracks import Track, Truth

RESAMPLES = 1000
FEWEST_BOOKS = 8
"""Below this many books there is no interval: so few drawings are much alike, and it would be far too narrow."""

_COUNTS = ("items", "exact", "plain", "characters", "edits", "toneless", "bare", "blanks", "false_text", "unanswered")


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some of a track's items; shares from 0 up, none where there is nothing to share.

    Args:
        items: written items, and tick boxes.
        exact: share of them that are exactly right; ``exact_range`` is its 95 % interval, none where there are too few
            books for one.
        exact_plain: the same without case and punctuation.
        cer: edits by characters of the truth; ``cer_range`` is its 95 % interval.
        base_cer: the same where neither side has tones, vowel marks and the stroke of đ.
        tone_share: share of the edits that are gone when tones are left out.
        mark_share: share of the edits that are gone beyond that when vowel marks and the stroke of đ are, too.
        blanks: items where nothing is written.
        false_text: share of these that were given a text.
        unanswered: items the engine gave no answer for.
    """

    items: int
    exact: float | None
    exact_range: tuple[float, float] | None
    exact_plain: float | None
    cer: float | None
    cer_range: tuple[float, float] | None
    base_cer: float | None
    tone_share: float | None
    mark_share: float | None
    blanks: int
    false_text: float | None
    unanswered: int


@dataclass(frozen=True, slots=True)
class Score:
    """All figures of an engine on a track; kinds and strengths are those of handwritten items and tick boxes."""

    all: Figures
    scripts: dict[str, Figures]
    kinds: dict[str, Figures]
    strengths: dict[str, Figures]


def normalised(text: str) -> str:
    """What is compared: normal form C, single spaces, one sign for each kind of dash and quote, tones in the old style.

    Hòa and hoà are the same text, in which style somebody writes is no error.
    """
    return canonical_tones(canonical(text), "old")


def score(track: Track, truth: Sequence[Truth], texts: Mapping[str, str | None]) -> Score:
    """Figures of answers.

    Args:
        truth: of the track.
        texts: answers by id, one for each row of the truth.
    """
    prepare = plain_words if track.compare == "plain" else str
    counts = [_count(row, texts[row.id], prepare) for row in truth]

    def of(choose: Callable[[Truth], bool]) -> Figures:
        chosen = [(row.book, count) for row, count in zip(truth, counts, strict=True) if choose(row)]
        return _figures(chosen)

    def split(names: Iterable[str], name_of: Callable[[Truth], str]) -> dict[str, Figures]:
        return {name: of(lambda row, wanted=name: name_of(row) == wanted) for name in names}  # type: ignore[misc]

    def kind(row: Truth) -> str:
        return row.group if row.script in ("hand", "ticks") else ""

    strengths = (f"{value:g}" for value in sorted({row.strength for row in truth if row.form}))
    return Score(
        all=of(lambda row: row.script != "ticks"),
        scripts=split(("hand", "typed"), lambda row: row.script),
        kinds=split(dict.fromkeys(filter(None, map(kind, truth))), kind),
        strengths=split(strengths, lambda row: f"{row.strength:g}" if row.script == "hand" else ""),
    )


def _count(row: Truth, answer: str | None, prepare: Callable[[str], str]) -> NDArray[np.float64]:
    """The counts of one item, in the order of ``_COUNTS``."""
    true, read = (prepare(normalised(text)) for text in (row.text, answer or ""))
    if row.script == "blank":
        return np.array([0, 0, 0, 0, 0, 0, 0, 1, bool(read), answer is None], np.float64)
    right = answer is not None and read == true
    plain = answer is not None and plain_words(read) == plain_words(true)
    edits = [Levenshtein.distance(fold(read), fold(true)) for fold in (str, fold_tones, fold_marks)]
    return np.array([1, right, plain, len(true), *edits, 0, 0, answer is None], np.float64)


def _figures(items: Iterable[tuple[str, NDArray[np.float64]]]) -> Figures:
    by_book: dict[str, NDArray[np.float64]] = {}
    for book, count in items:
        by_book[book] = by_book.get(book, np.zeros(len(_COUNTS))) + count
    table = np.array([by_book[book] for book in sorted(by_book)]).reshape(-1, len(_COUNTS))
    total = dict(zip(_COUNTS, table.sum(axis=0), strict=True))
    drawn = _resampled(table)

    def share(part: float, whole: str) -> float | None:
        return float(part / total[whole]) if total[whole] else None

    return Figures(
        items=int(total["items"]),
        exact=share(total["exact"], "items"),
        exact_range=_range(drawn, "exact", "items"),
        exact_plain=share(total["plain"], "items"),
        cer=share(total["edits"], "characters"),
        cer_range=_range(drawn, "edits", "characters"),
        base_cer=share(total["bare"], "characters"),
        tone_share=share(total["edits"] - total["toneless"], "edits"),
        mark_share=share(total["toneless"] - total["bare"], "edits"),
        blanks=int(total["blanks"]),
        false_text=share(total["false_text"], "blanks"),
        unanswered=int(total["unanswered"]),
    )


def _resampled(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over books drawn with replacement, one row a drawing.

    After B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979): what one hand
    writes belongs together, so whole books are drawn and not items.
    """
    books = len(table)
    if books < FEWEST_BOOKS:
        return np.zeros((0, len(_COUNTS)))
    often = np.random.default_rng(0).multinomial(books, np.full(books, 1 / books), size=RESAMPLES)
    return np.asarray(often @ table, np.float64)


def _range(drawn: NDArray[np.float64], part: str, whole: str) -> tuple[float, float] | None:
    """The middle 95 % of a share over all drawings that have something to share."""
    above, below = drawn[:, _COUNTS.index(part)], drawn[:, _COUNTS.index(whole)]
    there = below > 0
    if not there.any():
        return None
    low, high = np.percentile(above[there] / below[there], (2.5, 97.5))
    return float(low), float(high)
