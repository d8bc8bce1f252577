"""An evaluation of a candidate for people: a table for the terminal, and a picture of the differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extractor.learning.comparison import Comparison, Figure, Slice

if TYPE_CHECKING:
    from rich.table import Table

PLOT_FILE = "differences.png"

_BETTER, _WORSE, _OPEN = "#0072b2", "#d55e00", "#666666"
"""Blue, vermilion and grey are told apart with any colour vision; markers differ as well."""


def render_comparison(comparison: Comparison) -> Table:
    """Figures of both readers and the intervals of their differences, 80 columns wide."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    caption = (
        f"in use > candidate; below, the {comparison.certainty:.0%} interval of the difference in points\n"
        f"groups share neither book nor hand\n"
        f"{len(comparison.broken)} lines were right and are no more, {comparison.mended} the other way round"
    )
    table = Table(title="Candidate against the model in use", caption=caption, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("lines", no_wrap=True)
    for heading in ("exact %", "CER %", "WER %", "ECE %"):
        table.add_column(heading, justify="right", no_wrap=True)
    former = "all"
    for found in comparison.slices:
        if found.by != former:
            table.add_section()
        former = found.by
        figures = (found.exact, found.cer, found.wer, found.ece)
        table.add_row(f"{found.name}\n{found.lines} in {found.groups} groups", *(_cell(figure) for figure in figures))
    return table


def _cell(figure: Figure) -> str:
    shown = f"{100 * figure.current:.1f} > {100 * figure.candidate:.1f}"
    if figure.low is None or figure.high is None:
        return f"{shown}\n-"
    return f"{shown}\n{100 * figure.low:+.1f} to {100 * figure.high:+.1f}"


def draw_differences(comparison: Comparison, file: Path) -> None:
    """Draw the differences by kind and source with their intervals: of exact lines, and of character errors beside."""
    from matplotlib.figure import Figure as Drawing

    slices = list(comparison.slices)
    drawing = Drawing(figsize=(10.0, 1.7 + 0.42 * len(slices)), dpi=110, layout="constrained")
    left, right = drawing.subplots(1, 2, sharey=True)
    for axes, name, sign, title in (
        (left, "exact", 1, "Lines read exactly (right is better)"),
        (right, "cer", -1, "Character errors (left is better)"),
    ):
        axes.axvline(0, color="#444444", linewidth=1, linestyle="--")
        for place, found in enumerate(slices):
            figure: Figure = getattr(found, name)
            colour, marker = _look(figure, sign)
            if figure.low is not None and figure.high is not None:
                axes.plot([100 * figure.low, 100 * figure.high], [place, place], color=colour, linewidth=2.2)
            axes.plot([100 * figure.difference], [place], marker=marker, color=colour, markersize=7, linestyle="")
        axes.set_title(title, fontsize=10)
        axes.set_xlabel(f"candidate less model in use, points, with {comparison.certainty:.0%} interval")
        axes.grid(axis="x", alpha=0.3)
    left.set_yticks(range(len(slices)), [_label(found) for found in slices])
    left.invert_yaxis()
    handles = [
        (_BETTER, "o", "better: the whole interval"),
        (_WORSE, "X", "worse: the whole interval"),
        (_OPEN, "s", "cannot be told"),
    ]
    for colour, marker, text in handles:
        left.plot([], [], color=colour, marker=marker, label=text)
    drawing.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    drawing.savefig(file, metadata={"Software": None})


def _look(figure: Figure, sign: int) -> tuple[str, str]:
    """Colour and marker; ``sign`` is 1 where more is better."""
    if figure.low is None or figure.high is None:
        return _OPEN, "s"
    ends = sorted((sign * figure.low, sign * figure.high))
    if ends[0] > 0:
        return _BETTER, "o"
    return (_WORSE, "X") if ends[1] < 0 else (_OPEN, "s")


def _label(found: Slice) -> str:
    name = {"all": "all lines", "kind": found.name, "stratum": f"from {found.name}"}[found.by]
    return f"{name}\n{found.lines} lines, {found.groups} groups"
