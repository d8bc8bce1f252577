"""What several pages of one form have in common: print stands on all of them, writing on one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from extractor.templates.drafting.print_runs import PrintRun
from extractor.templates.letters import Piece, fold
from extractor.templates.wording import find_wordings

_REACH_MM = 12.0
"""Print of the same form stands within this distance on another page once both are laid on each other."""
_FAR_MM = 40.0
"""Pages of one form are not further apart than this; a record that stands on a page twice is."""
_AGREE_MM = 4.0
_EXACT_MM = 4.0
_ALIKE = 0.75
_HALF = 0.5
_KNOWN_SHARE = 0.3
"""A wording known from other forms needs to be read on fewer pages."""


@dataclass(frozen=True, slots=True)
class PageView:
    """One page as it is compared: its print, its pieces in working pixels, and those in a millimetre."""

    runs: tuple[PrintRun, ...]
    lines: Sequence[Sequence[Piece]]
    mm: float


def richest(pages: Sequence[PageView]) -> int:
    """Number of the page whose print was read best: the one the draft's measures are taken from."""
    return int(np.argmax([sum(run.confidence * min(12, len(fold(run.text))) for run in page.runs) for page in pages]))


def common_runs(pages: Sequence[PageView], reference: int) -> list[PrintRun]:
    """Print that the pages share, where it stands on the reference page.

    Of one page alone everything is kept. Print that the reference page lacks is taken from the others, moved to where
    it would stand there.
    """
    if len(pages) == 1:
        return list(pages[0].runs)
    others = [number for number in range(len(pages)) if number != reference]
    shifts = {number: _shift(pages[reference], pages[number]) for number in others}
    kept: list[PrintRun] = []
    for number in (reference, *others):
        dx, dy = shifts.get(number, (0.0, 0.0))
        for run in pages[number].runs:
            here = replace(run, left=run.left - dx, right=run.right - dx, baseline=run.baseline - dy)
            if number != reference and any(_overlap(here, other) for other in kept):
                continue
            support = 1 + sum(
                _stands_on(here, pages[other], shifts.get(other, (0.0, 0.0)), _reach(run))
                for other in range(len(pages))
                if other != number
            )
            if support / len(pages) >= _needed(run):
                kept.append(here)
    return sorted(kept, key=lambda run: (run.baseline, run.left))


def _shift(reference: PageView, page: PageView) -> tuple[float, float]:
    """How far the page's print lies right of and below the reference's, millimetres: what most like words agree on."""
    moves = np.array(
        [
            (run.left - other.left, run.baseline - other.baseline)
            for run in page.runs
            for other in reference.runs
            if len(fold(run.text)) >= 4 and fold(run.text) == fold(other.text)
        ]
    ).reshape(-1, 2)
    moves = moves[np.abs(moves).max(axis=1, initial=0.0) < _FAR_MM]
    if not len(moves):
        return 0.0, 0.0
    near = np.abs(moves[:, None, :] - moves[None, :, :]).max(axis=2) < _AGREE_MM
    dx, dy = np.median(moves[near[int(near.sum(axis=1).argmax())]], axis=0)
    return float(dx), float(dy)


def _needed(run: PrintRun) -> float:
    """Share of the pages on which a run must stand: on all, where values stand; on few, where it is known print."""
    if run.inside and not run.colon:
        return 0.99
    return _KNOWN_SHARE if run.known else _HALF + 1e-9


def _reach(run: PrintRun) -> float:
    """How far from its place it may stand: print within a line keeps its place, a word of a value does not."""
    return _EXACT_MM if run.inside and not run.colon else _REACH_MM


def _stands_on(run: PrintRun, page: PageView, shift: tuple[float, float], reach: float) -> bool:
    """Whether the run's words stand at its place on another page too."""
    x, y = run.left + shift[0], run.baseline + shift[1]
    return any(
        abs(place.left / page.mm - x) < reach and abs(place.baseline / page.mm - y) < reach
        for place in find_wordings(page.lines, [run.text], least=_ALIKE)
    )


def _overlap(run: PrintRun, other: PrintRun) -> bool:
    level = abs(run.baseline - other.baseline) < 0.7 * max(run.height, other.height)
    return level and run.left < other.right and other.left < run.right
