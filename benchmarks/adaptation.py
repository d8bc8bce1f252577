"""What the reader gains from learning one hand: errors before, and after 5, 20 and 50 verified lines.

    python benchmarks/adaptation.py [--handwriting DIR] [--quick] [--out DIR] [--part held_out] [--seed 1] [--draws 1]

Each hand is a writer, form or font that the reader was not trained on. Its first lines are learnt as
``extractor adapt`` does it, the check included; its other lines are read before and after. Side by side, on the same
lines of one run:

- ``weights``: layers of the network are fine-tuned;
- ``memory``: the texts of the lines join the language model;
- ``both``, which is what ``extractor adapt`` does.

Without ``--handwriting`` the hands are the fonts of the ``test`` part. DIR holds ``vnondb_words.npz`` and ``kalapa/``;
what is missing is left out. From the strokes come two sorts of lines: ``copied`` (news text as the writer wrote it) and
``book`` (a register of invented people in the writer's own words, of which those that were never written twice are
replaced, the same word always by the same). No piece of ink is learnt and read. ``forms`` are photographed forms.

A change is that of all errors of all hands together, with the interval that holds for 95 % of draws of as many hands.
``worse`` is the share of hands with more errors than before; ``kept`` the share for which the check left the reader as
it was. Seconds are of one processor, which is the time by the clock where nothing else runs. ``--part tuning`` is for
choosing settings.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import adaptation_hands
import cv2
import numpy as np
import torch
from adaptation_hands import Trial
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.table import Table

from extractor.learning.adapting import Adapted, adapt
from extractor.learning.book_memory import remember
from extractor.readers.handwriting.adapted import add_to, remembering
from extractor.readers.handwriting.hand_file import HandFile
from extractor.readers.handwriting.images import prepare
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import LineRecogniser, load_recogniser
from extractor.readers.handwriting.runtime import ModelFolder, inspect_folder
from extractor.training.collections import read_kalapa, split
from extractor.training.fonts.registry import load_fonts
from extractor.training.metrics import plain_words
from extractor.training.strokes import load_writers, split_writers

METHODS = ("weights", "memory", "both")
COLOURS = {"weights": "#0072b2", "memory": "#d55e00", "both": "#009e73"}
TITLES = {
    "copied": "news text, unseen writers",
    "book": "register in unseen writers' words",
    "forms": "photographed forms (Kalapa)",
    "fonts": "register in unseen fonts",
}
_BOOTSTRAPS = 4000


@dataclass(frozen=True)
class Row:
    """One hand, read in one way after so many verified lines."""

    source: str
    hand: str
    draw: int
    lines: int
    method: str
    errors: int
    characters: int
    exact: int
    read: int
    kept: bool
    seconds: float


class Bench:
    """The shipped reader, and what becomes of it."""

    def __init__(self, model: Path) -> None:
        self.folder: ModelFolder = inspect_folder(model)
        self.model = load_recogniser(model)
        self.decoder = self.folder.decoder()

    def rows(self, trial: Trial, draw: int, counts: Sequence[int], methods: Sequence[str] = METHODS) -> Iterator[Row]:
        """Read a hand before and after learning."""
        learns = any(method != "memory" for method in methods)
        pictures = [prepare(line.picture)[0] for line in trial.then]
        before = logits(self.model, pictures)
        yield self._row(trial, before, self.decoder, draw=draw, count=0, method="shipped", kept=True, seconds=0.0)
        for count in counts:
            if len(trial.first) < count:
                continue
            lines = trial.first[:count]
            started = time.process_time()
            adapted = adapt(self.model, lines) if learns else Adapted({}, count)
            learnt = time.process_time() - started
            guide = self.decoder.guidance
            memory = remember([line.text for line in lines], guide.guide) if guide else None  # type: ignore[arg-type]
            remembered = time.process_time() - started - learnt
            hand = HandFile(self.folder.digest, self.folder.alphabet, adapted.difference, memory)
            decoder, after = remembering(self.decoder, hand), before
            if adapted.helps:
                other = load_recogniser(self.folder.path)
                add_to(other, hand.difference)
                after = logits(other, pictures)
            ways = {
                "weights": (after, self.decoder, not adapted.helps, learnt),
                "memory": (before, decoder, memory is None, remembered),
                "both": (after, decoder, memory is None and not adapted.helps, learnt + remembered),
            }
            for method in methods:
                found, way, kept, seconds = ways[method]
                yield self._row(trial, found, way, draw=draw, count=count, method=method, kept=kept, seconds=seconds)

    def _row(
        self, trial: Trial, found: list[NDArray[np.float32]], decoder: LineDecoder, *, draw: int, count: int,
        method: str, kept: bool, seconds: float,
    ) -> Row:  # fmt: skip
        errors = characters = exact = 0
        for rows, line in zip(found, trial.then, strict=True):
            text, truth = decoder.texts(rows)[0].text, line.text
            if trial.insensitive:
                text, truth = plain_words(text), plain_words(truth)
            errors += Levenshtein.distance(text, truth)
            characters += len(truth)
            exact += text == truth
        return Row(
            trial.source, trial.hand, draw, count, method, errors, characters, exact, len(trial.then), kept, seconds
        )


def logits(model: LineRecogniser, pictures: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Logits of prepared pictures, in order."""
    model.eval()
    with torch.inference_mode():
        return [np.asarray(model(torch.from_numpy(picture)[None, None])[0].numpy()) for picture in pictures]


