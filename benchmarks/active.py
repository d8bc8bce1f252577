"""Lines chosen to learn from beside lines taken by chance: how many are needed for the same error.

    python benchmarks/active.py [--handwriting DIR] [--quick] [--seeds 5] [--out DIR]

A reader that knows none of the hands (``models/handwriting-open``, trained on fonts alone) learns from more and more
lines of a pool, 200 or 100 in the end. With ``--handwriting DIR`` the pool are real lines of two collections (Kalapa,
Cinnamon), else names in fonts it never saw, of which one in twenty is of a smaller people. Each strategy chooses from
the same part of the pool, drawn anew for each seed; after each step it looks at what is left with the reader it has by
then. All are trained alike: the output layer alone, from its first weights, on what the layers below it give, so that a
run takes half a minute of processor time.

Prints, for each strategy, the error after each step, the lines it needs for the error that chance reaches with all
steps, with intervals (bootstrap over seeds and lines), and the same by characters typed, since long lines cost people
more time. ``--first-look`` tells how many of the rare letters and of the names of smaller peoples the first lines hold
that each strategy chooses. ``--measure tuning`` gives the figures by which settings may be chosen. Results lie in
``--out``, a file for each strategy and seed; what lies there is not done again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import active_lines
import numpy as np
import torch
from active_lines import MINORITY, Lines, Material
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.table import Table
from torch import nn

from extractor.learning.doubt import MEASURES
from extractor.learning.looking import Seen, look_at, pooled
from extractor.learning.rarity import rare_letters
from extractor.learning.selecting import Pool, Rule, choose, one_sided, shipped_rule
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.model import LineRecogniser, RecogniserHead, load_recogniser
from extractor.training.ctc import Alphabet, ctc_loss
from extractor.training.metrics import plain_words

ROOT = Path(__file__).resolve().parents[1]
STEPS = {"real": (25, 50, 100, 200), "rendered": (12, 25, 50, 100)}
POOLS = {"real": 650, "rendered": 400}
CHANCE = "by chance"
STRATEGIES: dict[str, Rule | None] = {
    CHANCE: None,
    **{name.replace("_", " "): one_sided(**{name: 1.0}) for name in MEASURES},
    "novelty": one_sided(novelty=1.0),
    "rare letters": one_sided(rare_letters=1.0),
    "minority names": one_sided(minority_name=1.0),
    "combined": shipped_rule(),
}
NEEDS_NBEST = frozenset(("small_margin", "expected_edits"))
COLOURS = ("#000000", "#0072b2", "#56b4e9", "#009e73", "#f0e442", "#e69f00", "#d55e00", "#cc79a7", "#999999", "#882255")
_BEAM = 4
_POOL_SHARE = 0.8
_DRAWS = 1000


@dataclass(frozen=True)
class Training:
    """How the output layer learns: passes over the lines, highest rate, lines in a step."""

    passes: int = 10
    rate: float = 1e-3
    batch: int = 8


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


@dataclass(frozen=True)
class Prepared:
    """Lines with what the layers below the output layer make of them, ``(steps, 512)`` each."""

    lines: Lines
    contexts: list[NDArray[np.float16]]


def contexts(head: RecogniserHead, lines: Lines) -> Prepared:
    """Run all layers of a head but the last."""
    head.eval()
    found = []
    seen: list[torch.Tensor] = []
    hook = head.dropout.register_forward_hook(lambda _module, _given, out: seen.append(out))
    for rows in lines.features:
        seen.clear()
        with torch.inference_mode():
            head(torch.from_numpy(rows[None].astype(np.float32)))
        found.append(seen[-1][0].numpy().astype(np.float16))
    hook.remove()
    return Prepared(lines, found)


class Experiment:
    """One reader and its material; strategies learn and are measured in it."""

    def __init__(self, model: LineRecogniser, material: Material, training: Training) -> None:
        self.alphabet = Alphabet(model.config.alphabet)
        self.letters = rare_letters(model.config.alphabet)
        self.decoder = LineDecoder(model.config.alphabet, beam=_BEAM)
        self.frames = model.config.frames_per_step
        self.first = model.head.out
        self.training = training
        self.pool = contexts(model.head, material.pool)
        self.measured = {part: contexts(model.head, lines) for part, lines in material.measured.items()}
        # Where lines lie does not hang on what the output layer learns.
        self.vectors = np.stack([pooled(Seen(rows, self._logits(self.first, context))) for rows, context in
                                 zip(material.pool.features, self.pool.contexts, strict=True)])  # fmt: skip
        spread = np.maximum(self.vectors.std(axis=0), 1e-6)
        self.vectors = np.asarray((self.vectors - self.vectors.mean(axis=0)) / spread, dtype=np.float32)
        self.rare = frozenset(self.letters.letters)

    def run(self, rule: Rule | None, seed: int, steps: Sequence[int]) -> list[Point]:
        """Learn by one strategy, step by step; the first point is the reader before."""
        rng = np.random.default_rng([seed, 3])
        within = sorted(self._part(rng, max(steps)))
        taken: list[int] = []
        layer = self.first
        points = [self._point(layer, taken)]
        for step in steps:
            left = [number for number in within if number not in set(taken)]
            taken += self._chosen(rule, layer, left, taken, count=step - len(taken), rng=rng)
            layer = self._fit(taken, seed)
            points.append(self._point(layer, taken))
        return points

    def found(self, names: Sequence[str], count: int, seeds: int) -> Found:
        """What the reader as it is finds in one look, by strategy, for each seed.

        Returns:
            Shares, 0 to 1, of the names of smaller peoples in the seed's part of the pool that are among the lines
            chosen; of its rare letters; and of its lines, which is what chance finds of both.
        """
        whole = self._looked_at(self.first, range(len(self.pool.lines)), nbest=True)
        shares: Found = {name: [] for name in names}
        for seed in range(seeds):
            within = self._part(np.random.default_rng([seed, 3]), count)
            minority = np.array([self._is_minority(number) for number in within], dtype=float)
            texts = [self.pool.lines.texts[number] for number in within]
            rare = np.array([sum(letter in self.rare for letter in text) for text in texts], dtype=float)
            pool = whole.part(within)
            for name in names:
                rule = STRATEGIES[name]
                best = list(range(count)) if rule is None else choose(pool, count, rule)
                shares[name].append(
                    (minority[best].sum() / max(1, minority.sum()), rare[best].sum() / max(1, rare.sum()),
                     count / len(within))
                )  # fmt: skip
        return shares

    def _part(self, rng: np.random.Generator, least: int) -> list[int]:
        """Lines of the pool that are drawn to choose from, in random order."""
        usable = [n for n, text in enumerate(self.pool.lines.texts) if text and self.alphabet.writes(text)]
        return [int(n) for n in rng.permutation(usable)[: max(least, round(_POOL_SHARE * len(usable)))]]

    def _is_minority(self, number: int) -> bool:
        return self.pool.lines.sources[number] == MINORITY

    def _looked_at(self, layer: nn.Linear, numbers: Sequence[int], *, nbest: bool) -> Pool:
        seen = [Seen(self.pool.lines.features[n], self._logits(layer, self.pool.contexts[n])) for n in numbers]
        pool = look_at(seen, self.decoder, self.letters, nbest=nbest)
        return replace(pool, vectors=self.vectors[list(numbers)])

    def _chosen(
        self, rule: Rule | None, layer: nn.Linear, left: list[int], taken: list[int], *, count: int,
        rng: np.random.Generator,
    ) -> list[int]:  # fmt: skip
        if rule is None:
            return [int(number) for number in rng.permutation(left)[:count]]
        pool = self._looked_at(layer, left, nbest=any(not NEEDS_NBEST.isdisjoint(side.weights) for side in rule.sides))
        return [left[number] for number in choose(pool, count, rule, known=self.vectors[taken])]

    def _logits(self, layer: nn.Linear, context: NDArray[np.float16]) -> NDArray[np.float32]:
        with torch.inference_mode():
            out = layer(torch.from_numpy(context.astype(np.float32)))
        return np.asarray(out.reshape(len(context) * self.frames, -1).numpy(), dtype=np.float32)

    def _fit(self, taken: Sequence[int], seed: int) -> nn.Linear:
        """The output layer after learning from some lines of the pool."""
        torch.manual_seed(seed)
        layer = nn.Linear(self.first.in_features, self.first.out_features)
        layer.load_state_dict(self.first.state_dict())
        rng = np.random.default_rng([seed, 4])
        batches = [batch for _ in range(self.training.passes) for batch in self._batches(taken, rng)]
        optimiser = torch.optim.AdamW(layer.parameters(), lr=self.training.rate, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.training.rate, total_steps=len(batches) + 1)
        drop = nn.Dropout(0.2)
        for numbers in batches:
            given = torch.from_numpy(np.stack([self.pool.contexts[n] for n in numbers]).astype(np.float32))
            logits = layer(drop(given)).reshape(len(numbers), given.shape[1] * self.frames, -1)
            loss = ctc_loss(logits, [self.pool.lines.texts[n] for n in numbers], self.alphabet)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(layer.parameters(), 2.0)
            optimiser.step()
            schedule.step()
        return layer.eval()

    def _batches(self, taken: Sequence[int], rng: np.random.Generator) -> list[list[int]]:
        """All lines once, in batches of equal length, in a random order."""
        groups: dict[int, list[int]] = {}
        for number in rng.permutation(taken):
            groups.setdefault(len(self.pool.contexts[number]), []).append(int(number))
        size = self.training.batch
        batches = [group[at : at + size] for group in groups.values() for at in range(0, len(group), size)]
        return [batches[int(place)] for place in rng.permutation(len(batches))]

    def _point(self, layer: nn.Linear, taken: Sequence[int]) -> Point:
        texts = [self.pool.lines.texts[number] for number in taken]
        return Point(
            len(taken),
            sum(map(len, texts)),
            sum(letter in self.rare for text in texts for letter in text),
            sum(map(self._is_minority, taken)),
            {part: [self._judged(layer, each, number) for number in range(len(each.lines))]
             for part, each in self.measured.items()},
        )  # fmt: skip

    def _judged(self, layer: nn.Linear, part: Prepared, number: int) -> tuple[int, int, int, int]:
        text = part.lines.texts[number]
        reading = self.alphabet.greedy(torch.from_numpy(self._logits(layer, part.contexts[number])[None]))[0]
        right = {at for block in Levenshtein.opcodes(text, reading) if block.tag == "equal"
                 for at in range(block.src_start, block.src_end)}  # fmt: skip
        rare = [at for at, letter in enumerate(text) if letter in self.rare]
        # Labels of Kalapa have neither the writer's case nor commas.
        told = (plain_words(reading), plain_words(text)) if part.lines.sources[number] == "kalapa" else (reading, text)
        return Levenshtein.distance(*told), len(told[1]), sum(at in right for at in rare), len(rare)


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


class Curves:
    """Points of one strategy over its seeds, measured on one part's lines."""

    def __init__(self, runs: Sequence[Sequence[Point]], part: str, lines: NDArray[np.bool_] | None = None) -> None:
        read = np.array([[point.read[part] for point in run] for run in runs], dtype=np.float64)
        self.read = read if lines is None else read[:, :, lines]  # (seeds, points, lines, 4)
        self.lines = np.array([[point.lines for point in run] for run in runs], dtype=np.float64)
        self.characters = np.array([[point.characters for point in run] for run in runs], dtype=np.float64)
        self.rare = np.array([[point.rare for point in run] for run in runs], dtype=np.float64)
        self.minority = np.array([[point.minority for point in run] for run in runs], dtype=np.float64)

    def error(self, seeds: NDArray[np.intp], lines: NDArray[np.intp], *, rare: bool = False) -> Curve:
        """Error at each point for some seeds and measured lines: characters, or rare letters not read right."""
        sums = self.read[seeds][:, :, lines].sum(axis=(0, 2))
        return 1.0 - sums[:, 2] / np.maximum(sums[:, 3], 1) if rare else sums[:, 0] / sums[:, 1]


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
    chance: Curves, other: Curves, *, characters: bool = False, rare: bool = False
) -> tuple[float, float, float]:
    """What a strategy needs for chance's last error, as a share of what chance took: mean, and 95 % of bootstraps."""
    rng = np.random.default_rng(0)
    seeds, lines = min(len(chance.read), len(other.read)), chance.read.shape[2]

    def share(some: NDArray[np.intp], measured: NDArray[np.intp]) -> float:
        goal = chance.error(some, measured, rare=rare)[-1]
        costs = [(each.characters if characters else each.lines)[some].mean(axis=0) for each in (chance, other)]
        return needed(other.error(some, measured, rare=rare), costs[1], goal) / costs[0][-1]

    whole = share(np.arange(seeds), np.arange(lines))
    drawn = [share(rng.integers(seeds, size=seeds), rng.integers(lines, size=lines)) for _ in range(_DRAWS)]
    low, high = np.quantile(drawn, (0.025, 0.975), method="nearest")
    return whole, float(low), float(high)


