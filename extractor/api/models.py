"""Requests and answers of the interface; all that a client sends is checked against these, strictly."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic.config import JsonDict

from extractor.jobs.asking import UNSEEN, Asked, Id, whole
from extractor.records import Decision, FieldState, PageProblemKind, Severity, nfc
from extractor.store import JobState, ProblemResolution, UploadState
from extractor.templates.form import Kind

Number = Annotated[int, Strict(), Field(ge=1, le=2**53), BeforeValidator(whole)]
Token = Annotated[int, Strict(), Field(ge=0, le=2**31 - 1), BeforeValidator(whole)]
LeaseSeconds = Annotated[
    int, Strict(), Field(ge=30, le=3600, description="How long the field is held, in seconds"), BeforeValidator(whole)
]
Person = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern=rf"^[^\x00-\x20{UNSEEN}/]([^\x00-\x1f{UNSEEN}/]*[^\x00-\x20{UNSEEN}/])?$",
        description="Who works, as the client knows the person; the log names client and person. Letters put together "
        "otherwise and more spaces make no other person",
    ),
    AfterValidator(lambda name: " ".join(nfc(name).split())),
]
Box = Annotated[list[int], Field(min_length=4, max_length=4, description="Left, top, width, height in source pixels")]


class Page(BaseModel):
    """One page of a list."""

    next: str | None = Field(description="Give it as 'after' to go on; null at the end of the list")


# Uploads


class UploadShown(BaseModel):
    """A file that is being sent, or was."""

    id: Id
    name: str
    size: int
    offset: int = Field(description="Bytes that have arrived; the next piece begins there")
    state: UploadState
    sha256: str
    kind: str = Field(description="pdf, tiff, jpeg, png or zip, once whole")
    pages: int | None = Field(description="Pages, once whole; null for an archive")
    reason: str = Field(description="Why it was refused, as a code, or empty")
    message: str
    created_at: datetime
    finished_at: datetime | None


class UploadPage(Page):
    """Uploads, newest first."""

    items: list[UploadShown]


# Runs and exports


class Progress(BaseModel):
    """How far a job is, in pages for a run."""

    done: int
    total: int


class JobError(BaseModel):
    """Why a job failed."""

    message: str
    mend: str


class SetAsideShown(BaseModel):
    """A file, or a page of it, that could not be used."""

    file: str
    page: int | None
    reason: str
    message: str
    mend: str


class RunResult(BaseModel):
    """What a run did."""

    pages: int
    pages_new: int
    set_aside: list[SetAsideShown]
    exported: int = Field(description="Records written into workbooks")
    held_back: int = Field(description="Records that cannot be handed over yet")
    suspended: list[str] = Field(description="Kinds of field for which the certificate does not count, and why")


class JobShown(BaseModel):
    """A job as it stands."""

    id: Id
    state: JobState
    cancel_asked: bool
    progress: Progress
    error: JobError | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RunShown(JobShown):
    """A run."""

    uploads: list[Id]
    result: RunResult | None


class RunPage(Page):
    """Runs, newest first."""

    items: list[RunShown]


class ExportAsked(Asked):
    """What is to be written."""

    format: str = Field(default="all", max_length=40, description="all, records, or one import profile")
    pending: Literal["blank", "proposal"] = Field(
        default="blank", description="Fields that wait for a person: left blank, or proposals in a marked draft"
    )


class ExportShown(JobShown):
    """An export."""

    format: str
    pending: str
    files: int
    files_left: list[str] = Field(
        description="Books not written, since none of their scans can be read; their former files are not among these"
    )


class ExportPage(Page):
    """Exports, newest first."""

    items: list[ExportShown]


class ExportFile(BaseModel):
    """A file of an export."""

    number: int
    name: str
    size: int
    sha256: str


class ExportFiles(BaseModel):
    """All files of an export."""

    items: list[ExportFile]


# Books, records, page problems


class BookShown(BaseModel):
    """A book and how far it is. Fields counted as accepted or decided wait for nobody."""

    model_config = ConfigDict(populate_by_name=True)

    id: int
    register_code: str = Field(alias="register")
    year: str
    number: str
    agency: str
    commune: str
    district: str
    province: str
    pages: int
    records: int
    accepted: int
    review: int
    confirmed: int
    corrected: int
    page_problems: int


class BookPage(Page):
    """Books, in the order in which they came."""

    items: list[BookShown]


class RecordListed(BaseModel):
    """A record as a list names it."""

    id: int
    book_id: int
    page_id: int
    file: str
    page: int
    record: int
    form: str
    state: Literal["waiting", "settled"] = Field(description="waiting: a person has to look at some field")
    waiting_fields: int


class RecordPage(Page):
    """Records, by file as people count, page, and number on the page."""

    items: list[RecordListed]


class FieldShown(BaseModel):
    """A field as it stands.

    Where ``hidden`` is true, people type the field without sight of what the machine read, or judge between two
    readings: nothing of it is told.
    """

    id: int
    label: str
    group: str
    kind: str
    hidden: bool
    raw: str | None = Field(description="Verbatim, as in the book")
    value: str | None = Field(description="Normalised; null where nothing could be normalised")
    state: FieldState | None
    decision: Decision
    confidence: float | None = Field(description="Probability that value is exactly right, 0 to 1")
    box: Box | None
    person: str
    decided_at: datetime | None


class WarningShown(BaseModel):
    """What a rule found."""

    rule: str
    fields: list[str]
    severity: Severity
    message: str
    message_en: str


class RecordShown(BaseModel):
    """A record with its fields by code."""

    id: int
    book_id: int
    page_id: int
    file: str
    page: int
    record: int
    form: str
    form_version: str
    fields: dict[str, FieldShown]
    warnings: list[WarningShown]
    previous_id: int | None
    following_id: int | None


class ProblemShown(BaseModel):
    """A page that yields no records, and why."""

    id: int
    page_id: int
    book_id: int
    file: str
    page: int
    kind: PageProblemKind
    message: str
    form: str | None
    resolution: ProblemResolution | None
    resolved_by: str


class ProblemPage(Page):
    """Page problems, by file as people count, and page."""

    items: list[ProblemShown]


# Tasks and decisions


class ClaimAsked(Asked):
    """Which field is wanted: the next, the next of a book or kind, or one by its number."""

    person: Person
    book: Number | None = None
    kind: Kind | None = None
    field: Number | None = None
    lease_seconds: LeaseSeconds = 300


class Reading(BaseModel):
    """What the machine read."""

    raw: str
    value: str | None
    state: FieldState
    confidence: float


class Beside(BaseModel):
    """The same field of the record before or after; null where nothing may be told."""

    raw: str | None
    state: FieldState | None


class TaskShown(BaseModel):
    """A field in a person's hands.

    ``reading`` is null for a blind task, of which nothing is told, and for a disputed one, where two readings stand
    among the choices and nothing tells whose is whose.
    """

    id: int
    token: int = Field(description="Name it in every request about the task; it ends with the lease")
    person: str
    leased_until: datetime
    field_id: int
    record_id: int
    book_id: int
    page_id: int
    form: str
    code: str
    kind: str
    label: str
    group: str
    blind: bool
    disputed: bool
    reading: Reading | None
    choices: list[str]
    before: Beside | None
    after: Beside | None
    warnings: list[WarningShown]


class Claimed(BaseModel):
    """The field, or null where nothing is left for this person."""

    task: TaskShown | None
    held_by_others: int
    left: int = Field(description="Fields that wait and this person may get")


class LeaseAsked(Asked):
    """A task in a person's hands."""

    token: Token
    person: Person


