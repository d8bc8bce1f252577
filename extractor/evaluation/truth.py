"""Truth files: what the fields of a scan really hold, one record a line."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import EvaluationError
from extractor.records import FieldState

RecordId = tuple[str, int, int]
"""File, page and record number, as :attr:`extractor.records.Record.key`."""


class TruthField(BaseModel):
    """What a field truly holds: verbatim, as a normalised value, and in which state."""

    model_config = ConfigDict(frozen=True)

    raw: str = ""
    value: str | None = None
    state: FieldState = FieldState.READ


class TruthRecord(BaseModel):
    """One line of a truth file."""

    model_config = ConfigDict(frozen=True)

    file: str
    page: int = Field(ge=1)
    record: int = Field(default=1, ge=1)
    form: str
    fields: dict[str, TruthField]

    @property
    def key(self) -> RecordId:
        """File, page and record number."""
        return self.file, self.page, self.record


def read_truth(path: Path) -> dict[RecordId, TruthRecord]:
    """The records of a truth file by file, page and record number, in the order of the file.

    Raises:
        EvaluationError: the file cannot be read, a line is no truth record, or a record stands twice.
    """
    records: dict[RecordId, TruthRecord] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                record = _truth_record(path, number, line)
                if record.key in records:
                    raise twice(path, record.key)
                records[record.key] = record
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: cannot be read.", mend="Name a truth file in JSON lines.") from error
    return records


def twice(path: Path, key: RecordId) -> EvaluationError:
    """The error for a record that stands twice in a file."""
    return EvaluationError(f"{path}: {key[0]}, page {key[1]}, record {key[2]} stands twice.", mend="Keep one line.")


def _truth_record(path: Path, number: int, line: str) -> TruthRecord:
    try:
        return TruthRecord.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "line"
        raise EvaluationError(
            f"{path}, line {number}: {place}: {first['msg']}.",
            mend="A truth line has file, page, record, form and fields with raw, value and state.",
        ) from error
