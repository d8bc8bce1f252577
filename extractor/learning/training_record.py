"""What a model learned from: ``training.json`` in its folder, without which nothing can be told of leaks.

It names the sets of lines with what they may be used for, the books and hands in them by their names inside the set,
and every picture by a digest of its pixels. A model that goes on from another one has learned from what that one has
learned from, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import ModelError, TruncatedInputError

TRAINING_FILE = "training.json"
CARD_FILE = "README.md"


class UsedSet(BaseModel):
    """A set that a model learned from, or whose lines chose its checkpoint or fitted its confidences.

    Args:
        version: of the set.
        purpose: what its lines may be used for.
        consent: on which decision or consent they were given out.
        by: who made it.
        lines: how many lines of each part were used.
        kinds: how many of them are of each kind of field.
        books: names of their books inside the set.
        hands: names of their hands.
        pixels: digests of their pictures, see :func:`pixel_digest`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    purpose: str
    consent: str
    by: str
    lines: dict[str, int]
    kinds: dict[str, int]
    books: tuple[str, ...]
    hands: tuple[str, ...]
    pixels: tuple[str, ...]


class TrainingRecord(BaseModel):
    """What a model learned from.

    Args:
        start: digest of the model it went on from; empty where it started from an encoder.
        sets: sets of lines, those of the models before it included.
        collections: collections of handwriting, likewise.
        split_seed: the seed that parted these into lines to learn from and lines kept apart; none where not known.
        recipe: the recipe's entries, without paths.
        lines_seen: lines it was trained on, repetitions counted.
        figures: errors on the tuning lines before training and of the checkpoint that was chosen.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    start: str = ""
    sets: tuple[UsedSet, ...] = ()
    collections: tuple[str, ...] = ()
    split_seed: int | None = None
    recipe: dict[str, Any] = {}
    lines_seen: int = 0
    figures: dict[str, dict[str, dict[str, float]]] = {}

    @property
    def books(self) -> frozenset[str]:
        """Names of all books it learned from."""
        return frozenset(name for used in self.sets for name in used.books)

    @property
    def hands(self) -> frozenset[str]:
        """Names of all hands it learned from."""
        return frozenset(name for used in self.sets for name in used.hands)

    @property
    def pixels(self) -> frozenset[str]:
        """Digests of all pictures it learned from."""
        return frozenset(digest for used in self.sets for digest in used.pixels)

    def to_json(self) -> str:
        """The content of the file."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"


def read_training_record(folder: Path) -> TrainingRecord:
    """What the model of a folder learned from.

    Raises:
        ModelError: the folder does not say, or what it says is damaged.
    """
    file = folder / TRAINING_FILE
    try:
        return TrainingRecord.model_validate_json(file.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder}: it does not say what the model learned from ({TRAINING_FILE} is missing).",
            mend="Copy the whole folder, or train the model with 'extractor train'.",
        ) from error
    except (OSError, ValidationError) as error:
        raise ModelError(f"{file}: this file is damaged.", mend="Copy the model's folder anew.") from error


def pixel_digest(picture: Path) -> str:
    """A digest of a picture's grey pixels: the same however often it is stored anew without loss.

    Raises:
        TruncatedInputError: the file is missing or damaged.
    """
    grey = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise TruncatedInputError(picture, "the picture cannot be decoded.", mend="Copy the set anew.")
    return pixel_digest_of(np.asarray(grey, dtype=np.uint8))


def pixel_digest_of(grey: NDArray[np.uint8]) -> str:
    """The same of pixels, grey ``(h, w)``."""
    digest = hashlib.sha256(repr(grey.shape).encode())
    digest.update(np.ascontiguousarray(grey).data)
    return digest.hexdigest()[:32]


def without_repetition(sets: Iterable[UsedSet]) -> tuple[UsedSet, ...]:
    """The sets, each once."""
    return tuple({(used.version, used.pixels): used for used in sets}.values())
