"""Write outputs again from a store, after people have decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from extractor.batch.outputs import export_books, write_records_file
from extractor.batch.sources import load_sources
from extractor.errors import SettingsError
from extractor.exports.profile import load_profiles
from extractor.store import Store
from extractor.templates import load_forms

ALL = "all"
RECORDS = "records"
_PENDING = ("blank", "proposal")


def export_formats() -> dict[str, str]:
    """Names and titles of what can be exported."""
    profiles = {name: profile.title for name, profile in load_profiles().items()}
    return {ALL: "records.jsonl and every workbook and package", RECORDS: "records.jsonl", **profiles}


def export_out(store: Store, out: Path, wanted: str, templates: tuple[Path, ...], pending: str) -> Iterator[str]:
    """Export into the output folder of a run; yields a line for each thing written.

    Raises:
        SettingsError: there is no such format or way of treating what is pending.
    """
    if wanted not in export_formats():
        raise SettingsError(f"There is no format '{wanted}'.", mend=f"Choose one of: {', '.join(export_formats())}.")
    if pending not in _PENDING:
        raise SettingsError(f"--pending {pending}: not known.", mend=f"Choose one of: {', '.join(_PENDING)}.")
    if wanted in {ALL, RECORDS}:
        yield f"{out / 'records.jsonl'}: {write_records_file(store, out)} records"
    if wanted == RECORDS:
        return
    forms = {form.schema.form: form for form in load_forms(templates)}
    profiles = load_profiles() if wanted == ALL else {wanted: load_profiles()[wanted]}
    exported = export_books(store, out, forms, load_sources(out), profiles=profiles, pending=pending)
    for book in exported.books:
        for workbook in book.workbooks:
            yield f"{workbook.path}: {len(workbook.rows)} rows"
        if book.package:
            yield f"{book.package.path}: {len(book.package.pdfs)} PDFs"
    yield f"{exported.held_back_list}: {len(exported.held_back)} records held back"
