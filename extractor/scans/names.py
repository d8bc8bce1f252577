"""Official file names, and what they say about a record and its book."""

from __future__ import annotations

import re
from collections.abc import Iterable

from extractor.records import BookKey
from extractor.scans.types import OfficialName

REGISTERS = ("KS", "KH", "KT", "CN", "CMC", "HN", "GH", "CDGH", "LH", "TDCC")
"""Codes of the ten registers."""

_SUFFIX = re.compile(r"\.(pdf|tiff?|jpe?g|png|zip)$", re.IGNORECASE)
_REGISTER = "(" + "|".join(REGISTERS) + ")"
_NUMBER = r"(\d+[0-9A-Za-z-]*)"
# Day and month may be missing, zero or written as x where the book has none; a date may even be left out.
_DATE = r"(|(?:\d{4}|[xX]{4})(?:-(?:\d{1,2}|[xX]{1,2})){0,2})"
_BOOK = re.compile(rf"{_REGISTER}\.(\d{{4}})\.{_NUMBER}", re.IGNORECASE)
_RECORD = re.compile(rf"{_REGISTER}\.(\d{{4}})\.{_NUMBER}\.{_DATE}\.{_NUMBER}", re.IGNORECASE)


def _stem(name: str) -> str:
    return _SUFFIX.sub("", name.strip())


def parse_official_name(name: str) -> OfficialName | None:
    """What a name such as ``KS.2017.01.2017-02-03.05.pdf`` says, or none where it is not an official name.

    Digits keep their padding. The date may lack day, or day and month (``2017-02``, ``2017``, ``2017-00-00``,
    ``2017-xx-xx``) or be empty; it is neither completed nor checked against the calendar.
    """
    match = _RECORD.fullmatch(_stem(name))
    if match is None:
        return None
    register, year, book, date, number = match.groups()
    return OfficialName(register=register.upper(), year=year, book=book, date=date, number=number)


def parse_book_name(name: str) -> BookKey | None:
    """The book that a file or folder name such as ``KS.2017.01`` or ``KS.2017.01.pdf`` names, or none."""
    match = _BOOK.fullmatch(_stem(name))
    if match is None:
        return None
    register, year, number = match.groups()
    return BookKey(register=register.upper(), year=year, number=number)


def read_names(file_name: str, folders: Iterable[str] = ()) -> tuple[BookKey, OfficialName | None]:
    """What a file's name and the folders and archives it lies in say; the file's own name wins, then the nearest.

    Args:
        file_name: last part of the path.
        folders: names of the enclosing folders and archives, nearest first.
    """
    official = parse_official_name(file_name)
    if official is not None:
        return BookKey(register=official.register, year=official.year, number=official.book), official
    for name in (file_name, *folders):
        book = parse_book_name(name)
        if book is not None:
            return book, None
    return BookKey(), None
