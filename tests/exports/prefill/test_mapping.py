import json
from importlib import resources

import pytest

from extractor.errors import ExportError
from extractor.exports.prefill.filler_code import MOST_CHARACTERS, bookmarklet, filler_code
from extractor.exports.prefill.mapping import known_columns, load_mapping, load_mappings, mapping_schema
from extractor.templates import load_forms

COLUMNS = known_columns(form.schema for form in load_forms())
GOOD = {
    "name": "thu", "title": "Thử", "source": "test", "match": {"url": ["https://a.test/*"]},
    "targets": {"nksHoTen": {"selector": "#ten"}},
}  # fmt: skip


def write(path, **changes):
    path.write_text(json.dumps({**GOOD, **changes}), encoding="utf-8")
    return path


def test_bundled_profiles_name_columns_that_exist():
    assert [profile.name for profile in load_mappings((), COLUMNS)] == ["trang-mau-khai-sinh"]


def test_yaml_with_numbers_as_codes_is_read(tmp_path):
    path = tmp_path / "thu.yaml"
    path.write_text(
        "name: thu\ntitle: Thử\nsource: test\nmatch: {title: [Khai sinh]}\n"
        "targets:\n  nksGioiTinh: {selector: '[name=gt]', kind: radio, map: {1: Nam, 2: Nữ}}\n",
        encoding="utf-8",
    )
    profile = load_mapping(path, COLUMNS)
    assert profile.targets["nksGioiTinh"].map == {"1": "Nam", "2": "Nữ"}
    assert "partial" not in profile.for_page()["targets"]["nksGioiTinh"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targets": {"nksHoten": {"selector": "#a"}}}, r"targets\.nksHoten: there is no such column.*'nksHoTen'"),
        ({"targets": {"nksHoTen": {}}}, r"targets\.nksHoTen: give 'selector' or 'label'"),
        ({"targets": {"nksHoTen": {"selector": "#a", "kind": "magic"}}}, r"targets\.nksHoTen\.kind"),
        ({"targets": {"nksHoTen": {"selector": "#a", "format": "hh:mm"}}}, r"targets\.nksHoTen\.format"),
        ({"targets": {"nksNgaySinh": {"kind": "split_date", "day": "#a"}}}, "needs 'day', 'month' and 'year'"),
        ({"targets": {"nksHoTen": {"selector": "#a", "kind": "checkbox"}}}, "needs 'when'"),
        ({"targets": {}}, "targets"),
        ({"match": {}}, "match: give 'url', 'title' or 'elements'"),
        ({"submit": True}, "submit: Extra inputs"),
        ({"registers": ["KZ"]}, "registers: 'KZ' is not known"),
        ({"targets": {"nksNgaySinh": {"selector": "#a", "format": "dd/dd/yyyy"}}}, "at most once"),
        ({"targets": {"nksHoTen": {"selector": "#a["}}}, "without its other"),
        ({"targets": {"nksHoTen": {"selector": "#"}}}, "without a name"),
        ({"targets": {"nksHoTen": {"selector": "input >"}}}, "no CSS selector"),
        ({"targets": {"nksHoTen": {"selector": "#a"}, "meHoTen": {"selector": "#a"}}}, "same box as nksHoTen"),
    ],
)
def test_a_wrong_profile_is_named_with_its_place(tmp_path, changes, said):
    with pytest.raises(ExportError, match=rf"thu\.json: .*{said}|thu\.json: {said}"):
        load_mapping(write(tmp_path / "thu.json", **changes), COLUMNS)


def test_files_that_are_no_profiles(tmp_path):
    path = tmp_path / "thu.yaml"
    with pytest.raises(ExportError, match=r"thu\.yaml: cannot be read"):
        load_mapping(path)
    path.write_text("name: [\n", encoding="utf-8")
    with pytest.raises(ExportError, match=r"thu\.yaml, line 2: is no YAML"):
        load_mapping(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ExportError, match=r"thu\.yaml: is no YAML"):
        load_mapping(path)
    path.write_text("", encoding="utf-8")
    with pytest.raises(ExportError, match=r"thu\.yaml: profile"):
        load_mapping(path)


def test_words_that_yaml_takes_for_truth_stay_words(tmp_path):
    path = tmp_path / "thu.yaml"
    path.write_text(
        "name: thu\ntitle: Thử\nsource: 2026-05-04\nmatch: {title: [1]}\n"
        "targets:\n  loaiDangKy: {selector: '#a', partial: false, map: {01: no, yes: On}}\n",
        encoding="utf-8",
    )
    target = load_mapping(path, COLUMNS).targets["loaiDangKy"]
    assert (target.map, target.partial) == ({"01": "no", "yes": "On"}, False)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "targets: {so: {selector: a}, so: {selector: b}}", "'so' stands twice"),
        ("a.json", '{"targets": {"so": {}, "so": {}}}', "'so' stands twice"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.yaml", "[" * 1000, "nested too deeply"),
    ],
)
def test_doubled_and_bottomless_files(tmp_path, name, text, said):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ExportError, match=said):
        load_mapping(tmp_path / name, COLUMNS)


def test_two_profiles_of_one_name(tmp_path):
    with pytest.raises(ExportError, match=r"b\.json: the name 'thu' is taken"):
        load_mappings([write(tmp_path / "a.json"), write(tmp_path / "b.json")], COLUMNS)


def test_the_written_schema_is_the_profiles_own():
    text = resources.files("extractor.exports.prefill.data").joinpath("mapping.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == mapping_schema()


def test_the_bookmark_is_short_enough_for_every_browser():
    address = bookmarklet(filler_code(load_mappings()))
    assert len(address) < MOST_CHARACTERS - 3000
    assert address.isascii() and "?" not in address and "#" not in address and "\n" not in address
