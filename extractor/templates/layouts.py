"""The layout engines, by the name that ``layout:`` in a template gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter

from extractor.templates.form import FormSchema
from extractor.templates.label_template import LabelTemplate
from extractor.templates.table_template import TableTemplate

if TYPE_CHECKING:
    from extractor.readers.page_text import PageText
    from extractor.scans.types import CleanPage
    from extractor.templates.types import RegisteredPage, Told

Template: TypeAlias = LabelTemplate | TableTemplate
"""A template of any layout."""


class Evidence(Protocol):
    """How far a page looks like each of some forms, 0 to 1."""

    def __call__(self, page: CleanPage, text: PageText, templates: Sequence[Any], /) -> list[float]:
        """Judge the page."""
        ...


class Register(Protocol):
    """Lay a template over a page and locate its fields."""

    def __call__(
        self, page: CleanPage, text: PageText, schema: FormSchema, template: Any, told: Told | None = None, /
    ) -> RegisteredPage:
        """Register the page."""
        ...


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout engine.

    Args:
        model: what ``template.yaml`` must hold.
        evidence: see :class:`Evidence`.
        costly: whether the evidence needs more than the words of the page, so that it is asked last.
        register: see :class:`Register`.
        codes: the field codes a template of this layout places.
    """

    model: type[BaseModel]
    evidence: Evidence
    register: Register
    codes: Callable[[Any], list[str]]
    costly: bool = False


@cache
def layouts() -> dict[str, Layout]:
    """All layouts by name; the engines are imported here, because they need OpenCV."""
    from extractor.templates.label_evidence import label_evidence
    from extractor.templates.labels import register_labels
    from extractor.templates.tables import register_table, table_evidence

    def by_words(page: CleanPage, text: PageText, templates: Sequence[LabelTemplate]) -> list[float]:
        return label_evidence(text, templates)

    def by_rulings(page: CleanPage, text: PageText, templates: Sequence[TableTemplate]) -> list[float]:
        return [table_evidence(page, text, template) for template in templates]

    return {
        "labels": Layout(LabelTemplate, by_words, register_labels, _label_codes),
        "table": Layout(TableTemplate, by_rulings, register_table, _column_codes, costly=True),
    }


def template_json_schema() -> dict[str, Any]:
    """JSON Schema of ``template.yaml``, for editors."""
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[LabelTemplate | TableTemplate, Field(discriminator="layout")])
    return adapter.json_schema()


SCHEMAS = "schemas"
"""Folder beside the forms that holds the JSON Schemas of their files."""


def write_json_schemas(folder: Path) -> list[Path]:
    """Write the JSON Schemas of ``form.yaml`` and ``template.yaml`` into a folder; the same models give the same bytes.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in (("form", FormSchema.model_json_schema()), ("template", template_json_schema())):
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _label_codes(template: LabelTemplate) -> list[str]:
    return [code for _, _, label in template.labels() for code in label.codes]


def _column_codes(template: TableTemplate) -> list[str]:
    return [column.field for column in template.columns if column.field]
