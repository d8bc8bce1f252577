"""What a sample says of its lot: the decision by the plan, and error rates with exact intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from extractor.exports.acceptance.risk import Interval, exact_interval
from extractor.store import InspectedField, InspectedStatus, Inspection

_UNDECIDED = (InspectedStatus.OPEN, InspectedStatus.DIFFERS)


class Verdict(StrEnum):
    """What becomes of a lot."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNFINISHED = "unfinished"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors among so many, with a confidence interval.

    Args:
        kind: kind of field, or empty for all.
    """

    kind: str
    errors: int
    inspected: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a sample says.

    Args:
        verdict: by the sampling plan alone; what files hold is counted elsewhere.
        records: rate of nonconforming records among those inspected in full.
        fields: rate of wrong fields.
        by_kind: the same by kind of field.
        wrong: the wrong fields, in the order of the sample.
        waiting: fields that nobody re-keyed.
        disputed: fields that wait for a judge.
        gone: undecided fields whose page was read anew; they cannot be inspected any more.
        inspector_errors: fields that the inspector read otherwise and a judge found right.
    """

    verdict: Verdict
    records: Rate
    fields: Rate
    by_kind: tuple[Rate, ...]
    wrong: tuple[InspectedField, ...]
    waiting: int
    disputed: int
    gone: int
    inspector_errors: int
    pending: int
    inspectors: tuple[str, ...]
    judges: tuple[str, ...]


def outcome_of(inspection: Inspection, fields: Sequence[InspectedField]) -> Outcome:
    """Judge a lot by its sample.

    A record is nonconforming if any exported field differs from the book. A lot is rejected as soon as there are as
    many as the plan's rejection number, whatever is still to be inspected; it is accepted once all of the sample is.
    """
    everything = inspection.sample_size >= inspection.lot_size
    by_record: dict[int, list[InspectedField]] = {}
    for field in fields:
        by_record.setdefault(field.position, []).append(field)
    wrong = [field for field in fields if field.status is InspectedStatus.RECORD_WRONG]
    bad = {field.position for field in wrong}
    done = [at for at, members in by_record.items() if at in bad or not any(map(_undecided, members))]
    judged = [field for field in fields if not _undecided(field)]
    return Outcome(
        verdict=_verdict(inspection, len(bad)),
        records=_rate("", len(bad), len(done), everything and inspection.finished),
        fields=_rate("", len(wrong), len(judged), everything and inspection.finished),
        by_kind=tuple(
            _rate(kind, sum(f.kind == kind for f in wrong), number, everything and inspection.finished)
            for kind, number in _tally(judged, lambda field: field.kind)
        ),
        wrong=tuple(wrong),
        waiting=inspection.waiting,
        disputed=inspection.disputed,
        gone=sum(_undecided(field) and not field.current for field in fields),
        inspector_errors=sum(field.status is InspectedStatus.RECORD_RIGHT for field in fields),
        pending=sum(field.pending for field in fields),
        inspectors=tuple(sorted({field.inspector for field in fields if field.inspector})),
        judges=tuple(sorted({field.judge for field in fields if field.judge})),
    )


def _verdict(inspection: Inspection, nonconforming: int) -> Verdict:
    if inspection.withdrawn_at is not None:
        return Verdict.WITHDRAWN
    if nonconforming >= inspection.rejection:
        return Verdict.REJECTED
    return Verdict.ACCEPTED if inspection.finished else Verdict.UNFINISHED


def _undecided(field: InspectedField) -> bool:
    return field.status in _UNDECIDED


def _rate(kind: str, errors: int, inspected: int, everything: bool) -> Rate:
    """A rate; where the whole lot was inspected nothing is estimated, and the interval is the share itself."""
    if everything and inspected:
        share = errors / inspected
        return Rate(kind, errors, inspected, Interval(share, share, share))
    return Rate(kind, errors, inspected, exact_interval(errors, inspected))


def _tally(fields: Iterable[InspectedField], by: Callable[[InspectedField], str]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for field in fields:
        found[by(field)] = found.get(by(field), 0) + 1
    return sorted(found.items())
