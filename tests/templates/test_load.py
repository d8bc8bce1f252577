from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from extractor.errors import TemplateError, UnknownFormError
from extractor.templates import find_form, load_form, load_forms, template_json_schema
from extractor.templates.label_template import LabelTemplate
from extractor.templates.layouts import SCHEMAS, write_json_schemas
from extractor.templates.load import default_folder


@pytest.fixture
def folder(tmp_path, ks2016) -> Path:
    return Path(shutil.copytree(ks2016.folder, tmp_path / "ks-2016"))


def test_the_shipped_forms_load(forms):
    assert {"ks-2016", "ks-2006", "notary-repertoire"} <= {form.name for form in forms}


def test_a_form_is_found_by_name(forms):
    assert find_form(forms, "ks-2006").name == "ks-2006"
    with pytest.raises(UnknownFormError, match="ks-2016") as caught:
        find_form(forms, "ks-1900")
    assert "ks-2006" in caught.value.mend


def test_any_change_is_a_new_version(folder):
    before = load_form(folder).version
    template = folder / "template.yaml"
    template.write_text(template.read_text(encoding="utf-8").replace("x: 60", "x: 61"), encoding="utf-8")
    assert load_form(folder).version != before


def test_line_ends_are_no_change(folder):
    before = load_form(folder).version
    template = folder / "template.yaml"
    template.write_bytes(template.read_bytes().replace(b"\n", b"\r\n"))
    assert load_form(folder).version == before


def test_a_later_folder_wins(folder, forms):
    schema = folder / "form.yaml"
    schema.write_text(schema.read_text(encoding="utf-8").replace('version: "1"', 'version: "mine"'), encoding="utf-8")
    merged = load_forms([forms[0].folder.parent, folder.parent])
    assert len(merged) == len(forms)
    assert find_form(merged, "ks-2016").version.startswith("mine")


def test_a_folder_without_forms_is_named(tmp_path):
    with pytest.raises(TemplateError, match=str(tmp_path)):
        load_forms([tmp_path])


def test_a_missing_template_is_named(folder):
    (folder / "template.yaml").unlink()
    with pytest.raises(TemplateError, match=r"template\.yaml"):
        load_form(folder)


@pytest.mark.parametrize("name", ["form.yaml", "template.yaml"])
def test_a_key_that_stands_twice_is_named_with_its_line(folder, name):
    path = folder / name
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if line.startswith(("title:", "layout:")))
    path.write_text("\n".join([*lines, first]), encoding="utf-8")
    with pytest.raises(TemplateError, match=rf"{name}, line {len(lines) + 1}: '\w+' stands there twice"):
        load_form(folder)


def test_the_json_schema_knows_both_layouts():
    schema = template_json_schema()
    assert set(schema["discriminator"]["mapping"]) == {"labels", "table"}


def test_labels_come_in_reading_order(ks2016):
    assert isinstance(ks2016.template, LabelTemplate)
    fields = [label.field for _, _, label in ks2016.template.labels() if label.field]
    assert fields[:3] == ["so", "quyenSo", "ngayDangKy"]


def test_the_published_json_schemas_are_those_of_the_models(tmp_path):
    for path in write_json_schemas(tmp_path):
        assert path.read_bytes() == (default_folder() / SCHEMAS / path.name).read_bytes(), path.name
