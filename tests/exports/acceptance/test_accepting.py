"""From what was exported to a sample, its result and the report."""

import io
import json
import re
import shutil
import zipfile

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from extractor.batch.accepting import Sampling, draw_samples, report_acceptance
from extractor.cli.root import app
from extractor.errors import ExportError, MissingProgramError, SettingsError, StoreError
from extractor.exports.acceptance import office
from extractor.exports.acceptance.counts import count_handed_over
from extractor.exports.acceptance.drawing import draw, proportional, rank
from extractor.exports.acceptance.handed_over import handed_over_books
from extractor.exports.acceptance.outcome import Verdict
from extractor.exports.profile import load_profiles
from extractor.records import Decision
from extractor.store import DrawnRecord, InspectedStatus

SAMPLING = Sampling(level="II", aql="6.5", seed="7")


@pytest.fixture
def drawn(store, folder):
    (one,) = draw_samples(store, folder, [], SAMPLING, person="Cán Bộ")
    return one.inspection


def rows_of(path, sheet=0):
    rows = openpyxl.load_workbook(path).worksheets[sheet].iter_rows(values_only=True)
    return [[cell for cell in row if cell is not None] for row in rows]


def all_text(path):
    document = docx.Document(path)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def lot(*sizes):
    return [
        DrawnRecord((f"{book}.pdf", page, 1), f"KS.{book}", f"KS.{book}.{page:03d}.pdf", ())
        for book, size in enumerate(sizes)
        for page in range(size)
    ]


def test_the_same_seed_draws_the_same_and_another_seed_others():
    records = lot(40, 25, 60)
    first = draw(records, 20, "7")
    assert draw(records, 20, "7") == first
    assert draw(list(records), 20, "8") != first
    assert [record.book for record in first] == sorted(record.book for record in first)


def test_anybody_can_draw_again_with_a_hash():
    import hashlib

    assert rank("7", "a.pdf") == hashlib.sha256(b"7\na.pdf").hexdigest()
    records = lot(30)
    by_hand = sorted(records, key=lambda r: hashlib.sha256(f"x\n{r.pdf_name}".encode()).hexdigest())[:5]
    assert {record.pdf_name for record in draw(records, 5, "x")} == {record.pdf_name for record in by_hand}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=8), st.data())
def test_shares_are_proportional(sizes, data):
    total = data.draw(st.integers(1, sum(sizes)))
    shares = proportional(sizes, total)
    assert sum(shares) == total
    for size, share in zip(sizes, shares, strict=True):
        assert abs(share - size * total / sum(sizes)) < 1
        assert share <= size


def test_a_sample_is_stored_as_exported_and_listed_without_values(store, folder, drawn, keyer):
    assert (drawn.lot_size, drawn.sample_size, drawn.acceptance) == (9, 2, 0)
    fields = store.inspections.fields(drawn.id)
    # All fields of the form that fill a column of a sheet; nobody has seen any value on the list.
    assert {field.code for field in fields} >= {"so", "quyenSo", "ngayDangKy", "nksHoTen", "nksSoDinhDanh"}
    path = folder / "acceptance" / f"inspection-{drawn.id}.sample.xlsx"
    listed = rows_of(path)
    assert [row[2:4] for row in listed[-2:]] == [list(field.record[1:]) for field in fields if field.code == "so"]
    text = str(listed)
    assert ".pdf" not in text  # names tell number and date
    for record in store.records():
        assert record.fields["nksHoTen"].raw not in text
    again = path.read_bytes()
    path.unlink()
    from extractor.exports.acceptance.workbooks import write_sample_list

    write_sample_list(path, drawn, fields)
    assert path.read_bytes() == again


def test_every_book_may_be_a_lot_of_its_own_or_one_be_chosen(store, folder):
    each = draw_samples(store, folder, [], Sampling(aql="6.5", seed="7", each_book=True), person="Cán Bộ")
    assert [one.plan.lot_size for one in each] == [6, 3]
    store.inspections.withdraw(each[1].inspection.id, person="Cán Bộ")
    (one,) = draw_samples(store, folder, [], SAMPLING, books=["KS.2017.02"], person="Cán Bộ")
    assert {field.book for field in store.inspections.fields(one.inspection.id)} == {"KS.2017.02"}
    with pytest.raises(ExportError, match=r"KS\.2017\.09.*KS\.2017\.01"):
        draw_samples(store, folder, [], SAMPLING, books=["KS.2017.09"], person="Cán Bộ")


