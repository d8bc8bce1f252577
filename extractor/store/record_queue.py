"""Hand out whole records: all waiting fields of one record, to one person at a time.

A record in which another person holds a field is passed over, so two people are never at work on the same one. Every
field has a lease and a token of its own, as in :mod:`extractor.store.queue`, and is answered through
:meth:`Store.decide` like any other; what one person holds as a record another cannot get as a single field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, literal_column, or_, select

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
        with self._store.writing() as writer:
            claim = _Claim(writer, person, rekeying.person_keys(person, formerly), books, disputed, without)
            if record is not None:
                if not _lock(writer, record, wait=True):
                    raise NotStoredError(f"There is no record {record} in the store.")
                if got := _take(claim, record, lease_seconds, shared=True):
                    return got
            else:
                for each in _in_order(claim):
                    if _lock(writer, each) and (got := _take(claim, each, lease_seconds)):
                        return got
            others = waiting.open_rows(waiting.Wanted(books=books, disputed=disputed)).where(
                TaskRow.leased_until > writer.now, TaskRow.person != person
            )
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
    """Who asks for what; records ``without`` count not."""

    writer: Writer
    person: str
    keys: Collection[str]
    books: Collection[int] | None
    disputed: bool | None
    without: Collection[int]

    @property
    def statements(self) -> _Statements:
        return _statements(books=self.books is not None, disputed=self.disputed)

    def asked(self, **more: Any) -> dict[str, Any]:
        """What the statements ask with."""
        return {
            "now": self.writer.now,
            "person": self.person,
            "keys": list(self.keys),
            "books": list(self.books or ()),
            "without": list(self.without),
            **more,
        }


def _in_order(claim: _Claim) -> Iterator[int]:
    """Numbers of records to try; later books are looked at only when those before them gave nothing.

    The first book is looked at alone, for mostly it has something, then more and more of them together: where a person
    put nearly everything off, thousands are passed over.
    """
    session, statements = claim.writer.session, claim.statements
    many, last = 1, 0
    while some := session.scalars(statements.next_books, claim.asked(after=last, many=many)).all():
        yield from session.scalars(statements.easiest, claim.asked(some_books=some)).all()
        last, many = some[-1], min(8 * many, _BOOKS_AT_ONCE)
    yield from session.scalars(statements.put_off, claim.asked()).all()


def _lock(writer: Writer, record_id: int, *, wait: bool = False) -> bool:
    """Keep other claims off the record until this one is through; false where one is at it, or it is gone."""
    return writer.session.scalar(_lock_wanted(wait=wait), {"record": record_id}) is not None


def _take(claim: _Claim, record_id: int, lease_seconds: float, *, shared: bool = False) -> tuple[Task, ...]:
    """Lease the locked record's fields; none where another person came first to one, unless it is ``shared``.

    What is looked at again here may have changed between the choice of the record and its lock.
    """
    session, now = claim.writer.session, claim.writer.now
    found = session.execute(claim.statements.of_record, claim.asked(record=record_id)).all()
    if not shared and any(busy or waiting != len(found) for _, busy, waiting in found):
        return ()
    rows, new = [row for row, *_ in found], []
    for row in rows:
        if row.person == claim.person and row.leased_until is not None and row.leased_until > now:
            row.leased_until = now + timedelta(seconds=lease_seconds)
        else:
            new.append(row)
    leasing.lease_rows(claim.writer, new, claim.person, lease_seconds)
    return leasing.handed_all(session, rows)


@dataclass(frozen=True, slots=True)
class _Statements:
    """What a claim asks, in this order.

    Args:
        next_books: numbers of the next ``many`` books ``after`` one in which anything waits.
        easiest: numbers of records of ``some_books`` that are free as a whole and not put off, by book, the easiest
            first.
        put_off: numbers of records free as a whole that the person put off, what was put off first before the others.
        of_record: the open tasks of a ``record`` that are free, locked but for those that others lock; with each
            whether other people hold fields of the record, and how many are free, locked by others or not.
    """

    next_books: Select[int]
    easiest: Select[int]
    put_off: Select[int]
    of_record: Select[TaskRow, bool, int]


# All of these are made once, since making takes longer than running.

_NOW: Any = bindparam("now", type_=TaskRow.leased_until.type)
_PERSON: Any = bindparam("person")
_RECORD: Any = bindparam("record")
_WITHOUT: Any = bindparam("without", expanding=True)
_WITH_OTHERS = TaskRow.leased_until > _NOW, TaskRow.person != _PERSON


@cache
def _statements(*, books: bool, disputed: bool | None) -> _Statements:
    of_books: Any = bindparam("books", expanding=True)
    keys: Any = bindparam("keys", expanding=True)
    free = waiting.open_rows(waiting.Wanted(books=of_books if books else None, disputed=disputed), keys)
    waits = and_(WAITS, DISPUTED) if disputed else WAITS
    return _Statements(
        _next_of(waits, of_books) if books else _next_of_all(waits), _easiest(free), _put_off(free), _of_record(free)
    )


@cache
def _lock_wanted(*, wait: bool) -> Select[int]:
    row = select(RecordRow.id).where(RecordRow.id == _RECORD, RecordRow.retired_at.is_(None))
    return row.with_for_update(key_share=True, skip_locked=not wait)


# Each book is one look into an index, in whichever way the database would join the two tables.


def _next_of(waits: ColumnElement[bool], books: Any) -> Select[int]:
    one = select(func.min(TaskRow.book_id)).where(waits, TaskRow.book_id == BookRow.id).scalar_subquery()
    wanted = select(BookRow.id).where(BookRow.id > bindparam("after"), BookRow.id.in_(books), one.is_not(None))
    return wanted.order_by(BookRow.id).limit(bindparam("many", type_=Integer))


def _next_of_all(waits: ColumnElement[bool]) -> Select[int]:
    first = select(func.min(TaskRow.book_id).label("id")).where(waits, TaskRow.book_id > bindparam("after"))
    found = first.cte("found", recursive=True)
    following = select(func.min(TaskRow.book_id)).where(waits, TaskRow.book_id > found.c.id).scalar_subquery()
    found = found.union_all(select(following).where(found.c.id.is_not(None)))
    return select(found.c.id).where(found.c.id.is_not(None)).limit(bindparam("many", type_=Integer))


def _easiest(free: Select[TaskRow]) -> Select[int]:
    some_books: Any = bindparam("some_books", expanding=True)
    in_books = TaskRow.book_id.in_(some_books)
    # Looked up for each task by itself: a join might go through all fields of the store.
    record = select(FieldRow.record_id).where(FieldRow.id == TaskRow.field_id).scalar_subquery()
    put_off = select(SkipRow.at).where(SkipRow.task_id == TaskRow.id, SkipRow.person == _PERSON).scalar_subquery()
    columns = TaskRow.book_id, TaskRow.ease, record.label("record_id"), put_off.label("put_off")
    some = free.with_only_columns(*columns, maintain_column_froms=True).where(in_books)
    each = some.offset(literal_column("0")).subquery()  # which keeps what is looked up from being looked up again
    return (
        select(each.c.record_id)
        .where(each.c.record_id.not_in(_busy(in_books)), each.c.record_id.not_in(_WITHOUT))
        .group_by(each.c.book_id, each.c.record_id)
        .having(func.max(each.c.put_off).is_(None))
        .order_by(each.c.book_id, func.count(), func.sum(each.c.ease), each.c.record_id)
        .limit(literal_column(str(_TRIED)))
    )


def _put_off(free: Select[TaskRow]) -> Select[int]:
    found = (
        _with_fields(free)
        .join(SkipRow, and_(SkipRow.task_id == TaskRow.id, SkipRow.person == _PERSON))
        .where(FieldRow.record_id.not_in(_busy()))
        .group_by(FieldRow.record_id)
        .order_by(func.max(SkipRow.at), FieldRow.record_id)
    )
    return found.with_only_columns(FieldRow.record_id).limit(literal_column(str(_TRIED)))


def _of_record(free: Select[TaskRow]) -> Select[TaskRow, bool, int]:
    of_record = FieldRow.record_id == _RECORD
    held_by_nobody_else = or_(TaskRow.leased_until.is_(None), TaskRow.leased_until <= _NOW, TaskRow.person == _PERSON)
    mine = _with_fields(free).where(of_record, held_by_nobody_else)
    # A row that another transaction locks is passed over below, but counted here.
    many = select(func.count()).select_from(mine.with_only_columns(TaskRow.id).subquery()).scalar_subquery()
    found = mine.with_only_columns(TaskRow, _busy(of_record).exists(), many)
    return found.order_by(FieldRow.position, FieldRow.id).with_for_update(of=TaskRow, skip_locked=True)


def _with_fields(free: Select[TaskRow]) -> Select[TaskRow]:
    """The open tasks joined to their fields."""
    return free.join(FieldRow, FieldRow.id == TaskRow.field_id).where(FieldRow.record_id.not_in(_WITHOUT))


def _busy(*where: ColumnElement[bool]) -> Select[int]:
    """Numbers of records in which other people hold fields."""
    held = select(FieldRow.record_id).join(TaskRow, TaskRow.field_id == FieldRow.id)
    return held.where(*where, *_WITH_OTHERS)
