"""What a target error costs: how many fields go to people, and how many hours that takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from extractor.confidence.certificate import Certificate
from extractor.confidence.evidence import group_of
from extractor.confidence.fit import LabelledField, fit_certificate

SECONDS_A_FIELD = 3.56
"""Seconds a person takes for a field, of a modelled reviewer (docs/review.md); measure your own, the boards show it."""


@dataclass(frozen=True, slots=True)
class TargetCost:
    """What one target error costs.

    Args:
        target_error: highest error among accepted that was proved, 0 to 1.
        accepted: share of all fields that pass without a person, 0 to 1; those keyed again blindly pass, too.
        hours: of work for the fields asked about, those that are not accepted and those drawn for blind re-keying;
            settling what re-keying disputes is not counted.
        kinds: share accepted of each group of which any is accepted.
    """

    target_error: float
    accepted: float
    hours: float
    kinds: dict[str, float]


def cost_of(
    certificate: Certificate, labelled: Iterable[LabelledField], *, fields: int,
    seconds_a_field: float = SECONDS_A_FIELD, recheck: float = 0.0,
) -> TargetCost:  # fmt: skip
    """What a certificate costs on so many fields like the labelled ones.

    Args:
        certificate: decides what passes.
        labelled: fields like those to come; of books that neither fitted nor proved it, or the share is too rosy.
        fields: how many fields are to come.
        seconds_a_field: of a person's work.
        recheck: share of the accepted fields that people key again blindly, 0 to 1.
    """
    seen, passed = Counter[str](), Counter[str]()
    for item in labelled:
        group = group_of(item.evidence)
        seen[group] += 1
        passed[group] += certificate.accepts(item.evidence, certificate.confidence(item.evidence))
    accepted = passed.total() / max(1, seen.total())
    asked = fields * (1 - accepted + accepted * recheck)
    kinds = {name: passed[name] / seen[name] for name in sorted(seen) if passed[name]}
    return TargetCost(certificate.target_error, accepted, asked * seconds_a_field / 3600, kinds)


def costs_of_targets(
    labelled: Sequence[LabelledField], kept: Sequence[LabelledField], targets: Sequence[float], *, fields: int,
    certainty: float = 0.95, seconds_a_field: float = SECONDS_A_FIELD, recheck: float = 0.0,
    forms: Mapping[str, str] | None = None, readers: Mapping[str, str] | None = None,
) -> list[TargetCost]:  # fmt: skip
    """What each of several target errors costs, each with a certificate of its own from the same labels.

    Args:
        labelled: fields that make the certificates, of at least two books.
        kept: fields of other books that the costs are counted on.
        targets: target errors, 0 to 1.
        fields: how many fields are to come.
        certainty: with which each target is proved.
        seconds_a_field: of a person's work.
        recheck: share of the accepted fields that people key again blindly, 0 to 1.
        forms: form versions for the certificates.
        readers: reader versions for them.

    Raises:
        EvaluationError: there are fewer than two books.
    """
    return [
        cost_of(
            fit_certificate(
                labelled, source="costs of target errors", forms=dict(forms or {}), readers=dict(readers or {}),
                target_error=target, certainty=certainty,
            ),
            kept, fields=fields, seconds_a_field=seconds_a_field, recheck=recheck,
        )
        for target in targets
    ]  # fmt: skip
