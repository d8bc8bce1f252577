"""A track on disk: pictures, tasks and truth in a folder of its own.

``track.json`` says what it is, ``tasks.jsonl`` what is asked, ``truth.jsonl`` what is right, ``pictures/`` holds what
engines may look at. Answers are given for the ids of the tasks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import cv2
from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.errors import EvaluationError, MissingInputError

from .cutting import Picture

TRACK_FILE, TASKS_FILE, TRUTH_FILE, PICTURES = "track.json", "tasks.jsonl", "truth.jsonl", "pictures"
_AGAIN = "Make the track again with 'registers_bench.py make'."


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Track(_Row):
    """What a track is.

    Args:
        set: which pictures: ``standard``, ``quick``, or the name of a collection.
        track: ``lines`` (a picture is one line) or ``pages`` (a picture is a page, asked are its fields).
        compare: ``verbatim``, or ``plain`` (without case and punctuation) where labels have neither.
        pixels: ``as published``, ``other`` (another version of a library drew them), or ``own`` for a collection.
        made_with: versions of the libraries that draw.
    """

    benchmark: str
    version: str
    set: str
    track: Literal["lines", "pages"]
    compare: Literal["verbatim", "plain"] = "verbatim"
    pixels: Literal["as published", "other", "own"] = "own"
    made_with: dict[str, str] = {}


class Task(_Row):
    """One thing asked.

    Args:
        picture: path below ``pictures/``.
        record: which entry of the page, from 1; this and the rest is for pages alone.
        code: of the field in the page's form.
        label: the field's printed label.
        kind: of the field, as in the form's schema.
        boxes: corners of the field's blanks in the picture's pixels, for engines that have no layout of their own.
    """

    id: str
    picture: str
    record: int = 1
    code: str = ""
    label: str = ""
    kind: str = ""
    boxes: tuple[tuple[tuple[float, float], ...], ...] = ()


class Truth(_Row):
    """What is right.

    Args:
        text: what is written, verbatim; empty where nothing is.
        book: its book, or the block of lines that may share a hand.
        script: ``hand``, ``typed``, ``blank`` or ``ticks``.
        group: kind of field as the figures show it, or empty.
        strength: of the faults of paper and scanner, 0 to 5.
    """

    id: str
    text: str
    book: str
    script: Literal["hand", "typed", "blank", "ticks"]
    group: str = ""
    form: str = ""
    strength: float = 0.0


@dataclass(frozen=True, slots=True)
class TrackFolder:
    """A track that was read: tasks and truth have the same ids in the same order."""

    folder: Path
    track: Track
    tasks: tuple[Task, ...]
    truth: tuple[Truth, ...]

    def picture(self, name: str) -> Picture:
        """A picture, blue-green-red.

        Raises:
            MissingInputError: it is not there or no picture.
        """
        path = self.folder / PICTURES / name
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise MissingInputError(path, "the picture is missing or damaged.", mend=_AGAIN)
        return picture  # type: ignore[return-value]


def write_track(folder: Path, track: Track, tasks: Sequence[Task], truth: Sequence[Truth]) -> None:
    """Write everything but the pictures; ``track.json`` comes last and tells that the track is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_lines(folder / TASKS_FILE, (task.model_dump(exclude_defaults=True) for task in tasks))
    _write_lines(folder / TRUTH_FILE, (row.model_dump(exclude_defaults=True) for row in truth))
    (folder / TRACK_FILE).write_text(json.dumps(track.model_dump(), ensure_ascii=False, indent=1) + "\n", "utf-8")


def read_track(folder: Path) -> TrackFolder:
    """Read a track and check that tasks and truth belong together.

    Raises:
        MissingInputError: there is no whole track in the folder.
        EvaluationError: a file of it is damaged.
    """
    for name in (TRACK_FILE, TASKS_FILE, TRUTH_FILE):
        if not (folder / name).is_file():
            raise MissingInputError(folder / name, "this is no whole track.", mend=_AGAIN)
    try:
        track = Track.model_validate_json((folder / TRACK_FILE).read_bytes())
    except ValidationError as error:
        raise EvaluationError(f"{folder / TRACK_FILE} is damaged.", mend=_AGAIN) from error
    tasks, truth = _read_rows(folder / TASKS_FILE, Task), _read_rows(folder / TRUTH_FILE, Truth)
    if [task.id for task in tasks] != [row.id for row in truth]:
        raise EvaluationError(f"{folder}: tasks and truth do not belong together.", mend=_AGAIN)
    return TrackFolder(folder, track, tuple(tasks), tuple(truth))


_Some = TypeVar("_Some", bound=_Row)


def _read_rows(path: Path, row: type[_Some]) -> list[_Some]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(row.model_validate_json(line))
        except ValidationError as error:
            raise EvaluationError(f"{path}, row {number} is damaged.", mend=_AGAIN) from error
    return rows


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="\n")
