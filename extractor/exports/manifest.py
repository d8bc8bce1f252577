"""What is in a package, for whoever takes it over: counts, hashes, versions, certificate, head of the audit chain.

Nothing in a manifest depends on when or where it was made. The head is that from before the export itself was entered
into the chain, and a manifest that says the same but for the head is left as it is: so the same data gives the same
bytes, and the head it names stays a link of the chain.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import extractor
from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.fields import Entry
from extractor.exports.findings import Finding
from extractor.exports.packages import PackageResult
from extractor.exports.plan import BookPlan
from extractor.exports.workbook import WorkbookResult
from extractor.whole_files import sync

VERSION = 3
ENDING = ".manifest.json"


class AuditChain(Protocol):
    """The chain of events that exports are entered into."""

    def head(self) -> str:
        """Its last link."""

    def holds(self, head: str) -> bool:
        """Whether a link noted earlier is still part of it."""

    def enter(self, subject: str, content: Mapping[str, str]) -> None:
        """Enter an export; ``content`` is vouched for by its hash."""

    def vouches(self, subject: str, content: Mapping[str, str]) -> bool:
        """Whether the last export of that subject was entered with this very content."""

    def exported(self) -> Collection[str]:
        """Names of the manifests, without their ending, whose exports were ever entered."""


def manifest_of(
    plans: Sequence[BookPlan],
    workbooks: Sequence[WorkbookResult],
    package: PackageResult | None,
    entries: Sequence[Entry],
    *,
    findings: Sequence[Finding],
    certificate: Mapping[str, object] | None,
    shared: int,
) -> dict[str, Any]:
    """The content of a manifest, without policy, approvals and the head of the audit chain.

    Args:
        plans: one for each workbook; all have the same rows.
        package: none for sheets that go without PDFs.
        entries: all records of the book.
        findings: what was found about the book as a whole.
        certificate: what the machine's decisions rest on; none where it is not known.
        shared: PDFs that hold another record's place as well.
    """
    plan = plans[0]
    exported = {row.key for row in plan.rows}
    handed_over = [entry for entry in entries if entry.key in exported]
    decisions = sum((Counter(entry.decisions) for entry in handed_over), Counter())
    reasons = Counter(reason.code for held in plan.held_back for reason in held.reasons)
    warnings = Counter(warning.code for row in plan.rows for warning in row.warnings)
    return {
        "manifest": VERSION,
        "book": asdict(plan.book),
        "records": {"in_book": len(entries), "exported": len(plan.rows), "held_back": len(plan.held_back)},
        "held_back_by_reason": dict(sorted(reasons.items())),
        "warnings_by_reason": dict(sorted(warnings.items())),
        "book_warnings": [
            {"code": finding.code, "message": finding.message, "message_en": finding.message_en} for finding in findings
        ],
        "fields_settled_by": dict(sorted(decisions.items())),
        "package": _package(package, shared),
        "workbooks": [_workbook(one, workbook) for one, workbook in zip(plans, workbooks, strict=True)],
        "certificate": certificate,
        "versions": {
            "extractor": extractor.__version__,
            "forms": dict(sorted({entry.form.form: entry.form_version for entry in handed_over}.items())),
            "readers": sorted(frozenset().union(*(entry.readers for entry in handed_over))),
        },
    }


def _package(package: PackageResult | None, shared: int) -> dict[str, Any] | None:
    if package is None:
        return None
    made: dict[str, Any] = {"made": "cut from the scan as it is"}
    if package.target_kb is not None:
        made = {
            "made": "cut from the scan; larger pages encoded anew as colour JPEG",
            "target_kb_a_page": package.target_kb,
            "pages_encoded_anew": package.reencoded,
            "pages_above_target": package.above_target,
            "least_dpi": package.least_dpi or None,
        }
    return {
        "file": package.path.name,
        "sha256": package.sha256,
        "bytes": package.size,
        **made,
        "pages_cut_to_record": sum(pdf.area is not None for pdf in package.pdfs),
        "rest_hidden": sum(pdf.hidden for pdf in package.pdfs),
        "pages_shared": shared,
        "pdfs": [{"name": pdf.name, "sha256": pdf.sha256, "bytes": pdf.size} for pdf in package.pdfs],
    }


def _workbook(plan: BookPlan, workbook: WorkbookResult) -> dict[str, Any]:
    return {
        "file": workbook.path.name,
        "sha256": workbook.sha256,
        "profile": plan.profile.name,
        "official": plan.profile.official,
        "rows": len(workbook.rows),
        "columns": len(plan.profile.columns),
        "pending_cells": workbook.pending_cells,
        "fields_without_column": list(plan.not_in_profile),
        "cells_from_elsewhere": sum(len(row.supplemented) for row in workbook.rows),
        "sources_of_these": sorted({row.source for row in workbook.rows if row.source}),
    }


def write_manifest(path: Path, content: Mapping[str, Any], audit: AuditChain | None, *, now: datetime | None) -> bool:
    """Write a manifest with the head of the audit chain, and enter the export; returns whether anything changed.

    The event comes first: no manifest is ever without one, wherever the process is stopped. One that was entered and
    did not come to its place any more is put there, and not entered again.

    Raises:
        ExportError: it cannot be written.
    """
    if _stands(path, path, content, audit):
        return False
    part = files.part_of(path)
    try:
        if audit is None or not _stands(path, part, content, audit):
            whole = {**content, "audit": {"head": audit.head()}} if audit else dict(content)
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            if audit is not None:
                sync(part)
                audit.enter(*event_of(path, part))
        return files.put_in_place(path, now=now)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error


def _stands(path: Path, file: Path, content: Mapping[str, Any], audit: AuditChain | None) -> bool:
    """Whether a file says this already, and the last export of that name was entered with its very bytes."""
    former = _former(file)
    if former is None:
        return False
    head = former.pop("audit", {}).get("head")
    known = audit is None or (head is not None and audit.holds(head) and audit.vouches(*event_of(path, file)))
    return known and former == json.loads(json.dumps(content))


def event_of(path: Path, file: Path) -> tuple[str, dict[str, str]]:
    """Subject and content of the event that vouches for a manifest.

    Args:
        path: where the manifest belongs.
        file: where its bytes lie.
    """
    return f"export:{path.name.removesuffix(ENDING)}", {"manifest": files.sha256_of(file)}


def load_manifest(path: Path) -> Any:
    """What a manifest's file holds, whatever that is.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or nested deeper than any manifest.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _former(path: Path) -> dict[str, Any] | None:
    """The former manifest; none where there is no such file or it is damaged, so that it is written again."""
    try:
        content = load_manifest(path)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("audit", {}), dict) else None
