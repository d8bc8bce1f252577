"""What was read and what people decided, kept on SQLite or PostgreSQL."""

from extractor.store.accounts import Account, Accounts, Role, SignInRefused
from extractor.store.activity import DayCount, Deed
from extractor.store.approvals import Approval, Approvals, Obstacle, Standing
from extractor.store.clients import ROOM, ApiKey, ApiKeys, Scope
from extractor.store.convert import person_key
from extractor.store.erasing import Erasure, Erasures
from extractor.store.inspection_results import (
    Dispute,
    DrawnRecord,
    ExportedField,
    InspectedField,
    Inspection,
    InspectionTask,
    Judgement,
    Part,
    Reading,
    SampleDraft,
)
from extractor.store.inspections import Inspections
from extractor.store.instructions import Instructions, SaidOfPage, StoredPage
from extractor.store.jobs import Job, JobKind, Jobs, JobState
from extractor.store.learning import Learning, Marked, OpenField
from extractor.store.missing import Missing, MissingPages, Outcome
from extractor.store.passwords import PasswordError, Weakness, first_password
from extractor.store.record_queue import RecordQueue
from extractor.store.replies import Begun, Replies, Reply, ReplyConflict
from extractor.store.results import (
    AuditReport,
    Bar,
    BookSummary,
    Counts,
    DecidedField,
    FieldContext,
    HistoryEntry,
    MachineChange,
    Neighbour,
    NothingToUndo,
    PageImage,
    PageResult,
    ProblemResolution,
    QueueEmpty,
    QueueStatus,
    RecordKey,
    StoredField,
    StoredProblem,
    StoredRecord,
    Task,
    WaitingField,
)
from extractor.store.sessions import IDLE_SECONDS, Session, Sessions, SignedIn
from extractor.store.store import LEASE_SECONDS, BookRef, Store
from extractor.store.tables import InspectedStatus
from extractor.store.uploads import Upload, Uploads, UploadState

__all__ = [
    "IDLE_SECONDS",
    "LEASE_SECONDS",
    "ROOM",
    "Account",
    "Accounts",
    "ApiKey",
    "ApiKeys",
    "Approval",
    "Approvals",
    "AuditReport",
    "Bar",
    "Begun",
    "BookRef",
    "BookSummary",
    "Counts",
    "DayCount",
    "DecidedField",
    "Deed",
    "Dispute",
    "DrawnRecord",
    "Erasure",
    "Erasures",
    "ExportedField",
    "FieldContext",
    "HistoryEntry",
    "InspectedField",
    "InspectedStatus",
    "Inspection",
    "InspectionTask",
    "Inspections",
    "Instructions",
    "Job",
    "JobKind",
    "JobState",
    "Jobs",
    "Judgement",
    "Learning",
    "MachineChange",
    "Marked",
    "Missing",
    "MissingPages",
    "Neighbour",
    "NothingToUndo",
    "Obstacle",
    "OpenField",
    "Outcome",
    "PageImage",
    "PageResult",
    "Part",
    "PasswordError",
    "ProblemResolution",
    "QueueEmpty",
    "QueueStatus",
    "Reading",
    "RecordKey",
    "RecordQueue",
    "Replies",
    "Reply",
    "ReplyConflict",
    "Role",
    "SaidOfPage",
    "SampleDraft",
    "Scope",
    "Session",
    "Sessions",
    "SignInRefused",
    "SignedIn",
    "Standing",
    "Store",
    "StoredField",
    "StoredPage",
    "StoredProblem",
    "StoredRecord",
    "Task",
    "Upload",
    "UploadState",
    "Uploads",
    "WaitingField",
    "Weakness",
    "first_password",
    "person_key",
]
