from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.errors import ExportError
from extractor.exports.plan import plan_book
from extractor.exports.profile import column_lists
from extractor.exports.workbook import write_workbook
from extractor.records import Decision, FieldState
from extractor.templates.form import FormSchema


@pytest.fixture
def write(tmp_path, form, book, ks60, splitter):
    def make(records, name="book.xlsx", profile=ks60, **options):
        return write_workbook(tmp_path / name, records, form, book, profile, split=splitter, **options)

    return make


def sheet_of(path: Path, name: str):
    return openpyxl.load_workbook(path)[name]


def rows_of(path: Path, name: str) -> list[dict[str, str | None]]:
    header, *rows = sheet_of(path, name).iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize(("profile", "columns"), [("ks60", "KS_60"), ("ks70", "KS_70_template158")])
def test_header_row_is_the_official_one(write, record, request, profile, columns):
    made = request.getfixturevalue(profile)
    result = write([record()], profile=made)
    workbook = openpyxl.load_workbook(result.path)
    assert workbook.sheetnames == [made.sheet]
    header = [cell.value for cell in next(workbook[made.sheet].iter_rows())]
    assert header == list(column_lists()[columns])


def test_cells_hold_what_is_settled(write, record):
    (row,) = rows_of(write([record("5", trangSo="12")]).path, "KS")
    filled = {column: text for column, text in row.items() if text is not None}
    assert filled == {
        "so": "05/2017",
        "quyenSo": "01/2017",
        "trangSo": "12",
        "ngayDangKy": "03.02.2017",
        "noiDangKy": "UBND xã Lộc Thuận, huyện Bình Đại, tỉnh Bến Tre",
        "nguoiKy": "Trần Văn Bình",
        "chucVuNguoiKy": "Chủ tịch",
        "nksHoTen": "Nguyễn Thị Ánh",
        "nksGioiTinh": "2",
        "nksNgaySinh": "01.02.2017",
    }


def test_every_cell_is_text(write, record):
    sheet = sheet_of(write([record(), record("06", page=2, trangSo="7")]).path, "KS")
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert len(cells) == 3 * 60
    assert {cell.number_format for cell in cells} == {"@"}
    assert {type(cell.value) for cell in cells} == {str, type(None)}


def test_serial_numbers_count_the_rows(write, record, ks70):
    made = write([record("9", page=1), record("7", page=2), record("8", page=3, review=("so",))], profile=ks70)
    rows = rows_of(made.path, "DL Import")
    assert [(row["STT"], row["so"]) for row in rows] == [("1", "07/2017"), ("2", "09/2017")]


def test_a_column_only_one_sheet_has(write, record, ks70):
    read = record(nksSoDinhDanh="079217000001")
    assert rows_of(write([read], profile=ks70).path, "DL Import")[0]["nksSoDinhDanh"] == "079217000001"
    assert "nksSoDinhDanh" not in rows_of(write([read]).path, "KS")[0]


@pytest.mark.parametrize("name", ["=1+1", "+84", "-Nam", "@SUM(A1)", "=cmd|'/c calc'!A1", "{=1}", "http://a.b", "007"])
def test_text_that_looks_like_a_formula_stays_text(write, record, name):
    sheet = sheet_of(write([record(nksHoTen=name)]).path, "KS")
    cell = sheet.cell(2, column_lists()["KS_60"].index("nksHoTen") + 1)
    assert cell.value == name
    assert cell.data_type in ("s", "inlineStr")
    assert cell.hyperlink is None


@pytest.mark.parametrize(
    "name",
    ["Y Bliŏ H'Mŏk Êban", " Hai  khoảng ", "dòng 1\ndòng 2", "a<b>&c", "_x0041_", "\u0001", "a\uffffb", "\u200b😀"],
)
def test_text_comes_back_as_it_was(write, record, name):
    value = rows_of(write([record(nksHoTen=name)]).path, "KS")[0]["nksHoTen"]
    assert openpyxl.utils.escape.unescape(value) == name


def test_the_same_data_gives_the_same_bytes(write, record):
    records = [record(str(number), page=number) for number in range(1, 6)]
    first = write(records, "a.xlsx")
    time.sleep(2.1)  # a ZIP counts time in steps of two seconds
    second = write(records[::-1], "b.xlsx")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == second.sha256


def test_fields_that_await_review_are_left_empty(write, record):
    result = write([record(review=("nksHoTen", "nguoiKyChucVu"))])
    (row,) = rows_of(result.path, "KS")
    assert row["nksHoTen"] is None
    assert row["nguoiKy"] is None
    assert result.pending_cells == 3
    assert result.rows[0].pending == {"nksHoTen", "nguoiKy", "chucVuNguoiKy"}


def test_a_draft_shows_proposals_in_amber_and_says_why(write, record):
    result = write(
        [record("5", review=("nksHoTen",)), record("6", page=2, review=("so",))], pending="proposal"
    )  # fmt: skip
    assert result.path.name == "book.draft.xlsx"
    workbook = openpyxl.load_workbook(result.path)
    assert workbook.sheetnames == ["KS", "Ghi chú"]
    columns = column_lists()["KS_60"]
    name = workbook["KS"].cell(2, columns.index("nksHoTen") + 1)
    assert name.value == "Nguyễn Thị Ánh"
    assert name.fill.start_color.rgb == "FFFFD54F"
    number = workbook["KS"].cell(3, columns.index("so") + 1)
    assert number.value == "6"
    assert number.fill.start_color.rgb == "FFFFD54F"
    assert workbook["KS"].cell(2, columns.index("nksGioiTinh") + 1).fill.fill_type is None
    notes = list(workbook["Ghi chú"].iter_rows(values_only=True))[2:]
    assert [(line, column) for line, column, _ in notes] == [("2", "nksHoTen"), ("3", "so")]
    assert len(result.held_back) == 1


