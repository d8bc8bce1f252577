"""Written lines in the columns of a straightened table.

Ink is what is darker than the paper around it; long straight strokes are rulings or separators, not writing. A stroke
that runs over a column's edge goes with the column that holds the larger part of it. Within a column the ink of each
row is summed along the local slope of the writing, and lines are the peaks of that profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

_OVERFLOW = 0.05
"""Writing goes on past its column's edge by so much at most, in table widths."""


_LEAST = 0.6
"""Smoothed pixels of ink in a row from which it may be a line's middle."""

_APART = 0.6
"""Two lines are at least so far apart, in line distances."""

_SHORT = 0.22
"""A last line shorter than this share of its column is looked for on its own."""

_CLEAR = 0.35
"""A line's region keeps this distance from its neighbours' middles, as a share of the way to them."""

_FAINTEST = 0.10
"""Ink is darker than the paper around it by this share at least."""

_LETTER = 0.35
"""A letter is at least so high, and a word so wide, in line distances."""

_TALL = 2.0
"""A stroke higher than this ties lines together and is cut between them, in line distances."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One written line of a column, in pixels of the straightened table.

    Args:
        middle: row of its middle at ``centre``.
        top: row above which little of it stands, at ``centre``.
        bottom: row below which little of it stands.
        left: first column with ink.
        right: last column with ink.
        centre: pixel column at which ``middle``, ``top`` and ``bottom`` hold, the same for all lines of a table.
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


def find_ink(grey: Mask, bounds: Sequence[int], inner: Sequence[int] = ()) -> Ink:
    """Split a straightened table's pixels into writing by columns, long strokes and paper.

    Args:
        grey: the straightened table, paper light.
        bounds: pixel columns of the edges, left to right.
        inner: pixel columns of rulings inside columns.
    """
    width = bounds[-1] - bounds[0]
    size = max(9, round(0.03 * width)) | 1
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    paper = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    paper = cv2.blur(paper, (size, size))
    deep = np.clip(paper.astype(np.float32) - soft, 0.0, None)
    dark = np.asarray(deep / np.maximum(paper, 40).astype(np.float32), np.float32)
    ink = (dark > _threshold(dark, width)).astype(np.uint8)
    # Long strokes first: without the rulings between columns a line across the table falls into short pieces.
    long = max(15, round(0.1 * width))
    flat = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    strokes: Mask = np.asarray(cv2.morphologyEx(flat, cv2.MORPH_OPEN, np.ones((1, long), np.uint8)), np.uint8)
    grown = np.asarray(cv2.dilate(strokes, np.ones((3, 3), np.uint8)), np.uint8)
    whole, ink = ink, _without_rulings(ink, [*bounds, *inner], width)
    strokes = np.minimum(grown, ink).astype(np.uint8)
    writing = np.asarray(ink - strokes, np.uint8)
    _drop_crumbs(writing, [*bounds, *inner], width)
    # Beyond the frame nothing belongs to the table, and its bold lines leave crumbs just inside.
    crumb = round(0.005 * width)
    writing[:, : bounds[0] + crumb] = 0
    writing[:, bounds[-1] - crumb + 1 :] = 0
    return Ink(writing, strokes, _owners(writing, np.asarray(whole - ink, np.uint8), bounds, width))


def _threshold(dark: NDArray[np.float32], width: int) -> float:
    """Relative darkness that parts ink from paper (Otsu, 1979), within what ink can be.

    Rulings are left out: where little is written, bold ones would part themselves from the paler ink.
    """
    straight = _straight((dark > _FAINTEST).astype(np.uint8), width)
    away = np.where(cv2.dilate(straight, np.ones((5, 5), np.uint8)) > 0, 0.0, dark)
    values = np.asarray(np.minimum(away * 255.0 * 1.6, 255.0), np.uint8)[::2, ::2]
    otsu, _ = cv2.threshold(values[values > 12].reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return float(np.clip(otsu / (255.0 * 1.6), _FAINTEST, 0.30))


def _straight(ink: Mask, width: int) -> Mask:
    """Strokes too long for a letter, across and down."""
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, max(15, round(0.1 * width))), np.uint8))
    down = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((max(9, round(0.035 * width)), 1), np.uint8))
    return np.asarray(np.maximum(across, down), np.uint8)


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


def _drop_crumbs(writing: Mask, bounds: Sequence[int], width: int) -> None:
    """Blank the thin upright pieces that a broken ruling leaves beside an edge, and the paper's lower edge."""
    near, thin = round(0.01 * width), max(3, round(0.004 * width))
    for bound in bounds:
        left, right = max(0, bound - near), min(writing.shape[1], bound + near + 1)
        strip = writing[:, left:right]
        _, labels, stats, _ = cv2.connectedComponentsWithStats(strip, connectivity=8)
        start, wide = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_WIDTH]
        crumbs = (start > 0) & (start + wide < right - left) & (wide <= thin)
        crumbs[0] = False
        strip[crumbs[labels]] = 0
    for column in np.flatnonzero(writing[-1]):
        if writing[-1, column]:
            cv2.floodFill(writing, None, (int(column), len(writing) - 1), 0, flags=8)


