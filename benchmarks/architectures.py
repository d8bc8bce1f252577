"""Readers of several architectures learn from the same lines: our pretrained encoder, a CRNN, a transformer, all CTC.

    python benchmarks/architectures.py RECIPE ENCODER [--lines 30000] [--words 1] [--only NAME...] [--out DIR]

RECIPE says where the collections lie and how they are split; ENCODER is ``PP-OCRv6_rec_small.onnx`` from the rapidocr
wheel. All see the same lines in the same order, at the same rate and batch size, on one thread, so that only the
architecture and its initial weights differ:

- ``pretrained``: :class:`extractor.readers.handwriting.encoder.LineEncoder` with its published weights, new head; over
  the first fifth of the lines the encoder stays as it is, for a fresh head would spoil it before it has learnt to read;
- ``scratch``: the same network with random weights;
- ``crnn``: seven convolutions and two bidirectional LSTM layers from random weights, after Shi, Bai and Yao, "An
  end-to-end trainable neural network for image-based sequence recognition" (TPAMI 2017);
- ``transformer``: four convolutions that divide both sides by eight, then six self-attention blocks from random
  weights, after the CTC branch of Diaz et al., "Rethinking text line recognition models" (2021).

Prints CER on tuning lines and processor time a line; ``--out`` receives a result file for each reader and the learning
curves. Results that lie there already are shown with the new ones, so the readers can be trained in several runs.
The lines hold a few words each (pen strokes where the recipe has them, else fonts), so that readers from random weights
get somewhere within minutes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from extractor.readers.handwriting.model import LineRecogniser
from extractor.training.architectures import build_recogniser
from extractor.training.ctc import Alphabet
from extractor.training.fonts.registry import load_fonts
from extractor.training.import_encoder import import_encoder
from extractor.training.line_texts import line_text
from extractor.training.lines import Data
from extractor.training.metrics import LineErrors
from extractor.training.recipe import Recipe, load_recipe
from extractor.training.rendered import font_lines, stroke_lines
from extractor.training.rendering import Batch, batches
from extractor.training.samples import Sample, interleave
from extractor.training.strokes import Scribe
from extractor.training.train import Schedule, fine_tune, read_samples

COLOURS = {"pretrained": "#0072b2", "scratch": "#56b4e9", "crnn": "#d55e00", "transformer": "#009e73"}


_AT_ONCE = ((1.0, 5e-4),)
_PLAN = {"pretrained": ((0.2, 0.0), (0.8, 5e-4))}
"""Stages as shares of the lines, each with the encoder's highest rate."""


def build(name: str, encoder: Path, seed: int) -> LineRecogniser:
    """A reader of an architecture, with fresh weights but for the pretrained encoder."""
    model = build_recogniser("scratch" if name == "pretrained" else name, seed)
    if name == "pretrained":
        model.encoder.load_state_dict(import_encoder(encoder).state_dict())
    return model


@dataclass(frozen=True)
class Result:
    """What an architecture reached: CER by source along the way, its size and what a line costs."""

    name: str
    parameters: int
    training_ms: float
    curve: list[tuple[int, dict[str, float]]]


@dataclass(frozen=True)
class ShortLines:
    """Endless lines of a few words: writers' own words, and words in fonts, by turns."""

    data: Data
    words: int
    seed: int
    part: str = "train"

    def __call__(self, process: int) -> Iterator[Sample]:
        """The stream of one process."""
        rngs = [np.random.default_rng([self.seed, process, number]) for number in range(3)]
        fonts = load_fonts("hand", "train" if self.part == "train" else "calibration")
        streams = [(1.0, font_lines(rngs[0], fonts, self.text))]
        if self.data.writers[self.part]:
            scribe = Scribe(self.data.writers[self.part])
            streams.append((1.5, stroke_lines(rngs[1], scribe, copied=1.0, most_words=self.words)))
        return interleave(rngs[2], streams)

    def text(self, rng: np.random.Generator) -> str:
        """The first words of a field."""
        return " ".join(line_text(rng).split()[: int(rng.integers(1, self.words + 1))])


