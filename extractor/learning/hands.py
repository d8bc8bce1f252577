"""Which clerk wrote which book, as far as the office knows: a list of books and hands."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from extractor.errors import LineSetError, MissingInputError, SettingsError
from extractor.records import BookKey, find_book
from extractor.store.convert import person_key

_COLUMNS = ("book", "hand")


def read_hands(path: Path, books: Mapping[int, BookKey]) -> dict[int, frozenset[str]]:
    """Read a list of hands: CSV in UTF-8 with the columns ``book`` and ``hand``.

    A book is named as :func:`extractor.records.find_book` knows it; a book that several clerks wrote
    stands there several times, one that nobody knows the clerk of is left out or has no hand. Names of hands count
    without regard to capitals and spaces.

    Args:
        path: the file.
        books: identities of the books by their number in the store.

    Returns:
        The hands of each book that is listed, by its number in the store.

    Raises:
        MissingInputError: there is no such file.
        LineSetError: the file is no such list, or a row names no book, or one that there is not.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            # Spreadsheets of offices save lists with semicolons.
            delimiter = ";" if ";" in file.readline() else ","
            file.seek(0)
            rows = list(csv.DictReader(file, skipinitialspace=True, delimiter=delimiter))
            header = rows[0].keys() if rows else ()
    except FileNotFoundError as error:
        raise MissingInputError(path, "the list of hands is not there.", mend="Check the path.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LineSetError(f"{path}: this is no list in CSV.", mend="Save it as CSV in UTF-8.") from error
    if not set(_COLUMNS) <= set(header):
        raise LineSetError(
            f"{path}: the columns 'book' and 'hand' are not there, or no row is.",
            mend="Begin with the row 'book,hand'; 'extractor dataset books' prints such a list.",
        )
    found: dict[int, set[str]] = defaultdict(set)
    for line, row in enumerate(rows, start=2):
        if not (hand := person_key(row["hand"] or "")):
            continue
        try:
            number = find_book(books, row["book"] or "", said=f"{path}, row {line}")
        except SettingsError as error:
            raise LineSetError(error.message, mend="Give its number, as 'extractor dataset books' prints it.") from None
        found[number].add(hand)
    return {number: frozenset(hands) for number, hands in found.items()}
