"""Check and count what is handed over, file by file, against manifests: rows, PDFs, names, hashes, audit chain."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.faults import Fault, fault
from extractor.exports.manifest import ENDING, AuditChain, event_of, load_manifest
from extractor.exports.policy import Approved, Policy, check_statement
from extractor.exports.profile import ExportProfile
from extractor.exports.reading_back import read_sheet
from extractor.exports.strays import strays

__all__ = ["CheckedFolder", "CheckedManifest", "Fault", "check_packages", "verify_packages"]

_NOT_READ = -1
_FOLDERS = ("packages", "import")


@dataclass(slots=True)
class CheckedManifest:
    """What lies there of what a manifest names.

    Args:
        pdfs: PDFs in the package; -1 where it could not be read.
        size: bytes of the package.
        rows: rows in each workbook, by file; -1 where it could not be read.
    """

    path: Path
    pdfs: int = _NOT_READ
    size: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckedFolder:
    """All manifests of a folder, and files beside them that none names."""

    manifests: tuple[CheckedManifest, ...]
    strays: tuple[Fault, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that does not add up."""
        return (*(one for checked in self.manifests for one in checked.faults), *self.strays)


def verify_packages(
    out: Path,
    profiles: Mapping[str, ExportProfile],
    audit: AuditChain | None = None,
    *,
    demanded: Policy = Policy.SETTLED,
    approved: Approved | None = None,
) -> tuple[int, tuple[Fault, ...]]:
    """Check all packages of a folder; returns how many manifests there are, and all faults."""
    checked = check_packages(out, profiles, audit, demanded=demanded, approved=approved)
    nothing = () if checked.manifests else (fault(out / "packages", "nothing"),)
    return len(checked.manifests), (*nothing, *checked.faults)


def check_packages(
    out: Path,
    profiles: Mapping[str, ExportProfile],
    audit: AuditChain | None = None,
    *,
    wanted: Collection[Path] | None = None,
    demanded: Policy = Policy.SETTLED,
    approved: Approved | None = None,
) -> CheckedFolder:
    """Check and count the packages of a folder.

    Checked is that every workbook and package is there with the bytes the manifest names, that each opens, that a sheet
    has its profile's header and as many rows as the package has PDFs, that row and PDF bear the same key, that no name
    stands twice and no file lies there that no manifest names.

    Args:
        out: the folder with ``import`` and ``packages``.
        audit: the chain that must hold the head each manifest names and vouch for its content; not looked at where none
            is given.
        wanted: only these manifests; all by default. Files that no manifest names are found in any case.
        demanded: what may leave the house.
        approved: the approvals that were given, to hold against what manifests state; not asked where none is given.
    """
    found: list[CheckedManifest] = []
    named: set[Path] = set()
    manifests = [path for name in _FOLDERS for path in sorted((out / name).glob(f"*{ENDING}"))]
    for path in manifests:
        checked = CheckedManifest(path)
        try:
            content = load_manifest(path)
            named |= set(_named(out, path, content))
            if wanted is None or path in wanted:
                _check(out, checked, content, profiles)
                checked.faults += _check_audit(path, content, audit)
                checked.faults += check_statement(path, content, demanded, approved)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            checked.faults.append(fault(path, "no_manifest", why=type(error).__name__))
        if wanted is None or path in wanted:
            found.append(checked)
    stems = {path.name.removesuffix(ENDING) for path in manifests} | set(audit.exported() if audit else ())
    suffixes = {profile.naming.workbook_suffix for profile in profiles.values()}
    lying = strays(out, manifests=manifests, named=named, stems=stems, suffixes=suffixes)
    return CheckedFolder(tuple(found), tuple(fault(path, "stray") for path in lying))


def missing_manifests(out: Path, profiles: Mapping[str, ExportProfile], audit: AuditChain) -> dict[str, Fault]:
    """A fault for each export that was entered into the chain and whose manifest does not lie there, by its name."""
    alone = tuple(one.naming.workbook_suffix for one in profiles.values() if not one.with_package)
    gone = {}
    for name in sorted(audit.exported()):
        if not any((out / folder / f"{name}{ENDING}").exists() for folder in _FOLDERS):
            gone[name] = fault(out / _FOLDERS[name.endswith(alone)] / f"{name}{ENDING}", "manifest_gone")
    return gone


def belongs_to(name: str, stems: Collection[str]) -> bool:
    """Whether a manifest of that name is one of these books', with a sheet's own ending or without."""
    return any(name == stem or name.startswith(f"{stem}.") for stem in stems)


def _named(out: Path, path: Path, content: Mapping[str, Any]) -> Iterator[Path]:
    if content["package"] is not None:
        yield path.parent / content["package"]["file"]
    for workbook in content["workbooks"]:
        yield out / "import" / workbook["file"]


