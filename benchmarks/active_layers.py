"""What of the reader learns in ``active.py``: the output layer alone, or everything above the encoder."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from active_lines import Lines
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from extractor.learning.looking import read_features
from extractor.readers.handwriting.model import RecogniserHead
from extractor.training.ctc import Alphabet, ctc_loss

Inputs = list[NDArray[np.float16]]


@dataclass(frozen=True)
class Training:
    """How layers learn: passes over the lines, highest rate, lines in a step."""

    passes: int
    rate: float
    batch: int = 8


@dataclass(frozen=True)
class Layers:
    """Layers that learn.

    Args:
        net: maps what it is given, ``(batch, steps, values)``, to logits ``(batch, frames, classes)``; as before
            anything was learnt.
        given: what the layers below make of each line, worked out once, for they stay as they are.
        training: how they learn.
    """

    net: nn.Module
    given: Callable[[Lines], Inputs]
    training: Training


class OutputLayer(nn.Module):
    """The last layer of a head, with the dropout before it."""

    def __init__(self, head: RecogniserHead) -> None:
        super().__init__()
        self.dropout, self.out = nn.Dropout(head.dropout.p), copy.deepcopy(head.out)
        self.frames_per_step = head.frames_per_step

    def forward(self, contexts: Tensor) -> Tensor:
        """Map (batch, steps, 512) to logits (batch, frames, classes)."""
        logits: Tensor = self.out(self.dropout(contexts))
        return logits.reshape(len(logits), contexts.shape[1] * self.frames_per_step, -1)


def contexts(head: RecogniserHead, lines: Lines) -> Inputs:
    """What all layers of a head but the last make of each line: ``(steps, 512)``."""
    below = copy.deepcopy(head)
    below.out = nn.Identity()
    below.frames_per_step, below.classes = 1, head.out.in_features
    return [seen.logits.astype(np.float16) for seen in read_features(below, lines.features)]


def output_layer(head: RecogniserHead) -> Layers:
    """The output layer alone, which learns in seconds."""
    return Layers(OutputLayer(head), lambda lines: contexts(head, lines), Training(passes=10, rate=1e-3))


def whole_head(head: RecogniserHead) -> Layers:
    """All layers above the encoder, at the rate at which the reader adapts to a hand."""
    return Layers(head, lambda lines: lines.features, Training(passes=6, rate=4e-4))


LAYERS: dict[str, Callable[[RecogniserHead], Layers]] = {"head": whole_head, "output": output_layer}


def fit(layers: Layers, given: Sequence[NDArray[np.float16]], texts: Sequence[str], alphabet: Alphabet, seed: int,
        ) -> nn.Module:  # fmt: skip
    """The layers after learning from lines, from their first weights.

    Args:
        given: of each line, what the layers below make of it.
        texts: of each line, none of them empty.
        seed: of dropout and order.
    """
    torch.manual_seed(seed)
    net, training = copy.deepcopy(layers.net).train(), layers.training
    rng = np.random.default_rng([seed, 4])
    batches = [batch for _ in range(training.passes) for batch in _batches(given, training.batch, rng)]
    optimiser = torch.optim.AdamW(net.parameters(), lr=training.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, training.rate, total_steps=len(batches) + 1)
    for numbers in batches:
        logits = net(torch.from_numpy(np.stack([given[n] for n in numbers]).astype(np.float32)))
        loss = ctc_loss(logits, [texts[n] for n in numbers], alphabet)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        schedule.step()
    return net.eval()


def _batches(given: Sequence[NDArray[np.float16]], size: int, rng: Generator) -> list[list[int]]:
    """All lines once, in batches of equal length, in a random order."""
    groups: dict[int, list[int]] = {}
    for number in rng.permutation(len(given)):
        groups.setdefault(len(given[number]), []).append(int(number))
    batches = [group[at : at + size] for group in groups.values() for at in range(0, len(group), size)]
    return [batches[int(place)] for place in rng.permutation(len(batches))]
