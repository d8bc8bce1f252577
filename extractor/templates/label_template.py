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

    width: float = Field(gt=0)
    height: float = Field(gt=0)


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
    optional: bool = False

    @property
    def wordings(self) -> tuple[str, ...]:
        """All wordings, the usual one first."""
        return self.text, *self.also


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


class LabelTemplate(BaseModel):
    """A template of layout ``labels``.

    Args:
        page: size of the sheet.
        pitch: usual distance of neighbouring written lines, millimetres.
        tells: words that tell this form from its sisters; the more are found, the likelier the form.
        denies: words that are printed on other forms only; one of them speaks against this form.
        blocks: columns of lines, in reading order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Literal["labels"]
    page: PageSize
    pitch: float = Field(gt=2, lt=30)
    tells: tuple[str, ...] = Field(min_length=1)
    denies: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = Field(min_length=1)

    def labels(self) -> list[tuple[Block, LabelLine, Label]]:
        """All labels in reading order, with where they stand."""
        return [(block, line, label) for block in self.blocks for line in block.lines for label in line.labels]
