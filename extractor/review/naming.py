"""What a record is called by whoever looks for it: its number, and whom it is about."""

from __future__ import annotations

from extractor.records import Decision, FieldState
from extractor.review.answers import EMPTY_BELOW
from extractor.review.labels import Labels
from extractor.review.texts import text
from extractor.store import StoredField, StoredRecord
from extractor.templates.form import Kind


def record_name(record: StoredRecord, labels: Labels, language: str, *, settled: bool = False) -> str:
    """A record's number and the first person on its form, or its place where neither can be shown.

    Nothing is told of fields that are re-keyed blind, disputed or read too poorly to be proposed.

    Args:
        settled: tell only what people settled, as in lists of records: whoever reads those may yet get a field that
            the machine accepted, to re-key it blind.
    """
    _, page, number = record.key
    parts = []
    for kind, key in ((Kind.RECORD_NUMBER, "record_number_is"), (Kind.PERSON_NAME, "")):
        of_kind = (field for field in _ordered(record, labels) if field.kind == kind.value)
        first = next(of_kind, None)
        raw = first.field.raw if first is not None and _told(first, settled=settled) else ""
        if raw:
            parts.append(text(language, key, number=raw) if key else raw)
    if not parts:
        return text(language, "record_title", record=number, page=page)
    return text(language, "record_named", name=" · ".join(" ".join(part.split()) for part in parts), page=page)


def _ordered(record: StoredRecord, labels: Labels) -> list[StoredField]:
    schema = labels.schemas.get(record.form)
    places = {spec.code: place for place, spec in enumerate(schema.fields)} if schema else {}
    return sorted(record.fields, key=lambda field: places.get(field.code, len(places)))


def _told(field: StoredField, *, settled: bool) -> bool:
    said = field.field
    if field.hidden or said.state is not FieldState.READ or not said.raw.strip():
        return False
    if settled:
        return bool(field.person)
    return said.decision is not Decision.REVIEW or said.confidence >= EMPTY_BELOW
