"""What drafting hands on, whatever the form's layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from extractor.templates.form import FieldSpec
from extractor.templates.load import Form


@dataclass(frozen=True, slots=True)
class Drafted:
    """A drafted form before it is written.

    Args:
        template: what ``template.yaml`` will hold.
        fields: its fields in the order they stand on the page.
        guessed: codes of the fields that no known form has.
        near: the known form that lends codes, or none.
        title: the page's printed title, or empty.
    """

    template: dict[str, Any]
    fields: tuple[FieldSpec, ...]
    guessed: tuple[str, ...]
    near: Form | None
    title: str = ""
