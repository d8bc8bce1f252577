"""What a person says of a page, so that the machine reads it right: its form, its way up, where it lies."""

from __future__ import annotations

import hashlib
import json
import math
from enum import StrEnum
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractor.errors import InstructionError

_FURTHEST = 200_000.0
"""Larger than any picture that is read, pixels."""
_MOST_ROWS = 200
_LEAST_AREA = 0.01
"""Four points that enclose less than this share of their bounding square tell no plane."""

_OUTSIDE = 0.25
"""So far beyond the picture, in sizes of it, a corner that was cut off may be guessed."""

Coordinate = Annotated[float, Ge(-_FURTHEST), Le(_FURTHEST)]
Point = tuple[Coordinate, Coordinate]
"""x, y in source pixels: of the picture as it is stored, before any turn."""
Line = tuple[Point, Point]


class PageIs(StrEnum):
    """What a page is that holds no records."""

    COVER = "cover"
    CLOSING = "closing"
    BLANK = "blank"
    NOT_REGISTER = "not_register"


class Anchor(BaseModel):
    """A point of the form, and where it is on the picture.

    Args:
        source: where it is, source pixels.
        home: the point of the form. Of a form with printed labels: millimetres from the sheet's top left corner, such
            as the left end of a label's baseline. Of a table: shares of its ruled frame, 0, 0 for its top left corner
            and 1, 1 for its bottom right one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Point
    home: tuple[Annotated[float, Ge(-100.0), Le(3000.0)], Annotated[float, Ge(-100.0), Le(3000.0)]]


class PageInstruction(BaseModel):
    """What a person says of one page; what is left out the machine finds by itself.

    Args:
        is_: what the page is, where it holds no records; then nothing else counts but the turn.
        form: name of its form.
        turn: quarter turns clockwise, 0 to 3, that bring the picture upright.
        corners: the page's corners: top left, top right, bottom right, bottom left of the page once it is upright.
        anchors: four points of the form and where they are; the form is then laid by them.
        pages: 1 for one page, 2 for two facing pages in the picture.
        gutter: the line between the two pages, from its top to its bottom.
        rows: the lines between the records of a table, from top to bottom, each from left to right: one more than
            there are records.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    is_: PageIs | None = Field(default=None, alias="is")
    form: str = Field(default="", max_length=64, pattern=r"^[a-z0-9-]*$")
    turn: Annotated[int, Ge(0), Le(3)] | None = None
    corners: tuple[Point, Point, Point, Point] | None = None
    anchors: tuple[Anchor, Anchor, Anchor, Anchor] | None = None
    pages: Annotated[int, Ge(1), Le(2)] | None = None
    gutter: Line | None = None
    rows: tuple[Line, ...] = Field(default=(), max_length=_MOST_ROWS + 1)

    @model_validator(mode="after")
    def _fits_together(self) -> PageInstruction:
        if self.anchors and not self.form:
            raise ValueError("anchors are points of a form: name the form")
        if self.anchors and self.pages == 2:
            raise ValueError("anchors lay one form over one page; two facing pages have none")
        if self.gutter and self.pages != 2:
            raise ValueError("a gutter stands between two pages: say that there are two")
        if self.rows and self.pages == 2:
            raise ValueError("rows are of one table; two facing pages have none")
        if self.rows and (len(self.rows) < 2 or not self.form):
            raise ValueError("rows are at least two lines of a table: name the form and both")
        for name, points in (("corners", self.corners), ("anchors", [each.source for each in self.anchors or ()])):
            if points and not _spread(np.array(points, np.float64)):
                raise ValueError(f"the four {name} lie on a line, or the sides between them cross")
        if self.anchors and not _spread(np.array([each.home for each in self.anchors], np.float64)):
            raise ValueError("the points of the form lie on a line, or the sides between them cross")
        return self

    @property
    def by_hand(self) -> bool:
        """Whether a person, not the machine, says where the records lie."""
        return bool(self.anchors or self.rows)

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return self == PageInstruction()

    def points(self) -> NDArray[np.float64]:
        """All points given, ``(n, 2)`` in source pixels."""
        found: list[Point] = [*(self.corners or ()), *(each.source for each in self.anchors or ())]
        found += [*(self.gutter or ()), *(end for line in self.rows for end in line)]
        return np.array(found, np.float64).reshape(-1, 2)

    def check(self, width: int, height: int) -> None:
        """Refuse points that lie far outside a picture of that size.

        Raises:
            InstructionError: one does.
        """
        size = np.array([width, height])
        points = self.points()
        if len(points) and bool(((points < -_OUTSIDE * size) | (points > (1 + _OUTSIDE) * size)).any()):
            raise InstructionError(
                f"Page instruction: a point lies outside the picture of {width} x {height} pixels.",
                mend="Give points in pixels of the picture as it is stored.",
            )

    def to_json(self) -> str:
        """Its one JSON text: only what is said, keys in order."""
        said = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps(said, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """Changes whenever the page could be read otherwise; empty where nothing is said."""
        return "" if self.empty else hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def anchor_points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the anchors are and which points of the form they are, ``(4, 2)`` each.

        Raises:
            ValueError: there are none.
        """
        if self.anchors is None:
            raise ValueError("there are no anchors")
        return (
            np.array([each.source for each in self.anchors], np.float64),
            np.array([each.home for each in self.anchors], np.float64),
        )


def read_instruction(content: object) -> PageInstruction:
    """An instruction from what JSON gave.

    Raises:
        InstructionError: it is none, or contradicts itself; the message names the field.
    """
    try:
        return PageInstruction.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        said = f"{place}: {first['msg']}" if place else str(first["msg"])
        raise InstructionError(f"Page instruction: {said}.", mend="Mend it and give it again.") from error


def _spread(points: NDArray[np.float64]) -> bool:
    """Whether four points are the corners of an area whose sides do not cross, in either direction round."""
    sides = np.roll(points, -1, axis=0) - points
    turned = np.roll(sides, -1, axis=0)
    bends = sides[:, 0] * turned[:, 1] - sides[:, 1] * turned[:, 0]
    x, y = points.T
    area = abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2.0
    span = max(float(np.ptp(x)), float(np.ptp(y)))
    convex = bool((bends > 0).all() or (bends < 0).all())
    return convex and math.isfinite(area) and area >= _LEAST_AREA * span**2
