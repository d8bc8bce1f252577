"""Adapt the reader to one hand: from a few lines that people read, in seconds, without forgetting the rest.

The lower part of the network, which sees strokes, stays as it is; what it makes of the lines and of a few changed
copies of each is worked out once. The layers above it then learn for a few passes, pulled back to where they came from
(L2-SP: Li, Grandvalet, Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", arXiv
1802.01483). Before that, each half of the lines is read by a reader that was adapted to the other half: where this
reads no better than the reader as it was, nothing is changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from extractor.readers.handwriting.adapted import add_to
from extractor.readers.handwriting.alphabet import canonical
from extractor.readers.handwriting.images import HEIGHT, prepare
from extractor.readers.handwriting.model import LineRecogniser
from extractor.training.augment import augment
from extractor.training.ctc import Alphabet, ctc_loss

if TYPE_CHECKING:
    from extractor.training.ink import Grey

_BLOCKS = 13

Difference = dict[str, NDArray[np.float16]]
"""What is added to the named weights."""


@dataclass(frozen=True, slots=True)
class HandLine:
    """One line of a hand: grey picture, dark ink on light paper, and what is written there, verbatim."""

    picture: Grey
    text: str


@dataclass(frozen=True, slots=True)
class AdaptingSettings:
    """How much is learnt from a hand; chosen on writers that no reported figure comes from.

    Args:
        parts: names of the weights that learn begin with one of these.
        copies: pictures of each line: the line itself and changed ones.
        passes: over all pictures.
        batch: lines in a step.
        rate: highest learning rate, of the head.
        encoder_rate: highest learning rate of the encoder.
        pull: weight of half the squared distance from the former weights.
        fewest: lines below which nothing is learnt.
        check: whether it is found out first that lines of the hand gain from learning others.
    """

    parts: tuple[str, ...] = (*(f"encoder.blocks.{number}." for number in (10, 11, 12)), "encoder.neck.", "head.")
    copies: int = 3
    passes: int = 5
    batch: int = 8
    rate: float = 4e-4
    encoder_rate: float = 1e-4
    pull: float = 0.05
    fewest: int = 4
    check: bool = True

    @property
    def frozen_blocks(self) -> int:
        """So many of the encoder's blocks, and the stem before them, see every line in the same way."""
        learning = [int(part.split(".")[2]) for part in self.parts if part.startswith("encoder.blocks.")]
        return min(learning, default=_BLOCKS)

    @property
    def head_only(self) -> bool:
        """Whether the whole encoder sees every line in the same way."""
        return not any(part.startswith("encoder.") for part in self.parts)


