"""Ditto marks stand for what the row above holds, and for nothing where that is not known."""

import pytest

from extractor.dittos import meant_when_exported, resolve_dittos
from extractor.records import Decision, FieldState, FieldValue, Record, Registration
from extractor.templates.form import FieldSpec, FormSchema, Kind

SCHEMA = FormSchema(
    form="bang",
    version="1",
    title="Bảng",
    source="test",
    rows=True,
    fields=(FieldSpec(code="noiSinh", label="Nơi sinh", kind=Kind.PLACE),),
)
DITTO = FieldValue(raw="nt", state=FieldState.DITTO)


def record(number, value, page=1, form="bang"):
    registration = Registration(ok=True, residual_px=0.0, coverage=1.0, method="table")
    return Record(
        file="so.pdf", page=page, record=number, form=form, form_version="1", registration=registration,
        fields={"noiSinh": value},
    )  # fmt: skip


def read(text):
    return FieldValue(raw=text, value=text, state=FieldState.READ)


def resolved(values, schema=SCHEMA):
    records = [record(n + 1, value, page=1 + n // 3) for n, value in enumerate(values)]
    return [r.fields["noiSinh"] for r in resolve_dittos(records, {"bang": schema})]


def test_a_chain_of_marks_has_the_value_it_began_with_across_pages():
    found = resolved([read("xã Tân Lập"), DITTO, DITTO, DITTO])
    assert [field.value for field in found] == ["xã Tân Lập"] * 4
    assert [field.raw for field in found] == ["xã Tân Lập", "nt", "nt", "nt"]
    assert [field.state for field in found[1:]] == [FieldState.DITTO] * 3


@pytest.mark.parametrize(
    "above",
    [
        FieldValue(state=FieldState.BLANK),
        FieldValue(raw="x", state=FieldState.ILLEGIBLE),
        FieldValue(raw="không hiểu", value=None, state=FieldState.READ),
        FieldValue(state=FieldState.NOT_ON_FORM),
    ],
)
def test_nothing_is_made_up_where_the_row_above_is_not_known(above):
    assert resolved([read("cũ"), above, DITTO, DITTO])[2].value is None
    assert resolved([read("cũ"), above, DITTO, DITTO])[3].value is None


def test_the_first_row_of_all_stands_for_nothing():
    assert resolved([DITTO])[0].value is None


def test_a_value_is_taken_back_when_the_row_above_is_mended():
    derived = DITTO.model_copy(update={"value": "sai"})
    assert resolved([read("đúng"), derived])[1].value == "đúng"


def test_what_a_person_settled_stays():
    settled = DITTO.model_copy(update={"value": "người", "decision": Decision.CONFIRMED})
    found = resolved([read("máy"), settled, DITTO])
    assert found[1].value == "người"
    assert found[2].value == "người"


def test_forms_without_rows_are_left_alone():
    assert resolved([read("a"), DITTO], SCHEMA.model_copy(update={"rows": False}))[1].value is None


def as_exported(*values):
    records = [record(n + 1, value) for n, value in enumerate(values)]
    return [r.fields["noiSinh"] for r in meant_when_exported(records)]


def confirmed(value):
    return value.model_copy(update={"decision": Decision.CONFIRMED})


def test_a_settled_mark_follows_what_was_corrected_above_it_since():
    stale = confirmed(DITTO).model_copy(update={"value": "xã Tân Lập"})
    found = as_exported(confirmed(read("xã Tân Lợi")), stale, stale)
    assert [(field.raw, field.value) for field in found[1:]] == [("nt", "xã Tân Lợi")] * 2


def test_a_settled_mark_waits_as_long_as_what_stands_above_it():
    waiting, settled = read("xã Tân Lập"), confirmed(DITTO)
    assert waiting.decision is Decision.REVIEW
    assert [field.decision.settled for field in as_exported(waiting, settled, settled)] == [False] * 3


def test_a_settled_mark_below_nothing_known_leaves_the_house_empty():
    stale = confirmed(DITTO).model_copy(update={"value": "cũ"})
    blank = confirmed(FieldValue(state=FieldState.BLANK))
    assert [field.value for field in as_exported(stale, blank, stale)] == [None] * 3
