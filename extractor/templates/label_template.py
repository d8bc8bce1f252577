"""Template of a form whose fields hang on printed labels: where the labels stand, and where values lie about them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ValuePlace(StrEnum):
    """Where the value of a label is written."""

    RIGHT = "right"
    """On the label's line, up to the next label or the end of the line; it may go on below."""
    BELOW = "below"
    """A name written out under a signature, beneath the label."""
    BLOCK = "block"
    """Everything beneath the label down to the end of the block."""
    BOX = "box"
    """A tick box beside the label."""


class PageSize(BaseModel):
    """Size of the sheet in millimetres."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: float = Field(gt=0, le=2000)
    height: float = Field(gt=0, le=2000)


class TickPlace(BaseModel):
    """Where a block's tick boxes stand, seen from the left end of their label's baseline.

    Args:
        dx: centre of the box to the right of the label's start, millimetres; negative is left of it.
        dy: centre of the box below the label's baseline, millimetres; negative is above it.
        size: width and height of the box, millimetres.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dx: float = -5.0
    dy: float = -1.5
    size: float = Field(default=4.0, gt=1.0, lt=15.0)


class Cell(BaseModel):
    """One value of a row of a small table in a form: its column's field and ends, millimetres from the page's left."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    left: float
    right: float

    @model_validator(mode="after")
    def _goes_right(self) -> Cell:
        if self.right <= self.left:
            raise ValueError(f"the cell of '{self.field}' ends left of its start")
        return self


class Label(BaseModel):
    """One printed label.

    Args:
        text: as printed, without dots and colon.
        also: other wordings met in print, or shorter pieces of a label that is broken over two lines.
        x: left end, millimetres from the left edge of the page.
        field: code of the field whose value follows; none for a heading that only helps to find one's way.
        part: which of a date's separate blanks follows, one of the field's ``parts``.
        option: which tick box of a choice stands here, one of the field's options.
        value: see :class:`ValuePlace`.
        wraps: written lines below the first that the form offers the value.
        cells: columns of a small table whose row this label names; instead of ``field``.
        optional: not every print run has it; counts neither for nor against a page.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    x: float
    field: str | None = None
    part: str | None = None
    option: str | None = None
    value: ValuePlace = ValuePlace.RIGHT
    wraps: int = Field(default=0, ge=0, le=20)
    cells: tuple[Cell, ...] = ()
    optional: bool = False

    @property
    def wordings(self) -> tuple[str, ...]:
        """All wordings, the usual one first."""
        return self.text, *self.also

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the fields that hang on this label."""
        return ((self.field,) if self.field else ()) + tuple(cell.field for cell in self.cells)

    def moved(self, dx: float) -> Label:
        """The same label further right, millimetres."""
        cells = tuple(cell.model_copy(update={"left": cell.left + dx, "right": cell.right + dx}) for cell in self.cells)
        return self.model_copy(update={"x": self.x + dx, "cells": cells})

    @model_validator(mode="after")
    def _field_or_cells(self) -> Label:
        if self.field and self.cells:
            raise ValueError(f"'{self.text}' has a field of its own and cells: give one of them")
        return self


class LabelLine(BaseModel):
    """Labels that stand on one line; ``y`` is its baseline in millimetres from the top of the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    y: float
    labels: tuple[Label, ...] = Field(min_length=1)


class Block(BaseModel):
    """Lines that stand below each other between the same margins, such as the text cell or the tick-box cell.

    Args:
        left: where written lines begin, millimetres.
        right: where written lines end, millimetres.
        bottom: where the block ends, millimetres.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    left: float
    right: float
    bottom: float
    tick: TickPlace = TickPlace()
    lines: tuple[LabelLine, ...] = Field(min_length=1)

    def moved(self, dx: float, dy: float) -> Block:
        """The same block further right and down, millimetres."""
        if not dx and not dy:
            return self
        lines = tuple(
            LabelLine(y=line.y + dy, labels=tuple(label.moved(dx) for label in line.labels)) for line in self.lines
        )
        update = {"left": self.left + dx, "right": self.right + dx, "bottom": self.bottom + dy, "lines": lines}
        return self.model_copy(update=update)

    @model_validator(mode="after")
    def _lines_go_down(self) -> Block:
        heights = [line.y for line in self.lines]
        if heights != sorted(heights):
            raise ValueError(f"the lines of block '{self.name}' must stand in the order of their y")
        for line in self.lines:
            starts = [label.x for label in line.labels]
            if starts != sorted(starts):
                raise ValueError(f"the labels at y {line.y} must stand in the order of their x")
        if self.right <= self.left:
            raise ValueError(f"block '{self.name}' ends left of its start")
        return self


class Repeat(BaseModel):
    """The same record form printed several times on a page.

    Args:
        count: records on a page.
        dx: how far right of one record the next stands, millimetres.
        dy: how far below, millimetres.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(ge=2, le=8)
    dx: float = 0.0
    dy: float = 0.0

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Repeat:
        if self.dx <= 0 and self.dy <= 0:
            raise ValueError("the records must stand beside or below each other: give 'dx' or 'dy'")
        return self


class LabelTemplate(BaseModel):
    """A template of layout ``labels``.

    Args:
        page: size of the sheet.
        pitch: usual distance of neighbouring written lines, millimetres.
        tells: words that tell this form from its sisters; the more are found, the likelier the form.
        denies: words that are printed on other forms only; one of them speaks against this form.
        blocks: columns of lines, in reading order; those of the first record where a page has several.
        repeat: how the further records of a page follow, where it has several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Literal["labels"]
    page: PageSize
    pitch: float = Field(gt=2, lt=30)
    tells: tuple[str, ...] = Field(min_length=1)
    denies: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = Field(min_length=1)
    repeat: Repeat | None = None

    @property
    def records(self) -> int:
        """Records on a page."""
        return self.repeat.count if self.repeat else 1

    def spread_out(self) -> LabelTemplate:
        """The same page with the blocks of all its records written out, one record's after another's."""
        if self.repeat is None:
            return self
        blocks = [
            block.moved(self.repeat.dx * n, self.repeat.dy * n) for n in range(self.records) for block in self.blocks
        ]
        return self.model_copy(update={"blocks": tuple(blocks), "repeat": None})

    def labels(self) -> list[tuple[Block, LabelLine, Label]]:
        """All labels in reading order, with where they stand."""
        return [(block, line, label) for block in self.blocks for line in block.lines for label in line.labels]
