"""Second thoughts once all pages of a book are in: rules along the book, then each field's confidence and decision."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.confidence import Certificate, FieldEvidence, group_of
from extractor.confidence.certificate import unproved_confidence
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, RuleWarning, Severity
from extractor.rules import check_book, check_record, supports
from extractor.rules.view import OFFICERS
from extractor.templates.form import FormSchema, Kind
from extractor.vietnamese.date_words import parse_date_words
from extractor.vietnamese.dates import PartialDate, parse_value

RecordKey = tuple[str, int, int]
FieldKey = tuple[RecordKey, str]


@dataclass(frozen=True, slots=True)
class BookFindings:
    """What the rules found in one book.

    Args:
        warnings: by record, in the order of the rules.
        support_counts: how many findings speak for a field's value.
        warning_counts: how many warnings, not mere notes, concern a field.
        partial: dates that lack a day or month: written so, or a part of them was missed.
    """

    warnings: dict[RecordKey, tuple[RuleWarning, ...]]
    support_counts: Mapping[FieldKey, int]
    warning_counts: Mapping[FieldKey, int]
    partial: frozenset[FieldKey] = frozenset()

    def applied_to(self, key: FieldKey, evidence: FieldEvidence) -> FieldEvidence:
        """Evidence with these findings counted in."""
        repeated = key[1] in OFFICERS or evidence.kind == Kind.SIGNER.value
        found = evidence.with_findings(
            self.support_counts.get(key, 0), self.warning_counts.get(key, 0), repeated=repeated
        )
        return replace(found, known=False) if key in self.partial else found


def examine(
    records: Sequence[Record], schemas: Mapping[str, FormSchema], book: BookKey, closing_total: int | None = None
) -> BookFindings:
    """Apply all rules to the records of one book, form by form, in the order given.

    Args:
        closing_total: number of events the closing page states, where it is known.
    """
    by_form: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_form[record.form].append(record)
    warnings: dict[RecordKey, list[RuleWarning]] = {record.key: [] for record in records}
    support: Counter[FieldKey] = Counter()
    for form, members in by_form.items():
        schema = schemas[form]
        for record in members:
            warnings[record.key].extend(check_record(record, schema, book))
        for key, found in check_book(members, schema, book, closing_total if len(by_form) == 1 else None).items():
            warnings[key].extend(found)
        for field_key, reasons in supports(members, schema, book).items():
            support[field_key] += len(reasons)
    against = Counter(
        (key, code)
        for key, found in warnings.items()
        for warning in found
        if warning.severity is not Severity.INFO
        for code in warning.fields
    )
    partial = frozenset(
        (record.key, spec.code)
        for form, members in by_form.items()
        for spec in schemas[form].fields
        if spec.kind in (Kind.DATE, Kind.DATE_WORDS)
        for record in members
        if spec.code in record.fields and _lacks_a_part(spec.kind, record.fields[spec.code].value)
    )
    return BookFindings({key: tuple(found) for key, found in warnings.items()}, support, against, partial)


def _lacks_a_part(kind: Kind, value: str | None) -> bool:
    if not value:
        return False
    date = parse_date_words(value) if kind is Kind.DATE_WORDS else parse_value(value)
    return not (isinstance(date, PartialDate) and date.complete)


def judge(
    value: FieldValue, evidence: FieldEvidence, certificate: Certificate | None, *, covered: bool, required: bool,
    suspended: Container[str] = (),
) -> FieldValue:  # fmt: skip
    """The field with its calibrated confidence and decision; what a person decided stays as it is.

    Args:
        covered: whether the certificate holds for the form and the readers in use.
        required: an empty field of that kind is never accepted without a person.
        suspended: groups of fields for which the certificate does not count at present.
    """
    if value.decision in {Decision.CONFIRMED, Decision.CORRECTED}:
        return value
    if certificate is None or not covered or evidence.adapted:
        return value.model_copy(update={"confidence": unproved_confidence(evidence), "decision": Decision.REVIEW})
    confidence = certificate.confidence(evidence)
    accepted = (
        acceptable(value, required=required)
        and group_of(evidence) not in suspended
        and certificate.accepts(evidence, confidence)
    )
    return value.model_copy(
        update={"confidence": confidence, "decision": Decision.ACCEPTED if accepted else Decision.REVIEW}
    )


def acceptable(value: FieldValue, *, required: bool) -> bool:
    """Whether a field may pass without a person at all: it has a value, or is empty and need not be filled."""
    empty = value.state is FieldState.BLANK and not required
    return empty or (value.state is FieldState.READ and bool(value.value))
