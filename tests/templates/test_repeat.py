"""The same record printed several times on a page."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from extractor.templates import Form, FormSchema, register
from extractor.templates.label_template import LabelTemplate, Repeat

FIELDS = {
    "so": "Số",
    "nksHoTen": "Họ và tên người được khai sinh",
    "nksNoiSinh": "Nơi sinh",
    "nycHoTen": "Người đi khai",
}
LINES = [
    {"y": 30 + 14 * number, "labels": [{"text": text, "x": 20, "field": code}]}
    for number, (code, text) in enumerate(FIELDS.items())
]
TEMPLATE = LabelTemplate.model_validate(
    {
        "layout": "labels",
        "page": {"width": 210, "height": 297},
        "pitch": 8,
        "tells": ["Họ và tên người được khai sinh"],
        "repeat": {"count": 2, "dy": 140},
        "blocks": [{"name": "text", "left": 20, "right": 180, "bottom": 130, "lines": LINES}],
    }
)
KINDS = {"so": "record_number", "nksNoiSinh": "place"}
SCHEMA = FormSchema.model_validate(
    {
        "form": "hai",
        "version": "1",
        "title": "Hai bản ghi một trang",
        "source": "test",
        "fields": [{"code": c, "label": t, "kind": KINDS.get(c, "person_name")} for c, t in FIELDS.items()],
    }
)


def test_the_blocks_of_all_records_are_written_out_below_each_other():
    page = TEMPLATE.spread_out()
    assert [block.lines[0].y for block in page.blocks] == [30, 170]
    assert [block.bottom for block in page.blocks] == [130, 270]
    assert page.records == 1  # written out, nothing repeats any more
    assert TEMPLATE.records == 2


def test_each_record_of_a_page_has_its_own_fields_in_its_own_place(drawer):
    drawn = drawer(Form(SCHEMA, TEMPLATE.spread_out(), Path()))
    done = register(drawn.page, drawn.text, Form(SCHEMA, TEMPLATE, Path()))
    assert done.registration.ok
    assert [record.record for record in done.records] == [1, 2]
    upper, lower = ({field.code: field.lines[0] for field in record.fields} for record in done.records)
    assert upper.keys() == lower.keys() == FIELDS.keys()
    middle = drawn.page.grey.shape[0] / 2
    assert all(line[:, 1].max() < middle for line in upper.values())
    assert all(line[:, 1].min() > middle for line in lower.values())


def test_what_stands_below_a_label_ends_above_the_next_record(drawer):
    data = TEMPLATE.model_dump()
    data["blocks"][0]["bottom"] = 178  # the template says lines stand closer than they are printed
    data["blocks"][0]["lines"][-1]["labels"][0]["value"] = "block"
    template = LabelTemplate.model_validate(data)
    drawn = drawer(Form(SCHEMA, template.spread_out(), Path()))
    done = register(drawn.page, drawn.text, Form(SCHEMA, template, Path()))
    middle = drawn.page.grey.shape[0] / 2
    upper = next(field for field in done.records[0].fields if field.code == "nycHoTen")
    assert all(line[:, 1].max() < 1.1 * middle for line in upper.lines)
    assert len(upper.lines) <= 1


def test_records_must_stand_beside_or_below_each_other():
    with pytest.raises(ValidationError, match="give 'dx' or 'dy'"):
        Repeat(count=2)
