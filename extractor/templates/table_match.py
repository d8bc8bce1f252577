"""Which of the rulings found on a page are the edges of a table's columns.

Print runs of one form differ in the proportions of their columns, photographs in scale and tilt, and rulings are
missing or belong to a facing page, a frame or a pen stroke. So the template is laid on by hypothesis (a pair of rulings
taken for a pair of edges), the hypotheses are ranked by the rulings they explain and those they leave unexplained, and
the best ones are refined by assigning rulings to edges in order (dynamic programming) within a tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractor.templates.rulings import Ruling

Floats = NDArray[np.float64]

_BEAM = 8
_STRANGER_COST = 0.3
_BESIDE = 0.012
"""A ruling closer than this to an edge is the edge's own second line, in table widths."""

_LEAST_WIDTH = 0.3
"""A table narrower than this share of the page's width is not looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeScale:
    """The template's edges as a straight scale.

    Args:
        at: places as shares of the table's width, rising from 0 to 1, ``(edges,)``.
        ignored: places of rulings that may or may not be there, ``(n,)``.
        tolerance: greatest distance of a ruling from its edge, in table widths.
    """

    at: Floats
    ignored: Floats
    tolerance: float


@dataclass(frozen=True, slots=True, eq=False)
class EdgeMatch:
    """The template's edges laid on a page's rulings.

    Args:
        chosen: number of the ruling for each edge, -1 where none was found.
        places: where the template puts each edge at the level of matching, pixels.
        found: where the chosen ruling is, pixels; the template's place where none was found.
        width: the table's width, pixels.
        score: weight of the matched rulings as a share of the greatest possible, less the strangers, -inf to 1.
        strangers: summed weight of rulings inside the table that the template does not know.
    """

    chosen: tuple[int, ...]
    places: Floats
    found: Floats
    width: float
    score: float
    strangers: float

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Which edges have a ruling."""
        return np.array([number >= 0 for number in self.chosen])


def ruling_weights(rulings: Sequence[Ruling]) -> Floats:
    """How sure each ruling is to be printed: 1 for an unbroken one as long as the page's longest."""
    if not rulings:
        return np.zeros(0)
    extents = np.array([ruling.extent for ruling in rulings])
    coverage = np.array([ruling.coverage for ruling in rulings])
    longest = float(np.quantile(extents, 0.8))
    return np.minimum(1.0, extents / max(0.3, 0.85 * longest)) * np.clip((coverage - 0.35) / 0.5, 0.0, 1.0)


def stranger_weights(rulings: Sequence[Ruling]) -> Floats:
    """How sure each ruling is to be printed when it is one too many: columns of writing have gaps, rulings have not."""
    coverage = np.array([ruling.coverage for ruling in rulings])
    return ruling_weights(rulings) * np.clip((coverage - 0.7) / 0.25, 0.0, 1.0)


def match_edges(rulings: Sequence[Ruling], level: float, page_width: float, template: EdgeScale) -> EdgeMatch | None:
    """Lay the template's edges on the rulings; none where fewer than three rulings could be edges.

    Args:
        level: y at which places are compared, pixels.
        page_width: width of the page, pixels.
        template: where the edges should be.
    """
    weights = ruling_weights(rulings)
    usable = [number for number in range(len(rulings)) if weights[number] > 0.15]
    if len(usable) < 3:
        return None
    usable.sort(key=lambda number: float(rulings[number].at(level)))
    found = np.array([float(rulings[number].at(level)) for number in usable])
    weight = weights[usable]
    strange = stranger_weights(rulings)[usable]
    best: EdgeMatch | None = None
    for offset, scale in _hypotheses(found, weight, strange, page_width, template):
        match = _refine(found, weight, strange, template, template.at * scale + offset)
        if match is not None and (best is None or match.score > best.score):
            best = match
    if best is None:
        return None
    chosen = tuple(int(usable[number]) if number >= 0 else -1 for number in best.chosen)
    return EdgeMatch(chosen, best.places, best.found, best.width, best.score, best.strangers)


def nearest_rulings(rulings: Sequence[Ruling], level: float, places: Floats, reach: float) -> tuple[int, ...]:
    """Number of the ruling that is each edge's, for edges whose places are known; -1 where none is near enough.

    Args:
        level: y at which places are compared, pixels.
        places: where the edges are there, rising, pixels.
        reach: greatest distance, pixels.
    """
    weights = ruling_weights(rulings)
    usable = sorted(
        (n for n in range(len(rulings)) if weights[n] > 0.15), key=lambda number: float(rulings[number].at(level))
    )
    if not usable:
        return (-1,) * len(places)
    found = np.array([float(rulings[number].at(level)) for number in usable])
    own = _assign(found, weights[usable], places, reach)
    return tuple(int(usable[number]) if number >= 0 else -1 for number in own)


