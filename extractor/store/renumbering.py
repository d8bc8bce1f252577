"""Keep the records of a page to their places where a newer reading counts them otherwise.

Records are known by their number on the page. Where a person splits a record of a table, all below it get other
numbers; what people decided there has to go with the writing, not with the number. What was decided of a record that is
itself split, or joined with another, was decided of other writing than either part's or the whole's: it goes with none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from sqlalchemy import select
from sqlalchemy.orm import Session

from extractor.records import Box, Record
from extractor.store.tables import FieldRow, RecordRow

_SAME = 0.5
"""Shared part of the area of two places from which they are one."""
_LEAST = 0.1
_EDGE = 0.15
"""How far the top or bottom of a place may have moved, as a share of its height, where a person drew the lines."""


def renumber(session: Session, page_id: int, records: Sequence[Record], *, told: bool) -> None:
    """Give the stored records of a page the numbers that the new reading has for their places.

    A place that the new reading does not have keeps its record under a number behind all others.

    Args:
        told: a person said where the records lie; a part of a record, or two of them as one, is then another record.
    """
    rows = list(session.scalars(select(RecordRow).where(RecordRow.page_id == page_id).order_by(RecordRow.number)))
    if len(rows) < 2 and len(records) < 2:
        return
    here = places(session, rows)
    there = {record.record: place for record in records if (place := _place(f.box for f in record.fields.values()))}
    if all(
        row.id not in here or row.number not in there or _alike(here[row.id], there[row.number], told=told)
        for row in rows
        if row.retired_at is None
    ) and all(row.retired_at is None for row in rows):
        return
    numbers = _matched(rows, here, there, told=told)
    behind = max([row.number for row in rows] + [record.record for record in records], default=0)
    taken = set(numbers.values())
    wanted: dict[int, int] = {}
    for row in rows:
        if row.id in numbers:
            wanted[row.id] = numbers[row.id]
        elif row.id not in here and row.number not in taken:
            wanted[row.id] = row.number  # without a place there is nothing but the number to go by
            taken.add(row.number)
        else:
            behind += 1
            wanted[row.id] = behind
    moved = [row for row in rows if wanted[row.id] != row.number]
    for row in moved:
        row.number = -row.id  # out of the way, so that no two have one number meanwhile
    session.flush()
    for row in moved:
        row.number = wanted[row.id]
    session.flush()


def _matched(rows: Sequence[RecordRow], here: dict[int, Box], there: dict[int, Box], *, told: bool) -> dict[int, int]:
    """The new number of each row whose place the new reading has, by the row's number in the store.

    Whoever lies where a record once lay comes before whoever only touches it, so that what was taken out comes back.
    """
    pairs = [
        (not same, row.retired_at is not None, -overlap, abs(number - row.number), row.id, number)
        for row in rows
        for number, place in there.items()
        if row.id in here
        and (overlap := shared(here[row.id], place)) >= _LEAST
        and ((same := _alike(here[row.id], place, told=True)) or not told)
    ]
    found: dict[int, int] = {}
    for *_, row_id, number in sorted(pairs):
        if row_id not in found and number not in found.values():
            found[row_id] = number
    return found


def places(session: Session, rows: Sequence[RecordRow]) -> dict[int, Box]:
    """Where on the page the fields of each record lie, by the record's number in the store."""
    boxes: dict[int, list[Box]] = {}
    for record_id, box in session.execute(
        select(FieldRow.record_id, FieldRow.box).where(FieldRow.record_id.in_([row.id for row in rows]))
    ):
        if box:
            boxes.setdefault(record_id, []).append(Box(*box))
    return {record_id: reduce(Box.union, own) for record_id, own in boxes.items()}


def _place(boxes: Iterable[Box | None]) -> Box | None:
    known = [box for box in boxes if box is not None]
    return reduce(Box.union, known) if known else None


def _alike(one: Box, other: Box, *, told: bool) -> bool:
    """Whether two places are of one record."""
    if shared(one, other) < _SAME:
        return False
    slack = _EDGE * max(one.h, other.h)
    return not told or (abs(one.y - other.y) <= slack and abs(one.bottom - other.bottom) <= slack)


def shared(one: Box, other: Box) -> float:
    """Area that both have, as a share of the area that either has."""
    wide = min(one.right, other.right) - max(one.x, other.x)
    high = min(one.bottom, other.bottom) - max(one.y, other.y)
    both = max(0, wide) * max(0, high)
    either = one.w * one.h + other.w * other.h - both
    return both / either if either > 0 else 1.0