def hands(folder: Path | None, part: str, seed: int, draw: int, *, most: int, read: int) -> Iterator[Trial]:
    """All hands there are."""
    if folder is None:
        fonts = load_fonts("hand", "test" if part == "held_out" else "calibration")
        yield from adaptation_hands.font_hands(fonts, draw, most=most, read=read)
        return
    if (strokes := folder / "vnondb_words.npz").is_file():
        writers = [writer for writer in split_writers(load_writers(strokes), seed)[part] if len(writer.words) >= 20]
        yield from adaptation_hands.book_lines(writers, draw, most=most, read=read)
        yield from adaptation_hands.copied_lines(writers, draw, most=most, read=read)
    if (folder / "kalapa").is_dir():
        yield from adaptation_hands.form_lines(
            split(read_kalapa(folder / "kalapa"), seed)[part], draw, most=most, read=read
        )


def change(rows: Sequence[Row], before: Sequence[Row]) -> tuple[float, float, float]:
    """Relative change of all errors, with the ends of its 95 % interval over draws of as many hands."""
    first = {(row.hand, row.draw): row.errors for row in before}
    by_hand: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        by_hand.setdefault(row.hand, []).append((row.errors, first[row.hand, row.draw]))
    pairs = np.array([np.sum(found, axis=0) for found in by_hand.values()], dtype=float)
    drawn = np.random.default_rng(0).integers(len(pairs), size=(_BOOTSTRAPS, len(pairs)))
    sums = pairs[drawn].sum(axis=1)
    changes = sums[:, 0] / np.maximum(sums[:, 1], 1) - 1
    low, high = np.percentile(changes, [2.5, 97.5])
    total = pairs.sum(axis=0)
    return float(total[0] / max(total[1], 1) - 1), float(low), float(high)


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """A table for each sort of hands; hands that lack lines for a count stand in the rows of smaller ones only."""
    for source in dict.fromkeys(row.source for row in rows):
        own = [row for row in rows if row.source == source]
        start = [row for row in own if row.method == "shipped"]
        table = Table(
            "lines", "method", "hands", "CER % before", "CER % after", "change % (95 %)", "exact %", "worse %",
            "kept %", "s", "s most", title=f"{TITLES[source]}: {sum(row.read for row in start)} lines read",
        )  # fmt: skip
        for count in sorted({row.lines for row in own} - {0}):
            for method in METHODS:
                chosen = [row for row in own if (row.lines, row.method) == (count, method)]
                if not chosen:
                    continue
                keys = {(row.hand, row.draw): row for row in chosen}
                before = [row for row in start if (row.hand, row.draw) in keys]
                worse = [keys[row.hand, row.draw].errors > row.errors for row in before]
                by, low, high = change(chosen, before)
                seconds = [row.seconds for row in chosen]
                table.add_row(
                    str(count), method, str(len({row.hand for row in chosen})), f"{100 * cer(before):.1f}",
                    f"{100 * cer(chosen):.1f}", f"{100 * by:+.0f} ({100 * low:+.0f} to {100 * high:+.0f})",
                    f"{100 * sum(row.exact for row in chosen) / sum(row.read for row in chosen):.0f}",
                    f"{100 * np.mean(worse):.0f}", f"{100 * np.mean([row.kept for row in chosen]):.0f}",
                    f"{np.mean(seconds):.1f}", f"{max(seconds):.1f}",
                )  # fmt: skip
        yield table


def cer(rows: Sequence[Row]) -> float:
    """Character errors of all lines of all hands."""
    return sum(row.errors for row in rows) / max(1, sum(row.characters for row in rows))


