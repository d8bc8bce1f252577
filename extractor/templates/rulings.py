"""Printed rulings of a table, found as smooth curves across the page.

A ruling is a thin dark line that goes on for long; a pen stroke does not. The page is turned into a map of thin dark
structures, short ones are worn away, and what remains is summed over narrow strips across the reading direction. The
best path through the strips is found by dynamic programming (as in seam carving: Avidan and Shamir, 2007), a low-order
polynomial is fitted to it, and the search is repeated without the line just found. Broken lines keep their path through
the gaps, curled paper bends it, and skew tilts it; text that crosses a line only interrupts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FULL_CONTRAST = 0.30
"""Relative darkness from which a structure counts in full: fine printed lines and bold frames then weigh the same."""

_LEAST_CONTRAST = 0.08
"""The same on a page where even the writing is faint; below it lies noise."""

_STRIPS = 60
_STEP_COST = np.float32(0.02)
_PRESENT = 0.22
"""Response of a strip, 0 to 1, from which the ruling counts as visible in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """One printed line, as the position across it at each place along it.

    For a vertical ruling "along" is y and "across" is x; for a horizontal one the other way round.

    Args:
        coefficients: polynomial of the position across, highest power first, for ``(along - middle) / half``.
        middle: middle of the page along the ruling, pixels.
        half: half the page's length along the ruling, pixels.
        start: where the ruling is first seen, pixels along it.
        end: where it is last seen.
        coverage: share of its own length, ``start`` to ``end``, on which it is visible, 0 to 1.
        extent: share of the page's length on which it is visible, 0 to 1.
        strength: mean response where visible, 0 to 1.
        scatter_px: median distance between the places where the ruling was seen and the curve.
    """

    coefficients: Floats
    middle: float
    half: float
    start: float
    end: float
    coverage: float
    extent: float
    strength: float
    scatter_px: float

    def at(self, along: Floats | float) -> Floats:
        """Position across the ruling at the places ``along`` it, both in pixels."""
        t = np.clip((np.asarray(along, np.float64) - self.middle) / self.half, -1.2, 1.2)
        return np.asarray(np.polyval(self.coefficients, t), np.float64)

    def scaled(self, factor: float, shift_across: float = 0.0, shift_along: float = 0.0) -> Ruling:
        """The same ruling in an image ``factor`` times as large, moved by the shifts afterwards."""
        coefficients = self.coefficients * factor
        coefficients[-1] += shift_across
        return Ruling(
            coefficients,
            self.middle * factor + shift_along,
            self.half * factor,
            self.start * factor + shift_along,
            self.end * factor + shift_along,
            self.coverage,
            self.extent,
            self.strength,
            self.scatter_px * factor,
        )


