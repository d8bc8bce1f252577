"""What an approver is told of the rules: what they still say against a book as it stands."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.review.naming import record_name
from extractor.review.room import Room
from extractor.store.objections import objections

_MOST = 20
"""Warnings that are listed; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """A warning as the page shows it."""

    record: int
    severity: str
    message: str
    people: str
    name: str


def standing_warnings(room: Room, book_id: int, language: str) -> tuple[int, list[Line]]:
    """How many warnings stand in a book, and the first of them."""
    with room.store.reading() as session:
        number, found = objections(session, book_id, most=_MOST)
    return number, [
        Line(
            one.record_id,
            one.warning.severity.value,
            room.labels.explain(one.warning, one.form, language),
            ", ".join(one.people),
            record_name(room.store.stored_record(one.record_id), room.labels, language, settled=True),
        )
        for one in found
    ]
