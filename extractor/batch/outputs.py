"""Everything a run leaves in its output folder, made anew from the store; the same store gives the same files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import extractor
from extractor.batch.overlays import write_overlays
from extractor.batch.sources import KnownSource
from extractor.confidence import Certificate
from extractor.errors import ExportError
from extractor.exports.books import RunExport, export_run
from extractor.exports.profile import load_profiles
from extractor.exports.record_pdf import Source
from extractor.records import BookKey, Record, write_records
from extractor.scans import Limits, SetAside
from extractor.scans.archives import read_member
from extractor.store import Store
from extractor.store.results import QueueStatus
from extractor.templates import Form

RecordKey = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class OutputSummary:
    """What stands in the output folder."""

    out: Path
    status: QueueStatus
    warnings: int
    exported: RunExport
    seconds_per_page: float
    report: Path


def export_books(
    store: Store, out: Path, forms: Mapping[str, Form], known: Mapping[str, KnownSource], **options: object
) -> RunExport:
    """Write workbooks and packages of all books of the store."""
    books: dict[RecordKey, BookKey] = {}
    records: list[Record] = []
    for book in store.books():
        for record in store.records(book.id):
            books[record.key] = book.key
            records.append(record)
    official = {key: name for key in books if (source := known.get(key[0])) and (name := source.name)}

    def page_source(key: RecordKey) -> tuple[Source, int]:
        return _source_of(key[0], known), key[1]

    return export_run(
        out,
        records,
        {name: form.schema for name, form in forms.items()},
        load_profiles(),
        books=books,
        official=official,
        page_source=page_source,
        **options,  # type: ignore[arg-type]
    )


def _source_of(file: str, known: Mapping[str, KnownSource]) -> Source:
    source = known.get(file)
    if source is None:
        raise ExportError(f"{file}: its source is not known.", mend="Run the input again with this output folder.")
    path = Path(source.path)
    return read_member(path, source.member, file, Limits()) if source.member else path