def test_fields_that_waited_when_exported_are_held_against_an_empty_cell(folder, store, export, drawn):
    record = next(store.records())
    key = store.stored_record(store.record_ids(1)[0])
    name = next(field for field in key.fields if field.code == "nksHoTen")
    task = store.claim_field(name.id, "Khác")
    store.decide(task, task.token, person="Khác", raw="Nguyễn Thị Ánh", value=None)  # no value is known: an empty cell
    export(store, folder)
    (one,) = draw_samples(store, folder, [], Sampling(aql="0.65", seed="1"), person="Cán Bộ")
    pending = [field for field in store.inspections.fields(one.inspection.id) if field.pending]
    assert [(field.record, field.code) for field in pending] == [(record.key, "nksHoTen")]


def test_a_clean_sample_is_accepted_and_reported(store, folder, drawn, inspect, keyer):
    inspect(store, drawn.id)
    reported = report_acceptance(store, folder, [])
    assert reported.record.outcome.verdict is Verdict.ACCEPTED
    assert reported.record.accepted
    text = all_text(reported.document)
    for wanted in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "BIÊN BẢN NGHIỆM THU",
        "ISO 2859-1, phương án lấy mẫu một lần, kiểm tra thường",
        "9 bản ghi (2 sổ)",
        "2 bản ghi",
        "CHẤP NHẬN",
        "0,00 % đến 84,19 %",
        "ĐẠI DIỆN BÊN NHẬN",
    ):
        assert wanted in text
    assert rows_of(reported.workbook)[-1] == ["Tổng cộng", "9", "0", "9", "9"]


def test_a_wrong_record_rejects_the_lot_and_is_named_by_page_not_by_text(store, folder, drawn, inspect):
    field = next(f for f in store.inspections.fields(drawn.id) if f.code == "nksHoTen")
    inspect(store, drawn.id, wrong={(field.record, field.code)})
    reported = report_acceptance(store, folder, [])
    outcome = reported.record.outcome
    assert (outcome.verdict, outcome.records.errors, outcome.records.inspected) == (Verdict.REJECTED, 1, 2)
    text = all_text(reported.document)
    assert "KHÔNG CHẤP NHẬN" in text
    assert f"{field.record[0]}, trang {field.record[1]}" in text
    assert "Họ và tên (nksHoTen)" in text
    everything = text + "".join(str(rows_of(reported.workbook, at)) for at in range(5))
    assert "chữ khác" not in everything
    assert "Nguyễn Thị Ánh" not in everything


def test_error_rates_are_drawn_on_a_page_of_their_own(store, folder, inspect):
    (one,) = draw_samples(store, folder, [], SAMPLING, person="Cán Bộ")
    inspect(store, one.inspection.id)
    document = docx.Document(report_acceptance(store, folder, []).document)
    assert len(document.inline_shapes) == 1
    assert "Phụ lục 1: tỷ lệ sai theo nhóm trường" in [paragraph.text for paragraph in document.paragraphs]


def test_an_inspectors_error_is_none_of_the_records(store, folder, drawn, inspect):
    field = store.inspections.fields(drawn.id)[0]
    inspect(store, drawn.id, wrong={(field.record, field.code)}, judged="ours")
    outcome = report_acceptance(store, folder, []).record.outcome
    assert (outcome.verdict, outcome.inspector_errors, outcome.wrong) == (Verdict.ACCEPTED, 1, ())


def test_an_unfinished_inspection_says_what_is_left(store, folder, drawn, inspect):
    fields = store.inspections.fields(drawn.id)
    reported = report_acceptance(store, folder, [])
    assert reported.record.outcome.verdict is Verdict.UNFINISHED
    assert f"Còn {len(fields)} trường chưa nhập lại" in all_text(reported.document)
    inspect(store, drawn.id, wrong={(fields[0].record, fields[0].code)}, judged="")
    outcome = report_acceptance(store, folder, []).record.outcome
    assert (outcome.verdict, outcome.waiting, outcome.disputed) == (Verdict.UNFINISHED, 0, 1)


def test_the_report_is_the_same_bytes_again(store, folder, drawn, inspect):
    inspect(store, drawn.id)
    first = report_acceptance(store, folder, [])
    before = [path.read_bytes() for path in (first.document, first.workbook)]
    first.document.unlink()
    first.workbook.unlink()
    again = report_acceptance(store, folder, [])
    assert [path.read_bytes() for path in (again.document, again.workbook)] == before


