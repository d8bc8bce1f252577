"""Watching whether what a certificate promised still holds: fields that look otherwise, and fields that proved wrong.

A certificate speaks of fields like those that proved it. Two things suspend a group of fields until a new certificate
is made:

- **drift**: the fields of a book look less sure than the proof's, by more than chance explains. The distance is the
  population stability index (Siddiqi, "Credit Risk Scorecards", 2006) of the calibrator's scores; how large it grows by
  chance is known (Yurdakul and Naranjo, "Statistical properties of the population stability index", 2020).
- **blind re-keying**: of the accepted fields that people keyed without seeing the proposal, so many were wrong that the
  promised error is refuted with the certificate's certainty (exact binomial bound).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from extractor.confidence.calibrator import logistic
from extractor.confidence.certificate import Certificate, ScoreReference
from extractor.confidence.evidence import FieldEvidence, group_of

BINS = 5
LEAST_DRIFT = 0.25
"""Stability index from which two populations count as different, by the usual rule of thumb."""

_CHANCE = 0.999
_FEWEST_FIELDS = 30
"""Fields of a group in a book below which no drift can be told."""


class Cause(StrEnum):
    """Why a group is suspended."""

    DRIFT = "drift"
    REKEYED = "rekeyed"


@dataclass(frozen=True, slots=True)
class Suspension:
    """A group of fields whose certificate does not count for now.

    Args:
        group: see :func:`extractor.confidence.evidence.group_of`.
        cause: why.
        fields: fields it was seen on.
        figure: the stability index for drift; for re-keying the lower bound of the error, 0 to 1.
        limit: what the figure must not exceed.
        wrong: fields that were wrong, for re-keying.
    """

    group: str
    cause: Cause
    fields: int
    figure: float
    limit: float
    wrong: int = 0


def make_reference(scores: NDArray[np.float64]) -> ScoreReference:
    """How the scores ``(n,)`` of a group are spread over at most :data:`BINS` bins."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = _counts(scores, edges)
    return ScoreReference(
        edges=tuple(float(edge) for edge in edges),
        shares=tuple(float(count) / len(scores) for count in counts),
        mean=float(scores.mean()),
        fields=len(scores),
    )


def drifted(certificate: Certificate, evidence: Iterable[FieldEvidence]) -> dict[str, Suspension]:
    """Groups of a book whose fields look less sure than those that proved the certificate.

    Args:
        evidence: of all fields of the book. Fields that look surer than the proof's suspend nothing: their scores may
            rightly be accepted more often, and what is accepted is still of the kind that was proved.
    """
    members: dict[str, list[FieldEvidence]] = defaultdict(list)
    for item in evidence:
        members[group_of(item)].append(item)
    found = {}
    for name, items in members.items():
        group = certificate.groups.get(name)
        if group is None or group.reference is None or group.threshold > 1 or len(items) < _FEWEST_FIELDS:
            continue
        scores = logistic(np.asarray(group.weights), np.stack([item.vector() for item in items]))
        index = stability_index(group.reference, scores)
        limit = max(LEAST_DRIFT, _by_chance(group.reference, len(scores)))
        if index > limit and float(scores.mean()) < group.reference.mean:
            found[name] = Suspension(name, Cause.DRIFT, len(scores), index, limit)
    return found


def stability_index(reference: ScoreReference, scores: NDArray[np.float64]) -> float:
    """Population stability index of scores ``(n,)`` against the reference; 0 where both are spread alike."""
    # Half a field in each bin keeps an empty one from making the distance infinite.
    seen = (_counts(scores, np.asarray(reference.edges)) + 0.5) / (len(scores) + 0.5 * len(reference.shares))
    expected = (np.asarray(reference.shares) * reference.fields + 0.5) / (
        reference.fields + 0.5 * len(reference.shares)
    )
    return float(np.sum((seen - expected) * np.log(seen / expected)))


def refuted(certificate: Certificate, rekeyed: Mapping[str, tuple[int, int]]) -> dict[str, Suspension]:
    """Groups whose promised error is refuted by accepted fields that people keyed blindly.

    Args:
        rekeyed: how many such fields there are, and how many of them were wrong, by group.
    """
    found = {}
    for name, (fields, wrong) in rekeyed.items():
        least = lower_bound(wrong, fields, certificate.certainty)
        if name in certificate.groups and least > certificate.target_error:
            found[name] = Suspension(name, Cause.REKEYED, fields, least, certificate.target_error, wrong)
    return found


def lower_bound(wrong: int, fields: int, certainty: float) -> float:
    """One-sided Clopper-Pearson lower bound of a share, 0 to 1."""
    if wrong <= 0:
        return 0.0
    from scipy.special import betaincinv  # slow to import, and only needed where something was wrong

    return float(betaincinv(wrong, fields - wrong + 1, 1 - certainty))


def _by_chance(reference: ScoreReference, fields: int) -> float:
    """What the stability index of so many fields of the same kind hardly ever exceeds."""
    from scipy.special import gammaincinv  # slow to import, scipy.stats five times slower

    free = max(1, len(reference.shares) - 1)
    quantile = 2 * float(gammaincinv(free / 2, _CHANCE))  # of chi squared
    return quantile * (1 / fields + 1 / reference.fields)


def _counts(scores: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.bincount(np.searchsorted(edges, scores, side="right"), minlength=len(edges) + 1)
