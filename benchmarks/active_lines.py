"""Lines for ``active.py``: a pool to choose from and lines to measure with, encoded once and kept.

Real lines come from two collections, split as the shipped recipe splits them. Lines of a set are what an office's queue
holds: fields of all kinds in their natural shares. Rendered ones are names in fonts the reader was not trained on, of
which few are of smaller peoples.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from extractor.learning.line_set import read_line_set
from extractor.learning.looking import encode
from extractor.readers.handwriting.alphabet import canonical
from extractor.readers.handwriting.model import LineRecogniser
from extractor.training import collections
from extractor.training.collections import PARTS, LabelledLine
from extractor.training.fonts.registry import load_fonts
from extractor.training.rendered import font_lines
from extractor.training.samples import Sample, plain
from extractor.training.texts.persons import person_name

SEED = 1
"""Of the recipe that made the shipped weights: its parts are these parts."""

MINORITY = "minority"
HIGHLAND = ("Ê Đê", "Gia Rai", "Ba Na", "Xơ Đăng", "Cơ Ho", "M'Nông", "H'Mông", "Khmer")
MINORITY_SHARE = 0.05
"""Share of such names in the pool of rendered lines."""

NAMES = frozenset(("person_name", "signer"))
"""Kinds of fields of a set that hold names of persons."""

_CHUNK = 50


@dataclass(frozen=True)
class Lines:
    """Encoded lines: features ``(steps, 888)`` of each, what is written, and which kind of line it is."""

    features: list[NDArray[np.float16]]
    texts: list[str]
    sources: list[str]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Material:
    """What an experiment is made with: lines to choose from, and parts to measure with, by name."""

    pool: Lines
    measured: dict[str, Lines]


def real(model: LineRecogniser, folder: Path, work: Path, pool: int, report: Callable[[str], None]) -> Material:
    """Lines of the collections' part ``train`` to choose from; ``tuning`` and ``held_out`` to measure with."""
    readers = {"kalapa": collections.read_kalapa, "cinnamon": collections.read_cinnamon}
    parts = {name: collections.split(read(folder / name), SEED) for name, read in readers.items()}
    found = {}
    for part, most in (("held_out", 10**6), ("tuning", 10**6), ("train", pool)):
        lines = [(line, name) for name in readers for line in parts[name][part]]
        Random(SEED).shuffle(lines)
        samples = (sample for line, name in lines[:most] for sample in plain([line], name))
        found[part] = _kept(model, samples, min(most, len(lines)), work / f"real-{part}", report)
    return Material(found.pop("train"), found)


def of_set(
    model: LineRecogniser, folder: Path, work: Path, sizes: tuple[int, int], report: Callable[[str], None]
) -> Material:
    """Lines of a set: some of its part ``train`` to choose from; of ``tuning`` and ``held_out`` to measure with.

    Args:
        model: encodes them.
        folder: of the set.
        work: keeps what was encoded.
        sizes: lines to choose from, and lines of each other part, at most.
        report: receives progress.

    Raises:
        MissingInputError: there is no set in the folder.
        LineSetError: it is damaged.
    """
    whole = read_line_set(folder)
    found = {}
    for part in PARTS:
        lines = list(whole.of_part(part))
        Random(SEED).shuffle(lines)
        lines = lines[: sizes[part != "train"]]
        samples = (
            sample
            for line in lines
            for sample in plain([LabelledLine(whole.picture(line), canonical(line.text), 0)], line.kind)
        )
        found[part] = _kept(model, samples, len(lines), work / f"{whole.manifest.version[:12]}-{part}", report)
    return Material(found.pop("train"), found)


def rendered(model: LineRecogniser, part: str, work: Path, pool: int, report: Callable[[str], None]) -> Material:
    """Names in fonts the reader does not know: those for calibration (``tuning``) or for tests (``held_out``)."""
    fonts = load_fonts("hand", "test" if part == "held_out" else "calibration")

    def lines(seed: int, name: str, text: Callable[[Generator], str]) -> Iterator[Sample]:
        return font_lines(np.random.default_rng([seed, len(part)]), fonts, text, clean_share=0.5, source=name)

    def mixed(seed: int) -> Iterator[Sample]:
        rng = np.random.default_rng([seed, 7])
        streams = {"names": lines(seed, "names", common_name), MINORITY: lines(seed + 1, MINORITY, rare_name)}
        while True:
            yield next(streams[MINORITY if rng.random() < MINORITY_SHARE else "names"])

    measured = itertools.chain(
        itertools.islice(lines(11, "names", common_name), 80), itertools.islice(lines(12, MINORITY, rare_name), 80)
    )
    return Material(
        _kept(model, mixed(21), pool, work / f"rendered-{part}-pool", report),
        {part: _kept(model, measured, 160, work / f"rendered-{part}", report)},
    )


def common_name(rng: Generator) -> str:
    """A name of the largest people."""
    return person_name(Random(int(rng.integers(2**32))), group="Kinh").raw


def rare_name(rng: Generator) -> str:
    """A name of a smaller people that is made otherwise."""
    group = HIGHLAND[int(rng.integers(len(HIGHLAND)))]
    return person_name(Random(int(rng.integers(2**32))), group=group).raw


def _kept(
    model: LineRecogniser, samples: Iterator[Sample], count: int, folder: Path, report: Callable[[str], None]
) -> Lines:
    """Encode lines, a file for every few, so that a broken run goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = Lines([], [], [])
    stream = itertools.islice(samples, count)
    for number in itertools.count():
        some = list(itertools.islice(stream, _CHUNK))
        if not some:
            return lines
        file = folder / f"{number:04d}.npz"
        if not file.is_file():
            rows = encode(model, [sample.prepared for sample in some])
            partial = file.with_suffix(".part")
            with partial.open("wb") as written:
                np.savez(written, features=np.concatenate(rows), steps=[len(row) for row in rows])
            file.with_suffix(".json").write_text(json.dumps([[s.text, s.source] for s in some]), "utf-8")
            partial.replace(file)
            report(f"{folder.name}: {number * _CHUNK + len(some)} of {count} lines encoded")
        with np.load(file) as kept:
            rows = np.split(kept["features"], np.cumsum(kept["steps"])[:-1])
        told = json.loads(file.with_suffix(".json").read_text("utf-8"))
        # More may have been encoded before than are wanted now.
        lines.features.extend(rows[: len(some)])
        lines.texts.extend(text for text, _ in told[: len(some)])
        lines.sources.extend(source for _, source in told[: len(some)])
