"""Work by day and shift as stacked columns, laid out for inline SVG; attributes alone, no style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log10

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#7a5195", "#4d4d4d")
"""Told apart by people who do not see all colours (after M. Okabe, K. Ito, "Color Universal Design", 2008), each with a
contrast above 3 to white; work outside shifts has the last, shifts beyond the fourth share it."""

_LEFT, _TOP, _HEIGHT, _BELOW = 52, 10, 150, 24
_STEP, _BAR, _GAP = 44, 26, 1
_LINES = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A coloured piece of a column, in units of the picture."""

    y: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Pillar:
    """The column of a day."""

    x: int
    label_x: float
    day: date
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across at a number."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Pillars:
    """The whole chart."""

    width: int
    height: int
    left: int
    bar: int
    base: int
    pillars: tuple[Pillar, ...]
    ticks: tuple[Tick, ...]


def colours(shifts: int) -> tuple[str, ...]:
    """A colour for each shift, and one for work outside them."""
    return (*(COLOURS[min(number, len(COLOURS) - 1)] for number in range(shifts)), COLOURS[-1])


def stacked_pillars(days: Sequence[tuple[date, Sequence[int]]], colour_of: Sequence[str]) -> Pillars:
    """Lay the days out beside each other; each number's piece stands on the one before it."""
    top = _round_up(max((sum(numbers) for _, numbers in days), default=0))
    base, pillars = _TOP + _HEIGHT, []
    for at, (day, numbers) in enumerate(days):
        x, below, pieces = _LEFT + at * _STEP + (_STEP - _BAR) // 2, float(base), []
        for number, colour in zip(numbers, colour_of, strict=True):
            height = _HEIGHT * number / top
            if number:
                below -= height
                pieces.append(Piece(round(below, 2), round(max(height - _GAP, 0.5), 2), colour))
        pillars.append(Pillar(x, x + _BAR / 2, day, tuple(pieces)))
    ticks = tuple(Tick(base - _HEIGHT * number / _LINES, top * number // _LINES) for number in range(_LINES + 1))
    return Pillars(_LEFT + len(days) * _STEP + 8, base + _BELOW, _LEFT, _BAR, base, tuple(pillars), ticks)


def _round_up(number: int) -> int:
    """A round number not below, which four divides."""
    if number <= _LINES:
        return _LINES
    unit: int = 10 ** int(log10(number))
    return next(top for part in (1, 2, 4, 6, 8, 10) if (top := _LINES * ceil(part * unit / _LINES)) >= number)
