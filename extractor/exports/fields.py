"""From the fields of a form to the columns of a sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.errors import ExportError
from extractor.exports.findings import Finding, RecordId
from extractor.exports.supplements import Supplement, fitting
from extractor.records import FieldState, FieldValue, Record, Severity
from extractor.templates.form import FieldSpec, FormSchema

Split = Callable[[FieldSpec, str], Mapping[str, str]]
"""Parts a value that fills several columns: ``split(spec, value)`` gives each column its text."""


Forms = Mapping[str, FormSchema]
"""Form schemas by name."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells one record's fields fill.

    Args:
        settled: text by column, from fields that a person or the certified machine answers for.
        proposed: text by column, from fields that await review; never part of an import sheet.
        pending: columns whose fields await review, with or without a proposal.
        findings: warnings about single fields.
        verbatim: what is written where a settled field has no normalised value, by column; for sheets of our own.
        without_column: codes of settled fields that say something and fill no column of any sheet.
        off_form: of these, the ones that the form does not have, such as those of a former version of it.
    """

    settled: dict[str, str]
    proposed: dict[str, str]
    pending: frozenset[str]
    findings: tuple[Finding, ...]
    verbatim: Mapping[str, str] = field(default_factory=dict)
    without_column: tuple[str, ...] = ()
    off_form: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What of a record concerns its export, without pixels, candidates and scores.

    Args:
        decisions: how many of the record's fields are settled by whom.
        readers: readers of the settled fields.
        broken_rules: errors of rules, with the columns of their fields.
        unfit_form: why its form says nothing about its columns; nothing of the record is exported then.
        known: what is known from elsewhere of columns that the form has no field for, see
            :mod:`extractor.exports.supplements`.
    """

    key: RecordId
    form: FormSchema
    form_version: str
    cells: Cells
    decisions: Mapping[str, int]
    readers: frozenset[str]
    broken_rules: tuple[Finding, ...]
    known: Supplement | None = None
    unfit_form: Finding | None = None


def entry_of(record: Record, forms: Forms, split: Split, known: Supplement | None = None) -> Entry:
    """What of a record concerns its export.

    Args:
        known: what other registers know of it; only columns that its form has no field for are taken.

    Raises:
        ExportError: its form is not among the forms.
    """
    form = forms.get(record.form)
    if form is None:
        raise ExportError(
            f"{record.file}, page {record.page}: form '{record.form}' is not known here.",
            mend="Install the form's folder in page_templates.",
        )
    settled = [field for field in record.fields.values() if field.decision.settled]
    known = fitting(known, record)
    owners = first_owners(form)
    return Entry(
        key=record.key,
        form=form,
        form_version=record.form_version,
        cells=_cells(record, form, split, owners),
        decisions=Counter(field.decision.value for field in settled),
        readers=frozenset(field.reader for field in settled if field.reader),
        broken_rules=tuple(_broken_rules(record, form)),
        known=known.without(owners) if known else None,
        unfit_form=unfit_form(record.form_version, form),
    )


def unfit_form(form_version: str, form: FormSchema) -> Finding | None:
    """Why a form cannot say which columns a record's fields fill; none where it can.

    Columns are those of the form in use. Of a record that was read with another version of it, a field may since have
    been renamed, taken away, or given another's column.

    Args:
        form_version: version of the form that the record was read with.
    """
    if form_version != form.version:
        return Finding("form_changed", (), "", other=form.form)
    if doubled := _doubled(form):
        return Finding("form_columns", doubled, ", ".join(doubled), other=form.form)
    return None


def _broken_rules(record: Record, form: FormSchema) -> Iterator[Finding]:
    by_code = {spec.code: spec for spec in form.fields}
    for warning in record.warnings:
        if warning.severity is Severity.ERROR:
            specs = [by_code[code] for code in warning.fields if code in by_code]
            columns = tuple(column for spec in specs for column in spec.columns)
            names = ", ".join(f"{spec.label} ({spec.code})" for spec in specs)
            yield Finding("rule", columns, names, other=warning.rule)


def default_split(spec: FieldSpec, value: str) -> Mapping[str, str]:
    """Parts a value by the project's own reading of signers and identity papers."""
    from extractor.vietnamese import split_columns

    return split_columns(spec, value)


