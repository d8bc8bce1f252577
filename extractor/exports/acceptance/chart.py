"""A drawing of error rates with their confidence intervals."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from extractor.exports.acceptance.outcome import Rate

_WIDTH_IN, _ROW_IN, _REST_IN = 6.5, 0.3, 1.1
_DOTS_PER_INCH = 150
_BLUE, _GREY = "#1f4e79", "#8a8a8a"


def draw_rates(rates: Sequence[tuple[str, Rate]], aql: float, words: Mapping[str, str]) -> io.BytesIO:
    """Draw each rate as a dot with its interval, the limit as a line, as PNG; rates of nothing are left out.

    The same rates give the same bytes with the same version of matplotlib.

    Args:
        rates: with what they are of, the topmost first.
        aql: percent.
        words: ``chart_share`` and ``chart_count``.
    """
    from matplotlib.figure import Figure

    shown = [(name, rate) for name, rate in rates if rate.inspected]
    figure = Figure(figsize=(_WIDTH_IN, _REST_IN + _ROW_IN * len(shown)), dpi=_DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    for at, (_, rate) in enumerate(shown):
        low, share, high = (100 * part for part in (rate.interval.low, rate.interval.share, rate.interval.high))
        axes.plot([low, high], [at, at], color=_BLUE, linewidth=2, solid_capstyle="butt")
        axes.vlines([low, high], at - 0.16, at + 0.16, color=_BLUE)
        axes.plot([share], [at], "o", color=_BLUE, markersize=6)
    axes.axvline(aql, color=_GREY, linestyle="--", linewidth=1)
    counts = [words["chart_count"].format(errors=rate.errors, inspected=rate.inspected) for _, rate in shown]
    axes.set_yticks(range(len(shown)), [f"{name} {said}" for (name, _), said in zip(shown, counts, strict=True)])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(left=-0.5)
    axes.set_xlabel(words["chart_share"])
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    content.seek(0)
    return content
