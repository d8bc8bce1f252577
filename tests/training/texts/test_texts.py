from __future__ import annotations

import datetime as dt
import re
import unicodedata
from pathlib import Path
from random import Random

import pytest
import yaml

from extractor.errors import SettingsError
from extractor.readers.handwriting.alphabet import canonical, default_alphabet
from extractor.records import FieldState
from extractor.training.fonts import REQUIRED
from extractor.training.texts import GENERATORS, any_line, birth_record, make_book
from extractor.training.texts.addresses import address
from extractor.training.texts.dates import WordStyle, date_words, word_style
from extractor.vietnamese.gazetteer import communes

FORMS = ("ks-2016", "ks-2006")
TEMPLATES = Path(__file__).parents[3] / "page_templates"
HIGHLAND = set("ŏĕčñŭŎĔČÑŬ")

DIGITS = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "nhăm": 5,
    "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9,
}  # fmt: skip


def small(words: list[str]) -> int:
    """Value of a number below 100 in words, independent of the generator."""
    words = [word for word in words if word not in {"linh", "lẻ", "không", "trăm"}]
    if not words:
        return 0
    if words == ["mười"]:
        return 10
    if words[0] == "mười":
        return 10 + DIGITS[words[1]]
    if len(words) == 1:
        return DIGITS[words[0]]
    if words[1] == "mươi":
        return DIGITS[words[0]] * 10 + (DIGITS[words[2]] if len(words) > 2 else 0)
    return DIGITS[words[0]] * 10 + DIGITS[words[1]]


def meaning(text: str) -> dt.date:
    text = re.sub(r"[,\s]+", " ", text.lower()).strip().removeprefix("ngày ")
    day, rest = text.split(" tháng ")
    day = re.sub("^(mùng|mồng) ", "", day)
    month, year = rest.split(" năm ", 1)
    head, tail = re.split(" nghìn ?| ngàn ?", year, maxsplit=1)
    value = DIGITS[head] * 1000
    if "chín trăm" in tail:
        value += 900
        tail = tail.replace("chín trăm", "")
    return dt.date(value + small(tail.split()), small(month.split()), small(day.split()))


def dates():
    rng = Random(4)
    return [dt.date(1930, 1, 1) + dt.timedelta(days=rng.randint(0, 34_000)) for _ in range(400)]


def test_words_mean_the_date():
    rng = Random(7)
    for date in [*dates(), dt.date(2000, 1, 1), dt.date(2005, 4, 4), dt.date(1900, 5, 15), dt.date(1905, 11, 21)]:
        assert meaning(date_words(rng, date).raw) == date


def test_southern_and_northern_words():
    date = dt.date(2004, 4, 24)
    north = date_words(Random(1), date, WordStyle(four_tu=True)).raw
    south = date_words(Random(1), date, WordStyle(south=True, four_tu=False, ngay=False)).raw
    assert north == "Ngày hai mươi tư tháng tư năm hai nghìn không trăm linh bốn"
    assert south == "Hai mươi bốn tháng tư năm hai ngàn không trăm lẻ bốn"
    assert word_style(Random(2), "north") == word_style(Random(2), "north")


@pytest.mark.parametrize("kind", GENERATORS)
def test_lines_are_clean_and_repeatable(kind):
    first = [GENERATORS[kind](Random(seed)) for seed in range(60)]
    assert first == [GENERATORS[kind](Random(seed)) for seed in range(60)]
    for sample in first:
        assert sample.raw == " ".join(sample.raw.split()) == unicodedata.normalize("NFC", sample.raw)
        assert sample.raw
        assert set(sample.raw) <= REQUIRED | HIGHLAND
        assert "{" not in sample.raw


def test_lines_cover_the_alphabet():
    rng = Random(5)
    seen = {letter for _ in range(12_000) for letter in any_line(rng)[1].raw}
    letters = {letter for letter in REQUIRED if letter.isalpha() and not letter.isascii() and letter.islower()}
    assert letters <= seen, letters - seen


