"""Lay a label template over a page: where each printed label is, and where those that were not found must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from extractor.templates.alignment import Affine, Spot, align, apply, robust_affine, rough_fit
from extractor.templates.label_template import Block, Label, LabelTemplate
from extractor.templates.letters import Piece, fold
from extractor.templates.wording import Found, find_wordings

_PINNED_MM = 3.0
"""Farther from where a person pointed a label was not read but guessed, or something else was read."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A label on the page, working pixels.

    Args:
        label: the template's label.
        block: index of its block.
        row: number of its line within the block, as the template has it.
        left: left end.
        right: right end, colon included.
        baseline: row its letters stand on.
        height: height of its words.
        found: whether it was read there, or only must be there by its neighbours.
        stray: distance from where its neighbours put it, for a found label.
        home: where the page-wide map puts it, ``x, y``.
    """

    label: Label
    block: int
    row: int
    left: float
    right: float
    baseline: float
    height: float
    found: bool
    stray: float
    home: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """All labels of a template on a page.

    Args:
        labels: in reading order of the template.
        affine: page-wide map from millimetres to working pixels.
        mm: working pixels in a millimetre of paper, by the page's resolution.
        letter: usual width of a printed letter, working pixels.
    """

    labels: tuple[Placed, ...]
    affine: Affine
    mm: float
    letter: float

    def counted(self) -> list[Placed]:
        """Labels that every print run has."""
        return [placed for placed in self.labels if not placed.label.optional]

    def coverage(self) -> float:
        """Share of those that were found, long labels counting for more."""
        counted = self.counted()
        weights = [weight_of(placed.label) for placed in counted]
        return sum(w for w, placed in zip(weights, counted, strict=True) if placed.found) / max(1e-9, sum(weights))

    def residual(self) -> float:
        """Median distance of found labels from where their neighbours put them, working pixels."""
        strays = [placed.stray for placed in self.labels if placed.found]
        return float(np.median(strays)) if strays else 0.0

    def local(self, x: float, y: float, block: int) -> tuple[float, float]:
        """Map a point of a block in millimetres to working pixels, moved as the labels about it are."""
        point = apply(self.affine, np.array([[x, y]]))[0]
        near = [placed for placed in self.labels if placed.found and placed.block == block] or [
            placed for placed in self.labels if placed.found
        ]
        if near:
            homes = np.array([placed.home for placed in near])
            moves = np.array([(placed.left, placed.baseline) for placed in near]) - homes
            point = point + _weighted_move(point, homes, moves, self.mm)
        return float(point[0]), float(point[1])


def weight_of(label: Label) -> float:
    """What finding a label is worth: long ones cannot be found by chance."""
    return min(max(len(fold(label.text)), 4), 14) / 7.0


def place(template: LabelTemplate, lines: Sequence[Sequence[Piece]], scale: float) -> Placement:
    """Find the template's labels among the words of a page.

    Args:
        template: the form's template.
        lines: words in working pixels, from :func:`extractor.templates.letters.pieces_of`.
        scale: working pixels in a millimetre, by the page's resolution.
    """
    entries = template.labels()
    candidates = _candidates(entries, lines)
    spots = np.array([(label.x, line.y) for _, line, label in entries])
    weights = np.array([weight_of(label) for _, _, label in entries])
    affine = rough_fit(spots, weights, candidates, scale)
    chosen: list[Found | None] = []
    for _ in range(2):
        chosen = _align_blocks(template, candidates, affine)
        hits = [i for i, found in enumerate(chosen) if found is not None]
        seen = np.array([(f.left, f.baseline) for f in chosen if f is not None]).reshape(-1, 2)
        affine = robust_affine(spots[hits], seen, weights[hits], affine)
    first = _placement(template, chosen, affine, scale)
    chosen = _rescued(first, chosen, lines, template.pitch)
    return _placement(template, chosen, affine, scale)


def place_by_hand(
    template: LabelTemplate,
    lines: Sequence[Sequence[Piece]],
    affine: Affine,
    pins: Mapping[int, tuple[float, float]],
) -> Placement:
    """Find the labels about where a person's map puts them; those not found are where it and the others have them.

    Args:
        template: the form's template.
        lines: words in working pixels, from :func:`extractor.templates.letters.pieces_of`.
        affine: maps millimetres to working pixels.
        pins: labels by number that the person pointed at, and where: left end and baseline. They count as found, and
            what was read elsewhere is not taken for them.
    """
    entries = template.labels()
    mm = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    chosen = _align_blocks(template, _candidates(entries, lines), affine)
    plain = _placement(template, chosen, affine, mm)
    for number, (left, baseline) in pins.items():
        found = chosen[number]
        if found is not None and np.hypot(found.left - left, found.baseline - baseline) <= _PINNED_MM * mm:
            continue
        right = left + plain.letter * (len(entries[number][2].text) + 1)
        chosen[number] = Found(1.0, left, right, baseline, plain.labels[number].height, 0, (-1, -1))
    hits = [i for i, found in enumerate(chosen) if found is not None]
    if len(hits) > 2 * len(pins):
        # Where the page reads well its own labels tell the print run's measures better than four points.
        spots = np.array([(entries[i][2].x, entries[i][1].y) for i in hits])
        seen = np.array([(f.left, f.baseline) for f in chosen if f is not None])
        weights = np.array([weight_of(entries[i][2]) for i in hits])
        affine = robust_affine(spots, seen, weights, affine)
    first = _placement(template, chosen, affine, mm)
    return _placement(template, _rescued(first, chosen, lines, template.pitch), affine, mm)


def place_anywhere(template: LabelTemplate, lines: Sequence[Sequence[Piece]], scale: float) -> Placement:
    """Find each label for itself where it is likest, for pages such as covers, whose lines stand anywhere.

    Args:
        template: the form's template.
        lines: words in working pixels, from :func:`extractor.templates.letters.pieces_of`.
        scale: working pixels in a millimetre, by the page's resolution.
    """
    entries = template.labels()
    chosen = [places[0] if places else None for places in _candidates(entries, lines)]
    spots = np.array([(label.x, line.y) for _, line, label in entries])
    weights = np.array([weight_of(label) for _, _, label in entries])
    hits = [i for i, found in enumerate(chosen) if found is not None]
    seen = np.array([(f.left, f.baseline) for f in chosen if f is not None]).reshape(-1, 2)
    upright = np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]])
    affine = robust_affine(spots[hits], seen, weights[hits], upright) if hits else upright
    return _placement(template, chosen, affine, scale)


def _rescued(
    placement: Placement, chosen: Sequence[Found | None], lines: Sequence[Sequence[Piece]], pitch: float
) -> list[Found | None]:
    """Look again for labels that were not found, where their neighbours say they must be, with less asked of likeness.

    Writing that touches print spoils letters; half of them in the right place are enough.
    """
    rescued = list(chosen)
    used = [found.span for found in chosen if found is not None]
    for i, placed in enumerate(placement.labels):
        if placed.found:
            continue
        near = [
            found
            for found in _near(placement, placed, lines, pitch * placement.mm) or _alone(placement, placed, lines)
            if not any(found.span[0] < end and start < found.span[1] for start, end in used)
        ]
        if near:
            best = max(near, key=lambda f: f.similarity - 0.01 * abs(f.left - placed.left) / placement.mm)
            rescued[i] = best
            used.append(best.span)
    return rescued


def _near(placement: Placement, placed: Placed, lines: Sequence[Sequence[Piece]], pitch: float) -> list[Found]:
    """Places near where a label must be; of a short one every letter must be there, and its line be known."""
    short = len(fold(placed.label.text)) < 3
    if short and not any(p.found and p.block == placed.block and p.row == placed.row for p in placement.labels):
        return []
    reach = (12.0 if placed.label.x > _line_start(placement, placed) else 6.0) * placement.mm
    top, bottom = _between_neighbours(placement, placed, 0.4 * pitch)
    return [
        found
        for found in find_wordings(lines, placed.label.wordings, least=0.99 if short else 0.55, loose=True)
        if top < found.baseline < bottom and abs(found.left - placed.left) < reach and not (short and found.within)
    ]


def _alone(placement: Placement, placed: Placed, lines: Sequence[Sequence[Piece]]) -> list[Found]:
    """The one place on the page for a label of a block of which nothing was found, however far it has moved."""
    if placed.label.optional or len(fold(placed.label.text)) < 6:
        return []
    if any(p.found for p in placement.labels if p.block == placed.block):
        return []
    found = [f for f in find_wordings(lines, placed.label.wordings[:1], least=0.95) if not f.within]
    return found if len(found) == 1 else []


def _between_neighbours(placement: Placement, placed: Placed, slack: float) -> tuple[float, float]:
    """Rows between which a label that was not found must stand.

    Where the lines above and below have moved against each other, it may have gone with either.
    """
    lines = [p for p in placement.labels if p.found and p.block == placed.block and p.row != placed.row]
    above = [p for p in lines if p.row < placed.row][-1:]
    below = [p for p in lines if p.row > placed.row][:1]
    rows = [placed.baseline, *(p.baseline + placed.home[1] - p.home[1] for p in (*above, *below))]
    return min(rows) - slack, max(rows) + slack


def _line_start(placement: Placement, placed: Placed) -> float:
    """Where the line of a label begins in the template, millimetres."""
    return min(p.label.x for p in placement.labels if p.block == placed.block and p.row == placed.row)


def _candidates(entries: Sequence[tuple[Block, object, Label]], lines: Sequence[Sequence[Piece]]) -> list[list[Found]]:
    wordings = sorted({wording for _, _, label in entries for wording in label.wordings})
    number = {wording: i for i, wording in enumerate(wordings)}
    places: dict[int, list[Found]] = {}
    for found in find_wordings(lines, wordings):
        places.setdefault(found.wording, []).append(found)
    candidates = []
    for _, _, label in entries:
        best: dict[tuple[int, int], Found] = {}
        for rank, wording in enumerate(label.wordings):
            for found in places.get(number[wording], []):
                similarity = found.similarity - (0.04 if rank else 0.0)
                known = best.get(found.span)
                if known is None or similarity > known.similarity:
                    best[found.span] = replace(found, similarity=similarity)
        candidates.append(sorted(best.values(), key=lambda found: -found.similarity)[:24])
    return candidates


def _align_blocks(
    template: LabelTemplate,
    candidates: Sequence[Sequence[Found]],
    affine: Affine,
) -> list[Found | None]:
    chosen: list[Found | None] = []
    start = 0
    for block in template.blocks:
        own = [
            Spot(label.x, line.y, weight_of(label), row, head=number == 0)
            for row, line in enumerate(block.lines)
            for number, label in enumerate(line.labels)
        ]
        chosen += align(own, candidates[start : start + len(own)], affine)
        start += len(own)
    return chosen


def _placement(template: LabelTemplate, chosen: Sequence[Found | None], affine: Affine, mm: float) -> Placement:
    entries = template.labels()
    spots = np.array([(label.x, line.y) for _, line, label in entries])
    homes = apply(affine, spots)
    blocks = np.array([i for i, block in enumerate(template.blocks) for line in block.lines for _ in line.labels])
    rows = [row for block in template.blocks for row, line in enumerate(block.lines) for _ in line.labels]
    hits = np.array([found is not None for found in chosen])
    seen = np.array([(f.left, f.baseline) if f is not None else (0.0, 0.0) for f in chosen])
    letters = [
        (f.right - f.left) / len(label.text)
        for f, (_, _, label) in zip(chosen, entries, strict=True)
        if f is not None and not f.cut and len(label.text) > 5
    ]
    letter = float(np.median(letters)) if letters else 2.0 * mm
    height = float(np.median([f.height for f in chosen if f is not None] or [3.2 * mm]))
    labels = []
    for i, (found, (_, _, label)) in enumerate(zip(chosen, entries, strict=True)):
        others = hits & (blocks == blocks[i])
        others[i] = False
        if not others.any():
            others = hits.copy()
            others[i] = False
        move = _weighted_move(homes[i], homes[others], seen[others] - homes[others], mm)
        expected = homes[i] + move
        home = (float(homes[i, 0]), float(homes[i, 1]))
        left, baseline = float(expected[0]), float(expected[1])
        right, tall, stray = left + letter * (len(label.text) + 1), height, 0.0
        if found is not None:
            left, right, baseline, tall = found.left, found.right, found.baseline, found.height
            stray = float(np.hypot(*(seen[i] - expected)))
        labels.append(
            Placed(label, int(blocks[i]), rows[i], left, right, baseline, tall, found is not None, stray, home)
        )
    return Placement(tuple(labels), affine, mm, letter)


def _weighted_move(
    point: NDArray[np.float64], homes: NDArray[np.float64], moves: NDArray[np.float64], mm: float
) -> NDArray[np.float64]:
    """Mean displacement of the labels near a point.

    Down the page those on the same line count most, across it those that stand below each other.
    """
    if len(homes) == 0:
        return np.zeros(2)
    across, down = (np.abs(homes - point) / mm).T
    sideways = 1.0 / (2.0 + across + 0.2 * down) ** 2
    downwards = 1.0 / (2.0 + down + 0.1 * across) ** 2
    return np.array(
        [(moves[:, 0] * sideways).sum() / sideways.sum(), (moves[:, 1] * downwards).sum() / downwards.sum()]
    )
