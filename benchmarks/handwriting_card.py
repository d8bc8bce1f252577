"""Figures of one model for its card, on lines that took no part in training.

    python benchmarks/handwriting_card.py models/handwriting RECIPE [--each 200] [--out models/handwriting]

RECIPE is the one the model was trained with: it says where the collections lie and how they were split. Prints a table
in Markdown, with the language model and without, and draws ``reliability.png``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from extractor.readers.handwriting.runtime import best_runner, inspect_folder
from extractor.training.confidence import Judged, calibration_error_by_chance, expected_calibration_error, logits_of
from extractor.training.figures import Checked, check, rendered_lines
from extractor.training.fonts.registry import load_fonts
from extractor.training.lines import Data
from extractor.training.recipe import load_recipe
from extractor.training.samples import plain
from extractor.training.strokes import Scribe

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def draw_reliability(groups: dict[str, list[Checked]], file: Path, bins: int = 8) -> None:
    """Share of right lines by mean confidence, in bins of equally many lines, for each group of kinds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 5.2), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], linestyle="--", color="#888888", label="perfectly calibrated")
    for (name, kinds), colour, marker in zip(groups.items(), COLOURS, "osD^", strict=False):
        sure = np.array([confidence for kind in kinds for confidence in kind.confidences])
        right = np.array([right for kind in kinds for right in kind.right])
        parts = np.array_split(np.argsort(sure), bins)
        error = expected_calibration_error(sure.tolist(), right.tolist())
        axes.plot(
            [sure[part].mean() for part in parts], [right[part].mean() for part in parts],
            marker=marker, color=colour, label=f"{name}: {len(sure)} lines, ECE {100 * error:.1f} %",
        )  # fmt: skip
    axes.set_xlabel("mean confidence of the line")
    axes.set_ylabel("share of lines exactly right")
    axes.set_title("Confidence of lines the reader was not trained on")
    axes.legend(fontsize=8, loc="upper left")
    axes.grid(alpha=0.3)
    figure.savefig(file, metadata={"Software": None})


def main() -> None:
    """Read all kinds of lines, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = Data.load(load_recipe(options.recipe, data="all"))
    folder = inspect_folder(options.model)
    run = best_runner(folder, 1)
    guided, free = folder.decoder(), folder.decoder(language=False)
    out, err = Console(width=160), Console(stderr=True)
    out.print(
        "| Lines | Count | CER | WER | Exact | ECE (by chance) | CER, no language model | Exact, no language model |"
    )
    out.print("|---|---|---|---|---|---|---|---|")

    def row(name: str, judged: list[Judged], *, insensitive: bool = False, confident: bool = True) -> Checked:
        checked = check(name, judged, guided, insensitive=insensitive)
        alone = check(name, judged, free, insensitive=insensitive).figures.errors
        errors = checked.figures.errors
        shares = [errors.cer, errors.wer, errors.exact, alone.cer, alone.exact]
        cells = ["-" if name == "empty cells" and place in (0, 1, 3) else f"{100 * share:.1f}"
                 for place, share in enumerate(shares)]  # fmt: skip
        gap = f"{100 * checked.figures.calibration_error:.1f} ({100 * checked.figures.by_chance:.1f})"
        # The confidence speaks of the text as written; only where labels cannot tell is it held against less.
        cells.insert(3, gap if confident else "-")
        out.print(f"| {name} | {errors.lines} | {' | '.join(cells)} |", soft_wrap=True)
        return checked

    groups: dict[str, list[Checked]] = {}
    for name in ("kalapa", "cinnamon"):
        judged = logits_of(run, plain(getattr(data, name)["held_out"], name))
        title = name.capitalize()
        if name == "kalapa":
            groups[title] = [row(f"{title}, without case and punctuation", judged, insensitive=True)]
        else:
            groups[title] = [row(f"{title}, as written", judged)]
            row(f"{title}, without case and punctuation", judged, insensitive=True, confident=False)
    scribe = Scribe(data.writers["held_out"]) if data.writers["held_out"] else None
    hands, prints = load_fonts("hand", "test"), load_fonts("print", "test")
    for name, samples in rendered_lines(hands, prints, scribe, options.each):
        err.print(f"{name} ...")
        group = "unseen writers' words" if "writers" in name else "unseen fonts"
        checked = row(name, logits_of(run, samples))
        if name != "empty cells":
            groups.setdefault(group, []).append(checked)
    everything = [kind for kinds in groups.values() for kind in kinds]
    sure = [confidence for kind in everything for confidence in kind.confidences]
    right = [right for kind in everything for right in kind.right]
    gap, chance = expected_calibration_error(sure, right), calibration_error_by_chance(sure)
    out.print(f"| all of these but the empty cells | {len(sure)} | | | | {100 * gap:.1f} ({100 * chance:.1f}) | | |")
    if options.out:
        draw_reliability(groups, options.out / "reliability.png")


if __name__ == "__main__":
    main()
