"""Decide which printed words are which label: monotone alignment of the template's labels along reading order.

Labels such as "Dân tộc" stand several times on a form. What tells them apart is their order and where they stand from
each other, so all labels of a block are decided together by dynamic programming (the chain of candidates with the
highest sum of likenesses less displacements), after the principle of Viterbi's algorithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.templates.wording import Found

Affine = NDArray[np.float64]
"""``(2, 3)``: maps template millimetres ``(x, y, 1)`` to pixels."""

_LOOKBACK = 12
"""Labels that may be missing in a row; more of them say that the rest is no chain."""
_SLACK_MM = {True: np.array([12.0, 8.0]), False: np.array([28.0, 8.0])}
"""Displacement from the page-wide map, across and down, that costs nothing, for the first label of a line and the
others: print runs differ by up to 15 mm, and where a line's later labels begin depends on the room left to values."""
_FAR_MM = np.array([45.0, 32.0])
"""Displacement that no print run shows."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A label of the template, in millimetres, with what speaks for it in letters.

    Args:
        weight: what finding it is worth; long labels cannot be found by chance.
        row: number of its line within the block.
        head: whether it is the first of its line; heads stand below each other.
    """

    x: float
    y: float
    weight: float
    row: int
    head: bool


def apply(affine: Affine, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points ``(n, 2)`` in millimetres to pixels."""
    return points @ affine[:, :2].T + affine[:, 2]


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """All candidates of a block side by side; each array has one entry, or row, for each of them."""

    found: list[Found]
    label: NDArray[np.int64]
    row: NDArray[np.int64]
    head: NDArray[np.bool_]
    weight: NDArray[np.float64]
    at: NDArray[np.float64]
    home: NDArray[np.float64]
    span: NDArray[np.int64]
    mm: float


def align(spots: Sequence[Spot], candidates: Sequence[Sequence[Found]], affine: Affine) -> list[Found | None]:
    """Choose at most one candidate for each label so that all stand in order and about as the template has them.

    Args:
        spots: labels of one block in reading order.
        candidates: where each may stand.
        affine: rough map from millimetres to pixels.
    """
    chosen: list[Found | None] = [None] * len(spots)
    nodes = _nodes(spots, candidates, affine)
    if nodes is None:
        return chosen
    gain = _gains(nodes)
    best = gain.copy()
    before = np.full(len(gain), -1)
    for n in np.flatnonzero(np.isfinite(gain)):
        near = (nodes.label < nodes.label[n]) & (nodes.label >= nodes.label[n] - _LOOKBACK)
        earlier = np.flatnonzero(near & np.isfinite(best))
        if len(earlier) == 0:
            continue
        total = best[earlier] - _strain(nodes, int(n), earlier)
        top = int(np.argmax(total))
        if total[top] > 0:
            best[n] = gain[n] + total[top]
            before[n] = earlier[top]
    n = np.argmax(best)
    while n >= 0 and best[n] > 0:
        chosen[nodes.label[n]] = nodes.found[n]
        n = before[n]
    return chosen


def _nodes(spots: Sequence[Spot], candidates: Sequence[Sequence[Found]], affine: Affine) -> _Nodes | None:
    pairs = [(i, found) for i, places in enumerate(candidates) for found in places]
    if not pairs:
        return None
    own = [spots[i] for i, _ in pairs]
    return _Nodes(
        found=[found for _, found in pairs],
        label=np.array([i for i, _ in pairs]),
        row=np.array([spot.row for spot in own]),
        head=np.array([spot.head for spot in own]),
        weight=np.array([spot.weight for spot in own]),
        at=np.array([(found.left, found.baseline) for _, found in pairs]),
        home=apply(affine, np.array([(spot.x, spot.y) for spot in own])),
        span=np.array([found.span for _, found in pairs]),
        mm=float(np.sqrt(abs(np.linalg.det(affine[:, :2])))),
    )


def _gains(nodes: _Nodes) -> NDArray[np.float64]:
    """What each candidate is worth by itself: its likeness, less its distance from where the page-wide map has it."""
    likeness = np.array([found.similarity for found in nodes.found])
    off = np.abs(nodes.at - nodes.home) / nodes.mm
    slack = np.where(nodes.head[:, None], _SLACK_MM[True], _SLACK_MM[False])
    far = np.hypot(*np.maximum(off - slack, 0).T)
    gain = nodes.weight * (2 * likeness - 1) - 0.35 * (far / 6.0) ** 2
    gain[(off > _FAR_MM).any(axis=1)] = -np.inf
    return np.asarray(gain, dtype=np.float64)


def _strain(nodes: _Nodes, n: int, earlier: NDArray[np.int64]) -> NDArray[np.float64]:
    """What it costs to let candidate ``n`` follow each of the earlier ones; infinite where the order is broken."""
    step = (nodes.at[n] - nodes.at[earlier]) / nodes.mm
    wanted = (nodes.home[n] - nodes.home[earlier]) / nodes.mm
    stray = np.abs(step - wanted)
    same = nodes.row[earlier] == nodes.row[n]
    across = np.where(nodes.head[earlier] & nodes.head[n], 9.0, np.inf)
    # On one line labels keep their height, and their order more than their distance; from line to line the gap may grow
    # by a wrapped line or a moved group, and only the first labels stand below each other.
    cost = np.where(
        same,
        np.minimum((stray[:, 0] / 28.0) ** 2, 0.5) + (stray[:, 1] / 1.5) ** 2,
        (stray[:, 0] / across) ** 2 + (np.maximum(stray[:, 1] - 1.0, 0) / 9.0) ** 2,
    )
    # A label that has slipped to the next line's start keeps its order, at a price.
    slipped = same & (step[:, 1] > 3.0) & (step[:, 1] < 14.0) & (step[:, 0] < 0)
    cost = np.where(slipped, 1.2, np.minimum(cost, 3.0 + stray[:, 1] / 20.0))
    broken = np.where(same & ~slipped, (step[:, 0] <= 2.0) | (np.abs(step[:, 1]) > 3.5), ~slipped & (step[:, 1] < 2.0))
    overlap = (nodes.span[earlier, 0] < nodes.span[n, 1]) & (nodes.span[n, 0] < nodes.span[earlier, 1])
    return np.where(broken | overlap, np.inf, cost)


def rough_fit(
    spots: NDArray[np.float64],
    weights: NDArray[np.float64],
    candidates: Sequence[Sequence[Found]],
    scale: float,
) -> Affine:
    """Page-wide map from the labels that are hard to mistake, by consensus of pairs.

    Every pair of distinct labels far enough below each other proposes a height of lines and a shift; the proposal that
    explains the greatest weight of labels within the allowed displacement of blocks wins (random sample consensus,
    Fischler and Bolles 1981, over all pairs instead of random ones). Widths follow the page's resolution: print runs
    differ in line spacing far more than in width.

    Args:
        spots: labels ``(n, 2)`` in millimetres.
        weights: worth of each label.
        candidates: where each may stand.
        scale: pixels in a millimetre as the page's resolution has it; proposals beyond 14 % of it are dropped.
    """
    sure = [
        (i, found)
        for i, places in enumerate(candidates)
        for found in sorted(places, key=lambda f: -f.similarity)[:2]
        if weights[i] >= 0.9 and found.similarity >= 0.82 and len(places) <= 6 and not found.cut
    ]
    fallback = np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]])
    if len(sure) < 2:
        return fallback
    sure.sort(key=lambda entry: entry[0])
    index = np.array([i for i, _ in sure])
    firsts = np.flatnonzero(np.r_[True, index[1:] != index[:-1]])
    seen = np.array([(found.left, found.baseline) for _, found in sure])
    home = spots[index]
    worth = weights[index] * np.array([found.similarity for _, found in sure])
    one, two = np.triu_indices(len(sure), 1)
    apart = home[two, 1] - home[one, 1]
    factors = (seen[two, 1] - seen[one, 1]) / np.where(apart == 0, 1.0, apart)
    fit = (index[one] != index[two]) & (np.abs(apart) >= 50.0) & (np.abs(factors / scale - 1) < 0.14)
    best, most = fallback, -1.0
    for a, b, factor in zip(one[fit], two[fit], factors[fit], strict=True):
        both = np.array([scale, factor])
        shift = (seen[a] + seen[b] - both * (home[a] + home[b])) / 2
        error = np.hypot(*((seen - shift) / both - home).T)
        votes = worth * np.clip(1.5 - error / 12.0, 0.0, 1.0)
        # A label that has several candidates votes once.
        score = float(np.maximum.reduceat(votes, firsts).sum())
        if score > most:
            most, best = score, np.array([[scale, 0.0, shift[0]], [0.0, factor, shift[1]]])
    return best


def robust_affine(
    spots: NDArray[np.float64], seen: NDArray[np.float64], weights: NDArray[np.float64], start: Affine
) -> Affine:
    """Affine map fitted to found labels, outliers weighed down (iterated least squares with Cauchy weights).

    Pages come deskewed, so what looks like a tilt or a shear is mostly print that has moved: both are held close to
    ``start`` by a strong pull, and so is the width, because where labels begin along a line differs most; the height
    by a weak one.
    """
    if len(spots) < 3:
        return start
    mm = float(np.sqrt(abs(np.linalg.det(start[:, :2]))))
    centre = spots.mean(axis=0)
    design = np.column_stack([(spots - centre) / 100.0, np.ones(len(spots))])
    affine = start
    for _ in range(8):
        error = np.hypot(*(seen - apply(affine, spots)).T) / mm
        root = np.sqrt(weights / (1.0 + (error / 3.0) ** 2))
        solved = np.empty((3, 2))
        for axis in (0, 1):
            pull = np.diag([20.0, 20.0, 0.0])
            pull[axis, axis] = (12.0, 3.0)[axis]
            rows = np.vstack([design * root[:, None], pull])
            goal = np.r_[seen[:, axis] * root, pull @ np.r_[start[axis, :2] * 100.0, 0.0]]
            solved[:, axis] = np.linalg.lstsq(rows, goal, rcond=None)[0]
        linear = solved[:2].T / 100.0
        affine = np.column_stack([linear, solved[2] - linear @ centre])
    return np.asarray(affine, dtype=np.float64)
