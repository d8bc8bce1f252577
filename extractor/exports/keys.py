"""The key of a record: number, date of registration, and book. It names the PDF and must be right before all else.

Up to three witnesses speak for each part: the official name of the source file, what was stated about the book, and the
field on the page. The first that is there settles the part; a field that says otherwise holds the record back, since
either the page was read wrongly or the file was named wrongly, and only a person with the book can tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date as calendar_date

from extractor.exports.fields import Cells, labels
from extractor.exports.findings import Finding
from extractor.exports.naming import pad, slug
from extractor.exports.profile import ExportProfile
from extractor.records import BookKey
from extractor.scans.types import OfficialName
from extractor.templates.form import FormSchema

_NUMBER = re.compile(r"\s*(\d+)\s*(?:/\s*(\d{4})\s*)?", re.ASCII)
_FULL_DATE = re.compile(r"(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.(\d{4})", re.ASCII)
_PART_DATE = re.compile(r"(?:(0[1-9]|1[0-2])\.)?(\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RecordKey:
    """A settled key.

    Args:
        number: number of the record, digits, filled with zeros.
        number_year: year the number belongs to; numbers start anew each year.
        date: date of registration, ``dd.mm.yyyy``.
        book: number of the book, digits, filled with zeros.
        year: year the book was opened.
    """

    number: str
    number_year: str
    date: str
    book: str
    year: str

    def cells(self, profile: ExportProfile) -> dict[str, str]:
        """The key columns of a sheet."""
        parts = {
            "number": self.number,
            "number_year": self.number_year,
            "date": self.date,
            "book": self.book,
            "year": self.year,
        }
        return {column: pattern.format(**parts) for column, pattern in profile.key_cells.items()}

    def pdf_name(self, profile: ExportProfile) -> str:
        """The official name of the record's PDF."""
        day, month, year = self.date.split(".")
        return profile.naming.pdf.format(
            register=profile.register_code,
            year=self.year,
            book=self.book,
            iso_date=f"{year}-{month}-{day}",
            number=self.number,
        )

    @property
    def order(self) -> tuple[int, int, str]:
        """Sorts the records of a book as the book has them."""
        return int(self.number_year), int(self.number), self.date


@dataclass(frozen=True, slots=True)
class _Field:
    """A key column as the page has it."""

    column: str
    text: str
    settled: bool
    schema: FormSchema

    def finding(self, code: str) -> Finding:
        return Finding(code, (self.column,), labels((self.column,), self.schema))

    def unsettled(self) -> Finding:
        return self.finding("key_missing" if self.settled else "key_pending")


def settle_key(
    cells: Cells, schema: FormSchema, book: BookKey, official: OfficialName | None, profile: ExportProfile
) -> tuple[RecordKey | None, tuple[Finding, ...]]:
    """Settle the key of one record.

    Args:
        cells: the record's cells.
        book: what is known about the book; empty parts are unknown.
        official: parts of the source file's official name, if it has one.

    Returns:
        The key, or none where a part is not settled, and what speaks against exporting the record under it.
    """
    fields = {
        column: _Field(
            column=column,
            text=cells.settled.get(column, cells.proposed.get(column, "")).strip(),
            settled=column not in cells.pending,
            schema=schema,
        )
        for column in (profile.keys.number, profile.keys.date, profile.keys.book)
    }
    findings: list[Finding] = []
    number, number_year = _settle_number(fields[profile.keys.number], official, findings)
    date = _settle_date(fields[profile.keys.date], official, findings)
    book_number, year = _settle_book(fields[profile.keys.book], book, official, findings)
    if not (number and date and book_number and year):
        return None, tuple(findings)
    unread = fields[profile.keys.number]
    if not unread.settled and _book_parts(unread.text)[1] not in ("", date[-4:]):
        findings.append(unread.finding("key_pending"))
    key = RecordKey(
        number=pad(number, profile.naming.number_digits),
        number_year=number_year or date[-4:],
        date=date,
        book=pad(book_number, profile.naming.book_digits),
        year=year,
    )
    return key, tuple(findings)


