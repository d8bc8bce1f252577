from __future__ import annotations

import csv
import json
import zipfile
from dataclasses import replace
from datetime import datetime

import openpyxl
import pytest

from extractor.errors import ExportError
from extractor.exports.books import export_run
from extractor.exports.files import sha256_of
from extractor.exports.held_back import write_held_back
from extractor.exports.profile import load_profiles
from extractor.records import BookKey
from extractor.scans.types import OfficialName

NOW = datetime(2030, 1, 2, 3, 4, 5)


@pytest.fixture
def run(tmp_path, form, book, splitter, jpeg):
    def make(records, *, known=book, out=tmp_path / "out", **options):
        return export_run(
            out,
            records,
            {form.form: form},
            load_profiles(),
            books={record.key: known for record in records},
            split=splitter,
            now=NOW,
            **{"page_source": lambda key: (jpeg(key[1]), 1), **options},
        )

    return make


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_book_gets_both_sheets_a_package_and_a_manifest(run, record, tmp_path):
    records = [record(str(number), page=number) for number in (3, 1, 2)]
    (book,) = run(records).books
    assert list(tree(tmp_path / "out")) == [
        "import/checks.csv",
        "import/held_back.csv",
        "import/xalocthuan_hbd_tbt.KS.2017.01.70cot.xlsx",
        "import/xalocthuan_hbd_tbt.KS.2017.01.xlsx",
        "packages/xalocthuan_hbd_tbt.KS.2017.01.manifest.json",
        "packages/xalocthuan_hbd_tbt.KS.2017.01.zip",
    ]
    assert book.rows == 3
    names = zipfile.ZipFile(book.package.path).namelist()
    for workbook, sheet in zip(book.workbooks, ("KS", "DL Import"), strict=True):
        header, *rows = openpyxl.load_workbook(workbook.path)[sheet].iter_rows(values_only=True)
        numbers = [row[header.index("so")].split("/")[0] for row in rows]
        assert [name.split(".")[4] for name in names] == numbers == ["01", "02", "03"]


def test_the_manifest_tells_what_is_there(run, record):
    records = [record("1", page=1), record("2", page=2, review=("so",)), record("3", page=3)]
    (book,) = run(records).books
    manifest = json.loads(book.manifest.read_text(encoding="utf-8"))
    assert manifest["records"] == {"in_book": 3, "exported": 2, "held_back": 1}
    assert manifest["held_back_by_reason"] == {"key_pending": 1}
    assert manifest["package"]["sha256"] == sha256_of(book.package.path)
    assert [pdf["name"] for pdf in manifest["package"]["pdfs"]] == zipfile.ZipFile(book.package.path).namelist()
    assert [workbook["sha256"] for workbook in manifest["workbooks"]] == [sha256_of(w.path) for w in book.workbooks]
    assert [workbook["fields_without_column"] for workbook in manifest["workbooks"]] == [["nksSoDinhDanh"], []]
    assert manifest["versions"]["forms"] == {"ks-test": "3"}
    assert "Nguyễn" not in book.manifest.read_text(encoding="utf-8")


def test_running_twice_changes_nothing(run, record, tmp_path):
    records = [record(str(number), page=number) for number in (1, 2)]
    run(records)
    before = tree(tmp_path / "out")
    (again,) = run(records[::-1]).books
    assert tree(tmp_path / "out") == before
    assert not again.package.changed
    assert not any(workbook.changed for workbook in again.workbooks)


def test_what_is_held_back_is_listed_with_the_mend(run, record):
    result = run([record("1", page=1), record("2", page=2, review=("so", "ngayDangKy"))])
    with result.held_back_list.open(encoding="utf-8-sig", newline="") as file:
        heading, *lines = csv.reader(file)
    assert heading == ["Sổ", "Tệp", "Trang", "Bản ghi", "Cột", "Mã lý do", "Lý do", "Cách khắc phục"]
    assert [line[:6] for line in lines] == [
        ["xalocthuan_hbd_tbt.KS.2017.01", "book.pdf", "2", "1", "so", "key_pending"],
        ["xalocthuan_hbd_tbt.KS.2017.01", "book.pdf", "2", "1", "ngayDangKy", "key_pending"],
    ]
    assert all(line[6] and line[7] for line in lines)


