"""Texts shared by the reports, and a book as a report names it."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

from extractor.exports.fields import Forms
from extractor.records import BookKey, short_name


@cache
def texts() -> dict[str, Any]:
    """The texts of the reports, from ``texts.yaml``."""
    path = resources.files("extractor.exports.reports").joinpath("texts.yaml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def book_name(book: BookKey) -> str:
    """A book in short, see :func:`extractor.records.short_name`; ``?`` where nothing is known of it."""
    return short_name(book) or "?"


def field_label(forms: Forms, form: str, code: str) -> str:
    """A field as its form prints it, with its code."""
    schema = forms.get(form)
    labels = [spec.label for spec in schema.fields if spec.code == code] if schema else []
    return f"{labels[0]} ({code})" if labels else code


def book_order(book: BookKey) -> tuple[str, ...]:
    """Order of books in every report."""
    return book.register, book.year, book.number.zfill(9), book.agency
