"""Acceptance inspections: store samples, hand their fields out, tell what came of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from extractor.errors import LeaseLostError, NotStoredError, StoreError
from extractor.records import FieldState
from extractor.store import audit, convert, hiding, inspecting, inspection_audit
from extractor.store.inspected import under_inspection
from extractor.store.inspection_results import (
    Dispute,
    DrawnRecord,
    InspectedField,
    Inspection,
    InspectionTask,
    Judgement,
    Part,
    SampleDraft,
)
from extractor.store.queue import Answer, Refused
from extractor.store.results import RecordKey
from extractor.store.saving import Writer
from extractor.store.tables import (
    FieldRow,
    FileRow,
    InspectedFieldRow,
    InspectedRecordRow,
    InspectedStatus,
    InspectionAnswerRow,
    InspectionRow,
    PageRow,
    RecordRow,
)

LEASE_SECONDS = 300.0
_IN_LIMIT = 200

_Granted = TypeVar("_Granted")

Reading = Callable[[], AbstractContextManager[Session]]
Writing = Callable[[], AbstractContextManager[Writer]]


class Inspections:
    """The inspections of a store; made by :attr:`extractor.store.Store.inspections`."""

    def __init__(self, reading: Reading, writing: Writing, clock: Callable[[], datetime]) -> None:
        self._reading, self._writing, self._clock = reading, writing, clock

    # Samples

    def add(self, draft: SampleDraft, *, person: str) -> int:
        """Store a drawn sample and return its number.

        Raises:
            StoreError: a record or field of it is not in the store.
        """
        with self._writing() as writer:
            row = InspectionRow(
                created_at=writer.now,
                person=_named(person),
                level=draft.level,
                aql=draft.aql,
                severity=draft.severity,
                code_letter=draft.code_letter,
                lot_size=draft.lot_size,
                sample_size=len(draft.records),
                acceptance=draft.acceptance,
                rejection=draft.rejection,
                seed=draft.seed,
                lot=[dict(book) for book in draft.lot],
                withdrawn_at=None,
                withdrawn_by="",
            )
            writer.session.add(row)
            writer.session.flush()
            _add_records(writer.session, row.id, draft.records)
            inspection_audit.append_sample(writer, row)
            return row.id

    def all(self) -> tuple[Inspection, ...]:
        """All inspections, oldest first, withdrawn ones too."""
        with self._reading() as session:
            rows = session.scalars(select(InspectionRow).order_by(InspectionRow.id)).all()
            counts = _counts(session)
            wrong = _wrong_records(session)
            return tuple(_inspection(row, counts.get(row.id, {}), wrong.get(row.id, 0)) for row in rows)

    def get(self, inspection_id: int) -> Inspection:
        """One inspection.

        Raises:
            NotStoredError: there is none of that number.
        """
        found = [inspection for inspection in self.all() if inspection.id == inspection_id]
        if not found:
            raise NotStoredError(
                f"There is no inspection {inspection_id} in the store.", mend="List them, or draw one."
            )
        return found[0]

    def withdraw(self, inspection_id: int, *, person: str) -> None:
        """End an inspection without a result, as when its books were exported anew; its answers stay.

        Raises:
            StoreError: there is none of that number, it was withdrawn before, or it has a result, which stands.
        """
        with self._writing() as writer:
            row = writer.session.scalar(
                select(InspectionRow).where(InspectionRow.id == inspection_id).with_for_update()
            )
            if row is None or row.withdrawn_at is not None:
                raise StoreError(f"There is no inspection {inspection_id} under way.", mend="List them.")
            counts = _counts(writer.session).get(inspection_id, {})
            wrong = _wrong_records(writer.session).get(inspection_id, 0)
            if _inspection(row, counts, wrong).decided:
                raise StoreError(
                    f"Inspection {inspection_id} has its result, which stands.",
                    mend="Mend the books, export them again, and draw a new sample: that is a resubmission.",
                )
            row.withdrawn_at, row.withdrawn_by = writer.now, _named(person)
            audit.append(
                writer.session,
                writer.key,
                at=writer.now,
                actor=row.withdrawn_by,
                action="inspection_withdrawn",
                subject=f"inspection {inspection_id}",
            )

    def fields(self, inspection_id: int) -> tuple[InspectedField, ...]:
        """What came of each field of a sample, in the order of the sample; without any value."""
        with self._reading() as session:
            return _fields(session, inspection_id)

    # Work on them

    def claim(
        self,
        inspection_id: int,
        part: Part,
        person: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        formerly: Collection[str] = (),
    ) -> InspectionTask | None:
        """Lease the next field to an inspector or a judge; none where nothing is left that the person may get.

        An inspector never gets a field the person decided or was handed for verification, be it over the HTTP interface
        as ``client/name``; a judge, besides, none that the person inspected.

        Args:
            formerly: names the person went by before in the same visit; what bars those bars the person.
        """
        with self._writing() as writer:
            return inspecting.claim(
                writer, inspection_id, part, _named(person), lease_seconds=lease_seconds, formerly=formerly
            )

    def waiting(self, inspection_id: int, part: Part, person: str, *, formerly: Collection[str] = ()) -> int:
        """How many fields wait for this part and may be given to the person, whether held at this moment or not."""
        with self._reading() as session:
            keys = inspecting.names_of(_named(person), formerly)
            wanted = inspecting.waiting(session, inspection_id, part, keys)
            return session.scalar(select(func.count()).select_from(wanted.subquery())) or 0

    def gone(self, inspection_id: int) -> int:
        """How many undecided fields cannot be inspected any more, since their pages were read anew."""
        with self._reading() as session:
            return inspecting.gone(session, inspection_id)

    def holds(self, field_id: int) -> bool:
        """Whether the field must not be opened: it is being inspected, or a ditto mark that is stands for it."""
        with self._reading() as session:
            return hiding.is_inspected(session, field_id)

    def holds_record(self, record_id: int) -> bool:
        """Whether any field of the record is being inspected, so that its number and date must not be shown."""
        with self._reading() as session:
            fields = select(FieldRow.id).where(FieldRow.record_id == record_id, under_inspection(FieldRow.id))
            return session.scalar(fields.limit(1)) is not None

    def held(self, inspection_id: int, part: Part, person: str) -> tuple[InspectionTask, ...]:
        """Fields the person holds at this moment."""
        with self._reading() as session:
            return inspecting.held(session, inspection_id, part, person, self._clock())

    def renew(self, task_id: int, token: int, *, person: str, lease_seconds: float = LEASE_SECONDS) -> datetime:
        """Prolong a lease and return its new end.

        Raises:
            LeaseLostError: the field passed to somebody else or was answered.
        """
        with self._writing() as writer:
            outcome = inspecting.renew(writer, task_id, token, person, lease_seconds)
        return _granted(outcome)

    def release(self, task_id: int, token: int, *, person: str) -> bool:
        """Give a field back unanswered; returns whether it was still held."""
        with self._writing() as writer:
            return inspecting.release(writer, task_id, token, person)

    def answer(
        self,
        task_id: int,
        token: int,
        *,
        person: str,
        raw: str,
        value: str | None,
        state: FieldState = FieldState.READ,
        formerly: Collection[str] = (),
    ) -> None:
        """Take what an inspector reads; on disk when this returns. Nothing tells whether it is what was exported.

        The same answer once more under the same lease changes nothing: whoever heard nothing gives it again.

        Args:
            value: what the inspector's text stands for, independent of what is stored; it is what is compared. Of a
                ditto, what stands above.

        Raises:
            LeaseLostError: the lease ran out or passed on; the answer is kept in the history as refused.
        """
        with self._writing() as writer:
            given = Answer(raw, value, state)
            outcome = inspecting.answer(writer, task_id, token, _named(person), given, formerly=formerly)
        _granted(outcome)

    def dispute(self, task: InspectionTask) -> Dispute:
        """The two readings of a field that a judge holds."""
        with self._reading() as session:
            return inspecting.dispute_of(session, task)

    def judge(
        self, task_id: int, token: int, judgement: Judgement, *, person: str, formerly: Collection[str] = ()
    ) -> None:
        """Take which of two readings the book holds; on disk when this returns. Once more it changes nothing.

        Raises:
            LeaseLostError: the lease ran out or passed on; that it came is kept in the history.
        """
        with self._writing() as writer:
            outcome = inspecting.judge(writer, task_id, token, _named(person), judgement, formerly=formerly)
        _granted(outcome)

    def undo_last(
        self,
        inspection_id: int,
        part: Part,
        person: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        known: Collection[tuple[int, int]] | None = None,
    ) -> InspectionTask | None:
        """Take back the person's newest answer that still stands, and lease its field to the person again.

        Args:
            known: fields and tokens of all that who asks knows to be in the person's hands. Who did not hear of what
                was taken back last gets the same field again, and no other answer is taken back.
        """
        with self._writing() as writer:
            return inspecting.undo_last(
                writer, inspection_id, part, _named(person), lease_seconds=lease_seconds, known=known
            )


def _granted(outcome: _Granted | Refused) -> _Granted:
    if isinstance(outcome, Refused):
        raise LeaseLostError(outcome.reason, mend=outcome.mend)
    return outcome


def _named(person: str) -> str:
    name = convert.person_name(person)
    if not name:
        raise StoreError("The person's name is empty.", mend="Give the name of the person who works.")
    return name


def _add_records(session: Session, inspection_id: int, drawn: Sequence[DrawnRecord]) -> None:
    stored = _stored(session, [record.key for record in drawn])
    for position, record in enumerate(drawn, start=1):
        file, page, number = record.key
        named = f"{file}, page {page}, record {number}"
        record_id = stored.get(record.key)
        if record_id is None:
            raise StoreError(f"{named}: there is no such record in the store.", mend="Export the book again.")
        row = InspectedRecordRow(
            inspection_id=inspection_id,
            record_id=record_id,
            position=position,
            book=record.book,
            pdf_name=record.pdf_name,
        )
        session.add(row)
        session.flush()
        known = {
            field.code: field
            for field in session.scalars(
                select(FieldRow).where(FieldRow.record_id == record_id, FieldRow.retired_at.is_(None))
            )
        }
        for field in record.fields:
            if field.code not in known:
                raise StoreError(f"{named}: field '{field.code}' is not in the store.", mend="Export the book again.")
            session.add(
                InspectedFieldRow(
                    inspection_id=inspection_id,
                    inspected_record_id=row.id,
                    field_id=known[field.code].id,
                    code=field.code,
                    kind=known[field.code].kind,
                    raw=field.raw,
                    value=field.value,
                    state=field.state,
                    pending=field.pending,
                    status=InspectedStatus.OPEN.value,
                    person="",
                    token=0,
                    leased_until=None,
                )
            )
            session.flush()  # one by one, so that their numbers follow the order of the form


def _stored(session: Session, keys: Sequence[RecordKey]) -> dict[RecordKey, int]:
    """Numbers of these records in the store."""
    found: dict[RecordKey, int] = {}
    for start in range(0, len(keys), _IN_LIMIT):
        rows = session.execute(
            select(FileRow.path, PageRow.page, RecordRow.number, RecordRow.id)
            .join(PageRow, PageRow.id == RecordRow.page_id)
            .join(FileRow, FileRow.id == PageRow.file_id)
            .where(
                RecordRow.retired_at.is_(None),
                PageRow.superseded_at.is_(None),
                tuple_(FileRow.path, PageRow.page, RecordRow.number).in_(list(keys[start : start + _IN_LIMIT])),
            )
        )
        found.update(((path, page, number), record_id) for path, page, number, record_id in rows)
    return found


def _counts(session: Session) -> dict[int, dict[InspectedStatus, int]]:
    found: dict[int, dict[InspectedStatus, int]] = {}
    wanted = select(InspectedFieldRow.inspection_id, InspectedFieldRow.status, func.count()).group_by(
        InspectedFieldRow.inspection_id, InspectedFieldRow.status
    )
    for inspection_id, status, number in session.execute(wanted):
        found.setdefault(inspection_id, {})[InspectedStatus(status)] = number
    return found


def _wrong_records(session: Session) -> dict[int, int]:
    """How many records were found wrong, by inspection."""
    wanted = (
        select(InspectedFieldRow.inspection_id, func.count(func.distinct(InspectedFieldRow.inspected_record_id)))
        .where(InspectedFieldRow.status == InspectedStatus.RECORD_WRONG.value)
        .group_by(InspectedFieldRow.inspection_id)
    )
    rows = session.execute(wanted)
    return {row[0]: row[1] for row in rows}


def _inspection(row: InspectionRow, counts: dict[InspectedStatus, int], wrong_records: int) -> Inspection:
    return Inspection(
        id=row.id,
        created_at=row.created_at,
        person=row.person,
        level=row.level,
        aql=row.aql,
        severity=row.severity,
        code_letter=row.code_letter,
        lot_size=row.lot_size,
        sample_size=row.sample_size,
        acceptance=row.acceptance,
        rejection=row.rejection,
        seed=row.seed,
        lot=tuple(row.lot),
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        fields=counts,
        wrong_records=wrong_records,
    )


def _fields(session: Session, inspection_id: int) -> tuple[InspectedField, ...]:
    people: dict[int, dict[str, str]] = {}
    said = (
        select(InspectionAnswerRow)
        .join(InspectedFieldRow, InspectedFieldRow.id == InspectionAnswerRow.inspected_field_id)
        .where(
            InspectedFieldRow.inspection_id == inspection_id,
            *inspecting.standing((*inspecting.INSPECTING, *inspecting.JUDGING)),
        )
        .order_by(InspectionAnswerRow.id)
    )
    for answer in session.scalars(said):
        role = "judge" if answer.action in inspecting.JUDGING else "inspector"
        people.setdefault(answer.inspected_field_id, {})[role] = answer.person
    rows = session.execute(
        select(InspectedFieldRow, InspectedRecordRow, RecordRow, PageRow, FileRow.path)
        .join(InspectedRecordRow, InspectedRecordRow.id == InspectedFieldRow.inspected_record_id)
        .join(RecordRow, RecordRow.id == InspectedRecordRow.record_id)
        .join(PageRow, PageRow.id == RecordRow.page_id)
        .join(FileRow, FileRow.id == PageRow.file_id)
        .where(InspectedFieldRow.inspection_id == inspection_id)
        .order_by(InspectedRecordRow.position, InspectedFieldRow.id)
    )
    return tuple(
        InspectedField(
            id=field.id,
            record=(path, page.page, record.number),
            position=drawn.position,
            book=drawn.book,
            pdf_name=drawn.pdf_name,
            form=record.form,
            code=field.code,
            kind=field.kind,
            pending=field.pending,
            status=InspectedStatus(field.status),
            current=record.retired_at is None and page.superseded_at is None,
            **people.get(field.id, {}),
        )
        for field, drawn, record, page, path in rows
    )
