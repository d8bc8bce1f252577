"""Writing that follows no printed line: the notes' block, and the name written out under a signature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from extractor.readers.furniture import Furniture
from extractor.templates.margins import Margins
from extractor.templates.placing import Placed
from extractor.templates.values import Region

_REACH_MM = 38.0
"""How far left and right of the middle of a signer's label the name under the signature goes."""


def note_lines(label: Placed, others: Sequence[Placed], margins: Margins, furniture: Furniture) -> list[Region]:
    """Written lines beneath a heading, down to the next printed label or the end of the block.

    Without any writing the first line's place is returned, so that a blank field has a region too.
    """
    mm = furniture.mm
    top = label.baseline + 0.35 * label.height
    beneath = [p.baseline - 0.8 * p.height for p in others if p.baseline > label.baseline + 2 * mm]
    bottom = min([margins.bottom, *beneath])
    left, right = margins.left, margins.right
    if not label.found:
        top = _above_writing(furniture, left, top, right, 1.3 * margins.pitch)
    runs = _written_rows(_profile(furniture, left, top, right, bottom), mm)
    regions = [Region(left, top + a - 0.4 * mm, right, min(bottom, top + b + 0.4 * mm)) for a, b in runs]
    if regions:
        return regions
    return [Region(left, top, right, min(bottom, top + 1.2 * margins.pitch))]


def signed_name(label: Placed, others: Sequence[Placed], margins: Margins, furniture: Furniture) -> Region:
    """The lowest written line beneath a signer's label: under the signature stands the name.

    Args:
        label: printed label such as "Người thực hiện".
        others: all labels of the block; those below say where the signature's room begins, those beside where it ends.
        margins: bounds of the block.
        furniture: ink of the page.
    """
    mm = furniture.mm
    centre = (label.left + label.right) / 2
    beside = [
        p
        for p in others
        if p is not label
        and (p.row == label.row if not p.found else abs(p.baseline - label.baseline) < 0.5 * margins.pitch)
    ]
    # What overlaps the label is its own hint, however close below it stands.
    rivals = [(p.left + p.right) / 2 for p in beside if p.right < label.left or p.left > label.right]
    # Who signs alone has the whole width.
    reach = (_REACH_MM if rivals else 2 * _REACH_MM) * mm
    left = max([margins.left, centre - reach, *((r + centre) / 2 for r in rivals if r < centre)])
    right = min([margins.right, centre + reach, *((r + centre) / 2 for r in rivals if r > centre)])
    hints = [p for p in others if p.found and 0 < p.baseline - label.baseline < 1.5 * margins.pitch]
    top = max([label.baseline, *(p.baseline for p in hints)]) + 0.3 * label.height + 0.4 * mm
    bottom = min(margins.bottom, top + 62 * mm)
    profile = _profile(furniture, left, top, right, bottom, stamps=False)
    rows = [row for row in _written_rows(profile, mm) if row[1] - row[0] > 2.0 * mm]
    if not rows:
        return Region(left, max(top, bottom - 1.5 * margins.pitch), right, bottom)
    first, last = _lowest_line(rows, profile, margins.pitch, mm)
    return Region(left, top + first - 0.5 * mm, right, min(bottom, top + last + 0.5 * mm))


def _above_writing(furniture: Furniture, left: float, top: float, right: float, reach: float) -> float:
    """The row itself or, where it runs through writing, the paper above that: an unread heading's place is not sure."""
    first = max(0.0, top - reach)
    blank = _profile(furniture, left, first, right, top) <= 0.15 * furniture.mm
    wide = np.convolve(blank, np.ones(max(1, round(0.5 * furniture.mm))), mode="same") >= round(0.5 * furniture.mm)
    paper = np.flatnonzero(wide)
    return first + float(paper[-1]) if len(paper) else top


def _profile(
    furniture: Furniture, left: float, top: float, right: float, bottom: float, *, stamps: bool = True
) -> NDArray[np.float64]:
    """Inked pixels in each row of a rectangle, with or without what is red."""
    window = (slice(int(max(0, top)), int(max(top + 1, bottom))), slice(int(max(0, left)), int(max(left + 1, right))))
    part = furniture.ink[window]
    if not stamps:
        part = np.where(furniture.stamps[window] > 0, 0, part)
    return np.asarray(np.count_nonzero(part, axis=1), dtype=np.float64)


def _written_rows(profile: NDArray[np.float64], mm: float) -> list[tuple[float, float]]:
    """Runs of rows that bear a line of writing: marks joined to their letters, lines that touch taken apart."""
    smooth = np.convolve(profile, np.ones(3) / 3, mode="same")
    inked = smooth > 0.15 * mm
    runs: list[list[int]] = []
    for row in np.flatnonzero(inked):
        if runs and row - runs[-1][1] <= 0.6 * mm:
            runs[-1][1] = int(row)
        else:
            runs.append([int(row), int(row)])
    written = [run for run in runs if profile[run[0] : run[1] + 1].sum() > 4 * mm]
    lines: list[tuple[float, float]] = []
    for first, last in written:
        lines += _taken_apart(smooth, first, last, mm)
    return _with_marks(lines, mm)


def _taken_apart(smooth: NDArray[np.float64], first: int, last: int, mm: float) -> list[tuple[float, float]]:
    """Split a run that is too high for one line at its thinnest row."""
    if last - first <= 11 * mm:
        return [(first, last + 1)]
    low, high = int(first + 4 * mm), int(last - 4 * mm)
    cut = low + int(np.argmin(smooth[low:high]))
    if smooth[cut] > 0.55 * float(np.median(smooth[first : last + 1])):
        return [(first, last + 1)]
    return [*_taken_apart(smooth, first, cut, mm), *_taken_apart(smooth, cut + 1, last, mm)]


def _with_marks(lines: list[tuple[float, float]], mm: float) -> list[tuple[float, float]]:
    """Join rows of tone marks or tails to the line they are nearest to."""
    joined: list[tuple[float, float]] = []
    for first, last in lines:
        thin = last - first < 2.0 * mm
        if joined and first - joined[-1][1] < 1.6 * mm and (thin or joined[-1][1] - joined[-1][0] < 2.0 * mm):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return [line for line in joined if line[1] - line[0] >= 1.2 * mm]


def _lowest_line(
    rows: list[tuple[float, float]], profile: NDArray[np.float64], pitch: float, mm: float
) -> tuple[float, float]:
    """Lowest run; of a run in which signature and name touch, the lowest line's height."""
    first, last = rows[-1]
    if last - first > 1.5 * pitch:
        low, high = int(last - 1.25 * pitch), int(last - 0.6 * pitch)
        smooth = np.convolve(profile, np.ones(5) / 5, mode="same")
        first = low + int(np.argmin(smooth[low:high]))
    return float(first), float(last)
