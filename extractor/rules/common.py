"""Rules for records of every register: keys, years, identity numbers, lists and places."""

from __future__ import annotations

from collections.abc import Iterator

from extractor.rules.registry import Finding, record_rule
from extractor.rules.view import RecordView
from extractor.templates.form import Kind
from extractor.vietnamese.address_search import find_in_time
from extractor.vietnamese.identity import identity_digits, plausible, take_apart
from extractor.vietnamese.lists import ethnic_groups, nationalities
from extractor.vietnamese.places import parse_place

OLDEST = 120
"""Years before the book's that a date in it may lie."""

_NEAR = 1.0
"""Weighted distance up to which a name is said to be nearly another; 1 is a wrong letter."""


@record_rule("R01-key")
def key_is_there(view: RecordView) -> Iterator[Finding]:
    """Number, book and day of registration are there; the book's number may be known from elsewhere."""
    missing = []
    for code in ("so", "quyenSo", "ngayDangKy"):
        if view.field(code) is None or (code == "quyenSo" and view.book.number):
            continue
        if not view.text(code):
            missing.append(code)
    if missing:
        yield Finding(tuple(missing), {"missing": ", ".join(missing)})


@record_rule("R02-year")
def number_has_the_year_of_registration(view: RecordView) -> Iterator[Finding]:
    """The year written in the number is the year of registration."""
    year = view.written_number_year
    if year is not None and view.registered and year != view.registered.year:
        yield Finding(("so", "ngayDangKy"))


@record_rule("R02-book-year")
def registration_is_of_the_book(view: RecordView) -> Iterator[Finding]:
    """The year of registration is the book's, one more or one less."""
    if view.registered and view.book_year and abs(view.registered.year - view.book_year) > 1:
        yield Finding(("ngayDangKy",))


@record_rule("R19-year")
def years_are_plausible(view: RecordView) -> Iterator[Finding]:
    """No date lies after the book or more than a long life before it."""
    base = view.book_year or view.registration_year
    if base is None:
        return
    for spec in view.of_kind(Kind.DATE):
        date = view.date(spec.code)
        if date and not base - OLDEST <= date.year <= base + 1:
            yield Finding((spec.code,), {"field": spec.code})


@record_rule("R16-format")
def identity_number_is_possible(view: RecordView) -> Iterator[Finding]:
    """An identity number has a length that exists and a province code that is given out."""
    for spec in view.of_kind(Kind.IDENTITY_NUMBER):
        text = view.text(spec.code)
        if text and not plausible(identity_digits(text) or ""):
            yield Finding((spec.code,), {"field": spec.code})


@record_rule("R16-person")
def identity_number_fits_the_person(view: RecordView) -> Iterator[Finding]:
    """The digits of an identity number agree with sex and year of birth of the same person."""
    for spec in view.of_kind(Kind.IDENTITY_NUMBER):
        number = take_apart(view.text(spec.code))
        person = person_of(spec.code)
        if number is None or not person:
            continue
        sex = view.text(f"{person}GioiTinh")
        if sex in {"1", "2"} and sex != number.sex:
            other = f"{person}GioiTinh"
            yield Finding((spec.code, other), {"field": spec.code, "other": other})
        birth = view.date(f"{person}NgaySinh")
        if birth and birth.year != number.birth_year:
            other = f"{person}NgaySinh"
            yield Finding((spec.code, other), {"field": spec.code, "other": other})


def person_of(code: str) -> str:
    """The part of a field code that names the person, ``nks`` of ``nksSoDinhDanh``; empty where there is none."""
    for index, sign in enumerate(code):
        if sign.isupper():
            return code[:index]
    return ""


@record_rule("R17-list")
def listed(view: RecordView) -> Iterator[Finding]:
    """Ethnic group and nationality are in their lists."""
    for spec in view.of_kind(Kind.ETHNIC_GROUP, Kind.NATIONALITY):
        text = view.text(spec.code)
        entries = ethnic_groups() if spec.kind is Kind.ETHNIC_GROUP else nationalities()
        if text and entries.find(text) is None:
            yield Finding((spec.code,), {"field": spec.code})


@record_rule("R17-place-near")
def units_are_spelled_right(view: RecordView) -> Iterator[Finding]:
    """The commune, district and province of a place are spelled as such, or unlike any."""
    for spec in view.of_kind(Kind.PLACE):
        ways = find_in_time(view.text(spec.code), view.registration_year)
        near = [found.unit.full for found in ways[0].units if 0 < found.cost <= _NEAR] if ways else []
        near = near or list(parse_place(view.text(spec.code)).near)
        if near:
            yield Finding((spec.code,), {"field": spec.code, "unit": near[0]})


@record_rule("R17-place-time")
def province_existed(view: RecordView) -> Iterator[Finding]:
    """The province of a place existed in the year of registration."""
    year = view.registration_year
    if year is None:
        return
    for spec in view.of_kind(Kind.PLACE):
        province = parse_place(view.text(spec.code)).province
        if province and not province.existed(year):
            yield Finding((spec.code,), {"field": spec.code})
