"""Parts of a page between its long vertical rulings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.readers.furniture import Furniture, Segment
from extractor.templates.drafting.print_runs import PrintRun

_WALL = 0.25
"""A vertical ruling longer than this share of the page parts blocks."""


@dataclass(frozen=True, slots=True)
class PageColumn:
    """A part of the page, millimetres."""

    name: str
    left: float
    right: float
    top: float
    bottom: float


def page_columns(furniture: Furniture, runs: Sequence[PrintRun], width: float, height: float) -> list[PageColumn]:
    """Parts of the page between long vertical rulings, with what stands above and below them."""
    mm = furniture.mm
    walls = sorted((wall for wall in furniture.verticals if wall.length / mm > _WALL * height), key=lambda w: w.at)
    inner = [
        wall
        for wall in walls
        if any(run.right < wall.at / mm for run in _beside(runs, wall, mm))
        and any(run.left > wall.at / mm for run in _beside(runs, wall, mm))
    ]
    inner = [wall for n, wall in enumerate(inner) if n + 1 == len(inner) or not _double(wall, inner[n + 1], mm)]
    left = min((run.left for run in runs), default=10.0)
    right = max([run.right for run in runs] + [s.end / mm for s in furniture.leaders], default=width - 10.0)
    if not inner:
        return [PageColumn("text", left, min(right, width), 0.0, height)]
    top, bottom = min(w.start for w in inner) / mm, max(w.end for w in inner) / mm
    bounds = [left - 1.0, *(wall.at / mm for wall in inner), max(right, inner[-1].at / mm + 10.0)]
    parts = [
        PageColumn("text" if n == 0 else f"column{n + 1}", start + 1.0, end - 1.0, top, bottom)
        for n, (start, end) in enumerate(pairwise(bounds))
    ]
    return [
        PageColumn("head", left, right, 0.0, top),
        *parts,
        PageColumn("foot", left, right, bottom, height),
    ]


def _beside(runs: Sequence[PrintRun], wall: Segment, mm: float) -> list[PrintRun]:
    return [run for run in runs if wall.start / mm < run.baseline < wall.end / mm]


def _double(wall: Segment, after: Segment, mm: float) -> bool:
    return after.at - wall.at < 3.0 * mm


def column_of(run: PrintRun, columns: Sequence[PageColumn]) -> PageColumn:
    """The column a run begins in; the nearest where it begins in none."""
    rows = [column for column in columns if column.top <= run.baseline <= column.bottom] or list(columns)
    middle = min(run.left + 5.0, (run.left + run.right) / 2)
    return min(rows, key=lambda column: max(column.left - middle, middle - column.right, 0.0))
