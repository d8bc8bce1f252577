"""Export profiles: what a province's import sheet looks like, as data checked on load."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from extractor.errors import ExportError
from extractor.records import Severity


class CheckKind(StrEnum):
    """What a check looks at before a record may leave the house.

    ``slash``: the cell holds a ``/``. ``full_date``: ``dd.mm.yyyy``. ``date``: the same, ``mm.yyyy``, ``yyyy``, an age,
    or empty. ``same_year``: the cells end with the same four digits. ``near_year``: they differ by one year at
    most, as when a book is used on in the next year. ``unique``: no other record of the book has the same cells.
    """

    REQUIRED = "required"
    SLASH = "slash"
    FULL_DATE = "full_date"
    DATE = "date"
    DIGITS = "digits"
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
_CELL_PARTS = {"number", "number_year", "book", "year", "date"}


def _check_parts(pattern: str, allowed: set[str]) -> str:
    parts = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
    if unknown := sorted(parts - allowed):
        raise ValueError(f"unknown part {unknown[0]!r}; known are {', '.join(sorted(allowed))}")
    if {"/", "\\"} & set(pattern) and allowed is not _CELL_PARTS:
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

    @field_validator("pdf")
    @classmethod
    def _pdf_parts(cls, pattern: str) -> str:
        if not pattern.endswith(".pdf"):
            raise ValueError("the name must end with '.pdf'")
        return _check_parts(pattern, _PDF_PARTS)

    @field_validator("book_file", "book_file_without_place")
    @classmethod
    def _book_parts(cls, pattern: str) -> str:
        return _check_parts(pattern, _BOOK_PARTS)


class ExportProfile(BaseModel):
    """One import sheet.

    Args:
        name: name on the command line.
        register_code: register (KS, KH, ...); ``register`` in the file.
        official: whether an authority takes this sheet; else it says plainly that it is our own.
        source: where the layout is known from.
        sheet: name of the sheet.
        columns: field codes in the order of the header row; in the file either the list or its name in
            ``columns_158.json``.
        serial_column: column that counts the rows from 1, or none.
        book_columns: columns filled from the book where the page has no such field, with the book's attribute.
        key_cells: how the key columns are written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    register_code: str = Field(alias="register", pattern=r"^[A-Z]+$")
    title: str
    title_en: str
    official: bool
    source: str
    sheet: str = Field(min_length=1, max_length=31, pattern=r"^[^\[\]:*?/\\']+$")
    columns: tuple[str, ...] = Field(min_length=1)
    serial_column: str | None = None
    book_columns: dict[str, Literal["agency", "commune", "district", "province"]] = {}
    keys: Keys
    key_cells: dict[str, str]
    naming: Naming
    checks: tuple[Check, ...] = ()

    @field_validator("columns", mode="before")
    @classmethod
    def _named_list(cls, columns: Any) -> Any:
        if isinstance(columns, str):
            lists = column_lists()
            if columns not in lists:
                raise ValueError(f"no column list {columns!r}; known are {', '.join(sorted(lists))}")
            return lists[columns]
        return columns

    @model_validator(mode="after")
    def _names_are_columns(self) -> ExportProfile:
        doubled = sorted({column for column in self.columns if self.columns.count(column) > 1})
        if doubled:
            raise ValueError(f"columns stand twice: {', '.join(doubled)}")
        key_columns = {self.keys.number, self.keys.date, self.keys.book}
        if set(self.key_cells) != key_columns:
            raise ValueError(f"'key_cells' must name exactly the key columns: {', '.join(sorted(key_columns))}")
        for pattern in self.key_cells.values():
            _check_parts(pattern, _CELL_PARTS)
        used = {*key_columns, *self.book_columns, *(c for check in self.checks for c in check.columns)}
        if self.serial_column is not None:
            used.add(self.serial_column)
        if unknown := sorted(used - set(self.columns)):
            raise ValueError(f"not columns of the sheet: {', '.join(unknown)}")
        return self


@cache
def column_lists() -> dict[str, tuple[str, ...]]:
    """The published column lists by name, in the order of their header rows."""
    text = resources.files("extractor.exports").joinpath("columns_158.json").read_text(encoding="utf-8")
    return {name: tuple(columns) for name, columns in json.loads(text).items()}


def load_profile(path: Path) -> ExportProfile:
    """Load one profile.

    Raises:
        ExportError: the file cannot be read or is not a profile; the message names file and place.
    """
    mend = "Correct the profile; see the bundled ones in extractor/exports/profiles."
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return ExportProfile.model_validate(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ExportError(f"{path}: cannot be read as YAML ({type(error).__name__}).", mend=mend) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ExportError(f"{path}: {place or 'profile'}: {first['msg']}.", mend=mend) from error


def load_profiles(folder: Path | None = None) -> dict[str, ExportProfile]:
    """All profiles of ``folder`` by name, in alphabetical order; the bundled ones where none is given.

    Raises:
        ExportError: a file is not a profile, or two bear the same name.
    """
    if folder is None:
        folder = Path(str(resources.files("extractor.exports.profiles")))
    profiles: dict[str, ExportProfile] = {}
    for path in sorted(folder.glob("*.yaml")):
        profile = load_profile(path)
        if profile.name in profiles:
            raise ExportError(f"{path}: the name '{profile.name}' is taken.", mend="Give each profile its own name.")
        profiles[profile.name] = profile
    return profiles


def profiles_for(register_code: str, profiles: dict[str, ExportProfile]) -> list[ExportProfile]:
    """The profiles of a register, in alphabetical order of their names."""
    return [profile for _, profile in sorted(profiles.items()) if profile.register_code == register_code]
