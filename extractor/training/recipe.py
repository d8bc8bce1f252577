"""Recipes: what a training run learns from, for how long, and where its model goes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from extractor.errors import SettingsError
from extractor.training.train import Schedule

OPEN_SOURCES = ("fonts", "capitals", "mixed", "empty")
"""Sources of lines that need no collection of handwriting."""

STROKE_SOURCES = ("strokes", "words", "figures")
"""Sources of lines that are drawn from the pen strokes."""

SOURCES = ("kalapa", "cinnamon", "decided", *STROKE_SOURCES, *OPEN_SOURCES)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


Rate = Annotated[float, Field(ge=0), AfterValidator(_finite)]


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
    rate: Rate = Field(gt=0)
    encoder_rate: Rate = 0.0
    minutes: float = Field(default=math.inf, gt=0)
    save_every: int = Field(default=4000, gt=0)

    def schedule(self) -> Schedule:
        """As the stages take it."""
        return Schedule(
            self.lines, self.batch, self.rate, self.encoder_rate, seconds=60 * self.minutes, save_every=self.save_every
        )


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
        decided: folder of a set of lines that people decided (:mod:`extractor.learning.line_set`); none without one.
        work: folder for features and checkpoints.
        out: folder for the finished model.
        threads: processor threads.
        mixture: weight of each source in the second stage.
        frozen_blocks: first blocks of the encoder that the second stage leaves as they are.
        exchange_every: lines between two exchanges of weights, where several processes share the second stage; 0 where
            one does it alone.
        render_processes: processes that draw the second stage's lines beside the trainer; 0 where it draws them itself.
        watched: rendered lines of each source that each validation reads, beside the real ones.
        validate_every: lines between two validations of the second stage.
        start_counts: whether the weights a run starts from are validated too, so that they stay where training makes
            nothing better.
        fitted: the same for fitting the confidences.
        language_lines: texts that the language model is made from; 0 for a reader without one.
        keep_language: take the language model of ``start``, and how much it counts, as they are.
    """

    seed: int = Field(ge=0, lt=2**32)
    data: Literal["all", "open"] = "all"
    start: Path | None = None
    encoder: Path | None = None
    kalapa: Path | None = None
    cinnamon: Path | None = None
    strokes: Path | None = None
    decided: Path | None = None
    work: Path
    out: Path
    threads: int = Field(default=1, ge=1)
    cached: CachedLines = CachedLines()
    head: StageLength | None = None
    fine_tune: StageLength
    mixture: dict[str, Rate]
    frozen_blocks: int = Field(default=0, ge=0)
    exchange_every: int = Field(default=0, ge=0)
    render_processes: int = Field(default=0, ge=0)
    validate_every: int = Field(default=4000, gt=0)
    start_counts: bool = False
    language_lines: int = Field(default=300_000, ge=0)
    keep_language: bool = False
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
        if self.start is None and (self.keep_language or self.start_counts):
            raise ValueError("'keep_language' and 'start_counts' need a 'start'")
        if self.data == "open" and self.start is not None:
            raise ValueError("a model of open data must start from an 'encoder': a 'start' brings what it learnt from")
        return self

    @model_validator(mode="after")
    def _sources_are_given(self) -> Recipe:
        for name in self.sources:
            if name not in SOURCES:
                raise ValueError(f"the mixture names an unknown source '{name}'; known are {', '.join(SOURCES)}")
            collection = "strokes" if name in STROKE_SOURCES else name
            if name not in OPEN_SOURCES and getattr(self, collection) is None:
                raise ValueError(f"the mixture asks for '{name}', but '{collection}' is not given")
        if not sum(self.sources.values()) > 0:
            raise ValueError("the mixture has no source with a weight above 0")
        return self

    def claim_folder(self, **facts: str) -> None:
        """Write into the working folder what its features and checkpoints come from.

        Args:
            facts: more of it, by name: what files hold whose paths alone would not tell.

        Raises:
            SettingsError: the folder holds the work of another recipe.
        """
        free = {
            "fine_tune", "head", "out", "threads", "render_processes", "watched", "fitted", "language_lines",
            "validate_every", "start_counts", "keep_language",
        }  # fmt: skip
        entries: dict[str, Any] = {**self.model_dump(mode="json", exclude=free, exclude_none=True), **facts}
        file = self.folder / "recipe.json"
        if file.is_file():
            try:
                before = dict(json.loads(file.read_text("utf-8")))
            except (ValueError, TypeError) as error:
                raise SettingsError(f"{file}: this file is damaged.", mend="Remove the working folder.") from error
            changed = [name for name, value in entries.items() if before.get(name) != value]
            changed += [name for name, value in before.items() if value is not None and name not in entries]
            if changed:
                raise SettingsError(
                    f"{self.folder}: the work there was done with another {', '.join(changed)}.",
                    mend="Name another working folder, or remove this one.",
                )
        self.folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", "utf-8")


def load_recipe(file: Path, *, data: str = "", minutes: float | None = None, **instead: Any) -> Recipe:
    """Read a recipe file.

    Args:
        file: YAML.
        data: takes the place of the recipe's entry of that name, unless empty.
        minutes: the same for the length of the second stage.
        instead: the same for other entries by name.

    Raises:
        SettingsError: the file is missing, or an entry is missing, unknown or out of range.
    """
    try:
        entries = yaml.safe_load(file.read_text("utf-8"))
        if isinstance(entries, dict):
            entries = {**entries, **instead, **({"data": data} if data else {})}
            if minutes is not None and isinstance(entries.get("fine_tune"), dict):
                entries["fine_tune"] = {**entries["fine_tune"], "minutes": minutes}
        return Recipe.model_validate(entries)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: the recipe cannot be read.", mend="Name a YAML file in UTF-8.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f"entry '{place}'" if place else "the recipe"
        raise SettingsError(
            f"{file}: {where} is wrong: {first['msg']}.", mend="Compare it with recipes/two-cores.yaml."
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # the last: of a date there is not
        raise SettingsError(f"{file}: this is no YAML.", mend="Compare it with recipes/two-cores.yaml.") from error
