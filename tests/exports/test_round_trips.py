"""Export, read back: the same records come back, whatever is written in them, for every profile."""

from __future__ import annotations

import csv
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.errors import ExportError
from extractor.exports.fields import default_split, entry_of
from extractor.exports.plan import plan_entries
from extractor.exports.profile import load_profiles
from extractor.exports.reading_back import read_sheet
from extractor.exports.returned import KnownRecord, compare_sheet
from extractor.exports.workbook import write_plan, write_workbook
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, Registration
from extractor.templates import load_forms
from extractor.templates.form import Kind

PROFILES = load_profiles()
DATES = st.one_of(
    st.dates().map(lambda day: f"{day:%d.%m}.{day.year:04d}"),
    st.sampled_from(["1956", "07.1956", "27 tuổi", "31 t", "3 tháng"]),
)
CODES = st.sampled_from(["1", "2", "3"])
# Names like these would be formulas, numbers or days if a cell were not text.
ODD = st.sampled_from(["=1+1", "+84", "-Nam", "@SUM(A1)", "007", "1e5", "TRUE", "_x0041_", "3/2", " Y  H'Mŏk ", "a\nb"])
TEXTS = st.one_of(ODD, st.text(min_size=1, max_size=30))


@cache
def forms():
    return {form.schema.form: form.schema for form in load_forms()}


def values(spec):
    if spec.kind is Kind.CHOICE:
        return st.sampled_from([(option.label, option.value) for option in spec.options])
    kinds = {Kind.DATE: DATES, Kind.SEX: CODES}
    return kinds.get(spec.kind, TEXTS).map(lambda text: (text, text))


@st.composite
def books(draw, profile):
    """A form of the profile's register, and some records of it whose keys are sound."""
    form = draw(st.sampled_from([form for form in forms().values() if form.register_code == profile.register_code]))
    records = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        read = {}
        for spec in form.fields:
            if spec.code not in profile.key_cells and draw(st.booleans()):
                read[spec.code] = draw(values(spec))
        read |= {"so": (f"{number:02d}/2017",) * 2, "ngayDangKy": ("03.02.2017",) * 2, "quyenSo": ("01/2017",) * 2}
        fields = {
            spec.code: FieldValue(
                raw=read[spec.code][0] if spec.code in read else "",
                value=read[spec.code][1] if spec.code in read else None,
                state=FieldState.READ if spec.code in read else FieldState.BLANK,
                decision=Decision.CONFIRMED,
            )
            for spec in form.fields
        }
        registration = Registration(ok=True, residual_px=1.0, coverage=1.0, method="test")
        records.append(
            Record(
                file="so.pdf",
                page=number,
                form=form.form,
                form_version=form.version,
                registration=registration,
                fields=fields,
            )
        )
    return form, records


def written(record, form, profile, book):
    """What of a record a sheet can show: told here without the code that exports."""
    cells = {}
    for spec in form.fields:
        field = record.fields[spec.code]
        text = field.value if field.value is not None else field.raw if profile.verbatim else ""
        if len(spec.columns) > 1 and text:
            cells |= default_split(spec, text)
        elif spec.columns:
            cells[spec.columns[0]] = text
    cells |= {"so": cells["so"], "quyenSo": "01/2017", "ngayDangKy": cells["ngayDangKy"]}
    for column, part in profile.book_columns.items():
        cells[column] = cells.get(column) or getattr(book, part)
    return {column: text for column, text in cells.items() if column in profile.columns and text}


@pytest.mark.parametrize("name", list(PROFILES))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_what_was_exported_comes_back(name, data, tmp_path):
    profile = PROFILES[name]
    form, records = data.draw(books(profile))
    book = BookKey(profile.register_code, "2017", "01", "UBND xã Đồng Thử", district="Huyện Bù Đăng")
    entries = [entry_of(record, forms(), default_split) for record in records]
    plan = plan_entries(entries, book, profile)
    path = write_plan(tmp_path / "book.xlsx", plan).path
    sheet = read_sheet(path, profile)
    held = {held.key: held.reasons for held in plan.held_back}
    # Only a code that an identity paper's free text does not give can hold one back.
    assert all(reason.code == "digits" for reasons in held.values() for reason in reasons)
    leaving = [record for record in records if record.key not in held]
    assert sheet.exact
    found = [{c: t for c, t in row.cells.items() if c != profile.serial_column} for row in sheet.rows]
    assert found == [written(record, form, profile, book) for record in leaving]
    if not profile.with_package:
        known = [KnownRecord(entry, book, plan.keys[entry.key]) for entry in entries if entry.key not in held]
        back = compare_sheet(sheet, known, profile, "test")
        assert (back.matched, back.differences, back.unused, back.supplements) == (len(leaving), [], [], [])


@pytest.fixture
def exported(tmp_path, form, book, splitter, record):
    def make(profile, count=2):
        records = [record(str(number), page=number) for number in range(1, count + 1)]
        return write_workbook(tmp_path / "book.xlsx", records, form, book, profile, split=splitter).path

    return make


def test_a_sheet_saved_again_by_a_person_is_read_and_its_numbers_are_named(exported, tmp_path):
    import openpyxl

    profile = PROFILES["ks-c06"]
    workbook = openpyxl.load_workbook(exported(profile))
    sheet = workbook["KS"]
    place = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, place["NKSSODINHDANH"]).value = 79217000001
    sheet.cell(3, place["NKSNGAYSINH"]).value = "5/3/2017"
    sheet.cell(1, place["NKSHOTEN"]).value = " nksHoTen"
    sheet.insert_rows(1, 2)
    sheet["A1"] = "Kết quả trả về"
    sheet.cell(3, 70).value = "LẠ"
    workbook.save(tmp_path / "saved.xlsx")
    read = read_sheet(tmp_path / "saved.xlsx", profile)
    assert [row.number for row in read.rows] == [4, 5]
    assert read.rows[0].cells["nksSoDinhDanh"] == "79217000001"
    assert read.rows[0].converted == {"nksSoDinhDanh"}
    assert read.rows[1].cells["nksNgaySinh"] == "05.03.2017"
    assert read.rows[1].cells["nksHoTen"] == "Nguyễn Thị Ánh"
    assert (read.exact, read.unknown, read.missing) == (False, ("LẠ",), ())


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_text_with_separators_is_read_too(tmp_path, delimiter):
    path = tmp_path / "sheet.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write("Danh sách, tháng 1\n")
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["SO", "QUYENSO", "NGAYDANGKY", "NKSHOTEN"])
        writer.writerow(["05/2017", "01/2017", "3/2/2017", "=Nguyễn, Ánh"])
        writer.writerow(["", "", "", ""])
    read = read_sheet(path, PROFILES["ks-c06"])
    (row,) = read.rows
    assert row.cells == {"so": "05/2017", "quyenSo": "01/2017", "ngayDangKy": "03.02.2017", "nksHoTen": "=Nguyễn, Ánh"}
    assert len(read.missing) == 57


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"no workbook", "cannot be read"),
        ("a.xlsx", b"", "cannot be read"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "is no workbook"),
        ("a.csv", "TÊN\n".encode("utf-16"), "is not UTF-8"),
        ("a.csv", b"A,B\n1,2\n", "none of the first 10 rows is a header with SO, QUYENSO, NGAYDANGKY"),
        ("a.csv", b"SO,QUYENSO,NGAYDANGKY,so\n", "columns stand twice: so"),
        ("gone.xlsx", None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_sheet_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExportError, match=message) as error:
        read_sheet(path, PROFILES["ks-c06"])
    assert name in str(error.value)
    assert error.value.mend
