"""The pass along each book of a store: rules, confidence, decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.batch.sources import KnownSource
from extractor.book_pass import BookFindings, FieldKey, examine, judge
from extractor.confidence import Certificate, FieldEvidence
from extractor.page_file import load_page_file, page_stem
from extractor.records import Record
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


def judge_books(
    store: Store,
    out: Path,
    forms: Mapping[str, Form],
    known: Mapping[str, KnownSource],
    *,
    certificate: Certificate | None,
    reader_versions: dict[str, str],
) -> None:
    """Give every field that no person decided its confidence and decision, and every record its warnings."""
    for judged in examine_books(store, out, forms, known):
        store.replace_warnings(judged.findings.warnings)
        changes = []
        for record in judged.records:
            required = {spec.code for spec in forms[record.form].schema.fields if spec.required}
            covered = certificate is not None and certificate.covers(record.form, record.form_version, reader_versions)
            for code, value in record.fields.items():
                evidence = judged.evidence.get((record.key, code))
                if evidence is None:
                    continue
                new = judge(value, evidence, certificate, covered=covered, required=code in required)
                if new != value:
                    changes.append(MachineChange(record.key, code, new))
        store.update_machine_values(changes)


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