def test_an_illegible_field_leaves_its_cell_empty(write, record):
    read = record()
    illegible = read.fields["nksHoTen"].model_copy(
        update={"state": FieldState.ILLEGIBLE, "value": None, "raw": "", "decision": Decision.CONFIRMED}
    )
    read = read.model_copy(update={"fields": {**read.fields, "nksHoTen": illegible}})
    result = write([read])
    assert rows_of(result.path, "KS")[0]["nksHoTen"] is None
    assert [warning.code for warning in result.rows[0].warnings] == ["required"]


def test_a_settled_field_without_a_value_is_warned_about(write, record):
    read = record()
    odd = read.fields["nksNgaySinh"].model_copy(update={"value": None, "raw": "mùa lúa"})
    read = read.model_copy(update={"fields": {**read.fields, "nksNgaySinh": odd}})
    result = write([read])
    assert rows_of(result.path, "KS")[0]["nksNgaySinh"] is None
    assert [warning.code for warning in result.rows[0].warnings] == ["not_normalised"]


def test_text_too_long_for_a_cell_holds_back(write, record):
    result = write([record(nksHoTen="x" * 32768)])
    assert [reason.code for held in result.held_back for reason in held.reasons] == ["too_long"]
    assert result.rows == ()


def test_a_former_workbook_is_kept_unless_nothing_changed(write, record, tmp_path):
    now = datetime(2030, 1, 2, 3, 4, 5)
    first = write([record("5")], now=now)
    former = first.path.read_bytes()
    assert first.changed
    assert not write([record("5")], now=now).changed
    assert write([record("6")], now=now).changed
    assert write([record("7")], now=now).changed
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["book.20300102-030405-2.xlsx", "book.20300102-030405.xlsx", "book.xlsx"]
    assert (tmp_path / "book.20300102-030405.xlsx").read_bytes() == former


def test_a_form_of_another_register_is_refused(tmp_path, record, book, form, ks60, splitter):
    other = form.model_copy(update={"register_code": "KH"})
    with pytest.raises(ExportError, match="not of register KS"):
        write_workbook(tmp_path / "x.xlsx", [record()], other, book, ks60, split=splitter)


def test_records_of_a_form_whose_fields_share_a_column_are_held_back(record, book, form, ks60, splitter):
    spec = form.fields[0].model_copy(update={"code": "soKhac"})
    other = form.model_copy(update={"fields": (*form.fields, spec)})
    plan = plan_book([record()], other, book, ks60, split=splitter)
    assert plan.rows == ()
    assert [(reason.code, reason.columns) for reason in plan.held_back[0].reasons] == [("form_columns", ("so",))]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, record, book, form, ks60, splitter):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ExportError, match=r"book\.xlsx: cannot be written"):
        write_workbook(tmp_path / "file" / "book.xlsx", [record()], form, book, ks60, split=splitter)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=8))
def test_any_text_comes_back(write, record, names):
    records = [record(str(number), page=number, nksHoTen=name) for number, name in enumerate(names, start=1)]
    rows = rows_of(write(records).path, "KS")
    assert len(rows) == len(names)
    for read, row in zip(records, rows, strict=True):
        expected = read.fields["nksHoTen"].value
        assert openpyxl.utils.escape.unescape(row["nksHoTen"] or "") == expected


@pytest.fixture
def requester(record):
    """A record whose form has a line for the requester's identity paper and one without a column."""
    paper = {
        "code": "nycGiayToTuyThan",
        "label": "Giấy tờ tùy thân",
        "kind": "identity_paper",
        "columns": ["nycLoaiGiayToTuyThan", "nycSoGiayToTuyThan", "nycNgayCapGiayToTuyThan", "nycNoiCapGiayToTuyThan"],
    }
    work = {"code": "meNgheNghiep", "label": "Nghề nghiệp", "kind": "text", "columns": []}

    def make(form, paper_text, work_text=""):
        content = form.model_dump(mode="json")
        content["fields"] = [f for f in content["fields"] if f["code"] != "nguoiKyChucVu"] + [paper, work]
        read = record("1", nycGiayToTuyThan=paper_text, meNgheNghiep=work_text)
        return read, FormSchema.model_validate(content)

    return make


def test_a_paper_without_a_code_stands_in_words_with_the_code_of_other_papers(requester, form, book, ks60):
    read, schema = requester(form, "Sổ hộ khẩu số 123")
    (row,) = plan_book([read], schema, book, ks60).rows
    assert {c: t for c, t in row.cells.items() if c.startswith("nyc")} == {
        "nycLoaiGiayToTuyThan": "8",
        "nycGiayToKhac": "Sổ hộ khẩu số 123",
    }
    assert row.warnings == ()


def test_what_a_paper_says_beyond_its_columns_is_warned_about(requester, form, book, ks60):
    read, schema = requester(form, "CMND 285150339, ĐT 0912345678")
    (row,) = plan_book([read], schema, book, ks60).rows
    assert [(warning.code, warning.columns[0]) for warning in row.warnings] == [("not_whole", "nycLoaiGiayToTuyThan")]
    assert "0912345678" not in row.warnings[0].message


def test_fields_without_any_column_are_named_where_they_say_something(requester, form, book, ks60):
    read, schema = requester(form, "", "làm ruộng")
    assert "meNgheNghiep" in plan_book([read], schema, book, ks60).not_in_profile
    read, schema = requester(form, "", "")
    assert "meNgheNghiep" not in plan_book([read], schema, book, ks60).not_in_profile
