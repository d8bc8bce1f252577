"""Thresholds that are proved on labelled fields, not chosen by eye.

The thresholds to try form a fixed sequence from strict to lax. Each is tested in turn against "the error among accepted
fields is above the target" with an exact binomial (Clopper-Pearson) bound; the last one before the first failure is
certified. Testing in a fixed order keeps the chance of certifying any wrong threshold at 1 - certainty, however many
are tried (Angelopoulos et al., "Learn then Test", 2021). Where the sequence begins may be learnt from other fields
("split fixed sequence testing" there): a strict threshold that few fields reach fails by one error, and would end it.

Errors of one book come together, for one hand wrote it. The design effect says how much that inflates the variance of
an error rate; a bound divides its counts by it (Korn and Graubard, Survey Methodology 24, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID: tuple[float, ...] = (
    0.9998, 0.9997, 0.9996, 0.9995, 0.9993, 0.999, 0.9985, 0.998, 0.9975, 0.997, 0.996, 0.995, 0.994, 0.993, 0.992,
    0.99, 0.988, 0.985, 0.98, 0.975, 0.97, 0.96, 0.95, 0.94, 0.92, 0.9, 0.87, 0.83, 0.8,
)  # fmt: skip
"""Thresholds in the order they are tested."""

_ENOUGH_ERRORS = 5
"""Wrong fields from which a design effect is estimated at least."""


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


def upper_bound(wrong: float, accepted: float, certainty: float = 0.95) -> float:
    """One-sided Clopper-Pearson upper bound of a share, 0 to 1; counts need not be whole."""
    if accepted <= 0 or wrong >= accepted:
        return 1.0
    from scipy.stats import beta  # slow to import, and only needed where thresholds are proved

    return float(beta.ppf(certainty, wrong + 1, accepted - wrong))


def least_accepted(target_error: float, certainty: float = 0.95) -> int:
    """Fields that prove a target error if none of them is wrong."""
    return int(np.ceil(np.log(1 - certainty) / np.log(1 - target_error)))


def design_effect(correct: NDArray[np.bool_], books: NDArray[np.int_]) -> float:
    """How many times the variance of the error is what it would be if fields were independent; at least 1.

    Linearised variance of a ratio over books (Korn and Graubard). 1 where there are too few errors or books to tell.

    Args:
        correct: ``(n,)``, whether each field is right.
        books: ``(n,)``, number of the book each field stands in.
    """
    _, numbers = np.unique(books, return_inverse=True)
    fields = np.bincount(numbers).astype(np.float64)
    wrong = np.bincount(numbers, weights=(~correct).astype(np.float64), minlength=len(fields))
    error = float(wrong.sum() / max(1.0, fields.sum()))
    if len(fields) < 2 or wrong.sum() < _ENOUGH_ERRORS or error >= 1.0:
        return 1.0
    spread = len(fields) / (len(fields) - 1) * float(((wrong - error * fields) ** 2).sum())
    return max(1.0, spread / (len(correct) * error * (1 - error)))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled about the test before the proving fields are looked at.

    Args:
        begin: threshold at which the sequence begins.
        effect: design effect by which counts are divided.
    """

    begin: float = 1.0
    effect: float = 1.0


def plan_test(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_], books: NDArray[np.int_], *, times: float,
    target_error: float, certainty: float = 0.95, grid: Sequence[float] = GRID,
) -> Plan:  # fmt: skip
    """Where the sequence had best begin, and the design effect, by fields that take no part in the test.

    Args:
        confidences: ``(n,)``, 0 to 1, of fields the calibrator was not fitted on.
        correct: ``(n,)``, whether each value was exactly right.
        books: ``(n,)``, number of the book each stands in.
        times: how many proving fields there are for each of these.
    """
    effects = [1.0]
    bounds = []
    for threshold in grid:
        taken = confidences >= threshold
        wrong = int((~correct[taken]).sum())
        if wrong >= _ENOUGH_ERRORS and len(effects) == 1:
            effects.append(design_effect(correct[taken], books[taken]))
    effect = effects[-1]
    for threshold in grid:
        taken = confidences >= threshold
        scale = times / effect
        bounds.append(upper_bound(int((~correct[taken]).sum()) * scale, int(taken.sum()) * scale, certainty))
    best = min(range(len(bounds)), key=bounds.__getitem__)
    return Plan(grid[best] if bounds[best] < 1.0 else grid[0], effect)


def certify_threshold(
    confidences: NDArray[np.float64],
    correct: NDArray[np.bool_],
    *,
    target_error: float,
    certainty: float = 0.95,
    grid: Sequence[float] = GRID,
    plan: Plan | None = None,
) -> CertifiedThreshold:
    """The laxest threshold whose error is below the target with the wanted certainty.

    A strict threshold that too few fields reach proves nothing either way; such leading thresholds are skipped without
    using up the test, because their counts do not depend on which fields are right.

    Args:
        confidences: ``(n,)``, 0 to 1, of fields the calibrator was not fitted on.
        correct: ``(n,)``, whether each value was exactly right.
        plan: what other fields taught about the test.
    """
    plan = plan or Plan()
    least = plan.effect * least_accepted(target_error, certainty)
    best = NOTHING_CERTIFIED
    for threshold in grid:
        taken = confidences >= threshold
        accepted = int(taken.sum())
        if accepted < least or threshold > plan.begin:
            continue
        wrong = int((~correct[taken]).sum())
        bound = upper_bound(wrong / plan.effect, accepted / plan.effect, certainty)
        if bound > target_error:
            break
        best = CertifiedThreshold(threshold, accepted, wrong, bound)
    return best
