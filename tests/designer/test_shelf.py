"""The office's own forms: versions are kept, a form is there whole or not at all, nobody overwrites another's work."""

import shutil
from datetime import UTC, datetime

import pytest

from extractor.errors import TemplateError
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.review.designer.desk import Desk
from extractor.templates import load_form
from extractor.templates.checks import check_forms
from extractor.templates.designing import to_design, to_files
from extractor.templates.load import default_folder
from extractor.templates.own_forms import folders_in_use, own_folder
from extractor.templates.shelf import Shelf, VersionChangedError

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SHIPPED = default_folder()


@pytest.fixture
def out(tmp_path):
    return tmp_path


@pytest.fixture
def shelf(out):
    return Shelf(own_folder(out))


def in_use(out, name="ks-2016"):
    return Desk(out, (SHIPPED,)).find(name)


def save(shelf, out, title, *, based_on, by="Người Một", **more):
    form = load_form(SHIPPED / "ks-2016")
    design = to_design(form)
    files = to_files(design.model_copy(update={"head": design.head.model_copy(update={"title": title})}), form.folder)
    return shelf.save(
        "ks-2016", files.schema, files.template, based_on=based_on, known=lambda: in_use(out), by=by, at=NOW, **more
    )


def test_a_run_reads_with_the_offices_version_and_the_shipped_one_stays(shelf, out):
    before = load_form(SHIPPED / "ks-2016")
    saved = save(shelf, out, "Của xã", based_on=before.version)
    pipeline = Pipeline(PipelineOptions(out=out, templates=(SHIPPED,)))
    (form,) = [form for form in pipeline.forms if form.name == "ks-2016"]
    assert (form.schema.title, form.version) == ("Của xã", saved.version)
    assert load_form(SHIPPED / "ks-2016").version == before.version
    assert check_forms((own_folder(out),)) == []


def test_versions_are_kept_with_who_and_when(shelf, out):
    first = save(shelf, out, "Một", based_on=load_form(SHIPPED / "ks-2016").version, remark="tên")
    second = save(shelf, out, "Hai", based_on=first.version, by="Người Hai")
    assert [(each.number, each.version, each.by, each.in_use) for each in shelf.versions("ks-2016")] == [
        (2, second.version, "Người Hai", True),
        (1, first.version, "Người Một", False),
    ]
    assert shelf.versions("ks-2016")[1].remark == "tên"
    assert load_form(shelf.path("ks-2016", 1)).schema.title == "Một"
    with pytest.raises(TemplateError):
        shelf.path("ks-2016", 3)
    with pytest.raises(TemplateError):
        shelf.path("../ks-2016", 1)


def test_the_second_of_two_is_told_and_nothing_is_lost(shelf, out):
    began = load_form(SHIPPED / "ks-2016").version
    first = save(shelf, out, "Một", based_on=began)
    with pytest.raises(VersionChangedError) as told:
        save(shelf, out, "Hai", based_on=began, by="Người Hai")
    assert told.value.saved.by == "Người Một"
    assert in_use(out).version == first.version
    assert len(shelf.versions("ks-2016")) == 1


def test_whatever_fails_on_the_way_leaves_the_version_in_use(shelf, out):
    first = save(shelf, out, "Một", based_on=load_form(SHIPPED / "ks-2016").version)

    def broken_log(_):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        save(shelf, out, "Hai", based_on=first.version, before_use=broken_log)
    with pytest.raises(TemplateError):
        shelf.save("ks-2016", "form: x", "layout: y", based_on=first.version, known=lambda: in_use(out), by="", at=NOW)
    assert in_use(out).version == first.version
    assert [each.number for each in shelf.versions("ks-2016")] == [1]
    home = own_folder(out) / ".versions" / "ks-2016"
    assert [path.name for path in home.iterdir()] == ["0001"]


def test_a_form_put_there_by_hand_becomes_a_version(shelf, out):
    plain = shutil.copytree(SHIPPED / "ks-2016", own_folder(out) / "ks-2016")
    (plain / "form.yaml").write_text(
        (plain / "form.yaml").read_text(encoding="utf-8").replace('version: "1"', 'version: "7"'), encoding="utf-8"
    )
    by_hand = in_use(out).version
    assert by_hand.startswith("7-")
    save(shelf, out, "Sau", based_on=by_hand)
    assert [(each.number, each.in_use, each.by) for each in shelf.versions("ks-2016")] == [
        (2, True, "Người Một"),
        (1, False, ""),
    ]
    assert shelf.versions("ks-2016")[1].version == by_hand


def test_without_own_forms_nothing_is_added(out):
    assert folders_in_use((SHIPPED,), out) == (SHIPPED,)
    with pytest.raises(TemplateError):
        Shelf(own_folder(out)).save("Xấu/..", "", "", based_on="", known=lambda: None, by="", at=NOW)
