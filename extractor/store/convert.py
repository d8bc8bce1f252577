"""Rows to values and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unicodedata import category

from extractor.records import (
    BookKey,
    Box,
    Candidate,
    Decision,
    FieldState,
    FieldValue,
    PageProblem,
    PageProblemKind,
    Registration,
    RuleWarning,
    Severity,
    nfc,
)
from extractor.store.results import PageImage
from extractor.store.tables import BookRow, FieldRow, PageRow, ProblemRow, WarningRow


def clean(text: str) -> str:
    """Text in normal form C without control characters, which no book holds and PostgreSQL does not take."""
    return "".join(char for char in nfc(text) if char >= " " or char in "\n\t")


def person_name(text: str) -> str:
    """A person's name as it is kept: single spaces, and no signs that nobody sees; empty where nothing is left."""
    return " ".join(nfc("".join(char for char in " ".join(text.split()) if category(char)[0] != "C")).split())


def person_key(name: str) -> str:
    """A name for telling people apart: other capitals, spaces or composition of letters make no other person."""
    return nfc(" ".join(nfc(name).split()).casefold())


def field_columns(value: FieldValue) -> dict[str, Any]:
    """A field value as columns of its row; also what the decision history keeps."""
    return {
        "raw": clean(value.raw),
        "value": None if value.value is None else clean(value.value),
        "state": value.state.value,
        "confidence": value.confidence,
        "decision": value.decision.value,
        "reader": value.reader,
        "box": None if value.box is None else list(value.box),
        "candidates": [[clean(text), probability] for text, probability in value.candidates],
    }


def row_columns(row: FieldRow) -> dict[str, Any]:
    """What :func:`field_columns` gives, from the row."""
    return {
        "raw": row.raw,
        "value": row.value,
        "state": row.state,
        "confidence": row.confidence,
        "decision": row.decision,
        "reader": row.reader,
        "box": row.box,
        "candidates": row.candidates,
    }


def field_value(row: FieldRow) -> FieldValue:
    """The field value a row holds."""
    return columns_value(row_columns(row))


def columns_value(columns: Mapping[str, Any]) -> FieldValue:
    """The field value that :func:`field_columns` made columns of."""
    return FieldValue(
        raw=columns["raw"],
        value=columns["value"],
        state=FieldState(columns["state"]),
        confidence=columns["confidence"],
        decision=Decision(columns["decision"]),
        reader=columns["reader"],
        box=None if columns["box"] is None else Box(*columns["box"]),
        candidates=tuple(Candidate(text, probability) for text, probability in columns["candidates"]),
    )


def registration(content: dict[str, Any]) -> Registration:
    """The registration kept as JSON."""
    return Registration.model_validate(content)


def rule_warning(row: WarningRow) -> RuleWarning:
    """The rule warning a row holds."""
    return RuleWarning(
        rule=row.rule,
        fields=tuple(row.fields),
        message=row.message,
        message_en=row.message_en,
        severity=Severity(row.severity),
    )


def book_key(row: BookRow) -> BookKey:
    """The book's identity."""
    return BookKey(row.register, row.year, row.number, row.agency, row.commune, row.district, row.province)


def page_problem(row: ProblemRow, file: str, page: int) -> PageProblem:
    """The page problem a row holds."""
    return PageProblem(
        file=file,
        page=page,
        kind=PageProblemKind(row.kind),
        message=row.message,
        form=row.form,
        registration=None if row.registration is None else registration(row.registration),
        overlay=row.overlay,
    )


def picture(row: PageRow) -> PageImage:
    """The page's picture."""
    to_source = None if row.image_to_source is None else tuple(row.image_to_source)
    return PageImage(image=row.image, width=row.width, height=row.height, image_to_source=to_source)
