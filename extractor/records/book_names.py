"""How people name a book: by its number in the store (``3``), or as its files are named (``KS.2017.01``)."""

from __future__ import annotations

from collections.abc import Mapping

from extractor.errors import SettingsError
from extractor.records.record import BookKey

_TOLD = 10


def short_name(key: BookKey) -> str:
    """A book as its files are named: register, year and number, as far as they are known; else empty."""
    return ".".join(filter(None, (key.register, key.year, key.number)))


def book_label(number: int, key: BookKey) -> str:
    """A book as it is told to people: its short name, or its number in the store (``#3``) where it has none."""
    return short_name(key) or f"#{number}"


def find_book(books: Mapping[int, BookKey], name: str, *, said: str) -> int:
    """The number of the book that somebody named.

    Args:
        books: identities of all books by their numbers in the store.
        name: a number (``3`` or ``#3``), which comes first, or a short name in any case.
        said: where it was named, for the error (``--book KS.2017.01``).

    Raises:
        SettingsError: there is no such book, or several have this name.
    """
    named = name.strip().casefold()
    found = [number for number in books if named in (str(number), f"#{number}")] or [
        number for number, key in books.items() if named and named == short_name(key).casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(
            f"{said}: several books have this name.", mend=f"Give one of their numbers: {', '.join(map(str, found))}."
        )
    known = [f"{number} ({short_name(key) or 'without a name'})" for number, key in books.items()]
    more = f" and {len(known) - _TOLD} more ('extractor queue status' shows them)" if len(known) > _TOLD else ""
    raise SettingsError(
        f"{said}: there is no such book.", mend=f"Choose from: {', '.join(known[:_TOLD]) or 'none there yet'}{more}."
    )