def book_of(cells: Cells, book: BookKey, official: OfficialName | None, profile: ExportProfile) -> BookKey:
    """The book a record belongs to: ``book`` with what the file's name and a settled field add to it."""
    number, year = _book_parts(cells.settled.get(profile.keys.book, ""))
    return BookKey(
        register=profile.register_code,
        year=(official.year if official else "") or book.year or year,
        number=pad((official.book if official else "") or book.number or number, profile.naming.book_digits),
        agency=book.agency,
        commune=book.commune,
        district=book.district,
        province=book.province,
    )


def _settle_number(field: _Field, official: OfficialName | None, findings: list[Finding]) -> tuple[str, str]:
    number, year = _book_parts(field.text)
    if official is not None:
        if not _digits(official.number):
            findings.append(field.finding("key_unclear"))
            return "", ""
        # What cannot be parsed says nothing while it awaits review; once settled it contradicts the name.
        if (number and int(number) != int(official.number)) or (field.settled and field.text and not number):
            findings.append(field.finding("disagrees_with_name"))
        # A reading that nobody has looked at decides nothing, be it only the year.
        return official.number, year if field.settled else ""
    if not field.settled or not field.text:
        findings.append(field.unsettled())
        return "", ""
    if not number:
        findings.append(field.finding("key_unclear"))
    return number, year


def _settle_date(field: _Field, official: OfficialName | None, findings: list[Finding]) -> str:
    if official is not None and official.date:
        named = _from_iso(official.date)
        if field.text and (field.settled or _is_date(field.text)) and not dates_agree(named, field.text):
            findings.append(field.finding("disagrees_with_name"))
        if is_full_date(named):
            return named
        if not (field.settled and is_full_date(field.text)):
            findings.append(field.finding("partial_date"))
            return ""
        return field.text
    if not field.settled or not field.text:
        findings.append(field.unsettled())
        return ""
    if not is_full_date(field.text):
        findings.append(field.finding("partial_date" if _PART_DATE.fullmatch(field.text) else "key_unclear"))
        return ""
    return field.text


def _settle_book(
    field: _Field, book: BookKey, official: OfficialName | None, findings: list[Finding]
) -> tuple[str, str]:
    read_number, read_year = _book_parts(field.text)
    known_number = official.book if official else slug(book.number)
    known_year = official.year if official else book.year.strip()
    code = "disagrees_with_name" if official else "disagrees_with_book"
    other_number = known_number and read_number and not _same_number(known_number, read_number)
    other_year = known_year and read_year and known_year != read_year
    if other_number or other_year:
        findings.append(field.finding(code))
    number = known_number or (read_number if field.settled else "")
    year = known_year or (read_year if field.settled else "")
    if not number or not year:
        findings.append(field.finding("book_unknown"))
    elif not _digits(number) or not re.fullmatch(r"[0-9]{4}", year):
        findings.append(field.finding("key_unclear"))
        return "", ""
    return number, year


def _book_parts(text: str) -> tuple[str, str]:
    match = _NUMBER.fullmatch(text)
    return (match[1], match[2] or "") if match else ("", "")


def _same_number(one: str, other: str) -> bool:
    return _digits(one) and _digits(other) and int(one) == int(other)


def _digits(text: str) -> bool:
    """Plain digits: wide ones of another script look alike and make other file names."""
    return text.isascii() and text.isdecimal()


def _is_date(text: str) -> bool:
    return bool(_FULL_DATE.fullmatch(text) or _PART_DATE.fullmatch(text))


def is_full_date(text: str) -> bool:
    """Whether a text is a day there is, as ``dd.mm.yyyy``."""
    match = _FULL_DATE.fullmatch(text)
    if match is None:
        return False
    try:
        calendar_date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        return False
    return True


def _from_iso(date: str) -> str:
    """``2017-02-03`` as ``03.02.2017``; parts that are missing, zero or crossed out are dropped with those below."""
    kept: list[str] = []
    for part in date.split("-"):
        if not part.isdecimal() or int(part) == 0:
            break
        kept.append(part.zfill(2))
    return ".".join(reversed(kept))


def dates_agree(one: str, other: str) -> bool:
    """Whether two dates agree as far as both go; year first, since parts are missing from the day upwards."""
    ours, theirs = one.split(".")[::-1], other.split(".")[::-1]
    return all(a == b for a, b in zip(ours, theirs, strict=False))
