"""What a sample tells: probability of acceptance, quality that is rarely accepted, exact confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
CONSUMER_RISK = 0.10
"""Probability of acceptance by which the limiting quality (LTPD) is named."""

PRODUCER_RISK = 0.05


@dataclass(frozen=True, slots=True)
class Interval:
    """A share and its confidence interval, all 0 to 1."""

    share: float
    low: float
    high: float


def acceptance_probability(sample_size: int, acceptance: int, share: float) -> float:
    """Probability, 0 to 1, that a lot with this share of nonconforming records is accepted (binomial)."""
    from scipy.stats import binom

    return float(binom.cdf(acceptance, sample_size, share))


def quality_at(sample_size: int, acceptance: int, probability: float) -> float:
    """Share of nonconforming records, 0 to 1, with which a lot is accepted with this probability (binomial)."""
    from scipy.stats import beta

    if acceptance >= sample_size:
        return 1.0
    return float(beta.ppf(1 - probability, acceptance + 1, sample_size - acceptance))


def operating_characteristic(sample_size: int, acceptance: int, shares: Sequence[float]) -> list[tuple[float, float]]:
    """Points of the OC curve: share of nonconforming records and probability of acceptance."""
    return [(share, acceptance_probability(sample_size, acceptance, share)) for share in shares]


def exact_interval(failures: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Clopper-Pearson interval of a share.

    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26 (1934). With no trials, nothing is known: 0 to 1.
    """
    from scipy.stats import beta

    if trials == 0:
        return Interval(0.0, 0.0, 1.0)
    outside = (1 - confidence) / 2
    low = 0.0 if failures == 0 else float(beta.ppf(outside, failures, trials - failures + 1))
    high = 1.0 if failures == trials else float(beta.ppf(1 - outside, failures + 1, trials - failures))
    return Interval(failures / trials, low, high)
