"""Take back a sheet that another office filled or corrected, beside the records of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.batch.run import only_run
from extractor.batch.sources import load_sources
from extractor.dittos import meant_when_exported
from extractor.errors import SettingsError
from extractor.exports.fields import default_split, entry_of
from extractor.exports.files import sha256_of
from extractor.exports.findings import errors
from extractor.exports.keys import book_of, settle_key
from extractor.exports.profile import ExportProfile, with_own_profiles
from extractor.exports.reading_back import Sheet, read_sheet
from extractor.exports.returned import KnownRecord, Returned, compare_sheet, merged_supplements, telling_fields
from extractor.exports.returned_list import counts_of, write_returned
from extractor.exports.supplements import C06_FILE, Supplement, read_list, record_fingerprint, write_supplements
from extractor.store import Store
from extractor.store.audit import MACHINE
from extractor.templates import load_forms

C06_PROFILE = "ks-c06"
_LISTS = "reconciliation/c06"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a returned sheet.

    Args:
        listed: the workbook with differences, rows that are not used, and supplements.
        counts: by the keys of ``summary`` in ``returned_texts.yaml``.
    """

    listed: Path
    supplements: Path
    counts: dict[str, int]


def import_c06(
    store: Store, out: Path, file: Path, templates: tuple[Path, ...], *, profiles: Path | None = None
) -> Imported:
    """Read a sheet of the police's software and compare it with the records; the records stay as they are.

    Importing the same file again changes nothing.

    Raises:
        SettingsError: there is no such profile, or a run is writing to the folder.
        ExportError: the file is no such sheet, or a list cannot be written.
    """
    profile = with_own_profiles(profiles).get(C06_PROFILE)
    if profile is None:
        raise SettingsError(
            f"There is no profile '{C06_PROFILE}'.", mend="Leave --profiles out, or bring that profile."
        )
    sheet = read_sheet(file, profile)
    with only_run(out):
        records = list(_known_records(store, out, templates, profile))
        result = compare_sheet(sheet, records, profile, _source_name(file))
        return _kept(store, out, file, sheet, result)


def _kept(store: Store, out: Path, file: Path, sheet: Sheet, result: Returned) -> Imported:
    listed = out / _LISTS / f"{file.stem}.xlsx"
    changed = write_returned(listed, sheet, result)
    supplements = out / C06_FILE
    former = read_list(supplements)
    said = [supplement for _, supplement in result.supplements]
    merged = merged_supplements(former, said, result.emptied, _source_name(file))
    if merged != list(former.values()):
        write_supplements(supplements, merged)
        changed = True
    if changed:
        content = {"file": sha256_of(file), "list": sha256_of(listed)}
        store.append_audit(actor=MACHINE, action="imported", subject="import:c06", content=content)
    counts = {**counts_of(sheet, result), "withdrawn": _withdrawn(former.values(), result)}
    return Imported(listed, supplements, counts)


def _withdrawn(former: Iterable[Supplement], result: Returned) -> int:
    """How many cells were known before and are taken back, since the sheet leaves them empty."""
    return len({(one.key, column) for one in former for column in one.columns.keys() & result.emptied.get(one.key, ())})


def _source_name(file: Path) -> str:
    return f"C06: {file.name}"


def _known_records(
    store: Store, out: Path, templates: tuple[Path, ...], profile: ExportProfile
) -> Iterator[KnownRecord]:
    forms = {form.schema.form: form.schema for form in load_forms(templates)}
    sources = load_sources(out)
    for book in store.books():
        for record in meant_when_exported(store.records(book.id)):
            form = forms.get(record.form)
            if form is not None and form.register_code != profile.register_code:
                continue
            entry = entry_of(record, forms, default_split)
            source = sources.get(record.file)
            official = source.name if source else None
            key, findings = settle_key(entry.cells, entry.form, book.key, official, profile)
            # A key that its witnesses dispute is none: a row must not be laid to the wrong record.
            codes = telling_fields(entry.form, profile)
            yield KnownRecord(
                entry,
                book_of(entry.cells, book.key, official, profile),
                None if errors(findings) else key,
                codes,
                record_fingerprint(record, codes),
            )