def _owners(writing: Mask, rulings: Mask, bounds: Sequence[int], width: int) -> NDArray[np.int8]:
    """Column each pixel of writing goes with; ``rulings`` are the edges' own lines that were removed from it."""
    columns = len(bounds) - 1
    reach = round(_OVERFLOW * width)
    home = np.clip(np.searchsorted(bounds, np.arange(writing.shape[1]), side="right") - 1, 0, columns - 1)
    owner = np.where(writing > 0, home[None, :], -1).astype(np.int8)
    # The removed ruling cuts a stroke; closing the gap makes it one again. Two words that only end and begin near a
    # ruling do not touch it.
    bridged = cv2.morphologyEx(writing, cv2.MORPH_CLOSE, np.ones((1, 9), np.uint8))
    bridged = np.where(cv2.dilate(rulings, np.ones((1, 3), np.uint8)) > 0, bridged, writing).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    lefts = stats[:, cv2.CC_STAT_LEFT]
    rights = lefts + stats[:, cv2.CC_STAT_WIDTH] - 1
    for number in np.flatnonzero(home[lefts] != home[rights])[1:]:
        first, last = home[lefts[number]], home[rights[number]]
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


def column_lines(
    ink: Ink, column: int, bounds: Sequence[int], pitch: float, *, slope: float, centre: float, running: bool
) -> tuple[TextLine, ...]:
    """Lines of one column, top to bottom.

    Args:
        column: number of the column.
        bounds: pixel columns of the edges.
        pitch: usual distance of lines, pixels.
        slope: rows down for each column to the right, along which lines are written.
        centre: pixel column at which rows are given, the same for all columns so that their lines can be compared.
        running: the column holds running text, whose last lines may be short; elsewhere a loop above or below a word is
            not taken for a line of its own.
    """
    mask, left = column_mask(ink, column, bounds)
    flat = _sheared(mask, slope, centre - left)
    profile = flat.sum(axis=1).astype(np.float64)
    peaks = _peaks(profile, pitch, share=0.0 if running else 0.3)
    if not running:
        peaks = _with_words(flat, peaks, _peaks(profile, pitch, share=0.0), pitch)
    else:
        peaks = _with_short(flat, peaks, bounds[column] - left, bounds[column + 1] - left, pitch)
    if not peaks:
        return ()
    rows, across, line = _assigned(flat, peaks, pitch)
    lines = []
    for number, middle in enumerate(peaks):
        own = line == number
        # A ditto mark has as much ink; specks have less.
        if np.count_nonzero(own) < 0.015 * pitch**2:
            continue
        y, x = rows[own], across[own]
        above = peaks[number - 1] + _CLEAR * (middle - peaks[number - 1]) if number else 0.0
        below = peaks[number + 1] - _CLEAR * (peaks[number + 1] - middle) if number + 1 < len(peaks) else np.inf
        low, high = np.quantile(y, [0.05, 0.95])
        if high - low < 0.12 * pitch:
            continue
        lines.append(
            TextLine(
                middle=float(middle),
                top=max(above, min(float(y.min()), middle - 0.5 * pitch)),
                bottom=min(below, max(float(y.max() + 1), middle + 0.5 * pitch)),
                left=float(left + x.min()),
                right=float(left + x.max() + 1),
                centre=centre,
                slope=slope,
                ink=len(y),
                height=float(high - low),
            )
        )
    return tuple(lines)


def _with_short(flat: Mask, peaks: list[int], left: int, right: int, pitch: float) -> list[int]:
    """Peaks of running text with those of short last lines, which drown between two full lines."""
    first = flat[:, left : left + round(_SHORT * (right - left))].sum(axis=1).astype(np.float64)
    own = _peaks(first, pitch, share=0.0)
    if not own or not peaks:
        return peaks
    smooth = _smoothed(first, pitch)
    usual = float(np.median(smooth[own]))
    more = [row for row in own if smooth[row] >= 0.4 * usual and min(abs(row - peak) for peak in peaks) >= 0.75 * pitch]
    return sorted([*peaks, *more])


