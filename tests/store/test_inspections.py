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
        store.inspections.answer(task.id, task.token, person=person, raw=typed, value=None)


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
    inspect(verified, inspection, wrong={"so"})
    inspections = verified.inspections
    task = inspections.claim(inspection, Part.JUDGE, "Trọng Tài")
    if judgement == "theirs":
        first = inspections.dispute(task).first.raw == "khác"
        judgement = Judgement.FIRST if first else Judgement.SECOND
    inspections.judge(task.id, task.token, judgement, person="Trọng Tài")
    assert statuses(verified, inspection)["so"] is status
    again = inspections.undo_last(inspection, Part.JUDGE, "Trọng Tài")
    assert (again.code, inspections.get(inspection).disputed) == ("so", 1)
    assert verified.verify_audit().ok


@ONE_DATABASE
def test_an_inspectors_slip_is_taken_back_until_a_judge_holds_it(verified, inspection):
    inspections = verified.inspections
    inspect(verified, inspection, wrong={"nksNoiSinh"})
    task = inspections.undo_last(inspection, Part.INSPECTOR, "Thanh Tra")
    assert task.code == "nksNoiSinh"
    inspections.answer(task.id, task.token, person="Thanh Tra", raw="khác nữa", value=None)
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
        inspections.answer(tasks[0].id, tasks[0].token, person=tasks[1].person, raw="01", value=None)


def test_an_answer_after_the_lease_is_refused_and_kept(verified, inspection, clock, database):
    inspections = verified.inspections
    late = inspections.claim(inspection, Part.INSPECTOR, "Chậm", lease_seconds=10)
    clock.forward(11)
    taken = inspections.claim(inspection, Part.INSPECTOR, "Nhanh")
    assert taken.id == late.id
    with pytest.raises(LeaseLostError):
        inspections.answer(late.id, late.token, person="Chậm", raw="mất", value=None)
    inspections.answer(taken.id, taken.token, person="Nhanh", raw=TRUTH[taken.code], value=None)
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
def test_what_is_inspected_is_hidden_elsewhere_until_it_is_settled(verified, inspection):
    (record_id,) = verified.record_ids(1)
    assert all(field.hidden for field in verified.stored_record(record_id).fields)
    inspect(verified, inspection)
    assert not any(field.hidden for field in verified.stored_record(record_id).fields)


@ONE_DATABASE
def test_a_withdrawn_inspection_takes_no_answers_and_keeps_those_it_has(verified, inspection):
    inspections = verified.inspections
    task = inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    inspections.withdraw(inspection, person="Cán Bộ")
    with pytest.raises(LeaseLostError):
        inspections.answer(task.id, task.token, person="Thanh Tra", raw="01", value=None)
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
    verified.inspections.answer(task.id, task.token, person="Thanh Tra", raw=TRUTH[task.code], value=None)
    held = verified.inspections.claim(inspection, Part.INSPECTOR, "Thanh Tra")
    # No close: what another process sees is what is on disk.
    with Store.open(database.url, audit_key_file=database.key_file, clock=clock) as other:
        assert other.inspections.get(inspection).fields[InspectedStatus.AGREED] == 1
        assert other.inspections.held(inspection, Part.INSPECTOR, "Thanh Tra")[0].id == held.id
