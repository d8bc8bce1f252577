"""Everything that is handed over about the books of a run: workbooks, packages, manifests, and what is held back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import extractor
from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.fields import Entry, Forms, Split, default_split, entry_of
from extractor.exports.findings import Finding, HeldBack, RecordId
from extractor.exports.held_back import write_held_back
from extractor.exports.keys import book_of
from extractor.exports.naming import book_stem
from extractor.exports.packages import PackageResult, write_package
from extractor.exports.plan import BookPlan, plan_entries
from extractor.exports.profile import ExportProfile, profiles_for
from extractor.exports.record_pdf import PageSource
from extractor.exports.workbook import Pending, WorkbookResult, write_plan
from extractor.records import BookKey, Record
from extractor.scans.types import OfficialName

Names = Mapping[RecordId, OfficialName]


@dataclass(frozen=True, slots=True)
class BookExport:
    """What was written for one book; ``package`` and ``manifest`` are none where no page source was given."""

    book: BookKey
    stem: str
    records: int
    rows: int
    workbooks: tuple[WorkbookResult, ...]
    package: PackageResult | None
    manifest: Path | None
    held_back: tuple[HeldBack, ...]


@dataclass(frozen=True, slots=True)
class RunExport:
    """What was written for all books of a run.

    Args:
        without_profile: records of forms that no export profile is made for.
    """

    books: tuple[BookExport, ...]
    held_back: tuple[HeldBack, ...]
    held_back_list: Path
    without_profile: int


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
    progress: Callable[[RecordId], None] | None = None,
    now: datetime | None = None,
) -> RunExport:
    """Export all records, book by book: ``import/*.xlsx``, ``import/held_back.csv``, ``packages/*.zip`` and manifests.

    Args:
        out: the folder that gets ``import`` and ``packages``.
        forms: form schemas by name.
        profiles: export profiles by name; each book gets a workbook from every profile of its register.
        books: what is known about each record's book.
        official: official names of source files, by record.
        page_source: where each record's page lies; without it no packages are written.
        pending: see :func:`extractor.exports.workbook.write_workbook`; a draft has no package.
        progress: called after each record's PDF.
        now: time for the dated names of former files.
    """
    grouped: dict[str, tuple[BookKey, list[Entry]]] = {}
    without_profile = 0
    for record in records:
        entry = entry_of(record, forms, split)
        fitting = profiles_for(entry.form.register_code, dict(profiles))
        if not fitting:
            without_profile += 1
            continue
        known = (books or {}).get(entry.key, BookKey())
        book = book_of(entry.cells, known, (official or {}).get(entry.key), fitting[0])
        stem = book_stem(fitting[0], book)
        former, members = grouped.setdefault(stem, (book, []))
        grouped[stem] = (_same_book(stem, former, book), members)
        members.append(entry)
    exported = [
        export_book(
            out,
            members,
            book,
            profiles_for(book.register, dict(profiles)),
            official=official,
            page_source=page_source,
            pending=pending,
            progress=progress,
            now=now,
        )
        for book, members in sorted(grouped.values(), key=lambda pair: _book_order(pair[0]))
    ]
    held = tuple(held for book in exported for held in book.held_back)
    held_list = out / "import" / "held_back.csv"
    write_held_back(held_list, held)
    return RunExport(tuple(exported), held, held_list, without_profile)


def export_book(
    out: Path,
    entries: Sequence[Entry],
    book: BookKey,
    profiles: Sequence[ExportProfile],
    *,
    official: Names | None = None,
    page_source: PageSource | None = None,
    pending: Pending = "blank",
    progress: Callable[[RecordId], None] | None = None,
    now: datetime | None = None,
) -> BookExport:
    """Export one book: a workbook from each profile, one package, one manifest; all hold the same records.

    A record that any profile holds back, or whose source page cannot be cut, is in none of them.

    Args:
        entries: the book's records, see :func:`extractor.exports.fields.entry_of`.
    """
    plans = [plan_entries(entries, book, profile, official=official) for profile in profiles]
    plans = _without(plans, {held.key: held.reasons for plan in plans for held in plan.held_back})
    stem = book_stem(profiles[0], book)
    if pending == "blank" and not (book.year and book.number):
        # Without its year and number nothing can be named, and every record is held back for it.
        return BookExport(book, stem, len(entries), 0, (), None, None, plans[0].held_back)
    package = None
    if page_source is not None and pending == "blank":
        path = out / "packages" / f"{stem}.zip"
        package = write_package(path, plans[0].rows, page_source, progress=progress, now=now)
        unusable = {
            key: (Finding("source_unusable", (), "", other=reason),) for key, reason in package.unusable
        }  # fmt: skip
        plans = _without(plans, unusable)
    workbooks = tuple(
        write_plan(out / "import" / f"{stem}{plan.profile.naming.workbook_suffix}.xlsx", plan, pending=pending, now=now)
        for plan in plans
    )
    manifest = None
    if package is not None:
        manifest = out / "packages" / f"{stem}.manifest.json"
        content = _manifest(plans, workbooks, package, entries)
        files.part_of(manifest).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        files.put_in_place(manifest, now=now)
    return BookExport(
        book=book,
        stem=stem,
        records=len(entries),
        rows=len(plans[0].rows),
        workbooks=workbooks,
        package=package,
        manifest=manifest,
        held_back=plans[0].held_back,
    )


def _same_book(stem: str, one: BookKey, other: BookKey) -> BookKey:
    """What both keys say of one book; what one of them leaves open the other fills."""
    merged = {}
    for part in fields(BookKey):
        known = {value for value in (getattr(one, part.name), getattr(other, part.name)) if value}
        if len(known) > 1:
            raise ExportError(
                f"Two books would both be named '{stem}', since '{part.name}' differs.",
                mend="State commune, district and province of each book, or export them apart.",
            )
        merged[part.name] = known.pop() if known else ""
    return BookKey(**merged)


def _book_order(book: BookKey) -> tuple[str, ...]:
    return book.register, book.year, book.number.zfill(9), book.province, book.district, book.commune, book.agency


def _without(plans: list[BookPlan], held: Mapping[RecordId, tuple[Finding, ...]]) -> list[BookPlan]:
    """The plans with these records held back in every one of them."""
    return [_hold_back(plan, held) for plan in plans] if held else plans


def _hold_back(plan: BookPlan, held: Mapping[RecordId, tuple[Finding, ...]]) -> BookPlan:
    moved = [replace(row, reasons=held[row.key]) for row in plan.rows if row.key in held]
    if not moved:
        return plan
    withheld = tuple(sorted((*plan.withheld, *moved), key=lambda row: row.key))
    stem = book_stem(plan.profile, plan.book)
    return replace(
        plan,
        rows=tuple(row for row in plan.rows if row.key not in held),
        withheld=withheld,
        held_back=tuple(HeldBack(row.key, stem, row.reasons) for row in withheld),
    )


def _manifest(
    plans: Sequence[BookPlan], workbooks: Sequence[WorkbookResult], package: PackageResult, entries: Sequence[Entry]
) -> dict[str, Any]:
    """What is in a package; nothing in it depends on when or where it was made."""
    plan = plans[0]
    book = plan.book
    exported = {row.key for row in plan.rows}
    handed_over = [entry for entry in entries if entry.key in exported]
    decisions = sum((Counter(entry.decisions) for entry in handed_over), Counter())
    reasons = Counter(reason.code for held in plan.held_back for reason in held.reasons)
    warnings = Counter(warning.code for row in plan.rows for warning in row.warnings)
    return {
        "manifest": 1,
        "book": {
            "register": book.register,
            "year": book.year,
            "number": book.number,
            "agency": book.agency,
            "commune": book.commune,
            "district": book.district,
            "province": book.province,
        },
        "records": {"in_book": len(entries), "exported": len(plan.rows), "held_back": len(plan.held_back)},
        "held_back_by_reason": dict(sorted(reasons.items())),
        "warnings_by_reason": dict(sorted(warnings.items())),
        "fields_settled_by": dict(sorted(decisions.items())),
        "package": {
            "file": package.path.name,
            "sha256": package.sha256,
            "bytes": package.size,
            "pdfs": [{"name": pdf.name, "sha256": pdf.sha256, "bytes": pdf.size} for pdf in package.pdfs],
        },
        "workbooks": [
            {
                "file": workbook.path.name,
                "sha256": workbook.sha256,
                "profile": one.profile.name,
                "official": one.profile.official,
                "rows": len(workbook.rows),
                "columns": len(one.profile.columns),
                "pending_cells": workbook.pending_cells,
                "fields_without_column": list(one.not_in_profile),
            }
            for one, workbook in zip(plans, workbooks, strict=True)
        ],
        "versions": {
            "extractor": extractor.__version__,
            "forms": dict(sorted({entry.form.form: entry.form_version for entry in entries}.items())),
            "readers": sorted(frozenset().union(*(entry.readers for entry in handed_over))),
        },
    }
