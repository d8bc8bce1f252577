from __future__ import annotations

from dataclasses import replace

import pytest

from extractor.exports.naming import book_stem
from extractor.exports.plan import plan_book
from extractor.records import BookKey, RuleWarning, Severity
from extractor.scans.types import OfficialName

NAME = OfficialName(register="KS", year="2017", book="01", date="2017-02-03", number="05")


@pytest.fixture
def plan(form, book, ks60, splitter):
    def make(records, *, official=None, book=book, profile=ks60):
        return plan_book(records, form, book, profile, official=official or {}, split=splitter)

    return make


def codes(plan):
    return [reason.code for held in plan.held_back for reason in held.reasons]


def test_settled_fields_make_the_key(plan, record):
    (row,) = plan([record("5")]).rows
    assert row.pdf_name == "KS.2017.01.2017-02-03.05.pdf"
    assert row.cells["so"] == "05/2017"
    assert row.cells["quyenSo"] == "01/2017"
    assert row.cells["ngayDangKy"] == "03.02.2017"


def test_padding_is_the_profiles(plan, record, ks60):
    wide = ks60.model_copy(update={"naming": ks60.naming.model_copy(update={"number_digits": 4})})
    (row,) = plan([record("05/2017")], profile=wide).rows
    assert row.pdf_name == "KS.2017.01.2017-02-03.0005.pdf"
    assert row.cells["so"] == "0005/2017"


@pytest.mark.parametrize("code", ["so", "ngayDangKy"])
def test_a_key_that_awaits_review_holds_back(plan, record, code):
    made = plan([record(review=(code,))])
    assert made.rows == ()
    assert codes(made) == ["key_pending"]
    assert made.held_back[0].reasons[0].columns == (code,)
    assert "duyệt" in made.held_back[0].reasons[0].mend


def test_a_blank_key_holds_back(plan, record):
    assert codes(plan([record("")])) == ["key_missing"]
    assert codes(plan([record(ngayDangKy=None)])) == ["key_missing"]


@pytest.mark.parametrize("text", ["12a", "5/17", "năm", "05-2017", "\uff10\uff15/2017"])
def test_a_number_of_another_shape_holds_back(plan, record, text):
    assert codes(plan([record(text)])) == ["key_unclear"]


@pytest.mark.parametrize(
    ("date", "code"),
    [("2017", "partial_date"), ("02.2017", "partial_date"), ("31.02.2017", "key_unclear"), ("3/2/2017", "key_unclear")],
)
def test_only_a_full_date_names_a_pdf(plan, record, date, code):
    assert codes(plan([record(ngayDangKy=date)])) == [code]


def test_the_official_name_settles_what_awaits_review(plan, record):
    pending = record("", review=("so", "ngayDangKy", "quyenSo"), ngayDangKy=None, quyenSo=None)
    (row,) = plan([pending], official={pending.key: NAME}, book=BookKey()).rows
    assert row.pdf_name == "KS.2017.01.2017-02-03.05.pdf"
    assert row.cells["so"] == "05/2017"
    assert not row.pending


@pytest.mark.parametrize(
    "fields",
    [{"number": "06"}, {"ngayDangKy": "04.02.2017"}, {"ngayDangKy": "03.2017"}, {"quyenSo": "02"}],
)
@pytest.mark.parametrize("settled", [True, False])
def test_a_reading_that_differs_from_the_official_name_holds_back(plan, record, fields, settled):
    read = record(review=() if settled else ("so", "ngayDangKy", "quyenSo"), **fields)
    assert codes(plan([read], official={read.key: NAME})) == ["disagrees_with_name"]


def test_a_reading_that_agrees_in_another_form_does_not(plan, record):
    read = record("5/2017", quyenSo="1/2017", ngayDangKy="02.2017")
    (row,) = plan([read], official={read.key: NAME}).rows
    assert row.cells["ngayDangKy"] == "03.02.2017"


def test_an_unreadable_proposal_says_nothing_against_the_name(plan, record):
    read = record("l5", review=("so",))
    assert len(plan([read], official={read.key: NAME}).rows) == 1


@pytest.mark.parametrize("date", ["2017", "2017-02", "2017-00-00", "2017-xx-xx", ""])
def test_a_partial_date_in_the_name_needs_the_page(plan, record, date):
    name = replace(NAME, date=date)
    read = record()
    assert len(plan([read], official={read.key: name}).rows) == 1
    pending = record(review=("ngayDangKy",))
    assert codes(plan([pending], official={pending.key: name})) == ["partial_date" if date else "key_pending"]


def test_a_number_with_letters_in_the_name_holds_back(plan, record):
    read = record()
    assert codes(plan([read], official={read.key: replace(NAME, number="05A")})) == ["key_unclear"]


