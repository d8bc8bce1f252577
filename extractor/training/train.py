"""The two stages of training: a new head on cached features, then everything at a low rate.

A fresh head on top of the whole network stays for thousands of lines on the plateau where only blanks are written; on
cached features it leaves that plateau in minutes. Both stages save a checkpoint that they resume from.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from extractor.errors import ModelError
from extractor.readers.handwriting.encoder import LineEncoder
from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig
from extractor.training.arithmetic import training_precision
from extractor.training.ctc import Alphabet, ctc_loss
from extractor.training.features import FeatureCache, batches_by_width, stack
from extractor.training.metrics import LineErrors, line_errors
from extractor.training.rendering import Batch
from extractor.training.samples import Sample

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a stage learns.

    Args:
        lines: lines to be seen in all.
        batch: lines in a step.
        rate: highest learning rate, of the head.
        encoder_rate: highest learning rate of the encoder; the first stage has none.
        warm_up: share of the lines over which the rate rises.
        seconds: wall-clock limit of this run; the rate falls towards its end whichever limit comes first.
        save_every: lines between checkpoints.
    """

    lines: int
    batch: int = 32
    rate: float = 1e-3
    encoder_rate: float = 0.0
    warm_up: float = 0.05
    seconds: float = math.inf
    save_every: int = 4000

    def factor(self, done: float) -> float:
        """Share of the highest rate after a share ``done`` of the stage: a linear rise, then half a cosine to 2 %."""
        if done < self.warm_up:
            return max(done, 1e-3) / self.warm_up
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (done - self.warm_up) / (1 - self.warm_up))))


class Stage:
    """Optimiser, clock and checkpoint of one training stage."""

    def __init__(
        self, model: LineRecogniser, parts: list[tuple[nn.Module, float]], schedule: Schedule, file: Path
    ) -> None:
        self.model, self.schedule, self.file = model, schedule, file
        groups = [{"params": list(part.parameters()), "lr": rate, "highest": rate} for part, rate in parts]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))
        self.lines = 0
        self.seconds = 0.0
        self._since = time.monotonic()
        self._saved = 0
        self._recent = 0.0
        if file.is_file():
            state: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
            model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.lines, self.seconds = state["lines"], state["seconds"]
            self._saved = self.lines

    @property
    def done(self) -> float:
        """Share of the stage that lies behind, by lines or by time."""
        spent = self.seconds + time.monotonic() - self._since
        return max(self.lines / self.schedule.lines, spent / self.schedule.seconds)

    def step(self, loss: Tensor, lines: int) -> None:
        """Learn from one batch's loss.

        Raises:
            ModelError: the loss is no number any more.
        """
        if not math.isfinite(loss.item()):
            raise ModelError(
                f"The loss is no number after {self.lines} lines.",
                mend="Lower the rates; the last checkpoint is whole.",
            )
        for group in self.optimiser.param_groups:
            group["lr"] = group["highest"] * self.schedule.factor(self.done)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
        self.optimiser.step()
        self.lines += lines
        self._recent = 0.98 * self._recent + 0.02 * loss.item() if self._recent else loss.item()
        if self.lines - self._saved >= self.schedule.save_every:
            self.save()

    def save(self) -> None:
        """Write the checkpoint, replacing the former one only when it is whole."""
        now = time.monotonic()
        self.seconds, self._since, self._saved = self.seconds + now - self._since, now, self.lines
        self.file.parent.mkdir(parents=True, exist_ok=True)
        state = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        partial = self.file.with_suffix(".partial")
        torch.save({**state, "lines": self.lines, "seconds": self.seconds}, partial)
        partial.replace(self.file)

    def describe(self) -> str:
        """Progress in one line, without any text from the data."""
        return f"{self.lines} lines, {self.done:.0%}, loss {self._recent:.4f}"


