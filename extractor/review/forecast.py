"""When the work will be done, at the pace of the last days."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, inf, sqrt

_CERTAINTY = 0.95
_FARTHEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Forecast:
    """The day on which nothing will wait any more.

    Args:
        likely: at the mean pace.
        first: the earliest day of the range, which holds the true one with 95 % certainty if work goes on as it went.
        last: the latest; none where the pace varies so much that there is no telling, or in more than ten years.
    """

    likely: date
    first: date
    last: date | None


def forecast(waiting: int, daily: Sequence[int], today: date, *, worked_days: int) -> Forecast | None:
    """Forecast from the numbers settled on each of the last days; none where too little is known or nothing waits.

    The range is a prediction interval: the total of ``n`` days to come, foreseen from the mean and the standard
    deviation of ``k`` days seen, has the variance ``s² (n + n²/k)`` (Hahn and Meeker, "Statistical Intervals", 1991,
    section 4.7). It ends where the interval's bounds reach what waits. Days without work count as they are.

    Args:
        waiting: fields that wait.
        daily: one number for each day seen, days without work included.
        today: days are counted from tomorrow, since today's work is partly done.
        worked_days: fewer days with work than this are too few.
    """
    if waiting <= 0 or sum(number > 0 for number in daily) < worked_days:
        return None
    mean, spread = statistics.fmean(daily), statistics.stdev(daily)
    likely = waiting / mean
    first, last = _range(waiting, mean, spread, len(daily))
    if likely > _FARTHEST_DAYS:
        return None
    return Forecast(
        likely=today + timedelta(days=ceil(likely)),
        first=today + timedelta(days=max(1, ceil(first))),
        last=None if last > _FARTHEST_DAYS else today + timedelta(days=ceil(last)),
    )


def _range(waiting: int, mean: float, spread: float, seen: int) -> tuple[float, float]:
    """Numbers of days ``n`` for which ``(mean n - waiting)² = c² (n + n²/seen)``: the smaller and the larger."""
    from scipy.stats import t

    square = (float(t.ppf((1 + _CERTAINTY) / 2, seen - 1)) * spread) ** 2
    a, b, c = mean**2 - square / seen, -(2 * mean * waiting + square), float(waiting) ** 2
    root = sqrt(b * b - 4 * a * c)
    # The larger bound lies beyond all days where the slowest likely pace is none; this form also stands a = 0.
    return 2 * c / (root - b), (root - b) / (2 * a) if a > 0 else inf
