"""Which way up a page stands, from the shape of its text lines.

Quarter turns: letters and words stand closer beside each other than lines stand above each other, so closing small gaps
along the lines joins more ink than closing them across.

Upside down, two witnesses. In Latin script almost every letter ends at the baseline, while the upper edge of a line is
broken by capitals, ascenders and accents: rows of ink end more suddenly than they begin (after B. T. Ávila and
R. D. Lins, "A fast orientation and skew detection algorithm for monochromatic document images", DocEng 2005, with a
signed cubic measure of the edges in place of counting). And small marks stand above letters (accents, dots of the i;
most of all in Vietnamese) more often than below them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

# Components longer than this share of the page are rulings, frames and stains; those below three pixels leader dots.
_LONG = 0.06
_SPECK = 3
# Leaders: marks at most this high, with gaps at most this wide, in rows at least this long, pixels.
_FLAT, _BEAD_GAP, _CHAIN = 5, 15, 60
# Text lines waver; within a strip of this many pixels they are level.
_STRIP = 120
# Gaps closed to tell lines from columns, pixels: more than between strokes, less than between lines.
_GAP = 9
# Letters of a text line are at least this high, pixels; accents are smaller than this share of the median letter.
_LETTER = 7
_ACCENT = 0.55
_ACCENT_WEIGHT = 0.3
_DOUBT = 10
QUARTER_MARGIN = 0.12
"""Evidence below which a page is not turned by a quarter; upright and turned pages lie at about +0.35 and -0.35."""
UPRIGHT_MARGIN = 0.08
"""Evidence below which a page is not turned upside down; pages lie at about +0.35 and -0.35."""


def text_only(ink: Mask) -> Mask:
    """The ink that may be letters: without rulings, frames, stains and dots.

    Args:
        ink: about 1400 pixels on the long side, as for all functions here.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    side = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (side <= _LONG * max(ink.shape)) & (side >= _SPECK)
    flat = keep & (stats[:, cv2.CC_STAT_HEIGHT] <= _FLAT)
    upright = keep & (stats[:, cv2.CC_STAT_WIDTH] <= _FLAT)
    keep[0] = flat[0] = upright[0] = False
    text = keep[labels]
    # Rows of dots and dashes to write on; pages may lie on their side.
    text &= ~_chains(flat[labels])
    text &= ~_chains(upright[labels].T).T
    return np.asarray(text)


def _chains(marks: Mask) -> Mask:
    """Marks that stand in a row with others like beads."""
    joined = cv2.morphologyEx(marks.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, _BEAD_GAP), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    chain = (stats[:, cv2.CC_STAT_WIDTH] >= _CHAIN) & (stats[:, cv2.CC_STAT_HEIGHT] <= 2 * _FLAT)
    chain[0] = False
    return np.asarray(marks & chain[labels])


def level_evidence(text: Mask) -> float:
    """Evidence that text lines run from left to right: above 0 if so, below 0 if they run up or down."""
    pixels = text.astype(np.uint8)
    along = cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, np.ones((1, _GAP), np.uint8)).sum()
    across = cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, np.ones((_GAP, 1), np.uint8)).sum()
    return float(np.log(max(1, along) / max(1, across)))


def upright_evidence(text: Mask) -> float:
    """Evidence that level text stands upright: above 0 if so, below 0 if upside down."""
    return (_edges(text) - _edges(text[::-1, ::-1])) / 2 + _ACCENT_WEIGHT * _accents(text)


def _edges(text: Mask) -> float:
    """How much more suddenly rows of ink end than begin, -1 to 1."""
    votes = []
    for left in range(0, text.shape[1], _STRIP):
        rows = text[:, left : left + _STRIP].sum(axis=1).astype(np.float64)
        steps = np.diff(np.convolve(rows, [0.25, 0.5, 0.25], mode="same"))
        begin, end = float((np.clip(steps, 0, None) ** 3).sum()), float((np.clip(-steps, 0, None) ** 3).sum())
        if begin + end > 0 and rows.sum() > 20:
            votes.append((end - begin) / (end + begin))
    return float(np.mean(votes)) if votes else 0.0


def _accents(text: Mask) -> float:
    """How many more small marks stand above a letter than below one, -1 to 1, near 0 for few marks."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(text.astype(np.uint8), connectivity=8)
    stats = np.asarray(stats[1:], np.int64)
    heights = stats[:, cv2.CC_STAT_HEIGHT]
    if not (heights >= _LETTER).any():
        return 0.0
    letter = float(np.median(heights[heights >= _LETTER]))
    large = np.concatenate([[False], heights >= 0.7 * letter])[labels]
    small = stats[np.maximum(stats[:, cv2.CC_STAT_WIDTH], heights) < _ACCENT * letter]
    total = np.pad(large.astype(np.int64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    height, width = text.shape
    top = small[:, cv2.CC_STAT_TOP]
    bottom = top + small[:, cv2.CC_STAT_HEIGHT]
    left = np.clip(small[:, cv2.CC_STAT_LEFT] - 1, 0, width)
    right = np.clip(left + small[:, cv2.CC_STAT_WIDTH] + 2, 0, width)
    reach = round(0.7 * letter)

    def has_letter(start: NDArray[np.number], end: NDArray[np.number]) -> Mask:
        low, high = np.clip(start, 0, height).astype(int), np.clip(end, 0, height).astype(int)
        inside = total[high, right] - total[low, right] - total[high, left] + total[low, left]
        return np.asarray(inside > 0)

    below, above = has_letter(bottom, bottom + reach), has_letter(top - reach, top)
    accents, dots = int((below & ~above).sum()), int((above & ~below).sum())
    return (accents - dots) / (accents + dots + _DOUBT)
