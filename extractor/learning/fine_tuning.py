"""Training a candidate: what the recipe says, then what is kept of it, and the folder put in its place as a whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from extractor.errors import ModelError, SettingsError
from extractor.learning.card import write_card
from extractor.learning.learnable import Learnable, read_learnable
from extractor.learning.line_set import read_line_set
from extractor.learning.training_record import (
    TRAINING_FILE,
    TrainingRecord,
    read_training_record,
    without_repetition,
)
from extractor.readers.handwriting.runtime import inspect_folder
from extractor.training.recipe import STROKE_SOURCES, Recipe, load_recipe
from extractor.training.run import run_recipe
from extractor.training.train import lines_seen
from extractor.training.validations import OnErrors, Validation, read_validations

Report = Callable[[str], None]

_PATHS = ("start", "encoder", "kalapa", "cinnamon", "strokes", "decided", "work", "out")


def shipped_recipe() -> Path:
    """The recipe for fine-tuning from a set that comes with the product."""
    return Path(str(resources.files("extractor.training"))) / "recipes" / "from-corrections.yaml"


def recipe_from_set(
    decided: Path, out: Path, *, file: Path | None = None, start: Path, minutes: float | None = None
) -> Recipe:
    """The recipe for a candidate that learns from a set.

    Args:
        decided: folder of the set.
        out: folder for the candidate; a folder beside it holds checkpoints until it is finished.
        file: recipe (YAML); the shipped one where none is given.
        start: model folder to go on from.
        minutes: length of the training; the recipe's where none is given.

    Raises:
        SettingsError: the recipe cannot be used, or the candidate's folder has no name.
    """
    if not out.name or out.name == "..":
        raise SettingsError(f"{out}: the candidate needs a folder of its own.", mend="Name a new folder with --out.")
    return load_recipe(
        file or shipped_recipe(), minutes=minutes, decided=decided, out=out, start=start, encoder=None,
        work=out.with_name(f"{out.name}.work"),
    )  # fmt: skip


def train(
    recipe: Recipe,
    report: Report = lambda line: None,
    *,
    helper: str = "",
    on_errors: OnErrors = lambda lines, errors: None,
) -> Path:
    """Train a model after a recipe; stopped or killed, the same call goes on.

    A model that learns from a set is made in the working folder and takes its place only when it is finished, with
    ``training.json`` and its card; no folder that holds a model is ever written into.

    Args:
        recipe: what to do.
        report: receives progress, one line at a time.
        helper: see :func:`extractor.training.run.run_recipe`.
        on_errors: is told of each validation.

    Returns:
        The model's folder.

    Raises:
        SettingsError: the folder for the model is taken, or the recipe would have the model learn from lines of a
            collection that were kept apart when it was trained before.
        ExtractorError: a set, collection or model is missing or unfit.
    """
    if recipe.decided is None:
        try:
            before = _record_of_start(recipe)
        except ModelError as error:
            # A model of an earlier version; one made from it says as little, and cannot become a candidate.
            report(str(error))
            before = None
        if before is not None:
            _refuse_another_split(recipe, before)
        run_recipe(recipe, report, helper=helper, on_errors=on_errors)
        if not helper and before is not None:
            _keep_record(recipe, recipe.target, before, None)
        return recipe.target
    before = _record_of_start(recipe)
    _refuse_another_split(recipe, before)
    if (finished := _finished(recipe)) is not None:
        report(f"{finished} was finished before")
        return finished
    learnable = read_learnable(recipe.decided)
    made = recipe.folder / "model"
    inner = recipe.model_copy(update={"out": made})
    run_recipe(inner, report, helper=helper, decided=learnable.decided, on_errors=on_errors)
    if helper:
        return recipe.target
    record = _keep_record(inner, made, before, learnable)
    write_card(made, record, learnable)
    recipe.target.parent.mkdir(parents=True, exist_ok=True)
    made.replace(recipe.target)
    shutil.rmtree(recipe.folder, ignore_errors=True)
    return recipe.target


def _finished(recipe: Recipe) -> Path | None:
    """The candidate's folder, where this very training was finished before.

    Raises:
        SettingsError: the folder holds something else.
    """
    target = recipe.target
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return None
    if (target / TRAINING_FILE).is_file() and recipe.start is not None and recipe.decided is not None:
        record = read_training_record(target)
        of_set = read_line_set(recipe.decided, pictures=False).manifest.version
        if (
            record.recipe == _entries(recipe)
            and record.start == inspect_folder(recipe.start).digest
            and of_set in {used.version for used in record.sets}
        ):
            shutil.rmtree(recipe.folder, ignore_errors=True)  # of a process that was killed at its very end
            return target
    raise SettingsError(f"{target}: something is there already.", mend="Name a new folder for the candidate.")


def _record_of_start(recipe: Recipe) -> TrainingRecord:
    """What the model that a recipe goes on from learned from; nothing where it starts from an encoder.

    Raises:
        ModelError: it does not say.
    """
    return read_training_record(recipe.start) if recipe.start is not None else TrainingRecord()


def _refuse_another_split(recipe: Recipe, before: TrainingRecord) -> None:
    """Another seed parts a collection otherwise: what measured the model before would now be learnt.

    Raises:
        SettingsError: the recipe parts a collection by another seed than the model it goes on from.
    """
    again = sorted(_collections(recipe) & set(before.collections))
    if again and before.split_seed is not None and before.split_seed != recipe.seed:
        raise SettingsError(
            f"{recipe.start}: with seed {recipe.seed} it would learn lines of {', '.join(again)} that were kept apart "
            f"to measure it; they were parted by seed {before.split_seed}.",
            mend=f"Set 'seed: {before.split_seed}' in the recipe.",
        )


def _keep_record(recipe: Recipe, folder: Path, before: TrainingRecord, learnable: Learnable | None) -> TrainingRecord:
    """Write into a model's folder what it learned from, what the models before it learned from included."""
    used = (learnable.used,) if learnable is not None else ()
    validations = read_validations(recipe.folder)
    record = TrainingRecord(
        start=inspect_folder(recipe.start).digest if recipe.start is not None else "",
        sets=without_repetition([*before.sets, *used]),
        collections=tuple(sorted({*before.collections, *_collections(recipe)})),
        split_seed=recipe.seed if _collections(recipe) else before.split_seed,
        recipe=_entries(recipe),
        lines_seen=lines_seen(recipe.folder / "whole.pt"),
        figures={
            name: _figures(found)
            for name, found in (
                ("before", validations[0] if validations and recipe.start_counts else None),
                ("chosen", min(validations, key=lambda item: item.score) if validations else None),
            )
            if found is not None
        },
    )
    part = folder / f"{TRAINING_FILE}.part"
    part.write_text(record.to_json(), "utf-8")
    part.replace(folder / TRAINING_FILE)
    return record


def _entries(recipe: Recipe) -> dict[str, Any]:
    """A recipe's entries without paths, as JSON has them: it knows no infinite number of minutes."""
    entries: dict[str, Any] = json.loads(recipe.model_dump_json(exclude=set(_PATHS), exclude_none=True))
    return entries


def _collections(recipe: Recipe) -> set[str]:
    """Names of the collections of handwriting a recipe draws from."""
    named = {"strokes" if name in STROKE_SOURCES else name for name, weight in recipe.sources.items() if weight}
    return {name for name in ("kalapa", "cinnamon", "strokes") if name in named}


def _figures(found: Validation) -> dict[str, dict[str, float]]:
    return {
        name: {"lines": float(item.lines), "cer": item.cer, "wer": item.wer, "exact": item.exact}
        for name, item in found.errors.items()
    }
