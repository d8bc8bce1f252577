"""Fitting what stands beside the weights: how much the language model counts, and what the confidences mean.

Temperature scaling follows Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017); the line's log-odds are
then scaled as by Platt, "Probabilistic Outputs for Support Vector Machines" (1999). All of it is fitted on lines that
took no part in training.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from scipy.optimize import minimize
from scipy.special import expit

from extractor.readers.handwriting.decoding import Guidance
from extractor.readers.handwriting.language import Guide
from extractor.readers.handwriting.line_decoder import Calibration, LineDecoder, log_odds
from extractor.readers.handwriting.runtime import Run
from extractor.training.features import batches_by_width
from extractor.training.metrics import line_errors, right_reading
from extractor.training.samples import Sample

TEMPERATURES = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4)
WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
BONUSES = (0.0, 0.15, 0.3, 0.5)


@dataclass(frozen=True, slots=True)
class Judged:
    """Logits of one line, and what is written there."""

    logits: NDArray[np.float32]
    text: str
    source: str


def logits_of(run: Run, samples: Iterable[Sample]) -> list[Judged]:
    """Logits of all samples."""
    judged = []
    for group in batches_by_width(samples, 16):
        rows = run(np.stack([sample.prepared for sample in group])[:, None])
        judged += [Judged(row, sample.text, sample.source) for row, sample in zip(rows, group, strict=True)]
    return judged


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Mean gap between confidence and share right over bins that hold equally many lines, 0 to 1."""
    sure, share = np.asarray(confidences), np.asarray(right, dtype=float)
    order = np.argsort(sure)
    total = 0.0
    for chosen in np.array_split(order, bins):
        if len(chosen):
            gap = float(np.mean(sure[chosen]) - np.mean(share[chosen]))
            total += abs(gap) * len(chosen)
    return total / max(1, len(order))


def calibration_error_by_chance(confidences: Sequence[float], bins: int = 10, draws: int = 200) -> float:
    """Mean calibration error of so many lines if every confidence were the true probability, 0 to 1."""
    rng = np.random.default_rng(0)
    sure = np.asarray(confidences)
    return float(
        np.mean([
            expected_calibration_error(confidences, (rng.random(len(sure)) < sure).tolist(), bins)
            for _ in range(draws)
        ])
    )  # fmt: skip


def tune_guidance(judged: Sequence[Judged], alphabet: str, guide: Guide) -> Guidance:
    """The weight and bonus that give the fewest character errors, every source of lines counting the same."""

    def errors(guidance: Guidance) -> float:
        decoder = LineDecoder(alphabet, guidance=guidance)
        found: dict[str, list[tuple[str, str]]] = {}
        for item in judged:
            found.setdefault(item.source, []).append((decoder.texts(item.logits)[0].text, item.text))
        return float(
            np.mean([line_errors([r for r, _ in p], [t for _, t in p], insensitive=s == "kalapa").cer
                     for s, p in found.items()])
        )  # fmt: skip

    # The two depend on each other little enough to be chosen one after the other.
    weight = min(WEIGHTS, key=lambda value: errors(Guidance(guide, value, value)))
    bonus = min(BONUSES, key=lambda value: errors(Guidance(guide, weight, value)))
    return Guidance(guide, weight, bonus)


def _right_characters(text: str, truth: str) -> list[bool]:
    """For each character of a text, whether it stands in the truth where the shortest edits leave it alone."""
    right = [False] * len(text)
    for block in Levenshtein.opcodes(text, truth):
        if block.tag == "equal":
            right[block.src_start : block.src_end] = [True] * (block.src_end - block.src_start)
    return right


def _loss(predicted: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Mean negative log-likelihood."""
    clipped = np.clip(predicted, 1e-9, 1 - 1e-9)
    return -float(np.mean(right * np.log(clipped) + (1 - right) * np.log(1 - clipped)))


def fit_calibration(judged: Sequence[Judged], decoder: LineDecoder) -> Calibration:
    """The temperature and the line's intercept and slopes that make right readings most probable."""
    best = [decoder.texts(item.logits)[0] for item in judged]
    right = np.array(
        [
            right_reading(read.text, item.text, insensitive=item.source == "kalapa")
            for read, item in zip(best, judged, strict=True)
        ],
        dtype=float,
    )
    design = np.array([[1.0, log_odds(read.probability), log_odds(read.share)] for read in best])
    intercept, probability_slope, share_slope = (float(value) for value in _fit_logistic(design, right))
    losses = {}
    for temperature in TEMPERATURES:
        warm = replace(decoder, calibration=Calibration(temperature))
        given: list[float] = []
        characters: list[bool] = []
        for read, item in zip(best, judged, strict=True):
            given += [placed.probability for placed in warm.characters(item.logits, read.classes)]
            characters += _right_characters(read.text, item.text)
        losses[temperature] = _loss(np.array(given), np.array(characters, dtype=float)) if given else 0.0
    temperature = min(losses, key=lambda value: losses[value])
    return Calibration(temperature, intercept, probability_slope, share_slope)


def _fit_logistic(design: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression, drawn lightly towards "as the recogniser says"."""
    prior = np.array([0.0, 1.0, 0.0])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = design @ weights
        away = weights - prior
        value = np.logaddexp(0.0, odds).sum() - right @ odds + 0.05 * away @ away
        return float(value), design.T @ (expit(odds) - right) + 0.1 * away

    # A surer recogniser must never make the confidence smaller.
    bounds = [(None, None), (0.0, None), (0.0, None)]
    return np.asarray(minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds).x, dtype=np.float64)


def confidences(judged: Sequence[Judged], decoder: LineDecoder) -> list[tuple[str, float]]:
    """Text and calibrated confidence of each line."""
    read = [decoder.texts(item.logits)[0] for item in judged]
    return [(item.text, decoder.calibration.line(item)) for item in read]
