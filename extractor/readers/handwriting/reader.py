"""The shipped reader of handwritten and printed lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from extractor.readers.handwriting.decoding import beam_search, calibrate, log_softmax, place
from extractor.readers.handwriting.images import prepare
from extractor.readers.handwriting.runtime import Run, best_runner, inspect_folder
from extractor.readers.protocol import Reading
from extractor.records import Candidate
from extractor.scans.types import Image

MAX_BATCH = 16


class HandwritingReader:
    """Reads lines with the trained recogniser of a model folder.

    Args:
        folder: holds ``config.json`` and ``model.safetensors``.
        threads: processor threads for the arithmetic, at least 1.
        candidates: readings given for each line at most, at least 1.
        beam: prefixes kept by the search, at least ``candidates``.
        run: what runs the recogniser, instead of the best way found.

    Raises:
        ModelError: the folder is missing or damaged, or its alphabet lacks a Vietnamese letter.
    """

    name = "handwriting"

    def __init__(
        self, folder: Path, *, threads: int = 1, candidates: int = 5, beam: int = 10, run: Run | None = None
    ) -> None:
        self._folder = inspect_folder(folder)
        self._run = best_runner(self._folder, threads) if run is None else run
        self._candidates = candidates
        self._beam = max(beam, candidates)

    @property
    def version(self) -> str:
        """Hash of the weights and their configuration."""
        return self._folder.digest

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        """Read the lines, one reading for each, in order.

        Raises:
            ImageError: an array is no picture.
        """
        prepared = [prepare(line) for line in lines]
        by_width: dict[int, list[int]] = {}
        for index, (picture, _) in enumerate(prepared):
            by_width.setdefault(picture.shape[1], []).append(index)
        readings: dict[int, Reading] = {}
        for indices in by_width.values():
            for start in range(0, len(indices), MAX_BATCH):
                chosen = indices[start : start + MAX_BATCH]
                logits = self._run(np.stack([prepared[index][0] for index in chosen])[:, None])
                for index, rows in zip(chosen, logits, strict=True):
                    picture, taken = prepared[index]
                    readings[index] = self._reading(rows, picture, taken)
        return [readings[index] for index in range(len(lines))]

    def _reading(self, logits: NDArray[np.float32], picture: NDArray[np.float32], taken: int) -> Reading:
        """Decode one line from its logits; ``taken`` columns of the prepared picture are no padding."""
        log_probs = log_softmax(logits, self._folder.temperature)
        found: dict[str, tuple[tuple[int, ...], float]] = {}
        for classes, score in beam_search(log_probs, self._beam):
            start, end = _without_spaces(classes, self._folder.alphabet)
            text = "".join(self._folder.alphabet[number - 1] for number in classes[start:end])
            if text not in found:
                found[text] = (classes[start:end], 0.0)
            found[text] = (found[text][0], found[text][1] + float(np.exp(score)))
        ranked = sorted(found.items(), key=lambda item: -item[1][1])
        text, (classes, probability) = ranked[0]
        confidence = calibrate(probability, self._folder.line_confidence)
        candidates = [Candidate(text, confidence)]
        rest = max(1.0 - probability, 1e-9)
        for other, (_, share) in ranked[1 : self._candidates]:
            candidates.append(Candidate(other, min(confidence, (1.0 - confidence) * share / rest)))
        placed = place(log_probs, classes)
        frames = max(1.0, len(log_probs) * taken / picture.shape[1])
        positions = [min(1.0, (item.middle + 0.5) / frames) for item in placed]
        return Reading(
            text,
            confidence,
            tuple(candidates),
            tuple(min(1.0, item.probability) for item in placed),
            tuple(_from_first_ink(positions, picture[:, :taken])),
        )


def _without_spaces(classes: tuple[int, ...], alphabet: str) -> tuple[int, int]:
    """Range of the classes without spaces at either end."""
    start, end = 0, len(classes)
    while start < end and alphabet[classes[start] - 1] == " ":
        start += 1
    while end > start and alphabet[classes[end - 1] - 1] == " ":
        end -= 1
    return start, end


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