def test_a_source_that_cannot_be_cut_is_in_neither_sheet_nor_package(run, record, jpeg, tmp_path):
    records = [record(str(number), page=number) for number in (1, 2, 3)]
    gone = tmp_path / "gone.jpg"
    (book,) = run(records, page_source=lambda key: (gone if key[1] == 2 else jpeg(), 1)).books
    assert book.rows == 2
    assert len(zipfile.ZipFile(book.package.path).namelist()) == 2
    for workbook in book.workbooks:
        assert len(workbook.rows) == 2
    assert [(held.key[1], held.reasons[0].code) for held in book.held_back] == [(2, "source_unusable")]


def test_books_are_told_apart_by_official_names(run, record):
    records = [record("", file=f"{year}.pdf", quyenSo="", ngayDangKy="", review=("so",)) for year in (2016, 2017)]
    names = {
        read.key: OfficialName("KS", read.file[:4], "01", f"{read.file[:4]}-02-03", "07") for read in records
    }  # fmt: skip
    result = run(records, known=BookKey(), official=names)
    assert [book.stem for book in result.books] == ["KS.2016.01", "KS.2017.01"]
    assert [row.pdf_name for book in result.books for row in book.workbooks[0].rows] == [
        "KS.2016.01.2016-02-03.07.pdf",
        "KS.2017.01.2017-02-03.07.pdf",
    ]


def test_an_unknown_book_has_no_files_but_a_list(run, record, tmp_path):
    result = run([record(quyenSo="01")], known=BookKey())
    assert list(tree(tmp_path / "out")) == ["import/checks.csv", "import/held_back.csv"]
    assert [reason.code for held in result.held_back for reason in held.reasons] == ["book_unknown"]


def test_a_draft_has_no_package(run, record, tmp_path):
    run([record("1", review=("so",))], pending="proposal")
    assert [name for name in tree(tmp_path / "out") if not name.endswith("csv")] == [
        "import/xalocthuan_hbd_tbt.KS.2017.01.70cot.draft.xlsx",
        "import/xalocthuan_hbd_tbt.KS.2017.01.draft.xlsx",
    ]


def test_forms_without_a_profile_are_counted(tmp_path, record, form, splitter):
    other = form.model_copy(update={"register_code": ""})
    result = export_run(tmp_path, [record()], {form.form: other}, load_profiles(), split=splitter)
    assert result.without_profile == 1
    assert result.books == ()


def test_an_unknown_form_is_refused(tmp_path, record, splitter):
    with pytest.raises(ExportError, match="'ks-test' is not known"):
        export_run(tmp_path, [record()], {}, load_profiles(), split=splitter)


def test_two_books_of_one_name_are_refused_and_gaps_are_filled(tmp_path, record, form, book, splitter):
    records = [record("1", page=1), record("2", page=2)]

    def export(one, other):
        known = {records[0].key: one, records[1].key: other}
        return export_run(tmp_path, records, {form.form: form}, load_profiles(), books=known, split=splitter)

    (merged,) = export(replace(book, agency=""), book).books
    assert merged.book == replace(book)
    with pytest.raises(ExportError, match="'agency' differs"):
        export(replace(book, agency="UBND xã khác"), book)


def test_file_names_that_look_like_formulas_stay_text_in_the_list(tmp_path, run, record):
    result = run([record("x", file="=cmd.pdf")])
    write_held_back(tmp_path / "list.csv", result.held_back)
    assert ",'=cmd.pdf," in (tmp_path / "list.csv").read_text(encoding="utf-8-sig")


def test_the_projects_own_split_fills_signer_and_paper(tmp_path, form, book, record):
    read = record(nguoiKyChucVu="Trần Văn Bình, Chủ tịch")
    result = export_run(tmp_path, [read], {form.form: form}, load_profiles(), books={read.key: book})
    (row,) = result.books[0].workbooks[0].rows
    assert (row.cells["nguoiKy"], row.cells["chucVuNguoiKy"]) == ("Trần Văn Bình", "Chủ tịch")
