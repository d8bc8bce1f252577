"""Exports of an output folder from the command line, and sheets of the police's software that come back."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import asdict
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select
from support.output_folder import BOOK, STEM, record_of

from extractor.batch.assurance import remember_assurance
from extractor.batch.exporting import ExportJob, export_now
from extractor.batch.judging import CLOSING_EVENTS
from extractor.batch.sources import FILE as SOURCES
from extractor.batch.sources import KnownSource
from extractor.batch.storage import open_store
from extractor.exports.supplements import C06_FILE, FILE, Supplement, read_supplements, write_supplements
from extractor.page_file import PageFile, page_stem, save_page_file
from extractor.records import (
    FieldState,
    PageProblem,
    PageProblemKind,
)
from extractor.store import PageResult
from extractor.store.tables import FieldRow, RecordRow

SHEET = f"import/{STEM}.c06.xlsx"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("extractor.sqlite")
    }


def test_export_list_names_every_profile(extractor):
    code, shown = extractor("export", "--list")
    assert code == 0
    lines = dict(line.split(maxsplit=1) for line in shown.splitlines())
    assert {"all", "records", "ks-60", "ks-70", "ks-c06", "kh-44", "kt-48", "hn-35", "cmc-50"} <= lines.keys()
    own = [name for name in lines if name.endswith("-own")]
    assert len(own) == 5
    assert all("không phải mẫu nhập chính thức" in lines[name] for name in own)


def test_export_writes_verifies_and_repeats_itself(out, extractor):
    code, shown = extractor("export", "all", "--from", out)
    assert code == 0
    assert f"{STEM}.zip: 4 PDFs" in shown
    before = contents(out)
    manifest = json.loads(before[f"packages/{STEM}.manifest.json"])
    assert manifest["certificate"] is None
    assert extractor("export", "all", "--from", out)[0] == 0
    assert contents(out) == before
    assert extractor("export", "--verify", "--from", out) == (0, "1 manifests, 0 faults\n")
    head = manifest["audit"]["head"]
    assert extractor("audit", "verify", out, "--head", head)[0] == 0
    with open_store(out) as store:
        assert store.audit_holds(head)
        assert store.audit_holds("0:")
        for other in ("", "x", f"1:{head}", f"9{head}", "99999999999999:ab", "²:ab"):
            assert not store.audit_holds(other)
    (out / "packages" / f"{STEM}.zip").write_bytes(b"")
    code, shown = extractor("export", "--verify", "--from", out)
    assert code == 7
    assert f"{STEM}.zip" in shown


def test_the_manifest_says_which_certificate_the_last_run_went_by(out, extractor):
    remember_assurance(out, None, [])
    extractor("export", "ks-60", "--from", out)
    manifest = json.loads((out / "packages" / f"{STEM}.manifest.json").read_text(encoding="utf-8"))
    assert manifest["certificate"] == {"in_force": False}
    (out / "certificate.json").write_text("{", encoding="utf-8")
    code, shown = extractor("export", "all", "--from", out)
    assert code == 7
    assert "certificate.json is damaged" in shown


def test_the_closing_pages_total_is_held_against_the_book(out, extractor):
    """The closing page lies in a file of its own, whose records say which book it is."""
    digest = "c" * 64
    problem = PageProblem(file="khoa-so.jpg", page=1, kind=PageProblemKind.CLOSING, message="Trang khóa sổ")
    page = {"file": "khoa-so.jpg", "page": 1, "sha256": digest, "width": 60, "height": 90, "image": ""}
    with open_store(out) as store:
        store.save_page(PageResult(**page, pipeline_version="1", book=BOOK, problem=problem))
    sources = json.loads((out / SOURCES).read_text(encoding="utf-8"))
    sources.append(asdict(KnownSource("khoa-so.jpg", str(out / "khoa-so.jpg"), "", digest, None)))
    (out / SOURCES).write_text(json.dumps(sources), encoding="utf-8")
    (out / "pages").mkdir(exist_ok=True)
    kept = PageFile(digest, "1", stated={CLOSING_EVENTS: "6"})
    save_page_file(out, page_stem(digest, 1), kept)
    code, shown = extractor("export", "ks-60", "--from", out)
    assert code == 0
    assert "4/6" in shown
    manifest = json.loads((out / "packages" / f"{STEM}.manifest.json").read_text(encoding="utf-8"))
    assert [warning["code"] for warning in manifest["book_warnings"]] == ["closing_total"]
    assert manifest["records"]["exported"] == 4


def test_wrong_arguments_are_named(out, extractor):
    for arguments, code, message in [
        (("ks-61",), 2, "There is no format 'ks-61'"),
        (("all", "--pending", "maybe"), 2, "--pending maybe"),
        (("all", "--profiles", "gone"), 7, "no profile"),
        (("all", "--target-kb", "0"), 2, "target-kb"),
    ]:
        found, shown = extractor("export", *arguments, "--from", out)
        assert (found, message in shown) == (code, True), shown


def test_a_manifest_that_was_made_to_fit_changed_files_is_found(out, extractor):
    extractor("export", "all", "--from", out)
    manifest = out / "packages" / f"{STEM}.manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["fields_settled_by"] = {"confirmed": 1}
    manifest.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    code, shown = extractor("export", "--verify", "--from", out)
    assert code == 7
    assert "the log vouches for another content" in shown
    extractor("export", "all", "--from", out)
    assert extractor("export", "--verify", "--from", out)[0] == 0


def test_a_book_that_was_exported_and_is_gone_from_the_folder_is_found(out, extractor):
    extractor("export", "all", "--from", out)
    extractor("export", "ks-c06", "--from", out)
    with open_store(out) as store:
        # The book had another number once.
        store.append_audit(actor="machine", action="exported", subject="export:xadongthu_hbd_tbp.KS.2015.02")
    assert extractor("export", "--verify", "--from", out) == (0, "2 manifests, 0 faults\n")
    for folder in ("packages", "import"):
        shutil.rmtree(out / folder)
    code, shown = extractor("export", "--verify", "--from", out)
    assert code == 7
    assert f"packages/{STEM}.manifest.json: is not there" in shown
    assert f"import/{STEM}.c06.manifest.json: is not there" in shown
    assert "0 manifests, 3 faults" in shown
    extractor("export", "all", "--from", out)
    extractor("export", "ks-c06", "--from", out)
    assert extractor("export", "--verify", "--from", out)[0] == 0


def test_a_scan_that_was_replaced_since_it_was_read_is_not_packed(out, extractor):
    known = json.loads((out / "sources.json").read_text(encoding="utf-8"))
    scan = Path(known[0]["path"])
    replaced = out / "replaced.jpg"
    replaced.write_bytes(scan.read_bytes() + b"\0")
    known[0]["path"] = str(replaced)
    (out / "sources.json").write_text(json.dumps(known), encoding="utf-8")
    assert extractor("export", "all", "--from", out)[0] == 3
    assert "(changed)" in (out / "import" / "held_back.csv").read_text(encoding="utf-8-sig")
    assert len(zipfile.ZipFile(out / "packages" / f"{STEM}.zip").namelist()) == 3


def test_without_its_scans_a_book_keeps_the_files_it_was_handed_over_with(out, extractor, tmp_path, templates):
    extractor("export", "all", "--from", out)
    before = {name: data for name, data in contents(out).items() if not name.endswith(".csv")}
    for scan in tmp_path.glob("so*.jpg"):
        scan.rename(scan.with_suffix(".away"))
    code, shown = extractor("export", "all", "--from", out)
    assert code == 7
    assert f"no source page can be read: {STEM}" in shown
    assert "of an earlier export" not in shown
    assert {name: data for name, data in contents(out).items() if not name.endswith(".csv")} == before
    with open_store(out) as store:
        assert export_now(store, out, ExportJob("all", (templates,))).files_left == (STEM,)
    assert "files_left" in (out / "import/checks.csv").read_text(encoding="utf-8-sig")
    assert (out / "import/held_back.csv").read_text(encoding="utf-8-sig").count("(missing)") == 4
    assert extractor("export", "--verify", "--from", out)[0] == 0


def test_one_sheet_alone_leaves_the_lists_of_all_books_and_the_sheets_of_its_register_together(out, extractor):
    correct(out, "so", "x")
    extractor("export", "all", "--from", out)
    lists = {name: data for name, data in contents(out).items() if name.endswith(".csv")}
    assert b"key_unclear" in lists["import/held_back.csv"]
    for profile in ("kt-48", "ks-60", "ks-c06"):
        _, shown = extractor("export", profile, "--from", out)
        assert "held_back.csv and checks.csv, are as" in shown
        found = contents(out)
        assert {name: found[name] for name in lists} == lists
        assert (b"key_unclear" in found[f"import/held_back.{profile}.csv"]) == (profile != "kt-48")
    assert extractor("export", "--verify", "--from", out) == (0, "2 manifests, 0 faults\n")


def test_a_page_of_several_records_is_named_as_shared(out, extractor):
    extractor("export", "all", "--from", out)
    manifest = out / "packages" / f"{STEM}.manifest.json"
    assert json.loads(manifest.read_text(encoding="utf-8"))["package"]["pages_shared"] == 0
    both = [record_of(1), record_of(9).model_copy(update={"file": "so.jpg", "record": 2})]
    digest = json.loads((out / SOURCES).read_text(encoding="utf-8"))[0]["sha256"]
    page = {"file": "so.jpg", "page": 1, "sha256": digest, "width": 60, "height": 90, "image": ""}
    with open_store(out) as store:
        store.save_page(PageResult(**page, pipeline_version="2", book=BOOK, records=tuple(both)))
    extractor("export", "all", "--from", out)
    assert json.loads(manifest.read_text(encoding="utf-8"))["package"]["pages_shared"] == 2


@pytest.fixture
def returned(out, extractor, tmp_path):
    """The sheet that was exported for the police, changed as they might, in a file of its own."""

    def make(*changes: tuple[int, str, object], name: str = "tra-ve.xlsx", extra=()) -> Path:
        if not (out / SHEET).exists():
            extractor("export", "ks-c06", "--from", out)
        workbook = openpyxl.load_workbook(out / SHEET)
        sheet = workbook["KS"]
        places = {cell.value: cell.column for cell in sheet[1]}
        for row, heading, value in changes:
            sheet.cell(row, places[heading]).value = value
        for row in extra:
            sheet.append([row.get(heading) for heading in places])
        workbook.save(tmp_path / name)
        return tmp_path / name

    return make


def correct(out: Path, code: str, text: str) -> None:
    """Let a person change a field of the first record."""
    with open_store(out) as store, store.reading() as session:
        wanted = select(FieldRow.id).join(RecordRow).where(FieldRow.code == code).order_by(FieldRow.id).limit(1)
        number = session.scalar(wanted)
    with open_store(out) as store:
        task = store.claim_field(number, "test")
        store.decide(task, task.token, person="test", raw=text, value=text, state=FieldState.READ)


def lists(out: Path, name: str = "tra-ve.xlsx") -> dict[str, list[tuple]]:
    workbook = openpyxl.load_workbook(out / "reconciliation/c06" / name)
    return {sheet.title: list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in workbook}


def test_a_sheet_that_comes_back_unchanged_changes_nothing(out, returned, extractor):
    file = returned()
    before = {name: data for name, data in contents(out).items() if not name.startswith("reconciliation")}
    code, shown = extractor("import", "c06", file, "--from", out)
    assert code == 0
    assert "Dòng khớp với một bản ghi: 4" in shown
    found = lists(out)
    assert [found[name] for name in ("Sai lệch", "Không dùng được", "Không có dòng", "Bổ sung")] == [[]] * 4
    after = {name: data for name, data in contents(out).items() if not name.startswith("reconciliation")}
    assert after == before


def test_identity_numbers_become_supplements_and_the_next_export_takes_them(out, returned, extractor):
    extractor("export", "all", "--from", out)
    file = returned((2, "NKSSODINHDANH", "070215000001"), (3, "MESODINHDANHCANHAN", "070184000002"))
    code, _ = extractor("import", "c06", file, "--from", out)
    assert code == 0
    known = read_supplements(out / FILE)
    assert {key[0]: one.columns for key, one in known.items()} == {
        "so.jpg": {"nksSoDinhDanh": "070215000001"},
        "so-2.jpg": {"meSoDinhDanhCaNhan": "070184000002"},
    }
    assert {one.source for one in known.values()} == {"C06: tra-ve.xlsx"}
    before = contents(out)
    assert extractor("import", "c06", file, "--from", out)[0] == 0
    assert contents(out) == before
    extractor("export", "all", "--from", out)
    manifest = json.loads((out / "packages" / f"{STEM}.manifest.json").read_text(encoding="utf-8"))
    assert [one["cells_from_elsewhere"] for one in manifest["workbooks"]] == [0, 2]
    sheet = openpyxl.load_workbook(out / "import" / f"{STEM}.70cot.xlsx")["DL Import"]
    header, first, *_ = sheet.iter_rows(values_only=True)
    assert first[header.index("nksSoDinhDanh")] == "070215000001"


def test_a_row_of_another_office_with_the_same_key_is_not_used(out, returned, extractor):
    file = returned((2, "NOIDANGKY", "UBND xã Khác Hẳn"), (2, "NKSSODINHDANH", "070215000001"))
    assert extractor("import", "c06", file, "--from", out)[0] == 3
    assert read_supplements(out / FILE) == {}
    assert any("nơi đăng ký khác" in str(cell) for row in lists(out)["Không dùng được"] for cell in row)


def test_nothing_is_taken_over_about_a_person_who_is_called_otherwise_in_the_book(out, returned, extractor):
    file = returned(
        (2, "MEHOTEN", "ĐIỂU THỊ HẲN"), (2, "NKSSODINHDANH", "070215000001"), (2, "MESODINHDANHCANHAN", "070184000002")
    )
    assert extractor("import", "c06", file, "--from", out)[0] == 3
    assert {key[0]: one.columns for key, one in read_supplements(out / FILE).items()} == {
        "so.jpg": {"nksSoDinhDanh": "070215000001"}
    }


@pytest.mark.parametrize(("heading", "text"), [("NKSHOTEN", "ĐIỂU THỊ HẲN"), ("NKSNGAYSINH", "02/01/1999")])
def test_a_row_that_tells_of_another_child_fills_nothing(out, returned, extractor, heading, text):
    more = ("NKSSODINHDANH", "070215000001"), ("MESODINHDANHCANHAN", "070184000002"), ("LOAIDANGKY", "1")
    file = returned((2, heading, text), *((2, *cell) for cell in more))
    assert extractor("import", "c06", file, "--from", out)[0] == 3
    assert read_supplements(out / FILE) == {}
    named = " ".join(str(cell) for row in lists(out)["Không dùng được"] for cell in row)
    assert all(column in named for column in ("nksSoDinhDanh", "meSoDinhDanhCaNhan", "loaiDangKy"))


def test_what_another_source_said_is_kept_and_joined(out, returned, extractor):
    said = Supplement(file="so.jpg", page=1, columns={"nksSoDinhDanh": "1", "loaiDangKy": "4"}, source="CSDLQGVDC")
    write_supplements(out / FILE, [said])
    extractor("import", "c06", returned((2, "NKSSODINHDANH", "070215000001")), "--from", out)
    more = returned((2, "NKSSODINHDANH", "070215000001"), (2, "CHASODINHDANHCANHAN", "070084000002"), name="sau.xlsx")
    extractor("import", "c06", more, "--from", out)
    joined = read_supplements(out / FILE)["so.jpg", 1, 1]
    assert joined.columns == {"loaiDangKy": "4", "chaSoDinhDanhCaNhan": "070084000002"}
    assert joined.disputed == ("nksSoDinhDanh",)
    assert joined.source == "CSDLQGVDC; C06: sau.xlsx; C06: tra-ve.xlsx"
    assert (out / C06_FILE).exists()


@pytest.mark.parametrize("name", ["tra-ve.xlsx", "sau.xlsx"])
def test_what_a_later_sheet_leaves_empty_is_taken_back(out, returned, extractor, name):
    first = ((2, "NKSSODINHDANH", "070215000001"), (2, "MESODINHDANHCANHAN", "070184000002"))
    other = (3, "MESODINHDANHCANHAN", "070184000003")
    extractor("import", "c06", returned(*first, other), "--from", out)
    later = returned((2, "NKSSODINHDANH", "070215000001"), (3, "SO", None), name=name)
    _, shown = extractor("import", "c06", later, "--from", out)
    assert "rút lại: 1" in shown
    known = read_supplements(out / FILE)
    assert known["so.jpg", 1, 1].columns == {"nksSoDinhDanh": "070215000001"}
    # Of a record that the later sheet has no row for, the earlier still holds.
    assert known["so-2.jpg", 1, 1].columns == {"meSoDinhDanhCaNhan": "070184000003"}


@pytest.mark.parametrize("name", ["tra-ve.xlsx", "sau.xlsx"])
@pytest.mark.parametrize(
    ("changes", "emptied"),
    [
        pytest.param([(1, "NKSSODINHDANH", "LẠ"), (1, "MESODINHDANHCANHAN", None)], set(), id="no such columns"),
        pytest.param([(2, "NKSSODINHDANH", "70215000001")], {"meSoDinhDanhCaNhan"}, id="a lost zero"),
        pytest.param([(2, "NKSSODINHDANH", 70215000001)], {"meSoDinhDanhCaNhan"}, id="a number cell"),
        pytest.param([(2, "NKSHOTEN", "ĐIỂU THỊ HẲN")], set(), id="another child"),
        pytest.param([(2, "MEHOTEN", "ĐIỂU THỊ HẲN")], {"nksSoDinhDanh"}, id="another mother"),
    ],
)
def test_only_a_cell_left_empty_takes_a_value_back(out, returned, extractor, name, changes, emptied):
    said = {"nksSoDinhDanh": "070215000001", "meSoDinhDanhCaNhan": "070184000002"}
    first = [(2, column.upper(), number) for column, number in said.items()]
    extractor("import", "c06", returned(*first), "--from", out)
    later = returned(*changes, (2, "LOAIDANGKY", "1"), name=name)
    _, shown = extractor("import", "c06", later, "--from", out)
    assert f"rút lại: {len(emptied)}" in shown
    known = read_supplements(out / FILE)["so.jpg", 1, 1].columns
    assert {column: known[column] for column in known if column in said} == {
        column: number for column, number in said.items() if column not in emptied
    }
    # The same sheet again changes nothing.
    before = (out / C06_FILE).read_bytes()
    assert "rút lại: 0" in extractor("import", "c06", later, "--from", out)[1]
    assert (out / C06_FILE).read_bytes() == before


def test_what_was_said_of_a_record_before_it_was_corrected_is_not_renewed_by_a_sheet_that_says_nothing_of_it(
    out, returned, extractor
):
    first = (2, "NKSSODINHDANH", "070215000001"), (2, "MESODINHDANHCANHAN", "070184000002")
    extractor("import", "c06", returned(*first), "--from", out)
    correct(out, "nksHoTen", "LÊ TÁM")
    later = (2, "NKSHOTEN", "LÊ TÁM"), (2, "NKSSODINHDANH", "70215000001"), (2, "MESODINHDANHCANHAN", "070184000002")
    extractor("import", "c06", returned(*later), "--from", out)
    known = read_supplements(out / FILE)
    assert known["so.jpg", 1, 1].columns == {"meSoDinhDanhCaNhan": "070184000002"}


def test_two_sheets_that_contradict_leave_the_cell_empty_until_one_is_corrected(out, returned, extractor):
    extractor("import", "c06", returned((2, "NKSSODINHDANH", "070215000001")), "--from", out)
    extractor("import", "c06", returned((2, "NKSSODINHDANH", "070215000009"), name="sau.xlsx"), "--from", out)
    assert read_supplements(out / FILE)["so.jpg", 1, 1].disputed == ("nksSoDinhDanh",)
    extractor("import", "c06", returned((2, "NKSSODINHDANH", "070215000009")), "--from", out)
    assert read_supplements(out / FILE)["so.jpg", 1, 1].columns == {"nksSoDinhDanh": "070215000009"}


def test_a_number_of_a_record_that_was_corrected_since_is_not_taken_over(out, returned, extractor):
    extractor("import", "c06", returned((2, "NKSSODINHDANH", "070215000001")), "--from", out)
    correct(out, "nksHoTen", "LÊ TÁM")
    extractor("export", "all", "--from", out)
    sheet = openpyxl.load_workbook(out / "import" / f"{STEM}.70cot.xlsx")["DL Import"]
    header, first, *_ = sheet.iter_rows(values_only=True)
    assert first[header.index("nksHoTen")] == "LÊ TÁM"
    assert not first[header.index("nksSoDinhDanh")]
    assert "supplement_stale" in (out / "import/checks.csv").read_text(encoding="utf-8-sig")


def test_differences_are_listed_and_the_record_stays(out, returned, extractor):
    before = extractor("export", "records", "--from", out) and (out / "records.jsonl").read_bytes()
    file = returned(
        (2, "NKSHOTEN", "Trần tú  oanh"),  # case and spaces are no difference
        (3, "NKSHOTEN", "Trần Tú Oánh"),
        (4, "NKSNGAYSINH", "22/07/2015"),
        (4, "CHAHOTEN", None),
        (5, "MENOICUTRU", "nơi ở hôm nay"),
        (5, "NKSQUEQUAN", ", xã Đăk Nhau, , huyện Bù Đăng, tỉnh Bình Phước"),
        (5, "TRANGSO", ", , , "),
        (5, "NOIDANGKY", "ubnd xã đồng thử, huyện Bù Đăng, tỉnh Bình Phước"),
    )
    code, shown = extractor("import", "c06", file, "--from", out)
    assert code == 0
    assert "Oánh" not in shown
    found = lists(out)
    assert [(line[0], line[1], line[6], line[8], line[9], line[10]) for line in found["Sai lệch"]] == [
        ("3", "so-2.jpg", "nksHoTen", "Khác nhau", "TRẦN TÚ OANH", "Trần Tú Oánh"),
        ("4", "so-3.jpg", "nksNgaySinh", "Khác nhau", "21.07.2015", "22.07.2015"),
        ("4", "so-3.jpg", "chaHoTen", "Tệp trả về để trống", "Trần Thanh Thái", ""),
    ]
    assert found["Bổ sung"] == []
    extractor("export", "records", "--from", out)
    assert (out / "records.jsonl").read_bytes() == before


def test_rows_that_cannot_be_used_are_named_with_row_and_mend(out, returned, extractor):
    file = returned(
        (2, "SO", "01/"),  # the year was lost on the way; the day still tells the record
        (3, "SO", None),
        (4, "NGAYDANGKY", "31/02/2015"),
        (5, "NKSSODINHDANH", 70215000001),
        (5, "MESODINHDANHCANHAN", "07018400000x"),
        extra=[
            {"SO": "77/2015", "QUYENSO": "01/2015", "NGAYDANGKY": "21/08/2015"},
            {"SO": "04/2015", "QUYENSO": "01/2015", "NGAYDANGKY": "22/08/2015"},
            {"SO": "02/2015", "QUYENSO": "1a", "NGAYDANGKY": "21/08/2015"},
        ],
    )
    code, shown = extractor("import", "c06", file, "--from", out)
    assert code == 3
    found = lists(out)
    assert [line[:3] for line in found["Không dùng được"]] == [
        ("3", "so", "Số đăng ký để trống hoặc không đọc được."),
        ("4", "ngayDangKy", "Ngày đăng ký để trống, không đủ hoặc không có thật, mà số lại không có năm."),
        ("5", "meSoDinhDanhCaNhan", "Giá trị không đúng dạng của cột (mã, số hoặc ngày)."),
        ("5", "nksSoDinhDanh", "Ô là số chứ không phải chữ, có thể đã mất số 0 ở đầu."),
        ("6", "", "Không có bản ghi nào mang số, ngày và quyển này."),
        ("7", "", "Có bản ghi cùng số, cùng năm nhưng ngày đăng ký hoặc quyển khác."),
        ("8", "quyenSo", "Quyển số không đọc được."),
    ]
    assert all(line[3] for line in found["Không dùng được"])
    assert [line[0] for line in found["Không có dòng"]] == ["so-2.jpg", "so-3.jpg"]
    assert "7 rows or cells were not used" in shown


def test_rows_of_one_record_that_differ_are_all_left_out(out, returned, extractor):
    keys = {"QUYENSO": "01/2015", "NGAYDANGKY": "21/08/2015"}
    extra = [{"SO": "01/2015", **keys, "NKSSODINHDANH": "1"}]
    code, _ = extractor("import", "c06", returned(extra=extra), "--from", out)
    assert code == 3
    found = lists(out)
    assert [line[0] for line in found["Không dùng được"]] == ["2", "6"]
    assert read_supplements(out / FILE) == {}
