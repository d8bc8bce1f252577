"""A value that goes on under its own beginning: one picture that holds two written lines.

Cells of ledgers and of paper forms are a line high, and who runs out of room at the right goes on below, often with a
word or two at the lower left. A seam that crosses as little ink as possible is led from the left border to the right
one; what lies above and below it are two pictures. Whether they read better than the whole is for the reader to say.

Templates and tables know their written lines, and what shows of a neighbouring line there is no part of the value; this
is for pictures of whole cells that nobody has divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.handwriting.images import HEIGHT, MAX_WIDTH, normalise_contrast, to_grey
from extractor.readers.joining import join_readings
from extractor.readers.protocol import Reader, Reading
from extractor.scans.types import Image

_DOUBTED = 0.7
"""Confidence from which a picture counts as well read in one piece; looking for a seam takes time."""

_SURE = 0.5
"""Confidence from which a second line's text is believed though the first line's is in doubt either way."""

_HIGHEST, _LOWEST = 0.3, 0.82
"""Where a seam may start at the left, as shares of the height."""

_CROSSED = 0.02
"""Share of the ink under a seam, or above it over the same columns, that it may cut."""

_LETTERS = 0.17
"""Height that a line's ink must have around a column, as a share of the picture's."""

_FEWEST_COLUMNS = 0.7
"""A second line's least length, in picture heights."""

_COVERED = 0.75
"""Share of the second line's columns over which letters must stand above the seam."""

_STEP = 0.15
"""What a step up or down costs, against 1 for a pixel of ink: a seam runs between lines, not between words."""

_FALL = 0.2
"""How far a seam may rise or fall along the second line, as a share of the height; more is a way between two words."""

_BEHIND = 0.15
"""Share of the ink that may lie right of a stroke which the seam crosses behind the second line."""

_RULING = 2.0
"""A dark row this many heights long is a ruling and no writing."""


def read_wrapped(reader: Reader, lines: Sequence[Image]) -> list[Reading]:
    """Read pictures of single values, each of them one line or two.

    Args:
        reader: reads single lines.
        lines: pictures; see :class:`extractor.readers.protocol.Reader`.

    Returns:
        One reading for each picture; where two lines are read, their texts are joined by a space and the characters
        have no places.

    Raises:
        ImageError: an array is no picture.
    """
    readings = reader.read(lines)
    doubted = [index for index, reading in enumerate(readings) if reading.text and reading.confidence < _DOUBTED]
    parts = {index: parts for index in doubted if len(parts := unwrap(lines[index])) == 2}
    of_parts = reader.read([part for pair in parts.values() for part in pair]) if parts else []
    for index, upper, lower in zip(parts, of_parts[::2], of_parts[1::2], strict=True):
        joined = join_readings([upper, lower])
        if upper.text and lower.text and (lower.confidence >= _SURE or joined.confidence > readings[index].confidence):
            readings[index] = joined
    return readings


@dataclass(frozen=True, slots=True)
class _Seam:
    rows: NDArray[np.intp]
    cut: float
    balance: float
    left: int
    right: int


def unwrap(line: Image) -> list[Image]:
    """The written lines of a picture, upper one first: the picture itself, or two pictures cut out of it.

    Args:
        line: picture of a line; see :func:`extractor.readers.handwriting.images.to_grey`.

    Raises:
        ImageError: the array is no picture.
    """
    grey = to_grey(line)
    if grey.shape[1] * HEIGHT > grey.shape[0] * MAX_WIDTH:
        return [line]  # longer than a reader takes in, let alone two lines high
    seam = _best_seam(_ink(grey))
    if seam is None:
        return [line]
    scale = grey.shape[0] / HEIGHT
    columns = np.arange(grey.shape[1])
    rows = np.interp((columns + 0.5) / scale, np.arange(len(seam.rows)) + 0.5, seam.rows) * scale
    below = np.arange(grey.shape[0])[:, None] >= rows[None, :]
    paper = np.uint8(np.percentile(grey, 80))
    upper, lower = np.where(below, paper, grey), np.where(below, grey, paper)
    # Each half is cut to its own height, for a reader scales what it gets to the height of one line.
    start, stop = int(seam.left * scale), int(np.ceil(seam.right * scale))
    margin = round(grey.shape[0] * 0.3)
    start, stop = max(0, start - margin), min(grey.shape[1], stop + margin)
    lower = lower[int(rows[start:stop].min()) :, start:stop]
    bottom = int(np.ceil(rows.max()))
    return [np.ascontiguousarray(upper[:bottom]), np.ascontiguousarray(lower)]


