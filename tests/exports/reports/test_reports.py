"""Inventory, progress, lists of what is missing, differences between the readings."""

from datetime import date

import openpyxl
import pytest
from typer.testing import CliRunner

from extractor.batch.reporting import report_inventory
from extractor.cli.common import template_folders
from extractor.errors import SettingsError
from extractor.exports.reports.differences import Difference, difference, write_differences
from extractor.exports.reports.inventory import BookFacts, book_facts, write_inventory
from extractor.exports.reports.missing import book_lack, write_missing
from extractor.exports.reports.periods import period_of
from extractor.exports.reports.progress import Step, spans, write_progress
from extractor.exports.reports.sheets import Column, Table, write_tables
from extractor.records import BookKey, Decision, FieldState, FieldValue, PageProblem, PageProblemKind
from extractor.store import (
    BookSummary,
    Counts,
    DayCount,
    DecidedField,
    Deed,
    PageImage,
    PageResult,
    ProblemResolution,
    Store,
    StoredProblem,
)

BOOK = BookKey(register="KS", year="2017", number="01", agency="UBND xã Đồng Thử")


def sheet(path, at=0):
    rows = openpyxl.load_workbook(path).worksheets[at].iter_rows(values_only=True)
    return [list(row) for row in rows if any(cell is not None for cell in row)]


def problem(page, kind=PageProblemKind.UNREADABLE, resolution=None):
    found = PageProblem(file="so.pdf", page=page, kind=kind, message="")
    return StoredProblem(page, page, found, 1, BOOK, PageImage("", 1, 1, None), resolution)


def illegible(one, code):
    value = FieldValue(raw="", state=FieldState.ILLEGIBLE, decision=Decision.CONFIRMED)
    return one.model_copy(update={"fields": {**one.fields, code: value}})


@pytest.mark.parametrize(
    ("year", "dates", "name"),
    [
        ("2017", [], "02/01/2016 – 15/7/2020"),
        ("2016", ["01.01.2016"], "01/4/2006 – 01/01/2016"),
        ("2006", ["15.06.2006", "03.02.2006"], "1999 – 31/3/2006"),
        ("2006", [], "01/4/2006 – 01/01/2016"),
        ("2006", ["15.06.1906", "2006", "30.02.2006"], "01/4/2006 – 01/01/2016"),
        ("1975", [], "1975 trở về trước"),
        ("1958", [], "1975 trở về trước"),
        ("", ["20.07.2020"], "16/7/2020 – 05/6/2024"),
        ("2025", [], "Từ 06/6/2024"),
        ("2005-2006", ["15.06.2006"], "01/4/2006 – 01/01/2016"),
        ("2009 – 2010", [], "01/4/2006 – 01/01/2016"),
        ("hai nghìn", ["15.06.2006"], "01/4/2006 – 01/01/2016"),
    ],
)
def test_a_book_belongs_to_the_period_of_its_earliest_day(year, dates, name):
    assert period_of(year, dates).name == name


def test_a_book_of_which_nothing_is_known_has_no_period():
    assert period_of("", ["?"]) is None
    assert period_of("0000") is None
    assert period_of("hai nghìn") is None


def test_of_blank_pages_alone_neither_register_nor_condition_is_known(tmp_path):
    blank = BookFacts(BookKey(), pages=3, without_records=3)
    write_inventory(tmp_path / "i.xlsx", [blank], lambda code: code)
    row = sheet(tmp_path / "i.xlsx")[-1]
    assert (row[1], row[-1]) == ("chưa rõ", "chưa rõ")