def draw_plot(rows: Sequence[Row], file: Path) -> None:
    """Errors relative to before, by verified lines, for each sort of hands and method."""
    from matplotlib.figure import Figure

    sources = list(dict.fromkeys(row.source for row in rows))
    figure = Figure(figsize=(0.8 + 3.6 * len(sources), 3.9), dpi=110, layout="constrained")
    panels = figure.subplots(1, len(sources), sharey=True, squeeze=False)[0]
    for panel, source in zip(panels, sources, strict=True):
        own = [row for row in rows if row.source == source]
        counts = sorted({row.lines for row in own} - {0})
        for place, method in enumerate(METHODS):
            found, at = [(0.0, 0.0, 0.0)], [0.0]
            for spot, count in enumerate(counts, start=1):
                chosen = [row for row in own if (row.lines, row.method) == (count, method)]
                keys = {(row.hand, row.draw) for row in chosen}
                if chosen:
                    found.append(change(chosen, [r for r in own if r.lines == 0 and (r.hand, r.draw) in keys]))
                    at.append(spot + 0.07 * (place - 1))
            middle, low, high = (100 + 100 * np.array(part) for part in zip(*found, strict=True))
            panel.errorbar(
                at, middle, yerr=[middle - low, high - middle], marker="os^"[place], capsize=3, color=COLOURS[method],
                label=method,
            )  # fmt: skip
        panel.axhline(75, linestyle="--", color="#888888", linewidth=1)
        panel.set_xticks(range(len(counts) + 1), ["0", *map(str, counts)])
        panel.set_xlabel("verified lines of the hand")
        panel.set_title(TITLES[source], fontsize=10)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("character errors, % of those before")
    panels[0].legend(fontsize=8, loc="lower left")
    figure.savefig(file, metadata={"Software": None})


def main() -> None:
    """Learn each hand, read it, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--handwriting", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/handwriting"))
    parser.add_argument("--part", choices=["tuning", "held_out"], default="held_out")
    parser.add_argument("--seed", type=int, default=1, help="the seed the reader's collections were split with")
    parser.add_argument("--draws", type=int, default=1, help="other first lines of each hand")
    parser.add_argument("--hands", type=int, default=0, help="hands of each sort at most; 0: all")
    parser.add_argument("--sorts", nargs="+", choices=list(TITLES), default=list(TITLES), help="of hands")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), help="memory alone is quick")
    parser.add_argument("--lines", type=int, nargs="+", default=[5, 20, 50], help="verified lines")
    parser.add_argument("--read", type=int, default=25, help="lines of a hand that are read afterwards")
    parser.add_argument("--quick", action="store_true", help="two hands of a sort, 5 and 20 lines: a look, no figures")
    parser.add_argument("--out", type=Path, help="for adaptation.jsonl and adaptation.png; a run there is gone on with")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if given.quick:
        given.hands, given.lines, given.read = 2, [5, 20], 10
    file = given.out / "adaptation.jsonl" if given.out else None
    rows: list[Row] = []
    if file is not None and file.is_file():
        rows = [Row(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    done = {(row.source, row.hand, row.draw, row.lines, row.method) for row in rows}
    bench, err, most = Bench(given.model), Console(stderr=True), max(given.lines)
    for draw in range(given.draws):
        seen: dict[str, int] = {}
        for trial in hands(given.handwriting, given.part, given.seed, draw, most=most, read=given.read):
            if trial.source not in given.sorts:
                continue
            seen[trial.source] = seen.get(trial.source, 0) + 1
            key = (trial.source, trial.hand, draw)
            possible = [count for count in given.lines if count <= len(trial.first)]
            left = [count for count in possible if any((*key, count, method) not in done for method in given.methods)]
            if (given.hands and seen[trial.source] > given.hands) or not left:
                continue
            found = [
                row for row in bench.rows(trial, draw, left, given.methods)
                if (*key, row.lines, row.method) not in done
            ]  # fmt: skip
            rows += found
            told = ", ".join(f"{row.method[0]}{row.lines} {100 * cer([row]):.1f}" for row in found)
            err.print(f"{trial.source} {seen[trial.source]}: {told}", highlight=False, soft_wrap=True)
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("a", encoding="utf-8") as stream:
                    stream.writelines(json.dumps(asdict(row)) + "\n" for row in found)
    for table in tables(rows):
        Console(width=160).print(table)
    if given.out:
        draw_plot(rows, given.out / "adaptation.png")


if __name__ == "__main__":
    main()
