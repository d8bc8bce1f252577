"""Write outputs again from a store, after people have decided; check what was handed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.batch.assurance import StoreApprovals, StoreAudit
from extractor.batch.outputs import RecordKey, export_books, exported_records, write_records_file
from extractor.batch.policy import demanded
from extractor.batch.run import only_run, prepare_folder
from extractor.batch.sources import load_sources
from extractor.errors import ExportError, SettingsError
from extractor.exports.books import RunExport
from extractor.exports.fields import default_split
from extractor.exports.grouping import group
from extractor.exports.manifest import ENDING
from extractor.exports.naming import book_stem
from extractor.exports.policy import Policy
from extractor.exports.profile import ExportProfile, profiles_for, with_own_profiles
from extractor.exports.verifying import Fault, belongs_to, missing_manifests, verify_packages
from extractor.records import BookKey
from extractor.scans import OfficialName
from extractor.store import Store
from extractor.templates import load_forms

ALL = "all"
RECORDS = "records"
_PENDING = ("blank", "proposal")


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What is to be exported.

    Args:
        wanted: ``all``, ``records`` or the name of a profile.
        templates: folders of page templates.
        profiles: a folder of the user's own profiles, or none.
        pending: fields that wait for a person: ``blank``, or ``proposal`` for a marked draft.
        target_kb: make pages of PDFs smaller that have more kB, or none.
    """

    wanted: str
    templates: tuple[Path, ...]
    profiles: Path | None = None
    pending: str = "blank"
    target_kb: int | None = None


def export_formats(profiles: Path | None = None) -> dict[str, str]:
    """Names and titles of what can be exported.

    Raises:
        ExportError: a profile of the user's folder is wrong.
    """
    titles = {name: profile.title for name, profile in with_own_profiles(profiles).items()}
    return {ALL: "records.jsonl and every workbook and package", RECORDS: "records.jsonl", **titles}


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Args:
        records: lines of ``records_file``; none where it was not asked for.
        books: workbooks, packages and lists; none where only the records were asked for.
    """

    records_file: Path
    records: int | None
    books: RunExport | None

    @property
    def files_left(self) -> tuple[str, ...]:
        """Names of the books that were not written since none of their pages can be read."""
        return tuple(book.stem for book in self.books.books if book.files_left) if self.books is not None else ()

    @property
    def not_approved(self) -> tuple[str, ...]:
        """Names of the books that were not written since they are not approved as they stand."""
        return self.books.not_approved if self.books is not None else ()

    @property
    def unusable_scans(self) -> int:
        """How many records are held back since their source pages cannot be cut."""
        held = self.books.held_back if self.books is not None else ()
        return sum(any(reason.code == "source_unusable" for reason in one.reasons) for one in held)

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that belong to it, in a fixed order."""
        found: list[Path] = [self.records_file] if self.records is not None else []
        if self.books is not None:
            for book in self.books.books:
                found += [workbook.path for workbook in book.workbooks]
                found += [book.package.path] if book.package else []
                # Of a book of which nothing was written, the former manifest lies there with its own files.
                found += [book.manifest] if book.manifest and book.workbooks else []
            found += [path for path in (self.books.held_back_list, self.books.checks_list) if path]
        return tuple(dict.fromkeys(found))


def export_now(store: Store, out: Path, job: ExportJob) -> Exported:
    """Export into the output folder of a run.

    Raises:
        SettingsError: there is no such format or way of treating what is pending, a run is writing to the folder, or
            the office's policy in it cannot be used.
        ExportError: a profile is wrong, or something cannot be written.
    """
    profiles = with_own_profiles(job.profiles)
    formats = export_formats(job.profiles)
    if job.wanted not in formats:
        raise SettingsError(f"There is no format '{job.wanted}'.", mend=f"Choose one of: {', '.join(formats)}.")
    if job.pending not in _PENDING:
        raise SettingsError(f"--pending {job.pending}: not known.", mend=f"Choose one of: {', '.join(_PENDING)}.")
    prepare_folder(out)
    with only_run(out):
        return _export(store, out, job, profiles)


def _export(store: Store, out: Path, job: ExportJob, profiles: Mapping[str, ExportProfile]) -> Exported:
    records = write_records_file(store, out) if job.wanted in {ALL, RECORDS} else None
    if job.wanted == RECORDS:
        return Exported(out / "records.jsonl", records, None)
    forms = {form.schema.form: form for form in load_forms(job.templates)}
    exported = export_books(
        store,
        out,
        forms,
        load_sources(out),
        profiles=_wanted(profiles, job),
        lists="" if job.wanted == ALL else job.wanted,
        pending=job.pending,
        target_kb=job.target_kb,
    )
    return Exported(out / "records.jsonl", records, exported)


