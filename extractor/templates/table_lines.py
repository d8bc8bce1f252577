"""Written lines in the columns of a straightened table.

Ink is what is darker than the paper around it; long straight strokes are rulings or separators, not writing. A stroke
that runs over a column's edge goes with the column that holds the larger part of it. Within a column the ink of each
row is summed along the local slope of the writing, and lines are the peaks of that profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

_OVERFLOW = 0.05
"""Writing goes on past its column's edge by so much at most, in table widths."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One written line of a column, in pixels of the straightened table.

    Args:
        middle: row of its middle at the column's own middle.
        top: row above which none of it stands, at the column's middle.
        bottom: row below which none of it stands.
        left: first column with ink.
        right: last column with ink.
        centre: pixel column at which ``middle``, ``top`` and ``bottom`` hold.
        slope: rows down for each column to the right.
        ink: pixels of ink.
        height: rows between the 5th and the 95th hundredth of its ink.
    """

    middle: float
    top: float
    bottom: float
    left: float
    right: float
    centre: float
    slope: float
    ink: int
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """Ink of a straightened table.

    Args:
        writing: 1 where there is writing, ``(height, width)``.
        strokes: 1 where a long horizontal stroke is (a separator, a ruled line).
        owner: number of the column that each pixel of writing goes with, -1 elsewhere.
    """

    writing: Mask
    strokes: Mask
    owner: NDArray[np.int8]


def find_ink(grey: Mask, bounds: Sequence[int]) -> Ink:
    """Split a straightened table's pixels into writing by columns, long strokes and paper.

    Args:
        grey: the straightened table, paper light.
        bounds: pixel columns of the edges, left to right.
    """
    width = bounds[-1] - bounds[0]
    size = max(9, round(0.03 * width)) | 1
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    paper = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    paper = cv2.blur(paper, (size, size))
    deep = np.clip(paper.astype(np.float32) - soft, 0.0, None)
    dark = np.asarray(deep / np.maximum(paper, 40).astype(np.float32), np.float32)
    ink = (dark > _threshold(dark)).astype(np.uint8)
    ink = _without_rulings(ink, bounds, width)
    long = max(15, round(0.1 * width))
    flat = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    strokes: Mask = np.asarray(cv2.morphologyEx(flat, cv2.MORPH_OPEN, np.ones((1, long), np.uint8)), np.uint8)
    grown = np.asarray(cv2.dilate(strokes, np.ones((3, 3), np.uint8)), np.uint8)
    strokes = np.minimum(grown, ink).astype(np.uint8)
    writing = np.asarray(ink - strokes, np.uint8)
    # Beyond the frame nothing belongs to the table, and its bold lines leave crumbs just inside.
    crumb = round(0.005 * width)
    writing[:, : bounds[0] + crumb] = 0
    writing[:, bounds[-1] - crumb + 1 :] = 0
    return Ink(writing, strokes, _owners(writing, bounds, width))


def _threshold(dark: NDArray[np.float32]) -> float:
    """Relative darkness that parts ink from paper (Otsu, 1979), within what ink can be."""
    values = np.asarray(np.minimum(dark * 255.0 * 1.6, 255.0), np.uint8)[::2, ::2]
    otsu, _ = cv2.threshold(values[values > 12].reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(np.clip(otsu / (255.0 * 1.6), 0.10, 0.30))


def _without_rulings(ink: Mask, bounds: Sequence[int], width: int) -> Mask:
    """Remove the edges' own lines: long vertical runs near each edge."""
    ink = ink.copy()
    run = max(9, round(0.022 * width))
    near = max(4, round(0.008 * width))
    for bound in bounds:
        left, right = max(0, bound - near), min(ink.shape[1], bound + near + 1)
        strip = ink[:, left:right]
        lines = cv2.morphologyEx(
            cv2.dilate(strip, np.ones((1, 3), np.uint8)), cv2.MORPH_OPEN, np.ones((run, 1), np.uint8)
        )
        strip[cv2.dilate(lines, np.ones((1, 3), np.uint8)) > 0] = 0
    # Rulings inside a column (a division of its own) go the same way, but must be longer still.
    inner = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((round(0.12 * width), 1), np.uint8))
    ink[cv2.dilate(inner, np.ones((1, 3), np.uint8)) > 0] = 0
    return ink


