"""Which books a person may look into, and which fields of the queue are the person's.

Every number in an address is checked against the books of the account.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable

from extractor.errors import NotStoredError
from extractor.review.access import Visit
from extractor.review.permissions import Permission
from extractor.review.refusals import tell_refusal
from extractor.review.room import Room
from extractor.store.opening import must_open


def check_book(visit: Visit, book_id: int | None) -> None:
    """Refuse a book that is not the person's, in the same words as one that does not exist.

    Raises:
        NotStoredError: the person's account does not open the book.
    """
    if book_id is None:
        return
    try:
        must_open(visit, book_id)
    except NotStoredError:
        tell_refusal("another's book", account=visit.account.id)
        raise


def check_field(room: Room, visit: Visit, field_id: int) -> None:
    """Refuse a field of a book that is not the person's.

    Raises:
        NotStoredError: the person's account does not open its book, or there is no such field.
    """
    if visit.account.books is not None:
        check_book(visit, room.listing.book_of_field(field_id))


def check_page(room: Room, visit: Visit, page_id: int) -> None:
    """Refuse a page of a book that is not the person's.

    Raises:
        NotStoredError: the person's account does not open its book, or there is no such page.
    """
    if visit.account.books is not None:
        check_book(visit, room.listing.page(page_id)[0])


def kinds_open_to(room: Room, visit: Visit, *, book: int | None = None) -> dict[str, int]:
    """How many fields of each kind wait for this person; kinds of which none waits are left out."""
    return room.slow_counts.get(
        ("kinds", book, *_whose(visit)),
        lambda: room.store.open_kinds(
            book=book,
            books=visit.account.books,
            disputed=visit.disputed,
            person=visit.person,
            formerly=visit.formerly,
        ),
    )


def blind_open_to(room: Room, visit: Visit) -> int:
    """How many of the fields that wait for this person are re-keyed blind."""
    return room.slow_counts.get(
        ("blind", *_whose(visit)),
        lambda: room.store.open_blind(
            books=visit.account.books, disputed=visit.disputed, person=visit.person, formerly=visit.formerly
        ),
    )


def open_to(room: Room, visit: Visit, *, kinds: Collection[str] | None = None, book: int | None = None) -> int:
    """How many fields wait for this person."""
    if not (visit.may(Permission.VERIFY) or visit.may(Permission.ADJUDICATE)):
        return 0
    return room.slow_counts.get(
        ("open", None if kinds is None else tuple(kinds), book, *_whose(visit)),
        lambda: room.store.open_tasks(
            kinds=kinds,
            book=book,
            books=visit.account.books,
            disputed=visit.disputed,
            person=visit.person,
            formerly=visit.formerly,
        ),
    )


def _whose(visit: Visit) -> tuple[Hashable, ...]:
    """What a number of waiting fields hangs on, apart from what waits."""
    books = None if visit.account.books is None else frozenset(visit.account.books)
    return books, visit.disputed, visit.person, frozenset(visit.formerly)