def column_owners(schema: FormSchema) -> dict[str, FieldSpec]:
    """Which field fills each column.

    Raises:
        ExportError: two fields of the form claim one column.
    """
    for column in _doubled(schema):
        one, other = [spec.code for spec in schema.fields for filled in spec.columns if filled == column][:2]
        raise ExportError(
            f"Form '{schema.form}': fields '{one}' and '{other}' both fill '{column}'.",
            mend="Give the column to one of them in the form's form.yaml.",
        )
    return first_owners(schema)


def _doubled(schema: FormSchema) -> tuple[str, ...]:
    """Columns that a form gives to several fields, or twice to one."""
    counted = Counter(column for spec in schema.fields for column in spec.columns)
    return tuple(column for column, number in counted.items() if number > 1)


def first_owners(schema: FormSchema) -> dict[str, FieldSpec]:
    """Which field fills each column; the first where several claim it."""
    owners: dict[str, FieldSpec] = {}
    for spec in schema.fields:
        for column in spec.columns:
            owners.setdefault(column, spec)
    for spec in schema.fields:
        for column in _all_columns(spec)[len(spec.columns) :]:
            owners.setdefault(column, spec)
    return owners


def _all_columns(spec: FieldSpec) -> tuple[str, ...]:
    """Columns a field can fill: its own, and the one for the name of a paper that has no code."""
    from extractor.vietnamese import other_paper_column

    other = other_paper_column(spec)
    return (*spec.columns, other) if other else spec.columns


def labels(columns: tuple[str, ...], schema: FormSchema) -> str:
    """Columns as people know them: the printed label where the form has one, with the code."""
    owners = first_owners(schema)
    return ", ".join(f"{owners[c].label} ({c})" if c in owners else c for c in columns)


def cells_of(record: Record, schema: FormSchema, split: Split = default_split) -> Cells:
    """The columns that a record's fields fill; blank fields fill theirs with empty text.

    Raises:
        ExportError: two fields of the form claim one column.
    """
    return _cells(record, schema, split, column_owners(schema))


def _cells(record: Record, schema: FormSchema, split: Split, owners: Mapping[str, FieldSpec]) -> Cells:
    from extractor.vietnamese import left_out

    on_form = {spec.code for spec in schema.fields}
    off_form = tuple(code for code, field in record.fields.items() if code not in on_form and _says_something(field))
    without_column: list[str] = []
    settled: dict[str, str] = {}
    verbatim: dict[str, str] = {}
    proposed: dict[str, str] = {}
    pending: set[str] = set()
    findings: list[Finding] = []
    for spec in schema.fields:
        field = record.fields.get(spec.code)
        if field is None or field.state is FieldState.NOT_ON_FORM:
            continue
        if not spec.columns:
            if _says_something(field):
                without_column.append(spec.code)
            continue
        columns = [column for column in _all_columns(spec) if owners[column] is spec]
        if field.decision.settled:
            if field.value is None and field.state is FieldState.DITTO and not field.raw:
                label = f"{spec.label} ({spec.code})"
                findings.append(Finding("ditto_unknown", spec.columns, label, Severity.WARNING))
            elif field.value is None and field.raw and field.state in (FieldState.READ, FieldState.DITTO):
                label = f"{spec.label} ({spec.code})"
                findings.append(Finding("not_normalised", spec.columns, label, Severity.WARNING))
                verbatim[spec.columns[0]] = field.raw
            elif field.value and left_out(spec, field.value):
                label = f"{spec.label} ({spec.code})"
                findings.append(Finding("not_whole", spec.columns, label, Severity.WARNING))
            settled.update(_columns(spec, columns, field.value or "", split))
        else:
            pending.update(columns)
            proposed.update(_columns(spec, columns, _proposal(field), split))
    return Cells(
        settled, proposed, frozenset(pending), tuple(findings), verbatim, (*without_column, *off_form), off_form
    )


def _says_something(field: FieldValue) -> bool:
    return field.decision.settled and bool(field.value or field.raw)


def _proposal(field: FieldValue) -> str:
    return field.raw if field.value is None else field.value


def _columns(spec: FieldSpec, columns: Sequence[str], value: str, split: Split) -> dict[str, str]:
    if len(columns) == 1:
        return {columns[0]: value}
    if not value:
        return dict.fromkeys(columns, "")
    parts = split(spec, value)
    return {column: parts.get(column, "") for column in columns}
