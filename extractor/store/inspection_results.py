"""What goes into inspections and what comes out of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from extractor.store.results import RecordKey
from extractor.store.tables import InspectedStatus


@dataclass(frozen=True, slots=True)
class ExportedField:
    """One field as it left the house.

    Args:
        pending: it waited for a person then, so that its cells are empty; ``raw`` and ``value`` are empty too.
    """

    code: str
    raw: str
    value: str | None
    state: str
    pending: bool = False


@dataclass(frozen=True, slots=True)
class DrawnRecord:
    """A record of a sample with its exported fields, in the order of the form."""

    key: RecordKey
    book: str
    pdf_name: str
    fields: tuple[ExportedField, ...]


@dataclass(frozen=True, slots=True)
class SampleDraft:
    """A sample about to be stored; the parts of the plan as :class:`extractor.exports.acceptance.plans.SamplingPlan`.

    Args:
        lot: the books of the lot: stem, records, drawn, hashes of package and workbooks.
        records: in the order in which they are inspected.
    """

    level: str
    aql: str
    severity: str
    code_letter: str
    lot_size: int
    acceptance: int
    rejection: int
    seed: str
    lot: tuple[Mapping[str, Any], ...]
    records: tuple[DrawnRecord, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A stored inspection and how far it is.

    Args:
        fields: number of fields by status.
        wrong_records: records of which a field was found wrong.
    """

    id: int
    created_at: datetime
    person: str
    level: str
    aql: str
    severity: str
    code_letter: str
    lot_size: int
    sample_size: int
    acceptance: int
    rejection: int
    seed: str
    lot: tuple[Mapping[str, Any], ...]
    withdrawn_at: datetime | None
    withdrawn_by: str
    fields: Mapping[InspectedStatus, int]
    wrong_records: int = 0

    @property
    def waiting(self) -> int:
        """Fields that nobody re-keyed yet."""
        return self.fields.get(InspectedStatus.OPEN, 0)

    @property
    def disputed(self) -> int:
        """Fields on which inspector and export differ, and nobody has judged who is right."""
        return self.fields.get(InspectedStatus.DIFFERS, 0)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return not self.waiting and not self.disputed

    @property
    def decided(self) -> bool:
        """Whether its result stands: finished, or rejected already."""
        return self.finished or self.wrong_records >= self.rejection


@dataclass(frozen=True, slots=True)
class InspectedField:
    """One field of a sample and what came of it.

    Args:
        current: the field still stands in the store; a newer reading of the page may have replaced it.
        inspector: who re-keyed it, or empty.
        judge: who said which reading is right, or empty.
    """

    id: int
    record: RecordKey
    position: int
    book: str
    pdf_name: str
    form: str
    code: str
    kind: str
    pending: bool
    status: InspectedStatus
    current: bool
    inspector: str = ""
    judge: str = ""


class Part(StrEnum):
    """Who works on an inspected field."""

    INSPECTOR = "inspector"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class InspectionTask:
    """A field handed to an inspector or a judge for a time; nothing of what was exported is in it.

    Args:
        token: fencing token; an answer must name it, and only the newest one is taken.
        field_id: number of the field in the store, for its picture.
        position: place of its record in the sample, from 1.
    """

    id: int
    token: int
    person: str
    leased_until: datetime
    field_id: int
    position: int
    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One of two readings put before a judge, without saying whose it is.

    Args:
        raw: the text; of a ditto what it stands for.
        value: what fills the cell, where one is known.
    """

    raw: str
    state: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A field on which two readings differ; their order tells nothing of whose is whose."""

    task: InspectionTask
    first: Reading
    second: Reading


class Judgement(StrEnum):
    """Which of two readings is what the book says."""

    FIRST = "first_right"
    SECOND = "second_right"
    BOTH = "both_right"
    NEITHER = "neither_right"
