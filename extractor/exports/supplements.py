"""What another register said of a record's fields that the book has no place for.

A birth book of 2009 has no line for the identity number; the population database does. Such a value is kept apart from
what was read: it fills a cell only where the record's form has no field for that column, it never takes the place of
anything written in the book, and it names its source.

Each kind of source has a list of its own beside the first one, so that asking one again leaves what others said. Where
two say otherwise of one column, neither is taken: only a person can tell which is right.

What was found by comparing a record holds for that record as it then was: a fingerprint of the compared fields goes
with it, and :func:`fitting` leaves it out once they say something else.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import ExportError
from extractor.exports.findings import RecordId
from extractor.records import Record
from extractor.whole_files import take_place

FILE = "reconciliation/supplements.jsonl"
"""Where they lie in the output folder of a run; lists of other sources are named ``supplements-NAME.jsonl``."""

C06_FILE = "reconciliation/supplements-c06.jsonl"
"""Those from sheets that the police's software gave back."""


class Supplement(BaseModel):
    """What is known of one record from elsewhere.

    Args:
        columns: text by import column.
        source: where it comes from, in words, such as the name of the population extract.
        disputed: columns of which two sources say otherwise; they are not among ``columns``.
        codes: fields of the record that the source was matched on.
        fingerprint: of what these fields said then, see :func:`record_fingerprint`; empty for a source that names its
            record by number.
        stale: columns left out since the record says something else today.
        unfit: columns left out since their text is no identity number.
        parts: what each source says, where several were joined.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    page: int = Field(ge=1)
    record: int = Field(default=1, ge=1)
    columns: dict[str, str]
    source: str
    disputed: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    fingerprint: str = ""
    stale: tuple[str, ...] = Field(default=(), exclude=True)
    unfit: tuple[str, ...] = Field(default=(), exclude=True)
    parts: tuple[Supplement, ...] = Field(default=(), exclude=True)

    @property
    def key(self) -> RecordId:
        """File, page and record number."""
        return self.file, self.page, self.record

    def without(self, columns: Collection[str]) -> Supplement:
        """The same without some columns, such as those that the record's form has fields for."""
        return self.model_copy(
            update={
                "columns": {column: text for column, text in self.columns.items() if column not in columns},
                "disputed": tuple(column for column in self.disputed if column not in columns),
                "stale": tuple(column for column in self.stale if column not in columns),
                "unfit": tuple(column for column in self.unfit if column not in columns),
                "parts": tuple(part.without(columns) for part in self.parts),
            }
        )

    def joined(self, other: Supplement) -> Supplement:
        """What two sources say of the same record together."""
        both = self.columns.keys() & other.columns.keys()
        differing = {column for column in both if self.columns[column] != other.columns[column]}
        disputed = sorted({*differing, *self.disputed, *other.disputed})
        columns = {column: text for column, text in {**self.columns, **other.columns}.items() if column not in disputed}
        sources = dict.fromkeys((*self.source.split("; "), *other.source.split("; ")))
        return self.model_copy(
            update={
                "columns": columns,
                "source": "; ".join(sources),
                "disputed": tuple(disputed),
                "parts": (*(self.parts or (self,)), *(other.parts or (other,))),
            },
        )

    def fits(self, record: Record) -> bool:
        """Whether the record still says what it was matched on."""
        return not self.fingerprint or self.fingerprint == record_fingerprint(record, self.codes)


def record_fingerprint(record: Record, codes: Iterable[str]) -> str:
    """A short hash of what some of a record's fields say and whether it is settled; it holds no values."""
    said = [record.form]
    for code in sorted(codes):
        field = record.fields.get(code)
        text = "" if field is None else field.raw if field.value is None else field.value
        state = "" if field is None else field.state.value
        said += [code, text if text is not None else "", state, str(field is not None and field.decision.settled)]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:24]


_IDENTITY_COLUMN = re.compile(r"SoDinhDanh(CaNhan)?$")