def _owners(writing: Mask, bounds: Sequence[int], width: int) -> NDArray[np.int8]:
    """Column each pixel of writing goes with."""
    columns = len(bounds) - 1
    reach = round(_OVERFLOW * width)
    home = np.clip(np.searchsorted(bounds, np.arange(writing.shape[1]), side="right") - 1, 0, columns - 1)
    owner = np.where(writing > 0, home[None, :], -1).astype(np.int8)
    # The removed ruling cuts a stroke; closing the gap makes it one again.
    bridged = cv2.morphologyEx(writing, cv2.MORPH_CLOSE, np.ones((1, 9), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    lefts = stats[:, cv2.CC_STAT_LEFT]
    rights = lefts + stats[:, cv2.CC_STAT_WIDTH] - 1
    for number in range(1, count):
        first, last = home[lefts[number]], home[rights[number]]
        if first == last:
            continue
        x, y, w, h = stats[number, :4]
        area = owner[y : y + h, x : x + w]
        own = (labels[y : y + h, x : x + w] == number) & (area >= 0)
        shares = np.bincount(area[own], minlength=columns)
        main = int(np.argmax(shares))
        for other in range(first, last + 1):
            if other == main or not shares[other]:
                continue
            spread = np.flatnonzero((own & (area == other)).any(axis=0))
            near = bounds[main + 1] - x if other > main else bounds[main] - x
            if max(abs(spread[0] - near), abs(spread[-1] - near)) <= reach:
                area[own & (area == other)] = main
    return owner


def column_mask(ink: Ink, column: int, bounds: Sequence[int]) -> tuple[Mask, int]:
    """Ink of one column, with what runs over its edges, and the pixel column the mask begins at."""
    reach = round(_OVERFLOW * (bounds[-1] - bounds[0]))
    left, right = max(0, bounds[column] - reach), min(ink.owner.shape[1], bounds[column + 1] + reach)
    return np.asarray(ink.owner[:, left:right] == column, np.uint8), left


def column_lines(ink: Ink, column: int, bounds: Sequence[int], pitch: float, slope: float) -> tuple[TextLine, ...]:
    """Lines of one column, top to bottom.

    Args:
        column: number of the column.
        bounds: pixel columns of the edges.
        pitch: usual distance of lines, pixels.
        slope: rows down for each column to the right, along which lines are written.
    """
    width = bounds[-1] - bounds[0]
    mask, left = column_mask(ink, column, bounds)
    middle = (bounds[column] + bounds[column + 1]) / 2.0 - left
    flat = _sheared(mask, slope, middle)
    profile = flat.sum(axis=1).astype(np.float64)
    peaks = _peaks(profile, pitch, least=max(3.0, 0.0025 * width))
    lines = []
    for number, row in enumerate(peaks):
        above, below = _limits(profile, peaks, number, pitch)
        weight = np.cumsum(profile[above:below])
        low, high = np.searchsorted(weight, [0.05 * weight[-1], 0.95 * weight[-1]])
        # A ditto mark has as much ink; specks have less.
        if high - low < 0.12 * pitch or weight[-1] < 0.03 * pitch**2:
            continue
        rows = np.flatnonzero(profile[above:below] > 0)
        across = np.flatnonzero(flat[above:below].any(axis=0))
        lines.append(
            TextLine(
                middle=float(row),
                top=float(above + rows[0]),
                bottom=float(above + rows[-1] + 1),
                left=float(left + across[0]),
                right=float(left + across[-1] + 1),
                centre=left + middle,
                slope=slope,
                ink=int(weight[-1]),
                height=float(high - low),
            )
        )
    return tuple(lines)


def measure_slope(mask: Mask, middle: float) -> float:
    """Slope at which the rows of a column's ink are most distinct, within 3 rows in 100 columns."""
    small = mask
    if mask.shape[1] > 200:
        small = np.asarray(cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    factor = small.shape[1] / mask.shape[1]
    best, chosen = -1.0, 0.0
    for slope in np.linspace(-0.03, 0.03, 13):
        profile = _sheared(small, float(slope), middle * factor).sum(axis=1, dtype=np.float64)
        sharp = float(np.square(np.diff(profile)).sum())
        if sharp > best * 1.01:
            best, chosen = sharp, float(slope)
    return chosen


def measure_pitch(mask: Mask, usual: float) -> float:
    """Distance of lines in running text, from the repeats of its profile near ``usual``, pixels.

    Lines repeat at every multiple of their distance, so the smallest repeat that is nearly as good as the best counts.
    """
    profile = mask.sum(axis=1).astype(np.float64)
    low, high = round(0.35 * usual), round(1.8 * usual)
    if len(profile) < 2 * high or not profile.any():
        return usual
    profile -= cv2.GaussianBlur(profile.reshape(-1, 1), (1, 0), usual, None, usual).ravel()
    spectrum = np.abs(np.fft.rfft(profile, 2 * len(profile))) ** 2
    repeat = np.fft.irfft(spectrum)[: high + 2]
    lags = np.arange(low, high + 1)
    peaks = lags[(repeat[lags] >= repeat[lags - 1]) & (repeat[lags] > repeat[lags + 1])]
    if not len(peaks) or repeat[peaks].max() < 0.06 * repeat[0]:
        return usual
    return float(peaks[repeat[peaks] >= 0.6 * repeat[peaks].max()][0])


def _sheared(mask: Mask, slope: float, middle: float) -> Mask:
    if abs(slope) < 1e-4:
        return mask
    shear = np.array([[1.0, 0.0, 0.0], [-slope, 1.0, slope * middle]])
    return np.asarray(cv2.warpAffine(mask, shear, (mask.shape[1], mask.shape[0]), flags=cv2.INTER_NEAREST), np.uint8)


def _peaks(profile: Floats, pitch: float, least: float) -> list[int]:
    """Rows of the lines' middles: maxima of the smoothed profile, strongest first, not too close together."""
    sigma = max(1.0, 0.16 * pitch)
    smooth = cv2.GaussianBlur(profile.reshape(-1, 1), (1, 0), sigma, None, sigma).ravel()
    rows = np.arange(1, len(smooth) - 1)
    top = rows[(smooth[rows] >= smooth[rows - 1]) & (smooth[rows] > smooth[rows + 1]) & (smooth[rows] >= least)]
    kept: list[int] = []
    for row in sorted(top, key=lambda each: -smooth[each]):
        near = min(kept, key=lambda each: abs(each - row), default=None)
        if near is None or abs(near - row) >= 0.6 * pitch:
            kept.append(int(row))
        elif abs(near - row) >= 0.42 * pitch:
            between = smooth[min(near, row) : max(near, row) + 1].min()
            if between < 0.45 * smooth[row]:
                kept.append(int(row))
    return sorted(kept)


def _limits(profile: Floats, peaks: list[int], number: int, pitch: float) -> tuple[int, int]:
    """Rows between which a line's ink is looked for: up to the emptiest row towards each neighbour."""
    row = peaks[number]
    above = max(0, row - round(0.75 * pitch))
    below = min(len(profile), row + round(0.75 * pitch) + 1)
    if number and peaks[number - 1] > above - 0.5 * pitch:
        start = max(above, peaks[number - 1])
        above = start + int(np.argmin(profile[start : row + 1]))
    if number + 1 < len(peaks) and peaks[number + 1] < below + 0.5 * pitch:
        end = min(below, peaks[number + 1] + 1)
        below = row + int(np.argmin(profile[row:end])) + 1
    return above, max(below, above + 1)
