"""A whole training run from a recipe file: data, both stages, calibration, saved model.

Every part resumes: features that are cached are not computed again, and both stages go on from their checkpoints.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import torch
import yaml
from numpy.random import Generator
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractor.errors import SettingsError
from extractor.readers.handwriting.model import LineRecogniser, load_recogniser
from extractor.training import collections, train
from extractor.training.ctc import Alphabet
from extractor.training.exchange import WeightExchange
from extractor.training.features import INDEX_FILE, FeatureCache, cache_features
from extractor.training.finish import save_finished
from extractor.training.fonts.registry import load_fonts
from extractor.training.import_encoder import import_encoder
from extractor.training.rendered import empty_lines, font_lines, mixed_lines, stroke_lines
from extractor.training.rendering import batches
from extractor.training.samples import Sample, augmented, interleave, plain, shuffled_forever
from extractor.training.strokes import Scribe, Writer, load_writers, split_writers

Report = Callable[[str], None]
Given = TypeVar("Given")

OPEN_SOURCES = ("fonts", "mixed", "empty")
"""Sources of lines that need no collection of handwriting."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CachedLines(_Strict):
    """How many lines have their features cached for the first stage; real lines as they are and in changed copies."""

    real_copies: int = Field(default=3, ge=1)
    strokes: int = Field(default=6000, ge=0)
    fonts: int = Field(default=5000, ge=0)
    mixed: int = Field(default=1500, ge=0)


class StageLength(_Strict):
    """See :class:`extractor.training.train.Schedule`."""

    lines: int = Field(gt=0)
    batch: int = Field(gt=0)
    rate: float = Field(gt=0)
    encoder_rate: float = Field(default=0.0, ge=0)
    minutes: float = Field(default=math.inf, gt=0)

    def schedule(self) -> train.Schedule:
        """As the stages take it."""
        return train.Schedule(self.lines, self.batch, self.rate, self.encoder_rate, seconds=60 * self.minutes)


class Recipe(_Strict):
    """A training run; relative paths are relative to the current folder.

    Args:
        seed: fixes splits, initial weights, texts and changes.
        data: ``all``, or ``open`` for a model of rendered fonts alone, without the terms of any collection.
        start: folder of a recogniser to go on from; the first stage is then left out.
        encoder: ONNX file with the encoder's initial weights, for a recogniser that starts afresh.
        kalapa: folder of photographed form cells; none for a model without them.
        cinnamon: folder of scanned address lines; none for a model without them.
        strokes: file of pen strokes; none for a model without them.
        work: folder for features and checkpoints.
        out: folder for the finished model.
        threads: processor threads.
        mixture: weight of each source in the second stage.
        frozen_blocks: first blocks of the encoder that the second stage leaves as they are.
        exchange_every: lines between two exchanges of weights, where several processes share the second stage; 0 where
            one does it alone.
        render_processes: processes that draw the second stage's lines beside the trainer; 0 where it draws them itself.
        watched: rendered lines of each source that each validation reads, beside the real ones.
        fitted: the same for fitting the confidences.
        language_lines: texts that the language model is made from; 0 for a reader without one.
    """

    seed: int
    data: Literal["all", "open"] = "all"
    start: Path | None = None
    encoder: Path | None = None
    kalapa: Path | None = None
    cinnamon: Path | None = None
    strokes: Path | None = None
    work: Path
    out: Path
    threads: int = Field(default=1, ge=1)
    cached: CachedLines = CachedLines()
    head: StageLength | None = None
    fine_tune: StageLength
    mixture: dict[str, float]
    frozen_blocks: int = Field(default=0, ge=0)
    exchange_every: int = Field(default=0, ge=0)
    render_processes: int = Field(default=0, ge=0)
    language_lines: int = Field(default=300_000, ge=0)
    watched: int = Field(default=150, ge=1)
    fitted: int = Field(default=400, ge=1)

    @property
    def folder(self) -> Path:
        """Where features and checkpoints lie; a model of open data has its own."""
        return self.work if self.data == "all" else self.work.with_name(f"{self.work.name}-open")

    @property
    def target(self) -> Path:
        """Where the finished model goes; a model of open data has its own."""
        return self.out if self.data == "all" else self.out.with_name(f"{self.out.name}-open")

    @property
    def sources(self) -> dict[str, float]:
        """The mixture without what the data leave out."""
        return {name: weight for name, weight in self.mixture.items() if self.data == "all" or name in OPEN_SOURCES}

    @model_validator(mode="after")
    def _starts_somewhere(self) -> Recipe:
        if (self.start is None) == (self.encoder is None):
            raise ValueError("give either 'start' or 'encoder'")
        if self.start is None and self.head is None:
            raise ValueError("a recogniser that starts from an 'encoder' needs the stage 'head'")
        return self


