"""What must not be shown: fields re-keyed blind or inspected, and what tells of them through ditto marks.

A mark below such a field says what the field holds, and a mark that is inspected stands for what is above it. So marks
keep their meaning back while anything they hang on is hidden, and a settled field that an inspected mark stands for is
hidden like the mark.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from extractor.records import Decision, FieldState, FieldValue
from extractor.store import convert, rekeying
from extractor.store.ditto_chains import chains
from extractor.store.inspected import under_inspection, unfinished
from extractor.store.tables import FieldRow, InspectedFieldRow, InspectionRow, TaskRow

Place = tuple[int, str]
"""Number of a record, and a field's code."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of some records.

    Args:
        hidden: fields of which nothing is shown.
        silent: numbers of ditto marks of which it is not shown what they stand for.
        meanings: what settled ditto marks stand for now, none where it is not known yet.
    """

    hidden: Collection[Place]
    silent: Collection[int]
    meanings: Mapping[int, str | None]

    def stored(self, row: FieldRow) -> FieldValue:
        """A field as it was stored, as far as that may be shown."""
        field = convert.field_value(row)
        return field.model_copy(update={"value": None}) if row.id in self.silent else field

    def meant(self, row: FieldRow) -> FieldValue:
        """The same with what a settled ditto mark stands for now, as it leaves the house."""
        field = self.stored(row)
        return field.model_copy(update={"value": self.meanings[row.id]}) if row.id in self.meanings else field


def what_is_shown(session: Session, record_ids: Collection[int | None], *, code: str | None = None) -> Shown:
    """What may be shown of these records.

    Args:
        code: what ditto marks tell is looked up for this field only; for all by default.
    """
    ids = [number for number in record_ids if number is not None]
    codes = None if code is None else [code]
    found = [chain for number in _with_marks(session, ids, codes) for chain in chains(session, number, codes)]
    members = {field.record_id for chain in found for field in chain.members}
    inspected = _inspected(session, {*ids, *members})
    hidden = inspected | _blind(session, {*ids, *members})
    through: set[Place] = set()
    silent: set[int] = set()
    meanings: dict[int, str | None] = {}
    for chain in found:
        places = {(field.record_id, field.code) for field in chain.members}
        if not hidden.isdisjoint(places):
            silent |= {mark.id for mark in chain.marks}
        else:
            settled = [mark for mark in chain.marks if mark.decision != Decision.REVIEW.value]
            meanings.update((mark.id, chain.meaning(mark)) for mark in settled)
        source = chain.source
        if source is not None and source.decision != Decision.REVIEW.value and not inspected.isdisjoint(places):
            through.add((source.record_id, source.code))
    return Shown({place for place in hidden if place[0] in ids} | through, silent, meanings)


def is_inspected(session: Session, field_id: int) -> bool:
    """Whether the field must not be opened: it is being inspected, or a ditto mark that is stands for it."""
    if session.scalar(select(under_inspection(field_id))):
        return True
    row = session.get(FieldRow, field_id)
    if row is None or row.decision == Decision.REVIEW.value:
        return False
    for chain in chains(session, row.record_id, [row.code]):
        inspected = _inspected(session, {field.record_id for field in chain.marks})
        if chain.source is row and any((mark.record_id, mark.code) in inspected for mark in chain.marks):
            return True
    return False


def _with_marks(session: Session, ids: Collection[int], codes: Collection[str] | None) -> Collection[int]:
    """The records to look at for marks: all of them as soon as one has a mark, as few forms have any."""
    mark = exists().where(
        FieldRow.record_id.in_(ids), FieldRow.retired_at.is_(None), FieldRow.state == FieldState.DITTO.value
    )
    if codes is not None:
        mark = mark.where(FieldRow.code.in_(codes))
    return ids if session.scalar(select(mark)) else ()


def _blind(session: Session, ids: Collection[int]) -> set[Place]:
    """Fields that are re-keyed blind or disputed."""
    # Asked of each field by itself, so that no database begins with all tasks.
    hidden = select(rekeying.hidden()).where(TaskRow.field_id == FieldRow.id).scalar_subquery()
    wanted = select(FieldRow.record_id, FieldRow.code, hidden).where(FieldRow.record_id.in_(ids))
    return {(record_id, code) for record_id, code, is_hidden in session.execute(wanted) if is_hidden}


def _inspected(session: Session, ids: Collection[int]) -> set[Place]:
    """Fields of samples that are being inspected: all of a sample until all is done, since the rest would tell."""
    wanted = (
        select(FieldRow.record_id, FieldRow.code)
        .join(InspectedFieldRow, InspectedFieldRow.field_id == FieldRow.id)
        .join(InspectionRow, InspectionRow.id == InspectedFieldRow.inspection_id)
        .where(FieldRow.record_id.in_(ids), InspectionRow.withdrawn_at.is_(None), unfinished(InspectionRow.id))
    )
    return {(record_id, code) for record_id, code in session.execute(wanted)}
