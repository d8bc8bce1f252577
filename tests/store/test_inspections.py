"""Samples of exported records, re-keyed blind and judged."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from extractor.errors import LeaseLostError, StoreError
from extractor.records import FieldState
from extractor.store import (
    DrawnRecord,
    ExportedField,
    InspectedStatus,
    Judgement,
    Part,
    QueueEmpty,
    SampleDraft,
    Store,
)
from extractor.store.engine import make_engine, parse_url

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What no database treats otherwise need not be tried on both."""
TRUTH = {"so": "01", "ngayDangKy": "05.01.2017", "nksHoTen": "Lò Văn Thử", "nksNoiSinh": "Bản Mẫu"}


def exported(store):
    record = next(store.records())
    return DrawnRecord(
        record.key,
        "KS.2017.01",
        "KS.2017.01.2017-01-05.01.pdf",
        tuple(ExportedField(code, field.raw, field.value, field.state.value) for code, field in record.fields.items()),
    )


def draft(*records):
    return SampleDraft("II", "1.0", "normal", "A", 5, 0, 1, "7", ({"stem": "KS.2017.01", "records": 5},), records)


@pytest.fixture
def verified(store, result):
    """A store whose fields were all confirmed by one person."""
    store.save_page(result())
    while not isinstance(task := store.claim("Người Nhập"), QueueEmpty):
        store.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    return store


@pytest.fixture
def inspection(verified):
    return verified.inspections.add(draft(exported(verified)), person="Cán Bộ")


def inspect(store, inspection, wrong=(), person="Thanh Tra"):
    """Re-key everything as the pages have it, but for the codes named in ``wrong``."""
    while task := store.inspections.claim(inspection, Part.INSPECTOR, person):
        typed = "khác" if task.code in wrong else TRUTH[task.code]
        store.inspections.answer(task.id, task.token, person=person, raw=typed, value=typed)


def judge_all(store, inspection):
    """Find every reading right that differs from what was exported."""
    typed = {"x", "khác"}
    while task := store.inspections.claim(inspection, Part.JUDGE, "Trọng Tài"):
        first = store.inspections.dispute(task).first.raw in typed
        says = Judgement.FIRST if first else Judgement.SECOND
        store.inspections.judge(task.id, task.token, says, person="Trọng Tài")


def exported_of(store, field):
    """The record with one exported field in place of all."""
    record = exported(store)
    return DrawnRecord(record.key, record.book, record.pdf_name, (field,))


def statuses(store, inspection):
    return {field.code: field.status for field in store.inspections.fields(inspection)}


@ONE_DATABASE
def test_all_right_finishes_it(verified, inspection):
    assert verified.inspections.get(inspection).waiting == 4
    inspect(verified, inspection)
    found = verified.inspections.get(inspection)
    assert (found.finished, found.fields) == (True, {InspectedStatus.AGREED: 4})
    assert verified.verify_audit().ok


def test_who_decided_a_field_does_not_inspect_it_however_the_name_is_written(verified, inspection):
    inspections = verified.inspections
    task = inspections.claim(inspection, Part.INSPECTOR, " người  NHẬP ")
    assert task.code == "ngayDangKy"  # the machine accepted it; nobody saw its reading
    inspections.release(task.id, task.token, person=task.person)
    assert inspections.waiting(inspection, Part.INSPECTOR, "Tên Mới", formerly=["Người Nhập"]) == 1
    assert inspections.waiting(inspection, Part.INSPECTOR, "Thanh Tra") == 4


def test_a_judge_is_a_third_person_and_sees_both_readings_unsigned(verified, inspection):
    inspect(verified, inspection, wrong={"nksHoTen"})
    inspections = verified.inspections
    for barred in ("Thanh Tra", "Người Nhập"):
        assert inspections.claim(inspection, Part.JUDGE, barred) is None
    assert inspections.claim(inspection, Part.JUDGE, "Khác", formerly=["thanh tra"]) is None
    task = inspections.claim(inspection, Part.JUDGE, "Trọng Tài")
    dispute = inspections.dispute(task)
    assert {dispute.first.raw, dispute.second.raw} == {"Lò Văn Thử", "khác"}
    ours = Judgement.FIRST if dispute.first.raw == "Lò Văn Thử" else Judgement.SECOND
    inspections.judge(task.id, task.token, ours, person="Trọng Tài")
    assert statuses(verified, inspection)["nksHoTen"] is InspectedStatus.RECORD_RIGHT


