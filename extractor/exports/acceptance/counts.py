"""Count what is handed over from the files themselves, and hold it against the manifests."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import ExportError
from extractor.exports import files
from extractor.exports.acceptance.handed_over import MANIFEST, PACKAGES, WORKBOOKS, HandedOverBook
from extractor.exports.profile import ExportProfile
from extractor.exports.reading_back import read_sheet

_FORMER = re.compile(r"\.\d{8}-\d{6}(-\d+)?$")
_DRAFT = ".draft"


@dataclass(frozen=True, slots=True)
class CountFault:
    """Something that does not add up.

    Args:
        file: the file concerned, relative to the output folder.
        code: key of ``faults`` in ``texts.yaml``.
        detail: numbers or names of files that fill the text; never anything read from a register.
    """

    file: str
    code: str
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BookCount:
    """What one book's files hold.

    Args:
        rows: rows in each workbook, by file; -1 where it could not be read.
        pdfs: PDFs in the package; -1 where it could not be read.
        size: bytes of the package.
    """

    stem: str
    in_book: int
    held_back: int
    pdfs: int
    size: int
    rows: tuple[tuple[str, int], ...]
    faults: tuple[CountFault, ...]


@dataclass(frozen=True, slots=True)
class HandedOverCount:
    """All books counted, and files beside them that belong to none."""

    books: tuple[BookCount, ...]
    strays: tuple[CountFault, ...]

    @property
    def faults(self) -> tuple[CountFault, ...]:
        """Everything that does not add up."""
        return (*(fault for book in self.books for fault in book.faults), *self.strays)

    @property
    def ok(self) -> bool:
        """Whether packages, workbooks and manifests agree."""
        return not self.faults


def count_handed_over(
    out: Path, books: Sequence[HandedOverBook], profiles: Mapping[str, ExportProfile]
) -> HandedOverCount:
    """Open every package and workbook, count, and compare with the manifests.

    Files of the folder that belong to no manifest there are named, too, whichever books are asked for.
    """
    counted = tuple(_count(out, book, profiles) for book in books)
    return HandedOverCount(counted, tuple(_strays(out)))


def _count(out: Path, book: HandedOverBook, profiles: Mapping[str, ExportProfile]) -> BookCount:
    faults: list[CountFault] = []
    manifest = book.manifest
    package = out / PACKAGES / manifest.package.file
    pdfs = _count_pdfs(package, book, faults)
    rows = []
    for workbook in manifest.workbooks:
        path = out / WORKBOOKS / workbook.file
        name = f"{WORKBOOKS}/{workbook.file}"
        number = -1
        if not path.is_file():
            faults.append(CountFault(name, "missing"))
        else:
            if files.sha256_of(path) != workbook.sha256:
                faults.append(CountFault(name, "changed"))
            number = _count_rows(path, name, profiles.get(workbook.profile), faults)
            if number not in (-1, pdfs):
                faults.append(CountFault(name, "rows", (("rows", str(number)), ("pdfs", str(max(pdfs, 0))))))
        rows.append((workbook.file, number))
    if manifest.records.exported != len(manifest.package.pdfs):
        said = (("rows", str(manifest.records.exported)), ("pdfs", str(len(manifest.package.pdfs))))
        faults.append(CountFault(f"{PACKAGES}/{book.path.name}", "manifest", said))
    return BookCount(
        stem=book.stem,
        in_book=manifest.records.in_book,
        held_back=manifest.records.held_back,
        pdfs=pdfs,
        size=package.stat().st_size if package.is_file() else 0,
        rows=tuple(rows),
        faults=tuple(faults),
    )


def _count_pdfs(path: Path, book: HandedOverBook, faults: list[CountFault]) -> int:
    name = f"{PACKAGES}/{path.name}"
    if not path.is_file():
        faults.append(CountFault(name, "missing"))
        return -1
    if files.sha256_of(path) != book.manifest.package.sha256:
        faults.append(CountFault(name, "changed"))
    try:
        with zipfile.ZipFile(path) as package:
            names = [info.filename for info in package.infolist()]
            faults += _compare_members(package, name, names, book)
    except (OSError, zipfile.BadZipFile) as error:
        faults.append(CountFault(name, "unreadable", (("why", type(error).__name__),)))
        return -1
    return sum(member.lower().endswith(".pdf") for member in names)


def _compare_members(
    package: zipfile.ZipFile, name: str, names: Sequence[str], book: HandedOverBook
) -> Iterator[CountFault]:
    said = {pdf.name: pdf.sha256 for pdf in book.manifest.package.pdfs}
    for member, number in sorted(Counter(names).items()):
        if number > 1:
            yield CountFault(f"{name}/{member}", "doubled")
        if member not in said:
            yield CountFault(f"{name}/{member}", "not_in_manifest")
    for member, sha256 in said.items():
        if member not in names:
            yield CountFault(f"{name}/{member}", "missing")
            continue
        try:
            data = package.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            yield CountFault(f"{name}/{member}", "unreadable", (("why", type(error).__name__),))
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            yield CountFault(f"{name}/{member}", "changed")
        if not data.startswith(b"%PDF-"):
            yield CountFault(f"{name}/{member}", "no_pdf")


def _count_rows(path: Path, name: str, profile: ExportProfile | None, faults: list[CountFault]) -> int:
    if profile is None:
        faults.append(CountFault(name, "profile"))
        return -1
    try:
        return len(read_sheet(path, profile).rows)
    except ExportError as error:
        why = type(error.__cause__ or error).__name__
        faults.append(CountFault(name, "unreadable", (("why", why),)))
        return -1


def _strays(out: Path) -> Iterator[CountFault]:
    """Packages and workbooks that no manifest knows; former files under dated names and drafts are none."""
    known: dict[str, set[str]] = {PACKAGES: set(), WORKBOOKS: set()}
    for content in _manifests(out):
        known[WORKBOOKS] |= {str(workbook["file"]) for workbook in content["workbooks"]}
        known[PACKAGES] |= {str(content["package"]["file"])} if content.get("package") else set()
    for folder, suffix in ((PACKAGES, "*.zip"), (WORKBOOKS, "*.xlsx")):
        for path in sorted((out / folder).glob(suffix)):
            former = _FORMER.search(path.stem) or path.stem.endswith(_DRAFT) or path.name.startswith("~$")
            if path.name not in known[folder] and not former:
                yield CountFault(f"{folder}/{path.name}", "stray")


def _manifests(out: Path) -> Iterator[dict[str, Any]]:
    """All manifests; those of workbooks that go to another office without PDFs lie beside these."""
    for folder in (PACKAGES, WORKBOOKS):
        for path in sorted((out / folder).glob(f"*{MANIFEST}")):
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
                if all(one["file"] for one in content["workbooks"]) and isinstance(content, dict):
                    yield content
            except (OSError, ValueError, KeyError, TypeError):
                continue  # then its files are strays, and are named as such
