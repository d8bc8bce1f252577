"""The field schema of a form: which fields it has, in which order, of which kind, and where they are exported to."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator

FORM_NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
"""Pattern of a form's name where one is given in the verification room; it is a folder's name."""


class Kind(StrEnum):
    """What sort of thing a field holds; decides reading, normalising, rules and confidence."""

    RECORD_NUMBER = "record_number"
    BOOK_NUMBER = "book_number"
    NUMBER = "number"
    PERSON_NAME = "person_name"
    DATE = "date"
    DATE_WORDS = "date_words"
    IDENTITY_NUMBER = "identity_number"
    IDENTITY_PAPER = "identity_paper"
    PLACE = "place"
    ETHNIC_GROUP = "ethnic_group"
    NATIONALITY = "nationality"
    SEX = "sex"
    RELATION = "relation"
    SIGNER = "signer"
    TITLE = "title"
    TEXT = "text"
    CHOICE = "choice"


class Role(StrEnum):
    """What a form's pages are in a book."""

    RECORDS = "records"
    """Registered events."""
    COVER = "cover"
    """What the book is: office, number, first and last day."""
    CLOSING = "closing"
    """How many pages and events the book holds."""


class Option(BaseModel):
    """One tick box of a choice: its printed label and the code it stands for (none where no code is known)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    value: str | None = None


class FieldSpec(BaseModel):
    """One field of a form.

    Args:
        code: field code, as in the import columns where there is one.
        label: printed label, Vietnamese (or the form's own language), without dots and colon.
        kind: see :class:`Kind`.
        reader: ``auto`` judges the crop; ``printed`` or ``handwriting`` are preferences.
        columns: import columns the value goes to; a ``signer`` fills two, an ``identity_paper`` up to four.
        required: an empty one is warned about.
        multiline: the value may go on below its first line.
        parts: labels of the separate blanks of a date (``ngày``, ``tháng``, ``năm``); the raw text is the parts joined
            by single spaces.
        words_of: code of the date in digits that this date in words repeats, or empty.
        options: the tick boxes of a choice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][A-Za-z0-9]*$")
    label: str
    kind: Kind
    reader: str = "auto"
    columns: tuple[str, ...] = ()
    required: bool = False
    multiline: bool = False
    parts: tuple[str, ...] = ()
    words_of: str = ""
    options: tuple[Option, ...] = ()

    @model_validator(mode="after")
    def _options_belong_to_choices(self) -> FieldSpec:
        if (self.kind is Kind.CHOICE) != bool(self.options):
            raise ValueError("a 'choice' needs 'options', and only a choice has them")
        return self


class FormSchema(BaseModel):
    """A register form: its fields in the order they stand on the page.

    Args:
        form: name, such as ``ks-2016``; the folder in ``page_templates/`` has the same.
        version: changes whenever the same scan could give other fields.
        role: what its pages are in a book; covers and closing pages yield no records.
        register_code: register (KS, KH, ...), or empty for a foreign one.
        profile: import profile of the register, such as ``KS_60``, or empty.
        source: where the layout is known from.
        unverified: why the layout is not certain, or empty.
        rows: whether the page holds one record per table row.
        language: language of the printed labels, ISO 639-1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: str = Field(pattern=r"^[a-z0-9-]+$")
    version: str
    role: Role = Role.RECORDS
    register_code: str = ""
    title: str
    title_en: str = ""
    profile: str = ""
    source: str
    unverified: str = ""
    rows: bool = False
    language: str = "vi"
    fields: tuple[FieldSpec, ...]

    @model_validator(mode="after")
    def _codes_are_unique(self) -> FormSchema:
        codes = [spec.code for spec in self.fields]
        doubled = sorted({code for code in codes if codes.count(code) > 1})
        if doubled:
            raise ValueError(f"field codes stand twice: {', '.join(doubled)}")
        for spec in self.fields:
            if spec.words_of and spec.words_of not in codes:
                raise ValueError(f"'{spec.code}' repeats '{spec.words_of}', which the form does not have")
        return self

    @property
    def codes(self) -> frozenset[str]:
        """Codes of all fields."""
        return frozenset(spec.code for spec in self.fields)

    def field(self, code: str) -> FieldSpec:
        """The field of that code; raises ``KeyError`` where the form has none."""
        for spec in self.fields:
            if spec.code == code:
                return spec
        raise KeyError(code)
