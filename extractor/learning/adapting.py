"""Adapt the reader to one hand: from a few lines that people read, in seconds, without forgetting the rest.

The lower part of the network, which sees strokes, stays as it is; what it makes of the lines and of a few changed
copies of each is worked out once. The layers above it then learn for a few passes, pulled back to where they came from
(L2-SP: Li, Grandvalet, Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", arXiv
1802.01483). Before that, each half of the lines is read by a reader that was adapted to the other half: where this
reads no better than the reader as it was, nothing is changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
        vectors: of these, only biases and the weights of normalisations learn.
        copies: pictures of each line: the line itself and changed ones.
        passes: over all pictures.
        batch: lines in a step.
        rate: highest learning rate.
        pull: weight of half the squared distance from the former weights.
        fewest: lines below which nothing is learnt.
        folds: parts into which the lines are divided for the check; 0 leaves it out.
    """

    parts: tuple[str, ...] = ("encoder.blocks.11.", "encoder.blocks.12.", "encoder.neck.", "head.")
    vectors: bool = False
    copies: int = 4
    passes: int = 5
    batch: int = 8
    rate: float = 4e-4
    pull: float = 0.05
    fewest: int = 4
    folds: int = 2

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
    """Lines of one batch as the frozen layers see them, with their texts."""

    seen: Tensor
    texts: tuple[str, ...]


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
    before = after = None
    if settings.folds:
        before, after = _check(model, usable, settings, seed)
        if not after < before:
            return Adapted({}, len(usable), before, after)
    return Adapted(_learn(model, usable, settings, seed), len(usable), before, after)


def loss_of(model: LineRecogniser, lines: Sequence[HandLine]) -> float:
    """Mean loss a character of lines as they are."""
    alphabet = Alphabet(model.config.alphabet)
    model.eval()
    total = characters = 0.0
    with torch.inference_mode():
        for line in lines:
            picture = torch.from_numpy(prepare(line.picture)[0])[None, None]
            total += float(ctc_loss(model(picture), [line.text], alphabet)) * len(line.text)
            characters += len(line.text)
    return total / max(characters, 1.0)


def _check(model: LineRecogniser, lines: list[HandLine], settings: AdaptingSettings, seed: int) -> tuple[float, float]:
    """Loss a character of all lines before, and after learning from the other folds alone."""
    order = np.random.default_rng([seed, 7]).permutation(len(lines))
    before = after = characters = 0.0
    for fold in range(settings.folds):
        left_out = [lines[index] for index in order[fold :: settings.folds]]
        others = [lines[index] for place, index in enumerate(order) if place % settings.folds != fold]
        weight = sum(len(line.text) for line in left_out)
        before += weight * loss_of(model, left_out)
        with _changed(model, _learn(model, others, settings, seed)):
            after += weight * loss_of(model, left_out)
        characters += weight
    return before / characters, after / characters


class _changed:  # noqa: N801 - used like a function
    """Gives a model other weights for a while."""

    def __init__(self, model: LineRecogniser, difference: Difference) -> None:
        self.model, self.difference = model, difference
        weights = dict(model.named_parameters())
        self.former = {name: weights[name].detach().clone() for name in difference}

    def __enter__(self) -> None:
        add_to(self.model, self.difference)

    def __exit__(self, *_: object) -> None:
        weights = dict(self.model.named_parameters())
        with torch.no_grad():
            for name, value in self.former.items():
                weights[name].copy_(value)


def _learn(model: LineRecogniser, lines: Sequence[HandLine], settings: AdaptingSettings, seed: int) -> Difference:
    weights = dict(model.named_parameters())
    names = [
        name
        for name, weight in weights.items()
        if name.startswith(settings.parts) and (weight.dim() == 1 or not settings.vectors)
    ]
    former = {name: weights[name].detach().clone() for name in names}
    asked = {name: weight.requires_grad for name, weight in weights.items()}
    chunks = list(_chunks(model, lines, settings, np.random.default_rng([seed, 1])))
    rng, noise = np.random.default_rng([seed, 2]), torch.random.get_rng_state()
    torch.manual_seed(seed)
    try:
        for name, weight in weights.items():
            weight.requires_grad_(name in former)
        model.train()
        _descend(model, chunks, [(weights[name], former[name]) for name in names], settings, rng)
        return {name: (weights[name].detach() - former[name]).numpy().astype(np.float16) for name in names}
    finally:
        model.eval()
        with torch.no_grad():
            for name, weight in weights.items():
                weight.requires_grad_(asked[name])
                if name in former:
                    weight.copy_(former[name])
        torch.random.set_rng_state(noise)


def _descend(
    model: LineRecogniser, chunks: list[_Chunk], weights: list[tuple[Tensor, Tensor]], settings: AdaptingSettings,
    rng: Generator,
) -> None:  # fmt: skip
    alphabet = Alphabet(model.config.alphabet)
    optimiser = torch.optim.Adam([weight for weight, _ in weights], lr=settings.rate, betas=(0.9, 0.98))
    steps = settings.passes * len(chunks)
    done = 0
    for _ in range(settings.passes):
        for index in rng.permutation(len(chunks)):
            chunk = chunks[int(index)]
            share = done / steps
            rise = min(1.0, (done + 1) / max(1.0, 0.1 * steps))
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
            loss = ctc_loss(model.head(_upper(model, chunk.seen, settings)), chunk.texts, alphabet)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            # The pull's own gradient, without building a graph for it.
            for weight, former in weights:
                if weight.grad is not None:
                    weight.grad.add_(weight.detach() - former, alpha=settings.pull)
            torch.nn.utils.clip_grad_norm_([weight for weight, _ in weights], 2.0)
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
            found.append(_Chunk(_lower(model, torch.from_numpy(stacked), settings), tuple(text for _, text in part)))
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
