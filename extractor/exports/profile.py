"""Export profiles: what a province's import sheet looks like, as data checked on load."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from extractor.errors import ExportError
from extractor.exports.profile_parts import CELL_PARTS, Check, CheckKind, Dates, Keys, Naming, check_parts
from extractor.plain_yaml import load_yaml

__all__ = [
    "Check",
    "CheckKind",
    "ExportProfile",
    "Keys",
    "column_lists",
    "load_profile",
    "load_profiles",
    "profiles_for",
    "with_own_profiles",
]


NOT_OFFICIAL = "không phải mẫu nhập chính thức"
"""What the title of a sheet of our own must say."""


class ExportProfile(BaseModel):
    """One import sheet.

    Args:
        name: name on the command line.
        register_code: register (KS, KH, ...); ``register`` in the file.
        official: whether an authority takes this sheet; one of our own must say in its title that it is not.
        source: where the layout is known from.
        sheet: name of the sheet.
        columns: field codes in the order of the header row; in the file either the list or its name in
            ``columns_158.json``.
        header: texts of the header row where they are not the field codes; likewise a list or a name.
        serial_column: column that counts the rows from 1, or none.
        book_columns: columns filled from the book where the page has no such field, with the book's attribute.
        key_cells: how the key columns are written.
        dates: how dates are written where not as ``dd.mm.yyyy``.
        with_package: whether the PDFs go with the sheet. A sheet without goes to another office than the rest; it is
            written only when it is asked for.
        shared_pages: whether the PDF of a record that shares its page is cut to its own part, or is the whole page.
        not_compared: columns in which a sheet that comes back may differ without being listed.
        verbatim: whether a cell shows what is written in the book where no code is known for it; else it stays empty.
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
    header: tuple[str, ...] = ()
    serial_column: str | None = None
    book_columns: dict[str, Literal["agency", "commune", "district", "province"]] = {}
    keys: Keys
    key_cells: dict[str, str]
    naming: Naming
    checks: tuple[Check, ...] = ()
    dates: Dates = Dates()
    with_package: bool = True
    shared_pages: Literal["cut", "whole"] = "cut"
    verbatim: bool = False
    not_compared: frozenset[str] = frozenset()

    @field_validator("columns", "header", mode="before")
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
        if self.header and len(self.header) != len(self.columns):
            raise ValueError(f"'header' has {len(self.header)} texts for {len(self.columns)} columns")
        if len(set(self.headings)) < len(self.headings):
            raise ValueError("texts of 'header' stand twice")
        if not self.official and NOT_OFFICIAL not in self.title.casefold():
            raise ValueError(f"the title must say '{NOT_OFFICIAL}', or 'official' be true")
        key_columns = {self.keys.number, self.keys.date, self.keys.book}
        if set(self.key_cells) != key_columns:
            raise ValueError(f"'key_cells' must name exactly the key columns: {', '.join(sorted(key_columns))}")
        for pattern in self.key_cells.values():
            check_parts(pattern, CELL_PARTS)
        used = {
            *key_columns,
            *self.book_columns,
            *self.dates.columns,
            *(c for check in self.checks for c in check.columns),
        }
        if self.serial_column is not None:
            used.add(self.serial_column)
        if unknown := sorted(used - set(self.columns)):
            raise ValueError(f"not columns of the sheet: {', '.join(unknown)}")
        return self

    @property
    def headings(self) -> tuple[str, ...]:
        """Texts of the header row, in the order of ``columns``."""
        return self.header or self.columns

    @property
    def own_columns(self) -> frozenset[str]:
        """Columns that nothing but the book itself may fill: the key, and what is known of the book as a whole."""
        own = {*self.key_cells, *self.book_columns}
        return frozenset(own if self.serial_column is None else {*own, self.serial_column})


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
        return _parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ExportError(f"{path}: cannot be read as YAML ({type(error).__name__}).", mend=mend) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ExportError(f"{path}: {place or 'profile'}: {first['msg']}.", mend=mend) from error


@lru_cache(maxsize=256)
def _parsed(text: str) -> ExportProfile:
    """The profile in a text, parsed once: every export asks for all profiles, and more than once."""
    return ExportProfile.model_validate(load_yaml(text))


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


def profiles_for(register_code: str, profiles: Mapping[str, ExportProfile]) -> list[ExportProfile]:
    """The profiles a book of the register is exported by, in alphabetical order of their names.

    Sheets that go to another office (``with_package: false``) are among them only where nothing else was asked for.
    """
    found = [profile for _, profile in sorted(profiles.items()) if profile.register_code == register_code]
    return [profile for profile in found if profile.with_package] or found


def with_own_profiles(folder: Path | None) -> dict[str, ExportProfile]:
    """The bundled profiles, and those of a user's folder, which take the place of bundled ones of the same name.

    Raises:
        ExportError: the folder is none or holds no profile, a file in it is not one, or two profiles of a register
            cannot be written beside each other.
    """
    profiles = load_profiles()
    if folder is None:
        return profiles
    own = load_profiles(folder) if folder.is_dir() else {}
    if not own:
        raise ExportError(f"{folder}: no profile (*.yaml) lies there.", mend="Name the folder of your profiles.")
    merged = dict(sorted({**profiles, **own}.items()))
    by_register = sorted(merged.values(), key=lambda profile: (profile.register_code, profile.name))
    for register, members in groupby(by_register, key=lambda profile: profile.register_code):
        _check_together(folder, register, list(members))
    return merged


def _check_together(folder: Path, register: str, profiles: list[ExportProfile]) -> None:
    """All workbooks of a book lie in one folder, and all its sheets share one package."""
    suffixes: dict[str, str] = {}
    for profile in profiles:
        suffix = profile.naming.workbook_suffix.lower()
        if suffix in suffixes:
            raise ExportError(
                f"{folder}: profiles '{suffixes[suffix]}' and '{profile.name}' of register {register} would both name"
                " their workbook alike (naming.workbook_suffix).",
                mend="Give one of them an ending of its own.",
            )
        suffixes[suffix] = profile.name
    together = [profile for profile in profiles if profile.with_package]
    for profile in together[1:]:
        if profile.naming.package_names != together[0].naming.package_names:
            raise ExportError(
                f"{folder}: profiles '{together[0].name}' and '{profile.name}' of register {register} name PDFs or"
                " books differently (naming), but share one package.",
                mend="Name them alike in both, or bring both profiles in your folder.",
            )
        if profile.shared_pages != together[0].shared_pages:
            raise ExportError(
                f"{folder}: profiles '{together[0].name}' and '{profile.name}' of register {register} differ in"
                " 'shared_pages', but share one package.",
                mend="Say the same in both, or bring both profiles in your folder.",
            )