def damage_row(folder):
    path = folder / "import" / "KS.2017.01.xlsx"
    workbook = openpyxl.load_workbook(path)
    workbook.worksheets[0].delete_rows(3)
    workbook.save(path)
    return ["import/KS.2017.01.xlsx: nội dung khác", "import/KS.2017.01.xlsx: có 5 dòng, trong khi gói có 6 tệp PDF"]


def damage_pdf(folder):
    path = folder / "packages" / "KS.2017.02.zip"
    with zipfile.ZipFile(path) as package:
        members = {name: package.read(name) for name in package.namelist()}
    gone, changed, *_ = members
    del members[gone]
    members[changed] = b"no pdf"
    with zipfile.ZipFile(path, "w") as package:
        for name, data in {**members, "thừa.pdf": b"%PDF-1.4"}.items():
            package.writestr(name, data)
    return [
        f"packages/KS.2017.02.zip: thiếu tệp {gone}",
        f"packages/KS.2017.02.zip: nội dung tệp {changed} khác",
        f"packages/KS.2017.02.zip: tệp {changed} không phải PDF",
        "packages/KS.2017.02.zip: có tệp thừa.pdf nhưng bản kê không ghi",
    ]


def damage_files(folder):
    (folder / "packages" / "KS.2017.01.zip").unlink()
    (folder / "packages" / "KS.2017.02.zip").write_bytes(b"rubbish")
    shutil.copy(folder / "import" / "KS.2017.01.xlsx", folder / "import" / "la.xlsx")
    return [
        "packages/KS.2017.01.zip: không có",
        "packages/KS.2017.02.zip: không mở được",
        "import/la.xlsx: không có trong bản kê nào",
    ]


def damage_manifest(folder):
    """One that adds up, but is not the one that was written."""
    path = folder / "packages" / "KS.2017.01.manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["records"] |= {"in_book": 7, "held_back": 1}
    path.write_text(json.dumps(content), encoding="utf-8")
    return ["packages/KS.2017.01.manifest.json: không phải bản kê đã ghi"]


@pytest.mark.parametrize("damage", [damage_row, damage_pdf, damage_files, damage_manifest])
def test_files_that_do_not_add_up_are_named_and_nothing_is_accepted(store, folder, damage):
    wanted = damage(folder)
    reported = report_acceptance(store, folder, [])
    text = all_text(reported.document)
    assert not reported.record.accepted
    for sentence in wanted:
        assert sentence in text
    assert "chưa thể được nghiệm thu" in text
    if damage is not damage_files:
        with pytest.raises(ExportError, match="does not add up"):
            draw_samples(store, folder, [], SAMPLING, person="Cán Bộ")


def test_a_workbook_however_damaged_is_a_fault_and_no_crash(store, folder):
    import random

    path = folder / "import" / "KS.2017.01.xlsx"
    good, chance = path.read_bytes(), random.Random(1)
    books, profiles = handed_over_books(folder, ["KS.2017.01"]), load_profiles()
    for _ in range(60):
        damaged = bytearray(good)
        for _ in range(chance.choice([1, 3, 30])):
            damaged[chance.randrange(len(good))] = chance.randrange(256)
        path.write_bytes(damaged)
        assert damaged == good or count_handed_over(folder, books, profiles).books[0].faults


def test_a_stray_file_is_named_and_pages_are_counted_of_the_lots_books_alone(store, folder):
    draw_samples(store, folder, [], SAMPLING, books=["KS.2017.02"], person="Cán Bộ")
    reported = report_acceptance(store, folder, [])
    assert (reported.record.pages, reported.record.counted.faults) == (3, ())
    shutil.copy(folder / "import" / "KS.2017.01.xlsx", folder / "import" / "la.xlsx")
    (stray,) = report_acceptance(store, folder, []).record.counted.faults
    assert (stray.file, stray.code) == (folder / "import" / "la.xlsx", "stray")


def test_a_book_that_was_exported_and_is_gone_is_named(store, folder):
    store.append_audit(actor="machine", action="exported", subject="export:KS.1999.07")
    (gone,) = report_acceptance(store, folder, []).record.counted.faults
    assert (gone.file.name, gone.code) == ("KS.1999.07.manifest.json", "manifest_gone")


def test_decisions_made_after_the_export_are_noticed(store, folder):
    field = next(f for f in store.stored_record(store.record_ids(1)[0]).fields if f.code == "nksHoTen")
    task = store.claim_field(field.id, "Khác")
    store.decide(task, task.token, person="Khác", raw="Trần Văn Khác", value="Trần Văn Khác")
    with pytest.raises(ExportError, match=r"KS\.2017\.01.*xlsx, row 2, column 'nksHoTen': not what") as caught:
        draw_samples(store, folder, [], SAMPLING, person="Cán Bộ")
    assert "Trần" not in str(caught.value)
    assert store.inspections.all() == ()


