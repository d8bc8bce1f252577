"""What fields, books and messages are called."""

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


def test_a_register_is_called_as_its_newest_form_calls_it(tmp_path):
    for name, title in (("ks-1965", "Chứng-thư khai-sanh"), ("ks-thu", "Sổ đăng ký khai sinh")):
        (tmp_path / name).mkdir()
        form = FORM.replace("ks-thu", name).replace("Sổ đăng ký khai sinh", title)
        (tmp_path / name / "form.yaml").write_text(form, encoding="utf-8")
    assert Labels.load([tmp_path]).register("KS", "vi") == "Sổ đăng ký khai sinh"


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
        (BookKey("KT", "2017"), "KT, năm 2017"),
        (BookKey(), "Sổ chưa rõ tên"),
    ],
)
def test_books_are_called_as_people_call_them(labels, book, name):
    assert book_name(book, labels, "vi") == name
