"""The experiment of ``active.py``: a reader's output layer learns from lines that a strategy chooses, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from active_figures import Found, Point
from active_lines import MINORITY, Lines, Material
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from torch import nn

from extractor.learning.looking import Seen, look_at, pooled
from extractor.learning.rarity import rare_letters
from extractor.learning.selecting import Pool, Rule, choose
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import LineRecogniser, RecogniserHead
from extractor.training.ctc import Alphabet, ctc_loss
from extractor.training.metrics import plain_words

_NEEDS_NBEST = frozenset(("small_margin", "expected_edits"))
_BEAM = 4
_POOL_SHARE = 0.8


@dataclass(frozen=True)
class Training:
    """How the output layer learns: passes over the lines, highest rate, lines in a step."""

    passes: int = 10
    rate: float = 1e-3
    batch: int = 8


@dataclass(frozen=True)
class Prepared:
    """Lines with what the layers below the output layer make of them, ``(steps, 512)`` each."""

    lines: Lines
    contexts: list[NDArray[np.float16]]


def contexts(head: RecogniserHead, lines: Lines) -> Prepared:
    """Run all layers of a head but the last."""
    head.eval()
    found = []
    seen: list[torch.Tensor] = []
    hook = head.dropout.register_forward_hook(lambda _module, _given, out: seen.append(out))
    for rows in lines.features:
        seen.clear()
        with torch.inference_mode():
            head(torch.from_numpy(rows[None].astype(np.float32)))
        found.append(seen[-1][0].numpy().astype(np.float16))
    hook.remove()
    return Prepared(lines, found)


class Experiment:
    """One reader and its material; strategies learn and are measured in it."""

    def __init__(self, model: LineRecogniser, material: Material, training: Training) -> None:
        self.alphabet = Alphabet(model.config.alphabet)
        self.letters = rare_letters(model.config.alphabet)
        self.decoder = LineDecoder(model.config.alphabet, beam=_BEAM)
        self.frames = model.config.frames_per_step
        self.first = model.head.out
        self.training = training
        self.pool = contexts(model.head, material.pool)
        self.measured = {part: contexts(model.head, lines) for part, lines in material.measured.items()}
        # Where lines lie does not hang on what the output layer learns.
        self.vectors = np.stack([pooled(Seen(rows, self._logits(self.first, context))) for rows, context in
                                 zip(material.pool.features, self.pool.contexts, strict=True)])  # fmt: skip
        spread = np.maximum(self.vectors.std(axis=0), 1e-6)
        self.vectors = np.asarray((self.vectors - self.vectors.mean(axis=0)) / spread, dtype=np.float32)
        self.rare = frozenset(self.letters.letters)

    def run(self, rule: Rule | None, seed: int, steps: Sequence[int]) -> list[Point]:
        """Learn by one strategy, step by step; the first point is the reader before."""
        rng = np.random.default_rng([seed, 3])
        within = sorted(self._part(rng, max(steps)))
        taken: list[int] = []
        layer = self.first
        points = [self._point(layer, taken)]
        for step in steps:
            left = [number for number in within if number not in set(taken)]
            taken += self._chosen(rule, layer, left, taken, count=step - len(taken), rng=rng)
            layer = self._fit(taken, seed)
            points.append(self._point(layer, taken))
        return points

    def found(self, strategies: Mapping[str, Rule | None], count: int, seeds: int) -> Found:
        """What the reader as it is finds in one look, by strategy, for each seed.

        Returns:
            Shares, 0 to 1, of the names of smaller peoples in the seed's part of the pool that are among the lines
            chosen; of its rare letters; and of its lines, which is what chance finds of both.
        """
        whole = self._looked_at(self.first, range(len(self.pool.lines)), nbest=True)
        shares: Found = {name: [] for name in strategies}
        for seed in range(seeds):
            within = self._part(np.random.default_rng([seed, 3]), count)
            minority = np.array([self._is_minority(number) for number in within], dtype=float)
            texts = [self.pool.lines.texts[number] for number in within]
            rare = np.array([sum(letter in self.rare for letter in text) for text in texts], dtype=float)
            pool = whole.part(within)
            for name, rule in strategies.items():
                best = list(range(count)) if rule is None else choose(pool, count, rule)
                shares[name].append(
                    (minority[best].sum() / max(1, minority.sum()), rare[best].sum() / max(1, rare.sum()),
                     count / len(within))
                )  # fmt: skip
        return shares

    def _part(self, rng: np.random.Generator, least: int) -> list[int]:
        """Lines of the pool that are drawn to choose from, in random order."""
        usable = [n for n, text in enumerate(self.pool.lines.texts) if text and self.alphabet.writes(text)]
        return [int(n) for n in rng.permutation(usable)[: max(least, round(_POOL_SHARE * len(usable)))]]

    def _is_minority(self, number: int) -> bool:
        return self.pool.lines.sources[number] == MINORITY

    def _looked_at(self, layer: nn.Linear, numbers: Sequence[int], *, nbest: bool) -> Pool:
        seen = [Seen(self.pool.lines.features[n], self._logits(layer, self.pool.contexts[n])) for n in numbers]
        pool = look_at(seen, self.decoder, self.letters, nbest=nbest)
        return replace(pool, vectors=self.vectors[list(numbers)])

    def _chosen(
        self, rule: Rule | None, layer: nn.Linear, left: list[int], taken: list[int], *, count: int,
        rng: np.random.Generator,
    ) -> list[int]:  # fmt: skip
        if rule is None:
            return [int(number) for number in rng.permutation(left)[:count]]
        pool = self._looked_at(layer, left, nbest=any(not _NEEDS_NBEST.isdisjoint(side.weights) for side in rule.sides))
        return [left[number] for number in choose(pool, count, rule, known=self.vectors[taken])]

    def _logits(self, layer: nn.Linear, context: NDArray[np.float16]) -> NDArray[np.float32]:
        with torch.inference_mode():
            out = layer(torch.from_numpy(context.astype(np.float32)))
        return np.asarray(out.reshape(len(context) * self.frames, -1).numpy(), dtype=np.float32)

    def _fit(self, taken: Sequence[int], seed: int) -> nn.Linear:
        """The output layer after learning from some lines of the pool."""
        torch.manual_seed(seed)
        layer = nn.Linear(self.first.in_features, self.first.out_features)
        layer.load_state_dict(self.first.state_dict())
        rng = np.random.default_rng([seed, 4])
        batches = [batch for _ in range(self.training.passes) for batch in self._batches(taken, rng)]
        optimiser = torch.optim.AdamW(layer.parameters(), lr=self.training.rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.training.rate, total_steps=len(batches) + 1)
        drop = nn.Dropout(0.2)
        for numbers in batches:
            given = torch.from_numpy(np.stack([self.pool.contexts[n] for n in numbers]).astype(np.float32))
            logits = layer(drop(given)).reshape(len(numbers), given.shape[1] * self.frames, -1)
            loss = ctc_loss(logits, [self.pool.lines.texts[n] for n in numbers], self.alphabet)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(layer.parameters(), 2.0)
            optimiser.step()
            schedule.step()
        return layer.eval()

    def _batches(self, taken: Sequence[int], rng: np.random.Generator) -> list[list[int]]:
        """All lines once, in batches of equal length, in a random order."""
        groups: dict[int, list[int]] = {}
        for number in rng.permutation(taken):
            groups.setdefault(len(self.pool.contexts[number]), []).append(int(number))
        size = self.training.batch
        batches = [group[at : at + size] for group in groups.values() for at in range(0, len(group), size)]
        return [batches[int(place)] for place in rng.permutation(len(batches))]

    def _point(self, layer: nn.Linear, taken: Sequence[int]) -> Point:
        texts = [self.pool.lines.texts[number] for number in taken]
        return Point(
            len(taken),
            sum(map(len, texts)),
            sum(letter in self.rare for text in texts for letter in text),
            sum(map(self._is_minority, taken)),
            {part: [self._judged(layer, each, number) for number in range(len(each.lines))]
             for part, each in self.measured.items()},
        )  # fmt: skip

    def _judged(self, layer: nn.Linear, part: Prepared, number: int) -> tuple[int, int, int, int]:
        text = part.lines.texts[number]
        reading = self.alphabet.greedy(torch.from_numpy(self._logits(layer, part.contexts[number])[None]))[0]
        right = {at for block in Levenshtein.opcodes(text, reading) if block.tag == "equal"
                 for at in range(block.src_start, block.src_end)}  # fmt: skip
        rare = [at for at, letter in enumerate(text) if letter in self.rare]
        # Labels of Kalapa have neither the writer's case nor commas.
        told = (plain_words(reading), plain_words(text)) if part.lines.sources[number] == "kalapa" else (reading, text)
        return Levenshtein.distance(*told), len(told[1]), sum(at in right for at in rare), len(rare)