def test_an_export_after_the_draw_ends_the_inspection(store, folder, export, drawn):
    field = next(f for f in store.stored_record(store.record_ids(1)[0]).fields if f.code == "nksGioiTinh")
    task = store.claim_field(field.id, "Khác")
    store.decide(task, task.token, person="Khác", raw="1", value="1")
    export(store, folder)
    with pytest.raises(ExportError, match=f"withdraw OUT {drawn.id}"):
        report_acceptance(store, folder, [])
    store.inspections.withdraw(drawn.id, person="Cán Bộ")
    assert report_acceptance(store, folder, []).record.outcome is None
    with pytest.raises(StoreError):
        report_acceptance(store, folder, [], inspection=99)


def test_a_page_that_is_read_anew_cannot_be_inspected_and_the_report_says_so(store, folder, drawn, form):
    from extractor.store import PageResult, Part

    record = next(store.records())
    drawn_keys = {field.record for field in store.inspections.fields(drawn.id)}
    record = next(one for one in store.records() if one.key in drawn_keys)
    fields = {code: value.model_copy(update={"decision": Decision.ACCEPTED}) for code, value in record.fields.items()}
    store.save_page(
        PageResult(
            file=record.file,
            page=record.page,
            sha256="f" * 64,
            width=100,
            height=100,
            image="",
            pipeline_version="v2",
            book=store.books()[0].key,
            kinds={spec.code: spec.kind.value for spec in form.fields},
            records=(record.model_copy(update={"fields": fields}),),
        )
    )
    outcome = report_acceptance(store, folder, []).record.outcome
    assert outcome.gone == len([f for f in store.inspections.fields(drawn.id) if f.record == record.key])
    left = store.inspections.waiting(drawn.id, Part.INSPECTOR, "Thanh Tra")
    assert left == store.inspections.get(drawn.id).fields[InspectedStatus.OPEN] - outcome.gone


def mend(store, folder, export, book=1):
    """Correct a field of a book and export again."""
    field = next(f for f in store.stored_record(store.record_ids(book)[0]).fields if f.code == "nksGioiTinh")
    task = store.claim_field(field.id, "Khác")
    other = "1" if task.field.value == "2" else "2"
    store.decide(task, task.token, person="Khác", raw=other, value=other)
    export(store, folder)


@pytest.mark.parametrize("wrong", [True, False])
def test_a_result_stands_until_the_books_were_mended_and_exported_anew(store, folder, export, drawn, inspect, wrong):
    with pytest.raises(ExportError, match="is under way on these very files"):
        draw_samples(store, folder, [], SAMPLING, person="Cán Bộ")
    field = store.inspections.fields(drawn.id)[0]
    inspect(store, drawn.id, wrong={(field.record, field.code)} if wrong else ())
    with pytest.raises(StoreError, match="its result, which stands"):
        store.inspections.withdraw(drawn.id, person="Cán Bộ")
    for books in ((), ("KS.2017.02",)):
        with pytest.raises(ExportError, match="has its result for these very files"):
            draw_samples(store, folder, [], Sampling(aql="10", seed="8"), books=books, person="Cán Bộ")
    mend(store, folder, export)
    with pytest.raises(ExportError, match="has its result for these very files"):
        draw_samples(store, folder, [], SAMPLING, books=["KS.2017.02"], person="Cán Bộ")
    (again,) = draw_samples(store, folder, [], SAMPLING, person="Cán Bộ")
    reported = report_acceptance(store, folder, [], inspection=again.inspection.id)
    (former,) = reported.record.earlier_rows
    assert former[0] == str(drawn.id)
    assert former[-1] == ("KHÔNG CHẤP NHẬN" if wrong else "CHẤP NHẬN")
    assert "Các lần kiểm tra trước" in all_text(reported.document)


def test_only_an_explicit_choice_goes_on_after_acceptance_was_discontinued(store, folder, monkeypatch):
    from extractor.batch import accepting
    from extractor.exports.acceptance.plans import Severity
    from extractor.exports.acceptance.switching import NextLot

    monkeypatch.setattr(accepting, "next_lot", lambda _: NextLot(Severity.TIGHTENED, discontinued=True))
    for severity in (None, Severity.NORMAL):
        with pytest.raises(SettingsError, match="ends acceptance here"):
            draw_samples(store, folder, [], Sampling(aql="6.5", severity=severity), person="Cán Bộ")
    (one,) = draw_samples(store, folder, [], Sampling(aql="6.5", severity=Severity.TIGHTENED), person="Cán Bộ")
    assert one.inspection.severity == "tightened"