def line_map(grey: NDArray[np.uint8], *, width: int, length: int, faint: bool = False) -> NDArray[np.float32]:
    """Darkness of thin vertical structures relative to the paper beside them, 0 to 1, ``(height, width)``.

    The paper is what a horizontal closing leaves, so wide dark areas (page borders, shadows, the gutter) do not
    respond.

    Args:
        width: structures at least this wide, in pixels, do not respond.
        length: structures shorter than this, in pixels, wear away.
        faint: let the page's own ink say how dark a full line is, down to a quarter of the usual.
    """
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    paper = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, np.ones((1, width), np.uint8))
    dark = (paper.astype(np.float32) - soft) / np.maximum(paper, 40).astype(np.float32)
    # On black surroundings a few grey levels of noise are a large relative difference; they are no print.
    dark[paper < 50] = 0.0
    contrast = _FULL_CONTRAST
    if faint:
        contrast = float(np.clip(0.5 * np.quantile(dark[::4, ::4], 0.985), _LEAST_CONTRAST, _FULL_CONTRAST))
    full = np.minimum(dark, contrast) * np.float32(1.0 / contrast)
    # A ruling may step sideways by a pixel within the opening's length.
    wide = cv2.dilate(full, np.ones((1, 3), np.uint8))
    opened = cv2.morphologyEx(wide, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    return np.asarray(np.minimum(opened, full), np.float32)


def find_rulings(
    grey: NDArray[np.uint8],
    *,
    vertical: bool = True,
    limit: int = 28,
    least_extent: float = 0.25,
    degree: int = 3,
    max_slope: float = 0.12,
    faint: bool = False,
) -> tuple[Ruling, ...]:
    """Find the long rulings of one direction, ordered by their position across at the page's middle.

    Args:
        grey: page, ``(height, width)``, paper light; a working size of 800 to 1600 pixels is best.
        vertical: look for vertical rulings; else for horizontal ones.
        limit: at most so many are looked for.
        least_extent: share of the page's length a ruling must be visible on, 0 to 1.
        degree: degree of the polynomial.
        max_slope: steepest tilt against the page's axis, pixels across for each pixel along.
        faint: look for lines fainter than usual too; more of the writing is then taken for lines.
    """
    image = grey if vertical else np.ascontiguousarray(grey.T)
    height, width = image.shape
    if height < 40 or width < 20:
        return ()
    unit = max(height, width) / 1500.0
    response = line_map(image, width=max(5, round(15 * unit)) | 1, length=max(5, round(11 * unit)) | 1, faint=faint)
    strips = min(_STRIPS, height // 8)
    bounds = np.linspace(0, height, strips + 1).round().astype(int)
    middles = (bounds[:-1] + bounds[1:] - 1) / 2.0
    sums = np.add.reduceat(response, bounds[:-1], axis=0)
    strip_map = np.asarray(sums / np.diff(bounds)[:, None], np.float32)
    reach = max(1, int(np.ceil(max_slope * height / strips)))
    widest = max(4, round(6.0 * unit))

    found: list[Ruling] = []
    rest = strip_map.copy()
    misses = 0
    while len(found) < limit and misses < 4:
        path = _best_path(rest, reach)
        ruling = _fit(rest, path, middles, height, degree=degree)
        ruling = replace(ruling, coverage=_fill(response, ruling))
        columns = np.clip(ruling.at(middles).round().astype(int), 0, width - 1)
        left, right = (_half_width(rest, columns, side, widest) for side in (-1, 1))
        # Where the path left the curve it followed something else, which must not be found for ever.
        for row, (curve, step) in enumerate(zip(columns, path, strict=True)):
            rest[row, max(0, curve - left) : curve + right + 1] = 0.0
            rest[row, max(0, step - 1) : step + 2] = 0.0
        if ruling.extent < least_extent:
            misses += 1
            continue
        found.append(ruling)
    return tuple(sorted(found, key=lambda each: float(each.at(each.middle))))


def _fill(response: NDArray[np.float32], ruling: Ruling) -> float:
    """Share of the rows between a ruling's ends in which it is visible; writing has gaps between its lines."""
    rows = np.arange(max(0, int(ruling.start)), min(len(response), int(ruling.end)))
    if not len(rows):
        return 0.0
    columns = np.clip(ruling.at(rows.astype(np.float64)).round().astype(int), 1, response.shape[1] - 2)
    seen = np.max([response[rows, columns + shift] for shift in (-1, 0, 1)], axis=0)
    return float((seen >= _PRESENT).mean())


def _half_width(strip_map: NDArray[np.float32], columns: NDArray[np.intp], side: int, widest: int) -> int:
    """Columns from a line's middle to where it ends on one side, with its soft edge."""
    rows = np.arange(len(columns))
    profile = [
        float(strip_map[rows, np.clip(columns + side * step, 0, strip_map.shape[1] - 1)].mean())
        for step in range(widest + 1)
    ]
    for step in range(1, widest):
        # Beyond the line it is dark again only where the next line begins.
        if profile[step] < 0.2 * profile[0] or (step > 1 and profile[step] < profile[step + 1]):
            return step
    return widest


def _best_path(strip_map: NDArray[np.float32], reach: int) -> NDArray[np.intp]:
    """Column of the path of greatest summed response in each strip; neighbours differ by ``reach`` at most."""
    # Two columns at a time: which of the two is settled when the curve is fitted.
    even = strip_map[:, : strip_map.shape[1] // 2 * 2]
    strip_map, reach = np.maximum(even[:, 0::2], even[:, 1::2]), max(1, round(reach / 2))
    strips, width = strip_map.shape
    total = np.empty((strips, width), np.float32)
    total[0] = strip_map[0]
    moved = np.empty(width, np.float32)
    for row in range(1, strips):
        before, best = total[row - 1], total[row]
        best[:] = before
        for shift in range(1, reach + 1):
            np.subtract(before, _STEP_COST * shift, out=moved)
            np.maximum(best[shift:], moved[:-shift], out=best[shift:])
            np.maximum(best[:-shift], moved[shift:], out=best[:-shift])
        best += strip_map[row]
    path = np.zeros(strips, np.intp)
    path[-1] = int(np.argmax(total[-1]))
    for row in range(strips - 1, 0, -1):
        left = max(0, path[row] - reach)
        steps = total[row - 1, left : path[row] + reach + 1]
        cost = _STEP_COST * np.abs(np.arange(left, left + len(steps)) - path[row])
        path[row - 1] = left + int(np.argmax(steps - cost))
    pairs = np.stack([even[np.arange(strips), 2 * path], even[np.arange(strips), 2 * path + 1]])
    return np.asarray(2 * path + pairs.argmax(axis=0), np.intp)


def _fit(
    rest: NDArray[np.float32],
    path: NDArray[np.intp],
    middles: Floats,
    height: int,
    *,
    degree: int,
) -> Ruling:
    """Robust polynomial through the path's strong strips, and how much of the page it accounts for."""
    strips, width = rest.shape
    rows = np.arange(strips)
    middle, half = (height - 1) / 2.0, max(1.0, (height - 1) / 2.0)
    t = (middles - middle) / half
    weight = rest[rows, path].astype(np.float64)
    across = _centred(rest, path)
    coefficients = _robust(t, across, weight, (1, 2, degree, degree))
    # The path may ride on either side of a bold line; around the curve the line is centred without it.
    near = np.clip(np.polyval(coefficients, t).round().astype(int), 0, width - 1)
    across = _centred(rest, near)
    weight = np.max([rest[rows, np.clip(near + shift, 0, width - 1)] for shift in range(-2, 3)], axis=0)
    coefficients = _robust(t, across, weight.astype(np.float64), (degree, degree, degree))
    curve = np.polyval(coefficients, t)
    columns = np.clip(curve.round().astype(int), 1, width - 2)
    seen = np.max([rest[rows, columns + shift] for shift in (-1, 0, 1)], axis=0)
    inside = (curve >= 0) & (curve <= width - 1)
    present = (seen >= _PRESENT) & inside
    if not present.any():
        return Ruling(coefficients, middle, half, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    first, last = _span(present)
    step = height / strips
    close = present & (np.abs(curve - across) < 3.0)
    scatter = float(np.median(np.abs(curve - across)[close])) if close.any() else 0.0
    return Ruling(
        coefficients,
        middle,
        half,
        start=float(middles[first] - step / 2),
        end=float(middles[last] + step / 2),
        coverage=float(present[first : last + 1].mean()),
        extent=float(present.mean()),
        strength=float(seen[present].mean()),
        scatter_px=scatter,
    )


def _robust(t: Floats, across: Floats, weight: Floats, degrees: Sequence[int]) -> Floats:
    """Polynomial of the last of ``degrees``, fitted with weights that fall with distance (Cauchy), pass by pass."""
    weak = weight < 0.5 * _PRESENT
    use = np.where(weak, 0.0, weight)
    if np.count_nonzero(use) < degrees[-1] + 3:
        use = weight + 1e-3
    coefficients = np.zeros(degrees[-1] + 1)
    for power in degrees:
        low = np.polyfit(t, across, power, w=np.sqrt(use) + 1e-6)
        coefficients = np.concatenate([np.zeros(degrees[-1] - power), low])
        distance = np.abs(np.polyval(coefficients, t) - across)
        scale = max(0.7, 1.5 * float(np.median(distance[use > 0])) if np.any(use > 0) else 0.7)
        use = np.where(weak, 0.0, weight / (1.0 + (distance / scale) ** 2))
    return coefficients


def _centred(strip_map: NDArray[np.float32], columns: NDArray[np.intp]) -> Floats:
    """Centre of gravity of the response near the given column of each strip."""
    rows = np.arange(len(columns))
    place = columns.astype(np.float64)
    for reach in (2, 3):
        start = place.round().astype(int)
        weight, moment = np.zeros(len(columns)), np.zeros(len(columns))
        for shift in range(-reach, reach + 1):
            value = strip_map[rows, np.clip(start + shift, 0, strip_map.shape[1] - 1)].astype(np.float64)
            weight += value
            moment += value * shift
        place = start + moment / np.maximum(weight, 1e-6)
    return place


def _span(present: NDArray[np.bool_]) -> tuple[int, int]:
    """First and last strip of a ruling; a lone strip far from the others does not count."""
    kernel = np.ones(5)
    dense = np.convolve(present.astype(float), kernel, mode="same") >= 2.5
    core = np.flatnonzero(present & dense)
    if not len(core):
        core = np.flatnonzero(present)
    return int(core[0]), int(core[-1])
