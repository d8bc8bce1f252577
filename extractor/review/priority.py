"""Which books' fields are handed out first: those of the most urgent register that still has some for the person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from sqlalchemy import select

from extractor.review.access import Visit
from extractor.review.board_settings import settings_or_default
from extractor.review.room import Room
from extractor.store import QueueEmpty
from extractor.store.tables import BookRow

Books = Collection[int] | None
"""Numbers of books; none means all."""

_Found = TypeVar("_Found")


def claim_in_turn(room: Room, visit: Visit, claim: Callable[[Books], _Found | QueueEmpty]) -> _Found | QueueEmpty:
    """What ``claim`` hands out of the first books that have something for the person."""
    found: _Found | QueueEmpty = QueueEmpty()
    for books in _turns(room, visit):
        found = claim(books)
        if not isinstance(found, QueueEmpty):
            return found
    return found


def _turns(room: Room, visit: Visit) -> Iterator[Books]:
    """The person's books of each register of the order that the office set, then all of the person's books."""
    order = settings_or_default(room.out)[0].priority
    if order:
        with room.store.reading() as session:
            of_register: dict[str, list[int]] = {code: [] for code in order}
            wanted = select(BookRow.id, BookRow.register).where(BookRow.register.in_(order))
            for book_id, register in session.execute(wanted):
                of_register[register].append(book_id)
        for books in of_register.values():
            if own := [book for book in books if visit.opens(book)]:
                yield own
    yield visit.account.books
