"""Crafted workbooks are refused before they fill the memory; honest ones of odd make are read."""

import io
import re
import zipfile

import openpyxl
import pytest

from extractor.errors import ExportError, ExtractorError
from extractor.exports.office_files import check_workbook
from extractor.exports.profile import load_profiles
from extractor.exports.reading_back import read_sheet
from extractor.exports.reconciliation import tracking
from extractor.exports.reconciliation.verdicts import with_workbook
from extractor.scans import Limits

PROFILE = load_profiles()["ks-c06"]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(path, header, change=lambda name, content: content, more=()):
    """A workbook of one row, its parts changed."""
    made = openpyxl.Workbook()
    made.active.append(list(header))
    made.active.append(["1"] * len(header))
    out = io.BytesIO()
    made.save(out)
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, content in more:
            new.writestr(name, content)
    return path


def in_sheet(old, new):
    def change(name, content):
        assert name != SHEET or old in content
        return content.replace(old, new) if name == SHEET else content

    return change


def readers():
    columns, words = tracking.verdict_columns(), tracking.verdict_words()
    return {
        "c06": (PROFILE.headings, lambda path: read_sheet(path, PROFILE)),
        "verdicts": (columns.values(), lambda path: with_workbook({}, path, columns, words)),
    }


@pytest.mark.parametrize("reader", readers())
def test_a_row_numbered_with_billions_is_refused(tmp_path, reader):
    header, read = readers()[reader]
    path = workbook(tmp_path / "a.xlsx", header, in_sheet(b'<row r="2"', b'<row r="900000000"'))
    with pytest.raises(ExtractorError, match="larger than any sheet") as refused:
        read(path)
    assert refused.value.mend


@pytest.mark.parametrize("reader", readers())
def test_a_size_that_is_a_lie_costs_nothing(tmp_path, reader):
    header, read = readers()[reader]

    def whole_sheet(name, content):
        return (
            re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', content) if name == SHEET else content
        )

    read(workbook(tmp_path / "a.xlsx", header, whole_sheet))


@pytest.mark.parametrize("reader", readers())
def test_a_part_packed_as_only_a_bomb_is(tmp_path, reader):
    header, read = readers()[reader]
    path = workbook(tmp_path / "a.xlsx", header, more=[("xl/media/a.xml", bytes(5 << 20))])
    with pytest.raises(ExtractorError, match="bomb"):
        read(path)


def test_too_many_parts(tmp_path, monkeypatch):
    path = workbook(tmp_path / "a.xlsx", ["a"])
    monkeypatch.setattr("extractor.exports.office_files.Limits", lambda: Limits(zip_members=5))
    with pytest.raises(ExportError, match="more than a workbook"):
        check_workbook(path)
