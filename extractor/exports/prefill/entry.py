"""One record as a document for typing it elsewhere: fields by code, import columns, and what is not certain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from extractor.exports.fields import column_owners, default_split
from extractor.exports.prefill.columns import column_name, group_of, holds_date, load_data, meanings
from extractor.exports.profile import load_profiles, profiles_for
from extractor.exports.supplements import Supplement
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, Severity
from extractor.templates.form import FieldSpec, FormSchema, Kind

FORMAT: Literal["extractor-entry/1"] = "extractor-entry/1"
"""Name and version of the document; changes whenever a reader of the former one would misread it."""


class Mark(StrEnum):
    """How far a value can be relied on."""

    SETTLED = "settled"
    """A person or the certified machine answers for the text."""
    DOUBTFUL = "doubtful"
    """The machine's proposal; nobody answers for it."""
    BLANK = "blank"
    """The book has nothing there, and that is settled."""
    ILLEGIBLE = "illegible"
    """The book has something there that a person could not read."""
    NOT_ON_FORM = "not_on_form"
    """The page has no such place."""
    MISSING = "missing"
    """The record has no such field: it was read with another version of the form."""
    WITHHELD = "withheld"
    """Somebody is to type it without seeing what the machine read, so nothing is shown."""


class Origin(StrEnum):
    """Where a column's text comes from."""

    FIELD = "field"
    BOOK = "book"
    SUPPLEMENT = "supplement"


class EntryField(BaseModel):
    """One field of the form, in the order of the form.

    Args:
        label: printed label; ``group`` tells whom it is about.
        text: what to type: the normalised value, or the verbatim text where nothing could be normalised.
        meaning: what a code in ``text`` means in words, or empty.
        confidence: calibrated probability that ``value`` is exactly right, 0 to 1; none where nothing was read.
        doubtful: nobody answers for ``text`` as it stands.
        box: left, top, width, height in pixels of the source page.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    group: str = ""
    kind: Kind
    columns: tuple[str, ...] = ()
    text: str = ""
    meaning: str = ""
    value: str | None = None
    raw: str = ""
    state: FieldState | None = None
    decision: Decision | None = None
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    doubtful: bool
    mark: Mark
    box: tuple[int, int, int, int] | None = None


class EntryColumn(BaseModel):
    """One import column.

    Args:
        kind: of the field that fills it, or a date where the column is one; none where that is not known.
        field: code of the form's field that fills it, or empty.
        source: for a supplement, where it comes from.
        codes: all codes of the column and what they mean; empty where it holds none.
        also: other labels under which a page may ask for it; ``group_also`` other headings for the same person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    group: str = ""
    text: str = ""
    meaning: str = ""
    kind: Kind | None = None
    doubtful: bool
    mark: Mark
    origin: Origin = Origin.FIELD
    field: str = ""
    source: str = ""
    codes: dict[str, str] = {}
    also: tuple[str, ...] = ()
    group_also: tuple[str, ...] = ()


class EntryRecord(BaseModel):
    """Which record it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    page: int = Field(ge=1)
    record: int = Field(ge=1)


class EntryBook(BaseModel):
    """Which book the record belongs to; unknown parts are empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    register_code: str = ""
    year: str = ""
    number: str = ""
    agency: str = ""
    commune: str = ""
    district: str = ""
    province: str = ""


class EntryWarning(BaseModel):
    """What a rule found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    fields: tuple[str, ...] = ()
    message: str
    severity: Severity


class EntryDocument(BaseModel):
    """A record as it is typed into another system.

    Args:
        fields: by field code, in the form's order; codes the form does not know come last.
        columns: by import column: the form's first, then the book's, then supplements.
        complete: no field is doubtful, missing or withheld.
        edits: what a person typed otherwise into the entry form, by column; the store knows nothing of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["extractor-entry/1"] = FORMAT
    record: EntryRecord
    form: str
    form_version: str
    form_title: str
    register_code: str = ""
    book: EntryBook
    complete: bool
    edits: dict[str, str] = {}
    fields: dict[str, EntryField]
    columns: dict[str, EntryColumn]
    warnings: tuple[EntryWarning, ...] = ()


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
        ),
    )


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


def entry_schema() -> dict[str, Any]:
    """JSON Schema of the document, draft 2020-12."""
    schema = EntryDocument.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


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
    """Columns that come from the book, by the first import sheet of the register."""
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