def load_checkpoint(file: Path) -> dict[str, Any]:
    """What a stage saved.

    Raises:
        ModelError: the file is damaged.
    """
    try:
        state: dict[str, Any] = torch.load(file, weights_only=True, map_location="cpu")
        return state
    except Exception as error:  # a damaged archive raises what its reader happens to raise
        raise ModelError(
            f"{file}: the checkpoint cannot be read ({type(error).__name__}).", mend="Remove it; its stage starts anew."
        ) from error


def lines_seen(checkpoint: Path) -> int:
    """Lines that a stage had learnt from when it saved its checkpoint; 0 where there is none."""
    return int(load_checkpoint(checkpoint)["lines"]) if checkpoint.is_file() else 0


def read_features(model: LineRecogniser, cache: FeatureCache, alphabet: Alphabet) -> dict[str, LineErrors]:
    """Errors of the head on cached features, by source."""
    found: dict[str, list[tuple[str, str]]] = {}
    model.head.eval()
    with torch.inference_mode():
        for rows, text, source in cache.entries:
            reading = alphabet.greedy(model.head(torch.from_numpy(rows[None].astype("float32"))))[0]
            found.setdefault(source, []).append((reading, text))
    return _errors(found)


def _errors(found: dict[str, list[tuple[str, str]]]) -> dict[str, LineErrors]:
    return {
        source: line_errors([r for r, _ in pairs], [t for _, t in pairs], insensitive=source == "kalapa")
        for source, pairs in found.items()
    }


def read_samples(model: LineRecogniser, samples: Iterable[Sample], alphabet: Alphabet) -> dict[str, LineErrors]:
    """Errors of the whole recogniser on prepared lines, by source; Kalapa's labels carry neither case nor commas."""
    found: dict[str, list[tuple[str, str]]] = {}
    model.eval()
    device = next(model.parameters()).device
    for group in batches_by_width(samples, 16):
        lines = stack(group).to(device).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), training_precision(device.type):
            features = model.encoder(lines)
        with torch.inference_mode():
            readings = alphabet.greedy(model.head(features.float()))
        for sample, reading in zip(group, readings, strict=True):
            found.setdefault(sample.source, []).append((reading, sample.text))
    return _errors(found)


def train_head(
    model: LineRecogniser, cache: FeatureCache, schedule: Schedule, checkpoint: Path, *, seed: int,
    validate: Callable[[LineRecogniser], object] = lambda model: None, report: Report = lambda line: None,
) -> None:  # fmt: skip
    """First stage: train the head alone on cached features.

    Args:
        model: its head is changed in place.
        cache: features and texts.
        schedule: length and rate.
        checkpoint: file to resume from and to save to.
        seed: order of the lines.
        validate: called after each pass.
        report: receives progress.
    """
    alphabet = Alphabet(model.config.alphabet)
    stage = Stage(model, [(model.head, schedule.rate)], schedule, checkpoint)
    pass_number = stage.lines // max(1, len(cache))
    while stage.done < 1:
        model.head.train()
        for features, texts in cache.batches(schedule.batch, seed + 10 * pass_number):
            keep = [index for index, text in enumerate(texts) if alphabet.writes(text)]
            if keep:
                with training_precision("cpu"):
                    logits = model.head(features[keep])
                stage.step(ctc_loss(logits, [texts[index] for index in keep], alphabet), len(keep))
            if stage.done >= 1:
                break
        pass_number += 1
        report(stage.describe())
        validate(model)
    stage.save()


