"""Count what is handed over from the files themselves, for the books that are accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.exports.acceptance.handed_over import HandedOverBook
from extractor.exports.faults import Fault
from extractor.exports.manifest import AuditChain
from extractor.exports.profile import ExportProfile
from extractor.exports.verifying import check_packages


@dataclass(frozen=True, slots=True)
class BookCount:
    """What one book's files hold.

    Args:
        pdfs: PDFs in the package; -1 where it could not be read.
        size: bytes of the package.
        rows: rows in each workbook, by file; -1 where it could not be read.
    """

    stem: str
    in_book: int
    held_back: int
    pdfs: int
    size: int
    rows: tuple[tuple[str, int], ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class HandedOverCount:
    """All books counted, and files beside them that belong to none."""

    books: tuple[BookCount, ...]
    strays: tuple[Fault, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that does not add up."""
        return (*(fault for book in self.books for fault in book.faults), *self.strays)

    @property
    def ok(self) -> bool:
        """Whether packages, workbooks and manifests agree."""
        return not self.faults


def count_handed_over(
    out: Path,
    books: Sequence[HandedOverBook],
    profiles: Mapping[str, ExportProfile],
    audit: AuditChain | None = None,
) -> HandedOverCount:
    """Open every package and workbook of these books, count, and compare with the manifests.

    Files of the folder that belong to no manifest there are named, too, whichever books are asked for.

    Args:
        audit: the chain that must vouch for the manifests, as in :func:`extractor.exports.verifying.check_packages`.
    """
    checked = check_packages(out, profiles, audit, wanted={book.path for book in books})
    by_path = {one.path: one for one in checked.manifests}
    counted = [
        BookCount(
            stem=book.stem,
            in_book=book.manifest.records.in_book,
            held_back=book.manifest.records.held_back,
            pdfs=by_path[book.path].pdfs,
            size=by_path[book.path].size,
            rows=tuple(by_path[book.path].rows.items()),
            faults=tuple(by_path[book.path].faults),
        )
        for book in books
    ]
    return HandedOverCount(tuple(counted), checked.strays)
