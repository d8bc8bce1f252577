"""Which records make up which book, and which of them stand on one page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from extractor.errors import ExportError
from extractor.exports.fields import Entry, Forms, Split, entry_of
from extractor.exports.findings import RecordId
from extractor.exports.keys import book_of
from extractor.exports.naming import book_stem
from extractor.exports.packages import PageId
from extractor.exports.profile import ExportProfile, profiles_for
from extractor.exports.supplements import Supplement
from extractor.records import BookKey, Record
from extractor.scans.types import OfficialName

Names = Mapping[RecordId, OfficialName]


@dataclass(slots=True)
class Grouped:
    """The records of a run by book.

    Args:
        members: identity and records of each book, by the stem that every single record's own witnesses give.
        on_page: all records of each page, also those of forms without a profile.
        without_profile: records of forms that no export profile is made for.
    """

    members: dict[str, tuple[BookKey, list[Entry]]] = field(default_factory=dict)
    on_page: dict[PageId, list[RecordId]] = field(default_factory=dict)
    without_profile: int = 0

    def in_order(self) -> list[tuple[BookKey, list[Entry]]]:
        """The books, by register, year, number and place."""
        return sorted(self.members.values(), key=lambda pair: _book_order(pair[0]))


def group(
    records: Iterable[Record],
    forms: Forms,
    profiles: Mapping[str, ExportProfile],
    *,
    books: Mapping[RecordId, BookKey] | None,
    official: Names | None,
    split: Split,
    supplements: Mapping[RecordId, Supplement],
) -> Grouped:
    """Put records together to books; see :func:`extractor.exports.books.export_run`.

    Raises:
        ExportError: a form is not known, or two different books would have one name.
    """
    grouped = Grouped()
    for record in records:
        grouped.on_page.setdefault((record.file, record.page), []).append(record.key)
        entry = entry_of(record, forms, split, supplements.get(record.key))
        fitting = profiles_for(entry.form.register_code, dict(profiles))
        if not fitting:
            grouped.without_profile += 1
            continue
        # Both may be filled while the records come in.
        known = books.get(entry.key, BookKey()) if books is not None else BookKey()
        named = official.get(entry.key) if official is not None else None
        book = book_of(entry.cells, known, named, fitting[0])
        stem = book_stem(fitting[0], book)
        former, members = grouped.members.setdefault(stem, (book, []))
        grouped.members[stem] = (_same_book(stem, former, book), members)
        members.append(entry)
    return grouped


def _same_book(stem: str, one: BookKey, other: BookKey) -> BookKey:
    """What both keys say of one book; what one of them leaves open the other fills."""
    merged = {}
    for part in fields(BookKey):
        known = {value for value in (getattr(one, part.name), getattr(other, part.name)) if value}
        if len(known) > 1:
            raise ExportError(
                f"Two books would both be named '{stem}', since '{part.name}' differs.",
                mend="State commune, district and province of each book, or export them apart.",
            )
        merged[part.name] = known.pop() if known else ""
    return BookKey(**merged)


def _book_order(book: BookKey) -> tuple[str, ...]:
    return book.register, book.year, book.number.zfill(9), book.province, book.district, book.commune, book.agency