def fine_tune(
    model: LineRecogniser, batches: Iterator[Batch], schedule: Schedule, checkpoint: Path, *,
    validate: Callable[[LineRecogniser], float] | None = None, validate_every: int = 4000, start_counts: bool = False,
    after_step: Callable[[LineRecogniser, int], None] | None = None, frozen_blocks: int = 0,
    device: torch.device | None = None, report: Report = lambda line: None,
) -> None:  # fmt: skip
    """Second stage: train encoder and head together on fresh pictures.

    Layers run in bfloat16 on processors that have it and on a GPU, which doubles their speed; weights and loss stay in
    single precision. Interrupted by the keyboard, it saves its checkpoint first.

    Args:
        model: changed in place; afterwards it holds the weights of the best validation.
        batches: endless; texts must be in the model's alphabet.
        schedule: length and rates.
        checkpoint: file to resume from and to save to; the best weights go to a file beside it, ``NAME.best.pt``.
        validate: called now and then and at the end; gives the errors that make the best weights the best.
        validate_every: lines between two validations.
        start_counts: validate the weights the stage begins with, too: they may be the best.
        after_step: called after each step with the model and the lines seen so far.
        frozen_blocks: so many of the encoder's first blocks, and the stem before them, stay as they are; what they see
            (strokes) differs least between scripts, and a third of the time goes there.
        device: where to compute; the processor by default.
        report: receives progress.
    """
    device = device or torch.device("cpu")
    alphabet = Alphabet(model.config.alphabet)
    if frozen_blocks:
        model.encoder.stem.requires_grad_(False)
        for block in list(model.encoder.blocks)[:frozen_blocks]:
            block.requires_grad_(False)
    model.to(device)
    model.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    parts: list[tuple[nn.Module, float]] = [(model.head, schedule.rate), (model.encoder, schedule.encoder_rate)]
    stage = Stage(model, parts, schedule, checkpoint)
    best = BestWeights(checkpoint.with_suffix(".best.pt"), fresh=stage.lines == 0)
    validated = stage.lines

    def look() -> None:
        report(stage.describe())
        if validate is not None:
            best.consider(model, validate(model))
            model.train()

    if start_counts and stage.lines == 0:
        look()
    model.train()
    try:
        while stage.done < 1:
            lines, texts = next(batches)
            lines = lines.to(device).contiguous(memory_format=torch.channels_last)
            with training_precision(device.type):
                logits = model(lines)
            stage.step(ctc_loss(logits, texts, alphabet), len(texts))
            if after_step is not None:
                after_step(model, stage.lines)
            if stage.lines - validated >= validate_every:
                validated = stage.lines
                look()
    except KeyboardInterrupt:
        stage.save()
        report(f"stopped after {stage.lines} lines; the same command goes on")
        raise
    look()
    stage.save()
    best.restore(model)


class BestWeights:
    """Keeps the weights of the best validation in a file.

    Args:
        file: holds the weights and their errors.
        fresh: forget what an earlier run left there.
    """

    def __init__(self, file: Path, *, fresh: bool) -> None:
        self.file = file
        self.errors = math.inf
        if file.is_file():
            if fresh:
                file.unlink()
            else:
                self.errors = float(load_checkpoint(file)["errors"])

    def consider(self, model: LineRecogniser, errors: float) -> None:
        """Keep the model's weights if they are the best so far."""
        if errors < self.errors:
            self.errors = errors
            self.file.parent.mkdir(parents=True, exist_ok=True)
            partial = self.file.with_suffix(".partial")
            torch.save({"model": model.state_dict(), "errors": errors}, partial)
            partial.replace(self.file)

    def restore(self, model: LineRecogniser) -> None:
        """Give the model the best weights, where there are any."""
        if self.file.is_file():
            model.load_state_dict(load_checkpoint(self.file)["model"])


def new_recogniser(encoder: LineEncoder, seed: int, **settings: Any) -> LineRecogniser:
    """A recogniser with a fresh head on a given encoder."""
    torch.manual_seed(seed)
    model = LineRecogniser(LineRecogniserConfig(**settings))
    model.encoder.load_state_dict(encoder.state_dict())
    return model


def describe_errors(errors: dict[str, LineErrors]) -> str:
    """One line with CER and share of exact lines for each source."""
    return "; ".join(
        f"{name}: CER {100 * e.cer:.2f} %, exact {100 * e.exact:.1f} % of {e.lines}" for name, e in errors.items()
    )
