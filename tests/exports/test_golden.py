"""Every profile's workbook against a frozen sheet, cell by cell."""

from __future__ import annotations

import csv
import json
from importlib import resources
from pathlib import Path

import openpyxl
import pytest
import yaml

from extractor.exports.profile import load_profiles
from extractor.exports.workbook import write_workbook
from extractor.records import BookKey, Decision, FieldState, FieldValue, Record, Registration
from extractor.templates import load_forms

GOLDEN = Path(__file__).parent / "golden"
PROFILES = load_profiles()
OFFICIAL = {"ks-60": "KS_60", "ks-70": "KS_70_template158", "ks-c06": "KS_C06_export"}


@pytest.fixture(scope="module")
def forms():
    return {form.schema.form: form.schema for form in load_forms()}


@pytest.fixture(scope="module")
def invented():
    return yaml.safe_load((GOLDEN / "records.yaml").read_text(encoding="utf-8"))


def field_of(content) -> FieldValue:
    parts = content if isinstance(content, dict) else {"raw": content or "", "value": content}
    parts = {"value": parts["raw"], "state": FieldState.READ if parts["raw"] else FieldState.BLANK, **parts}
    return FieldValue(decision=Decision.CONFIRMED, confidence=0.9, **parts)


def record_of(form, content, page: int) -> Record:
    return Record(
        file="so.pdf",
        page=page,
        form=form.form,
        form_version=form.version,
        registration=Registration(ok=True, residual_px=1.0, coverage=1.0, method="test"),
        fields={code: field_of(value) for code, value in content["fields"].items()},
    )


def book_of(profile, content) -> BookKey:
    return BookKey(
        register=profile.register_code,
        year=content["year"],
        number="01",
        agency="UBND xã Đồng Thử",
        commune="Xã Đồng Thử",
        district="Huyện Bù Đăng",
        province="Tỉnh Bình Phước",
    )


def sheets_of(profile, forms, invented, folder: Path) -> list[list[str]]:
    """The sheet's rows of all forms of the register, header first; each form is a book of its own year."""
    rows: list[list[str]] = []
    for name, content in invented.items():
        form = forms[name]
        if form.register_code != profile.register_code:
            continue
        result = write_workbook(
            folder / f"{name}.xlsx", [record_of(form, content, 1)], form, book_of(profile, content), profile
        )
        assert not result.held_back
        header, row = openpyxl.load_workbook(result.path)[profile.sheet].iter_rows()
        assert {cell.number_format for cell in (*header, *row)} == {"@"}
        rows = rows or [[cell.value for cell in header]]
        assert [cell.value for cell in header] == rows[0]
        rows.append([cell.value or "" for cell in row])
    return rows


@pytest.mark.parametrize("name", list(PROFILES))
def test_the_sheet_is_the_frozen_one(name, forms, invented, tmp_path):
    found = sheets_of(PROFILES[name], forms, invented, tmp_path)
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        wanted = [list(column) for column in zip(*csv.reader(file), strict=True)]
    assert len(found) > 2
    for row, expected in zip(found, wanted, strict=True):
        differing = {
            heading: (cell, other)
            for heading, cell, other in zip(found[0], row, expected, strict=True)
            if cell != other
        }  # fmt: skip
        assert differing == {}


@pytest.mark.parametrize("name", [name for name, profile in PROFILES.items() if profile.official])
def test_the_header_is_the_published_one(name):
    text = resources.files("extractor.exports").joinpath("columns_158.json").read_text(encoding="utf-8")
    published = json.loads(text)[OFFICIAL.get(name, name.partition("-")[0].upper())]
    assert list(PROFILES[name].headings) == published
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        assert [line[0] for line in csv.reader(file)] == published


@pytest.mark.parametrize("name", [name for name, profile in PROFILES.items() if not profile.official])
def test_a_sheet_of_our_own_holds_all_its_forms_and_says_what_it_is(name, forms, invented, tmp_path):
    profile = PROFILES[name]
    own = [form for form in forms.values() if form.register_code == profile.register_code]
    filled = {column for form in own for spec in form.fields for column in spec.columns}
    assert set(profile.columns) == filled | {"noiDangKy"}
    sheets_of(profile, forms, invented, tmp_path)
    workbook = openpyxl.load_workbook(next(tmp_path.glob("*.xlsx")))
    lines = list(workbook[workbook.sheetnames[1]].iter_rows(values_only=True))
    assert "KHÔNG PHẢI MẪU NHẬP CHÍNH THỨC" in lines[0][0]
    assert [line[0] for line in lines[4:]] == list(profile.columns)
    assert "không phải mẫu nhập chính thức" in workbook.properties.title
    assert "KHÔNG PHẢI" in workbook.worksheets[0].oddHeader.center.text


def test_the_polices_columns_are_those_of_the_official_sheet_in_capitals():
    profile = PROFILES["ks-c06"]
    odd = {h: c for h, c in zip(profile.headings, profile.columns, strict=True) if h != c.upper()}
    assert odd == {
        "DC_DVNHAPHUYEN": "dvNhapHuyen",
        "DC_DVNHAPXA": "dvNhapXa",
        "NKSMATTICHGHICHUTUYENBO": "nksMatTichNgayGhiChuTuyenBo",
        "NKSMATTICHGHICHUHUYTUYENBO": "nksMatTichNgayGhiChuHuyTuyenBo",
        "NKSHANCHENANGLUCHANHVICANCUHUYTUYENBO": "nksHanCheNangLucHanhViNgayCanCuHuyTuyenBo",
    }
