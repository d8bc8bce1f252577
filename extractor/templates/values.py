"""Value regions on written lines: right of a label, and the lines below that a wrapped value goes on to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from extractor.readers.furniture import Furniture
from extractor.templates.label_template import ValuePlace
from extractor.templates.margins import Margins, lines_of
from extractor.templates.placing import Placed
from extractor.templates.strokes import owned_strokes, straight_cut, winding_cut

_ASCENT, _DESCENT = 0.74, 0.30
"""Usual reach of handwriting above and below its line, in line distances: with the marks of capitals, and the tails."""
_TOLERATED = 6.0
"""Pixels of ink on the wrong side of a straight border that are not worth a winding one."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A place on the page, working pixels.

    Args:
        outline: corners ``(n, 2)`` clockwise from top left, where the place is no upright rectangle.
    """

    left: float
    top: float
    right: float
    bottom: float
    outline: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a written line: where a value may stand, before its height is known; ``field`` is whose it is."""

    left: float
    right: float
    baseline: float
    field: str


def value_stretches(placed: Sequence[Placed], margins: Margins, mm: float) -> dict[int, list[Stretch]]:
    """For each label whose value stands to its right, the pieces of lines that are its own.

    Args:
        placed: labels of one block.
        margins: bounds and writing lines of the block.
        mm: working pixels in a millimetre.

    Returns:
        Stretches by index of the label in ``placed``, top to bottom; at least one for each such label.
    """
    number = {id(label): i for i, label in enumerate(placed)}
    solid = [label for label in placed if label.found or not label.label.optional]
    lines = lines_of(solid, margins.pitch)
    stretches: dict[int, list[Stretch]] = {}
    for at, line in enumerate(lines):
        floor = min(p.baseline for p in lines[at + 1]) if at + 1 < len(lines) else None
        for k, label in enumerate(line):
            if label.label.cells:
                stretches[number[id(label)]] = _cells(label, floor, margins, mm)
                continue
            if label.label.field is None or label.label.value is not ValuePlace.RIGHT:
                continue
            right = line[k + 1].left - 0.4 * mm if k + 1 < len(line) else _line_end(label, margins, mm)
            left = min(_value_start(label, right, margins, mm), margins.right - 2 * mm)
            right = max(right, left + 2 * mm)
            own = [Stretch(left, right, _on_line(label.baseline, left, right, margins, mm), label.label.field)]
            if k + 1 == len(line) and label.label.wraps:
                below = floor if floor is not None else min(margins.bottom, label.baseline + 3.5 * margins.pitch)
                walls = [y for y in margins.floors if label.baseline < y < below]
                below = min([below, *(y + 0.45 * margins.pitch for y in walls)])
                own += _wrapped(label, label.label.field, below, margins)
            stretches[number[id(label)]] = own
    return stretches


def _value_start(label: Placed, right: float, margins: Margins, mm: float) -> float:
    """Where a value begins: where its label ends, or its writing line begins before that.

    A label's end is uncertain where the OCR engine has glued the value to it, and where the label was not found at all.
    """
    width = label.right - label.left
    least = label.left + (0.6 * width if label.found else 0.0)
    most = label.right + (0.0 if label.found else 9 * mm)
    starts = [
        s.start - 0.6 * mm
        for s in margins.written
        if abs(s.at - label.baseline) < 2.5 * mm and least < s.start < min(most, right - 3 * mm)
    ]
    if not starts:
        return label.right + 0.3 * mm
    return min(starts) if label.found else min(starts, key=lambda x: abs(x - label.right))


def _line_end(label: Placed, margins: Margins, mm: float) -> float:
    """Where a line ends: at its block's right side, or where its own writing line ends if no ruling stands between.

    Lines above a frame are wider than those within.
    """
    if not margins.ruled:
        return margins.right
    ends = [
        s.end
        for s in margins.written
        if abs(s.at - label.baseline) < 2.0 * mm and s.start < margins.right - 8 * mm and s.end > margins.right + 3 * mm
    ]
    rows = (label.baseline - 1.5 * mm, label.baseline + 1.5 * mm)
    walled = any(
        margins.right - 2 * mm < wall.at < max(ends, default=0.0) + 2 * mm
        and wall.start - 2 * mm < rows[1]
        and rows[0] < wall.end + 2 * mm
        for wall in margins.walls
    )
    return max(ends) if ends and not walled else margins.right


