from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from extractor.errors import ExportError
from extractor.exports.profile import column_lists, load_profile, load_profiles, profiles_for

REPOSITORY = Path(__file__).parents[2]


def test_bundled_profiles_have_the_published_columns():
    profiles = load_profiles()
    official = ["cmc-50", "hn-35", "kh-44", "ks-60", "ks-70", "ks-c06", "kt-48"]
    assert [name for name, profile in profiles.items() if profile.official] == official
    for name in ("cmc-50", "hn-35", "kh-44", "kt-48"):
        register, _, count = name.partition("-")
        assert profiles[name].columns == column_lists()[register.upper()]
        assert len(profiles[name].columns) == int(count)
        assert profiles[name].sheet == register.upper()
    assert profiles["ks-60"].columns == column_lists()["KS_60"]
    assert len(profiles["ks-60"].columns) == 60
    assert profiles["ks-60"].sheet == "KS"
    assert profiles["ks-70"].columns == column_lists()["KS_70_template158"]
    assert len(profiles["ks-70"].columns) == 70
    assert profiles["ks-70"].sheet == "DL Import"
    assert profiles["ks-70"].columns[0] == "STT"


def test_the_misspelt_official_column_is_kept():
    assert "nksHanCheNangLucHanhViNgayCanCuHuyTuyenBo" in load_profiles()["ks-60"].columns


def test_profiles_are_found_by_register():
    profiles = load_profiles()
    assert [profile.name for profile in profiles_for("KS", profiles)] == ["ks-60", "ks-70"]
    assert [profile.name for profile in profiles_for("KH", profiles)] == ["kh-44"]
    assert [profile.name for profile in profiles_for("GH", profiles)] == ["gh-own"]
    assert profiles_for("XX", profiles) == []
    # The police's sheet does not go with the import package: it is written where it is asked for by name.
    assert profiles_for("KS", {"ks-c06": profiles["ks-c06"]}) == [profiles["ks-c06"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": "KS_61"}, "no column list 'KS_61'"),
        ({"columns": ["so", "so"]}, "stand twice: so"),
        ({"serial_column": "TT"}, "not columns of the sheet: TT"),
        ({"sheet": "a/b"}, "sheet"),
        ({"colour": "blue"}, "colour"),
        ({"keys": {"number": "so", "date": "ngayDangKy", "book": "quyen"}}, "key_cells"),
        ({"key_cells": {"so": "{nummer}", "quyenSo": "{book}", "ngayDangKy": "{date}"}}, "unknown part 'nummer'"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_file_and_place(tmp_path, change, message):
    data = yaml.safe_load((REPOSITORY / "extractor/exports/profiles/ks-60.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump({**data, **change}), encoding="utf-8")
    with pytest.raises(ExportError, match=message) as error:
        load_profile(path)
    assert "wrong.yaml" in str(error.value)
    assert error.value.mend


@pytest.mark.parametrize("pattern", ["{register}/{number}.pdf", "{register}.{number}", "{nummer}.pdf"])
def test_a_wrong_pdf_name_is_refused(tmp_path, pattern):
    data = yaml.safe_load((REPOSITORY / "extractor/exports/profiles/ks-60.yaml").read_text(encoding="utf-8"))
    data["naming"]["pdf"] = pattern
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(ExportError, match=r"naming\.pdf"):
        load_profile(path)


def test_a_second_profile_of_the_same_name_is_refused(tmp_path):
    text = (REPOSITORY / "extractor/exports/profiles/ks-60.yaml").read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ExportError, match="'ks-60' is taken"):
        load_profiles(tmp_path)


def test_a_file_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("name: [", encoding="utf-8")
    with pytest.raises(ExportError, match="cannot be read as YAML"):
        load_profile(path)