class RenewAsked(LeaseAsked):
    """A lease to prolong."""

    lease_seconds: LeaseSeconds = 300


class Renewed(BaseModel):
    """The lease's new end."""

    leased_until: datetime


class ReleaseAsked(LeaseAsked):
    """A task to give back."""

    skip: Annotated[bool, Strict()] = Field(default=False, description="This person gets it again after all others")


class Released(BaseModel):
    """Whether it was still held."""

    released: bool


_WITH_TEXT: JsonDict = {"required": ["raw"], "properties": {"state": {"const": "read"}, "raw": {"pattern": r"\S"}}}
_WITH_OR_WITHOUT: JsonDict = {"required": ["state"], "properties": {"state": {"enum": ["ditto", "illegible"]}}}
_WITHOUT: JsonDict = {
    "required": ["state"],
    "properties": {"state": {"enum": ["blank", "not_on_form"]}, "raw": {"pattern": r"^\s*$"}},
}


class DecisionAsked(LeaseAsked):
    """A person's answer."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_WITH_TEXT, _WITH_OR_WITHOUT, _WITHOUT]})

    task: Number
    raw: str = Field(
        default="",
        max_length=4000,
        pattern=rf"^[^\x00-\x08\x0b-\x1f{UNSEEN}]*$",
        description="Verbatim, as in the book; the value is made of it. Needed for 'read'; for 'ditto' the mark, or "
        "nothing; nothing for the other states",
    )
    state: FieldState = FieldState.READ


class Decided(BaseModel):
    """What became of the answer; null for a blind task, of which is not told whether it was what the machine read."""

    decision: Decision | None
    value: str | None


# The server


class Health(BaseModel):
    """That the server works."""

    status: Literal["ok"] = "ok"
    version: str
