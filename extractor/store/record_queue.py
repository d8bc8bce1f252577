"""Hand out whole records: all waiting fields of one record, to one person at a time.

A record in which another person holds a field is passed over, so two people are never at work on the same one. Every
field has a lease and a token of its own, as in :mod:`extractor.store.queue`, and is answered through
:meth:`Store.decide` like any other; what one person holds as a record another cannot get as a single field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from extractor.errors import NotStoredError
from extractor.store import leasing, queue, rekeying, waiting
from extractor.store.results import QueueEmpty, Task
from extractor.store.saving import Writer
from extractor.store.store import LEASE_SECONDS, Store
from extractor.store.tables import DISPUTED, WAITS, BookRow, FieldRow, RecordRow, SkipRow, TaskRow

_TRIED = 64
"""Records of a book looked at in one claim; more are passed over only while very many people claim at once."""

_BOOKS_AT_ONCE = 512

Lease = tuple[int, int]
"""Number of a task and the token it was given under."""


class RecordQueue:
    """The waiting fields of a store, record by record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(
        self,
        person: str,
        *,
        record: int | None = None,
        books: Collection[int] | None = None,
        disputed: bool | None = None,
        without: Collection[int] = (),
        lease_seconds: float = LEASE_SECONDS,
        formerly: Collection[str] = (),
    ) -> tuple[Task, ...] | QueueEmpty:
        """Lease all waiting fields of the next record that this person may get, in the order of the record.

        Book by book, in the order in which they came; in a book the record with the fewest waiting fields first, among
        equals the one whose readings are surest together. Records the person put off come after those of all books.
        Fields the person holds already keep their tokens, so that asking again changes nothing.

        Args:
            record: this record and no other; fields of it that another person holds are left out.
            books: only records of these books, by number.
            disputed: only fields on whose blind re-keying a person and the machine differ, or only the others.
            without: no record with one of these numbers.
            formerly: names the person went by before; what bars those bars the person.

        Raises:
            NotStoredError: there is no such record.
        """
        wanted, keys = waiting.Wanted(books=books, disputed=disputed), rekeying.person_keys(person, formerly)
        with self._store.writing() as writer:
            claim = _Claim(writer, person, waiting.open_rows(wanted, keys), without, lease_seconds)
            if record is not None:
                if not _lock(writer, record, wait=True):
                    raise NotStoredError(f"There is no record {record} in the store.")
                if got := _take(claim, record, shared=True):
                    return got
            else:
                for each in _in_order(claim, books, disputed):
                    if _lock(writer, each) and (got := _take(claim, each)):
                        return got
            others = waiting.open_rows(wanted).where(*_with_others(claim))
            return QueueEmpty(writer.session.scalar(select(func.count()).select_from(others.subquery())) or 0)

    def renew(self, leases: Sequence[Lease], *, person: str, lease_seconds: float = LEASE_SECONDS) -> tuple[int, ...]:
        """Prolong leases in one transaction; gives the tasks that passed to somebody else or were answered."""
        with self._store.writing() as writer:
            return tuple(
                task
                for task, token in sorted(leases)
                if isinstance(queue.renew(writer, task, token, person, lease_seconds), queue.Refused)
            )

    def release(self, leases: Sequence[Lease], *, person: str, skip: bool = False) -> None:
        """Give fields back unanswered, in one transaction; ``skip`` puts them off for this person."""
        with self._store.writing() as writer:
            for task, token in sorted(leases):
                queue.release(writer, task, token, person, skip=skip)

    def held_by_others(self, record: int, person: str) -> frozenset[int]:
        """Numbers of the record's fields that other people hold at this moment."""
        with self._store.reading() as session:
            held = (
                select(FieldRow.id).join(TaskRow, TaskRow.field_id == FieldRow.id).where(FieldRow.record_id == record)
            )
            return frozenset(
                session.scalars(held.where(TaskRow.leased_until > self._store.now(), TaskRow.person != person))
            )


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who asks, and the open tasks that the person may get; others may hold some, and records ``without`` count not."""

    writer: Writer
    person: str
    open: Select[TaskRow]
    without: Collection[int]
    lease_seconds: float

    @property
    def tasks(self) -> Select[TaskRow]:
        """The open tasks joined to their fields."""
        joined = self.open.join(FieldRow, FieldRow.id == TaskRow.field_id)
        return joined.where(FieldRow.record_id.not_in(self.without))


def _in_order(claim: _Claim, books: Collection[int] | None, disputed: bool | None) -> Iterator[int]:
    """Numbers of records to try; later books are looked at only when those before them gave nothing.

    The first book is looked at alone, for mostly it has something, then more and more of them together: where a person
    put nearly everything off, thousands are passed over.
    """
    waits = and_(WAITS, DISPUTED) if disputed else WAITS
    many, last = 1, 0
    while some := _books(claim.writer.session, waits, books, after=last, many=many):
        yield from _easiest(claim, some)
        last, many = some[-1], min(8 * many, _BOOKS_AT_ONCE)
    yield from _put_off(claim)


def _books(
    session: Session, waits: ColumnElement[bool], books: Collection[int] | None, *, after: int, many: int
) -> Sequence[int]:
    """Numbers of the next ``many`` books in which anything waits."""
    # Each is one look into an index, in whichever way the database would join the two tables.
    if books is not None:
        one = select(func.min(TaskRow.book_id)).where(waits, TaskRow.book_id == BookRow.id).scalar_subquery()
        wanted = select(BookRow.id).where(BookRow.id > after, BookRow.id.in_(books), one.is_not(None))
        return session.scalars(wanted.order_by(BookRow.id).limit(many)).all()
    first = select(func.min(TaskRow.book_id).label("id")).where(waits, TaskRow.book_id > after)
    found = first.cte("found", recursive=True)
    following = select(func.min(TaskRow.book_id)).where(waits, TaskRow.book_id > found.c.id).scalar_subquery()
    found = found.union_all(select(following).where(found.c.id.is_not(None)))
    return session.scalars(select(found.c.id).where(found.c.id.is_not(None)).limit(many)).all()


def _easiest(claim: _Claim, books: Collection[int]) -> Sequence[int]:
    """Numbers of the books' records that are free as a whole and not put off, by book, the easiest first."""
    in_books = TaskRow.book_id.in_(books)
    # Looked up for each task by itself: a join might go through all fields of the store.
    record = select(FieldRow.record_id).where(FieldRow.id == TaskRow.field_id).scalar_subquery()
    put_off = select(SkipRow.at).where(SkipRow.task_id == TaskRow.id, SkipRow.person == claim.person).scalar_subquery()
    columns = TaskRow.book_id, TaskRow.ease, record.label("record_id"), put_off.label("put_off")
    some = claim.open.with_only_columns(*columns, maintain_column_froms=True).where(in_books)
    each = some.offset(literal_column("0")).subquery()  # which keeps what is looked up from being looked up again
    found = (
        select(each.c.record_id)
        .where(each.c.record_id.not_in(_busy(claim, in_books)), each.c.record_id.not_in(claim.without))
        .group_by(each.c.book_id, each.c.record_id)
        .having(func.max(each.c.put_off).is_(None))
        .order_by(each.c.book_id, func.count(), func.sum(each.c.ease), each.c.record_id)
    )
    return claim.writer.session.scalars(found.limit(_TRIED)).all()


