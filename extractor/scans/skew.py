"""How far a page is turned from upright, by the sharpness of its projection on the vertical.

The projection-profile method of W. Postl, "Detection of linear oblique structures and skew scan in digitized documents"
(ICPR 1986), on the coordinates of ink pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_SKEW = 12.0
"""Degrees searched to either side; scanners and hands stay far below."""

_COARSE = 0.5
_FINE = (0.1, 0.02)
_POINTS = 150_000
# Least gain of the best direction over the median one for which the page is believed to have lines at all.
_LEAST_GAIN = 1.15


def _sharpness(x: NDArray[np.float32], y: NDArray[np.float32], degrees: float, size: int) -> float:
    rows = y - x * np.float32(np.tan(np.radians(degrees)))
    # Bins are shifted so that none is negative; their number is the same for all angles.
    histogram = np.bincount((rows + size).astype(np.int32), minlength=3 * size).astype(np.float64)
    return float((np.diff(histogram) ** 2).sum())


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
    if len(x) > _POINTS:
        # A regular step would alias with dotted lines.
        chosen = np.random.default_rng(0).choice(len(x), _POINTS, replace=False)
        x, y = x[chosen], y[chosen]
    size = max(ink.shape)
    across, down = (x - ink.shape[1] / 2).astype(np.float32), y.astype(np.float32)
    angles = np.arange(-limit, limit + _COARSE / 2, _COARSE)
    scores = np.array([_sharpness(across, down, angle, size) for angle in angles])
    best = float(angles[scores.argmax()])
    median = float(np.median(scores))
    step = _COARSE
    top = float(scores.max())
    for finer in _FINE:
        near = np.arange(best - step, best + step + finer / 2, finer)
        fine = np.array([_sharpness(across, down, angle, size) for angle in near])
        best, top, step = float(near[fine.argmax()]), max(top, float(fine.max())), finer
    gain = top / max(median, 1e-9)
    return (best, gain) if gain >= _LEAST_GAIN else (0.0, gain)
