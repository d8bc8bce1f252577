"""Extracts as offices hand them over: titles above the header, joined cells, formulas, letters of full width."""

import zipfile

import openpyxl
import pytest

from extractor.errors import ExportError, InputError
from extractor.exports.reconciliation.names import name_key

from .conftest import HUNG, subject, write_extract

ROW = ["Nguyễn Văn Hùng", "03/02/1985", "079085000001"]


def workbook(path, rows, change=lambda sheet: None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    book.save(path)
    return path


def test_the_header_may_stand_below_titles(loaded, tmp_path):
    rows = [
        ["CÔNG AN XÃ MẪU"], [], ["DANH SÁCH NHÂN KHẨU (01/02/2026)"], ["STT", "Họ tên", "Ngày sinh", "Số định danh"],
        ["(1)", "(2)", "(3)", "(4)"], [1, *ROW], [2, "", "01/01/1990", "079090000002"],
    ]  # fmt: skip
    path = workbook(tmp_path / "a.xlsx", rows, lambda sheet: sheet.merge_cells("A1:D1"))
    persons, unusable = loaded(path)
    assert [(p["row"], p["identity"]) for p in persons] == [(6, "079085000001")]
    assert unusable == [(0, 7, "name")]


def test_titles_above_the_header_of_a_csv_file(loaded, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        'CÔNG AN XÃ MẪU;;\n"DANH SÁCH\nNHÂN KHẨU";;\nHọ tên;Ngày sinh;Số định danh\n'
        + ";".join(ROW) + "\nx;y\n;01/01/1990;079090000002\n", "utf-8-sig"
    )  # fmt: skip
    persons, unusable = loaded(path)
    assert [(p["row"], p["identity"]) for p in persons] == [(4, "079085000001")]
    assert unusable == [(0, 5, "columns"), (0, 6, "name")]


def test_a_header_of_two_rows_with_joined_cells(loaded, tmp_path):
    rows = [
        ["Họ tên", "Ngày sinh", "Số định danh", "Mẹ", None, "Cha"],
        [None, None, None, "Họ tên", "Năm sinh", "Họ tên"],
        [*ROW, "Trần Thị Lan", 1960, "Nguyễn Văn Bình"],
    ]
    persons, unusable = loaded(
        workbook(tmp_path / "a.xlsx", rows, lambda sheet: [sheet.merge_cells(f"{c}1:{c}2") for c in "ABC"])
    )
    assert [(p["row"], p["mother_name"], p["mother_year"], p["father_name"]) for p in persons] == [
        (3, "Trần Thị Lan", 1960, "Nguyễn Văn Bình")
    ]
    assert unusable == []


def test_an_extract_without_a_header_is_refused_and_nobody_in_it_named(loaded, tmp_path):
    with pytest.raises(ExportError, match=r"a\.xlsx: none of the first 20 rows names columns") as refused:
        loaded(workbook(tmp_path / "a.xlsx", [ROW, ROW]))
    assert ROW[0] not in str(refused.value)


@pytest.mark.parametrize("cell", ['="0790850"&"00001"', "#REF!"])
def test_formulas_without_a_result_are_named_and_not_taken_for_blank(loaded, tmp_path, cell):
    rows = [["DANH SÁCH"], ["Họ tên", "Ngày sinh", "Số định danh"], [*ROW[:2], cell], ROW, ["#N/A", *ROW[1:]]]
    with pytest.raises(ExportError, match=r"a\.xlsx: formulas without a result in C3, A5\..*compute"):
        loaded(workbook(tmp_path / "a.xlsx", rows))


def test_formulas_with_a_result_are_read(loaded, tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["Họ tên", "Ngày sinh", "Số định danh"], [*ROW[:2], '="0790850"&"00001"']])
    parts = {}
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert b"<v></v>" in sheet or b"<v />" in sheet or b"<v/>" in sheet
    for empty in (b"<v></v>", b"<v />", b"<v/>"):
        sheet = sheet.replace(empty, b"<v>079085000001</v>")
    with zipfile.ZipFile(path, "w") as new:
        for name, content in (parts | {"xl/worksheets/sheet1.xml": sheet}).items():
            new.writestr(name, content)
    persons, _ = loaded(path)
    assert persons[0]["identity"] == "079085000001"


