"""Which fields wait, and the next of them that are free, each found by an index that leads straight to it.

In a store of ten million fields nearly all are done, or all that wait are of another book or kind: whatever looks
through the queue for what it wants takes seconds. So nothing does, whatever the database guesses of its contents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from extractor.store import rekeying
from extractor.store.inspected import held_fields, is_free
from extractor.store.lookups import there_is_none
from extractor.store.tables import DISPUTED, WAITS, SkipRow, TaskRow

_BOOKS_AT_ONCE = 512
"""So many books are each asked for their first fields; of more, the queue is gone through for all of them together."""

_SPARE = 32
"""So many more fields are looked at than are wanted, since others may take some in the same moment."""


_PUT_OFF = 50_000
"""So many tasks that a person put off are passed over together: PostgreSQL makes no list in memory of more than it
thinks will fit into its ``work_mem``, 4 MB by default, but would go through all of them for each task."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which fields of the queue are meant.

    Args:
        kinds: only those of these kinds or codes.
        books: only those of the books with these numbers.
        disputed: only those on whose blind re-keying a person and the machine differ, or only the others.
    """

    kinds: Collection[str] | None = None
    books: Collection[int] | None = None
    disputed: bool | None = None


def open_rows(wanted: Wanted, keys: Collection[str] | None = None, *, most: bool = False) -> Select[TaskRow]:
    """Open tasks; with the ``keys`` of a person, only those the person may get.

    Fields that an inspection holds are not among them until it is over, unless they waited when it began.

    Args:
        most: whether most of them are asked for, as for a count, and not some few.
    """
    free = TaskRow.field_id.not_in(held_fields()) if most else is_free(TaskRow.field_id)
    found = select(TaskRow).where(WAITS, free)
    if keys is not None:
        found = found.where(*rekeying.open_to(keys))
    if wanted.kinds is not None:
        found = found.where(or_(TaskRow.kind.in_(wanted.kinds), TaskRow.code.in_(wanted.kinds)))
    if wanted.books is not None:
        found = found.where(TaskRow.book_id.in_(wanted.books))
    if wanted.disputed is not None:
        found = found.where(DISPUTED if wanted.disputed else TaskRow.rekeyed_by == "")
    return found


def first_free(session: Session, wanted: Wanted, asked: Mapping[str, Any]) -> Sequence[TaskRow]:
    """The first free tasks that a person may get and did not put off, locked; others may lock the same row no more.

    Args:
        asked: who asks for how many: ``now``, ``person``, the person's ``keys``, ``kinds``, ``books`` and ``count``.
    """
    count = asked["count"]
    if wanted.kinds is not None:
        # Nobody holds a few more than are wanted for longer than this transaction takes.
        found = {row.id: row for row in _of_kinds(session, wanted, asked)}
        return sorted(found.values(), key=lambda row: (row.key_rank, row.ease, row.id))[:count]
    statements = _free(books=wanted.books is not None, disputed=wanted.disputed)
    if wanted.books is not None and len(wanted.books) > 1 and session.get_bind().dialect.name == "postgresql":
        if len(wanted.books) > _BOOKS_AT_ONCE:
            if session.scalar(statements.any_of_books, asked) is None:
                return ()
        else:
            candidates = session.scalars(statements.of_books, asked).all()
            rows = session.scalars(statements.these, {**asked, "candidates": candidates}).all() if candidates else ()
            if rows or not candidates:
                return rows
        return session.scalars(statements.of_all_books, asked).all()
    return session.scalars(statements.first, asked).all()


def put_off(session: Session, wanted: Wanted, asked: Mapping[str, Any]) -> Sequence[TaskRow]:
    """The same of those that the person put off, what was put off first before the others."""
    return session.scalars(_put_off(wanted.kinds is not None, wanted.books is not None, wanted.disputed), asked).all()


def chosen(session: Session, wanted: Wanted, asked: Mapping[str, Any]) -> Sequence[TaskRow]:
    """The same of those chosen for learning.

    Neither blind tasks, which are a sample drawn by lot, nor disputes, which are for a third person, are chosen; and
    what was put off stays put off.
    """
    return session.scalars(_chosen(wanted.kinds is not None, wanted.books is not None, wanted.disputed), asked).all()


@dataclass(frozen=True, slots=True)
class _Statements:
    """The first free tasks, of many books at once too; or first their numbers, then the tasks with such numbers."""

    first: Select[TaskRow]
    of_all_books: Select[TaskRow]
    of_books: Select[int]
    these: Select[TaskRow]
    any_of_books: Select[int]


_ORDER = (TaskRow.key_rank, TaskRow.ease, TaskRow.id)
_COUNT = bindparam("count", type_=Integer)
_PERSON: Any = bindparam("person")


def _not_put_off(together: int) -> ColumnElement[bool]:
    """Condition that holds for tasks that the person did not put off.

    Args:
        together: of so many that the person put off, one look serves all that is passed over; of what is left out of
            these, as of a person who put off still more, each task is looked up by itself.
    """
    some = select(SkipRow.task_id).where(SkipRow.person == _PERSON).limit(literal_column(str(together)))
    one = select(SkipRow.task_id).where(SkipRow.task_id == TaskRow.id, SkipRow.person == _PERSON)
    return and_(TaskRow.id.not_in(some), there_is_none(one))


_NOT_PUT_OFF = _not_put_off(_PUT_OFF)


def _free_rows(kinds: bool, books: bool, disputed: bool | None) -> Select[TaskRow]:
    keys: Any = bindparam("keys", expanding=True)
    of_kinds: Any = bindparam("kinds", expanding=True)
    of_books: Any = bindparam("books", expanding=True)
    now: Any = bindparam("now", type_=TaskRow.leased_until.type)
    some = Wanted(of_kinds if kinds else None, of_books if books else None, disputed)
    return open_rows(some, keys).where(or_(TaskRow.leased_until.is_(None), TaskRow.leased_until <= now))


def _locked(found: Select[TaskRow]) -> Select[TaskRow]:
    return found.limit(_COUNT).with_for_update(of=TaskRow, skip_locked=True)


# All of these are made once, since making takes longer than running.


@cache
def _free(*, books: bool, disputed: bool | None) -> _Statements:
    free = _free_rows(False, False, disputed).where(_NOT_PUT_OFF)
    numbers: Any = bindparam("books", type_=ARRAY(BigInteger))
    book = func.unnest(numbers).table_valued(column("id", BigInteger)).render_derived("wanted_book")
    # Locking begins after choosing: a book's first field is mostly not the one that is handed out.
    of_one = free.with_only_columns(TaskRow.id, TaskRow.key_rank, TaskRow.ease).where(TaskRow.book_id == book.c.id)
    each = of_one.order_by(*_ORDER).limit(_COUNT + _SPARE).correlate(book).lateral("each_book")
    of_books = select(each.c.id).select_from(book).join(each, true())
    waits = select(TaskRow.id).where(WAITS, TaskRow.book_id == book.c.id).limit(1).correlate(book).scalar_subquery()
    these: Any = bindparam("candidates", expanding=True)
    return _Statements(
        first=_locked((_free_rows(False, books, disputed).where(_NOT_PUT_OFF)).order_by(*_ORDER)),
        of_all_books=_locked(free.where(TaskRow.book_id == any_(numbers)).order_by(*_ORDER)),
        of_books=of_books.order_by(each.c.key_rank, each.c.ease, each.c.id).limit(_COUNT + _SPARE),
        these=_locked(free.where(TaskRow.id.in_(these)).order_by(*_ORDER)),
        any_of_books=select(book.c.id).where(waits.is_not(None)).limit(1),
    )


@cache
def _of_kind(books: bool, disputed: bool | None) -> tuple[Select[TaskRow], Select[TaskRow]]:
    """The first of one kind, and of one code: each of these two is the head of an index."""
    name: Any = bindparam("name")
    free = _free_rows(False, books, disputed).where(_NOT_PUT_OFF).order_by(*_ORDER)
    return _locked(free.where(TaskRow.kind == name)), _locked(free.where(TaskRow.code == name))


def _of_kinds(session: Session, wanted: Wanted, asked: Mapping[str, Any]) -> Iterator[TaskRow]:
    for name in wanted.kinds or ():
        for statement in _of_kind(wanted.books is not None, wanted.disputed):
            yield from session.scalars(statement, {**asked, "name": name})


@cache
def _put_off(kinds: bool, books: bool, disputed: bool | None) -> Select[TaskRow]:
    skipped = and_(SkipRow.task_id == TaskRow.id, SkipRow.person == _PERSON)
    return _locked(_free_rows(kinds, books, disputed).join(SkipRow, skipped).order_by(SkipRow.at, TaskRow.id))


@cache
def _chosen(kinds: bool, books: bool, disputed: bool | None) -> Select[TaskRow]:
    marked = TaskRow.learning_rank.is_not(None), TaskRow.blind.is_(False), TaskRow.rekeyed_by == ""
    free = _free_rows(kinds, books, disputed).where(*marked, _NOT_PUT_OFF)
    return _locked(free.order_by(TaskRow.learning_rank, TaskRow.id))
