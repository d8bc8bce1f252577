"""From CTC probabilities to texts: best few texts, and where each character of the best one lies.

The beam search follows Graves, "Sequence Transduction with Recurrent Neural Networks" (2012), in the prefix form of
Hannun et al., "First-Pass Large Vocabulary Continuous Speech Recognition" (2014).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.readers.handwriting.language import END, NEVER, Guide

LogProbs = NDArray[np.float32]
"""(frames, classes): natural logarithms; class 0 is the blank."""

CLASSES_PER_FRAME = 6
LEAST_LOG_PROB = math.log(5e-4)
SCORE_RANGE = 10.0
"""Prefixes this far below the best, in natural logarithms, are given up."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One character of a text: probability 0 to 1, and the middle of its frames, in frames."""

    probability: float
    middle: float


def log_softmax(logits: NDArray[np.float32], temperature: float) -> LogProbs:
    """Logarithms of the probabilities over the last axis, after dividing the logits by a temperature above 0."""
    scaled = logits / np.float32(temperature)
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    return np.asarray(scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True)), dtype=np.float32)


def _add(first: float, second: float) -> float:
    """Logarithm of the sum of two probabilities given as logarithms."""
    if first < second:
        first, second = second, first
    return first if second == NEVER else first + math.log1p(math.exp(second - first))


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One text that the beam search found.

    Args:
        classes: the text without blanks.
        score: logarithm of its CTC probability.
        total: ``score`` and the guide's share; what the search ranked it by.
    """

    classes: tuple[int, ...]
    score: float
    total: float


@dataclass(frozen=True, slots=True)
class Guidance:
    """A guide and how much it counts.

    Args:
        guide: scores texts from left to right.
        weight: factor on its logarithms.
        bonus: added for each character, since every step of a guide costs something and short texts would win.
    """

    guide: Guide
    weight: float = 1.0
    bonus: float = 0.0


def beam_search(log_probs: LogProbs, width: int = 12, guidance: Guidance | None = None) -> list[Hypothesis]:
    """The best class sequences by CTC probability and, where there is one, a guide.

    Prefixes are numbered nodes of a tree, so that growing one by a letter costs the same at any length.

    Args:
        log_probs: (frames, classes), class 0 the blank.
        width: prefixes kept after each frame.
        guidance: what is known besides the pixels ("shallow fusion").

    Returns:
        Best first. Without a guide at least one; a guide that forbids texts may leave none.
    """
    parents, letters, extras = [-1], [0], [0.0]
    states: list[Any] = [guidance.guide.start if guidance is not None else None]
    children: dict[tuple[int, int], int] = {}
    beams: dict[int, tuple[float, float]] = {0: (0.0, NEVER)}
    likely = np.argsort(-log_probs[:, 1:], axis=1)[:, :CLASSES_PER_FRAME] + 1
    for frame, classes in zip(log_probs.tolist(), likely.tolist(), strict=True):
        blank = frame[0]
        choices = [(number, frame[number]) for number in classes if frame[number] > LEAST_LOG_PROB]
        grown: dict[int, tuple[float, float]] = {}
        for node, (ends_blank, ends_letter) in beams.items():
            total = _add(ends_blank, ends_letter)
            before = grown.get(node, (NEVER, NEVER))
            last = letters[node]
            stays = ends_letter + frame[last] if last else NEVER
            grown[node] = (_add(before[0], total + blank), _add(before[1], stays))
            for choice, score in choices:
                # A letter is doubled only across a blank.
                source = ends_blank if last == choice else total
                if source == NEVER:
                    continue
                child = children.get((node, choice))
                if child is None:
                    child = children[node, choice] = len(parents)
                    parents.append(node)
                    letters.append(choice)
                    gain, state = 0.0, None
                    if guidance is not None:
                        gain, state = guidance.guide.step(states[node], choice)
                        gain = guidance.weight * gain + guidance.bonus
                    extras.append(extras[node] + gain)
                    states.append(state)
                if extras[child] == NEVER:
                    continue
                known = grown.get(child, (NEVER, NEVER))
                grown[child] = (known[0], _add(known[1], source + score))
        ranked = sorted(((_add(*scores) + extras[node], node) for node, scores in grown.items()), reverse=True)[:width]
        beams = {node: grown[node] for total, node in ranked if total > ranked[0][0] - SCORE_RANGE}
    found = []
    for node, scores in beams.items():
        score = _add(*scores)
        end = guidance.weight * guidance.guide.step(states[node], END)[0] if guidance is not None else 0.0
        if end == NEVER:
            continue
        classes_back = []
        at = node
        while at:
            classes_back.append(letters[at])
            at = parents[at]
        found.append(Hypothesis(tuple(reversed(classes_back)), score, score + extras[node] + end))
    return sorted(found, key=lambda item: -item.total)


def place(log_probs: LogProbs, classes: Sequence[int]) -> list[Placed]:
    """Where each class of a sequence most probably lies (Viterbi alignment).

    Args:
        log_probs: (frames, classes).
        classes: the sequence, without blanks; it must fit into the frames.

    Returns:
        One place for each class.
    """
    if not classes:
        return []
    states = np.zeros(2 * len(classes) + 1, dtype=np.intp)
    states[1::2] = classes
    emitted = log_probs[:, states]
    may_skip = np.zeros(len(states), dtype=bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), NEVER, dtype=np.float64)
    score[:2] = emitted[0, :2]
    steps = np.zeros(emitted.shape, dtype=np.int8)
    for frame in range(1, len(emitted)):
        options = np.full((3, len(states)), NEVER)
        options[0] = score
        options[1, 1:] = score[:-1]
        options[2, 2:] = np.where(may_skip[2:], score[:-2], NEVER)
        steps[frame] = options.argmax(axis=0)
        score = options.max(axis=0) + emitted[frame]
    state = len(states) - 1 if score[-1] >= score[-2] else len(states) - 2
    frames: list[list[int]] = [[] for _ in classes]
    for frame in range(len(emitted) - 1, -1, -1):
        if state % 2:
            frames[state // 2].append(frame)
        state -= int(steps[frame, state])
    placed = []
    for class_number, found in zip(classes, frames, strict=True):
        probability = float(np.exp(max(log_probs[frame, class_number] for frame in found))) if found else 0.0
        placed.append(Placed(probability, sum(found) / len(found) if found else 0.0))
    return placed
