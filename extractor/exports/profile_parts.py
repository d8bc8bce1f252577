"""The parts of an export profile: checks, keys, names of files, how dates are written."""

from __future__ import annotations

import re
from enum import StrEnum
from string import Formatter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from extractor.records import Severity


class CheckKind(StrEnum):
    """What a check looks at before a record may leave the house.

    ``slash``: the cell holds a ``/``. ``full_date``: ``dd.mm.yyyy``. ``date``: the same, ``mm.yyyy``, ``yyyy``, an age,
    or empty. ``personal_number``: twelve digits, or empty. ``same_year``: the cells end with the same four digits.
    ``near_year``: they differ by one year at most, as when a book is used on in the next year. ``unique``: no other
    record of the book has the same cells.
    """

    REQUIRED = "required"
    SLASH = "slash"
    FULL_DATE = "full_date"
    DATE = "date"
    DIGITS = "digits"
    PERSONAL_NUMBER = "personal_number"
    SAME_YEAR = "same_year"
    NEAR_YEAR = "near_year"
    UNIQUE = "unique"


class Check(BaseModel):
    """A check on some columns; an error holds the record back, a warning does not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: CheckKind
    columns: tuple[str, ...] = Field(min_length=1)
    severity: Severity = Severity.ERROR


class Keys(BaseModel):
    """The columns that identify a record: its number, its date of registration and its book."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    date: str
    book: str


_PDF_PARTS = {"register", "year", "book", "iso_date", "number"}
_BOOK_PARTS = {"register", "year", "book", "commune", "district", "province"}
CELL_PARTS = {"number", "number_year", "book", "year", "date"}


def check_parts(pattern: str, allowed: set[str]) -> str:
    """The pattern of a name or a cell, if it is made of known parts.

    Raises:
        ValueError: a part is not known, or a file's name has a folder in it.
    """
    parts = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    if unknown := sorted(parts - allowed):
        raise ValueError(f"unknown part {unknown[0]!r}; known are {', '.join(sorted(allowed))}")
    if {"/", "\\"} & set(pattern) and allowed is not CELL_PARTS:
        raise ValueError("a file name has no folder in it")
    return pattern


class Naming(BaseModel):
    """How files are named.

    Args:
        pdf: name of one record's PDF.
        number_digits: numbers of records are filled with zeros to so many digits.
        book_digits: the same for numbers of books.
        book_file: stem of a book's workbook and package where its place is known.
        book_file_without_place: the same where it is not.
        workbook_suffix: put after the stem of the workbook only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pdf: str
    number_digits: int = Field(default=2, ge=1, le=9)
    book_digits: int = Field(default=2, ge=1, le=9)
    book_file: str
    book_file_without_place: str
    workbook_suffix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$")

    @property
    def package_names(self) -> tuple[object, ...]:
        """All that the names of a package and the PDFs in it depend on."""
        return self.pdf, self.number_digits, self.book_digits, self.book_file, self.book_file_without_place

    @field_validator("pdf")
    @classmethod
    def _pdf_parts(cls, pattern: str) -> str:
        if not pattern.endswith(".pdf"):
            raise ValueError("the name must end with '.pdf'")
        return check_parts(pattern, _PDF_PARTS)

    @field_validator("book_file", "book_file_without_place")
    @classmethod
    def _book_parts(cls, pattern: str) -> str:
        return check_parts(pattern, _BOOK_PARTS)


class Dates(BaseModel):
    """Dates written with another separator than the usual full stop.

    Args:
        columns: columns that hold dates; whatever else stands in one, such as an age, is left as it is.
        separator: put between day, month and year in the sheet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: frozenset[str] = frozenset()
    separator: Literal[".", "/", "-"] = "."

    def written(self, column: str, text: str) -> str:
        """A cell's text as the sheet shows it (``03.02.2017`` -> ``03/02/2017``)."""
        if self.separator == "." or column not in self.columns or not _DOTTED.fullmatch(text):
            return text
        return text.replace(".", self.separator)

    def read(self, column: str, text: str) -> str:
        """The same the other way round; zeros that day and month lack are added, nothing else is."""
        if (
            self.separator == "."
            or column not in self.columns
            or not (match := _WRITTEN[self.separator].fullmatch(text.strip()))
        ):
            return text
        return ".".join(part.zfill(2) for part in match.groups() if part)


_DOTTED = re.compile(r"(?:(?:\d{2}\.)?\d{2}\.)?\d{4}")
_WRITTEN = {
    sign: re.compile(rf"(?:(?:(\d{{1,2}}){re.escape(sign)})?(\d{{1,2}}){re.escape(sign)})?(\d{{4}})") for sign in "./-"
}
