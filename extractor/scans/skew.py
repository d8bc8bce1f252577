"""How far a page is turned from upright, by the sharpness of its projection on the vertical.

The projection-profile method of W. Postl, "Detection of linear oblique structures and skew scan in digitized documents"
(ICPR 1986), on the coordinates of ink pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_SKEW = 12.0
"""Degrees searched to either side; scanners and hands stay far below."""

# First pass: degrees between directions, pixels joined to a row (a wider row has a wider peak), points looked at.
_COARSE, _COARSE_ROW, _COARSE_POINTS = 0.25, 3.0, 50_000
_FINE = (0.05, 0.02)
_POINTS = 150_000
# Directions that are looked at closely.
_PEAKS = 3
# Least gain of the best direction over the median one for which the page is believed to have lines at all.
_LEAST_GAIN = 1.5

_Coordinates = NDArray[np.float32]


def _sharpness(x: _Coordinates, y: _Coordinates, degrees: float, size: int, row: float = 1.0) -> float:
    rows = y - x * np.float32(np.tan(np.radians(degrees)))
    # Bins are shifted so that none is negative; their number is the same for all angles.
    histogram = np.bincount(((rows + size) / np.float32(row)).astype(np.int32), minlength=int(3 * size / row) + 1)
    return float((np.diff(histogram.astype(np.float64)) ** 2).sum())


def estimate_skew(ink: NDArray[np.bool_], limit: float = MAX_SKEW) -> tuple[float, float]:
    """Estimate by how much text lines and rulings fall to the right.

    Args:
        ink: mask of ink, ``(height, width)``; about 1000 to 1500 pixels on the long side give 0.05 degrees.
        limit: degrees searched to either side.

    Returns:
        Angle in degrees, positive where lines run down to the right (turn the page counterclockwise by it), and the
        gain of that direction over the median one, 1 where none stands out. Without lines the angle is 0.
    """
    y, x = np.nonzero(ink)
    if len(x) < 50:
        return 0.0, 1.0
    # Chosen at random, because a regular step would alias with dotted lines.
    order = np.random.default_rng(0).permutation(len(x))[:_POINTS]
    size = max(ink.shape)
    across, down = (x[order] - ink.shape[1] / 2).astype(np.float32), y[order].astype(np.float32)
    angles = np.arange(-limit, limit + _COARSE / 2, _COARSE)
    few_across, few_down = across[:_COARSE_POINTS], down[:_COARSE_POINTS]
    coarse = np.array([_sharpness(few_across, few_down, angle, size, _COARSE_ROW) for angle in angles])
    best, top = 0.0, 0.0
    for peak in _peaks(coarse):
        angle, step, score = float(angles[peak]), _COARSE, 0.0
        for finer in _FINE:
            near = np.arange(angle - step, angle + step + finer / 2, finer)
            fine = np.array([_sharpness(across, down, value, size) for value in near])
            angle, score, step = float(near[fine.argmax()]), float(fine.max()), finer
        if score > top:
            best, top = angle, score
    gain = float(coarse.max() / max(np.median(coarse), 1e-9))
    return (best, gain) if gain >= _LEAST_GAIN else (0.0, gain)


def _peaks(scores: NDArray[np.float64]) -> list[int]:
    """Places of the highest local maxima."""
    padded = np.pad(scores, 1, constant_values=-np.inf)
    local = np.flatnonzero((scores >= padded[:-2]) & (scores >= padded[2:]))
    return [int(place) for place in local[np.argsort(-scores[local])][:_PEAKS]]
