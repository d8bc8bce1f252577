"""A bar chart as inline SVG, without scripts and without a drawing library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = ("#2e7d5b", "#2f6fa8", "#e0a52c")
"""Accepted by the machine, settled by a person, awaiting review; told apart in grey print as well."""

_LABEL, _BARS, _NUMBERS = 210, 440, 110
_ROW, _BAR = 34, 16


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label in two languages, and the parts it is stacked of."""

    label: str
    label_en: str
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A coloured piece of a bar, in units of the picture."""

    x: float
    width: float
    colour: str


@dataclass(frozen=True, slots=True)
class Row:
    """A bar laid out: ``y`` is the top of its row."""

    bar: Bar
    y: int
    segments: tuple[Segment, ...]
    numbers_x: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart laid out for the template to draw."""

    width: int
    height: int
    label_x: int
    bar_x: int
    bar_height: int
    rows: tuple[Row, ...]
    colours: tuple[str, ...] = COLOURS


def stacked_bars(bars: Sequence[Bar]) -> Chart:
    """Lay bars out below each other, all to the scale of the longest."""
    longest = max((sum(bar.parts) for bar in bars), default=0)
    rows = []
    for number, bar in enumerate(bars):
        x = float(_LABEL)
        segments = []
        for part, colour in zip(bar.parts, COLOURS, strict=True):
            width = _BARS * part / longest if longest else 0.0
            if width:
                segments.append(Segment(round(x, 2), round(width, 2), colour))
            x += width
        rows.append(Row(bar, number * _ROW, tuple(segments), round(x + 8, 2)))
    return Chart(
        width=_LABEL + _BARS + _NUMBERS,
        height=max(1, len(bars)) * _ROW,
        label_x=_LABEL - 10,
        bar_x=_LABEL,
        bar_height=_BAR,
        rows=tuple(rows),
    )
