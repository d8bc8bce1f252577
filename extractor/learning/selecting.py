"""Which unlabelled lines are worth a person's time: doubt, novelty, rare letters, names of smaller peoples.

Each line is scored by itself, and a :class:`Rule` from a data file says by which scores which part of a batch is
chosen. A batch is chosen greedily, so that its lines differ: what a line is worth falls with its nearness to lines that
were chosen or known before (k-centre: Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985; Sener
and Savarese, "Active learning for convolutional neural networks: a core-set approach", 2018), rare letters count less
the more often they were chosen, and the same reading is not chosen again and again. Lines like few others count less,
as in the information density of Settles and Craven (2008): what is odd alone is often a blot or a wrong crop.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from extractor.errors import SettingsError
from extractor.learning.doubt import MEASURES, Doubt
from extractor.learning.rarity import RareLetters

Vectors = NDArray[np.float32]

SCORES = (*MEASURES, "minority_name", "density")
"""Scores of a line by itself, as a rule names them; ``rare_letters`` and ``novelty`` depend on what else is chosen."""

_RULE_FILE = Path(__file__).with_name("data") / "selecting.yaml"
_NEIGHBOURS = 10


class Side(BaseModel):
    """What some lines of a batch are chosen by.

    Args:
        share: of the batch, above 0 to 1; while the pool holds lines for it.
        weights: of each score of :data:`SCORES`; a line counts by its rank among all lines, 0 to 1.
        rare_letters: weight of what a line promises of letters the reader has seen little of, by its rank, too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(default=1.0, gt=0, le=1)
    weights: dict[str, float] = {}
    rare_letters: float = Field(default=0.0, ge=0, le=10)

    @field_validator("weights")
    @classmethod
    def _known(cls, weights: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(weights) - set(SCORES))
        if unknown:
            raise ValueError(f"no such score: {', '.join(unknown)}")
        if any(not 0 <= weight <= 10 for weight in weights.values()):
            raise ValueError("weights lie between 0 and 10")
        return weights

    @property
    def empty(self) -> bool:
        """Whether it goes by nothing, so that novelty alone decides."""
        return not self.weights and not self.rare_letters


class Rule(BaseModel):
    """How lines are chosen.

    Sides take turns instead of being added up: a line that is worth a look for one reason is seldom so for another, and
    in a sum the commonest reason would crowd out the rest.

    Args:
        sides: what parts of a batch are chosen by; their shares add up to 1.
        novelty: power of the distance to the nearest chosen line, 0 to 1 times the usual distance; 0 leaves it out.
        same_reading: lines with the same best reading that are chosen at most, at least 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sides: tuple[Side, ...] = Field(default=(Side(),), min_length=1)
    novelty: float = Field(default=0.0, ge=0, le=4)
    same_reading: int = Field(default=1, ge=1, le=1000)

    @field_validator("sides")
    @classmethod
    def _whole(cls, sides: tuple[Side, ...]) -> tuple[Side, ...]:
        if abs(sum(side.share for side in sides) - 1) > 1e-6:
            raise ValueError("shares do not add up to 1")
        return sides


def one_sided(*, novelty: float = 0.0, rare_letters: float = 0.0, **weights: float) -> Rule:
    """A rule with one side."""
    return Rule(sides=(Side(weights=weights, rare_letters=rare_letters),), novelty=novelty)


@dataclass(frozen=True, slots=True)
class Pool:
    """Unlabelled lines and what a reader makes of them; rows of all arrays are lines.

    Args:
        doubts: of each line.
        minority: how likely each line holds a name of a smaller people, 0 to 1.
        vectors: (lines, features), pooled features of the encoder, see :mod:`extractor.learning.looking`.
        letters: the rare letters, and
        presence: (lines, letters), how likely each is somewhere in the line, 0 to 1.
    """

    doubts: tuple[Doubt, ...]
    minority: NDArray[np.float64]
    vectors: Vectors
    letters: RareLetters
    presence: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.doubts)

    def part(self, numbers: Sequence[int]) -> Pool:
        """Some of the lines, in this order."""
        rows = np.asarray(numbers, dtype=np.intp)
        doubts = tuple(self.doubts[number] for number in numbers)
        return Pool(doubts, self.minority[rows], self.vectors[rows], self.letters, self.presence[rows])

    def standardised(self) -> Pool:
        """With each feature of mean 0 and variance 1 over all lines, so that none counts by its scale alone."""
        if not len(self):
            return self
        spread = self.vectors.std(axis=0)
        vectors = (self.vectors - self.vectors.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)
        return replace(self, vectors=np.asarray(vectors, dtype=np.float32))


def joined(pools: Sequence[Pool]) -> Pool:
    """Lines of several pools with the same rare letters as one, in order; at least one pool."""
    return Pool(
        tuple(doubt for pool in pools for doubt in pool.doubts),
        np.concatenate([pool.minority for pool in pools]),
        np.concatenate([pool.vectors for pool in pools]),
        pools[0].letters,
        np.concatenate([pool.presence for pool in pools]),
    )


def load_rule(file: Path = _RULE_FILE) -> Rule:
    """Read a rule.

    Raises:
        SettingsError: the file cannot be read, or says something else than a rule.
    """
    try:
        return Rule.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{file}: cannot be read.", mend="Copy it anew, or correct it.") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "content"
        raise SettingsError(f"{file}: {place}: {first['msg']}.", mend="Compare it with the shipped rule.") from None


@cache
def shipped_rule() -> Rule:
    """The rule of ``data/selecting.yaml``."""
    return load_rule()


def scores(pool: Pool) -> Mapping[str, NDArray[np.float64]]:
    """Each score of each line, by its rank among all lines: 0 the least, 1 the most, equal ones alike.

    A line without any sign of a minority name has rank 0 there, however many such lines there are.
    """
    measures = np.array([doubt.measures for doubt in pool.doubts], dtype=np.float64).reshape(len(pool), len(MEASURES))
    raw = dict(zip(MEASURES, measures.T, strict=True))
    raw["density"] = density(pool.vectors)
    return {
        **{name: ranks(values) for name, values in raw.items()},
        "minority_name": _ranks_above_nought(pool.minority),
    }


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank of each value, 0 to 1; equal values share their mean rank, so that an all-zero score says nothing."""
    if len(values) < 2:
        return np.zeros(len(values))
    order = np.sort(values)
    low, high = np.searchsorted(order, values, "left"), np.searchsorted(order, values, "right")
    return (low + high - 1) / 2 / (len(values) - 1)


