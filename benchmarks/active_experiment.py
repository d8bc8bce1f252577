"""The experiment of ``active.py``: a reader's upper layers learn from lines that a strategy chooses, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from active_figures import Found, Point
from active_layers import Inputs, Layers, fit
from active_lines import MINORITY, NAMES, Lines, Material
from rapidfuzz.distance import Levenshtein
from torch import nn

from extractor.learning.looking import Seen, look_at, pooled, read_features
from extractor.learning.rarity import has_minority_name, rare_letters
from extractor.learning.selecting import Pool, Rule, choose
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import LineRecogniser
from extractor.training.ctc import Alphabet
from extractor.training.metrics import plain_words

_NEEDS_NBEST = frozenset(("small_margin", "expected_edits"))
_BEAM = 4
_POOL_SHARE = 0.8


@dataclass(frozen=True)
class Prepared:
    """Lines with what the layers that learn are given of them, ``(steps, values)`` each."""

    lines: Lines
    given: Inputs


class Experiment:
    """One reader and its material; strategies learn and are measured in it."""

    def __init__(self, model: LineRecogniser, material: Material, layers: Layers) -> None:
        self.alphabet = Alphabet(model.config.alphabet)
        self.letters = rare_letters(model.config.alphabet)
        self.decoder = LineDecoder(model.config.alphabet, beam=_BEAM)
        self.layers = layers
        self.pool = Prepared(material.pool, layers.given(material.pool))
        self.measured = {part: Prepared(lines, layers.given(lines)) for part, lines in material.measured.items()}
        # Where lines lie is told by the reader as it is: the encoder does not learn.
        first = read_features(layers.net, self.pool.given)
        self.vectors = np.stack([pooled(Seen(rows, seen.logits)) for rows, seen in
                                 zip(material.pool.features, first, strict=True)])  # fmt: skip
        spread = np.maximum(self.vectors.std(axis=0), 1e-6)
        self.vectors = np.asarray((self.vectors - self.vectors.mean(axis=0)) / spread, dtype=np.float32)
        self.rare = frozenset(self.letters.letters)

    def run(self, rule: Rule | None, seed: int, steps: Sequence[int]) -> list[Point]:
        """Learn by one strategy, step by step; the first point is the reader before."""
        rng = np.random.default_rng([seed, 3])
        within = sorted(self._part(rng, max(steps)))
        taken: list[int] = []
        net = self.layers.net
        points = [self._point(net, taken)]
        for step in steps:
            left = [number for number in within if number not in set(taken)]
            taken += self._chosen(rule, net, left, taken, count=step - len(taken), rng=rng)
            texts = [self.pool.lines.texts[number] for number in taken]
            net = fit(self.layers, [self.pool.given[number] for number in taken], texts, self.alphabet, seed)
            points.append(self._point(net, taken))
        return points

    def found(self, strategies: Mapping[str, Rule | None], steps: Sequence[int], seeds: int) -> dict[int, Found]:
        """What the reader as it is finds in one look, by lines chosen and strategy, for each seed.

        Returns:
            Shares, 0 to 1, of the names of smaller peoples in the seed's part of the pool that are among the lines
            chosen; of its rare letters; and of its lines, which is what chance finds of both.
        """
        nbest = any(_needs_nbest(rule) for rule in strategies.values() if rule)
        whole = self._looked_at(self.layers.net, range(len(self.pool.lines)), nbest=nbest)
        shares: dict[int, Found] = {step: {name: [] for name in strategies} for step in steps}
        for seed in range(seeds):
            within = self._part(np.random.default_rng([seed, 3]), max(steps))
            minority = np.array([self._is_minority(number) for number in within], dtype=float)
            texts = [self.pool.lines.texts[number] for number in within]
            rare = np.array([sum(letter in self.rare for letter in text) for text in texts], dtype=float)
            pool = whole.part(within)
            for name, rule in strategies.items():
                # Lines are chosen one by one: the first of many are those of a choice of few.
                every = list(range(max(steps))) if rule is None else choose(pool, max(steps), rule)
                for step in steps:
                    best = every[:step]
                    shares[step][name].append(
                        (minority[best].sum() / max(1, minority.sum()), rare[best].sum() / max(1, rare.sum()),
                         step / len(within))
                    )  # fmt: skip
        return shares

    def _part(self, rng: np.random.Generator, least: int) -> list[int]:
        """Lines of the pool that are drawn to choose from, in random order."""
        usable = [n for n, text in enumerate(self.pool.lines.texts) if text and self.alphabet.writes(text)]
        return [int(n) for n in rng.permutation(usable)[: max(least, round(_POOL_SHARE * len(usable)))]]

    def _is_minority(self, number: int) -> bool:
        source, text = self.pool.lines.sources[number], self.pool.lines.texts[number]
        return source == MINORITY or (source in NAMES and has_minority_name(text))

    def _looked_at(self, net: nn.Module, numbers: Sequence[int], *, nbest: bool) -> Pool:
        read = read_features(net, [self.pool.given[number] for number in numbers])
        seen = [Seen(self.pool.lines.features[n], each.logits) for n, each in zip(numbers, read, strict=True)]
        pool = look_at(seen, self.decoder, self.letters, nbest=nbest)
        return replace(pool, vectors=self.vectors[list(numbers)])

    def _chosen(
        self, rule: Rule | None, net: nn.Module, left: list[int], taken: list[int], *, count: int,
        rng: np.random.Generator,
    ) -> list[int]:  # fmt: skip
        if rule is None:
            return [int(number) for number in rng.permutation(left)[:count]]
        pool = self._looked_at(net, left, nbest=_needs_nbest(rule))
        return [left[number] for number in choose(pool, count, rule, known=self.vectors[taken])]

    def _point(self, net: nn.Module, taken: Sequence[int]) -> Point:
        texts = [self.pool.lines.texts[number] for number in taken]
        return Point(
            len(taken),
            sum(map(len, texts)),
            sum(letter in self.rare for text in texts for letter in text),
            sum(map(self._is_minority, taken)),
            {part: self._judged(net, each) for part, each in self.measured.items()},
        )

    def _judged(self, net: nn.Module, part: Prepared) -> list[tuple[int, int, int, int]]:
        found, lines = [], part.lines
        for seen, text, source in zip(read_features(net, part.given), lines.texts, lines.sources, strict=True):
            reading = self.alphabet.greedy(torch.from_numpy(seen.logits[None]))[0]
            right = {at for block in Levenshtein.opcodes(text, reading) if block.tag == "equal"
                     for at in range(block.src_start, block.src_end)}  # fmt: skip
            rare = [at for at, letter in enumerate(text) if letter in self.rare]
            # Labels of Kalapa have neither the writer's case nor commas.
            told = (plain_words(reading), plain_words(text)) if source == "kalapa" else (reading, text)
            found.append((Levenshtein.distance(*told), len(told[1]), sum(at in right for at in rare), len(rare)))
        return found


def _needs_nbest(rule: Rule) -> bool:
    """Whether a score asks for more than the best path, which is read ten times as fast."""
    return any(not _NEEDS_NBEST.isdisjoint(side.weights) for side in rule.sides)
