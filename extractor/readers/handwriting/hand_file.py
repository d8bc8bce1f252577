"""The file of an adapted reader: what is added to some weights of one base model, and what its book has said so far."""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.readers.handwriting.language import Automaton

FORMAT = 1
_ANEW = "Adapt the book anew with 'extractor adapt'."


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """A language model of one book's texts and how much it counts, see :class:`.memory.Remembering`."""

    start: int
    automaton: Automaton
    share: float
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class HandFile:
    """An adapted reader without its base.

    Args:
        base: digest of the model folder it belongs to.
        difference: what is added to weights, by their name; kept in eight bits and a scale for each row.
        memory: of the book's texts, where there are any.
        alphabet: of the base.
    """

    base: str
    alphabet: str
    difference: dict[str, NDArray[np.float16]] = field(default_factory=dict)
    memory: Memory | None = None

    def to_bytes(self) -> bytes:
        """The file's content; the same data give the same bytes."""
        head: dict[str, object] = {"format": FORMAT, "base": self.base, "alphabet": self.alphabet}
        arrays: dict[str, NDArray[Any]] = {}
        for name in sorted(self.difference):
            arrays[f"add.{name}"], arrays[f"scale.{name}"] = _packed(self.difference[name])
        if self.memory is not None:
            head["memory"] = [self.memory.start, self.memory.share, self.memory.strength]
            for item in fields(Automaton):
                arrays[f"book.{item.name}"] = getattr(self.memory.automaton, item.name)
        stream = io.BytesIO()
        arrays["head"] = np.frombuffer(json.dumps(head, ensure_ascii=False, sort_keys=True).encode(), np.uint8)
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        return stream.getvalue()


def _packed(change: NDArray[np.float16]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers from -127 to 127 and what they are to be multiplied by, row by row: half the size."""
    rows = change.astype(np.float32).reshape(len(change) if change.ndim > 1 else 1, -1)
    scale = np.abs(rows).max(axis=1, initial=0.0) / 127
    whole = np.round(rows / np.where(scale > 0, scale, 1.0)[:, None])
    return whole.astype(np.int8).reshape(change.shape), scale.astype(np.float32)


def _unpacked(whole: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float16]:
    return np.asarray((whole.reshape(len(scale), -1) * scale[:, None]).reshape(whole.shape), np.float16)


def digest_of(content: bytes) -> str:
    """Name of an adapted reader: it is made of the file's content."""
    return hashlib.sha256(content).hexdigest()[:16]


def write_hand_file(folder: Path, hand: HandFile) -> str:
    """Write the file, whole, for its owner only; returns the name of the adapted reader."""
    content = hand.to_bytes()
    name = digest_of(content)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(folder / f"{name}.npz")
    return name


def read_hand_file(folder: Path, name: str, base: str) -> HandFile:
    """Read an adapted reader and check that it belongs to a base model.

    Args:
        base: digest of the model folder in use.

    Raises:
        ModelError: it is missing, damaged, or made for other weights.
    """
    path = folder / f"{name}.npz"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: the adapted reader is missing.", mend=_ANEW) from error
    if digest_of(content) != name:
        raise ModelError(f"{path}: the adapted reader is damaged.", mend=_ANEW)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            arrays = {key: data[key] for key in data.files}
        head = json.loads(arrays["head"].tobytes().decode())
        if head["format"] != FORMAT:
            raise ValueError("another format")
        memory = None
        if "memory" in head:
            start, share, strength = head["memory"]
            automaton = Automaton(*(arrays[f"book.{item.name}"] for item in fields(Automaton)))
            automaton.check(len(head["alphabet"]) + 1, start)
            memory = Memory(start, automaton, share, strength)
        names = [key.removeprefix("add.") for key in arrays if key.startswith("add.")]
        difference = {name: _unpacked(arrays[f"add.{name}"], arrays[f"scale.{name}"]) for name in names}
        found = HandFile(str(head["base"]), str(head["alphabet"]), difference, memory)
    except Exception as error:  # a damaged archive raises what its compression happens to raise
        raise ModelError(f"{path}: not an adapted reader ({type(error).__name__}).", mend=_ANEW) from error
    if found.base != base:
        raise ModelError(f"{path}: this adapted reader was made for other weights than those in use.", mend=_ANEW)
    return found