def _put_off(claim: _Claim) -> Sequence[int]:
    """Numbers of records free as a whole that the person put off, what was put off first before the others."""
    found = (
        claim.tasks.join(SkipRow, and_(SkipRow.task_id == TaskRow.id, SkipRow.person == claim.person))
        .where(FieldRow.record_id.not_in(_busy(claim)))
        .group_by(FieldRow.record_id)
        .order_by(func.max(SkipRow.at), FieldRow.record_id)
    )
    return claim.writer.session.scalars(found.with_only_columns(FieldRow.record_id).limit(_TRIED)).all()


def _with_others(claim: _Claim) -> tuple[ColumnElement[bool], ...]:
    """Conditions that hold for tasks that other people hold at this moment."""
    return TaskRow.leased_until > claim.writer.now, TaskRow.person != claim.person


def _busy(claim: _Claim, *where: ColumnElement[bool]) -> Select[int]:
    """Numbers of records in which other people hold fields."""
    held = select(FieldRow.record_id).join(TaskRow, TaskRow.field_id == FieldRow.id)
    return held.where(*where, *_with_others(claim))


def _lock(writer: Writer, record_id: int, *, wait: bool = False) -> bool:
    """Keep other claims off the record until this one is through; false where one is at it, or it is gone."""
    row = select(RecordRow.id).where(RecordRow.id == record_id, RecordRow.retired_at.is_(None))
    return writer.session.scalar(row.with_for_update(key_share=True, skip_locked=not wait)) is not None


def _take(claim: _Claim, record_id: int, *, shared: bool = False) -> tuple[Task, ...]:
    """Lease the locked record's fields; none where another person came first to one, unless it is ``shared``.

    What is looked at again here may have changed between the choice of the record and its lock.
    """
    session, now = claim.writer.session, claim.writer.now
    if not shared and session.scalar(select(_busy(claim, FieldRow.record_id == record_id).exists())):
        return ()
    free = or_(TaskRow.leased_until.is_(None), TaskRow.leased_until <= now, TaskRow.person == claim.person)
    mine = claim.tasks.where(FieldRow.record_id == record_id, free).order_by(FieldRow.position, FieldRow.id)
    waiting = session.scalars(mine.with_only_columns(TaskRow.id)).all()
    rows = session.scalars(mine.with_for_update(of=TaskRow, skip_locked=True)).all()
    if not shared and len(rows) != len(waiting):
        return ()
    new = []
    for row in rows:
        if row.person == claim.person and row.leased_until is not None and row.leased_until > now:
            row.leased_until = now + timedelta(seconds=claim.lease_seconds)
        else:
            new.append(row)
    leasing.lease_all(claim.writer, new, claim.person, claim.lease_seconds)
    return leasing.handed_all(session, rows)
