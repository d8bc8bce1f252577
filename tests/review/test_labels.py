"""What fields, books and messages are called."""

from pathlib import Path

import pytest

from extractor.records import BookKey, RuleWarning
from extractor.review.labels import Labels, book_name

FORM = """
form: ks-thu
version: "1"
register_code: KS
title: Sổ đăng ký khai sinh
title_en: Birth register, a form for tests
source: invented
fields:
  - {code: so, label: Số, kind: record_number}
  - {code: meDanToc, label: Dân tộc, kind: ethnic_group}
"""


@pytest.fixture
def labels(tmp_path):
    for name, content in (("ks-thu", FORM), ("broken", "fields: [")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "form.yaml").write_text(content, encoding="utf-8")
    return Labels.load([tmp_path])


def test_fields_have_their_printed_labels_and_the_person_they_are_about(labels):
    assert labels.spec("ks-thu", "meDanToc").label == "Dân tộc"
    assert labels.group("meDanToc", "vi") == "Mẹ"
    assert labels.group("meDanToc", "en") == "Mother"
    assert labels.group("so", "vi") == ""
    assert labels.group("message", "vi") == ""  # a code that only begins with the same letters


def test_what_no_schema_knows_is_called_by_its_code(labels):
    assert labels.spec("ks-thu", "xyz").label == "xyz"
    assert labels.spec("unknown", "xyz", "date").kind.value == "date"
    assert labels.spec("unknown", "xyz", "rubbish").kind.value == "text"
    assert labels.title("unknown", "vi") == "unknown"


def test_messages_call_fields_by_their_labels(labels):
    warning = RuleWarning(
        rule="R", fields=("meDanToc",), message="meDanToc lạ; so không đổi.", message_en="meDanToc is odd."
    )
    assert labels.explain(warning, "ks-thu", "vi") == "“Dân tộc” (Mẹ) lạ; so không đổi."
    assert labels.explain(warning, "ks-thu", "en") == "“Dân tộc” (Mother) is odd."
    assert labels.explain(warning, "unknown", "vi") == warning.message


@pytest.mark.parametrize(
    ("book", "name"),
    [
        (BookKey("KS", "2017", "01", "UBND xã Thử"), "Sổ đăng ký khai sinh, năm 2017, quyển 01 · UBND xã Thử"),
        (BookKey("KT", "2017"), "Sổ đăng ký khai tử, năm 2017"),
        (BookKey(), "Sổ chưa rõ tên"),
    ],
)
def test_books_are_called_as_people_call_them(labels, book, name):
    assert book_name(book, labels, "vi") == name


def test_a_register_has_one_name_whatever_the_form_of_its_pages():
    labels = Labels.load([Path(__file__).parents[2] / "page_templates"])
    known = [schema for schema in labels.schemas.values() if schema.language == "vi"]
    for code in {schema.register_code for schema in known} - {""}:
        assert labels.register(code, "vi") != code != labels.register(code, "en"), code
    assert labels.register("KS", "vi") == "Sổ đăng ký khai sinh"
    assert labels.register("XX", "vi") == "XX"
