"""A chart of the result files: which share of an engine's character errors are base letters, vowel marks, tones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .results import Result
from .scoring import Figures

_PARTS = (("base letters", "#0072b2"), ("vowel marks, đ", "#e69f00"), ("tones", "#cc79a7"))


def draw(results: Sequence[Result], file: Path) -> None:
    """Draw one panel for each set and track, handwritten items only, the best engine first."""
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys((result["set"], result["track"]) for result in results))
    heights = [len(_of(results, *panel)) + 1 for panel in panels]
    figure = Figure(figsize=(9, 1.2 + 0.4 * sum(heights)), dpi=110, layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axis, panel in zip(axes, panels, strict=True):
        chosen = sorted(_of(results, *panel), key=lambda result: _by_hand(result).cer or 0.0, reverse=True)
        figures = [_by_hand(result) for result in chosen]
        left = np.zeros(len(chosen))
        for (label, colour), widths in zip(_PARTS, zip(*map(_split, figures), strict=True), strict=True):
            axis.barh(range(len(chosen)), widths, left=left, color=colour, label=label)
            left += np.array(widths)
        axis.set_yticks(range(len(chosen)), [result["engine"] for result in chosen], fontsize=8)
        for place, total in enumerate(left):
            axis.text(total + 0.6, place, f"{total:.1f}", va="center", fontsize=8)
        axis.set_title(f"{panel[0]}: {panel[1]} by hand, {figures[0].items} of them", fontsize=9, loc="left")
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlabel("character error rate, % of the characters written")
    axes[0].legend(fontsize=8, loc="lower right", title="errors in", title_fontsize=8)
    figure.savefig(file, metadata={"Software": None})


def _of(results: Sequence[Result], name: str, track: str) -> list[Result]:
    return [result for result in results if (result["set"], result["track"]) == (name, track)]


def _by_hand(result: Result) -> Figures:
    figures: Figures = result["score"].scripts["hand"]
    return figures


def _split(figures: Figures) -> tuple[float, float, float]:
    """Percent of the characters that are wrong in their base letter, their mark, their tone."""
    cer = 100 * (figures.cer or 0.0)
    tones, marks = (cer * (share or 0.0) for share in (figures.tone_share, figures.mark_share))
    return cer - tones - marks, marks, tones
