"""Thresholds that are proved on labelled fields, not chosen by eye.

The thresholds to try form a fixed sequence from strict to lax. Each is tested in turn against "the error among accepted
fields is above the target" with an exact binomial (Clopper-Pearson) bound; the last one before the first failure is
certified. Testing in a fixed order keeps the chance of certifying any wrong threshold at 1 - certainty, however many
are tried (Angelopoulos et al., "Learn then Test", 2021). Where the sequence begins may be learnt from other fields
("split fixed sequence testing" there): a strict threshold that few fields reach fails by one error, and would end it.

Errors of one book come together, for one hand wrote it. The design effect says how much that inflates the variance of
an error rate (Kish, Survey Sampling, 1965: 1 + (m - 1) r for books of m fields whose errors correlate by r); a bound
divides its counts by it (Korn and Graubard, Survey Methodology 24, 1998). The correlation is learnt from the fields
that fit, of all kinds together and of the kind itself. A kind that is nearly always right has too few errors to show
its own, and is not taken for less than a floor. What it cannot know: a sort of book so rare that none stood among
those that fit, and that such a kind's errors come together far more than those of the others.
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
"""Wrong fields from which a correlation is estimated at least."""
LEAST_CORRELATION = 0.01
"""What errors of one book correlate at the least, however scattered a few of them look."""
UNKNOWN_CORRELATION = 0.05
"""What is assumed at the least where there are too few errors to see; rendered books show 0.02 to 0.11."""


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
    from scipy.special import betaincinv  # slow to import, and only needed where thresholds are proved

    return float(betaincinv(wrong + 1, accepted - wrong, certainty))


def least_accepted(target_error: float, certainty: float = 0.95) -> int:
    """Fields that prove a target error if none of them is wrong."""
    return int(np.ceil(np.log(1 - certainty) / np.log(1 - target_error)))


def book_correlation(kinds: Sequence[tuple[NDArray[np.bool_], NDArray[np.int_]]]) -> float:
    """How much two fields of one kind in one book are wrong together, as a correlation, 0 to 1.

    Variance of the books' errors beyond what independent fields would show (Korn and Graubard's linearised variance),
    for all pairs of fields of one kind in one book together.

    Args:
        kinds: for each kind whether its fields are right, ``(n,)``, and the numbers of their books, ``(n,)``.

    Returns:
        At least :data:`LEAST_CORRELATION`; :data:`UNKNOWN_CORRELATION` where there are too few errors or books to tell.
    """
    beyond = pairs = 0.0
    errors = 0
    for correct, books in kinds:
        _, numbers = np.unique(books, return_inverse=True)
        fields = np.bincount(numbers).astype(np.float64)
        wrong = np.bincount(numbers, weights=(~correct).astype(np.float64), minlength=len(fields))
        error = float(wrong.sum() / max(1.0, fields.sum()))
        if len(fields) < 2 or not 0.0 < error < 1.0:
            continue
        errors += int(wrong.sum())
        spread = len(fields) / (len(fields) - 1) * float(((wrong - error * fields) ** 2).sum())
        beyond += spread - float(fields.sum()) * error * (1 - error)
        pairs += float((fields * (fields - 1)).sum()) * error * (1 - error)
    if errors < _ENOUGH_ERRORS or not pairs:
        return UNKNOWN_CORRELATION
    return float(np.clip(beyond / pairs, LEAST_CORRELATION, 1.0))


def design_effect(books: NDArray[np.int_], correlation: float) -> float:
    """How many times the variance of the error is what it would be if fields were independent; at least 1.

    Args:
        books: ``(n,)``, number of the book each field stands in.
        correlation: see :func:`book_correlation`.
    """
    fields = np.unique(books, return_counts=True)[1].astype(np.float64)
    return 1.0 + (float(fields @ fields / fields.sum()) - 1.0) * correlation if len(fields) else 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled about the test before the proving fields are looked at.

    Args:
        begin: threshold at which the sequence begins.
        correlation: of errors within a book; 0 takes all fields for independent.
    """

    begin: float = 1.0
    correlation: float = 0.0


def plan_test(
    confidences: NDArray[np.float64], correct: NDArray[np.bool_], books: NDArray[np.int_], *, times: float,
    certainty: float = 0.95, shared: float = 0.0, grid: Sequence[float] = GRID,
) -> Plan:  # fmt: skip
    """Where the sequence had best begin, and how errors correlate, by fields that take no part in the test.

    Args:
        confidences: ``(n,)``, 0 to 1, of fields the calibrator was not fitted on.
        correct: ``(n,)``, whether each value was exactly right.
        books: ``(n,)``, number of the book each stands in.
        times: how many proving fields there are for each of these.
        shared: correlation of all kinds together; these fields' own counts where it is higher, and
            :data:`UNKNOWN_CORRELATION` where they have too few errors to show their own and it is.
    """
    taken = confidences >= grid[-1]
    own = book_correlation([(correct[taken], books[taken])])
    told = int((~correct[taken]).sum()) >= _ENOUGH_ERRORS
    correlation = max(shared, own if told else UNKNOWN_CORRELATION)
    bounds = []
    for threshold in grid:
        taken = confidences >= threshold
        scale = times / design_effect(books[taken], correlation)
        bounds.append(upper_bound(int((~correct[taken]).sum()) * scale, int(taken.sum()) * scale, certainty))
    best = min(range(len(bounds)), key=bounds.__getitem__)
    return Plan(grid[best] if bounds[best] < 1.0 else grid[0], correlation)


def certify_threshold(
    confidences: NDArray[np.float64],
    correct: NDArray[np.bool_],
    books: NDArray[np.int_] | None = None,
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
        books: ``(n,)``, number of the book each stands in; without, each counts as a book of its own.
        plan: what other fields taught about the test.
    """
    plan = plan or Plan()
    numbers = np.arange(len(correct)) if books is None else books
    best = NOTHING_CERTIFIED
    for threshold in grid:
        taken = confidences >= threshold
        accepted = int(taken.sum())
        effect = design_effect(numbers[taken], plan.correlation)  # books are known before any error is
        if accepted < effect * least_accepted(target_error, certainty) or threshold > plan.begin:
            continue
        wrong = int((~correct[taken]).sum())
        bound = upper_bound(wrong / effect, accepted / effect, certainty)
        if bound > target_error:
            break
        best = CertifiedThreshold(threshold, accepted, wrong, bound)
    return best