def report(found: dict[str, Curves], console: Console, *, rare: bool = False) -> None:
    """The table of all strategies."""
    steps = found[CHANCE].lines[0].astype(int)
    what = "rare letters misread %" if rare else "CER %"
    columns = (*(f"{what}, {step} lines" for step in steps), "lines needed", "characters needed", "rare letters seen")
    table = Table("strategy", *columns)
    for name, curves in found.items():
        every = np.arange(len(curves.read)), np.arange(curves.read.shape[2])
        errors = curves.error(*every, rare=rare)
        shares = [share_needed(found[CHANCE], curves, characters=each, rare=rare) for each in (False, True)]
        told = ["100" if name == CHANCE else f"{_percent(s)} ({_percent(low)} to {_percent(high)})"
                for s, low, high in shares]  # fmt: skip
        table.add_row(name, *(f"{100 * error:.1f}" for error in errors), *told, f"{curves.rare[:, -1].mean():.0f}")
    console.print(table)


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else "never" if share == float("inf") else f"{100 * share:.0f} %"


def draw(found: dict[str, Curves], file: Path, title: str) -> None:
    """Error by lines learnt from: of all characters, and of rare letters."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    for place, rare in enumerate((False, True), start=1):
        axes = figure.add_subplot(1, 2, place)
        for (name, style), colour in zip(_styles(found), COLOURS, strict=False):
            curves = found[name]
            lines = np.arange(curves.read.shape[2])
            each = np.array([curves.error(np.array([seed]), lines, rare=rare) for seed in range(len(curves.read))])
            mean, steps = 100 * curves.error(np.arange(len(each)), lines, rare=rare), curves.lines[0]
            axes.plot(steps[1:], mean[1:], color=colour, label=name, **style)
            if name in (CHANCE, "combined"):
                axes.fill_between(steps[1:], 100 * each.min(axis=0)[1:], 100 * each.max(axis=0)[1:], color=colour,
                                  alpha=0.15, lw=0)  # fmt: skip
        axes.set(xscale="log", xlabel="lines learnt from", title=title,
                 ylabel="rare letters not read right, %" if rare else "character error rate, %")  # fmt: skip
        axes.set_xticks(steps[1:], [f"{step:.0f}" for step in steps[1:]])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(file, metadata={"Software": None})


def runs_of(
    experiment: Callable[[], Experiment], name: str, *, seeds: int, steps: Sequence[int], out: Path,
    say: Callable[[str], None],
) -> list[list[Point]]:  # fmt: skip
    """Points of a strategy for each seed; those that lie in the folder are taken from there."""
    found = []
    for seed in range(seeds):
        file = out / f"{name.replace(' ', '-')}-{seed}.json"
        if not file.is_file():
            started = time.process_time()
            points = experiment().run(STRATEGIES[name], seed, steps)
            file.with_suffix(".part").write_text(json.dumps([asdict(point) for point in points]), encoding="utf-8")
            file.with_suffix(".part").replace(file)
            say(f"{name}, seed {seed}: {time.process_time() - started:.0f} s of processor time")
        found.append([Point(**point) for point in json.loads(file.read_text(encoding="utf-8"))])
    return found


def main() -> None:
    """Run all strategies, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--handwriting", type=Path, help="folder with the collections kalapa and cinnamon")
    parser.add_argument("--measure", choices=("held_out", "tuning"), default="held_out")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--pool", type=int, help="lines to choose from, of which each seed draws 80 %%: 650, or 400 names"
    )
    parser.add_argument("--only", nargs="+", choices=list(STRATEGIES), default=list(STRATEGIES))
    parser.add_argument("--first-look", action="store_true", help="what the first lines chosen hold, without learning")
    parser.add_argument("--quick", action="store_true", help="two seeds, 12 and 25 lines, a pool of 100")
    parser.add_argument("--out", type=Path, default=Path("active"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    errors, console = Console(stderr=True), Console(width=200)
    kind = "real" if given.handwriting else "rendered"
    steps, seeds, size = (12, 25), 2, 100
    if not given.quick:
        steps, seeds, size = STEPS[kind], given.seeds, given.pool or POOLS[kind]

    def say(line: str) -> None:
        errors.print(f"{time.strftime('%H:%M:%S')} {line}", highlight=False)

    name = kind if given.handwriting else f"{kind}-{given.measure}"
    name += "-quick" if given.quick else ""
    made: list[Experiment] = []

    def experiment() -> Experiment:
        if not made:
            model, work = load_recogniser(ROOT / "models" / "handwriting-open"), given.out / "encoded"
            if given.handwriting:
                material = active_lines.real(model, given.handwriting, work, size, say)
            else:
                material = active_lines.rendered(model, given.measure, work, size, say)
            made.append(Experiment(model, material, Training()))
        return made[0]

    out = given.out / name
    out.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys([CHANCE, *given.only]))
    if given.first_look:
        first = {step: experiment().found(names, step, seeds) for step in steps}
        console.print(f"{name}: what the first lines chosen hold, mean and spread of {seeds} seeds")
        report_found(first, console)
        draw_found(first, out / "found.png", f"{kind} lines, {given.measure}")
        return
    runs = {each: runs_of(experiment, each, seeds=seeds, steps=steps, out=out, say=say) for each in names}
    found = {each: Curves(points, given.measure) for each, points in runs.items()}
    console.print(f"{name}, measured on {given.measure}, {len(found[CHANCE].read)} seeds")
    report(found, console)
    report(found, console, rare=True)
    draw(found, out / f"{given.measure}.png", f"{kind} lines, {given.measure}")
    console.print(f"{out / given.measure}.png")


if __name__ == "__main__":
    main()
