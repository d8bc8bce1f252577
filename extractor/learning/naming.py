"""The names of books in sets, and by what they hang together: clerks who wrote them, pages they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from extractor.learning.choosing import BookTexts
from extractor.learning.hand_list import read_hands
from extractor.learning.pseudonyms import Pseudonyms, load_or_make_key


@dataclass(frozen=True, slots=True)
class BookNames:
    """A book under the names it has in sets.

    Args:
        book: its name.
        hand: the name of its hand.
        links: names of all hands it was written by and of its pages, by which it hangs together with others.
    """

    book: str
    hand: str
    links: frozenset[str]


def book_names(
    out: Path, books: Sequence[BookTexts], hands: Path | None, *, expected: bool = False
) -> dict[int, BookNames]:
    """The names of books in the sets of an output folder, by their number in the store.

    Args:
        hands: list of books and hands, or none.
        expected: whether the folder gave out sets before, so that it must have its key.

    Raises:
        MissingInputError: the list of hands is missing.
        LineSetError: the list or the key cannot be used.
    """
    give = Pseudonyms(load_or_make_key(out, expected=expected)).name
    listed = read_hands(hands, {book.id: book.key for book in books}) if hands else {}
    found = {}
    for book in books:
        identity = astuple(book.key)
        named = sorted(give("hand", "named", hand) for hand in listed.get(book.id, ()))
        # Which of several clerks wrote a line nobody knows: the hand is then the book's own, and hangs on all of them.
        hand = named[0] if len(named) == 1 else give("hand", "own", *identity)
        pages = frozenset(give("page", sha256) for sha256 in book.pages)
        found[book.id] = BookNames(give("book", *identity), hand, pages.union(named))
    return found
