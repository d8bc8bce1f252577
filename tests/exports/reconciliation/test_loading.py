import datetime as dt

import openpyxl
import pytest

from extractor.errors import EmptyInputError, ExportError, MissingInputError, UnsupportedTypeError

from .conftest import HUNG, write_extract


def test_dates_in_every_writing(loaded, tmp_path):
    births = {
        "03/02/1985": (1985, 2, 3), "3-2-1985": (1985, 2, 3), "1985-02-03": (1985, 2, 3), "03.02.1985": (1985, 2, 3),
        "02/1985": (1985, 2, None), "1985": (1985, None, None), "00/00/1985": (1985, None, None),
        "1985-02-03 00:00:00": (1985, 2, 3),
    }  # fmt: skip
    people = [HUNG | {"identity": f"07908500000{n}", "birth": text} for n, text in enumerate(births)]
    persons, unusable = loaded(write_extract(tmp_path / "a.csv", people))
    assert [(p["year"], p["month"], p["day"]) for p in persons] == list(births.values())
    assert unusable == []


def test_unusable_rows_are_named_by_their_row(loaded, tmp_path):
    path = write_extract(tmp_path / "a.csv", [HUNG])
    with path.open("a", encoding="utf-8") as file:
        file.write("too,few\n")  # row 3
        file.write('079085000002,,"Lê Thị Mẫu",31/02/1985,,,,,,,,\n')  # 4
        file.write("079085000003,,,01/01/1985,,,,,,,,\n")  # 5
        file.write("x,too,many" + ",z" * 12 + "\n")  # 6
        file.write("0790,,Lê Văn Mẫu,1985,,,,,,,,\n")  # 7
        file.write("079085000001,,Nguyễn Văn Hùng,03/02/1985,,,,,,,,\n")  # 8
    persons, unusable = loaded(path)
    reasons = {3: "columns", 4: "warn_birth", 5: "name", 6: "columns", 7: "warn_identity", 8: "repeated"}
    assert unusable == [(0, row, reason) for row, reason in reasons.items()]
    assert [p["row"] for p in persons] == [2, 4, 7]


def test_one_number_for_two_people_is_contested(loaded, tmp_path):
    persons, _ = loaded(write_extract(tmp_path / "a.csv", [HUNG, HUNG | {"name": "Lê Thị Khác"}]))
    assert [p["contested"] for p in persons] == [True, True]


def test_zeros_that_a_spreadsheet_dropped_come_back(loaded, tmp_path):
    persons, _ = loaded(write_extract(tmp_path / "a.csv", [HUNG | {"identity": "1085000001"}]))
    assert persons[0]["identity"] == "001085000001"


def test_semicolons_and_brackets_in_the_name_of_the_file(loaded, tmp_path):
    path = tmp_path / "dân cư [1]*.csv"
    path.write_text("Họ và tên;NGÀY SINH;so_dinh_danh\nNguyễn Văn Hùng;03/02/1985;079085000001\n", encoding="utf-8-sig")
    persons, _ = loaded(path)
    assert persons[0]["name_sound"] == "nguien van hung"


def test_unknown_columns_are_named_with_the_mend(loaded, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Họ tên,Ngày sinh,Số định danh,Cung hoàng đạo\n", encoding="utf-8")
    with pytest.raises(ExportError, match=r"a\.csv: unknown columns: 'Cung hoàng đạo'.*ignored"):
        loaded(path)


def test_another_layout_that_fits_is_named(loaded, tmp_path):
    with pytest.raises(ExportError, match="Profile 'plain' fits"):
        loaded(write_extract(tmp_path / "a.csv", [HUNG]), "c06")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Họ tên,Ngày sinh\n", "no column for: identity"),
        ("Họ tên,Họ và tên,Ngày sinh,Số định danh\n", "two columns for 'name'"),
        ("Họ tên,Ngày sinh,Số định danh\n", "no row can be used"),
    ],
)
def test_columns_that_do_not_fit(loaded, tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExportError, match=message):
        loaded(path)


