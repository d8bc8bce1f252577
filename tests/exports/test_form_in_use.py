"""Columns are those of the form in use: records that were read with another version of it are held back."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import openpyxl
from support.output_folder import STEM

from extractor.batch.storage import open_store
from extractor.exports.books import export_run
from extractor.exports.profile import load_profiles
from extractor.exports.report import book_lines
from extractor.store import Approvals


def change(out, templates):
    """Let the office's own form have the columns of the parents' names changed for each other."""
    shutil.copytree(templates / "ks-2006", out / "templates" / "ks-2006")
    path = out / "templates" / "ks-2006" / "form.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("[chaHoTen]") == text.count("[meHoTen]") == 1
    text = text.replace("[chaHoTen]", "[-]").replace("[meHoTen]", "[chaHoTen]").replace("[-]", "[meHoTen]")
    path.write_text(text, encoding="utf-8")


def listed(out, name="held_back.csv", column="Mã lý do"):
    with (out / "import" / name).open(encoding="utf-8-sig", newline="") as file:
        return [line[column] for line in csv.DictReader(file)]


def cells(path):
    header, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_an_approved_book_whose_form_changed_is_held_back_and_its_files_stay(out, extractor, templates):
    (out / "exports.yaml").write_text("policy: approved\n", encoding="utf-8")
    with open_store(out) as store:
        approvals = Approvals(store)
        approvals.approve(1, "Lãnh Đạo", approvals.standing(1).digest)
    extractor("export", "all", "--from", out)
    manifest = out / "packages" / f"{STEM}.manifest.json"
    workbook = out / "import" / f"{STEM}.xlsx"
    with open_store(out) as store:
        stored = next(store.records())
    assert json.loads(manifest.read_text(encoding="utf-8"))["versions"]["forms"] == {"ks-2006": stored.form_version}
    before = {path: path.read_bytes() for path in (manifest, workbook, out / "packages" / f"{STEM}.zip")}
    assert cells(workbook)[0]["chaHoTen"] == stored.fields["chaHoTen"].value
    change(out, templates)
    code, shown = extractor("export", "all", "--from", out)
    assert (code, "no record fits the form in use" in shown) == (0, True)
    assert listed(out) == ["form_changed"] * 4
    assert all("Chạy lại" in mend for mend in listed(out, column="Cách khắc phục"))
    assert {path: path.read_bytes() for path in before} == before
    shutil.rmtree(out / "templates")
    extractor("export", "all", "--from", out)
    assert listed(out) == []


def test_a_draft_shows_nothing_in_columns_that_may_be_wrong(out, extractor, templates):
    change(out, templates)
    extractor("export", "ks-60", "--from", out, "--pending", "proposal")
    assert [row["chaHoTen"] for row in cells(out / "import" / f"{STEM}.draft.xlsx")] == [None] * 4


def test_no_entry_form_is_written_with_another_version_of_the_form(out, extractor, templates, tmp_path):
    change(out, templates)
    code, shown = extractor("prefill", out, "--out", tmp_path / "forms", "--templates", templates)
    assert (code, shown.count("read with another version of form ks-2006")) == (3, 4)
    assert not list((tmp_path / "forms").rglob("so*.html"))


def test_an_answer_whose_field_the_form_no_longer_has_is_reported(tmp_path, record, form, book, splitter, jpeg):
    read = record("1")
    read = read.model_copy(update={"fields": {**read.fields, "chaHoTen": read.fields["nksHoTen"]}})
    done = export_run(
        tmp_path, [read], {form.form: form}, load_profiles(), books={read.key: book}, split=splitter,
        page_source=lambda key: (jpeg(key[1]), 1),
    )  # fmt: skip
    content = json.loads(done.books[0].manifest.read_text(encoding="utf-8"))
    assert ["chaHoTen" in one["fields_without_column"] for one in content["workbooks"]] == [True, True]
    assert "fields_off_form" in [warning["code"] for warning in content["book_warnings"]]
    (line,) = book_lines(done, tmp_path)
    assert any("chaHoTen" in vietnamese for vietnamese, _ in line.findings)
    assert "fields_off_form" in listed(tmp_path, "checks.csv", "Mã")


def test_a_form_that_gives_a_column_twice_holds_back_its_own_books_alone(tmp_path, record, form, book, splitter):
    doubled = form.fields[0].model_copy(update={"code": "soKhac"})
    bad = form.model_copy(update={"form": "ks-bad", "fields": (*form.fields, doubled)})
    sound, other = record("1"), record("2", page=2, quyenSo="02").model_copy(update={"form": "ks-bad"})
    done = export_run(
        tmp_path, [sound, other], {form.form: form, bad.form: bad}, load_profiles(), split=splitter,
        books={sound.key: book, other.key: replace(book, number="02")},
    )  # fmt: skip
    assert [(one.book.number, one.rows, len(one.held_back)) for one in done.books] == [("01", 1, 0), ("02", 0, 1)]
    assert listed(tmp_path) == ["form_columns"]
