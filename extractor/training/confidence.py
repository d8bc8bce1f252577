"""Fitting the confidence of a line: what the model believes against how often it is right.

Temperature scaling follows Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017); the line's log-odds are
then scaled as by Platt, "Probabilistic Outputs for Support Vector Machines" (1999).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.readers.handwriting.decoding import beam_search, calibrate, log_softmax
from extractor.readers.handwriting.runtime import Run
from extractor.training.features import batches_by_width
from extractor.training.samples import Sample

TEMPERATURES = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4)


@dataclass(frozen=True, slots=True)
class Judged:
    """Logits of one line, and what is written there."""

    logits: NDArray[np.float32]
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class ConfidenceFit:
    """Divisor of the logits, and intercept and slope on the log-odds of the best text."""

    temperature: float
    line: tuple[float, float]


def logits_of(run: Run, samples: Iterable[Sample]) -> list[Judged]:
    """Logits of all samples."""
    judged = []
    for group in batches_by_width(samples, 16):
        rows = run(np.stack([sample.prepared for sample in group])[:, None])
        judged += [Judged(row, sample.text, sample.source) for row, sample in zip(rows, group, strict=True)]
    return judged


def best_text(logits: NDArray[np.float32], alphabet: str, temperature: float) -> tuple[str, float]:
    """Best text without outer spaces and its uncalibrated probability, summed over what differs by such spaces only."""
    found: dict[str, float] = {}
    for classes, score in beam_search(log_softmax(logits, temperature), 10):
        text = "".join(alphabet[number - 1] for number in classes).strip(" ")
        found[text] = found.get(text, 0.0) + math.exp(score)
    text = max(found, key=lambda key: found[key])
    return text, found[text]


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Mean gap between confidence and share right over bins that hold equally many lines, 0 to 1."""
    order = np.argsort(confidences)
    total = 0.0
    for chosen in np.array_split(order, bins):
        if len(chosen):
            gap = float(np.mean(np.asarray(confidences)[chosen]) - np.mean(np.asarray(right, dtype=float)[chosen]))
            total += abs(gap) * len(chosen)
    return total / max(1, len(order))


def _fit_line(log_odds: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[tuple[float, float], float]:
    """Logistic regression by Newton's method with a light ridge; also its mean negative log-likelihood."""
    design = np.stack([np.ones_like(log_odds), log_odds], axis=1)
    weights = np.array([0.0, 1.0])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (right - predicted) - 1e-3 * (weights - [0.0, 1.0])
        curve = (design * (predicted * (1 - predicted))[:, None]).T @ design + 1e-3 * np.eye(2)
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-8:
            break
    predicted = np.clip(1 / (1 + np.exp(-np.clip(design @ weights, -30, 30))), 1e-9, 1 - 1e-9)
    loss = -float(np.mean(right * np.log(predicted) + (1 - right) * np.log(1 - predicted)))
    return (float(weights[0]), float(weights[1])), loss


def fit_confidence(judged: Sequence[Judged], alphabet: str) -> ConfidenceFit:
    """The temperature and line that make right readings most probable, on lines kept out of training."""
    best: tuple[float, ConfidenceFit] | None = None
    for temperature in TEMPERATURES:
        read = [best_text(item.logits, alphabet, temperature) for item in judged]
        right = np.array([text == item.text for (text, _), item in zip(read, judged, strict=True)], dtype=float)
        clipped = np.clip([probability for _, probability in read], 1e-6, 1 - 1e-6)
        line, loss = _fit_line(np.log(clipped / (1 - clipped)), right)
        if best is None or loss < best[0]:
            best = (loss, ConfidenceFit(temperature, line))
    assert best is not None
    return best[1]


def confidences(judged: Sequence[Judged], alphabet: str, fit: ConfidenceFit) -> list[tuple[str, float]]:
    """Text and calibrated confidence of each line."""
    read = [best_text(item.logits, alphabet, fit.temperature) for item in judged]
    return [(text, calibrate(probability, fit.line)) for text, probability in read]