def fitting(supplement: Supplement | None, record: Record) -> Supplement | None:
    """What of a supplement holds for the record as it is today; what was left out stands in ``stale`` and ``unfit``.

    A source whose fingerprint does not fit is left out whole: the record was matched on other values, so its number may
    be another person's. Identity numbers have twelve digits; anything else in their columns is left out.
    """
    if supplement is None:
        return None
    parts = supplement.parts or (supplement,)
    fresh = [part for part in parts if part.fits(record)]
    found = supplement
    if len(fresh) < len(parts):
        found = supplement.model_copy(update={"columns": {}, "disputed": (), "parts": ()})
        for number, part in enumerate(fresh):
            found = found.joined(part) if number else part
        told = {column for part in parts if part not in fresh for column in part.columns}
        found = found.model_copy(update={"stale": tuple(sorted(told - set(found.columns)))})
    numbers = {column: text for column, text in found.columns.items() if _IDENTITY_COLUMN.search(column)}
    unfit = {column for column, text in numbers.items() if not re.fullmatch(r"[0-9]{12}", text)}
    if unfit:
        kept = {column: text for column, text in found.columns.items() if column not in unfit}
        found = found.model_copy(update={"columns": kept, "unfit": tuple(sorted(unfit)), "parts": ()})
    return found


def write_supplements(path: Path, supplements: Iterable[Supplement]) -> int:
    """Write one source's list, one line of JSON each, in place of a former one; returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    number = 0
    with part.open("w", encoding="utf-8") as file:
        for supplement in supplements:
            left_out = {name for name in ("disputed", "codes", "fingerprint") if not getattr(supplement, name)}
            file.write(supplement.model_dump_json(exclude=left_out) + "\n")
            number += 1
    take_place(part, path)
    return number


def read_supplements(path: Path) -> Mapping[RecordId, Supplement]:
    """The supplements of a run by record, joined over all sources; none where there is no such file.

    Args:
        path: the first source's list; those of other sources are found beside it.

    Raises:
        ExportError: a file cannot be read, or a line is no supplement or of a record that stands twice in it.
    """
    found: dict[RecordId, Supplement] = {}
    others = sorted(path.parent.glob(f"{path.stem}-*{path.suffix}"))
    for one in (path, *others):
        for (key, _), supplement in read_list(one).items():
            found[key] = found[key].joined(supplement) if key in found else supplement
    return found


def read_list(path: Path) -> dict[tuple[RecordId, str], Supplement]:
    """The supplements of one list by record and source; none where there is no such file.

    Raises:
        ExportError: see :func:`read_supplements`.
    """
    if not path.exists():
        return {}
    found: dict[tuple[RecordId, str], Supplement] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                supplement = Supplement.model_validate_json(line)
                if (supplement.key, supplement.source) in found:
                    raise ExportError(f"{path}, line {number}: the record stands twice.", mend="Reconcile again.")
                found[supplement.key, supplement.source] = supplement
    except ValidationError as error:
        raise ExportError(f"{path}, line {number}: {error.errors()[0]['msg']}.", mend="Reconcile again.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{path}: cannot be read ({type(error).__name__}).", mend="Reconcile again.") from error
    return found


class SupplementsOnDisk:
    """The supplements of a run, read again only when one of their files changed. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[tuple[str, int, int], ...] | None = None
        self._found: Mapping[RecordId, Supplement] = {}

    def get(self, key: RecordId) -> Supplement | None:
        """What is known of a record from elsewhere, or none.

        Raises:
            ExportError: see :func:`read_supplements`.
        """
        with self._lock:
            stamp = self._now()
            if stamp != self._stamp:
                self._found, self._stamp = read_supplements(self._path), stamp
            return self._found.get(key)

    def _now(self) -> tuple[tuple[str, int, int], ...]:
        files = sorted(self._path.parent.glob(f"{self._path.stem}*{self._path.suffix}"))
        return tuple((file.name, status.st_mtime_ns, status.st_size) for file in files for status in (file.stat(),))
