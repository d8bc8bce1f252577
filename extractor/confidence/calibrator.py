"""From a feature vector to a probability: logistic regression, then isotonic regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MOST = 0.9999
_LEAST = 0.0005


def fit_logistic(
    features: NDArray[np.float64], correct: NDArray[np.bool_], *, penalty: float = 1.0
) -> NDArray[np.float64]:
    """Weights ``(n_features + 1,)`` of a ridge-penalised logistic regression, the intercept first and not penalised."""
    from scipy.optimize import minimize  # slow to import, and only needed where calibrators are made

    design = np.hstack([np.ones((len(features), 1)), features])
    target = correct.astype(np.float64)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = design @ weights
        value = float(np.sum(np.logaddexp(0.0, score) - target * score)) + penalty / 2 * float(
            weights[1:] @ weights[1:]
        )
        gradient = design.T @ (_sigmoid(score) - target)
        gradient[1:] += penalty * weights[1:]
        return value, gradient

    solution = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(solution.x, dtype=np.float64)


def logistic(weights: NDArray[np.float64], features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities ``(n,)`` for features ``(n, n_features)``."""
    return _sigmoid(weights[0] + features @ weights[1:])


def fit_isotonic(
    scores: NDArray[np.float64], correct: NDArray[np.bool_]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots (scores, probabilities) of a non-decreasing map, to be read by linear interpolation.

    Centred isotonic regression (Oron and Flournoy, Statistics in Biopharmaceutical Research 9, 2017): one knot at the
    mean score of each block, so that the map rises between them and two different scores seldom share a probability.
    Every block is shrunk by one pseudo-count towards a half, so that one without a single error is not called certain.
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(scores, kind="stable")
    x, y = scores[order], correct[order].astype(np.float64)
    fitted = isotonic_regression(y)
    knots_x: list[float] = []
    knots_y: list[float] = []
    for start, stop in zip(fitted.blocks[:-1], fitted.blocks[1:], strict=True):
        count = int(stop - start)
        level = (float(y[start:stop].sum()) + 0.5) / (count + 1.0)
        knots_x.append(float(x[start:stop].mean()))
        knots_y.append(float(np.clip(level, _LEAST, _MOST)))
    return tuple(knots_x), tuple(np.maximum.accumulate(knots_y).tolist())


def _sigmoid(score: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(score / 2)), dtype=np.float64)