@ONE_DATABASE
@pytest.mark.parametrize(
    ("judgement", "status"),
    [
        (Judgement.BOTH, InspectedStatus.RECORD_RIGHT),
        (Judgement.NEITHER, InspectedStatus.RECORD_WRONG),
        ("theirs", InspectedStatus.RECORD_WRONG),
    ],
)
def test_what_a_judge_says_counts_and_can_be_taken_back(verified, inspection, judgement, status):
    inspect(verified, inspection, wrong={"so", "nksNoiSinh"})
    inspections = verified.inspections
    task = inspections.claim(inspection, Part.JUDGE, "Trọng Tài")
    if judgement == "theirs":
        first = inspections.dispute(task).first.raw == "khác"
        judgement = Judgement.FIRST if first else Judgement.SECOND
    inspections.judge(task.id, task.token, judgement, person="Trọng Tài")
    assert statuses(verified, inspection)["so"] is status
    again = inspections.undo_last(inspection, Part.JUDGE, "Trọng Tài")
    assert (again.code, inspections.get(inspection).disputed) == ("so", 2)
    assert verified.verify_audit().ok


@ONE_DATABASE
def test_an_inspectors_slip_is_taken_back_until_a_judge_holds_it(verified, inspection):
    inspections = verified.inspections
    inspect(verified, inspection, wrong={"nksNoiSinh"})
    task = inspections.undo_last(inspection, Part.INSPECTOR, "Thanh Tra")
    assert task.code == "nksNoiSinh"
    inspections.answer(task.id, task.token, person="Thanh Tra", raw="khác nữa", value="khác nữa")
    judge = inspections.claim(inspection, Part.JUDGE, "Trọng Tài")
    assert {inspections.dispute(judge).first.raw, inspections.dispute(judge).second.raw} == {"Bản Mẫu", "khác nữa"}
    other = inspections.undo_last(inspection, Part.INSPECTOR, "Thanh Tra")
    assert other.code == "nksHoTen"


def test_two_persons_never_answer_one_field(verified, inspection):
    inspections = verified.inspections
    with ThreadPoolExecutor(4) as pool:
        tasks = list(pool.map(lambda n: inspections.claim(inspection, Part.INSPECTOR, f"Thanh Tra {n}"), range(4)))
    assert len({task.id for task in tasks}) == 4
    with pytest.raises(LeaseLostError):
        inspections.answer(tasks[0].id, tasks[0].token, person=tasks[1].person, raw="01", value="01")


def test_an_answer_after_the_lease_is_refused_and_kept(verified, inspection, clock, database):
    inspections = verified.inspections
    late = inspections.claim(inspection, Part.INSPECTOR, "Chậm", lease_seconds=10)
    clock.forward(11)
    taken = inspections.claim(inspection, Part.INSPECTOR, "Nhanh")
    assert taken.id == late.id
    with pytest.raises(LeaseLostError):
        inspections.answer(late.id, late.token, person="Chậm", raw="mất", value="mất")
    inspections.answer(taken.id, taken.token, person="Nhanh", raw=TRUTH[taken.code], value=TRUTH[taken.code])
    engine = make_engine(parse_url(database.url))
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT action, raw FROM inspection_answer ORDER BY id")).all()
    engine.dispose()
    assert [tuple(row) for row in kept] == [("refused", "mất"), ("agreed", TRUTH[taken.code])]


def test_the_history_cannot_be_edited_and_edits_of_the_sample_are_found(verified, inspection, database):
    inspect(verified, inspection)
    engine = make_engine(parse_url(database.url))
    for statement in ("UPDATE inspection_answer SET raw = 'x'", "DELETE FROM inspection_answer"):
        with pytest.raises(DatabaseError), engine.begin() as connection:
            connection.execute(text(statement))
    with engine.begin() as connection:
        connection.execute(text("UPDATE inspected_field SET raw = 'x' WHERE code = 'so'"))
    engine.dispose()
    assert verified.verify_audit().faults == (f"The sample of inspection {inspection} was changed.",)


