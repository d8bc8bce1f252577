"""Everything that is handed over about the books of a run: workbooks, packages, manifests, and what is held back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from extractor.exports.areas import AreaOf
from extractor.exports.book_checks import BookWarning, check_across, check_book, row_warnings, write_checks
from extractor.exports.fields import Entry, Forms, Split, default_split
from extractor.exports.findings import Finding, HeldBack, RecordId
from extractor.exports.grouping import Names, group
from extractor.exports.held_back import write_held_back
from extractor.exports.keys import RecordKey
from extractor.exports.manifest import ENDING, AuditChain, manifest_of, write_manifest
from extractor.exports.naming import book_stem
from extractor.exports.packages import PackageResult, PageId, by_page, shared_pdfs, write_package
from extractor.exports.plan import BookPlan, plan_entries
from extractor.exports.policy import Policy, SignatureOf, refusal, statement
from extractor.exports.profile import ExportProfile, profiles_for
from extractor.exports.record_pdf import PageSource
from extractor.exports.supplements import Supplement
from extractor.exports.workbook import Pending, WorkbookResult, write_plan
from extractor.records import BookKey, Record, Severity


@dataclass(frozen=True, slots=True)
class Background:
    """What is known beside the records themselves.

    Args:
        supplements: what other registers say, by record.
        closing_totals: number of events that the closing page of a record's book states, by record.
        certificate: what the machine's decisions rest on, as the manifest states it; none where it is not known.
        audit: the chain that exports are entered into.
        area_of: which part of its page is a record's own, where a page shows several.
        policy: what may leave the house.
        signature_of: how a record's book stands with its approvals, of the very moment the record was read.
    """

    supplements: Mapping[RecordId, Supplement] = field(default_factory=dict)
    closing_totals: Mapping[RecordId, int] = field(default_factory=dict)
    certificate: Mapping[str, object] | None = None
    audit: AuditChain | None = None
    area_of: AreaOf = lambda _: None
    policy: Policy = Policy.SETTLED
    signature_of: SignatureOf = lambda _: None


@dataclass(frozen=True, slots=True)
class BookExport:
    """What was written for one book; ``package`` and ``manifest`` are none where no page source was given.

    Args:
        findings: what was found about the book as a whole; none of it holds a record back.
        warnings: the same, and what was found about single records that are exported all the same.
        keys: the settled keys, also of records that are held back for another reason.
        files_left: nothing was written since no page can be cut any more; the former files lie where they were.
        not_approved: nothing was written since it is not approved as it stands; the former files lie where they were.
        approved: every record belongs to a book that is approved as it stands, whether that was asked for or not.
    """

    book: BookKey
    stem: str
    records: int
    rows: int
    workbooks: tuple[WorkbookResult, ...]
    package: PackageResult | None
    manifest: Path | None
    held_back: tuple[HeldBack, ...]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[BookWarning, ...] = ()
    keys: Mapping[RecordId, RecordKey] = field(default_factory=dict)
    files_left: bool = False
    not_approved: bool = False
    approved: bool = False


@dataclass(frozen=True, slots=True)
class RunExport:
    """What was written for all books of a run.

    Args:
        without_profile: records of forms that no export profile is made for.
        warnings: what was found about books and records and holds nothing back.
        policy: what might leave the house.
    """

    books: tuple[BookExport, ...]
    held_back: tuple[HeldBack, ...]
    held_back_list: Path
    without_profile: int
    warnings: tuple[BookWarning, ...] = ()
    checks_list: Path | None = None
    policy: Policy = Policy.SETTLED

    @property
    def not_approved(self) -> tuple[str, ...]:
        """Names of the books of which nothing was written since they are not approved as they stand."""
        return tuple(book.stem for book in self.books if book.not_approved)


def export_run(
    out: Path,
    records: Iterable[Record],
    forms: Forms,
    profiles: Mapping[str, ExportProfile],
    *,
    books: Mapping[RecordId, BookKey] | None = None,
    official: Names | None = None,
    page_source: PageSource | None = None,
    pending: Pending = "blank",
    split: Split = default_split,
    background: Background | None = None,
    target_kb: int | None = None,
    progress: Callable[[RecordId], None] | None = None,
    lists: str = "",
    now: datetime | None = None,
) -> RunExport:
    """Export all records, book by book: ``import/*.xlsx``, ``packages/*.zip`` with manifests, and two lists.

    ``import/held_back.csv`` names what is not handed over and why, ``import/checks.csv`` what was found besides.

    Args:
        out: the folder that gets ``import`` and ``packages``.
        forms: form schemas by name.
        profiles: export profiles by name; each book gets a workbook from every profile of its register.
        books: what is known about each record's book.
        official: official names of source files, by record.
        page_source: where each record's page lies; without it no packages are written.
        pending: see :func:`extractor.exports.workbook.write_workbook`; a draft has no package.
        background: what is known beside the records.
        target_kb: see :func:`extractor.exports.packages.write_package`.
        progress: called after each record's PDF.
        lists: put into the names of both lists, where not all books are exported, so that those of all stay.
        now: time for the dated names of former files.
    """
    known_besides = background or Background()
    grouped = group(
        records, forms, profiles, books=books, official=official, split=split, supplements=known_besides.supplements
    )
    exported = [
        export_book(
            out,
            members,
            book,
            profiles_for(book.register, dict(profiles)),
            official=official,
            page_source=page_source,
            pending=pending,
            background=known_besides,
            target_kb=target_kb,
            progress=progress,
            on_page=grouped.on_page,
            now=now,
        )
        for book, members in grouped.in_order()
    ]
    held = tuple(held for book in exported for held in book.held_back)
    ending = f".{lists}.csv" if lists else ".csv"
    held_list = out / "import" / f"held_back{ending}"
    write_held_back(held_list, held)
    across = check_across([(book.stem, book.book, book.keys) for book in exported])
    warnings = tuple(warning for book in exported for warning in book.warnings) + across
    checks_list = out / "import" / f"checks{ending}"
    write_checks(checks_list, warnings)
    return RunExport(
        tuple(exported), held, held_list, grouped.without_profile, warnings, checks_list, known_besides.policy
    )


def export_book(
    out: Path,
    entries: Sequence[Entry],
    book: BookKey,
    profiles: Sequence[ExportProfile],
    *,
    official: Names | None = None,
    page_source: PageSource | None = None,
    pending: Pending = "blank",
    background: Background | None = None,
    target_kb: int | None = None,
    progress: Callable[[RecordId], None] | None = None,
    on_page: Mapping[PageId, Sequence[RecordId]] | None = None,
    now: datetime | None = None,
) -> BookExport:
    """Export one book: a workbook from each profile, one package, one manifest; all hold the same records.

    A record that any profile holds back, or whose source page cannot be cut, is in none of them. A profile whose sheet
    goes without PDFs is exported by itself, with a manifest of its own. Where only approved books may leave the house,
    records of others are held back; drafts, which are marked as such, are written all the same.

    Args:
        entries: the book's records, see :func:`extractor.exports.fields.entry_of`.
        on_page: all records of each page, also those of other books; by default the book's alone.
    """
    besides = background or Background()
    plans = [plan_entries(entries, book, profile, official=official) for profile in profiles]
    plans = _without(plans, {held.key: held.reasons for plan in plans for held in plan.held_back})
    stem = book_stem(profiles[0], book)
    signatures = {besides.signature_of(entry.key) for entry in entries}
    approved = all(one is not None and one.doubt is None for one in signatures)
    if besides.policy is Policy.APPROVED and pending == "blank" and not approved:
        plans = [_refuse(plan, besides.signature_of) for plan in plans]
    if pending == "blank" and not (book.year and book.number):
        # Without its year and number nothing can be named, and every record is held back for it.
        return BookExport(book, stem, len(entries), 0, (), None, None, plans[0].held_back)
    if besides.policy is Policy.APPROVED and pending == "blank" and not approved and not plans[0].rows:
        kept = BookWarning(stem, Finding("approval_left", (), "", Severity.WARNING))
        return BookExport(
            book, stem, len(entries), 0, (), None, _manifest_path(out, stem, profiles[0]), plans[0].held_back,
            (kept.finding,), (kept,), plans[0].keys, not_approved=True,
        )  # fmt: skip
    if pending == "blank" and not plans[0].rows and entries and all(entry.unfit_form for entry in entries):
        kept = BookWarning(stem, Finding("form_left", (), "", Severity.WARNING))
        return BookExport(
            book, stem, len(entries), 0, (), None, _manifest_path(out, stem, profiles[0]), plans[0].held_back,
            (kept.finding,), (kept,), plans[0].keys, approved=approved,
        )  # fmt: skip
    area_of: AreaOf = besides.area_of if profiles[0].shared_pages == "cut" else lambda _: None
    handed_over = page_source is not None and pending == "blank"
    package = None
    if page_source is not None and pending == "blank" and profiles[0].with_package:
        path = out / "packages" / f"{stem}.zip"
        package = write_package(
            path, plans[0].rows, page_source, area_of=area_of, target_kb=target_kb, progress=progress, now=now
        )
        unusable = {
            key: (Finding("source_unusable", (), "", other=reason),) for key, reason in package.unusable
        }  # fmt: skip
        plans = _without(plans, unusable)
        if package.kept_former:
            gone = BookWarning(stem, Finding("files_left", (), "", Severity.WARNING))
            return BookExport(
                book, stem, len(entries), 0, (), None, path.with_name(stem + ENDING), plans[0].held_back,
                (gone.finding,), (gone,), plans[0].keys, files_left=True, approved=approved,
            )  # fmt: skip
    workbooks = tuple(
        write_plan(out / "import" / f"{stem}{plan.profile.naming.workbook_suffix}.xlsx", plan, pending=pending, now=now)
        for plan in plans
    )
    neighbours = on_page if on_page is not None else by_page(entry.key for entry in entries)
    shared = shared_pdfs(package, neighbours, area_of) if package else 0
    off_form = [code for entry in entries for code in entry.cells.off_form]
    findings = check_book(plans[0], len(entries), _stated(entries, besides.closing_totals), shared, off_form)
    manifest = None
    if handed_over:
        manifest = _manifest_path(out, stem, profiles[0])
        content = manifest_of(
            plans, workbooks, package, entries, findings=findings, certificate=besides.certificate, shared=shared
        )
        content |= statement(besides.policy, [row.key for row in plans[0].rows], besides.signature_of)
        write_manifest(manifest, content, besides.audit, now=now)
    return BookExport(
        book=book,
        stem=stem,
        records=len(entries),
        rows=len(plans[0].rows),
        workbooks=workbooks,
        package=package,
        manifest=manifest,
        held_back=plans[0].held_back,
        findings=findings,
        warnings=(*(BookWarning(stem, finding) for finding in findings), *row_warnings(stem, plans)),
        keys=plans[0].keys,
        approved=approved,
    )


def _manifest_path(out: Path, stem: str, profile: ExportProfile) -> Path:
    """Where a book's manifest lies: a sheet without PDFs is no package, and has its own beside it."""
    if profile.with_package:
        return out / "packages" / f"{stem}{ENDING}"
    return out / "import" / f"{stem}{profile.naming.workbook_suffix}{ENDING}"


def _stated(entries: Sequence[Entry], totals: Mapping[RecordId, int]) -> int | None:
    """What the closing page states; none where there is none, or where several books were put together."""
    stated = {totals.get(entry.key) for entry in entries}
    return stated.pop() if len(stated) == 1 else None


def _refuse(plan: BookPlan, signature_of: SignatureOf) -> BookPlan:
    """The plan without records of books that are not approved as they stand, which is said of all of these."""
    found = {row.key: refusal(signature_of(row.key)) for row in (*plan.rows, *plan.withheld)}
    refused = {key: (reason,) for key, reason in found.items() if reason is not None}
    known = [replace(row, reasons=(*row.reasons, *refused.get(row.key, ()))) for row in plan.withheld]
    return _hold_back(replace(plan, withheld=tuple(known)), refused, also_former=True)


def _without(plans: list[BookPlan], held: Mapping[RecordId, tuple[Finding, ...]]) -> list[BookPlan]:
    """The plans with these records held back in every one of them."""
    return [_hold_back(plan, held) for plan in plans] if held else plans


def _hold_back(plan: BookPlan, held: Mapping[RecordId, tuple[Finding, ...]], *, also_former: bool = False) -> BookPlan:
    moved = [replace(row, reasons=held[row.key]) for row in plan.rows if row.key in held]
    if not moved and not also_former:
        return plan
    withheld = tuple(sorted((*plan.withheld, *moved), key=lambda row: row.key))
    stem = book_stem(plan.profile, plan.book)
    return replace(
        plan,
        rows=tuple(row for row in plan.rows if row.key not in held),
        withheld=withheld,
        held_back=tuple(HeldBack(row.key, stem, row.reasons) for row in withheld),
    )