@dataclass(frozen=True, slots=True)
class Adapted:
    """What came of it.

    Args:
        difference: to be added to the weights; empty where the reader stays as it was.
        lines: how many lines it was learnt from.
        loss_before: loss a character of the lines as the reader was, each line unseen; none where not checked.
        loss_after: the same for readers that were adapted to other lines of the hand.
    """

    difference: Difference
    lines: int
    loss_before: float | None = None
    loss_after: float | None = None

    @property
    def helps(self) -> bool:
        """Whether the reader was changed."""
        return bool(self.difference)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Lines of one batch as the frozen layers see them, with their texts; ``plain`` where they are as they were."""

    seen: Tensor
    texts: tuple[str, ...]
    plain: bool


def adapt(
    model: LineRecogniser, lines: Sequence[HandLine], settings: AdaptingSettings | None = None, *, seed: int = 1
) -> Adapted:
    """Learn one hand; the same lines, settings and seed give the same difference on one machine.

    Args:
        model: the reader's recogniser; it is left as it was.
        lines: of one hand; what the alphabet cannot write is left out.
        seed: of changes to the pictures and of the order.
    """
    settings = settings or AdaptingSettings()
    alphabet = Alphabet(model.config.alphabet)
    usable = [replace(line, text=canonical(line.text)) for line in lines]
    usable = [line for line in usable if line.text and alphabet.writes(line.text)]
    if len(usable) < settings.fewest:
        return Adapted({}, len(usable))
    order = np.random.default_rng([seed, 7]).permutation(len(usable))
    halves = [[usable[index] for index in order[part::2]] for part in (0, 1)]
    seen = [_chunks(model, half, settings, np.random.default_rng([seed, part])) for part, half in enumerate(halves)]
    before = after = None
    if settings.check:
        before, after = _check(model, seen, settings, seed)
        if not after < before:
            return Adapted({}, len(usable), before, after)
    return Adapted(_learn(model, [*seen[0], *seen[1]], settings, seed), len(usable), before, after)


def _check(
    model: LineRecogniser, halves: list[list[_Chunk]], settings: AdaptingSettings, seed: int
) -> tuple[float, float]:
    """Loss a character of all lines before, and after learning from the other half alone."""
    sizes = [sum(len(text) for chunk in half if chunk.plain for text in chunk.texts) for half in halves]
    before = after = 0.0
    for half, other, size in zip(halves, reversed(halves), sizes, strict=True):
        before += size * _loss(model, half, settings)
        with _changed(model, _learn(model, other, settings, seed)):
            after += size * _loss(model, half, settings)
    return before / sum(sizes), after / sum(sizes)


def _loss(model: LineRecogniser, chunks: Iterable[_Chunk], settings: AdaptingSettings) -> float:
    """Mean loss a character of the plain lines."""
    alphabet = Alphabet(model.config.alphabet)
    model.eval()
    total = characters = 0.0
    with torch.inference_mode():
        for chunk in chunks:
            if chunk.plain:
                logits = model.head(_upper(model, chunk.seen, settings))
                for row, text in zip(logits, chunk.texts, strict=True):
                    total += float(ctc_loss(row[None], [text], alphabet)) * len(text)
                    characters += len(text)
    return total / max(characters, 1.0)


@contextmanager
def _changed(model: LineRecogniser, difference: Difference) -> Iterator[None]:
    """Give a model other weights for a while."""
    weights = dict(model.named_parameters())
    former = {name: weights[name].detach().clone() for name in difference}
    add_to(model, difference)
    try:
        yield
    finally:
        with torch.no_grad():
            for name, value in former.items():
                weights[name].copy_(value)


def _learn(model: LineRecogniser, chunks: Sequence[_Chunk], settings: AdaptingSettings, seed: int) -> Difference:
    weights = dict(model.named_parameters())
    names = [name for name in weights if name.startswith(settings.parts)]
    former = {name: weights[name].detach().clone() for name in names}
    asked = {name: weight.requires_grad for name, weight in weights.items()}
    rng, chance = np.random.default_rng([seed, 2]), torch.random.get_rng_state()
    torch.manual_seed(seed)
    try:
        for name, weight in weights.items():
            weight.requires_grad_(name in former)
        model.train()
        _descend(model, chunks, {name: (weights[name], former[name]) for name in names}, settings, rng)
        return {name: (weights[name].detach() - former[name]).numpy().astype(np.float16) for name in names}
    finally:
        model.eval()
        with torch.no_grad():
            for name, weight in weights.items():
                weight.requires_grad_(asked[name])
                if name in former:
                    weight.copy_(former[name])
        torch.random.set_rng_state(chance)


def _descend(
    model: LineRecogniser, chunks: Sequence[_Chunk], weights: Mapping[str, tuple[Tensor, Tensor]],
    settings: AdaptingSettings, rng: Generator,
) -> None:  # fmt: skip
    alphabet = Alphabet(model.config.alphabet)
    groups = [
        {"params": [weight for name, (weight, _) in weights.items() if name.startswith(part)], "highest": highest}
        for part, highest in (("encoder.", settings.encoder_rate), ("head.", settings.rate))
    ]
    optimiser = torch.optim.Adam([group for group in groups if group["params"]], lr=0.0, betas=(0.9, 0.98))
    steps = settings.passes * len(chunks)
    done = 0
    for _ in range(settings.passes):
        for index in rng.permutation(len(chunks)):
            chunk = chunks[int(index)]
            share = done / steps
            rise = min(1.0, (done + 1) / max(1.0, 0.1 * steps))
            for group in optimiser.param_groups:
                group["lr"] = group["highest"] * rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
            loss = ctc_loss(model.head(_upper(model, chunk.seen, settings)), chunk.texts, alphabet)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            # The pull's own gradient, without building a graph for it.
            for weight, former in weights.values():
                if weight.grad is not None:
                    weight.grad.add_(weight.detach() - former, alpha=settings.pull)
            torch.nn.utils.clip_grad_norm_([weight for weight, _ in weights.values()], 2.0)
            optimiser.step()
            done += 1


def _chunks(
    model: LineRecogniser, lines: Sequence[HandLine], settings: AdaptingSettings, rng: Generator
) -> list[_Chunk]:
    """All pictures of all lines, in batches of about equal width, as the frozen layers see them."""
    model.eval()
    found = []
    for copy in range(settings.copies):
        pictures = [(prepare(augment(rng, line.picture) if copy else line.picture)[0], line.text) for line in lines]
        pictures.sort(key=lambda item: item[0].shape[1])
        for start in range(0, len(pictures), settings.batch):
            part = pictures[start : start + settings.batch]
            stacked = np.ones((len(part), 1, HEIGHT, max(item.shape[1] for item, _ in part)), dtype=np.float32)
            for row, (item, _) in zip(stacked, part, strict=True):
                row[0, :, : item.shape[1]] = item
            seen = _lower(model, torch.from_numpy(stacked), settings)
            found.append(_Chunk(seen, tuple(text for _, text in part), plain=not copy))
    return found


def _lower(model: LineRecogniser, lines: Tensor, settings: AdaptingSettings) -> Tensor:
    """What the frozen layers make of pictures."""
    with torch.no_grad():
        x = model.encoder.lower_blocks(lines, settings.frozen_blocks)
        return model.encoder.gather(x) if settings.head_only else x


def _upper(model: LineRecogniser, x: Tensor, settings: AdaptingSettings) -> Tensor:
    """The features for the head, from where the learning layers begin."""
    if settings.head_only:
        return x
    features: Tensor = model.encoder.gather(model.encoder.upper_blocks(x, settings.frozen_blocks))
    return features
