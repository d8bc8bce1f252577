"""Where the lines of a block begin and end on the page: by its rulings, else its leaders, else the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractor.readers.furniture import Furniture, Segment
from extractor.templates.label_template import Block, ValuePlace
from extractor.templates.placing import Placed, Placement

_REACH_MM = 11.0
"""How far a line none of whose labels was found may have moved against its neighbours, millimetres."""


@dataclass(frozen=True, slots=True)
class Margins:
    """A block on the page, working pixels.

    Args:
        left: where written lines begin.
        right: where written lines end.
        top: upper end of the block.
        bottom: lower end of the block.
        written: leaders and solid writing lines of the page, top to bottom.
        floors: rows of rulings that run from wall to wall, which no value crosses.
        walls: vertical rulings of the page.
        ruled: whether a ruling bounds the right side, so that nothing of the block lies beyond it.
        pitch: distance of neighbouring written lines.
    """

    left: float
    right: float
    top: float
    bottom: float
    written: tuple[Segment, ...]
    floors: tuple[float, ...]
    walls: tuple[Segment, ...]
    ruled: bool
    pitch: float


def find_margins(block: Block, number: int, placement: Placement, furniture: Furniture, pitch_mm: float) -> Margins:
    """Bounds of block ``number`` of a template."""
    mm = placement.mm
    own = [placed for placed in placement.labels if placed.block == number]
    first, last = block.lines[0].y, block.lines[-1].y
    middle = (first + last) / 2
    left, _ = placement.local(block.left, middle, number)
    right, _ = placement.local(block.right, middle, number)
    _, top = placement.local(block.left, first - 0.9 * pitch_mm, number)
    _, bottom = placement.local(block.left, block.bottom, number)
    # Labels are surer than the template: lines begin no further right than they do.
    first_label = min((placed.left for placed in own if placed.found), default=left)
    left = min(left, first_label)
    rows = (min(p.baseline for p in own), max(p.baseline for p in own))
    height = float(furniture.grey.shape[0])

    wall = _wall(furniture.verticals, right, rows, reach=14 * mm)
    fence = _wall(furniture.verticals, left - 2 * mm, rows, reach=10 * mm)
    left = fence + 0.6 * mm if fence is not None and fence < first_label + 0.5 * mm else left - 1.5 * mm
    floor = [s.at for s in furniture.horizontals if _bounds(s, left, right, furniture.verticals, mm)]
    written = tuple(s for s in (*furniture.leaders, *furniture.horizontals) if s.at not in floor)
    if wall is not None:
        right = wall - 0.5 * mm
    else:
        ends = sorted(s.end for s in written if _belongs(s, left, right, rows, mm))
        right = _common_end(ends, 3 * mm) + 2.0 * mm if len(ends) >= 3 else max([right, *ends])
    under = [y for y in floor if y > rows[1] + 0.3 * pitch_mm * mm and abs(y - bottom) < 60 * mm]
    if under and wall is not None:
        bottom = min(under, key=lambda y: abs(y - bottom)) - 0.5 * mm
    over = [y for y in floor if rows[0] - 3 * pitch_mm * mm < y < rows[0] - 0.3 * pitch_mm * mm]
    if over:
        top = max(top, max(over) + 0.5 * mm)
    return Margins(
        max(0.0, left),
        min(right, float(furniture.grey.shape[1]) - 1),
        max(0.0, top),
        min(bottom, height - 1),
        written,
        tuple(floor),
        tuple(furniture.verticals),
        wall is not None,
        _pitch(written, left, right, rows, pitch_mm * mm),
    )


def above_others(
    margins: Margins, block: Block, others: Sequence[int], blocks: Sequence[Block], placement: Placement
) -> Margins:
    """Margins of a block that end above the first printed line of what stands below it.

    Where print runs set their lines further apart than the template, a block's lower end slips into the next record.

    Args:
        margins: bounds of the block.
        block: the block.
        others: numbers of the blocks of other records.
        blocks: all blocks of the page.
        placement: where the page's labels are.
    """
    below = {
        n
        for n in others
        if blocks[n].lines[0].y > block.lines[-1].y
        and min(blocks[n].right, block.right) > max(blocks[n].left, block.left)
    }
    tops = [p.baseline for p in placement.labels if p.block in below and p.row == 0]
    return replace(margins, bottom=min([margins.bottom, *(top - 0.75 * margins.pitch for top in tops)]))


def on_their_lines(labels: list[Placed], margins: Margins, mm: float) -> list[Placed]:
    """Move labels that were not found to the writing line they must stand on.

    Such a line lies between those of the labels before and after, and begins where the label ends, not at the margin
    as a wrapped value's does. The labels beside the first one of a line go with it.
    """
    moved = list(labels)
    for i, label in enumerate(labels):
        if label.found or label.label.value is not ValuePlace.RIGHT or label.label.optional:
            continue
        if any(p.found and p.row == label.row for p in labels):
            continue
        if any(p.row == label.row for p in labels[:i]):
            first = next(k for k, p in enumerate(labels) if p.row == label.row)
            moved[i] = replace(label, baseline=label.baseline + moved[first].baseline - labels[first].baseline)
            continue
        above = max((p.baseline for p in labels if p.found and p.row < label.row), default=margins.top)
        below = min((p.baseline for p in labels if p.found and p.row > label.row), default=margins.bottom)
        fit = [
            (abs(s.at - label.baseline), s.at)
            for s in margins.written
            if above + 0.5 * margins.pitch < s.at < below - 0.5 * margins.pitch
            and abs(s.at - label.baseline) < _REACH_MM * mm
            and label.left + 4 * mm < s.start < label.right + 12 * mm
        ]
        if fit:
            moved[i] = replace(label, baseline=min(fit)[1])
    return moved


def lines_of(placed: list[Placed], pitch: float) -> list[list[Placed]]:
    """Labels grouped by the line they stand on, from top to bottom and left to right."""
    lines: list[list[Placed]] = []
    for label in sorted(placed, key=lambda p: p.baseline):
        if lines and label.baseline - lines[-1][-1].baseline < 0.4 * pitch:
            lines[-1].append(label)
        else:
            lines.append([label])
    return [sorted(line, key=lambda p: p.left) for line in lines]


def _wall(verticals: tuple[Segment, ...], x: float, rows: tuple[float, float], *, reach: float) -> float | None:
    """The vertical ruling nearest to ``x`` that runs beside at least half of the rows."""
    near = [
        (abs(s.at - x), s.at)
        for s in verticals
        if abs(s.at - x) <= reach
        and min(s.end, rows[1] + 1) - max(s.start, rows[0] - 1) >= 0.5 * (rows[1] - rows[0] + 1)
    ]
    return min(near)[1] if near else None


def _common_end(ends: list[float], spread: float) -> float:
    """Furthest of the ends that most agree on; a stray one beyond is another block's."""
    best = max(ends, key=lambda x: (sum(abs(e - x) <= spread for e in ends), x))
    return max(e for e in ends if abs(e - best) <= spread)


def _bounds(s: Segment, left: float, right: float, verticals: tuple[Segment, ...], mm: float) -> bool:
    """Whether a ruling is part of a frame: it meets a vertical ruling at an end, and is no mere writing line."""
    if min(s.end, right) - max(s.start, left) < 0.5 * (right - left):
        return False
    met = [any(abs(v.at - x) < mm and v.start - mm < s.at < v.end + mm for v in verticals) for x in (s.start, s.end)]
    return all(met)


def _belongs(s: Segment, left: float, right: float, rows: tuple[float, float], mm: float) -> bool:
    return rows[0] - 4 * mm < s.at < rows[1] + 12 * mm and s.start > left - 2 * mm and abs(s.end - right) < 12 * mm


def _pitch(
    leaders: tuple[Segment, ...], left: float, right: float, rows: tuple[float, float], expected: float
) -> float:
    """Median distance of neighbouring leaders, where there are enough of them to say."""
    heights = sorted(s.at for s in leaders if rows[0] - 5 < s.at < rows[1] + 5 and s.start < right and s.end > left)
    gaps = sorted(b - a for a, b in pairwise(heights) if 0.7 * expected < b - a < 1.4 * expected)
    return gaps[len(gaps) // 2] if len(gaps) >= 4 else expected