def _check_audit(path: Path, content: Mapping[str, Any], audit: AuditChain | None) -> Iterator[Fault]:
    if audit is None:
        return
    head = content.get("audit", {}).get("head")
    if not (head and audit.holds(head)):
        yield fault(path, "audit_head")
    elif not audit.vouches(*event_of(path, path)):
        yield fault(path, "audit_content")


def _check(
    out: Path, checked: CheckedManifest, content: Mapping[str, Any], profiles: Mapping[str, ExportProfile]
) -> None:
    path, faults = checked.path, checked.faults
    exported = content["records"]["exported"]
    if content["records"]["in_book"] != exported + content["records"]["held_back"]:
        faults.append(fault(path, "sums"))
    if content["package"] is not None:
        if (pdfs := len(content["package"]["pdfs"])) != exported:
            faults.append(fault(path, "names_pdfs", pdfs=pdfs, records=exported))
        faults += _check_package(checked, path.parent / content["package"]["file"], content["package"])
    for workbook in content["workbooks"]:
        sheet = out / "import" / workbook["file"]
        checked.rows[workbook["file"]] = _NOT_READ
        if workbook["rows"] != exported:
            faults.append(fault(path, "names_rows", rows=workbook["rows"], records=exported))
        profile = profiles.get(workbook["profile"])
        if profile is None:
            faults.append(fault(sheet, "profile", profile=workbook["profile"]))
        else:
            faults += _check_workbook(checked, sheet, workbook, profile, content)


def _check_package(checked: CheckedManifest, path: Path, stated: Mapping[str, Any]) -> Iterator[Fault]:
    import pikepdf

    if not path.exists():
        yield fault(path, "missing")
        return
    checked.size = path.stat().st_size
    if files.sha256_of(path) != stated["sha256"]:
        yield fault(path, "changed")
    try:
        with zipfile.ZipFile(path) as package:
            found = package.namelist()
            checked.pdfs = sum(name.lower().endswith(".pdf") for name in found)
            for name, count in Counter(name.lower() for name in found).items():
                if count > 1:
                    yield fault(path, "doubled", name=name, count=count)
            wanted = {pdf["name"]: pdf["sha256"] for pdf in stated["pdfs"]}
            for name in [*(n for n in wanted if n not in found), *(n for n in found if n not in wanted)]:
                yield fault(path, "pdf_missing" if name in wanted else "pdf_unlisted", name=name)
            for name in dict.fromkeys(found):
                data = package.read(name)
                if name in wanted and hashlib.sha256(data).hexdigest() != wanted[name]:
                    yield fault(path, "pdf_changed", name=name)
                try:
                    with pikepdf.open(io.BytesIO(data)) as pdf:
                        if not len(pdf.pages):
                            yield fault(path, "pdf_no_page", name=name)
                except pikepdf.PdfError:
                    yield fault(path, "no_pdf", name=name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        checked.pdfs = _NOT_READ
        yield fault(path, "unreadable", why=type(error).__name__)


def _check_workbook(
    checked: CheckedManifest,
    path: Path,
    stated: Mapping[str, Any],
    profile: ExportProfile,
    content: Mapping[str, Any],
) -> Iterator[Fault]:
    if not path.exists():
        yield fault(path, "missing")
        return
    if files.sha256_of(path) != stated["sha256"]:
        yield fault(path, "changed")
    try:
        sheet = read_sheet(path, profile)
    except ExportError as error:
        yield fault(path, "sheet", why=error.message.removeprefix(f"{path}: "))
        return
    checked.rows[path.name] = len(sheet.rows)
    if not sheet.exact:
        yield fault(path, "header", profile=profile.name)
    if len(sheet.rows) != stated["rows"]:
        yield fault(path, "rows_stated", rows=len(sheet.rows), stated=stated["rows"])
    if content["package"] is not None:
        names = [pdf["name"] for pdf in content["package"]["pdfs"]]
        if len(sheet.rows) != len(names):
            yield fault(path, "rows_pdfs", rows=len(sheet.rows), pdfs=len(names))
        for row, name in zip(sheet.rows, names, strict=False):
            if _pdf_name(row.cells, profile, content["book"]) != name:
                yield fault(path, "row_key", row=row.number, name=name)


def _pdf_name(cells: Mapping[str, str], profile: ExportProfile, book: Mapping[str, str]) -> str:
    """The official name that a row's own key columns make."""
    number = cells.get(profile.keys.number, "").partition("/")[0]
    day, month, year = (*cells.get(profile.keys.date, "").split("."), "", "", "")[:3]
    return profile.naming.pdf.format(
        register=profile.register_code,
        year=book["year"],
        book=book["number"],
        iso_date=f"{year}-{month}-{day}",
        number=number,
    )
