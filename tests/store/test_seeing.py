"""Who was shown an accepted reading does not type that field blind later."""

import pytest

from extractor.records import Decision
from extractor.store import MachineChange, QueueEmpty
from extractor.store.seeing import note_fields_seen, note_seen


@pytest.fixture
def record(store, result):
    store.save_page(result())
    return next(store.records())


def accepted(record):
    return [code for code, field in record.fields.items() if field.decision is Decision.ACCEPTED]


def draw(store, record):
    changes = [MachineChange(record.key, code, record.fields[code], recheck=True) for code in accepted(record)]
    store.update_machine_values(changes)


def blind_for(store, person):
    found = []
    while not isinstance(task := store.claim(person), QueueEmpty):
        found.append(task.blind)
        store.skip(task, task.token, person=person)
        if len(found) > 9:
            break
    return any(found)


def test_what_was_shown_before_it_was_drawn_goes_to_others(store, record):
    number = store.record_ids(1)[0]
    before = store.open_tasks()
    assert note_seen(store, number, "Người  Xem") == len(accepted(record))
    assert note_seen(store, number, "người xem") == 0
    assert store.open_tasks() == before
    draw(store, record)
    assert store.open_tasks() == before + len(accepted(record))
    assert store.open_tasks(person="Người Xem") == before
    assert not blind_for(store, "Người Xem")
    assert blind_for(store, "Người Khác")


def test_what_was_hidden_when_the_record_was_shown_is_not_counted_as_seen(store, record):
    draw(store, record)
    assert note_seen(store, store.record_ids(1)[0], "Người Xem") == 0
    assert blind_for(store, "Người Xem")


def test_what_was_read_anew_or_is_gone_takes_no_note(store, record):
    assert note_seen(store, 99, "Người Xem") == 0
    number = store.record_ids(1)[0]
    assert note_seen(store, number, "Người Xem")
    waits = [
        MachineChange(record.key, code, record.fields[code].model_copy(update={"decision": Decision.REVIEW}))
        for code in accepted(record)
    ]
    store.update_machine_values(waits)
    assert store.status().accepted == 0
    assert store.open_tasks(person="Người Xem") == len(record.fields)  # in sight of the reading, by anybody


def test_of_single_fields_only_those_are_noted(store, record):
    number, first = store.record_ids(1)[0], accepted(record)[0]
    assert note_fields_seen(store, [], "Người Xem") == 0
    assert note_fields_seen(store, [(number, first), (number, "không có"), (99, first)], "Người Xem") == 1
    assert note_fields_seen(store, [(number, first)], "người xem") == 0
    draw(store, record)
    assert store.open_tasks(person="Người Khác") - store.open_tasks(person="Người Xem") == 1
