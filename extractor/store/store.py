"""The store: one object that pipeline, exports and review work with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from extractor.errors import AnsweredBeforeError, DatabaseGoneError, LeaseLostError, NotStoredError, StoreError
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, RuleWarning
from extractor.store import audit, queue, reading, rechecking, saving
from extractor.store.activity import DayCount, activity
from extractor.store.engine import at_one_moment, looking, make_engine, parse_url, scrub, writing
from extractor.store.inspections import Inspections
from extractor.store.migrate import is_current, upgrade
from extractor.store.rechecking import RecordRules
from extractor.store.results import (
    AuditReport,
    Bar,
    BookSummary,
    DecidedField,
    FieldContext,
    HistoryEntry,
    MachineChange,
    NothingToUndo,
    PageImage,
    PageResult,
    ProblemResolution,
    QueueEmpty,
    QueueStatus,
    RecordKey,
    StoredProblem,
    StoredRecord,
    Task,
    WaitingField,
)
from extractor.store.saving import Writer
from extractor.store.tables import WAITS, PageRow, ProblemRow, TaskRow
from extractor.store.waiting import Wanted
from extractor.store.watching import watch

LEASE_SECONDS = 300.0

_WRITTEN_AT_ONCE = 500
_Item = TypeVar("_Item")

BookRef = BookKey | int
"""A book by its identity, or by its number in the store."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """Books, pages, records and the work on them, on SQLite or PostgreSQL. Safe to share between threads."""

    def __init__(self, engine: Engine, audit_key: bytes, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._writing_engine = writing(engine)
        self._snapshot_engine = at_one_moment(engine)
        self._looking_engine = looking(engine)
        self._key = audit_key
        self._clock = clock

    @classmethod
    def open(
        cls,
        url: str,
        *,
        audit_key_file: Path | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> Store:
        """Open a database, creating or upgrading its schema.

        Args:
            url: ``sqlite:///file.sqlite`` or ``postgresql://user@host/name``.
            audit_key_file: file with the key of the audit chain, made if missing; beside the database by default on
                SQLite, needed on PostgreSQL.
            clock: gives the current time, with zone.

        Raises:
            StoreError: the database cannot be opened, is of a newer version or of another program, or belongs to
                another key; or the key of its log is missing.
        """
        parsed = parse_url(url)
        if audit_key_file is None:
            if parsed.get_backend_name() != "sqlite":
                raise StoreError(
                    "A PostgreSQL database needs the file of its audit key.",
                    mend="Name a file that all machines which write to the database share.",
                )
            audit_key_file = Path(f"{parsed.database}.audit-key")
        engine = make_engine(parsed)
        try:
            upgrade(engine)
            store = cls(engine, audit.key_of(engine, audit_key_file), clock)
            with store._reading() as session:
                if not audit.key_fits(session, store._key):
                    raise StoreError(
                        f"{audit_key_file}: this audit key belongs to another database.",
                        mend="Give the key file that was made with this database.",
                    )
        except BaseException:
            engine.dispose()
            raise
        return store

    def __enter__(self) -> Store:
        """The store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @property
    def inspections(self) -> Inspections:
        """Acceptance inspections of what was exported."""
        return Inspections(self._reading, self._writing, self._clock)

    # What the machine does

    def page_done(self, page_sha256: str, file: str, page: int, pipeline_version: str) -> bool:
        """Whether these pixels were stored under this name by this very pipeline."""
        with self._reading() as session:
            return saving.page_done(session, page_sha256, file, page, pipeline_version)

    def save_page(self, result: PageResult) -> bool:
        """Store a page in one transaction; returns whether anything was new.

        What a person decided stays. Values that a newer pipeline reads otherwise go into the history; pixels that
        differ make a new page, and the old one is kept aside with all its decisions.
        """
        with self._writing() as writer:
            return saving.save_page(writer, result)

    def update_machine_values(self, changes: Iterable[MachineChange]) -> int:
        """Replace values that no person decided, after a pass over a whole book; returns how many changed.

        Fields drawn for blind re-keying wait for a person from then on, also where nothing else about them changed;
        they do not count as changed. Long lists are written in several transactions, so that nobody waits; doing it
        again changes nothing.

        Raises:
            StoreError: a record or field is not in the store.
        """
        changed = 0
        for part in _parts(changes):
            with self._writing() as writer:
                changed += saving.update_machine_values(writer, part)
        return changed

    def replace_warnings(self, warnings: Mapping[RecordKey, Sequence[RuleWarning]]) -> int:
        """Set all rule warnings of each record named; returns of how many records they changed.

        Long lists are written in several transactions, so that nobody waits; doing it again changes nothing.

        Raises:
            StoreError: a record is not in the store.
        """
        changed = 0
        for part in _parts(warnings.items()):
            with self._writing() as writer:
                changed += saving.replace_warnings(writer, dict(part))
        return changed

    def recheck(self, record_id: int, rules: RecordRules) -> bool:
        """Bring a record's warnings up to date, as after an answer; returns whether they changed.

        Where a rule fails, that is logged without what stands in the record, and the warnings stay as they were.
        """
        return rechecking.recheck(self._reading, self._writing, record_id, rules)

    # What there is

    def records(self, book: BookRef | None = None) -> Iterator[Record]:
        """All records, or those of one book: by file as people count, page and record number."""
        with self._reading() as session:
            book_id = reading.book_id_of(session, book)
        return reading.records(self._reading, book_id)

    def decided_fields(self, book: BookRef | None = None) -> Iterator[DecidedField]:
        """All fields that people settled, or those of one book, in the order of :meth:`records`."""
        with self._reading() as session:
            book_id = reading.book_id_of(session, book)
        return reading.decided_fields(self._reading, book_id)

    def waiting_fields(self, book: BookRef | None = None) -> Iterator[WaitingField]:
        """All fields that wait for a person, or those of one book, in the order of :meth:`records`."""
        with self._reading() as session:
            book_id = reading.book_id_of(session, book)
        return reading.waiting_fields(self._reading, book_id)

    def books(self) -> tuple[BookSummary, ...]:
        """All books with their counts."""
        with self._reading() as session:
            return reading.books(session)

    def page_problems(self, book: BookRef | None = None) -> tuple[StoredProblem, ...]:
        """All pages without records, whether a person looked at them or not."""
        with self._reading() as session:
            return reading.problems(session, reading.book_id_of(session, book))

    def status(self) -> QueueStatus:
        """Counts over the whole store."""
        with self._reading() as session:
            total: dict[str, int] = {}
            for counts in reading.counts(session).values():
                for name, number in counts.items():
                    total[name] = total.get(name, 0) + number
            leased = session.scalar(
                select(func.count()).select_from(TaskRow).where(WAITS, TaskRow.leased_until > self._clock())
            )
            return QueueStatus(**total, leased=leased or 0)

    def activity(
        self, books: Collection[int] | None = None, *, exports: Collection[str] | None = None
    ) -> tuple[DayCount, ...]:
        """What was done and still stands, by day in Vietnam, deed and person.

        Args:
            books: only in the books with these numbers; all by default.
            exports: stems of the only books whose exports count; all by default.
        """
        with self._reading() as session:
            return tuple(activity(session, books, exports))

    def page_image(self, page_id: int) -> PageImage:
        """The picture of a page.

        Raises:
            NotStoredError: there is no such page.
        """
        with self._reading() as session:
            return reading.page_image(session, page_id)

    def stored_record(self, record_id: int) -> StoredRecord:
        """One record with what is known of its fields.

        Raises:
            NotStoredError: there is no such record.
        """
        with self._reading() as session:
            return reading.stored_record(session, record_id)

    def record_ids(self, book: BookRef) -> tuple[int, ...]:
        """Numbers of a book's records in the store, in the order of :meth:`records`."""
        with self._reading() as session:
            return reading.record_ids(session, reading.book_id_of(session, book) or 0)

    def field_context(self, field_id: int, *, beside: bool = True) -> FieldContext:
        """What a person needs to see to judge a field.

        Args:
            beside: with the rules' warnings and the records before and after, which take longest.

        Raises:
            NotStoredError: there is no such field.
        """
        with self._looking() as session:
            return reading.field_context(session, field_id, beside=beside)

    def history(self, field_id: int) -> tuple[HistoryEntry, ...]:
        """All that ever happened to a field, oldest first; refused answers too."""
        with self._reading() as session:
            return reading.history(session, field_id)

    # What people do

    def claim(
        self,
        person: str,
        *,
        kinds: Collection[str] | None = None,
        book: BookRef | None = None,
        books: Collection[int] | None = None,
        disputed: bool | None = None,
        lease_seconds: float = LEASE_SECONDS,
        formerly: Collection[str] = (),
        learning_share: float = 0.0,
    ) -> Task | QueueEmpty:
        """Lease the next free field to a person.

        Fields that name the record come first, then the most confident; blind tasks stand at any place among these;
        what the person skipped comes last. A field on whose blind re-keying the person and the machine differ goes to
        other people only, and so does a blind task whose reading the person was handed before.

        Args:
            kinds: only fields of these kinds or codes.
            book: only fields of this book.
            books: only fields of these books, by number.
            disputed: only fields on whose blind re-keying a person and the machine differ, or only the others.
            formerly: names the person went by before in the same visit; what bars those bars the person.
            learning_share: chance, 0 to 1, that the field is the next of those chosen for learning
                (:class:`extractor.store.Learning`), while there are any for this person.
        """
        found = self.claim_some(
            1,
            person,
            kinds=kinds,
            book=book,
            books=books,
            disputed=disputed,
            lease_seconds=lease_seconds,
            formerly=formerly,
            learning_share=learning_share,
        )
        return found if isinstance(found, QueueEmpty) else found[0]

    def claim_some(
        self,
        count: int,
        person: str,
        *,
        kinds: Collection[str] | None = None,
        book: BookRef | None = None,
        books: Collection[int] | None = None,
        disputed: bool | None = None,
        lease_seconds: float = LEASE_SECONDS,
        formerly: Collection[str] = (),
        learning_share: float = 0.0,
    ) -> tuple[Task, ...] | QueueEmpty:
        """Lease the next free fields to a person, ``count`` at most, as :meth:`claim` does one, in one transaction.

        Fewer do not mean that there are no others: what the person skipped is handed out when nothing else is left.
        """
        with self._writing() as writer:
            return queue.claim(
                writer,
                _named(person),
                wanted=_wanted(writer.session, kinds, book, books, disputed),
                lease_seconds=lease_seconds,
                formerly=formerly,
                count=count,
                learning_share=learning_share,
            )

    def claim_field(
        self,
        field_id: int,
        person: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        formerly: Collection[str] = (),
    ) -> Task:
        """Lease one field to a person, also one that was settled before.

        Args:
            formerly: names the person went by before in the same visit; what bars those bars the person.

        Raises:
            LeaseLostError: another person holds it, or it is not for this one (see :meth:`barred`).
            NotStoredError: there is no such field.
        """
        with self._writing() as writer:
            return queue.claim_field(writer, field_id, _named(person), lease_seconds=lease_seconds, formerly=formerly)

    def barred(self, field_id: int, person: str, *, formerly: Collection[str] = ()) -> Bar | None:
        """Why the field is not for the person, or none.

        Args:
            formerly: names the person went by before in the same visit; what bars those bars the person.
        """
        with self._looking() as session:
            return queue.barred(session, field_id, _named(person), formerly)

    def field_of(self, task: Task | int) -> int:
        """Number of the task's field.

        Raises:
            NotStoredError: there is no such task.
        """
        with self._looking() as session:
            return queue.field_of(session, _task_id(task))

    def held(self, person: str) -> tuple[Task, ...]:
        """Fields the person holds at this moment, in the order of the queue."""
        with self._looking() as session:
            return queue.held(session, person, self._clock())

    def renew(self, task: Task | int, token: int, *, person: str, lease_seconds: float = LEASE_SECONDS) -> datetime:
        """Prolong a lease and return its new end, never an earlier one; a lost one is given anew if the field is free.

        Raises:
            LeaseLostError: the field passed to somebody else or was answered.
        """
        with self._writing() as writer:
            outcome = queue.renew(writer, _task_id(task), token, person, lease_seconds)
        if isinstance(outcome, queue.Refused):
            raise LeaseLostError(outcome.reason)
        return outcome

    def release(self, task: Task | int, token: int, *, person: str) -> bool:
        """Give a field back unanswered; returns whether it was still held."""
        with self._writing() as writer:
            return queue.release(writer, _task_id(task), token, person, skip=False)

    def skip(self, task: Task | int, token: int, *, person: str) -> bool:
        """Put a field off: this person gets it again after all others; returns whether it was still held."""
        with self._writing() as writer:
            return queue.release(writer, _task_id(task), token, person, skip=True)

    def decide(
        self,
        task: Task | int,
        token: int,
        *,
        person: str,
        raw: str,
        value: str | None,
        state: FieldState = FieldState.READ,
        decision: Decision | None = None,
        formerly: Collection[str] = (),
        repeats: bool = False,
        field_id: int | None = None,
        also: Callable[[Writer, FieldValue | LeaseLostError], None] = lambda writer, outcome: None,
    ) -> FieldValue:
        """Take a person's answer and return the field as it stands then, on disk.

        The answer to a blind task is compared with the machine's reading. Where both agree, the field is confirmed as
        the machine read it; where they differ, it keeps that reading and waits, for review, for another person.

        Args:
            raw: verbatim, as written in the book.
            value: normalised form, or none.
            decision: ``confirmed`` or ``corrected``; by default the first where the answer is what stood there. Not
                looked at for a blind task.
            formerly: names the person went by before in the same visit; what bars those bars the person.
            field_id: the task's field, where that is known.
            repeats: whoever hears nothing gives the same answer again; it is taken once, and told apart.
            also: is stored in the same transaction as what became of the answer, which it is told.

        Raises:
            AnsweredBeforeError: with ``repeats``, the person gave this very answer under this lease, and it stands.
            LeaseLostError: the lease ran out or passed on, or another person has to settle what this one re-keyed; the
                answer is kept in the history as refused.
        """
        if decision is not None and decision not in (Decision.CONFIRMED, Decision.CORRECTED):
            raise ValueError("a person confirms or corrects")
        answer = queue.Answer(raw, value, state, decision)
        with self._writing() as writer:
            found = queue.decide(
                writer,
                _task_id(task),
                token,
                _named(person),
                answer,
                formerly=formerly,
                repeats=repeats,
                field_id=field_id,
            )
            if isinstance(found, queue.Repeated):
                raise AnsweredBeforeError("This answer was taken before.")
            outcome = _lost(found) if isinstance(found, queue.Refused) else found
            also(writer, outcome)
        if isinstance(outcome, LeaseLostError):
            raise outcome
        return outcome

    def undo_last(
        self,
        person: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        known: Collection[tuple[int, int]] | None = None,
    ) -> Task | NothingToUndo:
        """Take back the person's newest decision that still stands, and lease the field to the person again.

        Args:
            known: tasks and tokens of all fields that who asks knows to be in the person's hands. Who did not hear of
                what was taken back last gets the same field again, and no other decision is taken back.

        A blind answer comes back as a blind task, also one that contradicted the machine unless another person holds
        or settled the field meanwhile. Its field waits for review until it is typed again or judged anew.
        """
        with self._writing() as writer:
            return queue.undo_last(writer, _named(person), lease_seconds=lease_seconds, known=known)

    def open_tasks(
        self,
        *,
        kinds: Collection[str] | None = None,
        book: BookRef | None = None,
        books: Collection[int] | None = None,
        disputed: bool | None = None,
        person: str | None = None,
        formerly: Collection[str] = (),
    ) -> int:
        """How many fields wait for a person, blind tasks too, whether held at this moment or not.

        Args:
            books: only fields of these books, by number.
            disputed: only fields on whose blind re-keying a person and the machine differ, or only the others.
            person: only fields that this person may get.
            formerly: names the person went by before in the same visit; what bars those bars the person.
        """
        with self._looking() as session:
            wanted = _wanted(session, kinds, book, books, disputed)
            return queue.open_tasks(session, wanted, person and _named(person), formerly)

    def open_kinds(
        self,
        *,
        book: BookRef | None = None,
        books: Collection[int] | None = None,
        disputed: bool | None = None,
        person: str | None = None,
        formerly: Collection[str] = (),
    ) -> dict[str, int]:
        """How many fields of each kind wait for a person; see :meth:`open_tasks`."""
        with self._looking() as session:
            wanted = _wanted(session, None, book, books, disputed)
            return queue.open_kinds(session, wanted, person and _named(person), formerly)

    def open_blind(
        self,
        *,
        books: Collection[int] | None = None,
        disputed: bool | None = None,
        person: str | None = None,
        formerly: Collection[str] = (),
    ) -> int:
        """How many of the fields that wait for a person are re-keyed blind; see :meth:`open_tasks`."""
        with self._looking() as session:
            wanted = _wanted(session, None, None, books, disputed)
            return queue.open_blind(session, wanted, person and _named(person), formerly)

    def resolve_problem(self, problem_id: int, resolution: ProblemResolution | None, *, person: str) -> None:
        """Record what a person says a page without records is; none takes it back.

        Raises:
            NotStoredError: there is no such problem.
        """
        person = _named(person)
        with self._writing() as writer:
            row = writer.session.scalar(select(ProblemRow).where(ProblemRow.id == problem_id).with_for_update())
            if row is None:
                raise NotStoredError(f"There is no page problem {problem_id} in the store.")
            said = None if resolution is None else resolution.value
            row.resolution, row.resolved_by, row.resolved_at = said, person, writer.now
            sha256 = writer.session.scalars(select(PageRow.sha256).where(PageRow.id == row.page_id)).one()
            audit.append(
                writer.session,
                self._key,
                at=writer.now,
                actor=person,
                action=f"page_{said or 'reopened'}",
                subject=f"page:{row.page_id}",
                content=[sha256, said],
            )

    # The audit chain

    def append_audit(self, *, actor: str, action: str, subject: str, content: object = None) -> str:
        """Add an event of another room (an export, a login) to the chain and return the new head.

        Args:
            subject: what it is about, never text of a register (``export:KS_60``).
            content: what the event vouches for; only its hash is kept.
        """
        with self._writing() as writer:
            audit.append(
                writer.session,
                self._key,
                at=writer.now,
                actor=actor,
                action=action,
                subject=subject.replace("decision:", "decision "),
                content=content,
            )
            return audit.head_of(writer.session)

    def audit_head(self) -> str:
        """Head of the audit chain, for noting elsewhere (in the manifest of an export)."""
        with self._reading() as session:
            return audit.head_of(session)

    def audit_holds(self, head: str) -> bool:
        """Whether a head noted earlier is a link of the chain; whether the chain itself holds is not checked."""
        with self._reading() as session:
            return audit.holds(session, head)

    def audit_vouches(self, *, action: str, subject: str, content: object) -> bool:
        """Whether the newest event of that action and subject vouches for this very content."""
        with self._reading() as session:
            return audit.vouches(session, action, subject, content)

    def audit_knows(self, *, action: str) -> bool:
        """Whether the log holds any event of that action."""
        with self._reading() as session:
            return audit.knows(session, action)

    def verify_audit(self, *, head: str | None = None) -> AuditReport:
        """Check the whole chain: edits, gaps, other orders; with a noted ``head`` also a cut end."""
        with self._reading() as session:
            return audit.verify(session, self._key, head=head)

    def scrub(self) -> bool:
        """Have the database give up the room of what was erased, so that its file does not show it any more.

        Returns:
            Whether that could be done to the end; on SQLite not while somebody reads, on PostgreSQL as far as VACUUM
            goes, which leaves dead rows to be written over.
        """
        return scrub(self._engine)

    # For the other modules of this package

    def reading(self) -> AbstractContextManager[Session]:
        """A reading transaction."""
        return self._reading()

    def snapshot(self) -> AbstractContextManager[Session]:
        """A reading transaction that sees one moment to its end, whatever is written meanwhile."""
        return self._reading(self._snapshot_engine)

    def looking(self) -> AbstractContextManager[Session]:
        """A look at what single statements tell, for what is asked at every step; nothing may be written in it."""
        return self._looking()

    def writing(self) -> AbstractContextManager[Writer]:
        """A writing transaction, with its time and the key of the audit chain."""
        return self._writing()

    def now(self) -> datetime:
        """The store's present time, UTC."""
        return self._clock()

    def answers(self) -> bool:
        """Whether the database answers with the schema of this version; it raises where it does not answer at all."""
        with _named_faults(), self._looking_engine.connect() as connection:
            return is_current(connection)

    def watch(self, *, wrote: Callable[[str], None], failed: Callable[[str], None]) -> None:
        """Be told of the actions this process writes into the history, and of the kinds of its database's errors."""
        watch(self._engine, wrote, failed)

    @contextmanager
    def _reading(self, engine: Engine | None = None) -> Iterator[Session]:
        with _named_faults(), Session(engine or self._engine) as session, session.begin():
            yield session

    @contextmanager
    def _looking(self) -> Iterator[Session]:
        with _named_faults(), Session(self._looking_engine) as session, session.begin():
            yield session

    @contextmanager
    def _writing(self) -> Iterator[Writer]:
        with _named_faults(), Session(self._writing_engine, expire_on_commit=False) as session, session.begin():
            session.connection()  # on SQLite the wait for the write lock is here, so the clock is read after it
            yield Writer(session, self._key, self._clock())


@contextmanager
def _named_faults() -> Iterator[None]:
    """Turn faults of the database's surroundings into one error of ours."""
    try:
        yield
    except OperationalError as error:
        gone = not isinstance(error.orig, sqlite3.Error)
        raise (DatabaseGoneError if gone else StoreError)(
            f"The database gave up: {error.orig}.",
            mend="Check its server, folder and free space.",
        ) from error


def _parts(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    remaining = iter(items)
    while part := list(islice(remaining, _WRITTEN_AT_ONCE)):
        yield part


def _task_id(task: Task | int) -> int:
    return task if isinstance(task, int) else task.id


def _lost(refused: queue.Refused) -> LeaseLostError:
    return LeaseLostError(refused.reason, mend=refused.mend)


def _wanted(
    session: Session,
    kinds: Collection[str] | None,
    book: BookRef | None,
    books: Collection[int] | None,
    disputed: bool | None,
) -> Wanted:
    one = reading.book_id_of(session, book)
    if one is not None:
        books = {one} if books is None else {one}.intersection(books)
    return Wanted(kinds, books, disputed)


def _named(person: str) -> str:
    if not person.strip():
        raise StoreError("The person's name is empty.", mend="Give the name of the person who works.")
    return person.strip()
