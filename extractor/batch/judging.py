"""The pass along each book of a store: rules, confidence, decisions."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.batch.sources import KnownSource, load_sources
from extractor.book_pass import BookFindings, FieldKey, examine, judge
from extractor.confidence import Certificate, FieldEvidence, Suspension, drifted, group_of, refuted
from extractor.dittos import resolve_dittos
from extractor.errors import TemplateError
from extractor.evaluation.figures import compare
from extractor.evaluation.truth import TruthField
from extractor.page_file import load_page_file, page_stem
from extractor.records import BookKey, Decision, FieldValue, PageProblemKind, Record
from extractor.store import Store
from extractor.store.results import BookSummary, MachineChange, StoredProblem
from extractor.templates import Form

CLOSING_EVENTS = "tongSoSuKien"
"""Field of a closing page that holds the number of events."""

CLOSING_PAGES = "tongSoTrang"
"""Field of a closing page that holds the number of pages."""


@dataclass(frozen=True, slots=True)
class JudgedBook:
    """A book's records with all that is known for judging them.

    Args:
        evidence: of each field that was read into this folder, findings counted in.
        readings: what the machine read there; nothing for pages that an earlier version read.
        versions: of steps and readers that each page, ``(file, page)``, was read with.
        stored: the fields as the store has them, before ditto marks were given their meaning.
    """

    book: BookSummary
    records: tuple[Record, ...]
    findings: BookFindings
    evidence: Mapping[FieldKey, FieldEvidence]
    readings: Mapping[FieldKey, FieldValue]
    versions: Mapping[tuple[str, int], str]
    stored: Mapping[FieldKey, FieldValue]


def examine_books(
    store: Store, out: Path, forms: Mapping[str, Form], known: Mapping[str, KnownSource], *, as_read: bool = False
) -> Iterator[JudgedBook]:
    """Each book with its findings and the evidence of each field, findings counted in.

    Args:
        as_read: take all fields as the machine read them, whatever people decided since: so they looked when the
            machine had to answer for them. What people mended would speak for its neighbours.

    Raises:
        StoreError: the evidence of a page is missing.
        TemplateError: a record is of a form that is not among ``forms``.
    """
    schemas = {name: form.schema for name, form in forms.items()}
    closings = _closing_pages(store, out, known)
    for book in store.books():
        records = tuple(store.records(book.id))
        for record in records:
            if record.form not in schemas:
                raise TemplateError(
                    f"{out}: records there are of the form '{record.form}', which is not among the page templates.",
                    mend="Name the folder of templates that the run was made with (--templates).",
                )
        plain, readings, versions = _kept(out, records, known)
        stored = {(record.key, code): value for record in records for code, value in record.fields.items()}
        if as_read:
            records = tuple(_as_read(records, readings))
        records = tuple(resolve_dittos(records, schemas))
        findings = examine(records, schemas, book.key, _closing_total(closings, book, records))
        evidence = {key: findings.applied_to(key, item) for key, item in plain.items()}
        yield JudgedBook(book, records, findings, evidence, readings, versions, stored)


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
    reading_version: str = "",
    recheck: float = 0.0,
) -> tuple[BookSuspension, ...]:
    """Give every field that no person decided its confidence and decision, and every record its warnings.

    Args:
        reading_version: of steps and readers at present, where it is known. No certificate covers pages that others
            read until they are read anew: it speaks of what the readers it was proved with make of a page.
        recheck: share of the accepted fields, 0 to 1, that people key again without seeing the proposal; a field is
            drawn once and for all, the same ones in every run.

    Returns:
        Groups of fields that are accepted no longer, because what the certificate promised does not hold for them.
    """
    refuted = refuted_groups(store, out, forms, known, certificate)
    suspended = [BookSuspension(None, item) for item in refuted.values()]
    for judged in examine_books(store, out, forms, known):
        store.replace_warnings(judged.findings.warnings)
        covered = {
            record.key
            for record in judged.records
            if certificate is not None
            and certificate.covers(record.form, record.form_version, reader_versions)
            # The certificate promises nothing of places that a person pointed at.
            and not record.registration.by_hand
            and not _read_otherwise(judged.versions.get((record.file, record.page), ""), reading_version)
        }
        promised = [item for (key, _), item in judged.evidence.items() if key in covered]
        drift = drifted(certificate, promised) if certificate and promised else {}
        stopped = {*refuted, *drift}
        changes = []
        for record in judged.records:
            required = {spec.code for spec in forms[record.form].schema.fields if spec.required}
            for code, value in record.fields.items():
                evidence = judged.evidence.get((record.key, code))
                if evidence is None:
                    continue
                new = judge(
                    value, evidence, certificate, covered=record.key in covered, required=code in required,
                    suspended=stopped,
                )  # fmt: skip
                name = field_name(known[record.file], record.key, code)
                drawn = new.decision is Decision.ACCEPTED and lot(name) < recheck
                if new != judged.stored[record.key, code] or drawn:
                    changes.append(MachineChange(record.key, code, new, recheck=drawn))
        store.update_machine_values(changes)
        suspended += [BookSuspension(judged.book.key, item) for item in drift.values()]
    return tuple(suspended)


def _read_otherwise(version: str, now: str) -> bool:
    """Whether a page was read by other steps or readers than those in use, as far as both are known."""
    return bool(version and now) and version != now


def refuted_groups(
    store: Store,
    out: Path,
    forms: Mapping[str, Form],
    known: Mapping[str, KnownSource],
    certificate: Certificate | None,
) -> dict[str, Suspension]:
    """Groups whose promised error is refuted by fields that people keyed again without seeing the proposal.

    Counted are the fields that the certificate at hand accepts, whatever was in force when they were drawn. Where two
    people still have to agree, the machine counts as wrong: a certificate must not live on because nobody settles its
    errors.
    """
    if certificate is None:
        return {}
    settled = {(item.record, item.code): item.final for item in store.decided_fields() if item.blind}
    disputed = {(item.record, item.code) for item in store.waiting_fields() if item.disputed}
    if not settled and not disputed:
        return {}
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for judged in examine_books(store, out, forms, known, as_read=True):
        for key, evidence in judged.evidence.items():
            if key not in judged.readings or (key not in disputed and key not in settled):
                continue
            if not certificate.accepts(evidence, certificate.confidence(evidence)):
                continue
            count = counts[group_of(evidence)]
            count[0] += 1
            count[1] += key in disputed or not right_value(evidence.kind, judged.readings[key], settled[key])
    return refuted(certificate, {name: (fields, wrong) for name, (fields, wrong) in counts.items()})


def closing_totals(store: Store, out: Path, known: Mapping[str, KnownSource]) -> dict[int, int]:
    """Number of events that each book's closing page states, by the book's number in the store, where one does."""
    closings = _closing_pages(store, out, known)
    if not closings:
        return {}
    totals = {book.id: _closing_total(closings, book, tuple(store.records(book.id))) for book in store.books()}
    return {number: total for number, total in totals.items() if total is not None}


def stated_pages(store: Store, out: Path, book_id: int) -> int | None:
    """How many pages a book's closing page states; none where there is no such page or it could not be read.

    Raises:
        StoreError: what was read of the page is missing.
        ExportError: the list of sources is damaged.
    """
    closings = _closing_pages(store, out, load_sources(out), CLOSING_PAGES)
    stated = {int(total) for page, total in closings.items() if total.isdecimal() and page.book_id == book_id}
    return stated.pop() if len(stated) == 1 else None


def _closing_total(closings: Mapping[StoredProblem, str], book: BookSummary, records: Sequence[Record]) -> int | None:
    """How many events the book's closing page states; none where there is no such page or it could not be read.

    A closing page is the book's where it lies in a file with its records, or where the file's name says so.
    """
    files = {record.file for record in records}
    totals = {
        int(total)
        for page, total in closings.items()
        if total.isdecimal() and (page.book_id == book.id or page.problem.file in files)
    }
    # Two books in one binding close twice: then no total is this book's for certain.
    return totals.pop() if len(totals) == 1 else None


def _closing_pages(
    store: Store, out: Path, known: Mapping[str, KnownSource], code: str = CLOSING_EVENTS
) -> dict[StoredProblem, str]:
    """The closing pages that were read into this folder, with what each states under a field code, or an empty text."""
    return {
        page: load_page_file(out, page_stem(known[page.problem.file].sha256, page.problem.page)).stated.get(code, "")
        for page in store.page_problems()
        if page.problem.kind is PageProblemKind.CLOSING and page.problem.file in known
    }


def right_value(kind: str, machine: FieldValue, final: FieldValue) -> bool:
    """Whether the machine's value is exactly what a person found in the end."""
    return compare(kind, TruthField(raw=final.raw, value=final.value, state=final.state), machine).exact


