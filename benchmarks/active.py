"""Lines chosen to learn from beside lines taken by chance: how many are needed for the same error.

    python benchmarks/active.py [--set SET | --handwriting DIR] [--layers output] [--quick] [--seeds 5] [--out DIR]

A reader that knows none of the hands (``models/handwriting-open``, trained on fonts alone) learns from more and more
lines of a pool, 200 or 100 in the end. With ``--set SET`` the pool are lines of a set of ``extractor dataset export``:
fields of all kinds in their natural shares, as they wait in an office; ``benchmarks/learning_loop.py`` makes one of
drawn books in fonts the reader never saw. With ``--handwriting DIR`` they are real lines of two collections (Kalapa,
Cinnamon), else names in such fonts, of which one in twenty is of a smaller people. Each strategy chooses from the same
part of the pool, drawn anew for each seed; after each step it looks at what is left with the reader it has by then. All
are trained alike, from the first weights, on what the encoder gives: all layers above it, or the output layer alone
(``--layers output``), which takes a tenth of the time.

Prints, for each strategy, the errors after each step, the lines it needs for the error that chance reaches with all
steps, with intervals (bootstrap over seeds and lines), and the same by characters typed, since long lines cost people
more time. ``--rule FILE`` holds rules of your own beside the shipped one. ``--first-look`` tells how many of the rare
letters and of the names of smaller peoples the first lines hold that each strategy chooses. ``--measure tuning`` gives
the figures by which settings may be chosen. Results lie in ``--out``, a file for each strategy and seed; what lies
there is not done again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import active_lines
import torch
from active_experiment import Experiment
from active_figures import CHANCE, TOLD, Curves, Point, draw, draw_found, report, report_found
from active_layers import LAYERS
from rich.console import Console

from extractor.learning.doubt import MEASURES
from extractor.learning.selecting import Rule, load_rule, one_sided, shipped_rule
from extractor.readers.handwriting.model import load_recogniser

ROOT = Path(__file__).resolve().parents[1]
STEPS = {"set": (25, 50, 100, 200), "real": (25, 50, 100, 200), "rendered": (12, 25, 50, 100)}
POOLS = {"set": 800, "real": 650, "rendered": 400}
MEASURED = 250
"""Lines of each part of a set that are read after each step."""

STRATEGIES: dict[str, Rule | None] = {
    CHANCE: None,
    **{name.replace("_", " "): one_sided(**{name: 1.0}) for name in MEASURES},
    "novelty": one_sided(novelty=1.0),
    "rare letters": one_sided(rare_letters=1.0),
    "minority names": one_sided(minority_name=1.0),
    "combined": shipped_rule(),
}


def runs_of(
    experiment: Callable[[], Experiment], name: str, rule: Rule | None, *, seeds: int, steps: Sequence[int], out: Path,
    say: Callable[[str], None],
) -> list[list[Point]]:  # fmt: skip
    """Points of a strategy for each seed; those that lie in the folder, for as many steps, are taken from there."""
    found = []
    for seed in range(seeds):
        file = out / f"{name.replace(' ', '-')}-{seed}.json"
        points = [Point(**point) for point in json.loads(file.read_text("utf-8"))] if file.is_file() else []
        if not points or points[-1].lines < max(steps):
            started = time.process_time()
            points = experiment().run(rule, seed, steps)
            file.with_suffix(".part").write_text(json.dumps([asdict(point) for point in points]), encoding="utf-8")
            file.with_suffix(".part").replace(file)
            say(f"{name}, seed {seed}: {time.process_time() - started:.0f} s of processor time")
        found.append([point for point in points if point.lines <= max(steps)])
    return found


def options() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--set", type=Path, help="folder of a set of 'extractor dataset export'")
    source.add_argument("--handwriting", type=Path, help="folder with the collections kalapa and cinnamon")
    parser.add_argument("--layers", choices=list(LAYERS), default="head", help="what learns: all above the encoder")
    parser.add_argument("--measure", choices=("held_out", "tuning"), default="held_out")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--pool", type=int, help="lines to choose from, of which each seed draws 80 %%: 800, 650, or 400 names"
    )
    parser.add_argument(
        "--most", type=int, default=10**6, help="lines that strategies learn from at most; chance from all steps"
    )
    parser.add_argument("--rule", type=Path, nargs="+", default=[], help="files of rules, named by their stems")
    parser.add_argument("--only", nargs="+", choices=list(STRATEGIES), default=list(STRATEGIES),
                        metavar="STRATEGY", help=f"of: {', '.join(STRATEGIES)}")  # fmt: skip
    parser.add_argument("--first-look", action="store_true", help="what the first lines chosen hold, without learning")
    parser.add_argument("--quick", action="store_true", help="two seeds, 12 and 25 lines, a pool of 100")
    parser.add_argument("--out", type=Path, default=Path("active"))
    return parser.parse_args()


def main() -> None:
    """Run all strategies, print, draw."""
    given = options()
    torch.set_num_threads(1)
    errors, console = Console(stderr=True), Console(width=200)
    kind = "set" if given.set else "real" if given.handwriting else "rendered"
    steps, seeds, size = (12, 25), 2, 100
    if not given.quick:
        steps, seeds, size = STEPS[kind], given.seeds, given.pool or POOLS[kind]

    def say(line: str) -> None:
        errors.print(f"{time.strftime('%H:%M:%S')} {line}", highlight=False)

    name = f"{kind}-{given.layers}"
    name += f"-{given.measure}" if kind == "rendered" else ""
    name += "-quick" if given.quick else ""
    made: list[Experiment] = []

    def experiment() -> Experiment:
        if not made:
            model, work = load_recogniser(ROOT / "models" / "handwriting-open"), given.out / "encoded"
            if given.set:
                material = active_lines.of_set(model, given.set, work, (size, 50 if given.quick else MEASURED), say)
            elif given.handwriting:
                material = active_lines.real(model, given.handwriting, work, size, say)
            else:
                material = active_lines.rendered(model, given.measure, work, size, say)
            made.append(Experiment(model, material, LAYERS[given.layers](model.head)))
        return made[0]

    out = given.out / name
    out.mkdir(parents=True, exist_ok=True)
    chosen = {each: STRATEGIES[each] for each in dict.fromkeys([CHANCE, *given.only])}
    chosen |= {file.stem: load_rule(file) for file in given.rule}
    if given.first_look:
        first = experiment().found(chosen, steps, seeds)
        console.print(f"{name}: what the first lines chosen hold, mean and spread of {seeds} seeds")
        report_found(first, console)
        draw_found(first, out / "found.png", f"{kind} lines, {given.measure}")
        return
    fewer = [step for step in steps if step <= given.most]
    runs = {each: runs_of(experiment, each, rule, seeds=seeds, steps=fewer if rule else steps, out=out, say=say)
            for each, rule in chosen.items()}  # fmt: skip
    found = {each: Curves(points, given.measure) for each, points in runs.items()}
    console.print(f"{name}, measured on {given.measure}, {len(found[CHANCE].read)} seeds")
    for what in TOLD:
        report(found, console, what)
    draw(found, out / f"{given.measure}.png", f"{kind} lines, {given.measure}")
    console.print(f"{out / given.measure}.png")


if __name__ == "__main__":
    main()
