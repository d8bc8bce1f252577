"""Pictures of what a reader takes for what: a matrix, error rates by group, the commonest confusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from extractor.errors import EvaluationError
from extractor.evaluation.confusions import Aspect, Confusions, GroupErrors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, VERMILION, GREY = "#0072b2", "#d55e00", "#666666"
"""Hues of Okabe and Ito's palette, which colour-blind people can tell apart."""

_MOST_LABELS = 30

_RARE = 10
"""What is written less often does not decide the range of the shades."""

_NAMES = {
    Aspect.LETTER: "Letters",
    Aspect.BASE: "Base letters",
    Aspect.MARK: "Marks",
    Aspect.TONE: "Tones",
    Aspect.CASE: "Capitals and small letters",
}


def draw_matrix(confusions: Confusions, labels: Sequence[str] | None = None, *, title: str = "") -> Figure:
    """Draw what was written against what was read; each row's shares as shades, the counts of errors as figures.

    Args:
        confusions: of one aspect.
        labels: which to show and in which order; by default all that was confused, the commonest first, at most 30.
        title: above the picture; the aspect by default.

    Raises:
        EvaluationError: there is nothing to draw.
    """
    labels = _confused(confusions) if labels is None else list(labels)
    if not labels:
        raise EvaluationError("Nothing was taken for anything else.", mend="Take more lines, or more difficult ones.")
    from matplotlib.figure import Figure

    matrix = confusions.matrix(labels)
    written = np.array([confusions.written(label) for label in labels])
    shares = matrix / np.maximum(written, 1)[:, None]
    side = max(4.2, 1.8 + 0.34 * len(labels))
    figure = Figure(figsize=(side + 1.4, side), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    shown = np.where(np.eye(len(labels), dtype=bool), np.nan, 100 * shares)
    # What is written once and read wrongly is wrong in 100 %: it must not make all else look pale.
    common = shown[written >= _RARE] if (written >= _RARE).any() else shown
    top = max(1.0, float(np.nanmax(common, initial=0.0)))
    image = axes.imshow(shown, cmap="Blues", vmin=0, vmax=top)
    for row, column in np.argwhere(matrix > 0):
        if row == column:
            axes.text(column, row, "·", ha="center", va="center", color=GREY)
        else:
            dark = shown[row, column] > 0.6 * top
            axes.text(
                column, row, str(matrix[row, column]), ha="center", va="center", fontsize=8,
                color="white" if dark else "black",
            )  # fmt: skip
    shown_labels = [_visible(label) for label in labels]
    axes.set_xticks(range(len(labels)), shown_labels, rotation=0 if max(map(len, shown_labels)) < 3 else 60)
    axes.set_yticks(range(len(labels)), shown_labels)
    axes.set_xlabel("read")
    axes.set_ylabel("written")
    axes.set_title(title or f"{_NAMES[confusions.aspect]} taken for others (figures: how often)")
    beyond = "max" if np.nanmax(shown, initial=0.0) > top else "neither"
    figure.colorbar(image, ax=axes, shrink=0.8, extend=beyond, label="share of all times it is written, %")
    return figure


def draw_groups(groups: Mapping[str, GroupErrors], *, title: str, label: str = "") -> Figure:
    """Draw the error rates of groups with their intervals, the worst on top.

    Args:
        groups: errors by the group's name.
        title: above the picture.
        label: what a group is.

    Raises:
        EvaluationError: there is no group.
    """
    if not groups:
        raise EvaluationError("There is no group of lines to draw.", mend="Give lines that were read.")
    from matplotlib.figure import Figure

    ordered = sorted(groups.items(), key=lambda item: item[1].cer)
    names = [f"{name or '-'} ({errors.lines})" for name, errors in ordered]
    rates = [100 * errors.cer for _, errors in ordered]
    spread = [
        [max(0.0, rate - 100 * errors.low) for rate, (_, errors) in zip(rates, ordered, strict=True)],
        [max(0.0, 100 * errors.high - rate) for rate, (_, errors) in zip(rates, ordered, strict=True)],
    ]
    figure = Figure(figsize=(7.2, 1.3 + 0.32 * len(names)), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.errorbar(rates, range(len(names)), xerr=spread, fmt="o", color=BLUE, ecolor=GREY, capsize=3)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlim(left=0)
    axes.set_xlabel("character error rate, %, with its 95 % interval")
    axes.set_ylabel(f"{label} (lines)" if label else "lines in brackets")
    axes.set_title(title)
    axes.grid(axis="x", alpha=0.3)
    return figure


def draw_worst(confusions: Confusions, *, most: int = 15, title: str = "") -> Figure:
    """Draw the commonest confusions, each with its share of all times the thing is written and its interval.

    Args:
        confusions: of one aspect.
        most: how many.
        title: above the picture; the aspect by default.

    Raises:
        EvaluationError: nothing was taken for anything else.
    """
    worst = confusions.worst(most)[::-1]
    if not worst:
        raise EvaluationError("Nothing was taken for anything else.", mend="Take more lines, or more difficult ones.")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 1.3 + 0.3 * len(worst)), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    rates = [100 * item.share.share for item in worst]
    spread = [
        [rate - 100 * item.share.low for rate, item in zip(rates, worst, strict=True)],
        [100 * item.share.high - rate for rate, item in zip(rates, worst, strict=True)],
    ]
    axes.errorbar(rates, range(len(worst)), xerr=spread, fmt="o", color=VERMILION, ecolor=GREY, capsize=3)
    names = [f"{_visible(item.truth)} → {_visible(item.read)}  ({item.share.count}×)" for item in worst]
    axes.set_yticks(range(len(worst)), names)
    axes.set_ylim(-0.6, len(worst) - 0.4)
    axes.set_xlim(left=0)
    axes.set_xlabel("share of all times it is written, %, with its 95 % interval")
    axes.set_ylabel("written → read (times)")
    axes.set_title(title or f"{_NAMES[confusions.aspect]} taken for others, the commonest first")
    axes.grid(axis="x", alpha=0.3)
    return figure


def _confused(confusions: Confusions) -> list[str]:
    """All that was confused, the commonest confusions first."""
    found: dict[str, None] = {}
    for item in confusions.worst(len(confusions.counts)):
        found |= dict.fromkeys((item.truth, item.read))
        if len(found) >= _MOST_LABELS:
            break
    return sorted(found, key=confusions.labels.index)


def _visible(label: str) -> str:
    return "space" if label == " " else label