def test_two_lots_that_were_not_accepted_make_the_next_inspection_tightened(store, folder, export, inspect):
    auto = Sampling(aql="6.5", seed="7", severity=None)
    for book in ("KS.2017.01", "KS.2017.02"):
        (one,) = draw_samples(store, folder, [], auto, books=[book], person="Cán Bộ")
        assert one.plan.severity == "normal"
        field = store.inspections.fields(one.inspection.id)[0]
        inspect(store, one.inspection.id, wrong={(field.record, field.code)})
    mend(store, folder, export)
    mend(store, folder, export, book=2)
    for more, severity in (([], "normal"), ([str(folder)], "tightened")):
        said = CliRunner().invoke(app, ["acceptance", "plan", *more, "--lot", "9", "--aql", "6.5"])
        assert f"single sampling, {severity} inspection" in said.output
    (third,) = draw_samples(store, folder, [], auto, person="Cán Bộ")
    assert (third.plan.severity, third.inspection.severity) == ("tightened", "tightened")
    store.inspections.withdraw(third.inspection.id, person="Cán Bộ")
    (other,) = draw_samples(store, folder, [], Sampling(aql="10", seed="7", severity=None), person="Cán Bộ")
    assert other.plan.severity == "normal"


def test_that_there_is_no_reduced_inspection_is_said_plainly():
    said = CliRunner().invoke(app, ["acceptance", "plan", "--lot", "9", "--severity", "reduced"])
    assert isinstance(said.exception, SettingsError)
    assert "there is none here" in str(said.exception)


def test_without_libreoffice_the_docx_stays_and_the_message_says_what_to_do(store, folder, monkeypatch):
    reported = report_acceptance(store, folder, [])
    monkeypatch.setattr(office.shutil, "which", lambda _: None)
    with pytest.raises(MissingProgramError, match=r"the DOCX is complete.*apt-get install"):
        office.write_pdf(reported.document)
    assert reported.document.exists()


def test_too_small_a_lot_and_no_packages(store, folder, tmp_path):
    with pytest.raises(ExportError, match="holds no package"):
        report_acceptance(store, tmp_path / "none", [])
    with pytest.raises(SettingsError, match="--seed"):
        draw_samples(store, folder, [], Sampling(seed="x" * 65), person="Cán Bộ")


def test_the_document_is_for_a4_in_a_serif_with_bordered_tables(store, folder):
    document = docx.Document(report_acceptance(store, folder, []).document)
    assert (round(document.sections[0].page_width.mm), round(document.sections[0].left_margin.mm)) == (210, 30)
    assert document.styles["Normal"].font.name == "Times New Roman"
    assert document.tables[1].style.name == "Table Grid"
    office, state = document.tables[0].rows[0].cells
    assert office.text.strip(".\n") == "Số: ........./BB-NT"
    assert state.text.startswith("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n....")
    assert document.sections[0].different_first_page_header_footer  # pages are numbered from the second on
    assert len(document.inline_shapes) == 0  # nothing was inspected, so nothing is drawn
    with zipfile.ZipFile(io.BytesIO(report_acceptance(store, folder, []).document.read_bytes())) as parts:
        assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not re.search(r"20[12]\d-\d\d-\d\dT", parts.read("docProps/core.xml").decode())


def test_the_commands_from_plan_to_report(folder, monkeypatch):
    def call(*arguments):
        result = CliRunner().invoke(app, ["acceptance", *map(str, arguments)])
        return result.exit_code, result.output

    code, output = call("plan", "--lot", 5000)
    assert code == 0
    assert "code letter L" in output
    assert "Sample: 200 records" in output
    code, output = call("sample", folder, "--aql", "6.5", "--seed", "7", "--person", "Cán Bộ")
    assert code == 0, output
    assert "2 of 9 records" in output
    assert "under way" in call("list", folder)[1]
    code, output = call("report", folder)
    assert (code, "CHƯA KẾT LUẬN" in output) == (0, True)
    damage_row(folder)
    code, output = call("report", folder)
    assert (code, "có 5 dòng" in output) == (7, True)
    assert call("withdraw", folder, 1, "--person", "Cán Bộ")[0] == 0
