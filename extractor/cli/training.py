"""Train the reader; draw books to train with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from extractor.cli.common import err, progress, say
from extractor.cli.root import app


@app.command()
def train(
    recipe: Annotated[
        Path | None, typer.Argument(help="Recipe (YAML): data, stages, where the model goes. With --from: optional.")
    ] = None,
    decided: Annotated[
        Path | None, typer.Option("--from", metavar="SET", help="Learn from a set of decided lines.")
    ] = None,
    start: Annotated[
        str, typer.Option(metavar="MODEL", help="With --from: model folder or version to go on from; default: in use.")
    ] = "",
    minutes: Annotated[float | None, typer.Option(min=0.01, help="How long, instead of the recipe's time.")] = None,
    target: Annotated[Path | None, typer.Option("--out", help="With --from: folder for the candidate.")] = None,
    data: Annotated[str, typer.Option(help="all, or open: rendered fonts only, without terms of collections.")] = "",
    helper: Annotated[str, typer.Option(help="Name of a further process that shares a running training.")] = "",
    log_to: Annotated[str, typer.Option(help="tensorboard:DIR or mlflow:DIR, where the package is installed.")] = "",
) -> None:
    """Train the handwriting reader after a recipe, fit its confidences, save it; stopped, the same command goes on.

    With --from, the model in use is fine-tuned on lines that people decided, mixed with rendered ones.

    Example: extractor train extractor/training/recipes/two-cores.yaml

    Example: extractor train --from corrections-2026-11 --minutes 30 --out candidate
    """
    from extractor.errors import SettingsError
    from extractor.learning import fine_tuning
    from extractor.learning.registry import Registry
    from extractor.learning.tracking import tracking
    from extractor.settings import get_settings
    from extractor.training.recipe import load_recipe

    if decided is not None:
        if target is None:
            raise SettingsError("--from needs a folder for the candidate.", mend="Name a new one with --out.")
        registry = Registry(get_settings())
        folder = registry.model(start) if start else registry.in_use.checked()
        chosen = fine_tuning.recipe_from_set(decided, target, file=recipe, start=folder, minutes=minutes)
    elif recipe is None:
        raise SettingsError("There is nothing to train on.", mend="Give a recipe, or a set with --from.")
    elif start or target is not None:
        raise SettingsError("--start and --out belong to --from.", mend="Set 'start' and 'out' in the recipe.")
    else:
        chosen = load_recipe(recipe, data=data, minutes=minutes)
    say(f"training into {chosen.target}, checkpoints in {chosen.folder}", to=err)
    started = time.monotonic()

    def report(line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - started), 60)
        say(f"{minutes:4d}:{seconds:02d}  {line}", to=err)

    with tracking(log_to) as log:
        fine_tuning.train(chosen, report, helper=helper, on_errors=log)
    if not helper:
        say(str(chosen.target))


@app.command()
def synth(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the pages and truth.jsonl.")],
    form: Annotated[str, typer.Option(help="Form to draw.")] = "ks-2016",
    records: Annotated[int, typer.Option(min=1, max=10_000, help="Number of records.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    strength: Annotated[float, typer.Option(min=0.0, max=5.0, help="How much paper and scanner spoil it.")] = 2.0,
    dpi: Annotated[int, typer.Option(min=72, max=600, help="Resolution of the pages.")] = 200,
    output: Annotated[str, typer.Option(help="pdf, pdf-per-record, or images.")] = "pdf",
    hands: Annotated[str, typer.Option(help="Handwriting fonts: train, calibration or test.")] = "train",
    spreads: Annotated[bool, typer.Option("--spreads", help="Two facing pages a picture.")] = False,
) -> None:
    """Draw a register book with invented persons and exact truth.

    Example: extractor synth --form ks-2006 --records 20 --seed 7 --out so-thu
    """
    from extractor.training.synth import render_book

    with progress(False) as on_progress:
        render_book(
            out_dir,
            form,
            seed=seed,
            records=records,
            strength=strength,
            dpi=dpi,
            output=output,
            spreads=spreads,
            hand_split=hands,
            progress=on_progress,
        )
    say(f"{records} records in {out_dir}")