def _wanted(profiles: Mapping[str, ExportProfile], job: ExportJob) -> Mapping[str, ExportProfile]:
    """The profiles to export by: sheets of a register that share a package and its manifest are written together."""
    if job.wanted == ALL:
        return profiles
    asked = profiles[job.wanted]
    if not asked.with_package or job.pending != "blank":
        return {job.wanted: asked}
    together = (asked.register_code, True)
    return {name: one for name, one in profiles.items() if (one.register_code, one.with_package) == together}


def described(done: Exported, out: Path, job: ExportJob) -> Iterator[str]:
    """A line for each thing that :func:`export_now` wrote."""
    if done.records is not None:
        yield f"{done.records_file}: {done.records} records"
    if done.books is None:
        return
    yield from _described(done.books)
    if job.wanted != ALL:
        yield "The lists of all books, held_back.csv and checks.csv, are as 'export all' left them."
    if job.wanted == ALL and job.pending == "blank":
        yield from _left_over(out, done.books)


def _described(exported: RunExport) -> Iterator[str]:
    for book in exported.books:
        for workbook in book.workbooks:
            yield f"{workbook.path}: {len(workbook.rows)} rows"
        if book.package:
            made = f", {book.package.size / 1000:.0f} kB"
            if book.package.target_kb is not None:
                made += f", {book.package.reencoded} pages made smaller"
                made += f", {book.package.above_target} still larger" if book.package.above_target else ""
            yield f"{book.package.path}: {len(book.package.pdfs)} PDFs{made}"
        for finding in book.findings:
            yield f"  {book.stem}: {finding.message} {finding.message_en}"
    if exported.without_profile:
        yield f"{exported.without_profile} records are of other registers than what was asked for."
    if exported.policy is Policy.APPROVED:
        left = exported.not_approved
        yield f"Only approved books are exported; {len(left)} are not approved as they stand{': ' if left else '.'}" + (
            ", ".join(left)
        )
    yield f"{exported.held_back_list}: {len(exported.held_back)} records held back"
    yield f"{exported.checks_list}: {len(exported.warnings)} warnings"


def not_written(done: Exported) -> ExportError:
    """The error that tells of books in ``files_left``."""
    listed = done.books.held_back_list.name if done.books else ""
    return ExportError(
        f"Not exported, since no source page can be read: {', '.join(done.files_left)}. Their former files are left as"
        " they are.",
        mend=f"Bring the scans back to their place, see {listed}; then export again.",
    )


def _left_over(out: Path, exported: RunExport) -> Iterator[str]:
    """Packages of an earlier export whose book is no longer among the books."""
    written = {book.manifest for book in exported.books}
    for path in sorted((out / "packages").glob(f"*{ENDING}")):
        if path not in written:
            yield f"{path}: of an earlier export; this run has no such book any more. Remove it with its files."


def verify_out(
    store: Store | None, out: Path, profiles: Path | None = None, templates: Sequence[Path] = ()
) -> tuple[int, tuple[Fault, ...]]:
    """Check the packages of an output folder against their manifests; returns how many there are, and all faults.

    Args:
        store: the run's store, to look up the audit chain, and books that were exported and have no manifest there;
            none leaves that out.
        templates: folders of page templates.
    """
    known = with_own_profiles(profiles)
    if store is None:
        return verify_packages(out, known)
    audit = StoreAudit(store)
    manifests, faults = verify_packages(
        out, known, audit, demanded=demanded(store, out), approved=StoreApprovals(store)
    )
    return manifests, (*faults, *gone_manifests(store, out, known, templates))


def gone_manifests(
    store: Store, out: Path, profiles: Mapping[str, ExportProfile], templates: Sequence[Path]
) -> tuple[Fault, ...]:
    """A fault for each book that was exported, is in the store under that name and has no manifest in the folder."""
    gone = missing_manifests(out, profiles, StoreAudit(store))
    if gone and (names := _names_now(store, out, profiles, templates)) is not None:
        gone = {name: one for name, one in gone.items() if belongs_to(name, names)}
    return tuple(gone.values())


def _names_now(
    store: Store, out: Path, profiles: Mapping[str, ExportProfile], templates: Sequence[Path]
) -> frozenset[str] | None:
    """Stems of the books that the store has now; none where that cannot be told, so that no book is taken for gone."""
    books: dict[RecordKey, BookKey] = {}
    official: dict[RecordKey, OfficialName] = {}
    try:
        schemas = {form.schema.form: form.schema for form in load_forms(templates)}
        grouped = group(
            (record for _, record in exported_records(store, load_sources(out), books, official, schemas)),
            schemas,
            profiles,
            books=books,
            official=official,
            split=default_split,
            supplements={},
        )
    except ExportError:
        return None
    return frozenset(book_stem(profiles_for(book.register, dict(profiles))[0], book) for book, _ in grouped.in_order())
