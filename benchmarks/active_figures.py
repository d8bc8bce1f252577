"""Figures for ``active.py``: errors by lines learnt from, what a strategy needs beside chance, tables and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

CHANCE = "by chance"
COLOURS = ("#000000", "#0072b2", "#56b4e9", "#009e73", "#f0e442", "#e69f00", "#d55e00", "#cc79a7", "#999999", "#882255")
_DRAWS = 1000


@dataclass(frozen=True)
class Point:
    """A reader after one step.

    Args:
        lines: it learnt from.
        characters: in their texts.
        rare, minority: rare letters, and names of smaller peoples (of rendered lines), among what it learnt from.
        read: of each part, each line's edits, characters, rare letters read right, and rare letters.
    """

    lines: int
    characters: int
    rare: int
    minority: int
    read: dict[str, list[tuple[int, int, int, int]]]


Found = dict[str, list[tuple[float, float, float]]]


def report_found(found: dict[int, Found], to: Console) -> None:
    """What is among the first lines chosen."""
    table = Table("strategy", "lines", "of all lines %", "names of smaller peoples found %", "rare letters found %")
    for step, by_name in found.items():
        for name, shares in by_name.items():
            means, spread = 100 * np.mean(shares, axis=0), 100 * np.std(shares, axis=0)
            told = (f"{mean:.0f} ± {wide:.0f}" for mean, wide in zip(means[:2], spread[:2], strict=True))
            table.add_row(name, str(step), f"{means[2]:.0f}", *told)
    to.print(table)


def draw_found(found: dict[int, Found], file: Path, title: str) -> None:
    """Shares found by lines chosen."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    for place, what in enumerate(("names of smaller peoples", "rare letters")):
        axes = figure.add_subplot(1, 2, place + 1)
        for (name, style), colour in zip(_styles(next(iter(found.values()))), COLOURS, strict=False):
            means = [100 * np.mean(by_name[name], axis=0)[place] for by_name in found.values()]
            axes.plot([0, *found], [0, *means], color=colour, label=name, **style)
        axes.set(xlabel="lines chosen", ylabel=f"{what} found, %", title=title, ylim=(0, 100))
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(file, metadata={"Software": None})