def test_inventory_counts_by_register_period_and_condition(tmp_path, record):
    records = [illegible(record("01"), "nksHoTen"), record("02", page=2)]
    problems = [problem(3), problem(4, PageProblemKind.COVER), problem(5, resolution=ProblemResolution.RESCAN)]
    good = book_facts(BookSummary(1, BOOK, Counts(pages=5, records=2, review=4)), records, problems)
    assert (good.illegible, good.fields, good.bad_pages, good.rescan, good.condition) == (1, 18, 2, 1, "kém")
    old = BookFacts(BookKey(register="KT", year="1970"), pages=10, records=10, fields=100)
    path = tmp_path / "inventory.xlsx"
    write_inventory(path, [old, good], lambda code: f"sổ {code}")
    listed = sheet(path)
    assert [row[1] for row in listed[-2:]] == ["sổ KS", "sổ KT"]
    assert listed[-2][6:14] == [5, 2, 3, 1, 18, 1, pytest.approx(1 / 18), 4]
    assert sheet(path, 1)[-1] == ["Tổng cộng", 2, 15, 12, 3, 118, 1, pytest.approx(1 / 118)]
    assert [row[0] for row in sheet(path, 3)[-3:-1]] == ["tốt", "kém"]


def test_periods_stand_in_the_order_of_time(tmp_path):
    books = [BookFacts(BookKey(register="KS", year=year), pages=1) for year in ("2009", "1999", "2017")]
    write_inventory(tmp_path / "inventory.xlsx", [*books, BookFacts(BookKey(), pages=1)], lambda code: code)
    firsts = [row[0] for row in sheet(tmp_path / "inventory.xlsx", 2)[-5:-1]]
    assert [first.partition(" ")[0] for first in firsts[:3]] == ["1999", "01/4/2006", "02/01/2016"]
    assert firsts[3] == "chưa rõ"


