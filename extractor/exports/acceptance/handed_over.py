"""What was handed over: the books of the output folder's packages, and the records in them as they were exported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import ExportError
from extractor.exports.fields import Entry, Forms, column_owners, default_split, entry_of
from extractor.exports.findings import RecordId
from extractor.exports.keys import book_of
from extractor.exports.manifest import load_manifest
from extractor.exports.naming import book_stem
from extractor.exports.plan import Row, plan_entries
from extractor.exports.profile import ExportProfile, profiles_for
from extractor.exports.reading_back import read_sheet
from extractor.records import BookKey, FieldState, FieldValue, Record
from extractor.scans.types import OfficialName
from extractor.store import DrawnRecord, ExportedField

PACKAGES, WORKBOOKS = "packages", "import"
MANIFEST = ".manifest.json"
_MEND = "Export again: extractor export all --from OUT."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ManifestPdf(_Part):
    """One PDF of a package."""

    name: str
    sha256: str


class ManifestPackage(_Part):
    """The package of a book."""

    file: str
    sha256: str
    pdfs: tuple[ManifestPdf, ...]


class ManifestWorkbook(_Part):
    """One workbook of a book."""

    file: str
    sha256: str
    profile: str
    rows: int


class ManifestRecords(_Part):
    """Counts of a book's records."""

    in_book: int
    exported: int
    held_back: int


class Manifest(_Part):
    """What a book's manifest says; see :func:`extractor.exports.books.export_book`."""

    book: dict[str, str]
    records: ManifestRecords
    package: ManifestPackage
    workbooks: tuple[ManifestWorkbook, ...]


@dataclass(frozen=True, slots=True)
class HandedOverBook:
    """A book as its manifest has it."""

    stem: str
    path: Path
    manifest: Manifest

    @property
    def key(self) -> BookKey:
        """The book's identity."""
        return BookKey(**self.manifest.book)

    @property
    def pdf_names(self) -> tuple[str, ...]:
        """Names of the PDFs in the package, in order; the rows of the workbooks are in the same order."""
        return tuple(pdf.name for pdf in self.manifest.package.pdfs)

    def facts(self, drawn: int) -> dict[str, Any]:
        """What an inspection keeps of the book, so that it can be told later which files it was about."""
        return {
            "stem": self.stem,
            "records": len(self.pdf_names),
            "drawn": drawn,
            "package": [self.manifest.package.file, self.manifest.package.sha256],
            "workbooks": [[one.file, one.sha256] for one in self.manifest.workbooks],
        }


def handed_over_books(out: Path, wanted: Collection[str] = ()) -> list[HandedOverBook]:
    """The books with a package in the output folder, by name.

    Args:
        wanted: stems of the books (``KS.2017.01``); all by default.

    Raises:
        ExportError: there is none, one that is wanted is missing, or a manifest cannot be read.
    """
    paths = {path.name.removesuffix(MANIFEST): path for path in sorted((out / PACKAGES).glob(f"*{MANIFEST}"))}
    if missing := sorted(set(wanted) - set(paths)):
        raise ExportError(
            f"--book {missing[0]}: {out / PACKAGES} holds no package of that name.",
            mend=f"Choose from: {', '.join(paths) or 'none there yet'}.",
        )
    if not paths:
        raise ExportError(f"{out / PACKAGES} holds no package with a manifest.", mend=_MEND)
    return [_load(stem, path) for stem, path in paths.items() if not wanted or stem in wanted]


def _load(stem: str, path: Path) -> HandedOverBook:
    try:
        return HandedOverBook(stem, path, Manifest.model_validate(load_manifest(path)))
    except (OSError, ValueError) as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) if isinstance(error, ValidationError) else ""
        raise ExportError(f"{path}: no manifest of a package{place and f' ({place})'}.", mend=_MEND) from None


