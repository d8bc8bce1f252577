"""Where on the page to look for a field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from extractor.records import Box
from extractor.store import FieldContext, Store

_LEAST = 4
"""Boxes lower or narrower than this many pixels show nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """What to cut out of the page for a field.

    Args:
        area: in source pixels; none where nothing of the record has a place.
        exact: whether the area is the field's own; otherwise it is that of the record.
    """

    area: Box | None
    exact: bool


def usable(box: Box | None) -> Box | None:
    """The box if something can be seen in it."""
    return box if box is not None and box.w >= _LEAST and box.h >= _LEAST else None


def place_of(store: Store, context: FieldContext) -> Place:
    """The field's own place, or that of its whole record where the field was not located."""
    own = usable(context.field.box)
    if own is not None:
        return Place(own, exact=True)
    boxes = [box for field in store.stored_record(context.record_id).fields if (box := usable(field.field.box))]
    return Place(reduce(Box.union, boxes) if boxes else None, exact=False)
