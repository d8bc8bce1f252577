"""Fit and save the small logistic models of the readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor.readers.logistic import LogisticModel

_STEPS = 50


def fit_logistic(features: NDArray[np.float64], positive: NDArray[np.bool_], *, ridge: float = 5.0) -> LogisticModel:
    """Fit a logistic model by Newton's method; both classes weigh the same.

    Args:
        features: ``(m, n)``.
        positive: whether each row is of the class the model gives the probability of, ``(m,)``.
        ridge: strength of the quadratic penalty on all weights but the intercept.
    """
    scale = np.maximum(features.std(axis=0), 1e-3)
    model = LogisticModel(features.mean(axis=0), scale, np.zeros(2 * features.shape[1] + 1))
    design = model.design(features)
    share = float(np.clip(positive.mean(), 1e-9, 1 - 1e-9))
    importance = np.where(positive, 0.5 / share, 0.5 / (1 - share))
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    weights = model.weights
    for _ in range(_STEPS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (importance * (probability - positive)) + penalty * weights
        curvature = (design.T * (importance * probability * (1 - probability))) @ design + np.diag(penalty + 1e-6)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return LogisticModel(model.mean, model.scale, weights)


def save_models(
    path: Path, models: Mapping[str, tuple[Sequence[str], LogisticModel]], report: Mapping[str, object]
) -> None:
    """Write models with the names of their features as JSON, with the figures measured for them."""
    parts = {
        name: {
            "features": list(features),
            **{part: np.round(getattr(model, part), 5).tolist() for part in ("mean", "scale", "weights")},
        }
        for name, (features, model) in models.items()
    }
    path.write_text(json.dumps({"models": parts, "report": report}, indent=1) + "\n", encoding="utf-8")