def exported_records(
    out: Path,
    books: Sequence[HandedOverBook],
    records: Mapping[RecordId, Record],
    forms: Forms,
    profiles: Mapping[str, ExportProfile],
    *,
    known: Mapping[RecordId, BookKey],
    official: Mapping[RecordId, OfficialName],
) -> list[DrawnRecord]:
    """The records in these books' packages with every exported field as it stands in the workbooks, in their order.

    Args:
        records: all records of the store.
        forms: form schemas by name.
        profiles: export profiles by name.
        known: what is known about each record's book.
        official: official names of source files, by record.

    Raises:
        ExportError: package or workbook holds other records or texts than the store does now, so that nobody could
            say what was handed over; or a file cannot be read.
    """
    grouped: dict[str, list[Entry]] = {}
    for record in records.values():
        entry = entry_of(record, forms, default_split)
        fitting = profiles_for(entry.form.register_code, dict(profiles))
        if fitting:
            key = book_of(entry.cells, known.get(entry.key, BookKey()), official.get(entry.key), fitting[0])
            grouped.setdefault(book_stem(fitting[0], key), []).append(entry)
    found = []
    for book in books:
        entries = grouped.get(book.stem, [])
        sheets = [_profile(book, one, profiles) for one in book.manifest.workbooks]
        by_key = {entry.key: entry for entry in entries}
        rows = _rows(book, entries, sheets[0], official)
        for one, profile in zip(book.manifest.workbooks, sheets, strict=True):
            planned = [(row, by_key[row.key]) for row in _rows(book, entries, profile, official)]
            _compare(out / WORKBOOKS / one.file, profile, book, planned)
        for row in rows:
            fields = tuple(_fields(records[row.key], by_key[row.key], row, sheets))
            found.append(DrawnRecord(row.key, book.stem, row.pdf_name, fields))
    return found


def _profile(book: HandedOverBook, workbook: ManifestWorkbook, profiles: Mapping[str, ExportProfile]) -> ExportProfile:
    if workbook.profile not in profiles:
        raise ExportError(f"{book.path}: export profile '{workbook.profile}' is not known here.", mend=_MEND)
    return profiles[workbook.profile]


def _rows(
    book: HandedOverBook,
    entries: Sequence[Entry],
    profile: ExportProfile,
    official: Mapping[RecordId, OfficialName],
) -> list[Row]:
    """The rows the store would export now, in the order of the package's PDFs."""
    plan = plan_entries(entries, book.key, profile, official=official)
    by_name = {row.pdf_name: row for row in plan.rows}
    gone = [name for name in book.pdf_names if name not in by_name]
    if gone:
        raise ExportError(
            f"{book.path}: {gone[0]} is in the package, but its record would not be exported under that name now.",
            mend=_MEND,
        )
    return [by_name[name] for name in book.pdf_names]


def _compare(path: Path, profile: ExportProfile, book: HandedOverBook, planned: Sequence[tuple[Row, Entry]]) -> None:
    """Make sure that a workbook holds what the store holds.

    Only columns that the book itself fills are compared; what another register added is not what is inspected.

    Raises:
        ExportError: it does not; the message names row and column, never a text.
    """
    sheet = read_sheet(path, profile)
    if len(sheet.rows) != len(planned):
        raise ExportError(
            f"{path}: {len(sheet.rows)} rows, but {len(planned)} PDFs in {book.manifest.package.file}.", mend=_MEND
        )
    for read, (row, entry) in zip(sheet.rows, planned, strict=True):
        own = {*column_owners(entry.form), *profile.key_cells}
        for column in profile.columns:
            if column in own and read.cells.get(column, "") != row.cells.get(column, ""):
                raise ExportError(
                    f"{path}, row {read.number}, column '{column}': not what the store holds now.", mend=_MEND
                )


def _fields(record: Record, entry: Entry, row: Row, profiles: Sequence[ExportProfile]) -> Iterator[ExportedField]:
    """The record's fields that fill a column of a workbook, in the order of the form."""
    columns = {column for profile in profiles for column in profile.columns}
    keys = {column for profile in profiles for column in profile.key_cells}
    verbatim = any(profile.verbatim for profile in profiles)
    wanted: dict[str, str] = {}
    for column, spec in column_owners(entry.form).items():
        if column in columns and spec.code in record.fields:
            wanted.setdefault(spec.code, row.cells.get(column, "") if column in keys else "")
    for code, key_cell in wanted.items():
        yield _as_exported(code, record.fields[code], key_cell, verbatim=verbatim)


def _as_exported(code: str, field: FieldValue, key_cell: str, *, verbatim: bool) -> ExportedField:
    """The field as it left the house: with nothing in it where its cells are empty though the book may say something.

    Args:
        key_cell: the cell of a field that names the record; other witnesses fill it where the field still waits.
    """
    written = field.state in (FieldState.READ, FieldState.DITTO)
    if field.decision.settled and not (written and field.value is None and not verbatim):
        return ExportedField(code, field.raw, field.value, field.state.value)
    if key_cell:
        return ExportedField(code, key_cell, key_cell, FieldState.READ.value)
    return ExportedField(code, "", None, FieldState.BLANK.value, pending=True)
