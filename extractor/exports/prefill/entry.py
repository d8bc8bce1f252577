"""One record as a document for typing it elsewhere: fields by code, import columns, and what is not certain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from extractor.exports.fields import column_owners, default_split
from extractor.exports.findings import texts
from extractor.exports.prefill.columns import column_name, group_of, holds_date, load_data, meanings
from extractor.exports.prefill.document import (
    FORMAT,
    EntryBook,
    EntryColumn,
    EntryDocument,
    EntryField,
    EntryRecord,
    EntryWarning,
    Mark,
    Origin,
    entry_schema,
)
from extractor.exports.profile import load_profiles, profiles_for
from extractor.exports.supplements import Supplement, fitting
from extractor.records import BookKey, FieldState, FieldValue, Record, Severity
from extractor.templates.form import FieldSpec, FormSchema, Kind

__all__ = [
    "FORMAT",
    "EntryBook",
    "EntryColumn",
    "EntryDocument",
    "EntryField",
    "EntryRecord",
    "EntryWarning",
    "Mark",
    "Origin",
    "entry_document",
    "entry_schema",
    "key_of",
    "settled_only",
]


def entry_document(
    record: Record,
    form: FormSchema,
    book: BookKey,
    supplement: Supplement | None = None,
    *,
    withheld: Collection[str] = (),
) -> EntryDocument:
    """A record by field code and by import column.

    Args:
        form: the schema of the record's form.
        book: what is known of the record's book; fills columns the page leaves empty, such as the office.
        supplement: what another register says; fills only columns the form has no field for.
        withheld: codes of fields that somebody is still to type without seeing the machine's reading.

    Raises:
        ExportError: two fields of the form claim one column.
    """
    column_owners(form)
    specs = {spec.code: spec for spec in form.fields}
    for code in record.fields:
        specs.setdefault(code, FieldSpec(code=code, label=code, kind=Kind.TEXT))
    fields = {
        code: _field(spec, record.fields.get(code), form.register_code, code in withheld)
        for code, spec in specs.items()
    }
    columns: dict[str, EntryColumn] = {}
    for code, spec in specs.items():
        if fields[code].mark not in (Mark.NOT_ON_FORM, Mark.MISSING):
            columns.update(_columns(spec, fields[code], form.register_code))
    columns = _with_book(columns, book, form.register_code)
    supplement = fitting(supplement, record)
    if supplement is not None:
        columns.update(_supplied(supplement, form, columns))
    return EntryDocument(
        record=EntryRecord(file=record.file, page=record.page, record=record.record),
        form=record.form,
        form_version=record.form_version,
        form_title=form.title,
        register_code=form.register_code,
        book=_book(book),
        complete=not any(f.doubtful or f.mark in (Mark.MISSING, Mark.WITHHELD) for f in fields.values()),
        fields=fields,
        columns=columns,
        warnings=tuple(
            EntryWarning(rule=w.rule, fields=w.fields, message=w.message, severity=w.severity)
            for w in record.warnings
            if not set(w.fields) & set(withheld)
        )
        + _left_out(supplement, form),
    )


def _left_out(supplement: Supplement | None, form: FormSchema) -> tuple[EntryWarning, ...]:
    """A warning where the record changed since another register was asked about it."""
    if supplement is None or not set(supplement.stale) - set(column_owners(form)):
        return ()
    message = texts()["warnings"]["supplement_stale"]
    named = {"field": ", ".join(supplement.stale), "other": supplement.source}
    text = " ".join(str(message[part]).format(**named) for part in ("vi", "mend"))
    return (EntryWarning(rule="supplement_stale", fields=(), message=text, severity=Severity.WARNING),)


def settled_only(document: EntryDocument) -> EntryDocument:
    """The document without proposals that nobody answers for; their fields stay, marked, with nothing in them."""
    nothing = {"text": "", "meaning": ""}
    unread = {**nothing, "value": None, "raw": "", "confidence": None}
    return document.model_copy(
        update={
            "fields": {c: f.model_copy(update=unread) if f.doubtful else f for c, f in document.fields.items()},
            "columns": {c: v.model_copy(update=nothing) if v.doubtful else v for c, v in document.columns.items()},
        }
    )


def key_of(book: EntryBook) -> BookKey:
    """The book's key."""
    known = book.model_dump()
    return BookKey(register=known.pop("register_code"), **known)


