"""What is handed over, opened by the programs that offices have: LibreOffice, openpyxl, pandas, unzip."""

from __future__ import annotations

import csv
import shutil
import subprocess

import openpyxl
import pandas
import pytest

from extractor.exports.books import export_book
from extractor.exports.fields import entry_of
from extractor.exports.profile import load_profiles

NAMES = ["=HYPERLINK(1)", "+84 Nam", "-Nam", "@SUM(A1)", "007", "1/2", "TRUE", "Nguyễn, Ánh"]


@pytest.fixture(scope="module")
def programs():
    missing = [name for name in ("soffice", "unzip") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def test_workbooks_and_packages_open_everywhere_and_names_stay_text(
    programs, form, book, record, splitter, jpeg, tmp_path
):
    profiles = load_profiles()
    records = [record(str(n), page=n, nksHoTen=name) for n, name in enumerate(NAMES, start=1)]
    entries = [entry_of(read, {form.form: form}, splitter) for read in records]
    paths = {}
    for wanted in (["ks-60", "ks-70"], ["ks-c06"]):
        exported = export_book(
            tmp_path / "out", entries, book, [profiles[name] for name in wanted], page_source=lambda _: (jpeg(), 1)
        )
        paths |= {name: made.path for name, made in zip(wanted, exported.workbooks, strict=True)}
        package = exported.package or package  # noqa: F821 - the first round makes one

    tested = subprocess.run(["unzip", "-t", str(package.path)], check=True, capture_output=True, text=True)
    assert "No errors detected" in tested.stdout
    assert tested.stdout.count(".pdf") == len(NAMES)

    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to"]
    command += ["csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", str(tmp_path), *map(str, paths.values())]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    for name, path in paths.items():
        profile = profiles[name]
        column = profile.columns.index("nksHoTen")
        with (tmp_path / f"{path.stem}.csv").open(encoding="utf-8-sig", newline="") as file:
            seen = {"soffice": list(csv.reader(file))}
        seen["pandas"] = pandas.read_excel(path, sheet_name=profile.sheet, header=None, dtype=str, na_filter=False)
        seen["pandas"] = seen["pandas"].to_numpy().tolist()
        sheet = openpyxl.load_workbook(path)[profile.sheet]
        seen["openpyxl"] = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} <= {"s", "inlineStr"}
        for program, rows in seen.items():
            assert rows[0] == list(profile.headings), program
            assert [row[column] for row in rows[1:]] == NAMES, program
            dates = {row[profile.columns.index("ngayDangKy")] for row in rows[1:]}
            assert dates == {profile.dates.written("ngayDangKy", "03.02.2017")}, program
