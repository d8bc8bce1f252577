"""Which records of a book leave the house, with which cells and names.

Workbook and package are written from one plan, so they hold the same records in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from extractor.errors import ExportError
from extractor.exports import checks
from extractor.exports.fields import Cells, Entry, Forms, Split, default_split, entry_of, first_owners
from extractor.exports.findings import Finding, HeldBack, RecordId, errors
from extractor.exports.keys import RecordKey, settle_key
from extractor.exports.naming import book_stem
from extractor.exports.profile import ExportProfile
from extractor.records import BookKey, Record, Severity
from extractor.scans.types import OfficialName
from extractor.templates.form import FormSchema


@dataclass(frozen=True, slots=True)
class Row:
    """One record as a sheet shows it.

    Args:
        cells: settled text by column; columns without text are left out.
        proposals: text by column that awaits review, for drafts only.
        pending: columns whose fields await review.
        warnings: what was found and does not hold the record back.
        reasons: what holds the record back; empty for a row that leaves the house.
        supplemented: columns that another register filled, since the record's form has no field for them.
        source: where those come from.
    """

    key: RecordId
    pdf_name: str
    cells: Mapping[str, str]
    proposals: Mapping[str, str]
    pending: frozenset[str]
    warnings: tuple[Finding, ...] = ()
    reasons: tuple[Finding, ...] = ()
    supplemented: frozenset[str] = frozenset()
    source: str = ""


@dataclass(frozen=True, slots=True)
class BookPlan:
    """What of one book is exported by one profile.

    Args:
        rows: records that leave the house, in the order of the book.
        held_back: records that do not, in the order of files and pages.
        withheld: the rows of ``held_back``, for drafts.
        not_in_profile: columns the records' forms fill and this sheet does not have, and fields that say something and
            have no column in any sheet.
        keys: the settled keys, also of records that are held back for another reason.
        labels: what is printed on the pages before the fields that fill each column, in the columns' order.
    """

    book: BookKey
    profile: ExportProfile
    rows: tuple[Row, ...]
    held_back: tuple[HeldBack, ...]
    withheld: tuple[Row, ...]
    not_in_profile: tuple[str, ...]
    keys: Mapping[RecordId, RecordKey] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def as_forms(schema: FormSchema | Forms) -> Forms:
    """Form schemas by name, also for a single one."""
    return {schema.form: schema} if isinstance(schema, FormSchema) else schema


def plan_book(
    records: Iterable[Record],
    schema: FormSchema | Forms,
    book: BookKey,
    profile: ExportProfile,
    *,
    official: Mapping[RecordId, OfficialName] | None = None,
    split: Split = default_split,
) -> BookPlan:
    """Decide what of a book is exported.

    Args:
        records: the book's records, in any order.
        schema: the form, or all forms by name.
        official: official names of source files, by record.
        split: parts a value that fills several columns.

    Raises:
        ExportError: a record's form is not among the forms or belongs to another register.
    """
    forms = as_forms(schema)
    return plan_entries([entry_of(record, forms, split) for record in records], book, profile, official=official)


def plan_entries(
    entries: Iterable[Entry],
    book: BookKey,
    profile: ExportProfile,
    *,
    official: Mapping[RecordId, OfficialName] | None = None,
) -> BookPlan:
    """Decide what of a book is exported, from entries; see :func:`plan_book`."""
    names = official or {}
    drafts = [_draft(entry, book, profile, names.get(entry.key)) for entry in entries]
    doubled = checks.check_duplicates([draft.candidate(profile) for draft in drafts if draft.settled], profile)
    rows: list[tuple[tuple[object, ...], Row]] = []
    withheld: list[Row] = []
    for draft in drafts:
        row = draft.row(profile, doubled.get(draft.entry.key, []))
        if draft.settled is None or row.reasons:
            withheld.append(row)
        else:
            rows.append(((*draft.settled.order, row.key), row))
    withheld.sort(key=lambda row: row.key)
    stem = book_stem(profile, book)
    return BookPlan(
        book=book,
        profile=profile,
        rows=tuple(row for _, row in sorted(rows, key=lambda pair: pair[0])),
        held_back=tuple(HeldBack(row.key, stem, row.reasons) for row in withheld),
        withheld=tuple(withheld),
        not_in_profile=_not_in_profile(drafts, profile),
        keys={draft.entry.key: draft.settled for draft in drafts if draft.settled},
        labels=_labels(drafts, profile),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A record on its way into the plan; ``settled`` is its key, or none."""

    entry: Entry
    settled: RecordKey | None
    cells: dict[str, str]
    findings: tuple[Finding, ...]
    supplemented: frozenset[str]

    def candidate(self, profile: ExportProfile) -> checks.Candidate:
        name = self.settled.pdf_name(profile) if self.settled else ""
        return checks.Candidate(self.entry.key, self.cells, name, self.entry.form)

    def row(self, profile: ExportProfile, doubled: list[Finding]) -> Row:
        columns = set(profile.columns)
        findings = (*self.findings, *doubled)
        # Once the key is settled by another witness, the key's own fields need not be waited for.
        key_columns = set(profile.key_cells) if self.settled else set()
        return Row(
            key=self.entry.key,
            pdf_name=self.settled.pdf_name(profile) if self.settled else "",
            cells={column: text for column, text in self.cells.items() if text and column in columns},
            proposals={
                column: text for column, text in self.entry.cells.proposed.items() if text and column in columns
            },
            pending=frozenset(self.entry.cells.pending & columns) - key_columns,
            warnings=tuple(finding for finding in findings if finding.severity is not Severity.ERROR),
            reasons=errors(findings),
            supplemented=self.supplemented & columns,
            source=self.entry.known.source if self.entry.known and self.supplemented & columns else "",
        )


