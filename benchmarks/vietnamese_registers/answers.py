"""Answers of an engine: one row an id, as anybody's program in any language can write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import EvaluationError, MissingInputError


class About(BaseModel):
    """What an answers file says of itself, in its first row under ``about``.

    Args:
        engine: its name, as it is to stand in the table.
        version: of the engine and its weights.
        seconds: processor seconds all pictures took together, start of the program left out.
        machine: class of the machine, such as ``x86-64, 2 cores``.
        note: what else must be known, in a few words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = Field(min_length=1, max_length=60)
    version: str = Field(default="", max_length=120)
    seconds: float | None = Field(default=None, ge=0)
    machine: str = Field(default="", max_length=120)
    note: str = Field(default="", max_length=300)


@dataclass(frozen=True, slots=True)
class Answers:
    """What an engine read, by id; ``None`` where it gave no answer."""

    about: About
    texts: dict[str, str | None]


def write_answers(path: Path, answers: Answers) -> None:
    """Write an answers file."""
    rows = [{"about": answers.about.model_dump()}, *({"id": key, "text": text} for key, text in answers.texts.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_answers(path: Path, ids: Sequence[str]) -> Answers:
    """Read an answers file and check that it answers a track.

    Args:
        ids: those of the track; each needs exactly one row.

    Raises:
        MissingInputError: there is no such file.
        EvaluationError: a row is no answer, an id is unknown, stands twice, or is missing; the message names it.
    """
    if not path.is_file():
        raise MissingInputError(path, "there are no answers.", mend="Name a file of answers, one JSON object a row.")
    about, texts, known = About(engine=path.stem[:60]), {}, set(ids)
    rows: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path}: this is not UTF-8.", mend="Write the answers in UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _object(path, number, line)
        if "about" in row:
            about = _about(path, number, row)
            continue
        key, text = _answer(path, number, row)
        if key not in known:
            raise EvaluationError(
                f"{path}, row {number}: '{key}' is no id of this track.", mend="Answer the tasks of this very track."
            )
        if key in rows:
            raise EvaluationError(
                f"{path}, row {number}: '{key}' was answered in row {rows[key]} already.", mend="Keep one of them."
            )
        rows[key], texts[key] = number, text
    missing = [key for key in ids if key not in rows]
    if missing:
        raise EvaluationError(
            f"{path}: {len(missing)} of {len(known)} ids have no row, the first is '{missing[0]}'.",
            mend='Give every id a row; {"id": ..., "text": null} says that the engine gave no answer.',
        )
    return Answers(about, texts)


def _object(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise EvaluationError(f"{path}, row {number}: no JSON.", mend="Write one JSON object a row.") from error
    if not isinstance(row, dict):
        raise EvaluationError(f"{path}, row {number}: no JSON object.", mend="Write one JSON object a row.")
    return row


def _about(path: Path, number: int, row: dict[str, object]) -> About:
    try:
        return About.model_validate(row["about"])
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(["about", *(str(part) for part in fault["loc"])])
        raise EvaluationError(
            f"{path}, row {number}: {place}: {fault['msg']}.", mend="benchmarks/README.md lists what it may say."
        ) from error


def _answer(path: Path, number: int, row: dict[str, object]) -> tuple[str, str | None]:
    key, text = row.get("id"), row.get("text", 0)
    if not isinstance(key, str) or not (text is None or isinstance(text, str)):
        raise EvaluationError(
            f"{path}, row {number}: an answer has 'id', a text, and 'text', a text or null.",
            mend='Write rows like {"id": "ks-2016-1/1/so/1", "text": "12/2016"}.',
        )
    return key, text
