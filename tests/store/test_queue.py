"""Handing out fields, taking answers, taking them back."""

import pytest

from extractor.errors import LeaseLostError, StoreError
from extractor.records import BookKey, Decision, FieldState
from extractor.store import NothingToUndo, QueueEmpty


def answer(store, task, person, raw, **more):
    return store.decide(task, task.token, person=person, raw=raw, value=raw, **more)


def test_fields_that_name_the_record_come_first_then_the_easiest(store, result):
    store.save_page(result(page=1))
    store.save_page(result(page=2))
    codes = []
    while not isinstance(task := store.claim("Thử Một"), QueueEmpty):
        codes.append((task.code, task.record[1]))
        answer(store, task, "Thử Một", task.field.raw)
    assert codes == [("so", 1), ("so", 2), ("nksHoTen", 1), ("nksHoTen", 2), ("nksNoiSinh", 1), ("nksNoiSinh", 2)]
    assert store.status().confirmed == 6


def test_claims_can_be_limited_to_kinds_and_a_book(store, result):
    other = BookKey(register="KS", year="2018")
    store.save_page(result("a.pdf"))
    store.save_page(result("b.pdf", book=other))
    task = store.claim("Thử Một", kinds={"place"}, book=other)
    assert (task.code, task.record[0]) == ("nksNoiSinh", "b.pdf")
    assert isinstance(store.claim("Thử Một", kinds=["nksNoiSinh"], book=other), QueueEmpty)
    assert store.open_tasks(kinds=["place"]) == 2
    assert store.open_tasks(book=other) == 3


def test_nobody_gets_what_another_holds_until_the_lease_ends(store, result, clock):
    store.save_page(result())
    held = [store.claim("Thử Một") for _ in range(3)]
    assert len({task.id for task in held}) == 3
    assert store.claim("Thử Hai") == QueueEmpty(held_by_others=3)
    assert [task.id for task in store.held("Thử Một")] == [task.id for task in held]
    clock.forward(301)
    assert store.held("Thử Một") == ()
    taken = store.claim("Thử Hai")
    assert (taken.id, taken.token) == (held[0].id, held[0].token + 1)


def test_a_late_answer_is_refused_but_kept(store, result, clock):
    store.save_page(result())
    first = store.claim("Thử Một")
    clock.forward(301)
    second = store.claim("Thử Hai")
    assert second.id == first.id
    with pytest.raises(LeaseLostError):
        answer(store, first, "Thử Một", "11")
    answer(store, second, "Thử Hai", "22")
    with pytest.raises(LeaseLostError):
        answer(store, second, "Thử Hai", "33")
    assert next(store.records()).fields["so"].raw == "22"
    entries = [(entry.action, entry.person, entry.after["raw"]) for entry in store.history(first.field_id)]
    assert entries == [("refused", "Thử Một", "11"), ("correct", "Thử Hai", "22"), ("refused", "Thử Hai", "33")]
    assert store.verify_audit().ok


def test_an_answer_after_the_end_of_the_lease_is_refused_even_if_nobody_took_the_field(store, result, clock):
    store.save_page(result())
    task = store.claim("Thử Một")
    clock.forward(301)
    with pytest.raises(LeaseLostError, match="ran out"):
        answer(store, task, "Thử Một", "1")
    assert store.renew(task, task.token, person="Thử Một") > clock.now
    answer(store, task, "Thử Một", "1")


def test_a_renewed_lease_lasts_and_a_lost_one_cannot_be_renewed(store, result, clock):
    store.save_page(result())
    task = store.claim("Thử Một")
    clock.forward(200)
    store.renew(task, task.token, person="Thử Một")
    clock.forward(200)
    assert store.claim("Thử Hai").id != task.id
    clock.forward(200)
    taken = store.claim("Thử Hai")
    assert taken.id == task.id
    with pytest.raises(LeaseLostError):
        store.renew(task, task.token, person="Thử Một")
    with pytest.raises(LeaseLostError):
        store.renew(taken, taken.token, person="Thử Một")


def test_a_released_field_comes_again_at_once_a_skipped_one_last(store, result):
    store.save_page(result())
    task = store.claim("Thử Một")
    assert store.release(task, task.token, person="Thử Một") is True
    assert store.release(task, task.token, person="Thử Một") is False
    again = store.claim("Thử Một")
    assert again.id == task.id
    assert store.skip(again, again.token, person="Thử Một") is True
    order = []
    for _ in range(3):
        order.append(store.claim("Thử Một"))
    assert [found.code for found in order] == ["nksHoTen", "nksNoiSinh", "so"]
    store.release(order[2], order[2].token, person="Thử Một")
    assert store.claim("Thử Hai").code == "so"  # what one person skipped is not skipped for another