def train(
    name: str, recipe: Recipe, data: Data, encoder: Path, work: Path, *, lines: int, words: int, batch: int,
    watched: int, report: Callable[[str], None],
) -> Result:  # fmt: skip
    """Train one architecture from its start."""
    model = build(name, encoder, recipe.seed)
    alphabet = Alphabet(model.config.alphabet)
    tuning = list(itertools.islice(ShortLines(data, words, recipe.seed, "tuning")(0), 2 * watched))
    curve: list[tuple[int, dict[str, float]]] = []
    seen = [0, 0.0]

    def count(done: int) -> None:
        seen[0] = done

    def validate(model: LineRecogniser) -> float:
        started = time.process_time()
        errors: dict[str, LineErrors] = read_samples(model, tuning, alphabet)
        curve.append((int(seen[0]), {source: item.cer for source, item in errors.items()}))
        report(f"{name}: {seen[0]} lines; " + ", ".join(f"{s} {100 * e.cer:.1f} %" for s, e in errors.items()))
        seen[1] += time.process_time() - started
        return sum(item.cer for item in errors.values()) / len(errors)

    stream: Iterator[Batch] = batches(ShortLines(data, words, recipe.seed), alphabet.writes, batch, 0)
    for file in work.glob(f"{name}.*"):  # what an earlier run left
        file.unlink()
    started = time.process_time()
    before = 0
    for stage, (share, encoder_rate) in enumerate(_PLAN.get(name, _AT_ONCE)):
        due = round(share * lines)
        # A stage counts from nought; the curve does not.
        fine_tune(
            model, stream, Schedule(due, batch, 1e-3, encoder_rate, save_every=lines), work / f"{name}.{stage}.pt",
            validate=validate, validate_every=max(1, lines // 8), after_step=lambda _, done, b=before: count(b + done),
        )  # fmt: skip
        before += due
    spent = time.process_time() - started - seen[1]
    return Result(name, sum(p.numel() for p in model.parameters()), 1000 * spent / lines, curve)


def draw(results: list[Result], file: Path) -> None:
    """CER of written strokes and of fonts by lines seen."""
    from matplotlib.figure import Figure

    sources = [name for name in ("strokes", "fonts") if name in results[0].curve[0][1]]
    figure = Figure(figsize=(5 * len(sources), 4.2), dpi=110, layout="constrained")
    for place, source in enumerate(sources):
        axes = figure.add_subplot(1, len(sources), place + 1)
        for result in results:
            axes.plot(
                [lines for lines, _ in result.curve], [100 * errors[source] for _, errors in result.curve],
                marker="o", color=COLOURS[result.name], label=result.name,
            )  # fmt: skip
        axes.set(xlabel="lines learnt from", ylabel="CER on tuning lines, %", title=source, ylim=(0, 105))
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(file, metadata={"Software": None})


def main() -> None:
    """Train all, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("--lines", type=int, default=30_000)
    parser.add_argument("--words", type=int, default=1, help="words in a line at most")
    parser.add_argument("--batch", type=int, default=8, help="lines in a step")
    parser.add_argument("--watched", type=int, default=400, help="tuning lines of each rendered source")
    parser.add_argument("--only", nargs="+", choices=list(COLOURS), default=list(COLOURS))
    parser.add_argument("--out", type=Path, default=Path("architectures"))
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    console = Console(stderr=True)
    given.out.mkdir(parents=True, exist_ok=True)
    recipe = load_recipe(given.recipe)
    data = Data.load(recipe)
    for name in given.only:
        result = train(
            name, recipe, data, given.encoder, given.out, lines=given.lines, words=given.words, batch=given.batch,
            watched=given.watched, report=lambda line: console.print(line, highlight=False),
        )  # fmt: skip
        (given.out / f"{name}.json").write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
    found = [given.out / f"{name}.json" for name in COLOURS]
    results = [Result(**json.loads(file.read_text(encoding="utf-8"))) for file in found if file.is_file()]
    sources = list(results[0].curve[-1][1])
    table = Table("reader", "million weights", "ms a line, training", *(f"{name} CER %" for name in sources))
    for result in results:
        last = result.curve[-1][1]
        table.add_row(
            result.name, f"{result.parameters / 1e6:.1f}", f"{result.training_ms:.0f}",
            *(f"{100 * last[name]:.1f}" for name in sources),
        )  # fmt: skip
    Console().print(table)
    draw(results, given.out / "architectures.png")


if __name__ == "__main__":
    main()
