"""What goes into the store and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from extractor.records import BookKey, FieldValue, PageProblem, Record, Registration, RuleWarning

RecordKey = tuple[str, int, int]
"""File, page and record number, as :attr:`extractor.records.Record.key`."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """All that was made of one page: its records, or the reason why there are none, or why one of its halves has none.

    Args:
        file: source as the user named it.
        page: page number in the file, from 1.
        sha256: hash of the page's decoded pixels.
        width: width of the source page in pixels; boxes are in these pixels.
        height: height of the source page in pixels.
        image: picture of the page for people, path relative to the output folder with ``/``; empty where none was kept.
        pipeline_version: changes whenever the same pixels could give other records.
        book: the book the page belongs to, as far as known.
        file_sha256: hash of the file's bytes, or empty.
        records: the page's records in order.
        problem: why the page yields no records; beside records, why one of two facing pages in the picture yields none.
        kinds: field code to kind of field (``person_name``); kinds choose and order tasks.
        reader_versions: reader name to version, for the provenance of each field.
        image_to_source: projective map from pixels of ``image`` to source pixels, nine numbers row by row; none where
            ``image`` shows the source page as it is, at any scale.
        char_confidences: probability of each character of ``raw``, by record number and field code; given only where
            there is exactly one for each character.
        told: a person said which records the page has, or that it has none: stored ones that it lacks are taken out,
            also where people decided their fields, which stay in the history.
    """

    file: str
    page: int
    sha256: str
    width: int
    height: int
    image: str
    pipeline_version: str
    book: BookKey = field(default_factory=BookKey)
    file_sha256: str = ""
    records: tuple[Record, ...] = ()
    problem: PageProblem | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    reader_versions: Mapping[str, str] = field(default_factory=dict)
    image_to_source: tuple[float, ...] | None = None
    char_confidences: Mapping[tuple[int, str], tuple[float, ...]] = field(default_factory=dict)
    told: bool = False

    def __post_init__(self) -> None:
        """Refuse results that contradict themselves; they are mistakes of the program, not of the input."""
        if not self.records and self.problem is None:
            raise ValueError(f"{self.file}, page {self.page}: give records or a problem")
        numbers = [record.record for record in self.records]
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"{self.file}, page {self.page}: record numbers stand twice")
        if any((record.file, record.page) != (self.file, self.page) for record in self.records):
            raise ValueError(f"{self.file}, page {self.page}: a record names another file or page")
        if self.image_to_source is not None and len(self.image_to_source) != 9:
            raise ValueError("image_to_source needs nine numbers")


@dataclass(frozen=True, slots=True)
class MachineChange:
    """A machine's second thought about one field, after the whole book was seen.

    Args:
        recheck: the field was drawn for blind re-keying; counts only where ``value`` is accepted.
    """

    record: RecordKey
    code: str
    value: FieldValue
    recheck: bool = False


@dataclass(frozen=True, slots=True)
class DecidedField:
    """A field that people settled, beside what the machine had there before any person touched it.

    Args:
        kind: kind of field, or empty where unknown.
        machine: the machine's reading, confidence and decision.
        final: the field as it stands now.
        blind: the machine had accepted the field, and a person typed it without seeing the machine's reading.
    """

    record: RecordKey
    code: str
    kind: str
    machine: FieldValue
    final: FieldValue
    blind: bool


@dataclass(frozen=True, slots=True)
class WaitingField:
    """A field that waits for a person.

    Args:
        blind: it waits to be re-keyed by somebody who does not see what the machine read.
        disputed: a blind answer contradicts the machine, and nobody has settled which of the two is right.
    """

    record: RecordKey
    code: str
    blind: bool
    disputed: bool


class Bar(StrEnum):
    """Why a field is not for a person."""

    OWN_REKEYING = "own_rekeying"
    """The person's own blind answer is what others have to judge."""
    SEEN_READING = "seen_reading"
    """The field is to be re-keyed blind, and the person was handed the machine's reading before."""


class ProblemResolution(StrEnum):
    """What a person said a page without records is."""

    COVER = "cover"
    BLANK = "blank"
    CLOSING_PAGE = "closing_page"
    RESCAN = "rescan"
    NOT_REGISTER = "not_register"


