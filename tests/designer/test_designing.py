"""Forms to and from what the designer holds: nothing changes, nothing is lost, every fault finds its thing."""

import shutil
from pathlib import Path

import pytest

from extractor.errors import ExportError
from extractor.exports.fields import column_owners
from extractor.templates import Form, load_form, load_forms
from extractor.templates.blank import draw_blank
from extractor.templates.checks import check_form
from extractor.templates.designing import Design, OddDesignError, find_faults, to_design, to_files, to_form
from extractor.templates.designing.converting import levelled, next_version
from extractor.templates.load import SCHEMA_FILE, TEMPLATE_FILE, default_folder


@pytest.fixture(scope="module")
def forms():
    return {form.name: form for form in load_forms()}


def written(design, folder: Path, before: Path | None = None):
    files = to_files(design, before)
    folder.mkdir(parents=True)
    (folder / SCHEMA_FILE).write_text(files.schema, encoding="utf-8")
    (folder / TEMPLATE_FILE).write_text(files.template, encoding="utf-8")
    return load_form(folder)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in default_folder().glob("*/form.yaml")))
def test_a_form_goes_through_the_designer_unchanged(forms, name, tmp_path):
    form = forms[name]
    design = Design.model_validate_json(to_design(form).model_dump_json())
    again = written(design, tmp_path / name, form.folder)
    assert again.template == form.template
    assert again.schema.model_copy(update={"version": ""}) == form.schema.model_copy(update={"version": ""})
    assert [fault for fault in find_faults(design, list(forms.values())) if fault.serious] == []
    assert to_design(again) == design


def test_remarks_stay_where_they_stood(forms, tmp_path):
    form = forms["ks-2016"]
    folder = shutil.copytree(form.folder, tmp_path / "before")
    schema = (folder / SCHEMA_FILE).read_text(encoding="utf-8")
    schema = "# Of this office.\n" + schema.replace(
        "columns: [so], required: true}", "columns: [so], required: true}  # guessed"
    )
    schema = schema.replace("  - {code: ghiChu", "  # Read last.\n  - {code: ghiChu")
    (folder / SCHEMA_FILE).write_text(schema, encoding="utf-8")
    text = to_files(to_design(load_form(folder)), folder).schema
    assert text.startswith("# Of this office.\n")
    assert "required: true}  # guessed\n" in text
    assert "  # Read last.\n  - {code: ghiChu" in text
    # A remark on what is gone is kept at the end; none is doubled by another round.
    design = to_design(load_form(folder))
    less = design.model_copy(update={"fields": [each for each in design.fields if each.code != "ghiChu"]})
    (folder / SCHEMA_FILE).write_text(to_files(less, folder).schema, encoding="utf-8")
    again = to_files(less, folder).schema
    assert again.count("# Read last.") == again.count("# Of this office.") == again.count("# Kept from") == 1


def test_labels_moved_on_one_level_share_a_line(forms):
    design = to_design(forms["ks-2016"])
    sheet = design.sheet
    number, book = sheet.places[0], sheet.places[1]
    assert number.y == book.y
    moved = [place.model_copy(update={"y": place.y + 0.3}) if place.id == book.id else place for place in sheet.places]
    template = to_form(design.model_copy(update={"sheet": sheet.model_copy(update={"places": moved})}))[1]
    assert [label.text for label in template.blocks[0].lines[0].labels][:2] == ["Số", "Quyển"]
    apart = [place.model_copy(update={"y": place.y - 5}) if place.id == book.id else place for place in sheet.places]
    template = to_form(design.model_copy(update={"sheet": sheet.model_copy(update={"places": apart})}))[1]
    assert [line.labels[0].text for line in template.blocks[0].lines] == ["Quyển", "Số"]


def test_what_is_said_of_a_moved_label_is_what_is_read_back(forms, tmp_path):
    design = to_design(forms["ks-2006"])
    one = next(place for place in design.sheet.places if place.text == "Giới tính")
    for shift in (0.5, -0.5):
        moved = with_place(design, one.field, y=one.y + shift)
        said = levelled(moved)
        again = to_design(written(said, tmp_path / str(shift) / "ks-2006"))
        assert [place.y for place in again.sheet.places] == [place.y for place in said.sheet.places]
        assert next(place.y for place in said.sheet.places if place.id == one.id) not in (one.y, one.y + shift)


