"""Which part of a picture is a record's own, where the picture shows several records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from extractor.exports.findings import RecordId

# Neighbours' areas may overlap by the slant of the line between them.
_SLANT = 0.2


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on a picture that stands upright: shares of its width and height from its upper left, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def size(self) -> float:
        """Share of the picture."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    def shows(self, other: Area) -> bool:
        """Whether another record's area lies in this one, and does not just touch it."""
        both = Area(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
        return both.size > _SLANT * min(self.size, other.size)

    def stored(self, orientation: int) -> Area:
        """The same part of the picture as it is stored.

        Args:
            orientation: EXIF orientation, which brings the stored picture upright.
        """
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        if orientation in (2, 3, 6, 7):
            left, right = 1 - right, 1 - left
        if orientation in (3, 4, 7, 8):
            top, bottom = 1 - bottom, 1 - top
        return Area(top, left, bottom, right) if orientation >= 5 else Area(left, top, right, bottom)

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in whole pixels of a picture of that size; nothing of the area is cut off."""
        left, top = min(int(self.left * width), width - 1), min(int(self.top * height), height - 1)
        right, bottom = ceil(self.right * width), ceil(self.bottom * height)
        return max(0, left), max(0, top), max(left + 1, min(right, width)), max(top + 1, min(bottom, height))


WHOLE = Area(0.0, 0.0, 1.0, 1.0)

AreaOf: TypeAlias = Callable[[RecordId], Area | None]
"""The area of a record, or none where it has the picture for itself or nothing is known of it."""
