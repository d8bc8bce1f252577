"""Acceptance of an output folder: draw a sample, and report counts and result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.batch.assurance import StoreAudit
from extractor.batch.exporting import gone_manifests
from extractor.batch.sources import load_sources
from extractor.dittos import meant_when_exported
from extractor.errors import ExportError, SettingsError
from extractor.exports.acceptance.counts import count_handed_over
from extractor.exports.acceptance.document import write_document
from extractor.exports.acceptance.drawing import draw, new_seed
from extractor.exports.acceptance.handed_over import HandedOverBook, exported_records, handed_over_books
from extractor.exports.acceptance.outcome import Outcome, Verdict, outcome_of
from extractor.exports.acceptance.plans import SamplingPlan, Severity, named_aql, named_level, plan_for
from extractor.exports.acceptance.record import AcceptanceRecord
from extractor.exports.acceptance.switching import next_lot
from extractor.exports.acceptance.workbooks import write_report_workbook, write_sample_list
from extractor.exports.fields import Forms, default_split, entry_of
from extractor.exports.findings import RecordId
from extractor.exports.keys import book_of
from extractor.exports.naming import book_stem
from extractor.exports.profile import ExportProfile, load_profiles, profiles_for
from extractor.records import BookKey, Record
from extractor.store import DrawnRecord, Inspection, SampleDraft, Store
from extractor.templates import load_forms

FOLDER = "acceptance"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to draw.

    Args:
        severity: none for what the standard's switching rules ask for after the inspections before.
        seed: empty for one that nobody chose.
        each_book: every book is a lot of its own; otherwise all books together are one lot, each a stratum.
    """

    level: str = "II"
    aql: str = "1.0"
    severity: Severity | None = Severity.NORMAL
    seed: str = ""
    each_book: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A stored sample and its list."""

    plan: SamplingPlan
    inspection: Inspection
    sample_list: Path


def draw_samples(
    store: Store,
    out: Path,
    templates: Sequence[Path],
    sampling: Sampling,
    *,
    books: Collection[str] = (),
    person: str,
) -> list[Drawn]:
    """Draw samples from what was exported into ``out``, store them, and write the lists for inspectors.

    Nothing is stored unless all samples can be drawn.

    Args:
        books: stems of the books to accept; all by default.

    Raises:
        SettingsError: a lot is too small, or level or AQL are not in the tables.
        ExportError: packages, workbooks and store do not agree.
    """
    handed_over = handed_over_books(out, books)
    profiles = load_profiles()
    counted = count_handed_over(out, handed_over, profiles, StoreAudit(store))
    if faults := [fault for book in counted.books for fault in book.faults]:
        raise ExportError(
            f"What is handed over does not add up: {faults[0].file}: {faults[0].message} ({len(faults)} in all)",
            mend="See all of it with 'extractor acceptance report', and export again.",
        )
    _not_again(store, handed_over)
    sampling = replace(sampling, severity=severity_of(store, sampling))
    lots = [[book] for book in handed_over] if sampling.each_book else [handed_over]
    exported = _exported(store, out, _forms(templates), profiles, books=handed_over)
    drafts = [_draft(lot, exported, sampling) for lot in lots]
    drawn = []
    for plan, draft in drafts:
        inspection = store.inspections.get(store.inspections.add(draft, person=person))
        path = out / FOLDER / f"inspection-{inspection.id}.sample.xlsx"
        write_sample_list(path, inspection, store.inspections.fields(inspection.id))
        drawn.append(Drawn(plan, inspection, path))
    return drawn


def _not_again(store: Store, books: Sequence[HandedOverBook]) -> None:
    """Make sure that no files are inspected twice: a lot that was not accepted could be drawn until it passes.

    The same files may be drawn again only with another book of their former lot that was exported anew since: then the
    lot was mended, and is submitted again.

    Raises:
        ExportError: an inspection of the same files is under way, or has its result.
    """
    for one in store.inspections.all():
        if one.withdrawn_at is not None:
            continue
        then = {str(book["stem"]): _files(book) for book in one.lot}
        again = [book for book in books if book.stem in then]
        same = [book for book in again if then[book.stem] == _files(book.facts(0))]
        if same and len(same) == len(again):
            mends = "Mend what was found, export again, and draw from the new files: that is a resubmission."
            withdraw = f"Finish it, or withdraw it first (extractor acceptance withdraw OUT {one.id})."
            raise ExportError(
                f"{same[0].path}: inspection {one.id} {'has its result for' if one.decided else 'is under way on'} "
                "these very files.",
                mend=mends if one.decided else withdraw,
            )


def _files(facts: Mapping[str, object]) -> list[object]:
    return [facts["package"], facts["workbooks"]]


def severity_of(store: Store, sampling: Sampling) -> Severity:
    """How strictly the next lot is judged: as asked for, or by the finished inspections of the same level and AQL.

    Books that were inspected before are submitted again, and say nothing of the lots to come; except that what comes
    after acceptance was discontinued is counted anew, since it was mended.

    Raises:
        SettingsError: too many lots were not accepted on tightened inspection, and tightened was not asked for.
    """
    level, aql = named_level(sampling.level), named_aql(sampling.aql)
    accepted, seen = [], set[str]()
    for one in store.inspections.all():
        stems = {str(book["stem"]) for book in one.lot}
        if (one.level, one.aql) != (level, aql) or one.withdrawn_at is not None or stems & seen:
            continue
        verdict = outcome_of(one, store.inspections.fields(one.id)).verdict
        if verdict in (Verdict.ACCEPTED, Verdict.REJECTED):
            seen |= stems
            accepted.append(verdict is Verdict.ACCEPTED)
            if next_lot(accepted).discontinued:
                seen.clear()
    following = next_lot(accepted)
    if following.discontinued and sampling.severity is not Severity.TIGHTENED:
        raise SettingsError(
            "Five lots were not accepted on tightened inspection; ISO 2859-1 ends acceptance here.",
            mend="Have the work mended; then draw with --severity tightened.",
        )
    return sampling.severity or following.severity


def _exported(
    store: Store,
    out: Path,
    forms: Forms,
    profiles: Mapping[str, ExportProfile],
    *,
    books: Sequence[HandedOverBook],
) -> list[DrawnRecord]:
    known = load_sources(out)
    keys: dict[RecordId, BookKey] = {}
    records: dict[RecordId, Record] = {}
    for book in store.books():
        for record in meant_when_exported(store.records(book.id)):
            records[record.key] = record
            keys[record.key] = book.key
    official = {key: name for key in keys if (source := known.get(key[0])) and (name := source.name)}
    return exported_records(out, books, records, forms, profiles, known=keys, official=official)


def _draft(
    lot: Sequence[HandedOverBook], exported: Sequence[DrawnRecord], sampling: Sampling
) -> tuple[SamplingPlan, SampleDraft]:
    stems = {book.stem for book in lot}
    records = [record for record in exported if record.book in stems]
    plan = plan_for(len(records), sampling.level, sampling.aql, sampling.severity or Severity.NORMAL)
    seed = sampling.seed or new_seed()
    sample = draw(records, plan.sample_size, seed)
    facts = tuple(book.facts(sum(record.book == book.stem for record in sample)) for book in lot)
    return plan, SampleDraft(
        level=plan.level,
        aql=plan.aql,
        severity=plan.severity.value,
        code_letter=plan.plan_letter,
        lot_size=plan.lot_size,
        acceptance=plan.acceptance,
        rejection=plan.rejection,
        seed=seed,
        lot=facts,
        records=tuple(sample),
    )


@dataclass(frozen=True, slots=True)
class Reported:
    """A written report."""

    record: AcceptanceRecord
    document: Path
    workbook: Path


def report_acceptance(store: Store, out: Path, templates: Sequence[Path], *, inspection: int | None = None) -> Reported:
    """Count what is handed over, judge the sample, and write the report as DOCX and workbook.

    Args:
        inspection: number of the inspection; by default the newest that was not withdrawn. Where there is none, only
            what is handed over is reported.

    Raises:
        ExportError: there is nothing handed over, or a file cannot be written.
        StoreError: there is no such inspection.
    """
    found = _chosen(store, inspection)
    stems = [str(book["stem"]) for book in found.lot] if found else []
    books = handed_over_books(out, stems)
    counted = count_handed_over(out, books, load_profiles(), StoreAudit(store))
    # A book that is gone with its manifest is counted nowhere: it is named at least.
    gone = gone_manifests(store, out, load_profiles(), templates)
    counted = replace(counted, strays=(*counted.strays, *gone))
    if found is not None:
        _same_files(found, books)
    forms = _forms(templates)
    pages, problems = _pages(store, out, forms, {book.stem for book in books})
    record = AcceptanceRecord(
        books=tuple(books),
        counted=counted,
        pages=pages,
        problems=problems,
        forms=forms,
        inspection=found,
        outcome=outcome_of(found, store.inspections.fields(found.id)) if found else None,
        fields=store.inspections.fields(found.id) if found else (),
        earlier=_earlier(store, {book.stem for book in books}, found),
    )
    stem = f"inspection-{found.id}" if found else "handed-over"
    document, workbook = out / FOLDER / f"{stem}.report.docx", out / FOLDER / f"{stem}.report.xlsx"
    write_document(document, record)
    write_report_workbook(workbook, record)
    return Reported(record, document, workbook)


def _pages(store: Store, out: Path, forms: Forms, stems: set[str]) -> tuple[int, int]:
    """Scanned pages of these books, and those of them without records that nobody looked at.

    A book of the store is told by its first record: the same witnesses name the book as when it is exported.
    """
    known, profiles = load_sources(out), dict(load_profiles())
    pages = problems = 0
    for book in store.books():
        first = next(store.records(book.id), None)
        if first is None or first.form not in forms:
            continue
        entry = entry_of(first, forms, default_split)
        source = known.get(first.file)
        official = source.name if source else None
        fitting = profiles_for(entry.form.register_code, profiles)
        if fitting and book_stem(fitting[0], book_of(entry.cells, book.key, official, fitting[0])) in stems:
            pages += book.counts.pages
            problems += book.counts.page_problems
    return pages, problems


def _earlier(store: Store, stems: set[str], found: Inspection | None) -> tuple[tuple[Inspection, Outcome], ...]:
    """The inspections of any of these books before this one, with their results, withdrawn ones too."""
    return tuple(
        (one, outcome_of(one, store.inspections.fields(one.id)))
        for one in store.inspections.all()
        if (found is None or one.id < found.id) and not stems.isdisjoint(str(book["stem"]) for book in one.lot)
    )


def _chosen(store: Store, wanted: int | None) -> Inspection | None:
    if wanted is not None:
        return store.inspections.get(wanted)
    standing = [inspection for inspection in store.inspections.all() if inspection.withdrawn_at is None]
    return standing[-1] if standing else None


def _same_files(inspection: Inspection, books: Sequence[HandedOverBook]) -> None:
    """Make sure that the sample was drawn from the very files that lie there now.

    Raises:
        ExportError: a book was exported anew since.
    """
    then = {str(book["stem"]): _files(book) for book in inspection.lot}
    withdraw = f"Withdraw it (extractor acceptance withdraw OUT {inspection.id}) and draw a new sample."
    for book in books:
        if _files(book.facts(0)) != then[book.stem]:
            raise ExportError(
                f"{book.path}: the book was exported anew after the sample of inspection {inspection.id} was drawn.",
                mend="Its result stands; draw a new sample, which is a resubmission."
                if inspection.decided
                else withdraw,
            )


def _forms(templates: Sequence[Path]) -> Forms:
    return {form.schema.form: form.schema for form in load_forms(tuple(templates))}
