"""A small logistic model on standardised features and their squares, kept as JSON beside its reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LogisticModel:
    """A logistic model.

    Args:
        mean, scale: of each feature, ``(n,)``.
        weights: intercept, weights of the features, weights of their squares, ``(2 n + 1,)``.
    """

    mean: Features
    scale: Features
    weights: Features

    def probability(self, features: Features) -> Features:
        """Probability of the model's class for rows of features, ``(m, n)`` to ``(m,)``."""
        score = self.design(features) @ self.weights
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0))))

    def design(self, features: Features) -> Features:
        """The model's inputs for rows of features."""
        # Nothing seen in fitting lies further out; a strange crop must not be decided by one odd feature.
        standard = np.clip((features - self.mean) / self.scale, -4.0, 4.0)
        return np.column_stack([np.ones(len(standard)), standard, standard**2])


@cache
def load_models(file: str) -> Mapping[str, LogisticModel]:
    """The models of a JSON file in this folder, by name."""
    data = json.loads(resources.files("extractor.readers").joinpath(file).read_text(encoding="utf-8"))
    return {
        name: LogisticModel(*(np.array(part[key], np.float64) for key in ("mean", "scale", "weights")))
        for name, part in data["models"].items()
    }
