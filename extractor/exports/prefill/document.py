"""The document of one record for typing it elsewhere; see :mod:`extractor.exports.prefill.entry` for how it is made."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from extractor.records import Decision, FieldState, Severity
from extractor.templates.form import Kind

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


def entry_schema() -> dict[str, Any]:
    """JSON Schema of the document, draft 2020-12."""
    schema = EntryDocument.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
