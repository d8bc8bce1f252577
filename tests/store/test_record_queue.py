"""Handing out whole records."""

import threading
from collections import Counter

import pytest

from extractor.errors import LeaseLostError, NotStoredError
from extractor.records import BookKey, Decision
from extractor.store import MachineChange, QueueEmpty, RecordQueue


@pytest.fixture
def records(store):
    return RecordQueue(store)


def settle(store, task, person):
    return store.decide(task, task.token, person=person, raw=task.field.raw, value=task.field.value)


def codes(tasks):
    return [task.code for task in tasks]


def test_the_record_with_the_fewest_waiting_fields_comes_first_then_the_surest(store, records, result, record, value):
    accepted = value("05.01.2017", 0.9, Decision.ACCEPTED)
    many = record("so-01.pdf", 1, so=value("1", 0.9), nksHoTen=value("A", 0.9), nksNoiSinh=value("B", 0.9))
    doubtful = record("so-01.pdf", 2, ngayDangKy=accepted, so=value("2", 0.2), nksHoTen=value("A", 0.3))
    sure = record("so-01.pdf", 3, nksHoTen=value("A", 0.7), ngayDangKy=accepted, so=value("3", 0.6))
    for page, made in enumerate((many, doubtful, sure), 1):
        store.save_page(result(page=page, records=(made,)))
    first = records.claim("Thử Một")
    assert [(task.record[1], task.code) for task in first] == [(3, "nksHoTen"), (3, "so")]
    second = records.claim("Thử Một", without=[first[0].record_id])
    assert {task.record[1] for task in second} == {2}
    assert len({task.token for task in (*first, *second)}) == 1
    for task in first:
        settle(store, task, "Thử Một")
    assert {task.record[1] for task in records.claim("Thử Một", without=[second[0].record_id])} == {1}
    assert store.verify_audit().ok


def test_nobody_else_gets_a_field_of_a_record_that_is_held(store, records, result, clock):
    store.save_page(result(page=1))
    held = records.claim("Thử Một")
    assert len(held) == 3
    assert records.claim("Thử Hai") == QueueEmpty(held_by_others=3)
    assert store.claim("Thử Hai") == QueueEmpty(held_by_others=3)
    with pytest.raises(LeaseLostError):
        store.claim_field(held[0].field_id, "Thử Hai")
    assert records.held_by_others(held[0].record_id, "Thử Hai") == {task.field_id for task in held}
    assert records.held_by_others(held[0].record_id, "Thử Một") == frozenset()
    clock.forward(301)
    taken = records.claim("Thử Hai")
    assert [task.token for task in taken] == [task.token + 1 for task in held]
    with pytest.raises(LeaseLostError):
        settle(store, held[0], "Thử Một")


def test_a_record_of_which_another_holds_a_field_is_passed_over_unless_it_is_asked_for(store, records, result):
    store.save_page(result(page=1))
    store.save_page(result(page=2))
    single = store.claim("Thử Hai")
    assert single.record[1] == 1
    assert {task.record[1] for task in records.claim("Thử Một")} == {2}
    named = records.claim("Thử Một", record=single.record_id)
    assert codes(named) == ["nksHoTen", "nksNoiSinh"]
    assert records.held_by_others(single.record_id, "Thử Một") == {single.field_id}
    with pytest.raises(NotStoredError):
        records.claim("Thử Một", record=999)


def test_asking_again_gives_the_same_record_under_the_same_tokens_for_longer(store, records, result, clock):
    store.save_page(result(page=1))
    held = records.claim("Thử Một")
    clock.forward(200)
    again = records.claim("Thử Một")
    assert [(task.id, task.token) for task in again] == [(task.id, task.token) for task in held]
    clock.forward(200)
    settle(store, held[0], "Thử Một")


def test_leases_are_renewed_given_back_and_put_off_together(store, records, result, clock):
    store.save_page(result(page=1))
    store.save_page(result(page=2))
    held = records.claim("Thử Một")
    leases = [(task.id, task.token) for task in held]
    settle(store, held[0], "Thử Một")
    clock.forward(200)
    assert records.renew(leases, person="Thử Một") == (held[0].id,)
    assert records.renew(leases, person="Thử Hai") == tuple(sorted(task.id for task in held))
    clock.forward(200)
    assert codes(store.held("Thử Một")) == codes(held[1:])
    records.release(leases[1:], person="Thử Một", skip=True)
    assert {task.record[1] for task in records.claim("Thử Một")} == {2}
    assert {task.record[1] for task in records.claim("Thử Hai")} == {1}


def test_what_was_put_off_comes_after_all_books(store, records, result):
    store.save_page(result("a.pdf"))
    store.save_page(result("b.pdf", book=BookKey(register="KS", year="2018")))
    seen = []
    for _ in range(4):
        held = records.claim("Thử Một")
        seen.append(held[0].record[0])
        records.release([(task.id, task.token) for task in held], person="Thử Một", skip=True)
    assert seen == ["a.pdf", "b.pdf", "a.pdf", "b.pdf"]
    assert isinstance(records.claim("Thử Một", books=[]), QueueEmpty)
    assert {task.book_id for task in records.claim("Thử Một", books=[2])} == {2}


def test_blind_and_disputed_fields_go_to_whom_they_are_for(store, records, result):
    store.save_page(result(page=1))
    record = next(store.records())
    store.update_machine_values([MachineChange(record.key, "ngayDangKy", record.fields["ngayDangKy"], recheck=True)])
    held = records.claim("Thử Một", disputed=False)
    assert [(task.code, task.blind) for task in held if task.blind] == [("ngayDangKy", True)]
    blind = next(task for task in held if task.blind)
    store.decide(blind, blind.token, person="Thử Một", raw="06.01.2017", value="06.01.2017")
    records.release([(task.id, task.token) for task in held if task is not blind], person="Thử Một")
    assert "ngayDangKy" not in codes(records.claim("Thử Một", record=blind.record_id))
    records.release([(task.id, task.token) for task in store.held("Thử Một")], person="Thử Một")
    assert codes(records.claim("Thử Hai", disputed=True)) == ["ngayDangKy"]


def test_threads_never_hold_the_same_record(store, records, result):
    for page in range(1, 9):
        store.save_page(result(page=page))
    begin = threading.Barrier(2)
    claimed, errors = [], []

    def work(person):
        try:
            begin.wait()
            while not isinstance(tasks := records.claim(person), QueueEmpty):
                claimed.append((person, tasks[0].record_id))
                for task in tasks:
                    settle(store, task, person)
        except Exception as error:  # shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"Thử {number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert max(Counter(record for _, record in claimed).values()) == 1
    assert len(claimed) == 8
    assert store.status().review == 0
    assert store.verify_audit().ok


def test_records_and_single_fields_are_handed_out_at_once_without_a_clash(store, records, result):
    for page in range(1, 9):
        store.save_page(result(page=page))
    begin = threading.Barrier(2)
    errors = []

    def work(claim):
        try:
            begin.wait()
            while not isinstance(found := claim(), QueueEmpty):
                for task in found if isinstance(found, tuple) else (found,):
                    settle(store, task, task.person)
        except Exception as error:  # shown by the assertion below
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(claim,))
        for claim in (lambda: records.claim("Thử Một"), lambda: store.claim("Thử Hai"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    # A record of which a field was with the other at that moment may have been passed over.
    while not isinstance(task := store.claim("Thử Hai"), QueueEmpty):
        settle(store, task, "Thử Hai")
    assert store.status().review == 0
    assert store.verify_audit().ok
