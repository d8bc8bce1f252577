"""The shipped reader of handwritten and printed lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor.readers.handwriting.images import prepare
from extractor.readers.handwriting.language import Guide
from extractor.readers.handwriting.runtime import Precision, Run, best_runner, inspect_folder
from extractor.readers.protocol import Reading
from extractor.records import Candidate
from extractor.scans.types import Image

MAX_BATCH = 16


class HandwritingReader:
    """Reads lines with the trained recogniser of a model folder.

    Args:
        folder: holds ``config.json``, ``model.safetensors`` and, where the configuration asks for it, ``language.npz``.
        threads: processor threads for the arithmetic, at least 1.
        candidates: readings given for each line at most, at least 1.
        beam: prefixes kept by the search, at least ``candidates``.
        run: what runs the recogniser, instead of the best way found.
        language: whether the folder's language model has a say, where there is one.
        precision: of the arithmetic; see :func:`~extractor.readers.handwriting.runtime.torch_runner`.
        at_once: batches in the network at once, at least 1, each on ``threads`` of its own; the same is read. It
            may be changed between two calls.

    Raises:
        ModelError: the folder is missing or its files are damaged, or its alphabet lacks a Vietnamese letter.
    """

    name = "handwriting"

    def __init__(
        self, folder: Path, *, threads: int = 1, candidates: int = 5, beam: int = 10, run: Run | None = None,
        language: bool = True, precision: Precision = "float32", at_once: int = 1,
    ) -> None:  # fmt: skip
        self._folder = inspect_folder(folder)
        self._given, self._threads = run, threads
        self._candidates = candidates
        self._precision = precision
        self.at_once = at_once
        self._decoder = self._folder.decoder(beam=max(beam, candidates), language=language)

    @cached_property
    def _run(self) -> Run:
        """What runs the recogniser; loaded with the first line, for who only asks for the version needs none."""
        return best_runner(self._folder, self._threads, self._precision) if self._given is None else self._given

    def load(self) -> None:
        """Load the weights now, not with the first line.

        Raises:
            ModelError: they cannot be loaded.
        """
        _ = self._run

    @property
    def version(self) -> str:
        """Hash of the weights and their configuration, and the precision where it is not the usual one."""
        return self._folder.digest + ("" if self._precision == "float32" else f"-{self._precision}")

    @property
    def alphabet(self) -> str:
        """Characters it can write, in class order, for making a :class:`~extractor.readers.handwriting.Guide`."""
        return self._folder.alphabet

    def read(self, lines: Sequence[Image], *, guide: Guide | None = None) -> list[Reading]:
        """Read the lines, one reading for each, in order.

        Args:
            lines: pictures of lines.
            guide: what these lines may say (a list of texts, an allowed alphabet, a grammar); it stands beside the
                language model. Where it allows nothing of what the pixels show, the line is read without it and given
                no confidence.

        Raises:
            ImageError: an array is no picture.
            ModelError: the weights cannot be loaded.
        """
        prepared = [prepare(line) for line in lines]
        by_width: dict[int, list[int]] = {}
        for index, (picture, _) in enumerate(prepared):
            by_width.setdefault(picture.shape[1], []).append(index)
        batches = [
            indices[start : start + MAX_BATCH]
            for indices in by_width.values()
            for start in range(0, len(indices), MAX_BATCH)
        ]

        if not prepared:
            return []
        run = self._run

        def through(chosen: list[int]) -> NDArray[np.float32]:
            return run(np.stack([prepared[index][0] for index in chosen])[:, None])

        readings: dict[int, Reading] = {}
        with _in_order(through, batches, self.at_once) as results:
            for chosen, logits in zip(batches, results, strict=True):
                for index, rows in zip(chosen, logits, strict=True):
                    picture, taken = prepared[index]
                    readings[index] = self._reading(rows, picture, taken, guide)
        return [readings[index] for index in range(len(lines))]

    def _reading(
        self, logits: NDArray[np.float32], picture: NDArray[np.float32], taken: int, guide: Guide | None
    ) -> Reading:
        """Decode one line from its logits; ``taken`` columns of the prepared picture are no padding."""
        decoder = self._decoder
        free = decoder.texts(logits)
        found = free if guide is None else decoder.texts_within(logits, guide, free)
        allowed = bool(found)
        if not allowed:
            found = free
        elif free[0].text not in [item.text for item in found]:
            # Whoever decides must see what was read before a list had its say.
            found = [found[0], free[0], *found[1:]]
        best = found[0]
        confidence = decoder.calibration.line(best) if allowed else 0.0
        candidates = [Candidate(best.text, confidence)]
        rest = max(1.0 - best.share, 1e-9)
        for other in found[1 : self._candidates]:
            candidates.append(Candidate(other.text, min(confidence, (1.0 - confidence) * other.share / rest)))
        placed = decoder.characters(logits, best.classes)
        frames = max(1.0, len(logits) * taken / picture.shape[1])
        positions = [min(1.0, (item.middle + 0.5) / frames) for item in placed]
        return Reading(
            best.text,
            confidence,
            tuple(candidates),
            tuple(min(1.0, item.probability) for item in placed),
            tuple(_from_first_ink(positions, picture[:, :taken])),
        )


@contextmanager
def _in_order(
    through: Callable[[list[int]], NDArray[np.float32]], batches: Sequence[list[int]], at_once: int
) -> Iterator[Iterator[NDArray[np.float32]]]:
    """What the network gives for the batches, in their order; the first are decoded while others are in it."""
    if min(at_once, len(batches)) < 2:
        yield map(through, batches)
        return
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield pool.map(through, batches)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _from_first_ink(positions: list[float], picture: NDArray[np.float32]) -> list[float]:
    """Move characters that lie before the first ink to where the ink begins.

    Nothing in the training tells a CTC model when to write its first letters, and it likes to write them on the first
    frame. The letters after them lie well.

    Args:
        positions: shares of the width, in order.
        picture: prepared line without its padding.
    """
    inked = np.flatnonzero((picture < 0.0).any(axis=0))
    if not len(inked):
        return positions
    first, last = float(inked[0]) / picture.shape[1], float(inked[-1] + 1) / picture.shape[1]
    early = sum(position < first for position in positions)
    if not early:
        return positions
    pitch = (positions[early] - first) / (early + 0.5) if early < len(positions) else (last - first) / early
    return [first + pitch * (index + 0.5) for index in range(early)] + positions[early:]
