"""What speaks for a value: agreement with other fields of the record and other records of the book."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from extractor.records import BookKey, Record
from extractor.rules.along import numbers, signer_counts
from extractor.rules.births import declared_by
from extractor.rules.common import person_of
from extractor.rules.similar import same
from extractor.rules.view import BookView, RecordView
from extractor.templates.form import FormSchema, Kind
from extractor.vietnamese.identity import take_apart
from extractor.vietnamese.names import surname, told_sex
from extractor.vietnamese.text import spelling_key

RecordKey = tuple[str, int, int]
Found = Iterator[tuple[str, str]]
"""Field code and id of the evidence."""

_SHORT_PLACE = 8
"""Shorter texts agree too easily to prove anything."""
_CLOSE_DAYS = 45
"""Neighbours further apart than that say little about the date between them."""


def supports(records: Sequence[Record], schema: FormSchema, book: BookKey) -> dict[tuple[RecordKey, str], list[str]]:
    """Evidence for the values of a book's records, in the order of its pages.

    Returns:
        For a record's key and a field code the ids of what speaks for the value: ``number-follows``, ``year-agrees``,
        ``date-in-order``, ``page-follows``, ``book-repeated``, ``words-equal-digits``, ``identity-agrees``,
        ``middle-name-agrees``, ``surname-agrees``, ``parent-agrees``, ``declarant-is-parent``, ``relation-agrees``,
        ``same-in-record``, ``signer-repeated``. Fields that nothing supports are left out.
    """
    found: dict[tuple[RecordKey, str], list[str]] = defaultdict(list)
    if not schema.register_code:
        return {}
    view = BookView.of(records, schema, book)
    for record in view.records:
        for code, evidence in _in_record(record):
            if evidence not in found[record.record.key, code]:
                found[record.record.key, code].append(evidence)
    for place, code, evidence in _along_book(view):
        found[view.records[place].record.key, code].append(evidence)
    return dict(found)


def _in_record(view: RecordView) -> Found:
    yield from _years(view)
    yield from _digits_and_words(view)
    yield from _identity(view)
    yield from _same_texts(view)
    if view.register == "KS":
        yield from _family(view)


def _years(view: RecordView) -> Found:
    if view.registered and view.book_year == view.registered.year:
        yield "ngayDangKy", "year-agrees"
    if view.registered and view.written_number_year == view.registered.year:
        yield "so", "year-agrees"
        yield "ngayDangKy", "year-agrees"


def _digits_and_words(view: RecordView) -> Found:
    for digits, words in (("nksNgaySinh", "nksNgaySinhBangChu"), ("nktNgayChet", "nktNgayChetGhiBangChu")):
        date_ = view.date(digits)
        if date_ and date_ == view.date_in_words(words):
            yield digits, "words-equal-digits"
            yield words, "words-equal-digits"


def _identity(view: RecordView) -> Found:
    for spec in view.of_kind(Kind.IDENTITY_NUMBER):
        number, person = take_apart(view.text(spec.code)), person_of(spec.code)
        birth = view.date(f"{person}NgaySinh")
        if number and number.known_code and birth and birth.year == number.birth_year:
            if view.text(f"{person}GioiTinh") == number.sex:
                yield f"{person}GioiTinh", "identity-agrees"
                yield spec.code, "identity-agrees"
            yield f"{person}NgaySinh", "identity-agrees"


def _same_texts(view: RecordView) -> Found:
    texts = {spec.code: spelling_key(view.text(spec.code)) for spec in view.of_kind(Kind.PLACE)}
    counts = Counter(text for text in texts.values() if len(text) >= _SHORT_PLACE)
    for code, text in texts.items():
        if counts[text] > 1:
            yield code, "same-in-record"


def _family(view: RecordView) -> Found:
    child, sex = view.text("nksHoTen"), view.text("nksGioiTinh")
    if child and sex and told_sex(child) == sex:
        yield "nksGioiTinh", "middle-name-agrees"
        yield "nksHoTen", "middle-name-agrees"
    for parent in ("chaHoTen", "meHoTen"):
        if child and view.text(parent) and same(surname(child), surname(view.text(parent))):
            yield "nksHoTen", "surname-agrees"
            yield parent, "surname-agrees"
            break
    declarant = view.text("nycHoTen")
    for parent in ("chaHoTen", "meHoTen"):
        if declarant and view.text(parent) and same(declarant, view.text(parent)):
            yield "nycHoTen", "declarant-is-parent"
            yield parent, "declarant-is-parent"
            if declared_by(view) == parent:
                yield "nycQuanHe", "relation-agrees"
    for part in ("DanToc", "QuocTich"):
        for parent in ("cha", "me"):
            if view.text(f"nks{part}") and view.text(f"nks{part}") == view.text(f"{parent}{part}"):
                yield f"nks{part}", "parent-agrees"
                yield f"{parent}{part}", "parent-agrees"


def _along_book(view: BookView) -> Iterator[tuple[int, str, str]]:
    for series in numbers(view).values():
        by_place = dict(series)
        for place, number in series:
            if by_place.get(place - 1) == number - 1 or by_place.get(place + 1) == number + 1:
                yield place, "so", "number-follows"
    yield from _dates_in_order(view)
    yield from _pages(view)
    books = Counter(record.text("quyenSo") for record in view.records)
    signers = signer_counts(view)
    for place, record in enumerate(view.records):
        if record.text("quyenSo") and books[record.text("quyenSo")] > 1:
            yield place, "quyenSo", "book-repeated"
        for code, name in record.signers():
            if signers[code][spelling_key(name)] > 1:
                yield place, code, "signer-repeated"


def _dates_in_order(view: BookView) -> Iterator[tuple[int, str, str]]:
    days = [
        date(*record.registered.earliest).toordinal() if record.registered and record.registered.complete else None
        for record in view.records
    ]
    for place, (before, day, after) in enumerate(zip([None, *days], days, [*days[1:], None], strict=False)):
        if before and day and after and before <= day <= after and after - before <= _CLOSE_DAYS:
            yield place, "ngayDangKy", "date-in-order"


def _pages(view: BookView) -> Iterator[tuple[int, str, str]]:
    pages = [int(text) if (text := record.text("trangSo")).isdecimal() else None for record in view.records]
    for place, (before, page, after) in enumerate(zip([None, *pages], pages, [*pages[1:], None], strict=False)):
        if page is not None and (before in {page - 1, page} or after in {page + 1, page}):
            yield place, "trangSo", "page-follows"
