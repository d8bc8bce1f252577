"""Which fields are being inspected: what stands there is shown to nobody until the inspection is over."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from extractor.store.lookups import there_is_none
from extractor.store.tables import InspectedFieldRow, InspectedStatus, InspectionRow

_WAITS = (InspectedStatus.OPEN.value, InspectedStatus.DIFFERS.value)
# Aliases are dear to make, and these conditions stand in the statements that run for every field.
_WAITING, _FIELD, _INSPECTION = aliased(InspectedFieldRow), aliased(InspectedFieldRow), aliased(InspectionRow)


def unfinished(inspection_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Condition that holds while a field of the inspection waits for an inspector or a judge."""
    return exists().where(_WAITING.inspection_id == inspection_id, _WAITING.status.in_(_WAITS))


_IN_PROGRESS = (
    _INSPECTION.id == _FIELD.inspection_id,
    _INSPECTION.withdrawn_at.is_(None),
    unfinished(_INSPECTION.id),
)


def under_inspection(field_id: int | InstrumentedAttribute[int], *, pending: bool | None = None) -> ColumnElement[bool]:
    """Condition that holds for fields of a sample whose inspection is neither finished nor withdrawn.

    Args:
        pending: only fields that left the house empty because they waited, or only the others; all by default.
    """
    wanted = exists().where(_FIELD.field_id == field_id, *_IN_PROGRESS)
    return wanted if pending is None else wanted.where(_FIELD.pending.is_(pending))


def is_free(field_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Condition that holds for all fields but those of such a sample that did not wait when the inspection began.

    For asking of rows one by one; see :func:`there_is_none`.
    """
    return there_is_none(_of_inspections(_FIELD.id).where(_FIELD.field_id == field_id))


def held_fields() -> Select[int]:
    """Numbers of all fields for which :func:`is_free` does not hold: for asking of many rows at once."""
    return _of_inspections(_FIELD.field_id)


def _of_inspections(column: InstrumentedAttribute[int]) -> Select[int]:
    """A column of the sampled fields that did not wait, of all inspections in progress."""
    joined = select(column).join(_INSPECTION, _INSPECTION.id == _FIELD.inspection_id)
    return joined.where(_FIELD.pending.is_(False), *_IN_PROGRESS)
