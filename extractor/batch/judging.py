"""The pass along each book of a store: rules, confidence, decisions."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.batch.sources import KnownSource
from extractor.book_pass import BookFindings, FieldKey, examine, judge
from extractor.confidence import Certificate, FieldEvidence, Suspension, drifted, group_of, refuted
from extractor.evaluation.figures import compare
from extractor.evaluation.truth import TruthField
from extractor.page_file import load_page_file, page_stem
from extractor.records import BookKey, Decision, FieldValue, Record
from extractor.store import Store
from extractor.store.results import BookSummary, MachineChange
from extractor.templates import Form


@dataclass(frozen=True, slots=True)
class JudgedBook:
    """A book's records with all that is known for judging them."""

    book: BookSummary
    records: tuple[Record, ...]
    findings: BookFindings
    evidence: Mapping[FieldKey, FieldEvidence]


def examine_books(
    store: Store, out: Path, forms: Mapping[str, Form], known: Mapping[str, KnownSource]
) -> Iterator[JudgedBook]:
    """Each book with its findings and the evidence of each field, findings counted in.

    Raises:
        StoreError: the evidence of a page is missing.
    """
    schemas = {name: form.schema for name, form in forms.items()}
    for book in store.books():
        records = tuple(store.records(book.id))
        findings = examine(records, schemas, book.key)
        evidence = {key: findings.applied_to(key, plain) for key, plain in _evidence(out, records, known).items()}
        yield JudgedBook(book, records, findings, evidence)


@dataclass(frozen=True, slots=True)
class BookSuspension:
    """A group of fields for which the certificate does not count; ``book`` is none where that holds for all books."""

    book: BookKey | None
    suspension: Suspension


def judge_books(
    store: Store,
    out: Path,
    forms: Mapping[str, Form],
    known: Mapping[str, KnownSource],
    *,
    certificate: Certificate | None,
    reader_versions: dict[str, str],
    recheck: float = 0.0,
) -> tuple[BookSuspension, ...]:
    """Give every field that no person decided its confidence and decision, and every record its warnings.

    Args:
        recheck: share of the accepted fields, 0 to 1, that people key again without seeing the proposal; a field is
            drawn once and for all, the same ones in every run.

    Returns:
        Groups of fields that are accepted no longer, because what the certificate promised does not hold for them.
    """
    refuted = refuted_groups(store, out, forms, known, certificate)
    suspended = [BookSuspension(None, item) for item in refuted.values()]
    for judged in examine_books(store, out, forms, known):
        store.replace_warnings(judged.findings.warnings)
        drift = drifted(certificate, judged.evidence.values()) if certificate else {}
        changes = []
        for record in judged.records:
            required = {spec.code for spec in forms[record.form].schema.fields if spec.required}
            covered = certificate is not None and certificate.covers(record.form, record.form_version, reader_versions)
            for code, value in record.fields.items():
                evidence = judged.evidence.get((record.key, code))
                if evidence is None:
                    continue
                new = judge(
                    value, evidence, certificate, covered=covered, required=code in required,
                    suspended={*refuted, *drift},
                )  # fmt: skip
                drawn = new.decision is Decision.ACCEPTED and _drawn(known[record.file], record.key, code) < recheck
                if new != value or drawn:
                    changes.append(MachineChange(record.key, code, new, recheck=drawn))
        store.update_machine_values(changes)
        suspended += [BookSuspension(judged.book.key, item) for item in drift.values()]
    return tuple(suspended)


def refuted_groups(
    store: Store,
    out: Path,
    forms: Mapping[str, Form],
    known: Mapping[str, KnownSource],
    certificate: Certificate | None,
) -> dict[str, Suspension]:
    """Groups whose promised error is refuted by fields that people keyed again without seeing the proposal.

    Counted are the fields that the certificate at hand accepts, whatever was in force when they were drawn.
    """
    keyed = {(item.record, item.code): item for item in store.decided_fields() if item.blind} if certificate else {}
    if certificate is None or not keyed:
        return {}
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for judged in examine_books(store, out, forms, known):
        for key, evidence in judged.evidence.items():
            item = keyed.get(key)
            if item is not None and certificate.accepts(evidence, certificate.confidence(evidence)):
                count = counts[group_of(evidence)]
                count[0] += 1
                count[1] += not right_value(evidence.kind, item.machine, item.final)
    return refuted(certificate, {name: (fields, wrong) for name, (fields, wrong) in counts.items()})


def right_value(kind: str, machine: FieldValue, final: FieldValue) -> bool:
    """Whether the machine's value is exactly what a person found in the end."""
    return compare(kind, TruthField(raw=final.raw, value=final.value, state=final.state), machine).exact


def _drawn(source: KnownSource, record: tuple[str, int, int], code: str) -> float:
    """A number from 0 to 1 that belongs to a field: it differs from field to field, and never between two runs."""
    named = f"{source.sha256}/{record[1]}/{record[2]}/{code}"
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:6]) / 2**48


def _evidence(
    out: Path, records: tuple[Record, ...], known: Mapping[str, KnownSource]
) -> dict[FieldKey, FieldEvidence]:
    evidence: dict[FieldKey, FieldEvidence] = {}
    for file, page in sorted({(record.file, record.page) for record in records}):
        source = known.get(file)
        if source is None:
            continue  # read on another machine into another folder, which judges it
        kept = load_page_file(out, page_stem(source.sha256, page))
        evidence.update({((file, page, number), code): item for (number, code), item in kept.evidence.items()})
    return evidence
