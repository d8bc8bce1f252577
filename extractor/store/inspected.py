"""Which fields are being inspected: what stands there is shown to nobody until the inspection is over."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import InstrumentedAttribute, aliased

from extractor.store.tables import InspectedFieldRow, InspectedStatus, InspectionRow

_WAITS = (InspectedStatus.OPEN.value, InspectedStatus.DIFFERS.value)


def unfinished(inspection_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Condition that holds while a field of the inspection waits for an inspector or a judge."""
    field = aliased(InspectedFieldRow)
    return exists().where(field.inspection_id == inspection_id, field.status.in_(_WAITS))


def under_inspection(field_id: int | InstrumentedAttribute[int], *, pending: bool | None = None) -> ColumnElement[bool]:
    """Condition that holds for fields of a sample whose inspection is neither finished nor withdrawn.

    Args:
        pending: only fields that left the house empty because they waited, or only the others; all by default.
    """
    field, inspection = aliased(InspectedFieldRow), aliased(InspectionRow)
    wanted = exists().where(
        field.field_id == field_id,
        inspection.id == field.inspection_id,
        inspection.withdrawn_at.is_(None),
        unfinished(inspection.id),
    )
    return wanted if pending is None else wanted.where(field.pending.is_(pending))
