"""Packages: a flat ZIP with one PDF per record under its official name."""

from __future__ import annotations

import hashlib
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from extractor.errors import ExportError, InputError
from extractor.exports import files
from extractor.exports.areas import WHOLE, Area, AreaOf
from extractor.exports.findings import RecordId
from extractor.exports.plan import Row
from extractor.exports.record_pdf import PageCutter, PageSource, UnusableSourceError
from extractor.exports.shrinking import Shrunk, shrink

PageId: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class PackagedPdf:
    """One PDF of a package; hash in hexadecimal, size in bytes.

    Args:
        area: the part of the scan that it shows; none where it is the whole.
        hidden: the rest of the page is in it too, out of sight.
    """

    key: RecordId
    name: str
    sha256: str
    size: int
    area: Area | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class PackageResult:
    """A written package.

    Args:
        pdfs: the PDFs in it, in the order of the rows.
        unusable: records whose source page cannot be cut, with a short reason; they are not in the package and must
            not stand in the sheet either.
        changed: false where the former file already had the same bytes.
        kept_former: whether a former file was left in its place since not one page can be cut now; the rest then says
            nothing about that file.
        target_kb: size a page was to have; none where the PDFs are the scans as they are.
        reencoded: pages that were made smaller for it.
        above_target: pages that are larger all the same.
        least_dpi: lowest resolution of the pages made smaller; 0 where there are none.
    """

    path: Path
    pdfs: tuple[PackagedPdf, ...]
    unusable: tuple[tuple[RecordId, str], ...]
    sha256: str
    size: int
    changed: bool
    kept_former: bool = False
    target_kb: int | None = None
    reencoded: int = 0
    above_target: int = 0
    least_dpi: int = 0


def write_package(
    path: Path,
    rows: Iterable[Row],
    page_source: PageSource,
    *,
    area_of: AreaOf = lambda _: None,
    target_kb: int | None = None,
    progress: Callable[[RecordId], None] | None = None,
    now: datetime | None = None,
) -> PackageResult:
    """Write the package of one book.

    PDFs are stored, not deflated again: scans do not shrink. Memory needed is that of one source file.

    Args:
        path: the ZIP to write; a former one of other content is kept under a dated name, and left as it is where not
            one page can be cut.
        rows: records that leave the house, in order; see :func:`extractor.exports.plan.plan_book`.
        page_source: tells for a record which file or bytes its page lies in, and at which page number.
        area_of: tells which part of its page is a record's own, where it is not the whole.
        target_kb: make pages smaller that have more kB than this; by default the PDFs are the scans as they are.
        progress: called after each record.
        now: time for the dated name of a former file.

    Raises:
        ExportError: the ZIP cannot be written.
    """
    pdfs: list[PackagedPdf] = []
    unusable: list[tuple[RecordId, str]] = []
    shrunk: list[Shrunk] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(files.part_of(path), "w") as package, PageCutter() as cutter:
            for row in rows:
                try:
                    area = area_of(row.key)
                    cut = cutter.cut(*page_source(row.key), area)
                except (UnusableSourceError, InputError) as error:
                    unusable.append((row.key, error.reason))
                else:
                    data, hidden = cut.data, cut.hidden
                    if target_kb is not None:
                        smaller = shrink(data, target_kb)
                        data = smaller.data
                        # Drawn anew, a page has nothing but what it shows.
                        hidden = hidden and not smaller.reencoded
                        shrunk.append(replace(smaller, data=b""))
                    package.writestr(files.member(row.pdf_name, zipfile.ZIP_STORED), data)
                    digest = hashlib.sha256(data).hexdigest()
                    pdfs.append(PackagedPdf(row.key, row.pdf_name, digest, len(data), area, hidden))
                if progress is not None:
                    progress(row.key)
        if unusable and not pdfs and path.exists():
            # Where nothing can be cut, what was handed over before is worth more than an empty package.
            files.part_of(path).unlink()
            changed, kept = False, True
        else:
            changed, kept = files.put_in_place(path, now=now), False
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({type(error).__name__}).", mend="Check the folder's rights and free space."
        ) from error
    return PackageResult(
        path=path,
        pdfs=tuple(pdfs),
        unusable=tuple(unusable),
        sha256=files.sha256_of(path),
        size=path.stat().st_size,
        changed=changed,
        kept_former=kept,
        target_kb=target_kb,
        reencoded=sum(one.reencoded for one in shrunk),
        above_target=sum(one.above_target for one in shrunk),
        least_dpi=min((one.least_dpi for one in shrunk if one.reencoded), default=0),
    )


def by_page(records: Iterable[RecordId]) -> dict[PageId, list[RecordId]]:
    """Records by the page they stand on: file and number."""
    found: defaultdict[PageId, list[RecordId]] = defaultdict(list)
    for key in records:
        found[key[:2]].append(key)
    return dict(found)


def shared_pdfs(package: PackageResult, on_page: Mapping[PageId, Sequence[RecordId]], area_of: AreaOf) -> int:
    """How many PDFs hold another record's place as well, such as all those of a page of rows.

    Args:
        on_page: all records of each page, of whatever book or register; see :func:`by_page`.
        area_of: as for :func:`write_package`.
    """
    found = 0
    for pdf in package.pdfs:
        own = WHOLE if pdf.area is None or pdf.hidden else pdf.area
        others = (key for key in on_page.get(pdf.key[:2], ()) if key != pdf.key)
        found += any(own.shows(area_of(other) or WHOLE) for other in others)
    return found
