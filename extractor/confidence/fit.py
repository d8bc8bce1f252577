"""Make a certificate from labelled fields: some of the books fit calibrators, the others prove the thresholds."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.confidence.calibrator import fit_isotonic, fit_logistic, logistic
from extractor.confidence.certificate import Certificate, GroupCertificate
from extractor.confidence.certify import (
    GRID,
    NOTHING_CERTIFIED,
    CertifiedThreshold,
    Plan,
    book_correlation,
    certify_threshold,
    least_accepted,
    plan_test,
    upper_bound,
)
from extractor.confidence.evidence import FieldEvidence, group_of
from extractor.confidence.watch import make_reference
from extractor.errors import EvaluationError

_LEAST_TO_FIT = 40
_FOLDS = 5
_SHARED = 50.0
"""Fields of the group that those of all groups together count for in its map from scores to probabilities."""
_TIMES_LEAST = 2
"""How many times the least number of fields a kind needs to be proved alone: with just the least, one error ends it."""
_NEARLY_ALWAYS = 0.98
"""Share of right fields from which rare kinds are proved together."""
_OWN_TIMES = 3
"""How many times the target a kind proved with others may err by its own fields' upper bound."""
_RECURS = "repeated"
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
    fitting: Collection[str] | None = None,
) -> Certificate:
    """Fit calibrators on some books and prove thresholds on the rest.

    Args:
        source: in words, where the labelled fields come from.
        made: date it is made on, ``yyyy-mm-dd``.
        fitting: the books that fit; without, every third does.

    Raises:
        EvaluationError: no book is left to fit on or to prove on, so nothing can be proved on other books than were
            fitted on; a book that is to fit has no labelled fields; target or certainty are no such shares; or some
            evidence is no number.
    """
    if not (0.0 < target_error < 1.0 and 0.0 < certainty < 1.0):
        raise EvaluationError("Target error and certainty are shares above 0 and below 1.", mend="Give such shares.")
    books = sorted({item.book for item in labelled})
    unknown = sorted(set(fitting or ()).difference(books))
    if isinstance(fitting, str) or unknown:
        raise EvaluationError(
            f"There are no labelled fields of these books that are to fit: {', '.join(unknown)}.",
            mend="Name books as the labelled fields do.",
        )
    fits_on = books[::_FITS] if fitting is None else [book for book in books if book in fitting]
    if not 0 < len(fits_on) < len(books):
        raise EvaluationError(
            "A certificate needs labelled fields of at least two books, one that fits and one that proves.",
            mend="Give more verified books, or books with their truth.",
        )
    order = {book: number for number, book in enumerate(fits_on)}
    proving = {book: number for number, book in enumerate(book for book in books if book not in order)}
    parts: dict[str, _Parts] = {}
    members_of: dict[str, list[LabelledField]] = defaultdict(list)
    for item in labelled:
        members_of[group_of(item.evidence)].append(item)
    for name, members in sorted(members_of.items()):
        fits = [item for item in members if item.book in order]
        proves = [item for item in members if item.book not in order]
        if len(fits) >= _LEAST_TO_FIT and proves:
            parts[name] = _Parts(fits, proves, _numbers(fits, order), _numbers(proves, proving))
    fitted = _fit_groups(parts)
    # One misreading of a name that recurs is all of a book's errors; what a table suggests is of few books. Nothing is
    # said by them of how the errors of others scatter.
    seen = [group.near_the_top() for group in fitted.values() if not group.sort[0]]
    shared = book_correlation(seen)
    groups: dict[str, GroupCertificate] = {}
    for names in _proved_together(fitted, target_error, certainty):
        candidates = {name: fitted[name] for name in names}
        proved, holds_for = _prove(candidates, target_error, certainty, shared=shared)
        for name, group in candidates.items():
            mine, together = (proved, holds_for) if name in holds_for else (NOTHING_CERTIFIED, names)
            groups[name] = group.certified(mine, together if len(names) > 1 else ())
    return Certificate(
        evidence=source, target_error=target_error, certainty=certainty, forms=forms, readers=readers,
        groups=dict(sorted(groups.items())),
        made=made, data=_digest(labelled, fits_on),
    )  # fmt: skip


