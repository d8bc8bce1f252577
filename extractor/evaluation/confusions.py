"""What is taken for what in readings against their truth: base letters, quality marks, tones, case; with intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from extractor.evaluation.alignment import Pair, align
from extractor.evaluation.figures import clopper_pearson_upper
from extractor.records import nfc
from extractor.vietnamese.letter_parts import MARKED, VOWELS, letter_parts

NOTHING = "∅"
"""Stands for a character that is not there: inserted where it is the truth, left out where it is the reading."""

Group = TypeVar("Group", bound=Hashable)


class Aspect(StrEnum):
    """In which respect characters are compared."""

    LETTER = "letter"
    """Whole characters as they stand."""
    BASE = "base"
    """Base letters without marks, tones and case; digits and signs as they stand."""
    MARK = "mark"
    """Quality marks of letters that can have one, where the base letter is right."""
    TONE = "tone"
    """Tones of vowels that were read as vowels."""
    CASE = "case"
    """Capitals and small letters, where the base letter is right."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line's reading beside its truth, and what the line is.

    Args:
        truth: what is written.
        read: what was read.
        kind: kind of its field.
        writer: who wrote it.
        quality: how good its picture is, in any words.
    """

    truth: str
    read: str
    kind: str = ""
    writer: str = ""
    quality: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with an interval; exact for the binomial (Clopper and Pearson, Biometrika 26, 1934).

    The interval takes cases for independent. Letters of one line are not: of many lines it is somewhat too narrow.
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1; 0 of nothing is 0."""
        return self.count / self.of if self.of else 0.0

    @property
    def low(self) -> float:
        """Lower end of the two-sided 95 % interval."""
        return 1.0 - clopper_pearson_upper(self.of - self.count, self.of, 0.975) if self.of else 0.0

    @property
    def high(self) -> float:
        """Upper end of it."""
        return clopper_pearson_upper(self.count, self.of, 0.975) if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Confusion:
    """One thing that was taken for another, :data:`NOTHING` included, and how often of all times it was written.

    Of what was inserted, which is written nowhere, the share is of all characters of the truth.
    """

    truth: str
    read: str
    share: Share


@dataclass(frozen=True, slots=True)
class Confusions:
    """How often each thing was read as each other.

    Args:
        aspect: in which respect.
        counts: by what is written and what was read.
    """

    aspect: Aspect
    counts: dict[tuple[str, str], int]

    @property
    def total(self) -> Share:
        """Wrong ones among all that are written; what was inserted is not counted."""
        written = {pair: count for pair, count in self.counts.items() if pair[0] != NOTHING}
        wrong = sum(count for (truth, read), count in written.items() if truth != read)
        return Share(wrong, sum(written.values()))

    @property
    def labels(self) -> tuple[str, ...]:
        """All that was written or read, in alphabetical order, :data:`NOTHING` last."""
        found = {label for pair in self.counts for label in pair}
        return tuple(sorted(found, key=lambda label: (label == NOTHING, label)))

    def written(self, truth: str) -> int:
        """How often something is written; for :data:`NOTHING` all that is written: anywhere may be put in something."""
        if truth == NOTHING:
            return sum(count for (label, _), count in self.counts.items() if label != NOTHING)
        return sum(count for (label, _), count in self.counts.items() if label == truth)

    def worst(self, most: int = 20) -> tuple[Confusion, ...]:
        """The commonest confusions, the most frequent first."""
        wrong = [(pair, count) for pair, count in self.counts.items() if pair[0] != pair[1]]
        wrong.sort(key=lambda item: (-item[1], item[0]))
        return tuple(
            Confusion(truth, read, Share(count, max(count, self.written(truth))))
            for (truth, read), count in wrong[:most]
        )

    def matrix(self, labels: Sequence[str] | None = None) -> NDArray[np.int64]:
        """Counts as ``(n, n)``: a row for what is written, a column for what was read; other labels are left out."""
        labels = self.labels if labels is None else labels
        return np.array([[self.counts.get((truth, read), 0) for read in labels] for truth in labels], dtype=np.int64)


