"""The one schema, for SQLite and PostgreSQL alike. Changes need a migration; a test compares the two."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from extractor.store.columns import Id, SortText, UtcDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _only(rows: str) -> dict[str, Any]:
    """Arguments that limit an index to the rows for which this holds."""
    return {"sqlite_where": text(rows), "postgresql_where": text(rows)}


class Base(DeclarativeBase):
    """Base of all tables; constraint names follow one rule, so that migrations can refer to them."""

    metadata = MetaData(naming_convention=NAMES)


class PageStatus(StrEnum):
    """What became of a page."""

    READ = "read"
    PROBLEM = "problem"


class TaskStatus(StrEnum):
    """Whether a field still waits for a person."""

    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    """The machine settled the field, or a newer reading no longer has it."""


class Action(StrEnum):
    """What a row of the decision history tells."""

    CONFIRM = "confirm"
    CORRECT = "correct"
    UNDO = "undo"
    REFUSED = "refused"
    """An answer that came under a lost lease; it changed nothing and is kept as given."""
    REREAD = "reread"
    """A newer pipeline read the field otherwise."""
    RECONSIDERED = "reconsidered"
    """A pass over the whole book changed the machine's value."""
    REKEYED = "rekeyed"
    """A person who did not see the machine's reading typed another one: ``after`` holds that, the field keeps its own
    and waits for another person."""


