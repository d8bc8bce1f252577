"""Mapping profiles: which box of a web system's page takes which import column, as data checked on load."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from extractor.errors import ExportError
from extractor.exports.prefill.columns import load_data
from extractor.exports.profile import column_lists
from extractor.plain_yaml import UnsafeYamlError, check_yaml
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

    @field_validator("format")
    @classmethod
    def _is_date(cls, value: str) -> str:
        parts = re.findall(r"d+|m+|y+", value)
        if value and (len(parts) != len({part[0] for part in parts}) or "yyyy" not in parts):
            raise ValueError("give each of 'dd', 'mm', 'yyyy' at most once, and 'yyyy'")
        return value

    def box(self) -> tuple[str, ...]:
        """What tells its box from others within the profile."""
        selectors = (self.selector,) if isinstance(self.selector, str) else self.selector
        return (*selectors, self.day, self.month, self.year, self.label, self.group)

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
        data = _json(text) if path.suffix.lower() == ".json" else _yaml(text)
    except RecursionError as error:
        raise ExportError(f"{path}: is nested too deeply.", mend=_MEND) from error
    except OSError as error:
        raise ExportError(f"{path}: cannot be read ({error.strerror}).", mend="Check the path.") from error
    except (ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else getattr(error, "lineno", 0)
        place = f", line {line}" if line else ""
        own = isinstance(error, _DoubledError | UnsafeYamlError)
        named = f": {getattr(error, 'problem', None) or error}" if own else ": is no YAML or JSON file"
        raise ExportError(f"{path}{place}{named}.", mend=_MEND) from error
    try:
        profile = MappingProfile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "profile"
        raise ExportError(f"{path}: {place}: {first['msg'].removeprefix('Value error, ')}.", mend=_MEND) from error
    for register in profile.registers:
        if register not in (known := load_data("words.yaml")["registers"]):
            raise ExportError(
                f"{path}: registers: '{register}' is not known.", mend=f"Registers are {', '.join(sorted(known))}."
            )
    for place, selector in _selectors(profile):
        if fault := selector_fault(selector):
            raise ExportError(f"{path}: {place}: the selector '{selector}' {fault}.", mend=_MEND)
    boxes: dict[tuple[str, ...], str] = {}
    for column, target in profile.targets.items():
        box = target.box()
        if box in boxes and target.kind not in ("checkbox", "radio"):
            raise ExportError(
                f"{path}: targets.{column}: goes to the same box as {boxes[box]}.", mend="Give each column its own box."
            )
        boxes[box] = column
        if columns and column not in columns:
            near = difflib.get_close_matches(column, sorted(columns), n=1)
            hint = (
                f"Did you mean '{near[0]}'?" if near else "Use the codes of the import sheet or of the form's fields."
            )
            raise ExportError(f"{path}: targets.{column}: there is no such column.", mend=hint)
    return profile


class _DoubledError(ValueError):
    """A key that stands twice in one object."""


class _TextLoader(yaml.SafeLoader):
    """YAML whose scalars stay as they are written: "no" is a text, 01 is a text; only true and false are not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping none of whose keys stands twice."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        _only_once(keys)
        return super().construct_mapping(node, deep)


def _mapping(loader: _TextLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_TextLoader.yaml_implicit_resolvers = {}
_TextLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _only_once(keys: Sequence[str]) -> None:
    doubled = [key for key in keys if keys.count(key) > 1]
    if doubled:
        raise _DoubledError(f"'{doubled[0]}' stands twice")


def _yaml(text: str) -> Any:
    # The loader builds plain mappings, sequences and texts alone.
    check_yaml(text)
    return yaml.load(text, Loader=_TextLoader)  # noqa: S506


def _json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        _only_once([key for key, _ in pairs])
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


def _selectors(profile: MappingProfile) -> Iterator[tuple[str, str]]:
    for selector in profile.match.elements:
        yield "match.elements", selector
    for column, target in profile.targets.items():
        several = (target.selector,) if isinstance(target.selector, str) else target.selector
        for selector in (*several, target.day, target.month, target.year, target.options):
            if selector:
                yield f"targets.{column}", selector


def selector_fault(selector: str) -> str:
    """What is plainly wrong with a CSS selector, in a few words, or nothing; the browser judges the rest."""
    plain = re.sub(r"\\.", "x", re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', "x", selector))
    if '"' in plain or "'" in plain:
        return "has a quotation mark without its other"
    for opening, closing in ("[]", "()"):
        if plain.count(opening) != plain.count(closing):
            return f"has '{opening}' or '{closing}' without its other"
    if re.search(r"[#.](?![\w\u0080-\uffff-])|[#.]\d", re.sub(r"\[[^\]]*\]", "", plain)):
        return "has '#' or '.' without a name behind it"
    if re.search(r"^\s*$|^\s*[>+~,]|[>+~,]\s*$|[>+~,]\s*[>+~,]|[^\s\w\u0080-\uffff#.:\[\]()*>+~,=^$|-]", plain):
        return "is no CSS selector"
    return ""


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
