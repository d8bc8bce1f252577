"""Pages that bear the same record form twice, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extractor.templates.drafting.print_runs import PrintRun
from extractor.templates.letters import fold

_ACROSS_MM, _DOWN_MM = 6.0, 5.0
"""How far the second record's labels may stand from where the first record's lead one to expect them."""
_LEAST = 0.35
"""Share of the page's height that a record takes at least; persons within one record repeat their labels closer."""
_SHARE = 0.7
_LABELS = 5


@dataclass(frozen=True, slots=True)
class Repeated:
    """The second record of a page.

    Args:
        dy: how far below the first it stands, millimetres.
        top: where it begins, millimetres.
    """

    dy: float
    top: float


def find_repeat(runs: Sequence[PrintRun], height: float) -> Repeated | None:
    """How the page's labels repeat, or none where they do not.

    Args:
        runs: print of the page.
        height: height of the page, millimetres.
    """
    asking = sorted((run for run in runs if run.asks), key=lambda run: (run.baseline, run.left))
    steps = [
        below.baseline - above.baseline
        for number, above in enumerate(asking)
        for below in asking[number + 1 :]
        if _same(above, below) and below.baseline - above.baseline >= _LEAST * height
    ]
    if len(steps) < _LABELS:
        return None
    dy = max(steps, key=lambda step: sum(abs(step - other) < _DOWN_MM for other in steps))
    dy = float(np.median([step for step in steps if abs(step - dy) < _DOWN_MM]))
    first = next((run for run in asking if _twin(run, asking, dy) is not None), None)
    if first is None or first.baseline - asking[0].baseline > _DOWN_MM:
        return None
    second = _twin(first, asking, dy)
    top = (second.baseline if second else first.baseline + dy) - 1.5 * first.height
    upper = [run for run in asking if run.baseline < top]
    matched = sum(_twin(run, asking, dy) is not None for run in upper)
    return Repeated(dy, top) if matched >= max(_LABELS, _SHARE * len(upper)) else None


def _same(one: PrintRun, other: PrintRun) -> bool:
    return fold(one.text) == fold(other.text) and abs(one.left - other.left) < _ACROSS_MM


def _twin(run: PrintRun, runs: Sequence[PrintRun], dy: float) -> PrintRun | None:
    return next(
        (other for other in runs if _same(run, other) and abs(other.baseline - run.baseline - dy) < _DOWN_MM), None
    )