def test_files_that_are_none(loaded, tmp_path):
    with pytest.raises(MissingInputError):
        loaded(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(EmptyInputError):
        loaded(tmp_path / "empty.csv")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(UnsupportedTypeError):
        loaded(tmp_path / "a.pdf")


def test_another_encoding_is_told_not_guessed(loaded, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("Họ tên,Ngày sinh,Số định danh\n".encode("utf-16"))
    with pytest.raises(ExportError, match="encoding"):
        loaded(path)


def test_workbooks_with_numbers_and_dates_as_excel_keeps_them(loaded, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["STT", "Họ tên", "Ngày sinh", "Số định danh", None])
    book.active.append([1, "Nguyễn Văn Hùng", dt.datetime(1985, 2, 3), 79085000001])
    book.active.append([2, "Trần Thị Lan", 1960, "079160000002"])
    book.save(tmp_path / "a.xlsx")
    persons, unusable = loaded(tmp_path / "a.xlsx")
    assert [(p["identity"], p["year"], p["day"]) for p in persons] == [
        ("079085000001", 1985, 3),
        ("079160000002", 1960, None),
    ]
    assert unusable == []


def test_the_upper_case_sheet_of_c06(loaded, tmp_path):
    headers = {"identity": "NKSSODINHDANH", "name": "NKSHOTEN", "birth": "NKSNGAYSINH", "sex": "NKSGIOITINH", "x": "SO"}
    path = write_extract(tmp_path / "a.csv", [{**HUNG, "sex": "1", "x": "01/"} | {}], headers | {
        "mother_name": "MEHOTEN", "father_name": "CHAHOTEN"})  # fmt: skip
    persons, _ = loaded(path, "c06")
    assert (persons[0]["sex_code"], persons[0]["mother_sound"]) == ("1", "tran thi lan")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("42837", (2017, 4, 12)),  # a spreadsheet's day number
        ("ngày 12 tháng 4 năm 2017", (2017, 4, 12)),
        ("12/IV/2017", (2017, 4, 12)),
        ("31/02/2017", (None, None, None)),
    ],
)
def test_other_writings_of_dates_and_rows_without_one_stay_in_use(loaded, tmp_path, text, told):
    persons, _ = loaded(write_extract(tmp_path / "a.csv", [HUNG | {"birth": text}]))
    assert [(p["year"], p["month"] if told[0] else None, p["day"] if told[0] else None) for p in persons] == [told]


@pytest.mark.parametrize(
    ("text", "identity", "old"),
    [
        ('="079085000001"', "079085000001", ""),
        ("'079.085.000.001", "079085000001", ""),
        ("285123456", "", "285123456"),
        ("7.9085E+10", "", ""),
    ],
)
def test_only_twelve_digits_are_an_identity_number(loaded, tmp_path, text, identity, old):
    persons, _ = loaded(
        write_extract(tmp_path / "a.csv", [HUNG | {"identity": text, "mother_identity": "79160000002"}])
    )
    assert (persons[0]["identity"], persons[0]["old_identity"]) == (identity, old)
    assert persons[0]["mother_identity"] == "079160000002"


def test_lines_that_a_quotation_mark_hides_are_refused(loaded, tmp_path):
    people = [HUNG | {"identity": f"07908500000{n}"} for n in range(9)]
    path = write_extract(tmp_path / "a.csv", people)
    lines = path.read_text("utf-8").split("\n")
    lines[3] = lines[3].replace("Nguyễn Văn Hùng", '"Nguyễn Văn Hùng')
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ExportError, match=r"a\.csv: row 4: a quotation mark"):
        loaded(path)


def test_no_sheet_with_persons_is_passed_over_unseen(loaded, tmp_path):
    book = openpyxl.Workbook()
    other = book.create_sheet("Thôn 2")
    for sheet in book.worksheets:
        sheet.append(["Họ tên", "Ngày sinh", "Số định danh"])
        sheet.append(["Nguyễn Văn Hùng", "03/02/1985", "079085000001"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(ExportError, match="several sheets hold persons"):
        loaded(tmp_path / "a.xlsx")
    other.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    persons, unusable = loaded(tmp_path / "a.xlsx")
    assert (len(persons), unusable) == (1, [(0, 1, "sheet")])


def test_headers_with_commas_and_breaks_in_a_file_parted_by_semicolons(loaded, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        '"Họ, chữ đệm, tên";"Ngày, tháng,\nnăm sinh";Số định danh;\nNguyễn Văn Hùng;03/02/1985;079085000001;\n', "utf-8"
    )
    persons, _ = loaded(path)
    assert [(p["identity"], p["day"]) for p in persons] == [("079085000001", 3)]


def test_the_same_person_with_the_date_written_otherwise_is_repeated(loaded, tmp_path):
    persons, unusable = loaded(write_extract(tmp_path / "a.csv", [HUNG, HUNG | {"birth": "1985-02-03"}]))
    assert (len(persons), unusable) == (1, [(0, 3, "repeated")])