def _ink(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where writing is, (48, width), without rulings."""
    width = max(8, round(grey.shape[1] * HEIGHT / grey.shape[0]))
    small = cv2.resize(grey, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    ink = (normalise_contrast(np.asarray(small, dtype=np.uint8)) < 0.2).astype(np.uint8)
    length = max(3, int(_RULING * HEIGHT))
    rulings = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    return np.asarray((ink > 0) & (cv2.dilate(rulings, np.ones((3, 1), np.uint8)) == 0), dtype=np.bool_)


def _best_seam(ink: NDArray[np.bool_]) -> _Seam | None:
    height, width = ink.shape
    cost = ink.astype(np.float32)
    # What it costs to go on from each row to the right border, from the right to the left.
    ahead = np.zeros((width + 1, height), dtype=np.float32)
    for column in range(width - 1, -1, -1):
        after = ahead[column + 1]
        padded = np.pad(after, 1, constant_values=np.inf)
        step = np.minimum(after, np.minimum(padded[:-2], padded[2:]) + _STEP)
        ahead[column] = cost[:, column] + step
    starts = np.arange(int(_HIGHEST * height), int(_LOWEST * height))
    seams = [_judge(ink, rows) for rows in np.unique(_follow(ahead, starts), axis=0)]
    return max((seam for seam in seams if seam), key=lambda seam: seam.balance - 3 * seam.cut, default=None)


def _follow(ahead: NDArray[np.float32], starts: NDArray[np.intp]) -> NDArray[np.intp]:
    """The cheapest way from each start to the right border: (starts, width) rows."""
    width, height = len(ahead) - 1, ahead.shape[1]
    seams = np.empty((width, len(starts)), dtype=np.intp)
    rows = starts
    for column in range(width):
        seams[column] = rows
        near = np.stack([rows, np.maximum(rows - 1, 0), np.minimum(rows + 1, height - 1)])
        costs = ahead[column + 1][near] + np.array([[0.0], [_STEP], [_STEP]], dtype=np.float32)
        rows = near[costs.argmin(axis=0), np.arange(len(rows))]
    return seams.T


def _judge(ink: NDArray[np.bool_], rows: NDArray[np.intp]) -> _Seam | None:
    """The seam, where letters stand above it and below it over a common stretch; else none."""
    height = ink.shape[0]
    below = np.arange(height)[:, None] >= rows[None, :]
    upper, lower = ink & ~below, ink & below
    # Remains of rulings are low, and the seam of a single line leaves nothing higher under it.
    left, right = _longest_stretch(_tallness(lower) >= _LETTERS * height)
    if right - left < _FEWEST_COLUMNS * height:
        return None
    over = _tallness(upper)[left:right] >= _LETTERS * height
    if over.mean() < _COVERED:
        return None
    masses = float(upper[:, left:right].sum()), float(lower[:, left:right].sum())
    crossed = ink[rows, np.arange(ink.shape[1])]
    cut = float(crossed[left:right].sum()) / max(1.0, min(masses))
    if cut > _CROSSED or np.ptp(rows[left:right]) > _FALL * height:
        return None
    # Where more writing stands behind a line that is crossed, this is the border between two cells.
    behind = np.flatnonzero(crossed[right:])
    if len(behind) and ink[:, right + behind[0] + 1 :].sum() > _BEHIND * ink.sum():
        return None
    return _Seam(rows, cut, min(masses) / sum(masses), left, right)


def _tallness(ink: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Height that the ink takes around each column, over a stretch as wide as a letter or the gap between two words."""
    spread = cv2.dilate(ink.astype(np.uint8), np.ones((1, HEIGHT // 3), np.uint8)) > 0
    last = len(spread) - spread[::-1].argmax(axis=0)
    return np.asarray(np.where(spread.any(axis=0), last - spread.argmax(axis=0), 0), dtype=np.intp)


def _longest_stretch(columns: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and end of the longest run of columns in which gaps are no longer than a line is high."""
    found = np.flatnonzero(columns)
    if not len(found):
        return 0, 0
    runs = np.split(found, np.flatnonzero(np.diff(found) > HEIGHT) + 1)
    longest = max(runs, key=len)
    return int(longest[0]), int(longest[-1]) + 1
