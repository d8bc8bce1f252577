"""Make a certificate from labelled fields: a third of the books fits calibrators, the others prove the thresholds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.confidence.calibrator import fit_isotonic, fit_logistic, logistic
from extractor.confidence.certificate import Certificate, GroupCertificate
from extractor.confidence.certify import NOTHING_CERTIFIED, certify_threshold, plan_test
from extractor.confidence.evidence import FieldEvidence, group_of
from extractor.confidence.watch import make_reference
from extractor.errors import EvaluationError

_LEAST_TO_FIT = 40
_FOLDS = 5
_FITS = 3
"""Every so manyth book fits, the others prove: a bound of half a percent needs more fields than a calibrator."""


@dataclass(frozen=True, slots=True)
class LabelledField:
    """Evidence of one field with what a person or the renderer says about it.

    Args:
        book: the book it comes from; a book is never split between fitting and proving.
    """

    evidence: FieldEvidence
    correct: bool
    book: str


def fit_certificate(
    labelled: Sequence[LabelledField],
    *,
    source: str,
    forms: dict[str, str],
    readers: dict[str, str],
    target_error: float = 0.01,
    certainty: float = 0.95,
    made: str = "",
) -> Certificate:
    """Fit calibrators on every third book and prove thresholds on the rest.

    Args:
        source: in words, where the labelled fields come from.
        made: date it is made on, ``yyyy-mm-dd``.

    Raises:
        EvaluationError: there are fewer than two books, so nothing can be proved on other books than were fitted on.
    """
    books = sorted({item.book for item in labelled})
    if len(books) < 2:
        raise EvaluationError(
            "A certificate needs labelled fields of at least two books.",
            mend="Give more verified books, or books with their truth.",
        )
    fitting = set(books[::_FITS])
    groups: dict[str, GroupCertificate] = {}
    for name in sorted({group_of(item.evidence) for item in labelled}):
        members = [item for item in labelled if group_of(item.evidence) == name]
        fit_part = [item for item in members if item.book in fitting]
        proof_part = [item for item in members if item.book not in fitting]
        if len(fit_part) >= _LEAST_TO_FIT and proof_part:
            groups[name] = _fit_group(fit_part, proof_part, target_error, certainty)
    return Certificate(
        evidence=source, target_error=target_error, certainty=certainty, forms=forms, readers=readers, groups=groups,
        made=made, data=_digest(labelled),
    )  # fmt: skip


def _digest(labelled: Sequence[LabelledField]) -> str:
    """Hash of the labelled fields in their order: the same fields give the same certificate."""
    content = [[item.book, item.correct, item.evidence.to_dict()] for item in labelled]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _fit_group(
    fit_part: Sequence[LabelledField], proof_part: Sequence[LabelledField], target_error: float, certainty: float
) -> GroupCertificate:
    features, correct = _arrays(fit_part)
    numbers = _book_numbers(fit_part)
    weights = fit_logistic(features, correct)
    # The isotonic map sees scores from folds without the field's book, else it would learn the fit's optimism.
    held_out = np.empty(len(correct))
    folds = numbers % _FOLDS if numbers.max() >= _FOLDS else np.arange(len(correct)) % _FOLDS
    for fold in range(_FOLDS):
        inside = folds != fold
        held_out[~inside] = logistic(fit_logistic(features[inside], correct[inside]), features[~inside])
    knots = fit_isotonic(held_out, correct)
    proof_features, proof_correct = _arrays(proof_part)
    scores = logistic(weights, proof_features)
    confidences = np.interp(scores, *knots)
    proved = NOTHING_CERTIFIED
    if not proof_part[0].evidence.repeated:
        plan = plan_test(
            np.round(np.interp(held_out, *knots), 4), correct, numbers, times=len(proof_part) / len(fit_part),
            target_error=target_error, certainty=certainty,
        )  # fmt: skip
        proved = certify_threshold(
            np.round(confidences, 4), proof_correct, target_error=target_error, certainty=certainty, plan=plan
        )
    return GroupCertificate(
        weights=tuple(float(w) for w in weights),
        knots=knots,
        threshold=proved.threshold,
        accepted=proved.accepted,
        wrong=proved.wrong,
        bound=proved.bound,
        labelled=len(proof_part),
        reference=make_reference(scores),
    )


def _arrays(items: Sequence[LabelledField]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    features = np.stack([item.evidence.vector() for item in items])
    return features, np.array([item.correct for item in items], dtype=np.bool_)


def _book_numbers(items: Sequence[LabelledField]) -> NDArray[np.int_]:
    """The number of each field's book, in order of their names."""
    order = {book: number for number, book in enumerate(sorted({item.book for item in items}))}
    return np.array([order[item.book] for item in items], dtype=np.int_)