@ONE_DATABASE
def test_all_of_a_sample_is_hidden_until_the_last_field_of_it_is_settled(verified, inspection):
    (record_id,) = verified.record_ids(1)
    task = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    verified.inspections.answer(task.id, task.token, person="Thanh Tra", raw="x", value="x")
    inspect(verified, inspection)
    assert all(field.hidden for field in verified.stored_record(record_id).fields)
    assert verified.inspections.holds(task.field_id)
    judge_all(verified, inspection)
    assert not any(field.hidden for field in verified.stored_record(record_id).fields)
    assert not verified.inspections.holds(task.field_id)


@ONE_DATABASE
def test_nothing_is_taken_back_once_what_was_exported_can_be_seen(verified, inspection):
    inspect(verified, inspection, wrong={"so"})
    again = verified.inspections.undo_last(inspection, Part.INSPECTOR, "Thanh Tra")
    verified.inspections.answer(again.id, again.token, person="Thanh Tra", raw="x", value="x")
    judge_all(verified, inspection)
    assert verified.inspections.undo_last(inspection, Part.JUDGE, "Trọng Tài") is None
    assert verified.inspections.undo_last(inspection, Part.INSPECTOR, "Thanh Tra") is None


@ONE_DATABASE
@pytest.mark.parametrize("wrong", [(), ("so",)], ids=["finished", "rejected"])
def test_a_result_cannot_be_withdrawn(verified, inspection, wrong):
    inspect(verified, inspection, wrong=wrong)
    judge_all(verified, inspection)
    assert verified.inspections.get(inspection).wrong_records == len(wrong)
    with pytest.raises(StoreError, match="has its result, which stands"):
        verified.inspections.withdraw(inspection, person="Cán Bộ")


@ONE_DATABASE
def test_a_rejected_lot_cannot_be_withdrawn_before_all_is_done(verified, inspection):
    first = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    verified.inspections.answer(first.id, first.token, person="Thanh Tra", raw="x", value="x")
    judge_all(verified, inspection)
    assert not verified.inspections.get(inspection).finished
    with pytest.raises(StoreError, match="has its result, which stands"):
        verified.inspections.withdraw(inspection, person="Cán Bộ")


@ONE_DATABASE
@pytest.mark.parametrize(
    ("exported", "typed", "same"),
    [
        (("05/01/2017", "05.01.2017", "read"), ("5-1-2017", "05.01.2017", "read"), True),
        (("05/01/2017", "01.01.1999", "read"), ("05/01/2017", "05.01.2017", "read"), False),
        (("05/01/2017", "01.01.1999", "read"), ("05/01/2017", None, "read"), False),
        (("năm ngoái", None, "read"), ("năm  ngoái", "2016", "read"), True),
        (("năm ngoái", None, "read"), ("năm nay", None, "read"), False),
        (('"', "Tày", "ditto"), ("Kinh", "Kinh", "ditto"), False),
        (('"', "Kinh", "ditto"), ("Kinh", "Kinh", "ditto"), True),
        (('"', "Kinh", "ditto"), ("Kinh", "Kinh", "read"), True),
        (('"', "Kinh", "ditto"), ("", None, "ditto"), False),
        (("ng", None, "illegible"), ("", None, "illegible"), True),
        (("", None, "illegible"), ("", None, "blank"), False),
    ],
)
def test_what_fills_the_cell_is_compared(verified, exported, typed, same):
    raw, value, state = exported
    record = exported_of(verified, ExportedField("so", raw, value, state))
    inspection = verified.inspections.add(draft(record), person="Cán Bộ")
    task = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    raw, value, state = typed
    verified.inspections.answer(task.id, task.token, person="Thanh Tra", raw=raw, value=value, state=FieldState(state))
    assert verified.inspections.get(inspection).finished is same


@ONE_DATABASE
def test_a_judge_sees_the_values_where_the_texts_are_the_same(verified):
    record = exported_of(verified, ExportedField("so", "05/01/2017", "01.01.1999", "read"))
    inspection = verified.inspections.add(draft(record), person="Cán Bộ")
    task = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    verified.inspections.answer(task.id, task.token, person="Thanh Tra", raw="05/01/2017", value="05.01.2017")
    held = verified.inspections.claim(inspection, Part.JUDGE, "Trọng Tài")
    dispute = verified.inspections.dispute(held)
    assert {dispute.first.value, dispute.second.value} == {"01.01.1999", "05.01.2017"}
    says = Judgement.FIRST if dispute.first.value == "05.01.2017" else Judgement.SECOND
    verified.inspections.judge(held.id, held.token, says, person="Trọng Tài")
    assert statuses(verified, inspection)["so"] is InspectedStatus.RECORD_WRONG