def _book(book: BookKey) -> EntryBook:
    known = asdict(book)
    return EntryBook(register_code=known.pop("register"), **known)


def _mark(field: FieldValue) -> Mark:
    if not field.decision.settled:
        return Mark.DOUBTFUL
    if field.state is FieldState.BLANK:
        return Mark.BLANK
    if field.state is FieldState.ILLEGIBLE:
        return Mark.ILLEGIBLE
    if field.state is FieldState.NOT_ON_FORM:
        return Mark.NOT_ON_FORM
    # A person settled what is written, but nothing could be made of it for a cell of this kind.
    return Mark.DOUBTFUL if field.value is None and field.raw else Mark.SETTLED


def _field(spec: FieldSpec, field: FieldValue | None, register: str, withheld: bool) -> EntryField:
    _, group = group_of(spec.code)
    known: dict[str, Any] = {"label": spec.label, "group": group, "kind": spec.kind, "columns": spec.columns}
    if field is None:
        return EntryField(**known, doubtful=False, mark=Mark.MISSING)
    if withheld:
        box = tuple(field.box) if field.box else None
        return EntryField(**known, doubtful=True, mark=Mark.WITHHELD, box=box)
    text = _text(field)
    mark = _mark(field)
    return EntryField(
        **known,
        text=text,
        meaning=meanings(spec.code, register, spec).get(text, ""),
        value=field.value,
        raw=field.raw,
        state=field.state,
        decision=field.decision,
        confidence=field.confidence,
        doubtful=mark is Mark.DOUBTFUL,
        mark=mark,
        box=tuple(field.box) if field.box else None,
    )


def _text(field: FieldValue) -> str:
    if field.state in (FieldState.READ, FieldState.DITTO):
        return field.raw if field.value is None else field.value
    return field.value or ""


def _columns(spec: FieldSpec, field: EntryField, register: str) -> Iterator[tuple[str, EntryColumn]]:
    """A field's columns; a value that fills several is parted as for the import sheet."""
    parts: Mapping[str, str] = {}
    if len(spec.columns) == 1:
        parts = {spec.columns[0]: field.text}
    elif field.text:
        parts = default_split(spec, field.text)
    for column in spec.columns:
        text = parts.get(column, "")
        name = column_name(column, spec)
        codes = dict(meanings(column, register, spec))
        mark = Mark.BLANK if field.mark is Mark.SETTLED and not text else field.mark
        yield (
            column,
            EntryColumn(
                label=name.label,
                group=name.group,
                text=text,
                meaning=codes.get(text, ""),
                kind=Kind.DATE if holds_date(column) else spec.kind,
                doubtful=field.doubtful,
                mark=mark,
                field=spec.code,
                codes=codes,
                also=name.also,
                group_also=name.group_also,
            ),
        )


def _with_book(columns: Mapping[str, EntryColumn], book: BookKey, register: str) -> dict[str, EntryColumn]:
    """The columns, with the book's where the page has no say."""
    filled = dict(columns)
    for column, attribute in _book_columns(register).items():
        text = str(getattr(book, attribute))
        former = filled.get(column)
        if text and (former is None or not (former.text or former.doubtful)):
            filled[column] = _other(column, text, Origin.BOOK, register)
    return filled


@cache
def _book_columns(register: str) -> Mapping[str, str]:
    """Columns that come from the book, by the first import sheet of the register; none for foreign registers."""
    if not register:
        return {}
    sheets = profiles_for(register, load_profiles())
    own: dict[str, str] = load_data("columns.yaml")["book_columns"]
    return {**sheets[0].book_columns} if sheets else own


def _supplied(
    supplement: Supplement, form: FormSchema, columns: Mapping[str, EntryColumn]
) -> Iterator[tuple[str, EntryColumn]]:
    owned = column_owners(form)
    for column, text in supplement.columns.items():
        if text and column not in owned and column not in columns:
            yield column, _other(column, text, Origin.SUPPLEMENT, form.register_code, supplement.source)


def _other(column: str, text: str, origin: Origin, register: str, source: str = "") -> EntryColumn:
    name = column_name(column)
    codes = dict(meanings(column, register))
    return EntryColumn(
        label=name.label,
        group=name.group,
        text=text,
        meaning=codes.get(text, ""),
        kind=Kind.DATE if holds_date(column) else None,
        doubtful=False,
        mark=Mark.SETTLED,
        origin=origin,
        source=source,
        codes=codes,
        also=name.also,
        group_also=name.group_also,
    )
