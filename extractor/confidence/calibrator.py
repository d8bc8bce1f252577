"""From a feature vector to a probability: logistic regression, then isotonic regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MOST = 0.9999
_LEAST = 0.0005


def fit_logistic(
    features: NDArray[np.float64],
    correct: NDArray[np.bool_],
    *,
    penalty: float = 1.0,
    centre: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Weights ``(n_features + 1,)`` of a ridge-penalised logistic regression, the intercept first.

    Args:
        features: ``(n, n_features)``.
        correct: ``(n,)``.
        penalty: of the squared distance of the weights from the centre.
        centre: weights to stay near to where these fields say little, intercept first; without, all are held near 0
            but the intercept, which is free.
    """
    from scipy.optimize import minimize  # slow to import, and only needed where calibrators are made

    design = np.hstack([np.ones((len(features), 1)), features])
    target = correct.astype(np.float64)
    held = np.full(design.shape[1], penalty)
    if centre is None:
        held[0] = 0.0
    middle = np.zeros(design.shape[1]) if centre is None else centre

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score, away = design @ weights, weights - middle
        value = float(np.sum(np.logaddexp(0.0, score) - target * score)) + float(held @ (away * away)) / 2
        return value, design.T @ (_sigmoid(score) - target) + held * away

    solution = minimize(loss, middle.copy(), jac=True, method="L-BFGS-B")
    return np.asarray(solution.x, dtype=np.float64)


def logistic(weights: NDArray[np.float64], features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities ``(n,)`` for features ``(n, n_features)``."""
    return _sigmoid(weights[0] + features @ weights[1:])


def fit_isotonic(
    scores: NDArray[np.float64], correct: NDArray[np.bool_], weights: NDArray[np.float64] | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots (scores, probabilities) of a non-decreasing map, to be read by linear interpolation.

    Centred isotonic regression (Oron and Flournoy, Statistics in Biopharmaceutical Research 9, 2017): one knot at the
    mean score of each block, so that the map rises between them and two different scores seldom share a probability.
    Every block is shrunk by one pseudo-count towards a half, so that one without a single error is not called certain.

    Args:
        scores: ``(n,)``.
        correct: ``(n,)``.
        weights: ``(n,)``, how many fields each counts for; 1 without.
    """
    from scipy.optimize import isotonic_regression

    # Equal scores are one: which of them came first must not matter.
    x, places = np.unique(scores, return_inverse=True)
    counts = np.ones(len(scores)) if weights is None else weights
    w = np.bincount(places, weights=counts)
    y = np.bincount(places, weights=counts * correct) / w
    fitted = isotonic_regression(y, weights=w)
    knots_x: list[float] = []
    knots_y: list[float] = []
    for start, stop in zip(fitted.blocks[:-1], fitted.blocks[1:], strict=True):
        inside = slice(int(start), int(stop))
        count = float(w[inside].sum())
        knots_x.append(float(x[inside] @ w[inside] / count))
        knots_y.append(float(np.clip((float(y[inside] @ w[inside]) + 0.5) / (count + 1.0), _LEAST, _MOST)))
    return tuple(knots_x), tuple(np.maximum.accumulate(knots_y).tolist())


def _sigmoid(score: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(score / 2)), dtype=np.float64)