def test_registers_are_called_as_their_newest_forms_call_them(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:
        unknown = PageProblem(file="a.pdf", page=1, kind=PageProblemKind.UNKNOWN_FORM, message="x")
        store.save_page(PageResult("a.pdf", 1, "0" * 64, 10, 10, "", "v1", book=BOOK, problem=unknown))
    out = tmp_path / "inventory.xlsx"
    report_inventory([lambda: Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}")], template_folders(None), out)
    assert sheet(out)[-1][1] == "KS Sổ đăng ký khai sinh"


def test_periods_of_a_report_hold_every_day_once():
    first, last = date(2026, 1, 30), date(2026, 3, 2)
    for step in Step:
        found = list(spans(first, last, step))
        days = [
            date.fromordinal(day) for span in found for day in range(span.first.toordinal(), span.last.toordinal() + 1)
        ]
        assert days == [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    assert [span.name for span in spans(first, last, Step.MONTH)] == ["Tháng 01/2026", "Tháng 02/2026", "Tháng 03/2026"]
    weeks = list(spans(first, last, Step.WEEK))
    assert all(span.first.weekday() == 0 for span in weeks[1:])
    assert weeks[0].name == "Tuần 05/2026 (30/01 – 01/02)"


COUNTS = [
    DayCount(date(2026, 1, 5), Deed.PAGE_READ, "", 10),
    DayCount(date(2026, 1, 5), Deed.PAGE_PROBLEM, "", 2),
    DayCount(date(2026, 1, 5), Deed.RECORD_READ, "", 10),
    DayCount(date(2026, 1, 6), Deed.FIELD_CONFIRMED, "Lò Thị Mẫu", 30),
    DayCount(date(2026, 1, 13), Deed.FIELD_CORRECTED, "Vàng A Thử", 5),
    DayCount(date(2026, 1, 13), Deed.RECORD_FINISHED, "", 9),
    DayCount(date(2026, 1, 14), Deed.BOOK_EXPORTED, "", 1),
]


def test_progress_by_week_with_running_sums_and_people_as_numbers(tmp_path):
    path = tmp_path / "progress.xlsx"
    write_progress(path, COUNTS, step=Step.WEEK)
    rows = sheet(path)[-3:]
    assert rows[0][1:] == [12, 10, 10, 30, 0, 0, 0, 0, 0, 10, 0]
    assert rows[1][1:] == [0, 0, 0, 0, 5, 0, 9, 1, 0, 10, 9]
    assert rows[2] == ["Cả thời gian", 12, 10, 10, 30, 5, 0, 9, 1, 0, 10, 9]
    assert len(openpyxl.load_workbook(path).worksheets[0]._charts) == 1
    people = sheet(path, 1)
    assert [row[1] for row in people[-2:]] == ["Người thứ 1", "Người thứ 2"]
    assert "Mẫu" not in str(people)
    write_progress(path, COUNTS, step=Step.WEEK, named=True)
    assert [row[1] for row in sheet(path, 1)[-2:]] == ["Lò Thị Mẫu", "Vàng A Thử"]


@pytest.mark.parametrize(
    "days",
    [{"last": date(1990, 1, 1)}, {"first": date(2030, 1, 1)}, {"first": date(2030, 1, 1), "last": date(2030, 1, 2)}],
)
def test_progress_of_days_without_work_has_no_work(tmp_path, days):
    write_progress(tmp_path / "p.xlsx", COUNTS, step=Step.DAY, **days)
    total = sheet(tmp_path / "p.xlsx")[-1]
    assert total[0] == "Cả thời gian"
    assert total[1:10] == [0] * 9
    assert total[10:] == ([10, 9] if "first" in days else [0, 0])


@pytest.mark.parametrize("days", [{"first": date(1, 1, 1)}, {"last": date(9999, 12, 31)}])
def test_progress_over_too_many_days_is_refused_and_not_cut(tmp_path, days):
    with pytest.raises(SettingsError, match="more than 3660 days"):
        write_progress(tmp_path / "p.xlsx", COUNTS, step=Step.MONTH, **days)


def test_progress_of_a_part_of_the_time_counts_what_was_before(tmp_path):
    path = tmp_path / "progress.xlsx"
    write_progress(path, COUNTS, step=Step.MONTH, first=date(2026, 1, 12), last=date(2026, 2, 1))
    rows = sheet(path)[-3:]
    assert [row[0] for row in rows] == ["Tháng 01/2026", "Tháng 02/2026", "Cả thời gian"]
    assert rows[0][-2:] == [10, 9]
    assert rows[0][4:6] == [0, 5]


def test_progress_of_nothing_is_a_report_too(tmp_path):
    write_progress(tmp_path / "p.xlsx", [], step=Step.DAY)
    assert sheet(tmp_path / "p.xlsx")[-1][0] == "Cả thời gian"


def test_what_is_illegible_and_missing_is_listed_by_page_and_label(tmp_path, record, form):
    records = [
        illegible(record("01/2017", trangSo="1"), "nksHoTen"),
        record("02/2017", page=2, trangSo="2"),
        record("05/2017", page=3, trangSo="4"),
        record("01/2018", page=4, so=""),
    ]
    lack = book_lack(
        BOOK, records, [problem(9), problem(10, PageProblemKind.COVER, ProblemResolution.COVER)], {form.form: form}
    )
    assert [(gap.first, gap.last, gap.count) for gap in lack.gaps] == [(3, 4, 2), (3, 3, 1)]
    path = tmp_path / "illegible.xlsx"
    write_missing(path, [lack], {form.form: form})
    assert sheet(path)[-1] == ["Tổng cộng", 4, 1, 1, 2, 1, 1]
    assert sheet(path, 1)[-1] == [1, "KS.2017.01", "01/2017", "book.pdf", 1, 1, "Họ và tên (nksHoTen)", "người"]
    assert sheet(path, 2)[-1][3:7] == ["book.pdf", 4, 1, "Số (so)"]
    assert sheet(path, 3)[-2][2:] == ["số đăng ký năm 2017", 3, 4, 2]
    assert sheet(path, 4)[-2][2:] == ["so.pdf", 9, "không đọc được ảnh", None]
    assert "Nguyễn Thị Ánh" not in str([sheet(path, at) for at in range(5)])


def text(raw, state=FieldState.READ):
    return FieldValue(raw=raw, value=raw or None, state=state)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("Lò Văn Thử", "Lò Văn Thử", Difference.NONE),
        ("Lò Văn Thu", "Lò Văn Thử", Difference.MARKS),
        ("Đồng", "Dong", Difference.MARKS),
        ("lò văn thử", "Lò Văn Thử", Difference.CASE),
        ("LÒ VĂN THU", "Lò Văn Thử", Difference.MARKS),
        ("Lò Văn  Thử.", "Lò Văn Thử", Difference.SPACING),
        ("01/02/2017", "01.02.2017", Difference.SPACING),
        ("Lò Vân Thứ", "Lò Văn Thử", Difference.MARKS),
        ("Lò Văn Thử", "Lò Văn Thí", Difference.TEXT),
        ("2013", "2073", Difference.TEXT),
        ("Thử", "Thử", Difference.NONE),
    ],
)
def test_in_what_two_readings_differ(first, second, found):
    assert difference(text(first), text(second)) is found


def test_a_state_differs_before_any_text():
    assert difference(text(""), text("", FieldState.BLANK)) is Difference.STATE


def test_differences_by_kind_and_field_without_texts_unless_asked(tmp_path, form):
    def decided(code, kind, first, second, page=1):
        return DecidedField(("so.pdf", page, 1), code, kind, text(first), text(second), False)

    fields = [
        decided("nksHoTen", "person_name", "Lò Văn Thu", "Lò Văn Thử"),
        decided("nksHoTen", "person_name", "Giàng A Ví", "Giàng A Dụ", 2),
        decided("nksHoTen", "person_name", "Vàng", "Vàng", 3),
        decided("so", "record_number", "01", "01"),
    ]
    path = tmp_path / "differences.xlsx"
    form_of = {field.record: form.form for field in fields}
    write_differences(path, fields, form_of, {form.form: form})
    assert sheet(path)[-3:] == [
        ["Họ tên người", 3, 1, 2, pytest.approx(2 / 3), 1, 0, 0, 0, 1, 0.5],
        ["Số đăng ký", 1, 1, 0, 0, 0, 0, 0, 0, 0, None],
        ["Tổng cộng", 4, 2, 2, 0.5, 1, 0, 0, 0, 1, 0.5],
    ]
    assert sheet(path, 1)[-3][0] == "Họ và tên (nksHoTen)"
    assert [row[5] for row in sheet(path, 2)[-2:]] == ["chỉ khác dấu", "khác nội dung"]
    assert "Giàng" not in str(sheet(path, 2))
    write_differences(path, fields, form_of, {form.form: form}, with_texts=True)
    assert sheet(path, 2)[-1][6:] == ["Giàng A Ví", "Giàng A Dụ"]


def test_workbooks_are_the_same_bytes_again_and_text_is_no_formula(tmp_path):
    table = Table("Bảng", "Tên", (Column("A"), Column("B", share=True)), [["=1+1", 0.5], ["+x", None]], ("Ghi chú",))
    paths = [tmp_path / name for name in ("a.xlsx", "b.xlsx")]
    for path in paths:
        write_tables(path, "Tên", [table])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    cells = openpyxl.load_workbook(paths[0]).worksheets[0]
    assert [cell.data_type for cell in cells["A"]][-2:] == ["s", "s"]
    assert not write_tables(paths[0], "Tên", [table])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["progress", "{none}"], "holds no"),
        (["progress", "{none}", "--by", "year"], "--by year"),
        (["progress", "{none}", "--from", "1.1.2026"], "--from 1.1.2026"),
        (["progress", "{none}", "--from", "2026-02-01", "--to", "2026-01-01"], "--to 2026-01-01"),
        (["inventory", "{none}", "--out", "x.csv"], "x.csv"),
    ],
)
def test_what_cannot_be_reported_is_named(tmp_path, arguments, named):
    from extractor.cli.root import app

    result = CliRunner().invoke(app, ["report", *(part.format(none=tmp_path) for part in arguments)])
    assert named in str(result.exception)
