"""Check what is to be handed over, file by file, against its manifest: rows, PDFs, names, hashes, audit chain."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.manifest import ENDING, AuditChain, event_of
from extractor.exports.profile import ExportProfile
from extractor.exports.reading_back import read_sheet

_FORMER = re.compile(r"\.\d{8}-\d{6}(-\d+)?\.(xlsx|zip)$")
_AGAIN = "Export again; the former files are kept."


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and how to mend it."""

    file: Path
    message: str
    mend: str = _AGAIN

    def __str__(self) -> str:
        return f"{self.file}: {self.message} {self.mend}"


def verify_packages(
    out: Path, profiles: Mapping[str, ExportProfile], audit: AuditChain | None = None
) -> tuple[int, tuple[Fault, ...]]:
    """Check all packages of a folder; returns how many manifests there are, and all faults.

    Checked is that every workbook and package is there with the bytes the manifest names, that each opens, that a sheet
    has its profile's header and as many rows as the package has PDFs, that row and PDF bear the same key, that no name
    stands twice and no file lies there that no manifest names.

    Args:
        out: the folder with ``import`` and ``packages``.
        audit: the chain that must hold the head each manifest names and vouch for its content; not looked at where none
            is given.
    """
    manifests = [path for name in ("packages", "import") for path in sorted((out / name).glob(f"*{ENDING}"))]
    faults: list[Fault] = []
    named: set[Path] = set()
    if not manifests:
        faults.append(Fault(out / "packages", "there is no manifest.", "Export the run first: extractor export all."))
    for path in manifests:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            faults += _check(out, path, content, profiles, named)
            head = content.get("audit", {}).get("head")
            if audit is not None and not (head and audit.holds(head)):
                mend = "Check the log with 'extractor audit verify'; then remove this manifest and export again."
                faults.append(Fault(path, "its head of the audit chain is not in the log.", mend))
            elif audit is not None and not audit.vouches(*event_of(path, path)):
                mend = "Compare with the former files; then remove this manifest and export again."
                faults.append(Fault(path, "is not what was written: the log vouches for another content.", mend))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            faults.append(Fault(path, f"is no manifest ({type(error).__name__})."))
    lying = sorted([*(out / "packages").glob("*.zip"), *(out / "import").glob("*.xlsx")])
    faults += [
        Fault(path, "is named by no manifest.", "Export all again, or remove the file if it is of no use any more.")
        for path in lying
        if path not in named and not _FORMER.search(path.name) and not path.name.endswith(".draft.xlsx")
    ]
    return len(manifests), tuple(faults)


def _check(
    out: Path, path: Path, content: Mapping[str, Any], profiles: Mapping[str, ExportProfile], named: set[Path]
) -> Iterator[Fault]:
    exported = content["records"]["exported"]
    if content["records"]["in_book"] != exported + content["records"]["held_back"]:
        yield Fault(path, "exported and held back do not add up to the records of the book.")
    names: list[str] | None = None
    if content["package"] is not None:
        package = path.parent / content["package"]["file"]
        named.add(package)
        names = [pdf["name"] for pdf in content["package"]["pdfs"]]
        if len(names) != exported:
            yield Fault(path, f"names {len(names)} PDFs for {exported} records.")
        yield from _check_package(package, content["package"])
    for workbook in content["workbooks"]:
        sheet = out / "import" / workbook["file"]
        named.add(sheet)
        if workbook["rows"] != exported:
            yield Fault(path, f"names {workbook['rows']} rows for {exported} records.")
        profile = profiles.get(workbook["profile"])
        if profile is None:
            mend = "Name the folder of your profiles (--profiles)."
            yield Fault(sheet, f"its profile '{workbook['profile']}' is not known here.", mend)
        else:
            yield from _check_workbook(sheet, workbook, profile, names, content["book"])


def _check_package(path: Path, stated: Mapping[str, Any]) -> Iterator[Fault]:
    import pikepdf

    if not path.exists():
        yield Fault(path, "is missing.")
        return
    if files.sha256_of(path) != stated["sha256"]:
        yield Fault(path, "is not the file the manifest names (other bytes).")
    try:
        with zipfile.ZipFile(path) as package:
            found = package.namelist()
            for name, count in Counter(name.lower() for name in found).items():
                if count > 1:
                    yield Fault(path, f"{name} stands {count} times.")
            wanted = {pdf["name"]: pdf["sha256"] for pdf in stated["pdfs"]}
            for name in [*(n for n in wanted if n not in found), *(n for n in found if n not in wanted)]:
                yield Fault(path, f"{name} is {'missing' if name in wanted else 'not in the manifest'}.")
            for name in dict.fromkeys(found):
                data = package.read(name)
                if name in wanted and hashlib.sha256(data).hexdigest() != wanted[name]:
                    yield Fault(path, f"{name} is not the PDF the manifest names (other bytes).")
                try:
                    with pikepdf.open(io.BytesIO(data)) as pdf:
                        if not len(pdf.pages):
                            yield Fault(path, f"{name} has no page.")
                except pikepdf.PdfError:
                    yield Fault(path, f"{name} is no PDF.")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        yield Fault(path, f"cannot be opened ({type(error).__name__}).")


def _check_workbook(
    path: Path,
    stated: Mapping[str, Any],
    profile: ExportProfile,
    names: list[str] | None,
    book: Mapping[str, str],
) -> Iterator[Fault]:
    if not path.exists():
        yield Fault(path, "is missing.")
        return
    if files.sha256_of(path) != stated["sha256"]:
        yield Fault(path, "is not the file the manifest names (other bytes).")
    try:
        sheet = read_sheet(path, profile)
    except ExportError as error:
        yield Fault(path, error.message.removeprefix(f"{path}: "))
        return
    if not sheet.exact:
        yield Fault(path, f"its header row is not that of the profile '{profile.name}'.")
    if len(sheet.rows) != stated["rows"]:
        yield Fault(path, f"has {len(sheet.rows)} rows, the manifest names {stated['rows']}.")
    if names is not None:
        if len(sheet.rows) != len(names):
            yield Fault(path, f"has {len(sheet.rows)} rows for {len(names)} PDFs.")
        for row, name in zip(sheet.rows, names, strict=False):
            if _pdf_name(row.cells, profile, book) != name:
                yield Fault(path, f"row {row.number} has another key than its PDF {name}.")


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