def density(vectors: Vectors) -> NDArray[np.float64]:
    """How near its ten nearest neighbours each line is: minus the mean distance to them."""
    if len(vectors) < 3:
        return np.zeros(len(vectors))
    near = min(_NEIGHBOURS, len(vectors) - 1)
    found = np.empty(len(vectors))
    for start in range(0, len(vectors), 512):
        distances = _distances(vectors[start : start + 512], vectors)
        found[start : start + 512] = -np.sort(distances, axis=1)[:, 1 : near + 1].mean(axis=1)
    return found


def choose(pool: Pool, count: int, rule: Rule, *, known: Vectors | None = None) -> list[int]:
    """Choose lines, the most worthy first; no line twice.

    Args:
        pool: the lines to choose from.
        count: how many; fewer come where the pool holds fewer, or too many of the same reading.
        rule: see :class:`Rule`.
        known: pooled features of lines the reader learnt from already, which are nothing new.
    """
    if not len(pool) or count <= 0:
        return []
    named = scores(pool)
    worth = [sum((w * named[name] for name, w in side.weights.items()), np.zeros(len(pool))) for side in rule.sides]
    far, usual = _first_distances(pool.vectors, known)
    covered = np.zeros(pool.presence.shape[1])
    free = np.ones(len(pool), dtype=bool)
    same: dict[str, list[int]] = defaultdict(list)
    for number, doubt in enumerate(pool.doubts):
        same[doubt.text].append(number)
    readings = Counter[str]()
    turns = [0] * len(rule.sides)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        promised = pool.presence @ (pool.letters.weights / (1.0 + covered))
        new = np.minimum(1.0, far / usual) ** rule.novelty
        # The side that is farthest behind its share has its turn; where nothing is left for it, the next.
        behind = [side.share * (len(chosen) + 1) - turn for side, turn in zip(rule.sides, turns, strict=True)]
        for place in sorted(range(len(turns)), key=lambda at: -behind[at]):
            side = rule.sides[place]
            value = (worth[place] + side.rare_letters * _ranks_above_nought(promised)) * new
            if side.empty:
                value = far + 1.0
            best = int(np.where(free, value, -1.0).argmax())
            if value[best] > 0:
                break
        chosen.append(best)
        turns[place] += 1
        free[best] = False
        covered += pool.presence[best]
        far = np.minimum(far, _distances(pool.vectors[best : best + 1], pool.vectors)[0])
        text = pool.doubts[best].text
        readings[text] += 1
        if readings[text] >= rule.same_reading:
            free[same[text]] = False
    return chosen


def _ranks_above_nought(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks, but 0 for values of 0: lines that promise nothing."""
    return np.where(values > 0, ranks(values), 0.0)


def _first_distances(vectors: Vectors, known: Vectors | None) -> tuple[NDArray[np.float64], float]:
    """Distance of each line to the nearest known one, and the usual distance between two lines, the unit of novelty."""
    sample = vectors[:: max(1, len(vectors) // 256)]
    between = _distances(sample, sample)
    apart = between[~np.eye(len(sample), dtype=bool)]
    usual = float(np.median(apart)) if apart.size and float(np.median(apart)) > 0 else 1.0
    if known is None or not len(known):
        return np.full(len(vectors), usual), usual
    return np.min([_distances(row[None], vectors)[0] for row in known], axis=0), usual


def _distances(some: Vectors, others: Vectors) -> NDArray[np.float64]:
    """Euclidean distances (some, others)."""
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None] - 2.0 * some @ others.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)), dtype=np.float64)
