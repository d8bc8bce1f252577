"""Runs and exports that clients ask for: a queue that outlives the server; one job at a time in an output folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from extractor.errors import NotStoredError
from extractor.store import audit
from extractor.store.client_tables import JobRow
from extractor.store.saving import Writer
from extractor.store.store import Store

MOST_ATTEMPTS = 3
"""A job whose worker dies this many times has failed."""


_BEGUN = "begun"
"""Until a job is over, its result holds how far it was when it began to work, and when: forecasts need both."""


class JobKind(StrEnum):
    """What a job does."""

    RUN = "run"
    EXPORT = "export"
    REREAD = "reread"
    """Some pages are read anew."""


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands.

    Args:
        id: 32 hexadecimal digits.
        folder: output folder it works in.
        options: what the client asked for.
        cancel: the client wants it stopped.
        attempts: how often a worker began it.
        done: pages done so far, of ``total``.
        begun: how many were done when it began to work, as those that an earlier run read, and when that was; none
            before.
        result: what came of it, once done.
        message: why it failed, or empty.
    """

    id: str
    kind: JobKind
    client: str
    folder: str
    options: Mapping[str, Any]
    state: JobState
    created_at: datetime
    cancel: bool = False
    attempts: int = 0
    done: int = 0
    total: int = 0
    begun: tuple[int, datetime] | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    mend: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Jobs:
    """The jobs of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, job_id: str, kind: JobKind, client: str, folder: str, options: Mapping[str, Any]) -> Job:
        """Put a job into the queue; the same number again gives the job that has it."""
        with self._store.writing() as writer:
            row = writer.session.get(JobRow, job_id)
            if row is None:
                row = JobRow(
                    id=job_id,
                    kind=kind.value,
                    client=client,
                    folder=folder,
                    options=dict(options),
                    state=JobState.QUEUED.value,
                    cancel=False,
                    attempts=0,
                    done=0,
                    total=0,
                    message="",
                    mend="",
                    created_at=writer.now,
                )
                writer.session.add(row)
                writer.session.flush()
                _note(writer, row, "asked", dict(options))
            return _job(row)

    def get(self, job_id: str, client: str | None = None, kind: JobKind | None = None) -> Job:
        """One job, or one of the client's.

        Raises:
            NotStoredError: there is no such job.
        """
        with self._store.reading() as session:
            return _job(_find(session, job_id, client, kind))

    def known(self, job_id: str) -> bool:
        """Whether there is a job of that number."""
        with self._store.reading() as session:
            return session.get(JobRow, job_id) is not None

    def page(self, client: str, kind: JobKind, *, after: str = "", limit: int) -> Sequence[Job]:
        """The client's jobs of that kind, newest first, from the one after ``after`` on."""
        with self._store.reading() as session:
            wanted = select(JobRow).where(JobRow.client == client, JobRow.kind == kind.value)
            if after:
                last = _find(session, after, client, kind)
                wanted = wanted.where(tuple_(JobRow.created_at, JobRow.id) < tuple_(last.created_at, last.id))
            wanted = wanted.order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(limit)
            return [_job(row) for row in session.scalars(wanted)]

    def of_folder(self, folder: str, kinds: Collection[JobKind], *, limit: int) -> Sequence[Job]:
        """The newest jobs of a folder of those kinds, whoever asked for them, newest first."""
        with self._store.reading() as session:
            wanted = select(JobRow).where(JobRow.folder == folder, JobRow.kind.in_([kind.value for kind in kinds]))
            wanted = wanted.order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(limit)
            return [_job(row) for row in session.scalars(wanted)]

    def read_uploads(self, folder: str) -> frozenset[str]:
        """Numbers of the uploads that a run of the folder has read, reads or waits to read."""
        states = [JobState.QUEUED.value, JobState.RUNNING.value, JobState.DONE.value]
        with self._store.reading() as session:
            wanted = select(JobRow.options).where(
                JobRow.folder == folder, JobRow.kind == JobKind.RUN.value, JobRow.state.in_(states)
            )
            return frozenset(upload for options in session.scalars(wanted) for upload in options.get("uploads", ()))

    def before(self, job: Job) -> int:
        """How many jobs of the folder are done before this one, the one in hand included."""
        with self._store.reading() as session:
            wanted = select(JobRow.id).where(
                JobRow.folder == job.folder,
                JobRow.state.in_([JobState.QUEUED.value, JobState.RUNNING.value]),
                tuple_(JobRow.created_at, JobRow.id) < tuple_(job.created_at, job.id),
            )
            return len(session.scalars(wanted).all())

    def waiting(self, folder: str) -> int:
        """How many jobs of the folder are not over."""
        with self._store.reading() as session:
            wanted = select(JobRow.id).where(
                JobRow.folder == folder, JobRow.state.in_([JobState.QUEUED.value, JobState.RUNNING.value])
            )
            return len(session.scalars(wanted).all())

    def cancel(self, job_id: str, client: str, kind: JobKind) -> Job:
        """Ask for a job's end: at once where it waits, after the page in hand where it runs; nothing where it is over.

        Raises:
            NotStoredError: the client has no such job.
        """
        with self._store.writing() as writer:
            row = _find(writer.session, job_id, client, kind, lock=True)
            if not JobState(row.state).over and not row.cancel:
                row.cancel = True
                _note(writer, row, "cancelled", None)
                if row.state == JobState.QUEUED.value:
                    row.state, row.finished_at = JobState.CANCELLED.value, writer.now
            return _job(row)

    # What the server and its worker do

    def start_next(self, folder: str) -> Job | None:
        """Take the oldest waiting job of the folder, or none."""
        wanted = select(JobRow).where(JobRow.folder == folder, JobRow.state == JobState.QUEUED.value)
        with self._store.reading() as session:
            if session.scalar(wanted.limit(1)) is None:
                return None  # without the lock for writing, which a server that looks every other second would take
        with self._store.writing() as writer:
            row = writer.session.scalar(
                wanted.order_by(JobRow.created_at, JobRow.id).limit(1).with_for_update(skip_locked=True)
            )
            if row is None:
                return None
            row.state, row.started_at, row.attempts = JobState.RUNNING.value, writer.now, row.attempts + 1
            row.done, row.total, row.result = 0, 0, None
            return _job(row)

    def running(self, folder: str) -> Sequence[Job]:
        """Jobs of the folder that a worker began and did not end."""
        with self._store.reading() as session:
            wanted = select(JobRow).where(JobRow.folder == folder, JobRow.state == JobState.RUNNING.value)
            return [_job(row) for row in session.scalars(wanted.order_by(JobRow.created_at))]

    def unfinished(self, folder: str) -> Sequence[Job]:
        """Jobs of the folder that wait or run, oldest first."""
        states = [JobState.QUEUED.value, JobState.RUNNING.value]
        with self._store.reading() as session:
            wanted = select(JobRow).where(JobRow.folder == folder, JobRow.state.in_(states))
            return [_job(row) for row in session.scalars(wanted.order_by(JobRow.created_at, JobRow.id))]

    def progress(self, job_id: str, done: int, total: int) -> bool:
        """Note how far a job is; returns whether it is to be stopped."""
        with self._store.writing() as writer:
            row = writer.session.get(JobRow, job_id)
            if row is None:
                return True
            if total and not row.total:
                row.result = {_BEGUN: [done, writer.now.isoformat()]}
            row.done, row.total = done, total
            return row.cancel

    def finish(
        self,
        job_id: str,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        message: str = "",
        mend: str = "",
    ) -> None:
        """Note how a job ended; one that is over already stays as it is."""
        with self._store.writing() as writer:
            row = _find(writer.session, job_id, None, None, lock=True)
            if JobState(row.state).over:
                return
            row.state, row.finished_at = state.value, writer.now
            row.result, row.message, row.mend = None if result is None else dict(result), message, mend
            _note(writer, row, state.value, row.result)

    def lost(self, job_id: str, why: str) -> Job:
        """A worker ended without a word: the job waits again, is cancelled if that was wanted, or has failed."""
        with self._store.writing() as writer:
            row = _find(writer.session, job_id, None, None, lock=True)
            if row.state == JobState.RUNNING.value:
                if row.cancel:
                    row.state, row.finished_at = JobState.CANCELLED.value, writer.now
                elif row.attempts < MOST_ATTEMPTS:
                    row.state = JobState.QUEUED.value
                else:
                    row.state, row.finished_at, row.message = JobState.FAILED.value, writer.now, why
                    row.mend = "See the job's log in the output folder, and ask for it again."
                    _note(writer, row, "failed", None)
            return _job(row)

    def give_back(self, job_id: str) -> None:
        """Let a job that the server stopped with itself wait again, as if it had not been begun."""
        with self._store.writing() as writer:
            row = _find(writer.session, job_id, None, None, lock=True)
            if row.state == JobState.RUNNING.value:
                row.state, row.attempts = JobState.QUEUED.value, max(0, row.attempts - 1)


def _find(session: Session, job_id: str, client: str | None, kind: JobKind | None, *, lock: bool = False) -> JobRow:
    wanted = select(JobRow).where(JobRow.id == job_id)
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None or client not in (None, row.client) or (kind is not None and row.kind != kind.value):
        raise NotStoredError("There is no such job.")
    return row


def _note(writer: Writer, row: JobRow, what: str, content: object) -> None:
    audit.append(
        writer.session,
        writer.key,
        at=writer.now,
        actor=row.client,
        action=f"{row.kind}_{what}",
        subject=f"job:{row.id}",
        content=content,
    )


def _job(row: JobRow) -> Job:
    known = dict(row.result or {})
    done, at = known.pop(_BEGUN, (0, ""))
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        client=row.client,
        folder=row.folder,
        options=dict(row.options),
        state=JobState(row.state),
        created_at=row.created_at,
        cancel=row.cancel,
        attempts=row.attempts,
        done=row.done,
        total=row.total,
        begun=(done, datetime.fromisoformat(at)) if at else None,
        result=known,
        message=row.message,
        mend=row.mend,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
