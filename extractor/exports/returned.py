"""A sheet that another office gives back, row by row beside the records it was made of.

Each row is matched to a record by the key. What the record's form has no field for becomes a supplement; where book and
sheet say otherwise, the difference is listed, and the record stays as it is: the book is the truth. Whatever cannot be
used is named with its row; nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile

from extractor.exports.checks import check_values
from extractor.exports.fields import Entry, column_owners
from extractor.exports.findings import RecordId
from extractor.exports.keys import RecordKey, dates_agree, is_full_date
from extractor.exports.profile import CheckKind, ExportProfile
from extractor.exports.reading_back import Sheet, SheetRow
from extractor.exports.supplements import Supplement
from extractor.records import BookKey
from extractor.templates.form import FormSchema
from extractor.vietnamese.text import compare_key

_NUMBER = re.compile(r"\s*(\d{1,9})\s*(?:/\s*(\d{4})?\s*)?")
_NAME = "HoTen"
_TELLING = (_NAME, "NgaySinh")
"""Endings of the columns that tell who a person is."""

_PEOPLES_COMMITTEE = compare_key("ủy ban nhân dân")
_SHORT = 4
"""Digits of a code or a page; two such are the same number however they are padded, identity numbers are not."""


class Kind(StrEnum):
    """How a sheet stands to the book in one column.

    ``pending``: the field still awaits review, so nothing was compared.
    """

    DIFFERS = "differs"
    ONLY_SHEET = "only_sheet"
    ONLY_BOOK = "only_book"
    PENDING = "pending"


class Trouble(StrEnum):
    """Why a row, or one cell of it, is not used."""

    NO_NUMBER = "no_number"
    NO_DATE = "no_date"
    NO_BOOK = "no_book"
    NO_RECORD = "no_record"
    OTHER_KEY = "other_key"
    OTHER_OFFICE = "other_office"
    OTHER_PERSON = "other_person"
    AMBIGUOUS = "ambiguous"
    DOUBLED = "doubled"
    REPEATED = "repeated"
    UNFIT_CELL = "unfit_cell"
    NUMBER_CELL = "number_cell"


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record as rows are matched with it.

    Args:
        key: none where it is not settled.
        codes: fields of the record that rows are matched on, see :func:`telling_fields`.
        fingerprint: of what these say, see :func:`extractor.exports.supplements.record_fingerprint`.
    """

    entry: Entry
    book: BookKey
    key: RecordKey | None
    codes: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A column of which book and sheet say otherwise."""

    row: int
    record: KnownRecord
    column: str
    kind: Kind
    book: str
    sheet: str


@dataclass(frozen=True, slots=True)
class Unused:
    """A row or, where a column is named, a cell that is not used; ``record`` is the one it is about, if any."""

    row: int
    trouble: Trouble
    column: str = ""
    record: RecordId | None = None


@dataclass(slots=True)
class Returned:
    """What came of a sheet.

    Args:
        matched: rows that belong to a record.
        same: cells that say what the book says.
        not_compared: cells that say something else where that does not count, such as the place of residence.
        without_row: records of the books concerned that no row belongs to.
        records: those that a row was compared with.
        emptied: columns that a row leaves empty, of persons whom it surely tells of; columns that the sheet lacks and
            cells that are not used are none.
    """

    matched: int = 0
    same: int = 0
    not_compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    supplements: list[tuple[int, Supplement]] = field(default_factory=list)
    without_row: list[KnownRecord] = field(default_factory=list)
    records: dict[RecordId, KnownRecord] = field(default_factory=dict)
    emptied: dict[RecordId, frozenset[str]] = field(default_factory=dict)


def compare_sheet(sheet: Sheet, records: Sequence[KnownRecord], profile: ExportProfile, source: str) -> Returned:
    """Compare a sheet with the records.

    Args:
        records: all records of the register.
        source: what the supplements name as their source.
    """
    result = Returned()
    by_number: dict[int, list[KnownRecord]] = defaultdict(list)
    for record in records:
        if record.key is not None:
            by_number[int(record.key.number)].append(record)
    rows: dict[RecordId, list[tuple[SheetRow, KnownRecord]]] = defaultdict(list)
    for row in sheet.rows:
        found = _match(row, by_number, profile)
        if isinstance(found, Unused):
            result.unused.append(found)
        else:
            rows[found.entry.key].append((row, found))
    comparison = _Comparison(profile, sheet.missing, source, result)
    for members in rows.values():
        first, record = members[0]
        if any(row.cells != first.cells for row, _ in members):
            result.unused += [Unused(row.number, Trouble.DOUBLED, record=record.entry.key) for row, _ in members]
            continue
        result.unused += [Unused(row.number, Trouble.REPEATED, record=record.entry.key) for row, _ in members[1:]]
        comparison.row(first, record)
    concerned = {record.book for members in rows.values() for _, record in members}
    result.without_row = [record for record in records if record.book in concerned and record.entry.key not in rows]
    result.unused.sort(key=lambda unused: (unused.row, unused.column))
    result.differences.sort(key=lambda difference: difference.row)
    return result


def _match(row: SheetRow, by_number: Mapping[int, list[KnownRecord]], profile: ExportProfile) -> KnownRecord | Unused:
    """The one record that has the key a row states; parts that were lost on the way, such as a year, say nothing."""
    keys = profile.keys
    number, number_year = _parts(row.cells.get(keys.number, ""))
    date = row.cells.get(keys.date, "").strip()
    if not number:
        return Unused(row.number, Trouble.NO_NUMBER, keys.number)
    if not is_full_date(date) and not (number_year and not date):
        return Unused(row.number, Trouble.NO_DATE, keys.date)
    book, book_year = _parts(row.cells.get(keys.book, ""))
    if not book and row.cells.get(keys.book, "").strip(" /"):
        return Unused(row.number, Trouble.NO_BOOK, keys.book)
    same_number = by_number.get(int(number), [])
    found = [
        record
        for record in same_number
        if (key := record.key) is not None
        and number_year in ("", key.number_year)
        and (not date or dates_agree(date, key.date))
        and (not book or int(book) == int(key.book))
        and book_year in ("", key.year)
    ]
    if len(found) > 1:
        found = [record for record in found if _fits_office(row, record, profile)] or found
    if len(found) == 1:
        # Every office has a record 01 in book 01: the number alone says little of which one this is.
        if _other_office(row, found[0], profile):
            return Unused(row.number, Trouble.OTHER_OFFICE, record=found[0].entry.key)
        return found[0]
    if found:
        return Unused(row.number, Trouble.AMBIGUOUS)
    near = [record for record in same_number if record.key and record.key.number_year in (number_year, date[-4:])]
    if len(near) == 1:
        return Unused(row.number, Trouble.OTHER_KEY, record=near[0].entry.key)
    return Unused(row.number, Trouble.NO_RECORD)


def _parts(text: str) -> tuple[str, str]:
    """Number and year of ``05/2017``; either may be lost (``01/``)."""
    match = _NUMBER.fullmatch(text)
    return (match[1], match[2] or "") if match else ("", "")


def _offices(row: SheetRow, record: KnownRecord, profile: ExportProfile) -> list[tuple[str, str]]:
    """What sheet and book both say of the office, column by column."""
    stated = [(row.cells.get(c, ""), str(getattr(record.book, part))) for c, part in profile.book_columns.items()]
    return [(sheet, book) for sheet, book in stated if sheet and book]


def _fits_office(row: SheetRow, record: KnownRecord, profile: ExportProfile) -> bool:
    both = _offices(row, record, profile)
    return bool(both) and all(_within(sheet, book) for sheet, book in both)


def _other_office(row: SheetRow, record: KnownRecord, profile: ExportProfile) -> bool:
    return not all(_within(sheet, book) for sheet, book in _offices(row, record, profile))


class _Comparison:
    """Rows beside their records, one after the other; what comes of them goes into ``result``.

    Args:
        columns: those that the sheet has, without the key.
    """

    def __init__(self, profile: ExportProfile, missing: Collection[str], source: str, result: Returned) -> None:
        self._profile = profile
        self._columns = [c for c in profile.columns if c not in profile.key_cells and c not in missing]
        # The sheets begin with the one whom the event is about.
        self._subject = next((_person(c) for c in profile.columns if c.endswith(_NAME)), "")
        numbers = (CheckKind.DIGITS, CheckKind.PERSONAL_NUMBER)
        self._digits = {c for check in profile.checks if check.check in numbers for c in check.columns}
        self._source = source
        self._result = result

    def row(self, row: SheetRow, record: KnownRecord) -> None:
        self._result.matched += 1
        self._result.records[record.entry.key] = record
        owners = column_owners(record.entry.form)
        supplied: dict[str, str] = {}
        emptied = set()
        doubtful = self._doubtful(row, record, owners)
        for column in self._columns:
            text = _without_gaps(row.cells.get(column, ""))
            unsure = bool(doubtful & {_person(column), self._subject})
            if not text and not unsure:
                emptied.add(column)
            if column in record.entry.cells.pending:
                if text:
                    self._differs(row, record, column, Kind.PENDING, "", text)
            elif column in owners:
                self._read(row, record, column, text)
            elif column in self._profile.book_columns:
                self._of_book(row, record, column, text)
            elif text and column in self._profile.not_compared:
                # What holds today need not have held on the day of the event.
                self._result.not_compared += 1
            elif text and (trouble := self._unfit(row, record, column, text)):
                self._result.unused.append(Unused(row.number, trouble, column, record.entry.key))
            elif text and unsure:
                self._result.unused.append(Unused(row.number, Trouble.OTHER_PERSON, column, record.entry.key))
            elif text:
                supplied[column] = text
        self._result.emptied[record.entry.key] = frozenset(emptied)
        if supplied:
            file, page, number = record.entry.key
            made = Supplement(
                file=file,
                page=page,
                record=number,
                columns=supplied,
                source=self._source,
                codes=record.codes,
                fingerprint=record.fingerprint,
            )
            self._result.supplements.append((row.number, made))

    def _doubtful(self, row: SheetRow, record: KnownRecord, owners: Collection[str]) -> set[str]:
        """Persons of whom row and record do not surely tell the same: nothing is taken over about them.

        Where the one whom the event is about is among them, the row may be of another event: it gives nothing at all.
        """
        doubtful = set()
        for column in self._columns:
            if not column.endswith(_TELLING) or column not in owners:
                continue
            sheet = _without_gaps(row.cells.get(column, ""))
            book = record.entry.cells.settled.get(column, "")
            named = column.endswith(_NAME)
            agrees = bool(sheet and book) and _same(sheet, book, converted=column in row.converted)
            if not agrees and (named or (sheet and book)):
                doubtful.add(_person(column))
        return doubtful

    def _read(self, row: SheetRow, record: KnownRecord, column: str, text: str) -> None:
        """A column that the record's form has a field for."""
        book = record.entry.cells.settled.get(column, "")
        if not text and not book:
            return
        if _same(text, book, converted=column in row.converted):
            self._result.same += 1
        elif column in self._profile.not_compared:
            self._result.not_compared += 1
        else:
            kind = Kind.DIFFERS if text and book else Kind.ONLY_SHEET if text else Kind.ONLY_BOOK
            self._differs(row, record, column, kind, book, text)

    def _of_book(self, row: SheetRow, record: KnownRecord, column: str, text: str) -> None:
        """A column about the book as a whole; where nothing is known of it, nothing is compared."""
        book = str(getattr(record.book, self._profile.book_columns[column]))
        if text and book and _within(text, book):
            self._result.same += 1
        elif text and book:
            self._differs(row, record, column, Kind.DIFFERS, book, text)

    def _differs(self, row: SheetRow, record: KnownRecord, column: str, kind: Kind, *texts: str) -> None:
        self._result.differences.append(Difference(row.number, record, column, kind, *texts))

    def _unfit(self, row: SheetRow, record: KnownRecord, column: str, text: str) -> Trouble | None:
        if column in row.converted and column in self._digits and len(text) > _SHORT:
            return Trouble.NUMBER_CELL
        fits = not check_values({column: text}, self._profile, record.entry.form)
        return None if fits else Trouble.UNFIT_CELL