def _draft(entry: Entry, book: BookKey, profile: ExportProfile, official: OfficialName | None) -> _Draft:
    if entry.form.register_code != profile.register_code:
        file, page, _ = entry.key
        raise ExportError(
            f"{file}, page {page}: form '{entry.form.form}' is not of register {profile.register_code}.",
            mend=f"Choose an export profile of register {entry.form.register_code or 'of the form'}.",
        )
    if entry.unfit_form is not None:
        # Nothing is said of its columns, not even in drafts: it might stand in the wrong ones.
        return _Draft(replace(entry, cells=_none(entry.cells)), None, {}, (entry.unfit_form,), frozenset())
    key, key_findings = settle_key(entry.cells, entry.form, book, official, profile)
    cells = _merged(entry.cells, key, book, profile)
    supplied, supplied_findings = _supplied(entry, profile)
    key_columns = set(profile.key_cells)
    # Rules about the key alone know only the page; the key was settled just now from all witnesses.
    rules = [finding for finding in entry.broken_rules if not finding.columns or set(finding.columns) - key_columns]
    own = [f for f in entry.cells.findings if not (profile.verbatim and f.code == "not_normalised")]
    findings = [*own, *key_findings, *rules, *supplied_findings]
    cells.update(supplied)
    if key is not None:
        findings += checks.check_cells(cells, profile, entry.form, skip=entry.cells.pending - key_columns)
    return _Draft(entry, key, cells, tuple(findings), frozenset(supplied))


def _none(cells: Cells) -> Cells:
    """No cells, but what is to be said of fields without a column."""
    return Cells({}, {}, frozenset(), (), without_column=cells.without_column, off_form=cells.off_form)


def _supplied(entry: Entry, profile: ExportProfile) -> tuple[dict[str, str], list[Finding]]:
    """The columns that another register fills, and what was left out of them.

    What another register says never holds a record back: where its value breaks a check, the cell stays empty.
    """
    if entry.known is None:
        return {}, []
    wanted = [column for column in profile.columns if column not in profile.own_columns]
    supplied = {column: text for column in wanted if (text := entry.known.columns.get(column))}
    failed = {column for finding in checks.check_values(supplied, profile, entry.form) for column in finding.columns}
    failed.update(entry.known.unfit)
    warnings = [
        Finding(code, (column,), column, Severity.WARNING, entry.known.source)
        for code, columns in (
            ("supplement_unfit", failed),
            ("supplement_disputed", entry.known.disputed),
            ("supplement_stale", entry.known.stale),
        )
        for column in wanted
        if column in columns
    ]
    return {column: text for column, text in supplied.items() if column not in failed}, warnings


def _merged(cells: Cells, key: RecordKey | None, book: BookKey, profile: ExportProfile) -> dict[str, str]:
    """Settled cells, the book's columns where the page has no say, and the key's columns once the key is settled."""
    merged = {**cells.settled, **cells.verbatim} if profile.verbatim else dict(cells.settled)
    for column, attribute in profile.book_columns.items():
        if not merged.get(column) and column not in cells.pending:
            merged[column] = str(getattr(book, attribute))
    if key is not None:
        merged.update(key.cells(profile))
    return merged


def _forms(drafts: Iterable[_Draft]) -> list[FormSchema]:
    forms = {draft.entry.form.form: draft.entry.form for draft in drafts}
    return [form for _, form in sorted(forms.items())]


def _not_in_profile(drafts: Iterable[_Draft], profile: ExportProfile) -> tuple[str, ...]:
    known = list(drafts)
    filled = {column for form in _forms(known) for spec in form.fields for column in spec.columns}
    said = {code for draft in known for code in draft.entry.cells.without_column}
    # A field may be named like a column that another field fills.
    return tuple(sorted((filled - set(profile.columns)) | said))


def _labels(drafts: Iterable[_Draft], profile: ExportProfile) -> dict[str, str]:
    owners = [first_owners(form) for form in _forms(drafts)]
    printed = {c: dict.fromkeys(known[c].label for known in owners if c in known) for c in profile.columns}
    return {column: "; ".join(labels) for column, labels in printed.items()}