def load_recipe(file: Path, *, data: str = "") -> Recipe:
    """Read a recipe file.

    Args:
        file: YAML.
        data: takes the place of the recipe's entry of that name, unless empty.

    Raises:
        SettingsError: the file is missing, or an entry is missing, unknown or out of range.
    """
    try:
        entries = yaml.safe_load(file.read_text("utf-8"))
        return Recipe.model_validate({**entries, "data": data} if data and isinstance(entries, dict) else entries)
    except OSError as error:
        raise SettingsError(f"{file}: the recipe cannot be read.", mend="Name a YAML file.") from error
    except (ValidationError, yaml.YAMLError) as error:
        place = (
            ".".join(str(part) for part in error.errors()[0]["loc"]) if isinstance(error, ValidationError) else "YAML"
        )
        raise SettingsError(
            f"{file}: entry '{place}' is wrong.", mend="Compare it with recipes/two-cores.yaml."
        ) from error


@dataclass(frozen=True, slots=True)
class Data:
    """All collections, split."""

    kalapa: dict[str, list[collections.LabelledLine]]
    cinnamon: dict[str, list[collections.LabelledLine]]
    writers: dict[str, list[Writer]]

    @classmethod
    def load(cls, recipe: Recipe) -> Data:
        """Read and split the collections of a recipe."""
        every = recipe.data == "all"
        return cls(
            collections.split(collections.read_kalapa(recipe.kalapa) if every and recipe.kalapa else [], recipe.seed),
            collections.split(
                collections.read_cinnamon(recipe.cinnamon) if every and recipe.cinnamon else [], recipe.seed
            ),
            split_writers(load_writers(recipe.strokes) if every and recipe.strokes else [], recipe.seed),
        )

    def stream(self, name: str, rng: Generator, part: str = "train") -> Iterator[Sample]:
        """Endless lines of one source."""
        fonts_part = "train" if part == "train" else "calibration"
        if name in ("kalapa", "cinnamon"):
            if not getattr(self, name)[part]:
                raise SettingsError(f"The mixture asks for '{name}', which is not given.", mend="Name its folder.")
            return shuffled_forever(rng, getattr(self, name)[part], name, plain_share=0.15)
        if name == "fonts":
            return font_lines(rng, load_fonts(None, fonts_part))
        scribe = Scribe(self.writers[part]) if self.writers[part] else None
        if name == "strokes":
            if scribe is None:
                raise SettingsError("The mixture asks for 'strokes', which are not given.", mend="Name their file.")
            return stroke_lines(rng, scribe)
        if name == "empty":
            return empty_lines(rng, scribe)
        if name == "mixed":
            return mixed_lines(rng, scribe, load_fonts("print", fonts_part), load_fonts("hand", fonts_part))
        raise SettingsError(f"There is no source of lines named '{name}'.", mend="See recipes/two-cores.yaml.")

    def checked(self, part: str, rendered: int) -> list[Sample]:
        """The same lines each time: real ones as they are, and rendered ones."""
        names = ("strokes", "fonts") if self.writers[part] else ("fonts",)
        streams = [self.stream(name, np.random.default_rng(number), part) for number, name in enumerate(names)]
        real = [*plain(self.kalapa[part], "kalapa"), *plain(self.cinnamon[part], "cinnamon")]
        return [*real, *(sample for stream in streams for sample in itertools.islice(stream, rendered))]


