"""What is known about one field of one record."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Box(NamedTuple):
    """Axis-parallel rectangle in whole pixels: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """First column to the right of the box."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.h

    def union(self, other: Box) -> Box:
        """Smallest box that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)


class FieldState(StrEnum):
    """What the book shows where the field is expected."""

    READ = "read"
    BLANK = "blank"
    DITTO = "ditto"
    ILLEGIBLE = "illegible"
    NOT_ON_FORM = "not_on_form"


class Decision(StrEnum):
    """Who answers for the value: the certified machine, or a person."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"

    @property
    def settled(self) -> bool:
        """Whether the value may leave the house."""
        return self is not Decision.REVIEW


class Candidate(NamedTuple):
    """One possible reading and its probability, 0 to 1."""

    text: str
    probability: float


def nfc(text: str) -> str:
    """Text in Unicode normal form C with line feeds as line ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


class FieldValue(BaseModel):
    """One field as it was read, and later as a person decided it.

    ``raw`` is verbatim. ``value`` is the normalised form for export, or none where nothing could be normalised; it is
    never invented. ``confidence`` is the calibrated probability that ``value`` is exactly right, 0 to 1. ``box`` is in
    pixels of the source page image.
    """

    model_config = ConfigDict(frozen=True)

    raw: str = ""
    value: str | None = None
    state: FieldState = FieldState.READ
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    decision: Decision = Decision.REVIEW
    reader: str = ""
    box: Box | None = None
    candidates: tuple[Candidate, ...] = ()

    @field_validator("raw", "value")
    @classmethod
    def _nfc(cls, text: str | None) -> str | None:
        return None if text is None else nfc(text)