def count_confusions(lines: Iterable[ReadLine], aspect: Aspect) -> Confusions:
    """Count what was taken for what in one respect.

    Args:
        lines: readings and truths.
        aspect: see :class:`Aspect`.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        counts.update(found for pair in align(line.truth, line.read) if (found := _seen(pair, aspect)))
    return Confusions(aspect, dict(counts))


def _seen(pair: Pair, aspect: Aspect) -> tuple[str, str] | None:
    """What a pair says in one respect; none where it says nothing."""
    if aspect is Aspect.LETTER:
        return pair.truth or NOTHING, pair.read or NOTHING
    truth, read = (letter_parts(side) if side else None for side in pair)
    if aspect is Aspect.BASE:
        return (truth.base if truth else NOTHING), (read.base if read else NOTHING)
    if truth is None or read is None:
        return None
    if aspect is Aspect.TONE:
        return (truth.tone, read.tone) if truth.base in VOWELS and read.base in VOWELS else None
    if truth.base != read.base:
        return None
    if aspect is Aspect.MARK:
        return (truth.mark, read.mark) if truth.base in MARKED else None
    return (_case(truth.capital), _case(read.capital)) if truth.base.isalpha() else None


def _case(capital: bool) -> str:
    return "capital" if capital else "small"


@dataclass(frozen=True, slots=True)
class GroupErrors:
    """Errors of one group of lines.

    Args:
        lines: how many lines.
        characters: characters of their truth.
        cer: edit distance by characters, from 0, each edit counted as one.
        low: lower end of its 95 % interval, see :func:`compare_groups`.
        high: upper end of it.
        exact: lines without any error; its interval takes lines for independent.
    """

    lines: int
    characters: int
    cer: float
    low: float
    high: float
    exact: Share


def compare_groups(
    lines: Iterable[ReadLine], group_of: Callable[[ReadLine], Group], *, draws: int = 1000, seed: int = 1
) -> dict[Group, GroupErrors]:
    """Errors by group, such as by kind, writer or quality of the picture.

    The interval of the error rate is a percentile bootstrap (Efron and Tibshirani, *An Introduction to the Bootstrap*,
    1993) over what hangs together: over writers where a group has lines of several (Field and Welsh, "Bootstrapping
    clustered data", Journal of the Royal Statistical Society B 69, 2007), else over lines. With few writers it is too
    narrow all the same.

    Args:
        lines: readings and truths.
        group_of: name of a line's group.
        draws: samples of the bootstrap.
        seed: of its lots.
    """
    from rapidfuzz.distance import Levenshtein

    members: dict[Group, list[tuple[str, int, int]]] = defaultdict(list)
    for line in lines:
        truth, read = nfc(line.truth), nfc(line.read)
        members[group_of(line)].append((line.writer, Levenshtein.distance(truth, read), len(truth)))
    found = {}
    for name, rows in members.items():
        units = _units(rows)
        drawn = np.random.default_rng(seed).multinomial(len(units), np.full(len(units), 1 / len(units)), size=draws)
        some_edits, some_characters = (drawn @ units).T
        low, high = np.percentile(some_edits / np.maximum(some_characters, 1), (2.5, 97.5))
        edits, characters = (int(count) for count in units.sum(axis=0))
        exact = sum(wrong == 0 for _, wrong, _ in rows)
        found[name] = GroupErrors(
            len(rows), characters, edits / max(1, characters), float(low), float(high), Share(exact, len(rows))
        )
    return found


def _units(rows: Sequence[tuple[str, int, int]]) -> NDArray[np.int64]:
    """Edits and characters ``(n, 2)`` of what is drawn together: each writer's lines, or single lines.

    Args:
        rows: writer, edits and characters of each line; a line of a writer nobody knows is a unit of its own.
    """
    sums: dict[str | int, NDArray[np.int64]] = {}
    for place, (writer, *counts) in enumerate(rows):
        unit = writer or place
        sums[unit] = sums.get(unit, np.zeros(2, np.int64)) + np.array(counts, np.int64)
    return np.array(list(sums.values()) if len(sums) > 1 else [counts for _, *counts in rows], np.int64)