RESOLUTIONS: Mapping[str, ProblemResolution] = {
    "cover": ProblemResolution.COVER,
    "closing": ProblemResolution.CLOSING_PAGE,
    "blank": ProblemResolution.BLANK,
    "not_register": ProblemResolution.NOT_REGISTER,
}
"""The same by what an instruction says a page is, see :class:`extractor.page_instruction.PageIs`."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """The picture of a page and how its pixels relate to source pixels (see :class:`PageResult`)."""

    image: str
    width: int
    height: int
    image_to_source: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class StoredProblem:
    """A page problem with what the store knows about it."""

    id: int
    page_id: int
    problem: PageProblem
    book_id: int
    book: BookKey
    picture: PageImage
    resolution: ProblemResolution | None = None
    resolved_by: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the work is; all numbers count what is current, nothing superseded or retired."""

    pages: int = 0
    records: int = 0
    accepted: int = 0
    review: int = 0
    confirmed: int = 0
    corrected: int = 0
    page_problems: int = 0
    """Pages without records that no person has looked at yet."""

    @property
    def fields(self) -> int:
        """All fields."""
        return self.accepted + self.review + self.confirmed + self.corrected

    @property
    def settled(self) -> int:
        """Fields that wait for nobody."""
        return self.fields - self.review


@dataclass(frozen=True, slots=True)
class QueueStatus(Counts):
    """State of the whole store."""

    leased: int = 0
    """Fields that a person holds at this moment."""


@dataclass(frozen=True, slots=True)
class BookSummary:
    """A book and how far it is."""

    id: int
    key: BookKey
    counts: Counts


@dataclass(frozen=True, slots=True)
class Task:
    """A field handed to one person for a time.

    Args:
        token: fencing token; an answer must name it, and only the newest one of a task is taken.
        kind: kind of field, or empty where unknown.
        blind: nothing of ``field`` may be shown; the person types what the picture shows.
    """

    id: int
    token: int
    person: str
    leased_until: datetime
    field_id: int
    record_id: int
    book_id: int
    record: RecordKey
    form: str
    code: str
    kind: str
    field: FieldValue
    blind: bool = False


@dataclass(frozen=True, slots=True)
class QueueEmpty:
    """Nothing is left that could be handed out.

    Args:
        held_by_others: open fields that other people hold at this moment.
    """

    held_by_others: int = 0


@dataclass(frozen=True, slots=True)
class NothingToUndo:
    """The person has no decision that could be taken back."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The same field of the record before or after in the book.

    Args:
        record_id: number of that record.
        hidden: the field is re-keyed blind or disputed; what the machine read there must not be shown.
    """

    record: RecordKey
    record_id: int
    field: FieldValue
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class FieldContext:
    """What a person needs to see to judge one field.

    Args:
        picture: the page's picture.
        char_confidences: one for each character of the machine's ``raw``, or empty.
        warnings: rule messages that concern the field, without those that name a hidden field.
        named: the other fields of the record that the warnings name, with their codes.
        previous: same field of the record before, or none at the start of the book.
        following: same field of the record after, or none at its end.
        blind: the field waits to be re-keyed by somebody who sees nothing of the machine's reading.
        rekeyed_by: who re-keyed the field otherwise than the machine read it, or empty; another person has to settle,
            or has settled, which of the two it is.
    """

    field_id: int
    record_id: int
    page_id: int
    book: BookKey
    form: str
    code: str
    kind: str
    field: FieldValue
    picture: PageImage
    char_confidences: tuple[float, ...] = ()
    warnings: tuple[RuleWarning, ...] = ()
    named: tuple[tuple[str, FieldValue], ...] = ()
    previous: Neighbour | None = None
    following: Neighbour | None = None
    blind: bool = False
    rekeyed_by: str = ""
    task_id: int | None = None

    @property
    def places_beside(self) -> tuple[tuple[int, str], ...]:
        """Record's number and code of each other field that is shown with this one."""
        neighbours = [each for each in (self.previous, self.following) if each is not None and not each.hidden]
        return (
            *((self.record_id, code) for code, _ in self.named),
            *((each.record_id, self.code) for each in neighbours),
        )


@dataclass(frozen=True, slots=True)
class StoredField:
    """One field of a stored record, with its identity and who decided it.

    Args:
        hidden: the field is re-keyed blind or disputed; what the machine read there must not be shown.
    """

    id: int
    code: str
    kind: str
    field: FieldValue
    person: str = ""
    decided_at: datetime | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with its identity in the store, for showing it beside its page.

    Args:
        warnings: rule messages, without those that name a hidden field.
    """

    id: int
    page_id: int
    book_id: int
    book: BookKey
    key: RecordKey
    form: str
    registration: Registration
    picture: PageImage
    fields: tuple[StoredField, ...]
    warnings: tuple[RuleWarning, ...]
    previous_id: int | None = None
    following_id: int | None = None
    form_version: str = ""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step in the history of a field; ``before`` and ``after`` hold what :class:`FieldValue` holds."""

    id: int
    at: datetime
    person: str
    action: str
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Outcome of checking the audit chain.

    Args:
        events: links checked.
        head: sequence number and code of the last link, ``"12:ab34..."``; note it elsewhere to find truncation later.
        faults: what is wrong, one sentence each; empty where the chain holds.
        erased: links of whose content something was erased by an order that the chain vouches for.
    """

    events: int
    head: str
    faults: tuple[str, ...] = ()
    erased: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults
