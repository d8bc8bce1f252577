"""The resolution of a page: what its file says if that is possible, else what its size on A-series paper gives."""

from __future__ import annotations

import math

A4_INCHES = (8.27, 11.69)
A3_INCHES = (11.69, 16.54)

_POSSIBLE_DPI = (90.0, 1300.0)
# Longer side of anything that is bound as a register, inches: A5 to A2, and half as much again for wide margins.
_POSSIBLE_SIDE = (5.5, 30.0)
# Below this, text lines are too low for readers; above, pixels cost time and tell nothing.
_LEAST_DPI, _RAISED_DPI = 140.0, 200.0
_MOST_DPI, _LOWERED_DPI = 450.0, 300.0
_MOST_RAISE = 4.0


def estimate_dpi(stated: float | None, size: tuple[int, int]) -> float:
    """Estimate a page's resolution.

    Args:
        stated: what the file says, believed only if the page then has a register's size.
        size: width and height in pixels. Upright pages are taken for A4, wide ones (an open book) for A3.
    """
    width, height = size
    longer = max(size)
    if stated and _POSSIBLE_DPI[0] <= stated <= _POSSIBLE_DPI[1]:
        side = longer / stated
        if _POSSIBLE_SIDE[0] <= side <= _POSSIBLE_SIDE[1]:
            return float(stated)
    sheet = A4_INCHES if height >= width else A3_INCHES
    # The geometric mean of both sides' resolutions: margins cut off or left on count half.
    return math.sqrt((longer / sheet[1]) * (min(size) / sheet[0]))


def scale_for(dpi: float) -> float:
    """The factor by which a page of that resolution is enlarged or reduced; 1 for a usual one."""
    if dpi < _LEAST_DPI:
        return min(_MOST_RAISE, _RAISED_DPI / dpi)
    if dpi > _MOST_DPI:
        return _LOWERED_DPI / dpi
    return 1.0