def test_no_words_are_taken_for_a_remark(forms, tmp_path):
    form = forms["ks-2006"]
    folder = Path(shutil.copytree(form.folder, tmp_path / "ks-2006"))
    plain = to_files(to_design(form), folder)
    for words in ("it's # x", 'say "hi" # x', "# all", "'' # '", "x # y", "\\\\ # '"):
        odd = with_head(with_place(to_design(form), "so", text=words), title=words, source=f"{words}\n# rem\nx")
        files = to_files(odd, folder)
        (folder / SCHEMA_FILE).write_text(files.schema, encoding="utf-8")
        (folder / TEMPLATE_FILE).write_text(files.template, encoding="utf-8")
        assert to_design(load_form(folder)) == odd
        assert to_files(to_design(form), folder) == plain
    # Of a value over several lines, as people write it by hand.
    broken = "'Sổ\n\n  # rem, it''s\n  Sổ đăng ký khai sinh'  # own"
    by_hand = plain.schema.replace("Sổ đăng ký khai sinh", broken, 1)
    assert by_hand != plain.schema
    (folder / SCHEMA_FILE).write_text(by_hand, encoding="utf-8")
    text = to_files(to_design(form), folder).schema
    assert "# own" in text and "# rem" not in text


def with_field(design, named, **changes):
    fields = [each.model_copy(update=changes) if each.code == named else each for each in design.fields]
    return design.model_copy(update={"fields": fields})


def with_place(design, code, **changes):
    places = [each.model_copy(update=changes) if each.field == code else each for each in design.sheet.places]
    return design.model_copy(update={"sheet": design.sheet.model_copy(update={"places": places})})


@pytest.mark.parametrize(
    ("change", "kind", "field", "item"),
    [
        (lambda d: with_field(d, "so", code="Số 1"), "code_form", "so", "f"),
        (lambda d: with_field(d, "so", code="quyenSo"), "code_twice", "so", "f"),
        (lambda d: with_field(d, "nksNgaySinhBangChu", words_of="x"), "words_of_unknown", "nksNgaySinhBangChu", "f"),
        (lambda d: with_field(d, "so", kind="choice"), "choice_options", "so", "f"),
        (lambda d: with_place(d, "so", text=" "), "label_empty", "so", "p"),
        (lambda d: with_place(d, "so", text="a\nb: c"), "line_break", "so", "p"),
        (lambda d: with_field(d, "so", label="a\u2028b"), "line_break", "so", "f"),
        (lambda d: with_place(d, "so", x=900.0), "off_page", "so", "p"),
        (lambda d: with_place(d, "so", field="quyenSo"), "twice", "quyenSo", "p"),
        (lambda d: with_place(d, "so", field="xyz"), "unknown_field", "so", "p"),
        (lambda d: with_place(d, "so", field=None), "no_place", "so", "f"),
        (lambda d: with_place(d, "so", value="box"), "box_and_choice", "so", "p"),
        (lambda d: with_place(d, "so", option="y"), "option_unknown", "so", "p"),
    ],
)
def test_a_fault_stands_beside_its_thing(forms, change, kind, field, item):
    design = to_design(forms["ks-2016"])
    ids = {
        "f": {each.code: each.id for each in design.fields},
        "p": {each.field: each.id for each in design.sheet.places if each.field},
    }[item]
    faults = find_faults(change(design))
    found = [fault for fault in faults if fault.kind == kind]
    assert found and (kind == "twice" or ids[field] in {fault.item for fault in found})
    assert all(fault.item for fault in faults)


def test_what_only_the_checker_knows_is_told_too(forms):
    design = with_place(to_design(forms["ks-2016"]), "so", value="sideways")
    assert ("odd", design.sheet.places[0].id) in {(fault.kind, fault.item) for fault in find_faults(design)}
    with pytest.raises(OddDesignError):
        to_form(design)


@pytest.mark.parametrize("name", ["a--b", "-a", "a-", "A", "../x", ""])
def test_what_is_no_name_of_a_form_is_told(forms, name):
    design = with_head(to_design(forms["ks-2016"]), form=name)
    assert [fault.kind for fault in find_faults(design)] == ["form_name"]


def test_a_blank_form_is_drawn_whatever_stands_in_its_labels(forms):
    schema, template = to_form(with_place(to_design(forms["ks-2016"]), "so", text="a\nb: c"))
    assert draw_blank(Form(schema, template, Path())).width > 0