class BookRow(Base):
    """A book; unknown parts of its identity are empty, not null, so that they compare."""

    __tablename__ = "book"
    __table_args__ = (
        UniqueConstraint(
            "register", "year", "number", "agency", "commune", "district", "province", name="uq_book_identity"
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    register: Mapped[str] = mapped_column(String)
    year: Mapped[str] = mapped_column(String)
    number: Mapped[str] = mapped_column(String)
    agency: Mapped[str] = mapped_column(String)
    commune: Mapped[str] = mapped_column(String)
    district: Mapped[str] = mapped_column(String)
    province: Mapped[str] = mapped_column(String)


class FileRow(Base):
    """A source file as the user named it; ``sort_key`` orders names as people do (2 before 10)."""

    __tablename__ = "source_file"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    path: Mapped[str] = mapped_column(SortText, unique=True)
    sort_key: Mapped[str] = mapped_column(SortText, index=True)
    sha256: Mapped[str] = mapped_column(String(64))


class PageRow(Base):
    """One page of a file. Other pixels under the same name make a new row and supersede the old one."""

    __tablename__ = "page"
    __table_args__ = (
        UniqueConstraint("file_id", "page", "sha256"),
        Index("ix_page_book_id_status", "book_id", "status"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("source_file.id"))
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    page: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    image: Mapped[str] = mapped_column(String)
    image_to_source: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    pipeline_version: Mapped[str] = mapped_column(String)
    form: Mapped[str] = mapped_column(String)
    form_version: Mapped[str] = mapped_column(String)
    registration: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    status: Mapped[str] = mapped_column(String(16))
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecordRow(Base):
    """One registered event on a page; retired where a newer reading no longer finds it."""

    __tablename__ = "record"
    __table_args__ = (UniqueConstraint("page_id", "number"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"))
    number: Mapped[int] = mapped_column(Integer)
    form: Mapped[str] = mapped_column(String)
    form_version: Mapped[str] = mapped_column(String)
    registration: Mapped[dict[str, Any]] = mapped_column(JSON)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FieldRow(Base):
    """One field of one record as it stands now; what it was before is in the decision history."""

    __tablename__ = "field"
    __table_args__ = (
        UniqueConstraint("record_id", "code"),
        Index("ix_field_code_decision", "code", "decision"),
        Index("ix_field_decision", "decision"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    position: Mapped[int] = mapped_column(Integer)
    code: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    raw: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float] = mapped_column(Float)
    decision: Mapped[str] = mapped_column(String(16))
    reader: Mapped[str] = mapped_column(String(64))
    box: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    candidates: Mapped[list[list[Any]]] = mapped_column(JSON)
    char_confidences: Mapped[list[float]] = mapped_column(JSON)
    reader_version: Mapped[str] = mapped_column(String)
    template_version: Mapped[str] = mapped_column(String)
    person: Mapped[str] = mapped_column(String)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WarningRow(Base):
    """What a rule found on a record."""

    __tablename__ = "rule_warning"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    rule: Mapped[str] = mapped_column(String(64))
    fields: Mapped[list[str]] = mapped_column(JSON)
    message: Mapped[str] = mapped_column(Text)
    message_en: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(String(16))


class ProblemRow(Base):
    """Why a page yields no records, and what a person said it is."""

    __tablename__ = "page_problem"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    message: Mapped[str] = mapped_column(Text)
    form: Mapped[str | None] = mapped_column(String)
    registration: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    overlay: Mapped[str | None] = mapped_column(String)
    resolution: Mapped[str | None] = mapped_column(String(16))
    resolved_by: Mapped[str] = mapped_column(String)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TaskRow(Base):
    """A field that waits for a person, and the lease on it.

    ``token`` rises with every lease and never falls: an answer that names an older one comes too late.
    ``book_id``, ``kind``, ``code`` and ``confidence`` repeat what page and field say, so that one index finds the next.
    """

    __tablename__ = "task"
    __table_args__ = (
        # Of what waits alone, so that what is done, nearly all of a large store, neither fills them nor is passed over.
        Index("ix_task_next", "key_rank", "ease", "id", **_only("status = 'open'")),
        Index("ix_task_book_next", "book_id", "key_rank", "ease", "id", **_only("status = 'open'")),
        Index("ix_task_kind_next", "kind", "key_rank", "ease", "id", **_only("status = 'open'")),
        Index("ix_task_code_next", "code", "key_rank", "ease", "id", **_only("status = 'open'")),
        Index("ix_task_disputed", "book_id", "id", **_only("status = 'open' AND rekeyed_by <> ''")),
        Index("ix_task_leased", "leased_until", **_only("leased_until IS NOT NULL")),
        Index("ix_task_person", "person", "status"),
        # Few tasks are chosen for learning: an index of these alone costs the others nothing.
        Index("ix_task_learning", "status", "learning_rank", "id", **_only("learning_rank IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("field.id"), unique=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    kind: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(64))
    key_rank: Mapped[int] = mapped_column(Integer)
    ease: Mapped[float] = mapped_column(Float)
    """Minus the confidence, so that ascending order gives the easiest first; any place at all for a blind task."""
    blind: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """An accepted field that is typed without sight of the machine's reading; still set once both agreed."""
    status: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String)
    token: Mapped[int] = mapped_column(Integer)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rekeyed_by: Mapped[str] = mapped_column(String, default="", server_default="")
    """Key of the person whose standing blind answer contradicts the machine, as the history tells; empty otherwise."""
    learning_rank: Mapped[int | None] = mapped_column(Integer)
    """Place from 1 among the fields that a reader would learn most from; none for all others. It stays once the field
    is settled: such fields were not drawn by chance, and figures that speak for all fields leave them out."""


WAITS: ColumnElement[bool] = TaskRow.status == literal_column("'open'")
"""Condition that holds for tasks of fields that wait. The word stands in the statement itself: no database uses an
index of some rows alone for a parameter, of which it does not know what it will be."""

DISPUTED: ColumnElement[bool] = TaskRow.rekeyed_by != literal_column("''")
"""Condition that holds for tasks on whose blind re-keying a person and the machine differ."""


class SeenRow(Base):
    """A person was handed the machine's reading of a task's field, and can no longer re-key it blind.

    ``person`` is the name's key, see :func:`extractor.store.convert.person_key`.
    """

    __tablename__ = "task_seen"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String, primary_key=True)


class SkipRow(Base):
    """A person put a task off: it comes back to that person when nothing else is left."""

    __tablename__ = "task_skip"
    __table_args__ = (Index("ix_task_skip_person", "person", "at", "task_id"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DecisionRow(Base):
    """History of a field, append-only: database triggers refuse update and delete."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_person_action", "person", "action", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("field.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person: Mapped[str] = mapped_column(String)
    action: Mapped[str] = mapped_column(String(16))
    token: Mapped[int | None] = mapped_column(Integer)
    reverses: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)


class AuditRow(Base):
    """One link of the audit chain, append-only: database triggers refuse update and delete.

    ``mac`` is the HMAC-SHA256 of the previous link's ``mac`` and of this link's own columns.
    """

    __tablename__ = "audit_event"

    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String)
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String)
    digest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))


class InspectedStatus(StrEnum):
    """How far the inspection of one field is."""

    OPEN = "open"
    AGREED = "agreed"
    DIFFERS = "differs"
    """The inspector's reading differs from what was exported; another person says which is right."""
    RECORD_WRONG = "record_wrong"
    RECORD_RIGHT = "record_right"
    """The readings differed, and what was exported is what the book says."""


class InspectionAction(StrEnum):
    """What a row of an inspection's history tells."""

    AGREED = "agreed"
    DIFFERED = "differed"
    FIRST_RIGHT = "first_right"
    SECOND_RIGHT = "second_right"
    BOTH_RIGHT = "both_right"
    NEITHER_RIGHT = "neither_right"
    UNDO = "undo"
    REFUSED = "refused"
    """An answer that came under a lost lease; it changed nothing and is kept as given."""


class InspectionRow(Base):
    """A sample drawn from exported records, and the plan it is judged by; what is drawn never changes."""

    __tablename__ = "inspection"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    person: Mapped[str] = mapped_column(String)
    level: Mapped[str] = mapped_column(String(8))
    aql: Mapped[str] = mapped_column(String(8))
    """Percent, as the tables print it."""
    severity: Mapped[str] = mapped_column(String(16))
    code_letter: Mapped[str] = mapped_column(String(2))
    lot_size: Mapped[int] = mapped_column(Integer)
    sample_size: Mapped[int] = mapped_column(Integer)
    acceptance: Mapped[int] = mapped_column(Integer)
    rejection: Mapped[int] = mapped_column(Integer)
    seed: Mapped[str] = mapped_column(String(64))
    lot: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The books of the lot: stem, records, drawn, and hashes of package and workbooks."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str] = mapped_column(String)


class InspectedRecordRow(Base):
    """One record of a sample, at its place in the list."""

    __tablename__ = "inspected_record"
    __table_args__ = (UniqueConstraint("inspection_id", "record_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspection.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"))
    position: Mapped[int] = mapped_column(Integer)
    book: Mapped[str] = mapped_column(String)
    pdf_name: Mapped[str] = mapped_column(String)


class InspectedFieldRow(Base):
    """One field of a sampled record: what was exported of it, how far its inspection is, and the lease on it.

    ``token`` rises with every lease and never falls: an answer that names an older one comes too late.
    """

    __tablename__ = "inspected_field"
    __table_args__ = (
        UniqueConstraint("inspected_record_id", "field_id"),
        Index("ix_inspected_field_next", "inspection_id", "status", "id"),
        Index("ix_inspected_field_field_id", "field_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspection.id"))
    inspected_record_id: Mapped[int] = mapped_column(ForeignKey("inspected_record.id"))
    field_id: Mapped[int] = mapped_column(ForeignKey("field.id"))
    code: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    raw: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    pending: Mapped[bool] = mapped_column(Boolean)
    """The field waited for a person when it was exported: its cells left the house empty."""
    status: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String)
    token: Mapped[int] = mapped_column(Integer)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InspectionAnswerRow(Base):
    """History of an inspection, append-only: database triggers refuse update and delete."""

    __tablename__ = "inspection_answer"
    __table_args__ = (Index("ix_inspection_answer_person", "person", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    inspected_field_id: Mapped[int] = mapped_column(ForeignKey("inspected_field.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person: Mapped[str] = mapped_column(String)
    action: Mapped[str] = mapped_column(String(16))
    token: Mapped[int | None] = mapped_column(Integer)
    reverses: Mapped[int | None] = mapped_column(ForeignKey("inspection_answer.id"), unique=True)
    raw: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    """State of the inspector's reading; empty for a judgement."""
