"""Thresholds that are proved on labelled fields, not chosen by eye.

The thresholds to try form a fixed sequence from strict to lax. Each is tested in turn against "the error among accepted
fields is above the target" with an exact binomial (Clopper-Pearson) bound; the last one before the first failure is
certified. Testing in a fixed order keeps the chance of certifying any wrong threshold at 1 - certainty, however many
are tried (Angelopoulos et al., "Learn then Test", 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID: tuple[float, ...] = (0.999, 0.998, 0.997, 0.995, 0.993, 0.99, 0.985, 0.98, 0.97, 0.96, 0.95, 0.93, 0.9, 0.85, 0.8)
"""Thresholds in the order they are tested."""


@dataclass(frozen=True, slots=True)
class CertifiedThreshold:
    """A threshold and what proves it.

    Args:
        threshold: least confidence accepted; above 1 where nothing could be certified.
        accepted: labelled fields at or above it.
        wrong: how many of those were wrong.
        bound: upper confidence bound of their error, 0 to 1.
    """

    threshold: float
    accepted: int
    wrong: int
    bound: float


NOTHING_CERTIFIED = CertifiedThreshold(threshold=2.0, accepted=0, wrong=0, bound=1.0)


def upper_bound(wrong: int, accepted: int, certainty: float = 0.95) -> float:
    """One-sided Clopper-Pearson upper bound of a share, 0 to 1."""
    if accepted <= 0 or wrong >= accepted:
        return 1.0
    from scipy.stats import beta  # slow to import, and only needed where thresholds are proved

    return float(beta.ppf(certainty, wrong + 1, accepted - wrong))


def certify_threshold(
    confidences: NDArray[np.float64],
    correct: NDArray[np.bool_],
    *,
    target_error: float,
    certainty: float = 0.95,
    grid: Sequence[float] = GRID,
) -> CertifiedThreshold:
    """The laxest threshold whose error is below the target with the wanted certainty.

    A strict threshold that too few fields reach proves nothing either way; such leading thresholds are skipped without
    using up the test, because their counts do not depend on which fields are right.

    Args:
        confidences: ``(n,)``, 0 to 1, of fields the calibrator was not fitted on.
        correct: ``(n,)``, whether each value was exactly right.
    """
    least = int(np.ceil(np.log(1 - certainty) / np.log(1 - target_error)))
    best = NOTHING_CERTIFIED
    for threshold in grid:
        taken = confidences >= threshold
        accepted = int(taken.sum())
        if accepted < least:
            continue
        wrong = int((~correct[taken]).sum())
        bound = upper_bound(wrong, accepted, certainty)
        if bound > target_error:
            break
        best = CertifiedThreshold(threshold, accepted, wrong, bound)
    return best