@pytest.mark.parametrize("rest", [{"header": "x"}, {"header": 5}, {"rows": 5}, {}])
def test_what_the_designer_does_not_draw_may_be_anything(forms, rest):
    design = to_design(forms["ks-1976"])
    table = design.table.model_copy(update={"rest": {**design.table.rest, **rest} if rest else {}})
    assert {fault.kind for fault in find_faults(design.model_copy(update={"table": table}))} == {"odd"}


def test_faults_of_a_table(forms):
    design = to_design(forms["ks-1976"])
    table = design.table
    edges = [*table.edges[:2], table.edges[2].model_copy(update={"at": 0.9}), *table.edges[3:]]
    found = find_faults(design.model_copy(update={"table": table.model_copy(update={"edges": edges})}))
    assert {fault.kind for fault in found} == {"edges"}
    columns = [column.model_copy(update={"field": ""}) if column.field == "so" else column for column in table.columns]
    found = find_faults(design.model_copy(update={"table": table.model_copy(update={"columns": columns})}))
    assert {fault.kind for fault in found} == {"rows_unknown"}


@pytest.mark.parametrize(
    ("old", "new"), [("1", "2"), ("", "1"), ("2016b", "2017b"), ("draft", "draft-2"), ("1.9", "1.10")]
)
def test_versions_rise(old, new):
    assert next_version(old) == new


def test_a_saved_form_passes_the_check(forms, tmp_path):
    form = forms["cn-2011"]
    written(to_design(form), tmp_path / "cn-2011")
    shutil.copy(form.folder / "blank.png", tmp_path / "cn-2011")
    assert check_form(tmp_path / "cn-2011") == []


def test_a_form_that_prints_what_another_prints_is_no_form_of_its_own(forms):
    in_use = list(forms.values())
    copy = to_design(forms["ks-2006"])
    copy = copy.model_copy(update={"head": copy.head.model_copy(update={"form": "ks-2006-xa"})})
    (fault,) = find_faults(copy, in_use)
    assert (fault.kind, fault.item, fault.about, fault.serious) == ("twin", "head", {"form": "ks-2006"}, True)
    # A label more does not tell them apart, words of its own do.
    more = copy.sheet.places[0].model_copy(update={"id": "p900", "text": "Tờ", "field": None, "y": 290.0})
    sheet = copy.sheet.model_copy(update={"places": [*copy.sheet.places, more]})
    assert [fault.kind for fault in find_faults(copy.model_copy(update={"sheet": sheet}), in_use)] == ["twin"]
    own = copy.sheet.model_copy(update={"tells": ["Sổ khai sinh của xã vùng cao", "Mẫu in riêng năm 2008"]})
    told = find_faults(copy.model_copy(update={"sheet": own}), in_use)
    assert [(fault.kind, fault.serious) for fault in told] == [("twin_here", False)]
    table = to_design(forms["ks-1976"])
    table = table.model_copy(update={"head": table.head.model_copy(update={"form": "ks-1977"})})
    assert [fault.kind for fault in find_faults(table, in_use)] == ["twin"]


def test_words_that_are_no_words_weigh_nothing(forms):
    design = to_design(forms["ks-2016"])
    places = [place.model_copy(update={"optional": True}) for place in design.sheet.places]
    sheet = design.sheet.model_copy(update={"places": places, "tells": ["..."]})
    assert find_faults(design.model_copy(update={"sheet": sheet}), list(forms.values())) is not None


@pytest.mark.parametrize(
    ("change", "kind", "serious"),
    [
        (lambda d: with_field(d, "quyenSo", columns=["so"]), "column_twice", True),
        (lambda d: with_field(d, "nksHoTen", columns=["nksHoTenn"]), "column_unknown", False),
        (lambda d: with_field(d, "so", columns=[]), "no_number", False),
        (lambda d: with_head(d, register_code="ZZ"), "register_unknown", True),
        (lambda d: with_head(d, profile="../../x"), "profile_unknown", True),
    ],
)
def test_columns_that_go_nowhere_are_told(forms, change, kind, serious):
    design = change(to_design(forms["ks-2006"]))
    faults = find_faults(design)
    assert {(fault.kind, fault.serious) for fault in faults} == {(kind, serious)}
    ids = {each.code: each.id for each in design.fields}
    assert {fault.item for fault in faults} <= {ids["so"], ids["quyenSo"], ids["nksHoTen"], "head"}
    if kind == "column_twice":
        with pytest.raises(ExportError):
            column_owners(to_form(design)[0])


def with_head(design, **changes):
    return design.model_copy(update={"head": design.head.model_copy(update=changes)})