@ONE_DATABASE
def test_who_worked_over_the_http_interface_is_known_by_the_bare_name(store, result):
    store.save_page(result())
    while not isinstance(task := store.claim("một cửa/Lan"), QueueEmpty):
        store.decide(task, task.token, person="một cửa/Lan", raw=task.field.raw, value=task.field.value)
    inspection = store.inspections.add(draft(exported(store)), person="Cán Bộ")
    assert store.inspections.waiting(inspection, Part.INSPECTOR, "LAN") == 1  # the machine accepted one
    assert store.inspections.waiting(inspection, Part.INSPECTOR, "khác/Lan") == 1
    assert store.inspections.waiting(inspection, Part.INSPECTOR, "Hòa") == 4
    field = next(f for f in store.stored_record(store.record_ids(1)[0]).fields if f.code == "ngayDangKy")
    store.claim_field(field.id, "một cửa/Hòa")  # shown the reading
    assert store.inspections.waiting(inspection, Part.INSPECTOR, "Hòa") == 3


@ONE_DATABASE
def test_the_queue_does_not_hand_out_a_field_that_was_reopened_while_it_is_inspected(verified, inspection):
    undone = verified.undo_last("Người Nhập", lease_seconds=1)
    verified.release(undone, undone.token, person="Người Nhập")
    assert isinstance(verified.claim("Thanh Tra"), QueueEmpty)
    verified.inspections.withdraw(inspection, person="Cán Bộ")
    assert verified.claim("Thanh Tra").field_id == undone.field_id


@ONE_DATABASE
def test_a_withdrawn_inspection_takes_no_answers_and_keeps_those_it_has(verified, inspection):
    inspections = verified.inspections
    task = inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    inspections.withdraw(inspection, person="Cán Bộ")
    with pytest.raises(LeaseLostError):
        inspections.answer(task.id, task.token, person="Thanh Tra", raw="01", value="01")
    assert inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra") is None
    with pytest.raises(StoreError):
        inspections.withdraw(inspection, person="Cán Bộ")
    assert verified.verify_audit().ok


@ONE_DATABASE
@pytest.mark.parametrize(
    ("state", "pressed", "same"),
    [
        (FieldState.BLANK, FieldState.NOT_ON_FORM, True),
        (FieldState.BLANK, FieldState.ILLEGIBLE, False),
        (FieldState.READ, FieldState.BLANK, False),
    ],
)
def test_an_empty_cell_is_an_empty_cell(verified, state, pressed, same):
    record = exported(verified)
    raw = "" if state is FieldState.BLANK else "01"
    one = DrawnRecord(record.key, record.book, record.pdf_name, (ExportedField("so", raw, None, state.value),))
    inspection = verified.inspections.add(draft(one), person="Cán Bộ")
    task = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    verified.inspections.answer(task.id, task.token, person="Thanh Tra", raw="", value=None, state=pressed)
    assert verified.inspections.get(inspection).finished is same


@ONE_DATABASE
def test_a_sample_of_records_that_are_not_there_is_refused_whole(verified):
    record = exported(verified)
    gone = DrawnRecord(("none.pdf", 9, 1), "KS.2017.01", "x.pdf", record.fields)
    with pytest.raises(StoreError, match=r"none\.pdf, page 9"):
        verified.inspections.add(draft(record, gone), person="Cán Bộ")
    assert verified.inspections.all() == ()


def test_a_killed_process_loses_no_acknowledged_answer(verified, inspection, database, clock):
    task = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    verified.inspections.answer(task.id, task.token, person="Thanh Tra", raw=TRUTH[task.code], value=TRUTH[task.code])
    held = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    # No close: what another process sees is what is on disk.
    with Store.open(database.url, audit_key_file=database.key_file, clock=clock) as other:
        assert other.inspections.get(inspection).fields[InspectedStatus.AGREED] == 1
        assert other.inspections.held(inspection, Part.INSPECTOR, "Thanh Tra")[0].id == held.id
