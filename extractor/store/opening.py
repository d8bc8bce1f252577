"""The one way in which books are kept from whom they are not for: accounts of the review room, and keys of programs."""

from __future__ import annotations

from typing import Protocol

from extractor.errors import NotStoredError


class Opens(Protocol):
    """Somebody or something that opens some books, or all."""

    def opens(self, book_id: int) -> bool:
        """Whether it opens the book with this number."""


def must_open(holder: Opens, book_id: int) -> None:
    """Refuse a book that is not for the holder, in the same words as one that does not exist.

    Raises:
        NotStoredError: it does not open the book.
    """
    if not holder.opens(book_id):
        raise NotStoredError(f"There is no book {book_id} in the store.")