@dataclass(frozen=True, slots=True)
class MixedLines:
    """Endless lines of several sources, each drawn with its weight; a different stream for each process that draws.

    Args:
        data: where they come from.
        mixture: weight of each source.
        seed: the same seed gives the same streams.
    """

    data: Data
    mixture: dict[str, float]
    seed: tuple[int, ...]

    def __call__(self, process: int) -> Iterator[Sample]:
        """The stream of one process."""
        first, *others = np.random.SeedSequence([*self.seed, process]).spawn(len(self.mixture) + 1)
        streams = [
            (weight, self.data.stream(name, np.random.default_rng(child)))
            for (name, weight), child in zip(self.mixture.items(), others, strict=True)
        ]
        return interleave(np.random.default_rng(first), streams)


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
    return FeatureCache(folders)


def _given(value: Given | None, name: str) -> Given:
    if value is None:
        raise SettingsError(f"The recipe has no entry '{name}'.", mend="Compare it with recipes/two-cores.yaml.")
    return value


def run_recipe(recipe: Recipe, report: Report = lambda line: None, *, helper: str = "") -> None:
    """Train, calibrate and save a recogniser.

    Args:
        recipe: what to do.
        report: receives progress, one line at a time.
        helper: name of a further process that joins the second stage of a run whose first stage is done; it saves no
            model. The recipe must set ``exchange_every``.

    Raises:
        MissingInputError: a collection is missing.
        ModelError: the encoder's weights are missing or of another model.
        SettingsError: the mixture names an unknown source.
    """
    torch.set_num_threads(recipe.threads)
    if helper and not recipe.exchange_every:
        raise SettingsError("A helping process needs exchange_every above 0.", mend="Set it in the recipe.")
    data = Data.load(recipe)
    if recipe.start is not None:
        torch.manual_seed(recipe.seed)
        model = load_recogniser(recipe.start)
    else:
        model = train.new_recogniser(import_encoder(_given(recipe.encoder, "encoder")), recipe.seed)
    alphabet = Alphabet(model.config.alphabet)
    tuning = data.checked("tuning", recipe.watched)

    def validate(model: LineRecogniser) -> float:
        errors = train.read_samples(model, tuning, alphabet)
        report(train.describe_errors(errors))
        return sum(item.cer for item in errors.values()) / len(errors)

    if recipe.start is None:
        cache = cache_all(recipe, data, report)
        train.train_head(
            model, cache, _given(recipe.head, "head").schedule(), recipe.folder / "head.pt",
            seed=recipe.seed, validate=validate, report=report,
        )  # fmt: skip
    whole_file = recipe.folder / f"whole{helper}.pt"
    # A resumed stage draws new lines instead of repeating the first ones.
    resumed = train.lines_seen(whole_file)
    exchange = None
    if recipe.exchange_every:
        exchange = WeightExchange(recipe.folder / "exchange", f"process{helper}", recipe.exchange_every)
    lines = batches(
        MixedLines(data, recipe.sources, (recipe.seed, resumed, *helper.encode())),
        alphabet.writes, recipe.fine_tune.batch, recipe.render_processes,
    )  # fmt: skip
    train.fine_tune(
        model, lines, recipe.fine_tune.schedule(), whole_file, validate=validate, after_step=exchange,
        frozen_blocks=recipe.frozen_blocks, device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        report=report,
    )  # fmt: skip
    if not helper:
        save_finished(
            model,
            data.checked("tuning", recipe.fitted),
            recipe.target,
            seed=recipe.seed,
            language_lines=recipe.language_lines,
            report=report,
        )
