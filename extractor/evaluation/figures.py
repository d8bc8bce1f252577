"""Figures of fields compared with their truth."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from extractor.evaluation.truth import RecordId, TruthField
from extractor.records import Decision, FieldState, FieldValue, nfc
from extractor.vietnamese.canonical import canonical_value

BINS = 10
"""Equal bins of confidence between 0 and 1 for the calibration error."""

_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class FieldResult:
    """One field of the truth beside what was read.

    Args:
        distance: edit distance between the verbatim texts, in characters; for a missing field the truth's length.
        length: characters of the true verbatim text.
        exact: whether the value is exactly right, both in the one form of their kind
            (:func:`extractor.vietnamese.canonical.canonical_value`); what is not there is wrong, even where the truth
            is blank.
        exact_raw: the same for the verbatim text.
        confidence: as the record states it; 0 for a missing field.
        missing: the record, or the field in it, was not found.
        blank: the truth is blank.
        read_blank: the field was found and read as blank.
    """

    kind: str
    distance: int
    length: int
    exact: bool
    exact_raw: bool
    confidence: float
    decision: Decision | None
    missing: bool
    blank: bool
    read_blank: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one kind of field, or of all; shares are 0 to 1, and none where there is nothing to share.

    Args:
        fields: fields in the truth.
        missing: of these, fields that were not found.
        character_error_rate: edit distance of verbatim texts by the truth's length; above 1 where much was added.
        exact: share of fields whose value is exactly right.
        exact_raw: share of fields whose verbatim text is exactly right.
        blank: fields that are blank in truth; ``blank_exact`` of them were read as blank, and ``false_blank`` fields
            that are written were read as blank.
        accepted: share of fields the machine answers for; ``accepted_fields`` is their number.
        accepted_errors: wrong values among them.
        error_among_accepted: their share.
        error_upper_95: one-sided 95 % upper bound of that share (Clopper and Pearson, Biometrika 26, 1934).
        by_person: fields a person confirmed or corrected.
    """

    fields: int
    missing: int
    character_error_rate: float | None
    exact: float | None
    exact_raw: float | None
    blank: int
    blank_exact: int
    false_blank: int
    accepted: float | None
    accepted_fields: int
    accepted_errors: int
    error_among_accepted: float | None
    error_upper_95: float | None
    by_person: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Fields whose confidence lies between ``low`` and ``high``: how many, their mean confidence, their share right."""

    low: float
    high: float
    fields: int
    confidence: float
    exact: float


@dataclass(frozen=True, slots=True)
class Point:
    """If all fields of at least this confidence were accepted: their share of all, and the share wrong among them."""

    confidence: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The comparison of records with the truth.

    Args:
        overall: figures of all fields.
        kinds: figures by kind of field, in alphabetical order.
        truth_records: records in the truth; ``missing_records`` of them were not found.
        unknown_records: records found that the truth does not have; not counted in any figure.
        unknown_fields: fields found that their truth record does not have; not counted in any figure.
        calibration_error: expected calibration error of the confidence over fields that were found: the mean distance
            between confidence and share right, by bins (Naeini et al., AAAI 2015); none where nothing was found.
        bins: what it is made of; bins without fields are left out.
        curve: risk by coverage, from the most confident field on.
    """

    overall: Figures
    kinds: dict[str, Figures]
    truth_records: int
    missing_records: tuple[RecordId, ...]
    unknown_records: tuple[RecordId, ...]
    unknown_fields: int
    calibration_error: float | None
    bins: tuple[Bin, ...]
    curve: tuple[Point, ...]

    def to_json(self) -> str:
        """All figures as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def compare(kind: str, truth: TruthField, found: FieldValue | None) -> FieldResult:
    """Compare one field with its truth; ``found`` is none where it is missing."""
    from rapidfuzz.distance import Levenshtein

    true_raw, true_value = nfc(truth.raw), nfc(truth.value or "")
    blank = not true_raw and not true_value and truth.state is not FieldState.ILLEGIBLE
    if found is None:
        return FieldResult(kind, len(true_raw), len(true_raw), False, False, 0.0, None, True, blank, False)
    value = nfc(found.value or "")
    read_blank = not found.raw and not value
    if value or true_value:
        exact = canonical_value(kind, value) == canonical_value(kind, true_value)
    else:  # ink of which nobody could make a value is no empty field
        exact = found.raw == true_raw and read_blank == blank
    return FieldResult(
        kind=kind,
        distance=Levenshtein.distance(true_raw, found.raw),
        length=len(true_raw),
        exact=exact,
        exact_raw=found.raw == true_raw,
        confidence=found.confidence,
        decision=found.decision,
        missing=False,
        blank=blank,
        read_blank=read_blank,
    )


def summarise(
    results: Sequence[FieldResult],
    *,
    truth_records: int,
    missing_records: Sequence[RecordId] = (),
    unknown_records: Sequence[RecordId] = (),
    unknown_fields: int = 0,
) -> Evaluation:
    """Figures of compared fields."""
    by_kind: dict[str, list[FieldResult]] = defaultdict(list)
    for result in results:
        by_kind[result.kind].append(result)
    there = [result for result in results if not result.missing]
    bins = calibration_bins(there)
    return Evaluation(
        overall=figures(results),
        kinds={kind: figures(by_kind[kind]) for kind in sorted(by_kind)},
        truth_records=truth_records,
        missing_records=tuple(missing_records),
        unknown_records=tuple(unknown_records),
        unknown_fields=unknown_fields,
        calibration_error=_share(sum(part.fields * abs(part.confidence - part.exact) for part in bins), len(there)),
        bins=bins,
        curve=risk_coverage(there),
    )


def figures(results: Sequence[FieldResult]) -> Figures:
    """Figures of some fields."""
    count = len(results)
    accepted = [result for result in results if result.decision is Decision.ACCEPTED]
    wrong = sum(not result.exact for result in accepted)
    length = sum(result.length for result in results)
    return Figures(
        fields=count,
        missing=sum(result.missing for result in results),
        character_error_rate=_share(sum(result.distance for result in results), length),
        exact=_share(sum(result.exact for result in results), count),
        exact_raw=_share(sum(result.exact_raw for result in results), count),
        blank=sum(result.blank for result in results),
        blank_exact=sum(result.blank and result.read_blank for result in results),
        false_blank=sum(not result.blank and result.read_blank for result in results),
        accepted=_share(len(accepted), count),
        accepted_fields=len(accepted),
        accepted_errors=wrong,
        error_among_accepted=_share(wrong, len(accepted)),
        error_upper_95=clopper_pearson_upper(wrong, len(accepted)) if accepted else None,
        by_person=sum(result.decision in (Decision.CONFIRMED, Decision.CORRECTED) for result in results),
    )


def clopper_pearson_upper(errors: int, trials: int, level: float = 0.95) -> float:
    """One-sided upper bound of an error rate, exact for the binomial: 3/n nearly where there is no error.

    Args:
        errors: errors found, 0 to ``trials``.
        trials: things looked at, at least 1.
        level: probability with which the bound holds, 0 to 1.
    """
    if errors >= trials:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(errors + 1, trials - errors, level))


def calibration_bins(results: Iterable[FieldResult]) -> tuple[Bin, ...]:
    """Fields by their confidence, in equal bins; bins without fields are left out."""
    members: dict[int, list[FieldResult]] = defaultdict(list)
    for result in results:
        members[min(int(result.confidence * BINS), BINS - 1)].append(result)
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            fields=len(group),
            confidence=sum(result.confidence for result in group) / len(group),
            exact=sum(result.exact for result in group) / len(group),
        )
        for number, group in sorted(members.items())
    )


def risk_coverage(results: Iterable[FieldResult]) -> tuple[Point, ...]:
    """Share wrong among the most confident fields, by their share; fields of one confidence come in together.

    Long curves are thinned to a few hundred points; the last, of all fields, always stays.
    """
    ordered = sorted(results, key=lambda result: -result.confidence)
    points = []
    wrong = 0
    for number, result in enumerate(ordered, start=1):
        wrong += not result.exact
        if number == len(ordered) or ordered[number].confidence != result.confidence:
            points.append(Point(result.confidence, number / len(ordered), wrong / number))
    step = max(1, -(-len(points) // _CURVE_POINTS))
    return tuple(point for at, point in enumerate(points) if at % step == 0 or at == len(points) - 1)


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
