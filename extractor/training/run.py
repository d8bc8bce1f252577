"""A whole training run from a recipe: data, both stages, calibration, saved model.

Every part resumes: features that are cached are not computed again, and both stages go on from their checkpoints.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from numpy.random import Generator

from extractor.errors import SettingsError
from extractor.readers.handwriting.model import LineRecogniser, load_recogniser
from extractor.readers.handwriting.runtime import inspect_folder
from extractor.training import train
from extractor.training.averaging import copied_weights, take_best_between
from extractor.training.ctc import Alphabet
from extractor.training.exchange import WeightExchange
from extractor.training.features import INDEX_FILE, FeatureCache, cache_features
from extractor.training.figures import rendered_lines
from extractor.training.finish import save_finished
from extractor.training.fonts.registry import load_fonts
from extractor.training.import_encoder import import_encoder
from extractor.training.lines import Data, Decided, MixedLines
from extractor.training.recipe import OPEN_SOURCES, Recipe
from extractor.training.rendering import batches
from extractor.training.samples import Sample, augmented, plain
from extractor.training.strokes import Scribe
from extractor.training.validations import FILE as VALIDATIONS
from extractor.training.validations import OnErrors, Watch

Report = Callable[[str], None]
Given = TypeVar("Given")


def _facts(recipe: Recipe, decided: Decided | None) -> dict[str, str]:
    """What a set and a model that is gone on from hold, whatever their folders are called."""
    if decided is None or recipe.start is None:
        return {}
    return {"decided_version": decided.version, "start_digest": inspect_folder(recipe.start).digest}


def _origin(recipe: Recipe) -> int:
    """A number that differs for each set of weights a run starts from; 0 for a fresh head."""
    return zlib.crc32(inspect_folder(recipe.start).digest.encode()) if recipe.start is not None else 0


def register_lines(data: Data, each: int) -> list[Sample]:
    """Lines of what registers hold, so many of each kind, in hands and fonts that are kept for fitting confidences."""
    scribe = Scribe(data.writers["tuning"]) if data.writers["tuning"] else None
    hands, prints = load_fonts("hand", "calibration"), load_fonts("print", "calibration")
    return [sample for _, lines in rendered_lines(hands, prints, scribe, each) for sample in lines]


def cache_all(recipe: Recipe, data: Data, report: Report) -> FeatureCache:
    """Features for the first stage."""
    encoder = import_encoder(_given(recipe.encoder, "encoder"))
    real = [(line, name) for name in ("kalapa", "cinnamon") for line in getattr(data, name)["train"]]

    def copies(rng: Generator, changed: bool) -> Iterator[Sample]:
        for index in rng.permutation(len(real)):
            line, name = real[int(index)]
            yield from augmented(rng, [line], name) if changed else plain([line], name)

    def rng(number: int) -> Generator:
        return np.random.default_rng([recipe.seed, number])

    jobs = {f"real{n}": copies(rng(n), n > 0) for n in range(recipe.cached.real_copies if real else 0)}
    for number, name in enumerate(("strokes", "fonts", "mixed"), start=100):
        if (count := getattr(recipe.cached, name)) and (name in OPEN_SOURCES or recipe.data == "all"):
            jobs[name] = itertools.islice(data.stream(name, rng(number)), count)
    folders = []
    for name, samples in jobs.items():
        folder = recipe.folder / "features" / name
        if not (folder / "whole").is_file():
            for file in folder.glob("*"):
                file.unlink()
            count = cache_features(encoder, samples, folder)
            (folder / "whole").touch()
            report(f"features of {count} lines, {name}")
        if (folder / INDEX_FILE).is_file():
            folders.append(folder)
    cache = FeatureCache(folders)
    if not len(cache):
        raise SettingsError("There is no line for the first stage.", mend="Set 'cached' above 0, or name a collection.")
    return cache


def _given(value: Given | None, name: str) -> Given:
    if value is None:
        raise SettingsError(f"The recipe has no entry '{name}'.", mend="Compare it with recipes/two-cores.yaml.")
    return value


def run_recipe(
    recipe: Recipe, report: Report = lambda line: None, *, helper: str = "", decided: Decided | None = None,
    on_errors: OnErrors = lambda lines, errors: None,
) -> None:  # fmt: skip
    """Train, calibrate and save a recogniser.

    Args:
        recipe: what to do.
        report: receives progress, one line at a time.
        helper: name of a further process that joins the second stage of a run whose first stage is done; it saves no
            model. The recipe must set ``exchange_every``.
        decided: lines of the set that the recipe names.
        on_errors: is told of each validation.

    Raises:
        MissingInputError: a collection is missing.
        ModelError: the encoder's weights are missing or of another model.
        SettingsError: a helper has no run to help, ``work`` belongs to another recipe, or ``out`` is no folder.
    """
    torch.set_num_threads(recipe.threads)
    head_file, whole_file = recipe.folder / "head.pt", recipe.folder / f"whole{helper}.pt"
    if helper:
        if not recipe.exchange_every:
            raise SettingsError("A helping process needs exchange_every above 0.", mend="Set it in the recipe.")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", helper):
            raise SettingsError(f"'{helper}' is no name for a helper.", mend="Use letters and digits.")
        if recipe.start is None and not (recipe.folder / "head.done").is_file():
            raise SettingsError(
                f"{recipe.folder}: the first stage is not done.", mend="Start the helper when the second stage runs."
            )
    if recipe.target.exists() and not recipe.target.is_dir():
        raise SettingsError(f"{recipe.target}: this is no folder.", mend="Name another folder in 'out'.")
    recipe.target.parent.mkdir(parents=True, exist_ok=True)
    data = Data.load(recipe, decided)
    start: dict[str, torch.Tensor] = {}
    if recipe.start is not None:
        torch.manual_seed(recipe.seed)
        model = load_recogniser(recipe.start)
        if recipe.between:
            start = copied_weights(model)
    else:
        model = train.new_recogniser(import_encoder(_given(recipe.encoder, "encoder")), recipe.seed)
    recipe.claim_folder(**_facts(recipe, decided))
    alphabet = Alphabet(model.config.alphabet)
    # A resumed stage, or one that goes on from another run's weights, draws new lines instead of repeating its first.
    resumed = train.lines_seen(whole_file)
    watch = Watch(
        None if helper else recipe.folder / VALIDATIONS, data.checked("tuning", recipe.watched), resumed, report,
        on_errors,
    )  # fmt: skip
    if recipe.start is None:
        if helper:
            model.load_state_dict(train.load_checkpoint(head_file)["model"])
        else:
            train.train_head(
                model, cache_all(recipe, data, report), _given(recipe.head, "head").schedule(), head_file,
                seed=recipe.seed, validate=watch.validate, report=report,
            )  # fmt: skip
            (recipe.folder / "head.done").touch()
    exchange = None
    if recipe.exchange_every:
        exchange = WeightExchange(recipe.folder / "exchange", f"process{helper}", recipe.exchange_every)

    def after_step(model: LineRecogniser, lines: int) -> None:
        watch.seen = lines
        if exchange is not None:
            exchange(model, lines)

    lines = batches(
        MixedLines(data, recipe.sources, (recipe.seed, _origin(recipe), resumed, *helper.encode())),
        alphabet.writes, recipe.fine_tune.batch, recipe.render_processes,
    )  # fmt: skip
    train.fine_tune(
        model, lines, recipe.fine_tune.schedule(), whole_file, validate=watch.validate,
        validate_every=recipe.validate_every, start_counts=recipe.start_counts, after_step=after_step,
        frozen_blocks=recipe.frozen_blocks, device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        report=report,
    )  # fmt: skip
    if not helper:
        if recipe.between:
            found = train.BestWeights(whole_file.with_suffix(".best.pt"), fresh=False).errors
            take_best_between(model, start, recipe.between, found, validate=watch.validate, report=report)
        save_finished(
            model,
            data.checked("tuning", recipe.fitted),
            recipe.target,
            seed=recipe.seed,
            language_lines=recipe.language_lines,
            language_of=recipe.start if recipe.keep_language else None,
            registers=register_lines(data, recipe.fitted // 4),
            report=report,
        )