def telling_fields(form: FormSchema, profile: ExportProfile) -> tuple[str, ...]:
    """Codes of the fields that say whose record it is: the key, and names and birth dates of the persons."""
    owners = column_owners(form).items()
    return tuple(sorted({spec.code for c, spec in owners if c in profile.key_cells or c.endswith(_TELLING)}))


def _person(column: str) -> str:
    """Whom a column is about, as the official codes begin: ``me`` of ``meSoDinhDanhCaNhan``."""
    return "".join(takewhile(str.islower, column))


def _same(one: str, other: str, *, converted: bool) -> bool:
    if one.isdecimal() and other.isdecimal() and (converted or max(len(one), len(other)) <= _SHORT):
        return int(one) == int(other)
    return compare_key(_without_gaps(one)) == compare_key(_without_gaps(other))


def _within(one: str, other: str) -> bool:
    """Whether one name of an office holds the other: one side often names the district and province too."""
    ours, theirs = (compare_key(text.replace(",", " ")).replace(_PEOPLES_COMMITTEE, "ubnd") for text in (one, other))
    return f" {ours} ".find(f" {theirs} ") >= 0 or f" {theirs} ".find(f" {ours} ") >= 0


def _without_gaps(text: str) -> str:
    """Text without the commas that empty parts of an address leave behind (``, , Bình Phước``)."""
    parts = [part.strip() for part in text.split(",")]
    return text.strip() if all(parts) else ", ".join(part for part in parts if part)


def merged_supplements(
    former: Mapping[tuple[RecordId, str], Supplement],
    new: Iterable[Supplement],
    emptied: Mapping[RecordId, Collection[str]],
    source: str,
) -> list[Supplement]:
    """The list with what a sheet says now, cell by cell.

    A value takes the place of what the sheet of this name said before, and stands beside what other sheets said, so
    that a contradiction is seen. A cell that is left empty takes the value back, whichever sheet said it. A sheet that
    lacks the column, or whose cell cannot be used, says nothing: what was known stays.

    Args:
        former: the list by record and source.
        emptied: columns that the sheet leaves empty, see :class:`Returned`.
    """
    said = {(supplement.key, source): supplement for supplement in new}
    merged = dict(said)
    for place, supplement in former.items():
        kept = supplement.without(emptied.get(place[0], ()))
        if place in said:
            now = said[place]
            # What was said of the record as it was then does not hold for it as it is now.
            if (kept.codes, kept.fingerprint) == (now.codes, now.fingerprint):
                merged[place] = now.model_copy(update={"columns": {**kept.columns, **now.columns}})
        elif kept.columns:
            merged[place] = kept
    return [merged[place] for place in sorted(merged)]
