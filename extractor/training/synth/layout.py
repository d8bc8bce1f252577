"""Descriptions of printed forms that the renderer draws from; they share only field codes with the page templates."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import SettingsError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Part):
    """A printed label (``t``) or a blank for a field (``f``) on a line.

    Args:
        alt: other wordings of the label that some editions have.
        w: share of the line's free width a blank gets; the shares of a line add up to 1.
        max: greatest width of a blank, millimetres; 0 for none.
        wrap: how many full lines below belong to the blank too.
        under: whether those lines stay beneath the blank, as in a table's cell.
        part: which part of a date in separate blanks.
        x: left edge of the item in millimetres from the page's left edge; 0 for after the item before.
    """

    t: str | None = None
    alt: tuple[str, ...] = ()
    bold: bool = False
    centre: bool = False
    scale: float = 1.0
    f: str = ""
    w: float = 1.0
    max: float = 0.0
    wrap: int = 0
    under: bool = False
    part: int | None = None
    x: float = 0.0


class Group(_Part):
    """Lines that follow each other at one pitch.

    Args:
        top: first baseline below the area's upper edge, or ``None`` to go on after the group before.
        gap: additional room before the group, millimetres.
    """

    area: str
    top: float | None = None
    gap: float = 0.0
    pitch: float | None = None
    lines: tuple[tuple[Item, ...], ...]


class Area(_Part):
    """A rectangle between named edges, such as ``top+12``; ``frame`` draws its border."""

    box: tuple[str, str, str, str]
    frame: bool = False
    frame_left: bool = False
    pad: float = 0.0


class SignatureBox(_Part):
    """A place to sign: heading, note below it, and the field (or copy of a field) written under the signature."""

    t: str
    alt: tuple[str, ...] = ()
    bold: bool = False
    sub: str = ""
    f: str = ""
    copy_of: str = Field(default="", alias="copy")


class Signatures(_Part):
    """Signature boxes side by side at the foot of an area, or from ``top`` below its upper edge."""

    area: str
    top: float | None = None
    height: float
    rule: bool = False
    boxes: tuple[SignatureBox, ...]


class TickOption(_Part):
    """A tick box: the field it belongs to and its printed label."""

    f: str
    label: str


class Ticks(_Part):
    """Tick boxes below each other."""

    area: str
    top: float
    pitch: float
    gap: float
    box: float
    options: tuple[TickOption, ...]


class Notes(_Part):
    """The free block for notes."""

    f: str
    area: str
    t: str
    alt: tuple[str, ...] = ()
    top: float | None = None
    below_ticks: float = 0.0
    bold: bool = False
    centre: bool = False
    pitch: float
    leaders: bool = True


class Edges(_Part):
    """Named vertical and horizontal lines of the form, millimetres from the page's upper left corner."""

    x: dict[str, float]
    y: dict[str, float]


class Repeat(_Part):
    """The same record printed several times on a page: ``count`` times, ``dx`` and ``dy`` millimetres apart."""

    count: int
    dx: float = 0.0
    dy: float = 0.0


class Column(_Part):
    """A column of a table.

    Args:
        w: its share of the table's width; all shares add up to 1.
        t: printed heading, broken into lines where it does not fit.
        alt: other wordings.
        f: the field written into it, or empty.
        over: heading of a group of columns that begins with this one, and how many it spans.
    """

    w: float
    t: str
    alt: tuple[str, ...] = ()
    f: str = ""
    over: tuple[str, int] | None = None


class TableLayout(_Part):
    """A ruled table with one record in each row; measures in millimetres.

    Args:
        box: left, top, right and lower edge of the table.
        head: height of the heading, the groups' row included.
        rows: records on a page.
        pitch: distance of written lines in a row.
        row_rules: probability that rows are parted by rulings in one printing.
        title: printed above the table, or empty.
    """

    layout: Literal["table"]
    form: str
    page: tuple[float, float]
    text_size: float
    box: tuple[float, float, float, float]
    head: float
    rows: int
    pitch: float
    row_rules: float = 0.7
    title: str = ""
    columns: tuple[Column, ...]

    @property
    def records(self) -> int:
        """Records on a page."""
        return self.rows

    @property
    def groups(self) -> tuple[Column, ...]:
        """What moves by itself from printing to printing."""
        return self.columns

    def codes(self) -> set[str]:
        """All field codes the form has room for."""
        return {column.f for column in self.columns if column.f}


class Layout(_Part):
    """A form as printed; measures in millimetres."""

    form: str
    page: tuple[float, float]
    text_size: float
    edges: Edges
    areas: dict[str, Area]
    groups: tuple[Group, ...]
    pitch: float
    signatures: Signatures
    ticks: Ticks | None = None
    notes: Notes
    repeat: Repeat | None = None

    @property
    def records(self) -> int:
        """Records on a page."""
        return self.repeat.count if self.repeat else 1

    def codes(self) -> set[str]:
        """All field codes the form has room for."""
        codes = {item.f for group in self.groups for line in group.lines for item in line if item.f}
        codes |= {box.f for box in self.signatures.boxes if box.f} | {self.notes.f}
        return codes | ({option.f for option in self.ticks.options} if self.ticks else set())


@cache
def layout_names() -> tuple[str, ...]:
    """Forms the renderer can draw, in alphabetical order."""
    folder = resources.files("extractor.training.synth") / "layouts"
    return tuple(sorted(e.name.removesuffix(".yaml") for e in folder.iterdir() if e.name.endswith(".yaml")))


@cache
def load_layout(form: str) -> Layout | TableLayout:
    """The layout description of a form.

    Raises:
        SettingsError: there is none of that name, or it is wrong.
    """
    folder, known = resources.files("extractor.training.synth") / "layouts", layout_names()
    if form not in known:
        raise SettingsError(
            f"The renderer has no layout for the form '{form}'.", mend=f"Use one of {', '.join(known)}."
        )
    try:
        data = yaml.safe_load((folder / f"{form}.yaml").read_text(encoding="utf-8"))
        return (TableLayout if data.get("layout") == "table" else Layout).model_validate(data)
    except ValidationError as error:
        raise SettingsError(f"layouts/{form}.yaml: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}.") from error