def _on_line(baseline: float, left: float, right: float, margins: Margins, mm: float) -> float:
    """The writing line's row where one runs near the baseline; the baseline else."""
    near = [
        (abs(s.at - baseline), s.at)
        for s in margins.written
        if abs(s.at - baseline) <= 1.6 * mm and min(s.end, right) - max(s.start, left) > 0.2 * (right - left)
    ]
    return min(near)[1] if near else baseline


def _cells(label: Placed, floor: float | None, margins: Margins, mm: float) -> list[Stretch]:
    """The pieces of a table's row, column by column: between the rulings that stand where the columns end."""
    found = []
    below = floor if floor is not None else min(margins.bottom, label.baseline + 3.5 * margins.pitch)
    for cell in label.label.cells:
        left, right = (
            _at_wall(label.left + (x - label.label.x) * mm, label, margins, mm) for x in (cell.left, cell.right)
        )
        within = replace(margins, left=left + 0.5 * mm, right=right - 0.5 * mm)
        baseline = _on_line(label.baseline, within.left, within.right, margins, mm)
        found.append(Stretch(within.left, within.right, baseline, cell.field))
        if label.label.wraps:
            found += _wrapped(label, cell.field, below, within)
    return found


def _at_wall(x: float, label: Placed, margins: Margins, mm: float) -> float:
    """The vertical ruling beside the label's line that is nearest to ``x``; ``x`` itself where there is none."""
    near = [
        (abs(s.at - x), s.at) for s in margins.walls if s.start <= label.baseline <= s.end and abs(s.at - x) < 7 * mm
    ]
    return min(near)[1] if near else x


def _wrapped(label: Placed, code: str, floor: float, margins: Margins) -> list[Stretch]:
    """Lines between a label's own and the next label's, as the writing lines show them, else evenly spaced."""
    pitch = margins.pitch
    gap = floor - label.baseline
    seen: list[float] = []
    for s in sorted(margins.written, key=lambda s: s.at):
        inside = min(s.end, margins.right) - max(s.start, margins.left)
        if inside < 0.35 * (margins.right - margins.left) or s.at > floor - 0.55 * pitch:
            continue
        if s.at > (seen[-1] if seen else label.baseline) + 0.55 * pitch:
            seen.append(s.at)
    if not seen:
        count = max(0, min(round(gap / pitch) - 1, label.label.wraps + 1))
        step = gap / (count + 1) if count and abs(gap / (count + 1) - pitch) < 0.25 * pitch else pitch
        seen = [label.baseline + step * (k + 1) for k in range(count)]
    return [Stretch(margins.left, margins.right, y, code) for y in seen]


def region_of(stretch: Stretch, margins: Margins, furniture: Furniture) -> Region:
    """Give a stretch its height: borders above and below so that its own ink is in and other lines' ink is out.

    A straight border where that parts the lines well; one that winds between tails and ascenders where it does not.
    """
    pitch, baseline = margins.pitch, stretch.baseline
    left, right = int(max(0, stretch.left)), int(max(stretch.left + 2, stretch.right))
    first, last = int(max(0, baseline - 1.6 * pitch)), int(min(furniture.ink.shape[0], baseline + 1.1 * pitch))
    window = furniture.ink[first:last, left:right]
    if window.shape[0] < pitch or window.shape[1] < 2:
        return Region(stretch.left, max(0.0, baseline - _ASCENT * pitch), stretch.right, baseline + _DESCENT * pitch)
    strokes = owned_strokes(window, baseline - first, pitch)
    top, lost_above = straight_cut(strokes, strokes.base - _ASCENT * pitch, upper=True)
    bottom, lost_below = straight_cut(strokes, strokes.base + _DESCENT * pitch, upper=False)
    straight = Region(stretch.left, first + top, stretch.right, first + bottom)
    if max(lost_above, lost_below) <= _TOLERATED:
        return straight
    upper = winding_cut(strokes, top, upper=True) if lost_above > _TOLERATED else _level(top, window.shape[1])
    lower = winding_cut(strokes, bottom, upper=False) if lost_below > _TOLERATED else _level(bottom, window.shape[1])
    outline = np.vstack([upper, lower[::-1]]) + np.array([left, first])
    return Region(stretch.left, float(outline[:, 1].min()), stretch.right, float(outline[:, 1].max()), outline=outline)


def _level(height: float, width: int) -> NDArray[np.float64]:
    return np.array([(0.0, height), (float(width), height)])
