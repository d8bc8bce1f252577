"""What fields and forms are called, and which boxes a choice has; from the forms' own schemas."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from extractor.records import BookKey, RuleWarning
from extractor.review.texts import load_data, text
from extractor.templates.form import FieldSpec, FormSchema, Kind

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of forms and fields; what no schema knows is called by its code."""

    schemas: dict[str, FormSchema] = field(default_factory=dict)

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Labels:
        """Read the schemas below the given template folders; a broken one is left out and logged by name."""
        schemas = {}
        for folder in folders:
            for path in sorted(folder.glob("*/form.yaml")):
                try:
                    schema = FormSchema.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
                except (OSError, yaml.YAMLError, ValidationError):
                    log.warning("%s: not a form schema; its fields are shown by their codes.", path)
                    continue
                schemas[schema.form] = schema
        return cls(schemas)

    def learn(self, schema: FormSchema) -> None:
        """Take a form's names as they are now."""
        self.schemas[schema.form] = schema

    def spec(self, form: str, code: str, kind: str = "") -> FieldSpec:
        """The field's specification, or the plainest one that fits where the form is not known."""
        schema = self.schemas.get(form)
        known = [spec for spec in schema.fields if spec.code == code] if schema else []
        if known:
            return known[0]
        plain = kind if kind in {each.value for each in Kind} and kind != Kind.CHOICE.value else Kind.TEXT.value
        return FieldSpec(code=code, label=code, kind=Kind(plain))

    def group(self, code: str, language: str) -> str:
        """Whom a field is about, or empty."""
        for entry in _groups():
            rest = code.removeprefix(entry["prefix"])
            if rest != code and rest[:1].isupper():
                return str(entry[language])
        return ""

    def title(self, form: str, language: str) -> str:
        """Title of a form."""
        schema = self.schemas.get(form)
        if schema is None:
            return form
        return (schema.title_en if language == "en" else "") or schema.title

    def named(self, form: str, code: str, language: str) -> str:
        """A field as a sentence calls it: its label, and whom it is about."""
        label, group = self.spec(form, code).label, self.group(code, language)
        return f"“{label}” ({group})" if group else f"“{label}”"

    def explain(self, warning: RuleWarning, form: str, language: str) -> str:
        """A rule's message with fields called by their labels instead of their codes."""
        message = (warning.message_en if language == "en" else "") or warning.message
        schema = self.schemas.get(form)
        known = {spec.code for spec in schema.fields} if schema else set()

        def name(match: re.Match[str]) -> str:
            return self.named(form, match.group(), language)

        # Only codes the rule names: a short one such as "so" may be a word of the message.
        codes = sorted(known & set(warning.fields), key=len, reverse=True)
        return re.sub(rf"\b(?:{'|'.join(codes)})\b", name, message) if codes else message

    def language(self, form: str) -> str:
        """Language of a form's printed labels."""
        schema = self.schemas.get(form)
        return schema.language if schema else "vi"

    def register(self, code: str, language: str) -> str:
        """Title of the register of that code; the code itself where it is none of those known."""
        known = _registers().get(code)
        return known[language] if known else code


@cache
def _registers() -> dict[str, dict[str, str]]:
    registers: dict[str, dict[str, str]] = load_data("registers.yaml")
    return registers


@cache
def _groups() -> list[dict[str, str]]:
    groups: list[dict[str, str]] = load_data("groups.yaml")
    return groups


def book_name(book: BookKey, labels: Labels, language: str) -> str:
    """A book as people call it: register, year, volume, agency."""
    parts = [
        labels.register(book.register, language),
        f"{text(language, 'year')} {book.year}" if book.year else "",
        f"{text(language, 'volume')} {book.number}" if book.number else "",
    ]
    name = ", ".join(part for part in parts if part)
    places = ", ".join(part for part in (book.agency, book.commune, book.district, book.province) if part)
    whole = " · ".join(part for part in (name, places) if part)
    return whole or text(language, "book_unnamed")
