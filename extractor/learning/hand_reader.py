"""From the lines of a book to the file of a reader that is adapted to them: weights and memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from extractor.learning.adapting import Adapted, AdaptingSettings, HandLine, adapt
from extractor.learning.book_memory import MemorySettings, remember
from extractor.readers.handwriting.hand_file import HandFile, write_hand_file
from extractor.readers.handwriting.in_use import model_in_use
from extractor.readers.handwriting.language import CharacterModel
from extractor.readers.handwriting.model import LineRecogniser, load_recogniser
from extractor.readers.handwriting.runtime import LANGUAGE_FILE, ModelFolder, inspect_folder
from extractor.settings import get_settings

if TYPE_CHECKING:
    from extractor.learning.book_lines import BookLines

MOST_LINES = 50
"""Lines that are learnt from at most, drawn evenly from all; more take longer and gain little."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """An adapted reader, or an empty name where neither weights nor memory gain anything."""

    name: str
    adapted: Adapted


class HandLearner:
    """Learns hands on top of a reader.

    Args:
        folder: where the adapted readers' files go.
        model: model folder to adapt; the one in use by default.

    Raises:
        ModelError: the model folder is missing or damaged.
    """

    def __init__(
        self, folder: Path, model: Path | None = None, *, adapting: AdaptingSettings | None = None,
        memory: MemorySettings | None = None,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._base: ModelFolder = inspect_folder(model or model_in_use(get_settings()).checked())
        self._adapting, self._memory = adapting or AdaptingSettings(), memory or MemorySettings()

    @property
    def base(self) -> str:
        """Digest of the model that is adapted."""
        return self._base.digest

    @cached_property
    def _model(self) -> LineRecogniser:
        return load_recogniser(self._base.path)

    @cached_property
    def _language(self) -> CharacterModel | None:
        if not self._base.language_weight:
            return None
        return CharacterModel.load(self._base.path / LANGUAGE_FILE, self._base.alphabet)

    def learn(self, found: BookLines, *, seed: int = 1) -> Learnt:
        """Learn a book's hand and words, and keep what helps in a file."""
        adapted = adapt(self._model, evenly(found.lines, MOST_LINES), self._adapting, seed=seed)
        memory = remember(found.texts, self._language, self._memory, seed=seed) if self._language else None
        if not adapted.helps and memory is None:
            return Learnt("", adapted)
        hand = HandFile(self._base.digest, self._base.alphabet, adapted.difference, memory)
        return Learnt(write_hand_file(self._folder, hand), adapted)


def evenly(lines: tuple[HandLine, ...], most: int) -> tuple[HandLine, ...]:
    """So many of the lines at most, as far apart as can be."""
    count = min(most, len(lines))
    return tuple(lines[index * len(lines) // count] for index in range(count))
