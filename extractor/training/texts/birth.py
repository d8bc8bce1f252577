"""Birth records whose fields agree with each other and with the book they stand in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from random import Random

from extractor.errors import SettingsError
from extractor.training.texts import dates, phrases, places
from extractor.training.texts.books import BookSetting
from extractor.training.texts.numbers import identity_paper, personal_number
from extractor.training.texts.persons import FEMALE, MALE, Person, in_capitals, make_person
from extractor.training.texts.places import Unit
from extractor.training.texts.sample import BLANK, Sample, data, plain, weighted

ON_TIME, LATE, AGAIN, ABROAD = "1", "4", "2", "3"
DAYS_ON_TIME = 60
FORMS = ("ks-2006", "ks-2016")


@dataclass(frozen=True, slots=True)
class BirthRecord:
    """One birth: the written samples by field code, and the facts behind them."""

    form: str
    number: int
    registered: dt.date
    born: dt.date
    fields: dict[str, Sample]


@dataclass(frozen=True, slots=True)
class _Facts:
    """Who and when; all fields are written from this."""

    child: Person
    born: dt.date
    registered: dt.date
    kind: str
    mother: Person | None
    father: Person | None
    mother_home: Unit
    father_home: Unit
    father_origin: Unit
    informant: Person
    informant_relation: str


def birth_record(rng: Random, form: str, book: BookSetting, number: int) -> BirthRecord:
    """The record with that number (from 1) in the book.

    Raises:
        SettingsError: the form is not known here, or the book has no such number.
    """
    if form not in FORMS:
        raise SettingsError(f"There are no invented records for the form '{form}'.", mend=f"Use {' or '.join(FORMS)}.")
    if not 1 <= number <= len(book.dates):
        raise SettingsError(f"The book has no record {number}.", mend=f"Use 1 to {len(book.dates)}.")
    facts = _draw_facts(rng, book, number)
    fields = _shared_fields(rng, book, number, facts)
    fields |= _fields_2016(rng, book, number, facts) if form == "ks-2016" else _fields_2006(rng, book, facts)
    return BirthRecord(form, number, facts.registered, facts.born, fields)


def _draw_facts(rng: Random, book: BookSetting, number: int) -> _Facts:
    registered = book.dates[number - 1]
    kind = rng.choices((ON_TIME, LATE, AGAIN, ABROAD), (72, 20, 7, 1))[0]
    age_days = {
        ON_TIME: rng.randint(1, DAYS_ON_TIME),
        LATE: rng.randint(DAYS_ON_TIME + 1, 365 * rng.choice((1, 1, 3, 10))),
        AGAIN: rng.randint(365 * 15, 365 * 50),
        ABROAD: rng.randint(90, 365 * 4),
    }[kind]
    born = registered - dt.timedelta(days=age_days)
    group = weighted(rng, data("people")["groups_of_region"][book.unit.region])
    mixed = weighted(rng, data("people")["groups_of_region"][book.unit.region]) if rng.random() < 0.15 else group
    region = book.unit.region
    mother_born = born.year - min(44, max(17, round(rng.gauss(27, 5))))
    father_born = born.year - min(60, max(19, round(rng.gauss(30, 6))))
    mother: Person | None = make_person(rng, FEMALE, mother_born, region, group=mixed)
    father: Person | None = make_person(rng, MALE, father_born, region, group=group)
    missing = rng.choices(("none", "father", "both"), (92, 7, 1))[0]
    assert mother is not None and father is not None
    parent = mother if missing == "father" else father
    sex = MALE if rng.random() < 0.52 else FEMALE
    surname = parent.surname if rng.random() < 0.97 else mother.surname
    child = make_person(rng, sex, born.year, region, group=parent.group, surname=surname)
    while child.name in (mother.name, father.name):
        child = make_person(rng, sex, born.year, region, group=parent.group, surname=surname)
    roles = ["father", "mother", "grandfather", "grandmother", "relative"]
    weights = [45, 40, 5, 6, 4] if missing == "none" else [0, 75, 5, 15, 5]
    role = rng.choices(roles, weights)[0] if missing != "both" else "relative"
    informant = {"father": father, "mother": mother}.get(role) or make_person(
        rng, MALE if role == "grandfather" else FEMALE, born.year - rng.randint(40, 70), region, group=parent.group
    )
    home = book.unit
    return _Facts(
        child=child,
        born=born,
        registered=registered,
        kind=kind,
        mother=None if missing == "both" else mother,
        father=None if missing in ("father", "both") else father,
        mother_home=home if rng.random() < 0.85 else places.make_unit(rng),
        father_home=home if rng.random() < 0.85 else places.make_unit(rng),
        father_origin=home if rng.random() < 0.4 else places.make_unit(rng),
        informant=informant,
        informant_relation=role,
    )


def _shared_fields(rng: Random, book: BookSetting, number: int, facts: _Facts) -> dict[str, Sample]:
    written = f"{number:0{book.pad}d}"
    name = plain(facts.child.name)
    fields = {
        "so": Sample(f"{written}/{book.year}" if book.number_with_year else written, f"{written.zfill(2)}/{book.year}"),
        "quyenSo": Sample(
            f"{book.number}/{book.year}" if book.book_number_with_year else book.number, f"{book.number}/{book.year}"
        ),
        "nksHoTen": in_capitals(name) if book.capitals else name,
        "nksGioiTinh": phrases.sex(facts.child.sex),
        "nksNgaySinh": dates.date_digits(rng, facts.born, book.date_style, led=0.0),
        "nksNgaySinhBangChu": dates.date_words(rng, facts.born, book.word_style),
        "nksNoiSinh": places.birthplace(rng, book.unit, book.place_style),
        "nksDanToc": phrases.ethnic_group(rng, facts.child.group),
        "nksQuocTich": phrases.nationality(rng, "Việt Nam"),
        "nksQueQuan": places.origin(rng, facts.father_origin, book.place_style),
        "nycHoTen": plain(facts.informant.name),
        "nguoiThucHien": plain(rng.choice(book.officers).name),
        "ghiChu": phrases.maybe(rng, 0.25, _note(rng, book, facts)),
    }
    for prefix, parent in (("me", facts.mother), ("cha", facts.father)):
        foreign = rng.random() < 0.02
        fields[f"{prefix}HoTen"] = plain(parent.name) if parent else BLANK
        fields[f"{prefix}DanToc"] = phrases.ethnic_group(rng, parent.group) if parent else BLANK
        land = rng.choice(data("people")["nationalities"][1:]) if foreign else "Việt Nam"
        fields[f"{prefix}QuocTich"] = phrases.nationality(rng, land) if parent else BLANK
    return fields


def _note(rng: Random, book: BookSetting, facts: _Facts) -> Sample:
    born = facts.mother.born if facts.mother else None
    return phrases.note(rng, facts.registered, book.date_style, mother_born=born)


def _fields_2016(rng: Random, book: BookSetting, number: int, facts: _Facts) -> dict[str, Sample]:
    signer, office = book.signers[0] if rng.random() < 0.8 else book.signers[1]
    issued = facts.registered - dt.timedelta(days=rng.randint(100, 4500))
    fields = {
        "ngayDangKy": dates.date_digits(rng, facts.registered, book.date_style),
        "nksSoDinhDanh": phrases.maybe(
            rng, 0.5, plain(personal_number(rng, facts.born.year, facts.child.sex, book.unit.code))
        ),
        "nycGiayToTuyThan": identity_paper(
            rng,
            book.unit,
            issued=issued,
            born=facts.informant.born,
            sex=facts.informant.sex,
            style=book.date_style,
        ),
        "nguoiKyChucVu": phrases.signer(rng, signer.name, office),
        "trangSo": plain(str(number)),
        "loaiDangKy": _ticked({ON_TIME: "Đúng hạn", LATE: "Quá hạn", AGAIN: "Đăng ký lại"}, facts.kind),
        "nksLoaiKhaiSinh": Sample("Trẻ chưa xác định được cha mẹ", None) if facts.mother is None else BLANK,
    }
    words = book.date_style.separator == "words"
    short = replace(book.date_style, separator="/") if words else book.date_style
    for prefix, parent, home in (
        ("me", facts.mother, facts.mother_home),
        ("cha", facts.father, facts.father_home),
    ):
        day = dt.date(parent.born if parent else 1980, rng.randint(1, 12), rng.randint(1, 28))
        year = Sample(str(day.year), str(day.year))
        birth = year if rng.random() < 0.8 else dates.date_digits(rng, day, short)
        fields[f"{prefix}NgaySinh"] = birth if parent else BLANK
        fields[f"{prefix}NoiCuTru"] = places.residence(rng, home, book.place_style) if parent else BLANK
    return fields


def _ticked(labels: dict[str, str], code: str) -> Sample:
    label = labels.get(code, "Ghi vào sổ hộ tịch việc khai sinh")
    return Sample(label, code)


def _fields_2006(rng: Random, book: BookSetting, facts: _Facts) -> dict[str, Sample]:
    signer, office = book.signers[0] if rng.random() < 0.8 else book.signers[1]
    return {
        "nycQuanHe": phrases.relation(rng, facts.informant_relation),
        "ngayDangKy": dates.date_parts(facts.registered, book.date_style),
        "nguoiKy": plain(signer.name),
        "chucVuNguoiKy": plain(office),
    }
