from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from extractor.templates import check_forms
from extractor.templates.checks import check_form


def broken(ks2016, tmp_path: Path, file: str, old: str, new: str) -> tuple[Path, int]:
    """A copy of the form with one thing changed, and the line it is on."""
    folder = Path(shutil.copytree(ks2016.folder, tmp_path / "ks-2016"))
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder, text[: text.index(old)].count("\n") + 1


def test_the_shipped_forms_are_right():
    assert [finding.message for finding in check_forms() if finding.serious] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("template.yaml", "layout: labels", "layout: label", ("layout", "labels, table")),
        ("template.yaml", "pitch: 8", "pitch: eight", ("pitch", "number")),
        ("template.yaml", "field: nksHoTen", "field: nksHoTne", ("nksHoTne", "form.yaml")),
        ("template.yaml", "x: 105, field: ngayDangKy", "y: 105, field: ngayDangKy", ("x", "Add 'x'")),
        ("template.yaml", "option: Đúng hạn, value: box", "option: Đúng hẹn, value: box", ("Đúng hẹn", "Quá hạn")),
        ("template.yaml", "x: 22, field: nksNoiSinh", "x: 222, field: nksNoiSinh", ("Nơi sinh", "x")),
        ("template.yaml", "field: nksDanToc", "field: nksDanToc, part: ngày", ("ngày", "part")),
        ("form.yaml", "kind: sex", "kind: gender", ("kind", "sex")),
        ("form.yaml", "code: nksDanToc", "code: so", ("so", "twice")),
        ("form.yaml", "columns: [nksDanToc]", "columns: [so]", ("nksDanToc", "so", "given 2 times")),
        ("form.yaml", "register_code: KS", "register_code: ZZ", ("ZZ", "KS, KH")),
        ("form.yaml", "profile: KS_60", "profile: KS_61", ("KS_61", "KS_60")),
    ],
)
def test_a_mistake_is_named_with_file_line_and_mend(ks2016, tmp_path, file, old, new, words):
    folder, line = broken(ks2016, tmp_path, file, old, new)
    findings = [finding for finding in check_form(folder) if finding.serious]
    assert findings
    said = " ".join(f"{finding.message} {finding.mend}" for finding in findings)
    assert file in said
    for word in words:
        assert word in said
    if "code: so" not in new:
        assert f"line {line}" in said


def test_broken_yaml_is_named_with_its_line(ks2016, tmp_path):
    folder, line = broken(ks2016, tmp_path, "template.yaml", "blocks:", "blocks: [")
    (finding,) = check_form(folder)
    assert "template.yaml, line" in finding.message
    assert line


def test_a_field_without_place_is_named(ks2016, tmp_path):
    folder, _ = broken(ks2016, tmp_path, "template.yaml", ", field: trangSo", "")
    assert any("trangSo" in finding.message and finding.serious for finding in check_form(folder))


def test_a_form_in_a_folder_of_another_name_is_named(ks2016, tmp_path):
    folder = Path(shutil.copytree(ks2016.folder, tmp_path / "ks-2017"))
    assert any("ks-2017" in finding.message for finding in check_form(folder))


def test_a_missing_picture_is_only_advice(ks2016, tmp_path):
    folder = Path(shutil.copytree(ks2016.folder, tmp_path / "ks-2016"))
    (folder / "blank.png").unlink()
    (finding,) = check_form(folder)
    assert not finding.serious


def test_a_column_of_no_sheet_is_advice(ks2016, tmp_path):
    folder, line = broken(ks2016, tmp_path, "form.yaml", "columns: [nksDanToc]", "columns: [nksDanTocc]")
    (finding,) = check_form(folder)
    assert not finding.serious and f"form.yaml, line {line}:" in finding.message and "nksDanTocc" in finding.message


def copied(ks2016, folder: Path, name: str) -> Path:
    """A copy of the form in a folder of its own, under another name."""
    shutil.copytree(ks2016.folder, folder / name)
    path = folder / name / "form.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("form: ks-2016", f"form: {name}"), encoding="utf-8")
    return folder


@pytest.fixture
def few(ks2016, tmp_path) -> Path:
    """A folder with some of the shipped forms: each is held against each, so that all of them take long."""
    for name in ("ks-2016", "ks-2006", "kt-2016"):
        shutil.copytree(ks2016.folder.with_name(name), tmp_path / "few" / name)
    return tmp_path / "few"


def test_two_forms_that_hide_each_other_are_named_once(ks2016, few, tmp_path):
    own = copied(ks2016, tmp_path / "own", "ks-xa")
    (finding,) = [finding for finding in check_forms((few, own)) if finding.serious]
    assert finding.form == "ks-xa" and "ks-2016" in finding.message and "tells" in finding.mend
    assert check_forms((own,)) == []
    # An office's own forms are always in use beside the shipped ones.
    (own / ".versions").mkdir()
    assert [finding.form for finding in check_forms((own,))] == ["ks-xa"]


def test_an_own_version_of_a_form_is_no_clash(ks2016, few, tmp_path):
    own = copied(ks2016, tmp_path / "own", "ks-2016")
    assert [finding for finding in check_forms((few, own)) if finding.serious] == []