@pytest.mark.parametrize("form", FORMS)
def test_records_agree_with_the_form_and_along_the_book(form):
    schema = yaml.safe_load((TEMPLATES / form / "form.yaml").read_text(encoding="utf-8"))
    codes = {field["code"] for field in schema["fields"]}
    book = make_book(Random(11), form, 60)
    rng = Random(12)
    records = [birth_record(rng, form, book, number) for number in range(1, 61)]
    for record in records:
        assert set(record.fields) == codes
    registered = [record.registered for record in records]
    assert registered == sorted(registered)
    assert all(day.weekday() < 5 and day.year == book.year for day in registered)
    assert [int(record.fields["so"].raw.split("/")[0]) for record in records] == list(range(1, 61))
    main_signer = {
        record.fields["nguoiKy" if form == "ks-2006" else "nguoiKyChucVu"].raw.split(",")[0] for record in records
    }
    assert len(main_signer) <= 6


@pytest.mark.parametrize("form", FORMS)
def test_fields_of_a_record_agree(form):
    for seed in range(40):
        rng = Random(seed)
        book = make_book(rng, form, 5)
        record = birth_record(rng, form, book, 1 + seed % 5)
        fields = record.fields
        assert fields["nksNgaySinh"].value == record.born.strftime("%d.%m.%Y")
        assert meaning(fields["nksNgaySinhBangChu"].raw) == record.born
        assert fields["ngayDangKy"].value == record.registered.strftime("%d.%m.%Y")
        assert record.born < record.registered
        assert re.fullmatch(rf"\d+/{book.year}", fields["so"].value)
        assert re.fullmatch(rf"\d\d/{book.year}", fields["quyenSo"].value)
        for sample in fields.values():
            assert (sample.state is FieldState.BLANK) == (sample.raw == "")
        if form == "ks-2006":
            assert len(fields["ngayDangKy"].raw.split(" ")) == 3
            continue
        assert " ".join(fields["ngayDangKy"].raw.split()) == fields["ngayDangKy"].raw
        days = (record.registered - record.born).days
        assert (fields["loaiDangKy"].value == "1") == (days <= 60)
        number = fields["nksSoDinhDanh"].raw
        if number:
            assert len(number) == 12
            assert number[:3] == book.unit.code
            sex = int(fields["nksGioiTinh"].value) - 1
            assert int(number[3]) == (record.born.year - 1900) // 100 * 2 + sex
            assert int(number[4:6]) == record.born.year % 100
        if fields["chaNgaySinh"].value:
            assert record.born.year - int(fields["chaNgaySinh"].value[-4:]) >= 19


def test_informant_is_often_a_parent_and_children_bear_their_surname():
    book = make_book(Random(3), "ks-2006", 200, province="Bình Phước")
    rng = Random(9)
    records = [birth_record(rng, "ks-2006", book, number).fields for number in range(1, 201)]
    parent = sum(r["nycHoTen"].raw in (r["chaHoTen"].raw, r["meHoTen"].raw) for r in records)
    assert 140 < parent < 195
    fatherless = sum(not r["chaHoTen"].raw for r in records)
    assert 5 < fatherless < 35


def test_unknown_form_and_number_are_refused():
    book = make_book(Random(1), "ks-2016", 3)
    with pytest.raises(SettingsError, match="kt-2016"):
        birth_record(Random(1), "kt-2016", book, 1)
    with pytest.raises(SettingsError, match="no record 4"):
        birth_record(Random(1), "ks-2016", book, 4)


def test_addresses_are_writable_and_vary():
    rng = Random(3)
    made = [address(rng) for _ in range(400)]
    alphabet = set(default_alphabet())
    assert all(set(canonical(text)) <= alphabet for text in made)
    assert len(set(made)) > 380
    assert not any("{" in text or "  " in text for text in made)
    here = next(commune for commune in communes() if commune.unit.name == "Cổ Lễ")
    there = [address(rng, here) for _ in range(40)]
    assert all("Trực Ninh" in text for text in there)
    assert sum("Cổ Lễ" in text and "Nam Định" in text for text in there) > 20
