"""What registration hands on: where each field of each record lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from extractor.records import Registration

if TYPE_CHECKING:
    from extractor.templates.by_hand import HandMap

Polygon = NDArray[np.float64]
"""Corners ``(n, 2)`` as x, y in clean-page pixels, clockwise from top left."""


@dataclass(frozen=True, slots=True, eq=False)
class LocatedOption:
    """A tick box of a choice: its inside, without the frame."""

    label: str
    value: str | None
    polygon: Polygon


@dataclass(frozen=True, slots=True, eq=False)
class LocatedField:
    """Where one field lies, in clean-page pixels.

    Args:
        code: field code of the form's schema.
        lines: one region for each written line, top to bottom, without the printed label; a wrapped value's second line
            is the second region; a date in separate blanks has one region a blank.
        options: the tick boxes, for a choice.
        printed: text the page's own OCR pass found inside, best effort, with its mean confidence 0 to 1, or none.
    """

    code: str
    lines: tuple[Polygon, ...]
    options: tuple[LocatedOption, ...] = ()
    printed: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LocatedRecord:
    """The fields of one record on a page; ``record`` counts from 1."""

    record: int
    fields: tuple[LocatedField, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RegisteredPage:
    """A form laid over a clean page.

    Where ``registration.ok`` is false, ``records`` is empty: a bad registration never yields fields.

    Args:
        anchors: matched anchors as ``(n, 4)``: x, y where found and x, y where the template puts them, clean pixels.
        guides: lines worth showing to people, such as a table's column edges: points ``(n, 2)``, clean pixels.
        rows: of a table, the lines between its records from top to bottom, each from left to right, clean pixels,
            ``(n + 1, 2, 2)``; none where it has none.
        marks: points of the form as a person would point at them, ``(n, 4)``: x, y on the form, see
            :class:`extractor.page_instruction.Anchor`, and x, y where they lie, found or not, clean pixels.
    """

    form: str
    form_version: str
    registration: Registration
    records: tuple[LocatedRecord, ...]
    anchors: NDArray[np.float64]
    guides: tuple[Polygon, ...] = ()
    rows: NDArray[np.float64] | None = None
    marks: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a person said of where a form's records lie on a page.

    Args:
        hand: the form laid by hand, or none where the machine lays it.
        rows: lines between the records of a table from top to bottom, clean pixels, ``(n + 1, 2, 2)``; none where the
            machine finds the records.
    """

    hand: HandMap | None = None
    rows: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class FormMatch:
    """Which form a page is.

    Args:
        form: the form's name, or none for a page that is of no known form.
        score: how well it fits, 0 to 1.
        margin: distance of the score to the second best form's.
        reason: why none was chosen; empty where one was.
        blank: the page bears no writing and no print.
    """

    form: str | None
    score: float
    margin: float
    reason: str = ""
    blank: bool = False
