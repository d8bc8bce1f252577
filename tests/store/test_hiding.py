"""What ditto marks tell of other fields: kept back while somebody must not know it, and true at all other times."""

import pytest

from extractor.records import FieldState
from extractor.store import DrawnRecord, ExportedField, Part, QueueEmpty, SampleDraft

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CODE = "nksNoiSinh"


@pytest.fixture
def rows(store, result, record, value):
    """A book of one page whose rows say this of one field; settled by one person as they stand."""

    def fill(*texts):
        mark = {"state": FieldState.DITTO, "value": None}
        fields = [value(text, 0.3).model_copy(update=mark if text == '"' else {}) for text in texts]
        records = tuple(record("so-01.pdf", 1, at, **{CODE: field}) for at, field in enumerate(fields, start=1))
        store.save_page(result(records=records))
        while not isinstance(task := store.claim("Người Nhập"), QueueEmpty):
            settle(store, task, task.field.raw)
        return store.record_ids(1)

    return fill


def settle(store, task, text):
    """Confirm a field as the review application does, which notes what a mark stands for."""
    above = store.field_context(task.field_id).previous
    ditto = task.field.state is FieldState.DITTO
    value = (above.field.value if above else None) if ditto else text
    state = FieldState.DITTO if ditto else FieldState.READ
    store.decide(task, task.token, person="Người Nhập", raw=text, value=value, state=state)


def sample(store, row, value):
    drawn = DrawnRecord(("so-01.pdf", 1, row), "KS.2017.01", "x.pdf", (ExportedField(CODE, value, value, "read"),))
    lot = ({"stem": "KS.2017.01", "records": 5},)
    return store.inspections.add(SampleDraft("II", "1.0", "normal", "A", 5, 0, 1, "7", lot, (drawn,)), person="Cán Bộ")


def field_of(store, record_id):
    (field,) = store.stored_record(record_id).fields
    return field


def shown(store, ids):
    """What stands in the field of each record: nothing of hidden ones, what a mark means of marks."""
    fields = [field_of(store, number) for number in ids]
    return [None if one.hidden else (one.field.raw, one.field.value) for one in fields]


def test_marks_below_an_inspected_field_do_not_tell_what_stands_there(store, rows):
    ids = rows("Bản Mẫu", '"', '"', "Bản Khác")
    number = sample(store, 1, "Bản Mẫu")
    assert shown(store, ids) == [None, ('"', None), ('"', None), ("Bản Khác", "Bản Khác")]
    for record_id in ids[1:3]:
        context = store.field_context(field_of(store, record_id).id)
        assert (context.field.value, context.previous.field.value) == (None, None) or context.previous.hidden
    assert not store.inspections.holds(field_of(store, ids[1]).id)
    task = store.inspections.claim(number, Part.INSPECTOR, "Thanh Tra")
    store.inspections.answer(task.id, task.token, person="Thanh Tra", raw="Bản Mẫu", value="Bản Mẫu")
    assert shown(store, ids)[:3] == [("Bản Mẫu", "Bản Mẫu"), ('"', "Bản Mẫu"), ('"', "Bản Mẫu")]


def test_what_an_inspected_mark_stands_for_is_hidden_like_it(store, rows):
    ids = rows("Bản Đầu", "Bản Mẫu", '"', '"', "Bản Khác")
    sample(store, 4, "Bản Mẫu")
    assert shown(store, ids) == [("Bản Đầu", "Bản Đầu"), None, ('"', None), None, ("Bản Khác", "Bản Khác")]
    held = [store.inspections.holds(field_of(store, number).id) for number in ids]
    assert held == [False, True, False, True, False]
    assert store.field_context(field_of(store, ids[2]).id).previous.hidden


def test_marks_that_go_on_for_pages_are_followed(store, rows):
    ids = rows("Bản Mẫu", *['"'] * 42)
    sample(store, 1, "Bản Mẫu")
    assert field_of(store, ids[-1]).field.value is None
    assert not store.inspections.holds(field_of(store, ids[-1]).id)


def test_a_mark_means_what_stands_above_it_now(store, rows):
    ids = rows("Bản Mẫu", '"', '"')
    source = field_of(store, ids[0])
    task = store.claim_field(source.id, "Người Sửa")
    store.decide(task, task.token, person="Người Sửa", raw="Bản Sửa", value="Bản Sửa", state=FieldState.READ)
    assert shown(store, ids)[1:] == [('"', "Bản Sửa"), ('"', "Bản Sửa")]
    undone = store.undo_last("Người Sửa", lease_seconds=1)
    undone = store.undo_last("Người Nhập", lease_seconds=1)  # the last mark
    assert undone.field_id == field_of(store, ids[2]).id
    task = store.claim_field(source.id, "Người Sửa")
    store.decide(task, task.token, person="Người Sửa", raw="", value=None, state=FieldState.BLANK)
    assert shown(store, ids)[1] == ('"', None)