def wide(text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def test_letters_and_digits_of_full_width_are_ordinary_ones(loaded, linked, tmp_path):
    person = HUNG | {"name": wide("LE THI LAN"), "birth": wide("03/02/1985"), "identity": wide(HUNG["identity"])}
    persons, unusable = loaded(write_extract(tmp_path / "a.csv", [person | {"old_identity": wide("270123456")}]))
    assert unusable == []
    assert (persons[0]["identity"], persons[0]["old_identity"], persons[0]["day"]) == ("079085000001", "270123456", 3)
    assert persons[0]["name"] == wide("LE THI LAN")  # verbatim
    assert persons[0]["name_key"] == name_key("le thi lan")
    links, _ = linked([person], [subject(name="LE THI LAN", birth=wide("03.02.1985"), mother_name="Trần Thị Lan")])
    assert links[0].candidates[0].levels["birth"] == 0


def test_a_damaged_workbook_is_refused_by_name(loaded, tmp_path):
    path = workbook(tmp_path / "a.xlsx", [["Họ tên", "Ngày sinh", "Số định danh"], ROW])
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    for damage in ({"xl/worksheets/sheet1.xml": b"<worksheet>"}, {"xl/workbook.xml": b"<workbook/>"}):
        with zipfile.ZipFile(path, "w") as new:
            for name, content in (parts | damage).items():
                new.writestr(name, content)
        with pytest.raises(InputError, match="no readable workbook"):
            loaded(path)


TITLES = ["Họ tên", "Ngày sinh", "Giới tính", "Quê quán"]
MOTHER = ["Họ tên", "Năm sinh", "Số định danh"]
LAN = ["Nguyễn Văn Hùng", "03/02/1985", "Nam", "Xã Mẫu", "Trần Thị Lan", 1960, "079085000001"]
TWO_ROWS = {
    "mother above the last titles": ([[None] * 4 + ["Mẹ"], TITLES + MOTHER], ["E1:F1"]),
    "and dates in place of years": ([[None] * 4 + ["Mẹ"], [*TITLES, *TITLES[:2], MOTHER[2]]], ["E1:F1"]),
    "own number right of the mother": ([[*TITLES, "Mẹ"], [None] * 4 + MOTHER], ["E1:F1", "A1:A2"]),
    "below a title": ([["DANH SÁCH"], [None] * 4 + ["Mẹ"], TITLES + MOTHER], ["A1:G1", "E2:F2"]),
}


def csv_file(path, rows):
    path.write_text("".join(";".join("" if c is None else str(c) for c in row) + "\n" for row in rows), "utf-8")
    return path


@pytest.mark.parametrize("kind", ["joined", "typed", "csv"])
@pytest.mark.parametrize("name", TWO_ROWS)
def test_the_upper_of_two_header_rows_reaches_as_far_as_its_cells_are_joined(loaded, tmp_path, name, kind):
    """Without joined cells only one reading gives the person a number of their own."""
    rows, joined = TWO_ROWS[name]
    rows = [*([*row, *[None] * (7 - len(row))] for row in rows), LAN]
    if kind == "csv":
        path = csv_file(tmp_path / "a.csv", rows)
    else:
        ranges = joined if kind == "joined" else []
        path = workbook(tmp_path / "a.xlsx", rows, lambda sheet: [sheet.merge_cells(cells) for cells in ranges])
    persons, unusable = loaded(path)
    told = [(p["row"], p["name"], p["identity"], p["mother_name"], p["mother_year"]) for p in persons]
    assert told == [(len(rows), LAN[0], LAN[6], "Trần Thị Lan", 1960)]
    assert not persons[0]["mother_identity"]
    assert unusable == []


def test_joined_cells_tell_whose_a_title_is_that_could_be_either_persons(loaded, tmp_path):
    rows = [["Họ tên", "Ngày sinh", "Số định danh", "Mẹ"], [None, None, None, "Họ tên", "Dân tộc"]]
    rows.append([*ROW, "Trần Thị Lan", "Kinh"])
    own = workbook(tmp_path / "a.xlsx", rows)
    refused = "row 1: it cannot be told which of the titles below belong to 'Mẹ'"
    for path in (own, csv_file(tmp_path / "a.csv", rows)):
        with pytest.raises(ExportError, match=refused):
            loaded(path)
    mother = workbook(tmp_path / "b.xlsx", rows, lambda sheet: sheet.merge_cells("D1:E1"))
    with pytest.raises(ExportError, match="unknown columns: 'Dân tộc Mẹ'"):
        loaded(mother)
    # Titles of the lower row that are complete by themselves are still the mother's.
    rows = [[None, None, None, "Mẹ"], ["Họ tên", "Ngày sinh", "Số định danh", "Quê quán", "Dân tộc"], rows[2]]
    with pytest.raises(ExportError, match="unknown columns: 'Quê quán Mẹ', 'Dân tộc Mẹ'"):
        loaded(workbook(tmp_path / "c.xlsx", rows, lambda sheet: sheet.merge_cells("D1:E1")))


def test_a_title_over_one_joined_column_is_not_taken_for_a_name(loaded, tmp_path):
    rows = [["Họ tên", "Ngày sinh", "Số định danh", "Mẹ"], [None, None, None, "Năm sinh"], [*ROW, 1960]]
    persons, unusable = loaded(workbook(tmp_path / "a.xlsx", rows))
    assert [(p["mother_name"], p["mother_year"]) for p in persons] == [("", 1960)]
    assert unusable == []