def field_name(source: KnownSource, record: tuple[str, int, int], code: str) -> str:
    """A name that a field has in every folder and run: its scan's content, page, record and code."""
    return f"{source.sha256}/{record[1]}/{record[2]}/{code}"


def lot(name: str) -> float:
    """A number from 0 to 1 that belongs to a name: as if drawn by chance, and never another one."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def _as_read(records: tuple[Record, ...], readings: Mapping[FieldKey, FieldValue]) -> Iterator[Record]:
    for record in records:
        fields = {}
        for code, value in record.fields.items():
            read = readings.get((record.key, code), value)
            fields[code] = value.model_copy(update={"raw": read.raw, "value": read.value, "state": read.state})
        yield record.model_copy(update={"fields": fields})


def _kept(
    out: Path, records: tuple[Record, ...], known: Mapping[str, KnownSource]
) -> tuple[dict[FieldKey, FieldEvidence], dict[FieldKey, FieldValue], dict[tuple[str, int], str]]:
    """Evidence, readings and versions of the pages that the records stand on."""
    evidence: dict[FieldKey, FieldEvidence] = {}
    readings: dict[FieldKey, FieldValue] = {}
    versions: dict[tuple[str, int], str] = {}
    for file, page in sorted({(record.file, record.page) for record in records}):
        source = known.get(file)
        if source is None:
            continue  # read on another machine into another folder, which judges it
        kept = load_page_file(out, page_stem(source.sha256, page))
        versions[file, page] = kept.reading_version
        evidence.update({((file, page, number), code): item for (number, code), item in kept.evidence.items()})
        readings.update({((file, page, number), code): item for (number, code), item in kept.readings.items()})
    return evidence, readings, versions
