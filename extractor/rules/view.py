"""A record and a book as the checks see them: parsed values, nothing for what is blank or not understood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from extractor.records import BookKey, FieldState, FieldValue, Record
from extractor.templates.form import FieldSpec, FormSchema, Kind
from extractor.vietnamese.ages import birth_years, parse_age
from extractor.vietnamese.columns import split_signer
from extractor.vietnamese.date_words import parse_date_words
from extractor.vietnamese.dates import PartialDate, parse_value

OFFICERS = frozenset({"nguoiKy", "nguoiThucHien"})
"""Fields that name who signed or wrote the record, and nothing else."""

_NUMBER = re.compile(r"(\d+)/(\d{4})")


@dataclass(frozen=True)
class RecordView:
    """One record with its form and book."""

    record: Record
    schema: FormSchema
    book: BookKey

    @property
    def register(self) -> str:
        """Register code; empty for a form that is no register."""
        return self.schema.register_code

    @cached_property
    def book_year(self) -> int | None:
        """Year of the book, where it is known."""
        return int(self.book.year) if self.book.year.isdecimal() and len(self.book.year) == 4 else None

    def field(self, code: str) -> FieldValue | None:
        """The field, or none where the record has none."""
        return self.record.fields.get(code)

    def of_kind(self, *kinds: Kind) -> Iterator[FieldSpec]:
        """Fields of those kinds that the record has."""
        return (spec for spec in self.schema.fields if spec.kind in kinds and spec.code in self.record.fields)

    def text(self, code: str) -> str:
        """The value of a field that was read, else an empty text."""
        field = self.field(code)
        if field is None or field.state is not FieldState.READ or field.value is None:
            return ""
        return field.value

    def blank(self, code: str) -> bool:
        """Whether the field is on the form and nothing is written in it."""
        field = self.field(code)
        return field is not None and field.state is FieldState.BLANK

    def date(self, code: str) -> PartialDate | None:
        """The date in a field, or none."""
        return parse_value(self.text(code))

    def date_in_words(self, code: str) -> PartialDate | None:
        """The date a field gives in words, or none."""
        text = self.text(code)
        found = parse_date_words(text, self.book_year) if text else None
        return found if isinstance(found, PartialDate) else None

    def birth_span(self, code: str) -> tuple[int, int] | None:
        """First and last year of birth a date or an age in a field can mean, or none."""
        date = self.date(code)
        if date:
            return date.year, date.year
        age, year = parse_age(self.text(code)), self.registration_year
        return birth_years(age, year) if age is not None and year is not None else None

    @cached_property
    def registered(self) -> PartialDate | None:
        """Day of registration."""
        return self.date("ngayDangKy")

    @property
    def registration_year(self) -> int | None:
        """Year of registration, or the book's where it is not known."""
        return self.registered.year if self.registered else self.book_year

    @cached_property
    def number(self) -> int | None:
        """Number of the record in its year."""
        match = _NUMBER.fullmatch(self.text("so"))
        return int(match.group(1)) if match else None

    @cached_property
    def number_year(self) -> int | None:
        """Year as part of the number's value."""
        match = _NUMBER.fullmatch(self.text("so"))
        return int(match.group(2)) if match else None

    @property
    def written_number_year(self) -> int | None:
        """Year of the number where it is written there and not taken from the book."""
        field = self.field("so")
        if field is None or self.number_year is None:
            return None
        return self.number_year if re.search(r"\d\D+\d", field.raw) else None

    @property
    def numbering_year(self) -> int | None:
        """Year in which the record's number counts; in a book used on, numbers begin anew."""
        if self.written_number_year is not None:
            return self.written_number_year
        if self.registered and self.book_year and self.registered.year == self.book_year + 1:
            return self.registered.year
        return self.number_year

    def signers(self) -> Iterator[tuple[str, str]]:
        """Codes and names of the fields that hold officers' names."""
        for spec in self.schema.fields:
            text = self.text(spec.code)
            if text and spec.kind is Kind.SIGNER:
                yield spec.code, split_signer(text)[0]
            elif text and spec.kind is Kind.PERSON_NAME and spec.code in OFFICERS:
                yield spec.code, text


@dataclass(frozen=True)
class BookView:
    """The records of a book in the order of its pages.

    Args:
        closing_total: number of events the closing page states, where it is known.
    """

    records: tuple[RecordView, ...]
    book: BookKey
    closing_total: int | None = None

    @classmethod
    def of(
        cls, records: Sequence[Record], schema: FormSchema, book: BookKey, closing_total: int | None = None
    ) -> BookView:
        """A book of records of one form."""
        return cls(tuple(RecordView(record, schema, book) for record in records), book, closing_total)