def _with_words(flat: Mask, peaks: list[int], all_peaks: Sequence[int], pitch: float) -> list[int]:
    """Peaks with those of the low ones that are words: letters that no line above or below is tied to."""
    low = [row for row in all_peaks if row not in peaks]
    if not low:
        return peaks
    _, _, stats, centres = cv2.connectedComponentsWithStats(flat, connectivity=8)
    nearest = np.asarray(all_peaks)[_nearest(all_peaks, centres[:, 1])]
    near = np.abs(nearest - centres[:, 1]) < 0.35 * pitch
    letters = near & (stats[:, cv2.CC_STAT_HEIGHT] >= _LETTER * pitch)
    letters[0] = False
    width = {row: int(stats[letters & (nearest == row), cv2.CC_STAT_WIDTH].sum()) for row in low}
    return sorted([*peaks, *(row for row in low if width[row] >= _LETTER * pitch)])


def _assigned(
    flat: Mask, peaks: Sequence[int], pitch: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pixels of ink, and the number of the line each belongs to, -1 for none.

    A stroke goes with the line its middle is nearest to, tail and all, unless it ties several lines together.
    """
    _, labels, stats, centres = cv2.connectedComponentsWithStats(flat, connectivity=8)
    rows, across = np.nonzero(flat)
    nearest = _nearest(peaks, centres[:, 1])
    far = np.abs(np.asarray(peaks)[nearest] - centres[:, 1]) > 0.8 * pitch
    of_stroke = np.where(far, -1, nearest)
    label = labels[rows, across]
    line = of_stroke[label]
    tied = stats[:, cv2.CC_STAT_HEIGHT] > _TALL * pitch
    apart = tied[label]
    by_row = _nearest(peaks, rows[apart].astype(np.float64))
    line[apart] = np.where(np.abs(np.asarray(peaks)[by_row] - rows[apart]) > 0.8 * pitch, -1, by_row)
    return rows, across, line


def _nearest(peaks: Sequence[int], places: NDArray[Any]) -> NDArray[np.intp]:
    """Number of the peak nearest to each place."""
    borders = (np.asarray(peaks[1:], np.float64) + np.asarray(peaks[:-1], np.float64)) / 2.0
    return np.searchsorted(borders, places)


def measure_slope(mask: Mask, middle: float, pitch: float) -> float:
    """Slope at which the rows of a column's ink are most distinct, within 3 rows in 100 columns.

    A word or two look distinct at any slope, so the fewer lines there are the more a slope must show.
    """
    lines = np.count_nonzero(mask.any(axis=1)) / pitch
    small = mask
    if mask.shape[1] > 200:
        small = np.asarray(cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    factor = small.shape[1] / mask.shape[1]
    best, chosen = -1.0, 0.0
    for slope in np.linspace(-0.03, 0.03, 13):
        profile = _sheared(small, float(slope), middle * factor).sum(axis=1, dtype=np.float64)
        sharp = float(np.square(np.diff(profile)).sum()) * (1.0 - abs(slope) / 0.03 / (1.0 + lines))
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


def _peaks(profile: Floats, pitch: float, share: float) -> list[int]:
    """Rows of the lines' middles: maxima of the smoothed profile, not too close together.

    Args:
        share: a maximum lower than this share of one within 1.1 line distances is part of that line.
    """
    smooth = _smoothed(profile, pitch)
    rows = np.arange(1, len(smooth) - 1)
    top = rows[(smooth[rows] >= smooth[rows - 1]) & (smooth[rows] > smooth[rows + 1]) & (smooth[rows] >= _LEAST)]
    kept: list[int] = []
    for row in sorted(top, key=lambda each: -smooth[each]):
        near = min(kept, key=lambda each: abs(each - row), default=None)
        if near is None or abs(near - row) >= _APART * pitch:
            kept.append(int(row))
        elif abs(near - row) >= 0.42 * pitch:
            between = smooth[min(near, row) : max(near, row) + 1].min()
            if between < 0.45 * smooth[row]:
                kept.append(int(row))
    return sorted(
        row
        for row in kept
        if all(smooth[row] >= share * smooth[other] for other in kept if abs(other - row) < 1.1 * pitch)
    )


def _smoothed(profile: Floats, pitch: float) -> Floats:
    """Profile without what is finer than a letter."""
    sigma = max(1.0, 0.16 * pitch)
    return np.asarray(cv2.GaussianBlur(profile.reshape(-1, 1), (1, 0), sigma, None, sigma), np.float64).ravel()