def _styles(names: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Line styles: chance and the combination stand out, and no two lines differ by colour alone."""
    marks = "osD^v<>Pxd"
    return [
        (name, {"marker": mark, "markersize": 4.5, "lw": 2.6 if name in (CHANCE, "combined") else 1.0})
        for name, mark in zip(names, marks, strict=False)
    ]


Curve = NDArray[np.float64]
What = Literal["characters", "lines", "rare"]
TOLD: dict[What, str] = {"characters": "CER", "lines": "lines misread", "rare": "rare letters misread"}


class Curves:
    """Points of one strategy over its seeds, measured on one part's lines."""

    def __init__(self, runs: Sequence[Sequence[Point]], part: str, lines: NDArray[np.bool_] | None = None) -> None:
        read = np.array([[point.read[part] for point in run] for run in runs], dtype=np.float64)
        self.read = read if lines is None else read[:, :, lines]  # (seeds, points, lines, 4)
        self.lines = np.array([[point.lines for point in run] for run in runs], dtype=np.float64)
        self.characters = np.array([[point.characters for point in run] for run in runs], dtype=np.float64)
        self.rare = np.array([[point.rare for point in run] for run in runs], dtype=np.float64)
        self.minority = np.array([[point.minority for point in run] for run in runs], dtype=np.float64)

    def error(self, seeds: NDArray[np.intp], lines: NDArray[np.intp], what: What = "characters") -> Curve:
        """Error at each point for some seeds and measured lines: characters, lines, or rare letters not read right."""
        read = self.read[seeds][:, :, lines]
        if what == "lines":
            return np.asarray((read[..., 0] > 0).mean(axis=(0, 2)))
        sums = read.sum(axis=(0, 2))
        return 1.0 - sums[:, 2] / np.maximum(sums[:, 3], 1) if what == "rare" else sums[:, 0] / sums[:, 1]


def needed(error: Curve, cost: Curve, goal: float) -> float:
    """Cost at which a falling error reaches the goal, by straight lines between points over the cost's logarithm.

    Infinite where it never does; no number where the goal is no better than the error at first.
    """
    if goal >= error[0]:
        return float("nan")
    for place in range(1, len(error)):
        if error[place] <= goal:
            before, after = error[place - 1], error[place]
            if cost[place - 1] <= 0:  # the reader before it learnt anything: straight over the cost itself
                return float(cost[place] * (before - goal) / max(before - after, 1e-12))
            share = (before - goal) / max(before - after, 1e-12)
            return float(cost[place - 1] * (cost[place] / cost[place - 1]) ** share)
    return float("inf")


def share_needed(
    chance: Curves, other: Curves, what: What = "characters", *, characters: bool = False
) -> tuple[float, float, float]:
    """What a strategy needs for chance's last error, as a share of what chance took.

    Args:
        what: the error is of.
        characters: counted in characters typed instead of lines.

    Returns:
        The share over all seeds and measured lines, and the ends of its 95 % interval; both are drawn with
        replacement, each strategy with the same.
    """
    rng = np.random.default_rng(0)
    seeds, lines = min(len(chance.read), len(other.read)), chance.read.shape[2]

    def share(some: NDArray[np.intp], measured: NDArray[np.intp]) -> float:
        goal = chance.error(some, measured, what)[-1]
        costs = [(each.characters if characters else each.lines)[some].mean(axis=0) for each in (chance, other)]
        return needed(other.error(some, measured, what), costs[1], goal) / costs[0][-1]

    whole = share(np.arange(seeds), np.arange(lines))
    drawn = np.array(
        [share(rng.integers(seeds, size=seeds), rng.integers(lines, size=lines)) for _ in range(_DRAWS)]
    )  # fmt: skip
    # Draws in which chance learnt nothing count as the best and as the worst.
    low = np.quantile(np.where(np.isnan(drawn), 0.0, drawn), 0.025, method="nearest")
    high = np.quantile(np.where(np.isnan(drawn), np.inf, drawn), 0.975, method="nearest")
    return whole, float(low), float(high)


def report(found: dict[str, Curves], console: Console, what: What = "characters") -> None:
    """The table of all strategies."""
    steps = found[CHANCE].lines[0].astype(int)
    columns = (*(f"{TOLD[what]} %, {step} lines" for step in steps), "lines needed", "characters needed",
               "rare letters seen")  # fmt: skip
    table = Table("strategy", *columns)
    for name, curves in found.items():
        every = np.arange(len(curves.read)), np.arange(curves.read.shape[2])
        errors = curves.error(*every, what)
        shares = [share_needed(found[CHANCE], curves, what, characters=each) for each in (False, True)]
        told = ["100" if name == CHANCE else f"{_percent(s)} ({_percent(low)} to {_percent(high)})"
                for s, low, high in shares]  # fmt: skip
        table.add_row(name, *_columns(errors, len(steps)), *told, f"{curves.rare[:, -1].mean():.0f}")
    console.print(table)


def _columns(errors: Curve, count: int) -> list[str]:
    """Errors of each step in percent, and dots for steps that were not gone."""
    return [f"{100 * error:.1f}" for error in errors] + ["."] * (count - len(errors))


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else "never" if share == float("inf") else f"{100 * share:.0f} %"


def draw(found: dict[str, Curves], file: Path, title: str) -> None:
    """Errors by lines learnt from: of characters by lines and by characters typed, of lines, and of rare letters."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8), dpi=110, layout="constrained")
    panels: tuple[tuple[What, bool], ...] = (("characters", False), ("characters", True), ("lines", False),
                                             ("rare", False))  # fmt: skip
    for place, (what, typed) in enumerate(panels, start=1):
        axes = figure.add_subplot(2, 2, place)
        for (name, style), colour in zip(_styles(found), COLOURS, strict=False):
            curves = found[name]
            lines = np.arange(curves.read.shape[2])
            each = np.array([curves.error(np.array([seed]), lines, what) for seed in range(len(curves.read))])
            mean = 100 * curves.error(np.arange(len(each)), lines, what)
            cost = (curves.characters if typed else curves.lines).mean(axis=0)
            axes.plot(cost[1:], mean[1:], color=colour, label=name, **style)
            if name in (CHANCE, "combined"):
                axes.fill_between(cost[1:], 100 * each.min(axis=0)[1:], 100 * each.max(axis=0)[1:], color=colour,
                                  alpha=0.15, lw=0)  # fmt: skip
        axes.set(xscale="log", xlabel="characters typed" if typed else "lines learnt from", ylabel=f"{TOLD[what]}, %")
        low, high = axes.get_xlim()
        ticks = [250 * 2**power for power in range(12)] if typed else [int(step) for step in found[CHANCE].lines[0][1:]]
        ticks = [tick for tick in ticks if low <= tick <= high]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.suptitle(title)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(file, metadata={"Software": None})