def _numbers(items: Sequence[LabelledField], order: Mapping[str, int]) -> NDArray[np.int_]:
    return np.array([order[item.book] for item in items], dtype=np.int_)


def _digest(labelled: Sequence[LabelledField], fits_on: Sequence[str]) -> str:
    """Hash of the labelled fields in their order and of which books fit: the same give the same certificate."""
    content = [[item.book, item.correct, item.evidence.to_dict()] for item in labelled]
    return hashlib.sha256(json.dumps([content, *fits_on], sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A group's calibrator, with what it makes of the fitting fields (held out from it) and of the proving ones.

    Args:
        weights: of the logistic regression.
        knots: of the isotonic map.
        fit_confidences: ``(n,)``.
        fit_correct: ``(n,)``.
        fit_books: ``(n,)``, numbers of books.
        scores: ``(m,)``, of the proving fields before the isotonic map.
        confidences: ``(m,)``.
        correct: ``(m,)``.
        books: ``(m,)``, numbers of books.
        sort: ``repeated`` or ``proposed`` where it is one of these, and the source of its pictures.
    """

    weights: NDArray[np.float64]
    knots: tuple[tuple[float, ...], tuple[float, ...]]
    fit_confidences: NDArray[np.float64]
    fit_correct: NDArray[np.bool_]
    fit_books: NDArray[np.int_]
    scores: NDArray[np.float64]
    confidences: NDArray[np.float64]
    correct: NDArray[np.bool_]
    books: NDArray[np.int_]
    sort: tuple[str, str]

    @property
    def recurs(self) -> bool:
        """Whether its texts stand again and again in a book."""
        return self.sort[0] == _RECURS

    def near_the_top(self) -> tuple[NDArray[np.bool_], NDArray[np.int_]]:
        """Of the fitting fields that any threshold would accept, which are right, and their books."""
        taken = self.fit_confidences >= GRID[-1]
        return self.fit_correct[taken], self.fit_books[taken]

    def bears_out(self, threshold: float, target_error: float, certainty: float) -> bool:
        """Whether the group's own proving fields go with what was proved of several together."""
        wrong = ~self.correct[self.confidences >= threshold]
        return upper_bound(int(wrong.sum()), len(wrong), certainty) <= _OWN_TIMES * target_error

    def certified(self, proved: CertifiedThreshold, together: tuple[str, ...]) -> GroupCertificate:
        """The group with what was proved of it, alone or together with others."""
        return GroupCertificate(
            weights=tuple(float(w) for w in self.weights),
            knots=self.knots,
            threshold=proved.threshold,
            accepted=proved.accepted,
            wrong=proved.wrong,
            bound=proved.bound,
            labelled=len(self.correct),
            reference=make_reference(self.scores),
            together=together,
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """Labelled fields of one group, ``n`` that fit and ``m`` that prove, and the numbers of their books."""

    fits: Sequence[LabelledField]
    proves: Sequence[LabelledField]
    books: NDArray[np.int_]
    proof_books: NDArray[np.int_]


def _fit_groups(parts: Mapping[str, _Parts]) -> dict[str, _Fitted]:
    """Calibrate each group, held near to all groups as one where its own fields say little.

    A kind that is nearly always right has no errors to learn from what its errors look like; other kinds have.
    """
    if not parts:
        return {}
    arrays = {name: _arrays(part.fits) for name, part in parts.items()}
    folds = {name: _folds(part.books) for name, part in parts.items()}
    all_features = np.concatenate([features for features, _ in arrays.values()])
    all_correct = np.concatenate([correct for _, correct in arrays.values()])
    all_folds = np.concatenate(list(folds.values()))
    general = fit_logistic(all_features, all_correct)
    # A fold's fields are scored by weights that saw none of its books, else the map would learn the fit's optimism.
    without = [fit_logistic(all_features[all_folds != k], all_correct[all_folds != k]) for k in range(_FOLDS)]
    weights, held_out = {}, {}
    for name, (features, correct) in arrays.items():
        weights[name] = fit_logistic(features, correct, centre=general)
        scores = np.empty(len(correct))
        for fold in range(_FOLDS):
            inside = folds[name] != fold
            own = fit_logistic(features[inside], correct[inside], centre=without[fold])
            scores[~inside] = logistic(own, features[~inside])
        held_out[name] = scores
    all_scores = np.concatenate([held_out[name] for name in arrays])
    found = {}
    for name, part in parts.items():
        correct = arrays[name][1]
        counted = np.concatenate([np.ones(len(correct)), np.full(len(all_scores), _SHARED / len(all_scores))])
        knots = fit_isotonic(
            np.concatenate([held_out[name], all_scores]), np.concatenate([correct, all_correct]), counted
        )
        features, proof_correct = _arrays(part.proves)
        scores = logistic(weights[name], features)
        first = part.proves[0].evidence
        found[name] = _Fitted(
            weights[name], knots, np.round(np.interp(held_out[name], *knots), 4), correct, part.books, scores,
            np.round(np.interp(scores, *knots), 4), proof_correct, part.proof_books,
            (_RECURS if first.repeated else "proposed" if first.proposed else "", first.source),
        )  # fmt: skip
    return found


def _folds(books: NDArray[np.int_]) -> NDArray[np.int_]:
    """The fold of each fitting field: that of its book, or its own where there are few books."""
    return books % _FOLDS if books.max() >= _FOLDS else np.arange(len(books)) % _FOLDS


def _proved_together(fitted: Mapping[str, _Fitted], target_error: float, certainty: float) -> list[tuple[str, ...]]:
    """Names of groups by what is proved at a time: kinds with too few fields to be proved alone are proved as one.

    Only kinds that are nearly always right join, by the fields that fit: where the confidence has to tell right from
    wrong, each kind must show by itself that it does. Texts that no reader saw and names that recur stand alone, and
    photographs are no scans.
    """
    enough = _TIMES_LEAST * least_accepted(target_error, certainty)
    rare: dict[str, list[str]] = defaultdict(list)
    alone: list[tuple[str, ...]] = []
    for name, group in fitted.items():
        sort, source = group.sort
        if sort or len(group.correct) >= enough or group.fit_correct.mean() < _NEARLY_ALWAYS:
            alone.append((name,))
        else:
            rare[source].append(name)
    return [*alone, *(tuple(names) for names in rare.values())]


def _prove(
    groups: Mapping[str, _Fitted], target_error: float, certainty: float, *, shared: float
) -> tuple[CertifiedThreshold, tuple[str, ...]]:
    """The threshold of confidence that is proved for these groups as one, and the names of those it is proved for.

    Args:
        shared: correlation of errors within a book, as all groups together show it.
    """
    if any(group.recurs for group in groups.values()):
        return NOTHING_CERTIFIED, ()
    members = list(groups.values())
    fit_correct = np.concatenate([group.fit_correct for group in members])
    plan = plan_test(
        np.concatenate([group.fit_confidences for group in members]), fit_correct,
        np.concatenate([group.fit_books for group in members]),
        times=sum(len(group.correct) for group in members) / len(fit_correct),
        certainty=certainty, shared=shared,
    )  # fmt: skip
    proved = _certify(members, target_error, certainty, plan, GRID)
    holds_for = tuple(
        name for name, group in groups.items() if group.bears_out(proved.threshold, target_error, certainty)
    )
    if len(groups) == 1 or proved.threshold > 1.0 or len(holds_for) == len(groups):
        return proved, tuple(groups)
    if not holds_for:
        return NOTHING_CERTIFIED, ()
    # Good fields of a kind that goes to people must not stand surety for the others.
    return _certify([groups[name] for name in holds_for], target_error, certainty, plan, (proved.threshold,)), holds_for


def _certify(
    groups: Sequence[_Fitted], target_error: float, certainty: float, plan: Plan, grid: Sequence[float]
) -> CertifiedThreshold:
    return certify_threshold(
        np.concatenate([group.confidences for group in groups]), np.concatenate([group.correct for group in groups]),
        np.concatenate([group.books for group in groups]),
        target_error=target_error, certainty=certainty, grid=grid, plan=plan,
    )  # fmt: skip


def _arrays(items: Sequence[LabelledField]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    features = np.stack([item.evidence.vector() for item in items])
    if not np.isfinite(features).all():
        raise EvaluationError(
            "The evidence of a labelled field is no number.", mend="Run its book again, and label it anew."
        )
    return features, np.array([item.correct for item in items], dtype=np.bool_)
