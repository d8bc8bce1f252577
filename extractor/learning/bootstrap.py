"""How much two readers differ on the same lines, with intervals.

The bootstrap is paired, both readers on the same lines, as Bisani and Ney propose for error rates of recognisers
("Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP 2004). What is drawn with
replacement are whole groups of lines, a book or a hand each, and not lines: lines of one hand are right or wrong
together, and drawing lines would make the intervals too narrow (Field and Welsh, "Bootstrapping clustered data",
Journal of the Royal Statistical Society B 69, 2007). With few groups even these intervals are too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from extractor.readers import Reading

Floats = NDArray[np.float64]

BINS = 10
FIGURES = ("cer", "wer", "exact", "ece")
"""Character and word error rate, share of exact lines, expected calibration error."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of two readers.

    Args:
        current: of the reader in use, 0 to 1.
        candidate: of the candidate.
        difference: candidate less current; for errors less is better, for exact lines more.
        low: lower end of the difference's interval; none where there are too few groups for one.
        high: upper end.
    """

    current: float
    candidate: float
    difference: float
    low: float | None
    high: float | None


def compare(
    truths: Sequence[str],
    current: Sequence[Reading],
    candidate: Sequence[Reading],
    groups: Sequence[int],
    *,
    draws: int,
    certainty: float,
    seed: int,
) -> dict[str, Compared]:
    """All figures of two readers on the same lines, with intervals of their differences.

    Args:
        truths: what is written, line by line, at least one.
        current: what the reader in use made of the lines.
        candidate: what the candidate made of them.
        groups: number of each line's group.
        draws: how often groups are drawn.
        certainty: of the intervals, 0 to 1.
        seed: the same seed gives the same intervals.
    """
    numbers = {group: place for place, group in enumerate(sorted(set(groups)))}
    members = np.array([numbers[group] for group in groups])
    first, second = (_Sums.of(truths, read, members, len(numbers)) for read in (current, candidate))
    whole = np.ones((1, len(numbers)))
    drawn = np.random.default_rng(seed).multinomial(len(numbers), [1 / len(numbers)] * len(numbers), size=draws)
    found = {}
    for name in FIGURES:
        before, after = (float(sums.figure(name, whole)[0]) for sums in (first, second))
        low = high = None
        if len(numbers) > 1:
            spread = second.figure(name, drawn) - first.figure(name, drawn)
            tail = (1 - certainty) / 2
            low, high = (float(value) for value in np.quantile(spread, [tail, 1 - tail]))
        found[name] = Compared(before, after, after - before, low, high)
    return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over each group, from which a figure of any drawn groups can be made.

    Args:
        counts: ``(groups, 6)``: lines, exact lines, edits, characters, word edits, words.
        gaps: ``(groups, BINS)``: confidences less right lines, in bins of equally many lines.
    """

    counts: Floats
    gaps: Floats

    @classmethod
    def of(cls, truths: Sequence[str], read: Sequence[Reading], members: NDArray[np.intp], groups: int) -> _Sums:
        counts, gaps = np.zeros((groups, 6)), np.zeros((groups, BINS))
        bins = np.empty(len(read), dtype=np.intp)
        order = np.argsort([item.confidence for item in read], kind="stable")
        for number, part in enumerate(np.array_split(order, BINS)):
            bins[part] = number
        for truth, item, group, bin_ in zip(truths, read, members, bins, strict=True):
            exact = item.text == truth
            counts[group] += (
                1, exact, Levenshtein.distance(item.text, truth), len(truth),
                Levenshtein.distance(item.text.split(), truth.split()), len(truth.split()),
            )  # fmt: skip
            gaps[group, bin_] += item.confidence - exact
        return cls(counts, gaps)

    def figure(self, name: str, weights: NDArray[np.float64] | NDArray[np.int64]) -> Floats:
        """A figure of drawn groups: ``weights`` ``(draws, groups)`` says how often each was drawn."""
        lines, exact, edits, characters, word_edits, words = (weights @ self.counts).T
        if name == "cer":
            return np.asarray(edits / np.maximum(characters, 1))
        if name == "wer":
            return np.asarray(word_edits / np.maximum(words, 1))
        if name == "exact":
            return np.asarray(exact / lines)
        return np.asarray(np.abs(weights @ self.gaps).sum(axis=1) / lines)
