"""Everything a run leaves in its output folder, made anew from the store; the same store gives the same files."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import extractor
from extractor.batch.assurance import StoreAudit, read_assurance, remember_assurance
from extractor.batch.at_hand import at_hand
from extractor.batch.judging import closing_totals
from extractor.batch.overlays import Decisions, write_overlays
from extractor.batch.policy import follow
from extractor.batch.sources import KnownSource
from extractor.confidence import Certificate
from extractor.dittos import meant_when_exported
from extractor.errors import ExportError, InputError
from extractor.exports.areas import Area
from extractor.exports.books import Background, RunExport, export_run
from extractor.exports.files import sha256_of
from extractor.exports.policy import Policy
from extractor.exports.profile import load_profiles
from extractor.exports.record_pdf import Source, UnusableSourceError
from extractor.exports.report import OverlayPicture, RecordTally, RunReport, book_lines, write_report
from extractor.exports.supplements import FILE as SUPPLEMENTS
from extractor.exports.supplements import read_supplements
from extractor.page_file import load_areas, load_page_file, page_stem
from extractor.records import BookKey, PageProblem, PageProblemKind, Record, write_records
from extractor.rules import all_rules, along_book_again
from extractor.scans import Limits, OfficialName, SetAside
from extractor.scans.archives import read_member
from extractor.store import Store
from extractor.store.results import QueueStatus
from extractor.store.signatures import Signature, signed_book
from extractor.templates import Form
from extractor.templates.form import FormSchema
from extractor.whole_files import take_place

RecordKey = tuple[str, int, int]
RECORDS, PROBLEMS, REPORT = "records.jsonl", "problems.jsonl", "report.html"
_THUMBNAILS = 12
_PAGES_IN_MIND = 4096


@dataclass(frozen=True, slots=True)
class OutputSummary:
    """What stands in the output folder.

    Args:
        seconds_per_page: median of the pages in the store.
        unknown: pages that are of no known form.
    """

    status: QueueStatus
    warnings: int
    exported: RunExport
    seconds_per_page: float
    report: Path
    unknown: int = 0


def write_outputs(
    store: Store,
    out: Path,
    forms: Mapping[str, Form],
    known: Mapping[str, KnownSource],
    *,
    certificate: Certificate | None,
    reader_versions: Mapping[str, str],
    set_aside: Sequence[SetAside],
    suspended: Sequence[tuple[str, str]] = (),
    workers: int = 1,
) -> OutputSummary:
    """Write records, problems, overlays, workbooks, packages and the report from what the store holds."""
    schemas = {name: form.schema for name, form in forms.items()}
    titles = {name: (rule.title, rule.title_en) for name, rule in all_rules().items()}
    tally, decisions, warnings = RecordTally(schemas, titles), Decisions(), 0

    def counted() -> Iterator[Record]:
        # Record by record: all those of a folder would not fit into memory.
        nonlocal warnings
        for record in store.records():
            tally.add(record)
            decisions.add(record)
            warnings += len(record.warnings)
            yield record

    write_records(out / RECORDS, counted())
    problems = [stored.problem for stored in store.page_problems()]
    _write_problems(out / PROBLEMS, problems)
    overlays = write_overlays(out, decisions, problems, known, workers=workers)
    remember_assurance(out, certificate, [english for _, english in suspended])
    exported = export_books(store, out, forms, known)
    pages = {*decisions.pages, *((problem.file, problem.page) for problem in problems)}
    seconds = _seconds_per_page(out, pages, known)
    versions = {"extractor": extractor.__version__, **{f"form {n}": f.version for n, f in forms.items()}}
    report = RunReport(
        pages=len(pages),
        pages_registered=len(decisions.pages),
        counts=tally.counts(),
        books=book_lines(exported, out),
        held_back=exported.held_back,
        problems=problems,
        set_aside=set_aside,
        overlays=[OverlayPicture(name, Path(name).stem) for name in islice(overlays, _THUMBNAILS)],
        seconds_per_page=seconds,
        versions={**versions, **{f"reader {name}": version for name, version in reader_versions.items()}},
        certificate=certificate.evidence if certificate else "",
        suspended=suspended,
        without_profile=exported.without_profile,
        held_back_list=exported.held_back_list.relative_to(out).as_posix(),
        only_approved=exported.policy is Policy.APPROVED,
    )
    write_report(out / REPORT, report)
    unknown = sum(problem.kind is PageProblemKind.UNKNOWN_FORM for problem in problems)
    return OutputSummary(store.status(), warnings, exported, seconds, out / REPORT, unknown)


def write_records_file(store: Store, out: Path) -> int:
    """Write ``records.jsonl`` anew; returns the number of records."""
    return write_records(out / RECORDS, store.records())


def _write_problems(path: Path, problems: Sequence[PageProblem]) -> None:
    part = path.with_name(path.name + ".part")
    lines = [json.dumps(problem.model_dump(mode="json"), ensure_ascii=False) + "\n" for problem in problems]
    part.write_text("".join(lines), encoding="utf-8")
    take_place(part, path)


def _seconds_per_page(out: Path, pages: set[tuple[str, int]], known: Mapping[str, KnownSource]) -> float:
    seconds = [
        load_page_file(out, page_stem(known[file].sha256, page)).seconds for file, page in pages if file in known
    ]
    return statistics.median(seconds) if seconds else 0.0


def export_books(
    store: Store, out: Path, forms: Mapping[str, Form], known: Mapping[str, KnownSource], **options: Any
) -> RunExport:
    """Write workbooks and packages of all books of the store; each export that changes a package is in its log.

    Args:
        options: passed on to :func:`extractor.exports.books.export_run`.

    Raises:
        SettingsError: it cannot be told which policy holds.
    """
    books: dict[RecordKey, BookKey] = {}
    official: dict[RecordKey, OfficialName] = {}
    closing: dict[RecordKey, int] = {}
    signed: dict[RecordKey, Signature] = {}
    policy = follow(store, out)
    totals = closing_totals(store, out, known)
    schemas = {name: form.schema for name, form in forms.items()}

    def records() -> Iterator[Record]:
        for signature, record in exported_records(store, known, books, official, schemas):
            signed[record.key] = signature
            if signature.book_id in totals:
                closing[record.key] = totals[signature.book_id]
            yield record

    unchanged: set[str] = set()

    def page_source(key: RecordKey) -> tuple[Source, int]:
        return _source_of(key[0], known, unchanged), key[1]

    @lru_cache(maxsize=_PAGES_IN_MIND)
    def areas(file: str, page: int) -> dict[int, Area]:
        source = known.get(file)
        found = load_areas(out, page_stem(source.sha256, page)) if source else {}
        return {number: Area(*shares) for number, shares in found.items()}

    background = Background(
        area_of=lambda key: areas(key[0], key[1]).get(key[2]),
        supplements=read_supplements(out / SUPPLEMENTS),
        closing_totals=closing,
        certificate=read_assurance(out),
        audit=StoreAudit(store),
        policy=policy,
        signature_of=signed.get,
    )
    return export_run(
        out,
        records(),
        schemas,
        books=books,
        official=official,
        page_source=page_source,
        background=background,
        **{"profiles": load_profiles(), **options},
    )


def exported_records(
    store: Store,
    known: Mapping[str, KnownSource],
    books: dict[RecordKey, BookKey],
    official: dict[RecordKey, OfficialName],
    schemas: Mapping[str, FormSchema],
) -> Iterator[tuple[Signature, Record]]:
    """All records as they are exported, with how their book in the store stands with its approvals.

    Book by book: with all their candidates, the records of many books would not fit into memory. Those of one book and
    its signature are of one moment, and what the rules along the book say of them is of that moment, too.

    Args:
        books: what is known about each record's book; added to.
        official: official names of source files, by record; added to.
        schemas: form schemas by name.
    """
    for book in store.books():
        with signed_book(store, book.id) as (signature, records):
            for record in meant_when_exported(along_book_again(list(records), schemas, book.key)):
                books[record.key] = book.key
                if (source := known.get(record.file)) and source.name:
                    official[record.key] = source.name
                yield signature, record


def _source_of(file: str, known: Mapping[str, KnownSource], unchanged: set[str]) -> Source:
    """Where the pages of a file lie.

    Args:
        unchanged: files whose content was compared with what was read; added to.

    Raises:
        ExportError: nothing is known of the file.
        UnusableSourceError: it is gone, or holds something else than what was read: its pages may be other people's.
    """
    source = known.get(file)
    if source is None:
        raise ExportError(f"{file}: its source is not known.", mend="Run the input again with this output folder.")
    try:
        path = at_hand(source)
    except InputError as error:
        raise UnusableSourceError("missing", "The source file cannot be read.") from error
    content: Source = read_member(path, source.member, file, Limits()) if source.member else path
    if file not in unchanged:
        try:
            found = sha256_of(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()
        except OSError as error:
            raise UnusableSourceError("missing", "The source file cannot be read.") from error
        if found != source.sha256:
            raise UnusableSourceError("changed", "The source file is not the one that was read.")
        unchanged.add(file)
    return content
