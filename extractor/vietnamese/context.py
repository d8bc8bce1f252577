"""What surrounds a field, and what normalising and decoding give back."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.records import BookKey


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the book a field stands in; unknown parts are empty, never guessed.

    Args:
        year: year the book was opened, four digits.
        register: register code in upper case (KS, KH, ...), or empty.
        agency: registering authority, verbatim.
        language: language of the form, ISO 639-1.
    """

    year: str = ""
    register: str = ""
    agency: str = ""
    language: str = "vi"

    @classmethod
    def of_book(cls, book: BookKey, language: str = "vi") -> Context:
        """The context a book gives its fields."""
        return cls(year=book.year, register=book.register, agency=book.agency, language=language)

    @property
    def book_year(self) -> int | None:
        """The year as a number, or none where it is unknown."""
        return int(self.year) if self.year.isdecimal() and len(self.year) == 4 else None


@dataclass(frozen=True, slots=True)
class Normalised:
    """A field's text in the form for export.

    Args:
        value: the value, or none where none could be made out; never invented.
        known: whether the value is in the list, the grammar or the number format of its kind.
        ditto: whether the text is a mark that repeats the entry above.
        note: why there is no value, or what is unusual; a short code, no text of the register.
    """

    value: str | None
    known: bool
    ditto: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One reading of a field after weighing.

    Args:
        raw: what a reader saw, or, for a proposal, the list's or grammar's spelling.
        value: its normalised value, or none.
        probability: that ``value`` is right, before calibration, 0 to 1; all of one field sum to at most 1.
        known: as in :class:`Normalised`.
        ditto: as in :class:`Normalised`.
        note: as in :class:`Normalised`.
        proposed: whether the text comes from a list or grammar and no reader saw it letter for letter.
    """

    raw: str
    value: str | None
    probability: float
    known: bool
    ditto: bool = False
    note: str = ""
    proposed: bool = False