def test_undo_takes_back_the_newest_decision_and_then_the_one_before(store, result):
    store.save_page(result())
    first, second = store.claim("Thử Một"), store.claim("Thử Một")
    before = next(store.records())
    answer(store, first, "Thử Một", "7")
    answer(store, second, "Thử Một", second.field.raw)
    back = store.undo_last("Thử Một")
    assert (back.id, back.field.decision) == (second.id, Decision.REVIEW)
    back = store.undo_last("Thử Một")
    assert (back.id, back.field.raw) == (first.id, "01")
    assert next(store.records()) == before
    assert store.undo_last("Thử Một") == NothingToUndo()
    assert {task.id for task in store.held("Thử Một")} == {first.id, second.id}
    answer(store, back, "Thử Một", "8")
    assert store.undo_last("Thử Một").id == first.id
    assert store.verify_audit().ok


def test_nobody_takes_back_what_another_decided_since(store, result):
    store.save_page(result())
    task = store.claim("Thử Một")
    answer(store, task, "Thử Một", "7")
    other = store.claim_field(task.field_id, "Thử Hai")
    assert store.undo_last("Thử Một") == NothingToUndo()
    answer(store, other, "Thử Hai", "8")
    assert store.undo_last("Thử Một") == NothingToUndo()
    assert store.undo_last("Thử Ba") == NothingToUndo()
    back = store.undo_last("Thử Hai")
    assert (back.field.raw, back.field.decision) == ("7", Decision.CORRECTED)
    stored = store.stored_record(task.record_id).fields[0]
    assert stored.person == "Thử Một"
    store.release(back, back.token, person="Thử Hai")
    assert store.undo_last("Thử Một").field.raw == "01"


def test_a_settled_field_can_be_opened_again(store, result):
    store.save_page(result())
    accepted = next(found for found in store.stored_record(1).fields if found.code == "ngayDangKy")
    task = store.claim_field(accepted.id, "Thử Một")
    with pytest.raises(LeaseLostError):
        store.claim_field(accepted.id, "Thử Hai")
    assert store.claim_field(accepted.id, "Thử Một").token == task.token + 1
    with pytest.raises(LeaseLostError):
        answer(store, task, "Thử Một", "x")
    task = store.held("Thử Một")[0]
    assert answer(store, task, "Thử Một", "06.01.2017").decision is Decision.CORRECTED
    back = store.undo_last("Thử Một")
    assert (back.field.raw, back.field.decision) == ("05.01.2017", Decision.ACCEPTED)
    assert store.open_tasks() == 3
    with pytest.raises(StoreError):
        store.claim_field(12345, "Thử Một")


def test_ditto_keeps_what_is_written_and_what_it_means(store, result):
    store.save_page(result())
    task = store.claim("Thử Một")
    decided = store.decide(task, task.token, person="Thử Một", raw='"', value="Bản Mẫu", state=FieldState.DITTO)
    assert (decided.raw, decided.value, decided.state) == ('"', "Bản Mẫu", FieldState.DITTO)


def test_people_have_names(store):
    with pytest.raises(StoreError, match="name"):
        store.claim("  ")


def test_a_reading_that_settles_a_held_field_leaves_the_answer_valid(store, result, record, value):
    store.save_page(result(records=(record("so-01.pdf", 1, so=value("1", 0.5)),)))
    task = store.claim("Thử Một")
    store.save_page(result(version="v2", records=(record("so-01.pdf", 1, so=value("9", 0.99, Decision.ACCEPTED)),)))
    answer(store, task, "Thử Một", "1")
    assert next(store.records()).fields["so"].raw == "1"


def test_several_are_handed_out_at_once_and_what_was_put_off_comes_last(store, result):
    store.save_page(result(page=1))
    store.save_page(result(page=2))
    first = store.claim("Thử Một")
    store.skip(first, first.token, person="Thử Một")
    found = store.claim_some(3, "Thử Một")
    assert [(task.code, task.record[1]) for task in found] == [("so", 2), ("nksHoTen", 1), ("nksHoTen", 2)]
    assert [task.id for task in store.held("Thử Một")] == [task.id for task in found]
    assert [task.code for task in store.claim_some(5, "Thử Một")] == ["nksNoiSinh", "nksNoiSinh"]
    assert [task.id for task in store.claim_some(5, "Thử Một")] == [first.id]
    assert store.claim_some(5, "Thử Hai") == QueueEmpty(held_by_others=6)
    for task in found:
        answer(store, task, "Thử Một", task.field.raw)
    assert store.status().confirmed == 3