def test_the_stated_book_is_checked_against_the_page(plan, record):
    assert codes(plan([record(quyenSo="02")])) == ["disagrees_with_book"]
    assert codes(plan([record(quyenSo="01/2016")])) == ["disagrees_with_book"]


def test_an_unknown_book_holds_back(plan, record):
    assert codes(plan([record(quyenSo=None)], book=BookKey())) == ["book_unknown"]
    assert codes(plan([record(quyenSo="01")], book=BookKey())) == ["book_unknown"]
    assert len(plan([record(quyenSo="01/2017")], book=BookKey()).rows) == 1


def test_years_must_agree(plan, record):
    assert codes(plan([record("05/2016")])) == ["same_year"]
    assert codes(plan([record(ngayDangKy="03.02.2019")])) == ["near_year"]
    assert len(plan([record(ngayDangKy="03.02.2018")]).rows) == 1


def test_doubled_keys_hold_all_of_them_back(plan, record):
    made = plan([record("05", page=1), record("005", page=2), record("06", page=3)])
    assert [row.pdf_name for row in made.rows] == ["KS.2017.01.2017-02-03.06.pdf"]
    assert [held.key for held in made.held_back] == [("book.pdf", 1, 1), ("book.pdf", 2, 1)]
    assert codes(made) == ["unique", "unique"]
    assert "trang 2" in made.held_back[0].reasons[0].message
    assert "trang 1" in made.held_back[1].reasons[0].message


def test_a_code_that_is_no_digit_holds_back_and_a_bad_birth_date_warns(plan, record):
    assert codes(plan([record(nksGioiTinh="Nữ")])) == ["digits"]
    (row,) = plan([record(nksNgaySinh="hôm qua, sáng")]).rows
    assert [warning.code for warning in row.warnings] == ["date"]
    (row,) = plan([record(nksNgaySinh="27 tuổi")]).rows
    assert row.warnings == ()


def test_a_broken_rule_holds_back_and_a_warning_does_not(plan, record):
    broken = RuleWarning(rule="sex-code", fields=("nksGioiTinh",), message="", severity=Severity.ERROR)
    made = plan([record().model_copy(update={"warnings": (broken,)})])
    assert codes(made) == ["rule"]
    assert "sex-code" in made.held_back[0].reasons[0].message
    mild = broken.model_copy(update={"severity": Severity.WARNING})
    assert len(plan([record().model_copy(update={"warnings": (mild,)})]).rows) == 1


def test_a_rule_about_the_key_alone_is_left_to_the_witnesses(plan, record):
    broken = RuleWarning(rule="key", fields=("so", "ngayDangKy"), message="", severity=Severity.ERROR)
    read = record(review=("so",)).model_copy(update={"warnings": (broken,)})
    assert len(plan([read], official={read.key: NAME}).rows) == 1
    assert codes(plan([read])) == ["key_pending"]


def test_rows_stand_in_the_order_of_the_book(plan, record):
    made = plan([record("10", page=1), record("9", page=2), record("2", page=3, ngayDangKy="01.01.2017")])
    assert [row.cells["so"] for row in made.rows] == ["02/2017", "09/2017", "10/2017"]


def test_no_reason_holds_text_from_the_page(plan, record):
    made = plan([record("12a", nksHoTen="Nguyễn Bí Mật", nksGioiTinh="Nguyễn Bí Mật")])
    words = " ".join(f"{r.message} {r.message_en} {r.mend}" for h in made.held_back for r in h.reasons)
    assert "Bí Mật" not in words
    assert "12a" not in words


def test_book_files_bear_the_place_only_where_it_is_known(ks60, ks70, book):
    assert book_stem(ks60, book) == "xalocthuan_hbd_tbt.KS.2017.01"
    assert book_stem(ks60, replace(book, district="")) == "KS.2017.01"
    assert book_stem(ks70, replace(book, number="7", province="")) == "KS.2017.07"
    assert book_stem(ks60, replace(book, commune="Phường Đakao")).startswith("phuongdakao_")


def test_a_year_that_nobody_has_looked_at_decides_nothing(plan, record):
    read = record("05/2016", review=("so",))
    made = plan([read], official={read.key: NAME})
    assert codes(made) == ["key_pending"]
    assert made.keys[read.key].number_year == "2017"
    settled = record("05/2016")
    assert codes(plan([settled], official={settled.key: NAME})) == ["same_year"]


def test_a_day_that_is_not_in_the_calendar_is_warned_about(plan, record):
    (row,) = plan([record(nksNgaySinh="31.02.2017")]).rows
    assert [warning.code for warning in row.warnings] == ["date"]
    assert plan([record(nksNgaySinh="29.02.2016")]).rows[0].warnings == ()
