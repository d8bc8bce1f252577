"""Records as JSON lines, UTF-8, Unicode normal form C."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from extractor.errors import EvaluationError
from extractor.records.record import Record
from extractor.records.values import nfc
from extractor.whole_files import take_place


def record_line(record: Record) -> str:
    """One record as one line of JSON, without line end; the same record always gives the same line."""
    return nfc(json.dumps(record.model_dump(mode="json"), ensure_ascii=False, separators=(", ", ": ")))


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Write records to ``path``, replacing it only once all are written; returns how many."""
    count = 0
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(record_line(record) + "\n")
            count += 1
    take_place(part, path)
    return count


def read_records(path: Path) -> Iterator[Record]:
    """Read records from ``path``, one a line.

    Raises:
        EvaluationError: a line is not a record; the message names file and line.
    """
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _record(path, number, line)
    except UnicodeDecodeError as error:
        raise EvaluationError(
            f"{path}: is not UTF-8 after line {number}.", mend="Write the file again with 'extractor run'."
        ) from error


def _record(path: Path, number: int, line: str) -> Record:
    try:
        return Record.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvaluationError(
            f"{path}, line {number}: {place or 'line'}: {first['msg']}.",
            mend="Write the file again with 'extractor run'.",
        ) from error