def _hypotheses(
    found: Floats, weight: Floats, strange: Floats, page_width: float, template: EdgeScale
) -> list[tuple[float, float]]:
    """Best few (left edge, width) of the table, from all pairs of rulings taken for all wide pairs of edges."""
    at = template.at
    first, second = np.triu_indices(len(found), 1)
    pairs = [(a, b) for a in range(len(at)) for b in range(a + 1, len(at)) if at[b] - at[a] >= 0.4]
    scales, offsets = [], []
    for a, b in pairs:
        scale = (found[second] - found[first]) / (at[b] - at[a])
        scales.append(scale)
        offsets.append(found[first] - scale * at[a])
    scale, offset = np.concatenate(scales), np.concatenate(offsets)
    sane = (scale >= _LEAST_WIDTH * page_width) & (scale <= 1.15 * page_width)
    sane &= (offset >= -0.15 * page_width) & (offset + scale <= 1.15 * page_width)
    scale, offset = scale[sane], offset[sane]
    if not len(scale):
        return []
    # (hypotheses, edges, rulings)
    places = offset[:, None] + scale[:, None] * at[None, :]
    distance = np.abs(places[:, :, None] - found[None, None, :]) / (template.tolerance * scale)[:, None, None]
    close = np.maximum(0.0, 1.0 - 0.5 * distance**2) * (distance < 1.0)
    matched = (close * weight).max(axis=2).sum(axis=1)
    share = (found[None, :] - offset[:, None]) / scale[:, None]
    inside = (share > 0.02) & (share < 0.98)
    known = (distance < 1.0).any(axis=1)
    strangers = (strange * (inside & ~known)).sum(axis=1)
    ranks = np.argsort(-(matched - _STRANGER_COST * strangers))
    chosen: list[tuple[float, float]] = []
    for number in ranks:
        here = (float(offset[number]), float(scale[number]))
        if all(abs(here[0] - x) + abs(here[1] - s) > 0.01 * page_width for x, s in chosen):
            chosen.append(here)
        if len(chosen) >= _BEAM:
            break
    return chosen


def _refine(found: Floats, weight: Floats, strange: Floats, template: EdgeScale, places: Floats) -> EdgeMatch | None:
    """Assign rulings to edges and fit the template again, a few times; none where it falls apart."""
    at, tolerance = template.at, template.tolerance
    scale = float(places[-1] - places[0])
    chosen = np.full(len(at), -1)
    for _ in range(3):
        chosen = _assign(found, weight, places, tolerance * scale)
        have = chosen >= 0
        if have.sum() < 3 or at[have].max() - at[have].min() < 0.4:
            return None
        # A perspective view of a straight scale needs three numbers, but two are safer with few edges.
        places = _lay(at, at[have], found[chosen[have]], weight[chosen[have]])
        scale = float(places[-1] - places[0])
        if scale <= 0 or np.any(np.diff(places) <= 0):
            return None
    have = chosen >= 0
    close = 1.0 - 0.5 * (np.abs(found[chosen] - places) / (tolerance * scale)) ** 2
    matched = float((np.clip(close, 0.0, 1.0) * weight[chosen])[have].sum())
    strangers = _strangers(found, strange, template, places, chosen)
    score = (matched - _STRANGER_COST * strangers) / len(at)
    put = np.where(have, found[chosen], places)
    return EdgeMatch(tuple(int(number) for number in chosen), places, put, scale, score, strangers)


def _lay(at: Floats, known: Floats, found: Floats, weight: Floats) -> Floats:
    """Places of all edges from those found: affine, with a perspective term where it is well determined."""
    root = np.sqrt(np.maximum(weight, 0.05))
    affine = np.linalg.lstsq(np.stack([known, np.ones_like(known)], 1) * root[:, None], found * root, rcond=None)[0]
    if len(known) < 6:
        return np.asarray(affine[0] * at + affine[1], np.float64)
    # found = (a t + b) / (c t + 1), linear in a, b, c; the small ridge keeps c at 0 unless the rulings speak for it.
    width = abs(float(affine[0])) + 1e-6
    shifted = (found - affine[1]) / width
    rows = np.stack([known, np.ones_like(known), -known * shifted], 1) * root[:, None]
    ridge = np.diag([0.0, 0.0, 0.15])
    a, b, c = np.linalg.lstsq(np.vstack([rows, ridge]), np.concatenate([shifted * root, np.zeros(3)]), rcond=None)[0]
    if abs(c) > 0.25:
        return np.asarray(affine[0] * at + affine[1], np.float64)
    return np.asarray(affine[1] + width * (a * at + b) / (c * at + 1.0), np.float64)


def _assign(found: Floats, weight: Floats, places: Floats, reach: float) -> NDArray[np.intp]:
    """Ruling for each edge, in order, -1 for none: the assignment of greatest summed closeness and weight."""
    # best[n]: greatest sum with the edges so far when only the first n rulings may be used.
    best = np.zeros(len(found) + 1)
    used: list[NDArray[np.intp]] = []
    for place in places:
        distance = np.abs(found - place) / reach
        took = np.full(len(found) + 1, -1)
        after = best.copy()
        for ruling in np.flatnonzero(distance < 1.0):
            total = best[ruling] + weight[ruling] * (1.0 - 0.5 * distance[ruling] ** 2)
            better = after[ruling + 1 :] < total
            after[ruling + 1 :][better] = total
            took[ruling + 1 :][better] = ruling
        used.append(took)
        best = after
    chosen = np.full(len(places), -1)
    allowed = len(found)
    for edge in range(len(places) - 1, -1, -1):
        chosen[edge] = used[edge][allowed]
        if chosen[edge] >= 0:
            allowed = chosen[edge]
    return chosen


def _strangers(found: Floats, strange: Floats, template: EdgeScale, places: Floats, chosen: NDArray[np.intp]) -> float:
    """Summed weight of rulings inside the table that are neither edges, nor beside one, nor to be ignored."""
    width = places[-1] - places[0]
    ignored = np.interp(template.ignored, template.at, places)
    lines = np.concatenate([np.where(chosen >= 0, found[chosen], places), ignored])
    reach = np.repeat([_BESIDE, template.tolerance], [len(template.at), len(ignored)]) * width
    known = (np.abs(found[:, None] - lines[None, :]) <= reach[None, :]).any(axis=1)
    inside = (found > places[0]) & (found < places[-1])
    return float(strange[inside & ~known].sum())
