"""Mapping profiles: which box of a web system's page takes which import column, as data checked on load."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from extractor.errors import ExportError
from extractor.exports.profile import column_lists
from extractor.templates.form import FormSchema

FORMAT: Literal["extractor-mapping/1"] = "extractor-mapping/1"

_MEND = "Correct the profile; docs/prefill.md describes it, and the panel of the filler can propose one."

Kind = Literal["auto", "text", "date", "split_date", "select", "radio", "checkbox", "combobox", "listbox"]


class Match(BaseModel):
    """How a page is recognised; whatever is given must hold.

    Args:
        url: addresses, with ``*`` for anything; one must fit.
        title: parts of the page's title; one must be in it.
        elements: selectors; each must find something.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Match:
        if not (self.url or self.title or self.elements):
            raise ValueError("give 'url', 'title' or 'elements'")
        return self


class Target(BaseModel):
    """Where a column goes, and in which form.

    Args:
        selector: CSS selectors, the first that finds something counts; frames of the same origin and open shadow roots
            are searched too.
        label: label of the box, where no selector is sure; ``group`` is the heading above it.
        kind: what sort of box it is; ``auto`` judges the box itself. A ``combobox`` is typed into and then chosen
            from, a ``listbox`` is a list of the page's own make that opens by the mouse.
        format: form of a date, of ``dd``, ``mm``, ``yyyy`` and signs between them.
        partial: whether a date without its day or month is written as far as it goes.
        day, month, year: selectors of the parts of a ``split_date``.
        map: what to choose or type, by the column's text, such as ``{"1": "Nam"}``.
        by: whether the page is given words (``label``) or the code itself: typed (``code``), or as the value behind
            the entries of a list (``value``).
        when: for a checkbox, the texts of the column that tick it.
        options: selector of the entries that a combobox or listbox offers.
        typing: type letter by letter, for boxes with a mask of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    selector: str | tuple[str, ...] = ()
    label: str = ""
    group: str = ""
    kind: Kind = "auto"
    format: str = Field(default="", pattern=r"^(dd?|mm?|yyyy|[^a-zA-Z])*$")
    partial: bool = True
    day: str = ""
    month: str = ""
    year: str = ""
    map: dict[str, str] = {}
    by: Literal["label", "value", "code"] = "label"
    when: tuple[str, ...] = ()
    options: str = ""
    typing: bool = False

    @field_validator("map", mode="before")
    @classmethod
    def _text_keys(cls, value: Any) -> Any:
        # YAML reads an unquoted 1 as a number.
        return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Target:
        if self.kind == "split_date":
            if not (self.day and self.month and self.year):
                raise ValueError("a 'split_date' needs 'day', 'month' and 'year'")
        elif not (self.selector or self.label):
            raise ValueError("give 'selector' or 'label'")
        if self.kind == "checkbox" and not self.when:
            raise ValueError("a 'checkbox' needs 'when': the texts of the column that tick it")
        return self


class MappingProfile(BaseModel):
    """One entry page of a web system.

    Args:
        registers: registers whose records the page takes; all where none is named.
        source: where the page is known from.
        targets: by import column, or by field code for fields that go to no column.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["extractor-mapping/1"] = FORMAT
    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    registers: tuple[str, ...] = ()
    source: str
    match: Match
    targets: dict[str, Target] = Field(min_length=1)

    def for_page(self) -> dict[str, Any]:
        """The profile as the filler reads it, without what is left at its default."""
        return {**self.model_dump(mode="json", exclude_defaults=True), "format": self.format}


def mapping_schema() -> dict[str, Any]:
    """JSON Schema of a profile, draft 2020-12."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **MappingProfile.model_json_schema()}


def known_columns(forms: Iterable[FormSchema]) -> frozenset[str]:
    """Every column or field code that a target can name: of the import sheets and of the forms."""
    sheets = {column for columns in column_lists().values() for column in columns}
    fields = {code for form in forms for spec in form.fields for code in (spec.code, *spec.columns)}
    return frozenset(sheets | fields)


def load_mapping(path: Path, columns: Collection[str] = ()) -> MappingProfile:
    """Load one profile, YAML or JSON.

    Args:
        columns: known columns, see :func:`known_columns`; none are checked where none are given.

    Raises:
        ExportError: the file cannot be read, is no profile, or names a column that does not exist.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise ExportError(f"{path}: cannot be read ({error.strerror}).", mend="Check the path.") from error
    except (ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else getattr(error, "lineno", 0)
        place = f", line {line}" if line else ""
        raise ExportError(f"{path}{place}: is no YAML or JSON file.", mend=_MEND) from error
    try:
        profile = MappingProfile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "profile"
        raise ExportError(f"{path}: {place}: {first['msg'].removeprefix('Value error, ')}.", mend=_MEND) from error
    for column in profile.targets:
        if columns and column not in columns:
            near = difflib.get_close_matches(column, sorted(columns), n=1)
            hint = (
                f"Did you mean '{near[0]}'?" if near else "Use the codes of the import sheet or of the form's fields."
            )
            raise ExportError(f"{path}: targets.{column}: there is no such column.", mend=hint)
    return profile


def load_mappings(extra: Sequence[Path] = (), columns: Collection[str] = ()) -> list[MappingProfile]:
    """The given profiles, then the bundled ones.

    Raises:
        ExportError: one cannot be used, or two bear the same name.
    """
    bundled = sorted(Path(str(resources.files("extractor.exports.prefill.profiles"))).glob("*.yaml"))
    found: dict[str, MappingProfile] = {}
    for path in (*extra, *bundled):
        profile = load_mapping(path, columns)
        if profile.name in found:
            raise ExportError(f"{path}: the name '{profile.name}' is taken.", mend="Give each profile its own name.")
        found[profile.name] = profile
    return list(found.values())
