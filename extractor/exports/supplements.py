"""What another register said of a record's fields that the book has no place for.

A birth book of 2009 has no line for the identity number; the population database does. Such a value is kept apart from
what was read: it fills a cell only where the record's form has no field for that column, it never takes the place of
anything written in the book, and it names its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import ExportError
from extractor.exports.findings import RecordId

FILE = "reconciliation/supplements.jsonl"
"""Where they lie in the output folder of a run."""


class Supplement(BaseModel):
    """What is known of one record from elsewhere.

    Args:
        columns: text by import column.
        source: where it comes from, in words, such as the name of the population extract.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    page: int = Field(ge=1)
    record: int = Field(default=1, ge=1)
    columns: dict[str, str]
    source: str

    @property
    def key(self) -> RecordId:
        """File, page and record number."""
        return self.file, self.page, self.record


def write_supplements(path: Path, supplements: Iterable[Supplement]) -> int:
    """Write them, one line of JSON each, in place of a former list; returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    number = 0
    with part.open("w", encoding="utf-8") as file:
        for supplement in supplements:
            file.write(supplement.model_dump_json() + "\n")
            number += 1
    part.replace(path)
    return number


def read_supplements(path: Path) -> Mapping[RecordId, Supplement]:
    """The supplements of a run by record; none where there is no such file.

    Raises:
        ExportError: the file cannot be read, or a line is no supplement or of a record that stands twice.
    """
    if not path.exists():
        return {}
    found: dict[RecordId, Supplement] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                supplement = Supplement.model_validate_json(line)
                if supplement.key in found:
                    raise ExportError(f"{path}, line {number}: the record stands twice.", mend="Reconcile again.")
                found[supplement.key] = supplement
    except ValidationError as error:
        raise ExportError(f"{path}, line {number}: {error.errors()[0]['msg']}.", mend="Reconcile again.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{path}: cannot be read ({type(error).__name__}).", mend="Reconcile again.") from error
    return found
