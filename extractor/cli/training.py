"""Train the reader; draw books to train with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.common import (
    err,
    progress,
    say,
)
from extractor.cli.root import app

if TYPE_CHECKING:
    pass


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe (YAML): data, stages, where the model goes.")],
    data: Annotated[str, typer.Option(help="all, or open: rendered fonts only, without terms of collections.")] = "",
    helper: Annotated[str, typer.Option(help="Name of a further process that shares a running training.")] = "",
) -> None:
    """Train the handwriting reader after a recipe, fit its confidences, save it; stopped, the same command goes on.

    Example: extractor train extractor/training/recipes/two-cores.yaml
    """
    from extractor.training.recipe import load_recipe
    from extractor.training.run import run_recipe

    chosen = load_recipe(recipe, data=data)
    say(f"training into {chosen.target}, checkpoints in {chosen.folder}", to=err)
    started = time.monotonic()

    def report(line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - started), 60)
        say(f"{minutes:4d}:{seconds:02d}  {line}", to=err)

    run_recipe(chosen, report, helper=helper)
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
