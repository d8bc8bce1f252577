"""Packages: a flat ZIP with one PDF per record under its official name."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from extractor.errors import ExportError, InputError
from extractor.exports import files
from extractor.exports.findings import RecordId
from extractor.exports.plan import Row
from extractor.exports.record_pdf import PageCutter, PageSource, UnusableSourceError


@dataclass(frozen=True, slots=True)
class PackagedPdf:
    """One PDF of a package; hash in hexadecimal, size in bytes."""

    key: RecordId
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PackageResult:
    """A written package.

    Args:
        pdfs: the PDFs in it, in the order of the rows.
        unusable: records whose source page cannot be cut, with a short reason; they are not in the package and must
            not stand in the sheet either.
        changed: false where the former file already had the same bytes.
    """

    path: Path
    pdfs: tuple[PackagedPdf, ...]
    unusable: tuple[tuple[RecordId, str], ...]
    sha256: str
    size: int
    changed: bool


def write_package(
    path: Path,
    rows: Iterable[Row],
    page_source: PageSource,
    *,
    progress: Callable[[RecordId], None] | None = None,
    now: datetime | None = None,
) -> PackageResult:
    """Write the package of one book.

    PDFs are stored, not deflated again: scans do not shrink. Memory needed is that of one source file.

    Args:
        path: the ZIP to write; a former one of other content is kept under a dated name.
        rows: records that leave the house, in order; see :func:`extractor.exports.plan.plan_book`.
        page_source: tells for a record which file or bytes its page lies in, and at which page number.
        progress: called after each record.
        now: time for the dated name of a former file.

    Raises:
        ExportError: the ZIP cannot be written.
    """
    pdfs: list[PackagedPdf] = []
    unusable: list[tuple[RecordId, str]] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(files.part_of(path), "w") as package, PageCutter() as cutter:
            for row in rows:
                try:
                    data = cutter.cut(*page_source(row.key))
                except (UnusableSourceError, InputError) as error:
                    unusable.append((row.key, error.reason))
                else:
                    package.writestr(files.member(row.pdf_name, zipfile.ZIP_STORED), data)
                    pdfs.append(PackagedPdf(row.key, row.pdf_name, hashlib.sha256(data).hexdigest(), len(data)))
                if progress is not None:
                    progress(row.key)
        changed = files.put_in_place(path, now=now)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error
    return PackageResult(path, tuple(pdfs), tuple(unusable), files.sha256_of(path), path.stat().st_size, changed)
