"""Fields chosen for learning: how they are marked, mixed into the queue, and kept out of figures for all fields."""

from random import Random

import pytest
from sqlalchemy import event

from extractor.records import Decision
from extractor.store import (
    Bar,
    DrawnRecord,
    ExportedField,
    Learning,
    MachineChange,
    Marked,
    QueueEmpty,
    SampleDraft,
    queue,
)
from extractor.store.work import speeds, work

ONE, TWO = "Thử Một", "Thử Hai"
PAGES = 16


@pytest.fixture
def chance(monkeypatch):
    """Draws that are the same in every run."""
    monkeypatch.setattr(queue, "_chance", Random(3).random)


@pytest.fixture
def drawn(monkeypatch):
    """Every field is drawn from those chosen for learning, as long as there are any."""
    monkeypatch.setattr(queue, "_chance", lambda: 0.0)


@pytest.fixture
def filled(store, result):
    """A store in which the last fields of the order are chosen: of each page the one read least surely."""
    for page in range(1, PAGES + 1):
        store.save_page(result(page=page))
    Learning(store).mark(_fields(store, "nksNoiSinh"))
    return store


def _fields(store, code):
    return [field.id for field in Learning(store).open_fields() if field.code == code]


def _answer(store, task, person, raw):
    return store.decide(task, task.token, person=person, raw=raw, value=raw)


def test_a_share_of_the_queue_comes_from_the_chosen_fields_until_none_is_left(filled, chance):
    codes = [filled.claim(ONE, learning_share=0.2).code for _ in range(30)]
    assert 3 <= codes.count("nksNoiSinh") <= 9
    ordinary = [code for code in codes if code != "nksNoiSinh"]
    assert ordinary == sorted(ordinary, reverse=True)  # "so" before "nksHoTen", as without a share
    rest = []
    while not isinstance(task := filled.claim(ONE, learning_share=0.2), QueueEmpty):
        rest.append(task.id)
    assert len(rest) == 3 * PAGES - 30


def test_without_a_share_the_order_is_as_if_nothing_were_chosen_and_no_statement_is_added(store, result):
    for page in (1, 2):
        store.save_page(result(page=page))

    def claimed():
        statements = []
        listen = (store._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        event.listen(*listen)
        tasks = [store.claim(ONE) for _ in range(6)]
        event.remove(*listen)
        for task in tasks:
            store.release(task, task.token, person=ONE)
        return [task.id for task in tasks], len(statements)

    before = claimed()
    Learning(store).mark(_fields(store, "nksNoiSinh"))
    assert claimed() == before


def test_a_draw_costs_one_statement_more_at_most(filled, drawn):
    def statements(share):
        seen = []
        listen = (filled._engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
        event.listen(*listen)
        filled.claim(ONE, learning_share=share)
        event.remove(*listen)
        return len(seen)

    filled.claim(ONE)
    assert statements(0.5) <= statements(0.0)
    assert isinstance(filled.claim("Thử Ba", kinds=["date"], learning_share=0.5), QueueEmpty)
    Learning(filled).mark([])
    assert statements(0.5) == statements(0.0) + 1


def test_several_at_once_are_of_both_sorts_and_none_comes_twice(filled, chance):
    tasks = filled.claim_some(20, ONE, learning_share=0.3)
    assert len({task.id for task in tasks}) == 20
    assert 0 < sum(task.code == "nksNoiSinh" for task in tasks) < 12
    # More are drawn than are left: the ordinary order fills up.
    left = filled.claim_some(100, ONE, learning_share=0.5)
    assert len({task.id for task in (*tasks, *left)}) == 3 * PAGES


def test_what_is_leased_skipped_or_of_other_kinds_is_not_drawn(filled, drawn, clock):
    first = filled.claim(ONE, learning_share=0.5)
    assert filled.claim(TWO, learning_share=0.5).id != first.id
    filled.skip(first, first.token, person=ONE)
    assert filled.claim(ONE, learning_share=0.5).id != first.id
    assert filled.claim(TWO, learning_share=0.5).id == first.id
    assert filled.claim(ONE, kinds=["record_number"], learning_share=0.5).code == "so"
    assert isinstance(filled.claim(ONE, disputed=True, learning_share=0.5), QueueEmpty)
    clock.forward(301)
    assert filled.claim("Thử Ba", learning_share=0.5).code == "nksNoiSinh"


def test_blind_tasks_and_disputes_are_neither_chosen_nor_drawn(store, result, record, value, drawn):
    accepted = value("Bản Mẫu", 0.99, Decision.ACCEPTED)
    drawn_by_lot = result(records=(record("so-01.pdf", 1, nksNoiSinh=accepted, nksHoTen=value("Lò Văn Thử", 0.4)),))
    store.save_page(drawn_by_lot)
    field = store.stored_record(1).fields
    place = next(item.id for item in field if item.code == "nksNoiSinh")
    store.update_machine_values([MachineChange(("so-01.pdf", 1, 1), "nksNoiSinh", accepted, recheck=True)])
    learning = Learning(store)
    assert [item.code for item in learning.open_fields()] == ["nksHoTen"]
    assert learning.mark([place]) == 0
    blind = store.claim(ONE, kinds=["nksNoiSinh"])
    assert blind.blind
    _answer(store, blind, ONE, "Bản Khác")
    assert learning.mark([place]) == 0
    assert store.barred(place, ONE) is Bar.OWN_REKEYING
    assert store.claim(ONE, learning_share=0.5).code == "nksHoTen"


def test_a_chosen_field_that_turns_blind_is_chosen_no_longer(store, result, record, value):
    store.save_page(result(records=(record("so-01.pdf", 1, nksHoTen=value("Lò Văn Thử", 0.4)),)))
    learning = Learning(store)
    assert learning.mark(_fields(store, "nksHoTen")) == 1
    sure = value("Lò Văn Thử", 0.99, Decision.ACCEPTED)
    store.update_machine_values([MachineChange(("so-01.pdf", 1, 1), "nksHoTen", sure, recheck=True)])
    assert store.claim(ONE).blind
    assert learning.counts() == Marked(0, 0)


def test_a_field_under_inspection_is_not_drawn_until_that_is_over(store, result, drawn):
    store.save_page(result())
    learning = Learning(store)
    learning.mark([field.id for field in learning.open_fields()])
    while not isinstance(task := store.claim(ONE), QueueEmpty):
        _answer(store, task, ONE, task.field.raw)
    record = next(store.records())
    fields = tuple(ExportedField(code, one.raw, one.value, one.state.value) for code, one in record.fields.items())
    lot = ({"stem": "KS.2017.01", "records": 5},)
    drawn_record = DrawnRecord(record.key, "KS.2017.01", "x.pdf", fields)
    sample = SampleDraft("II", "1.0", "normal", "A", 5, 0, 1, "7", lot, (drawn_record,))
    number = store.inspections.add(sample, person="Cán Bộ")
    back = store.undo_last(ONE)
    store.release(back, back.token, person=ONE)
    assert learning.counts() == Marked(waiting=1, settled=2)
    assert isinstance(store.claim(TWO, learning_share=0.5), QueueEmpty)
    store.inspections.withdraw(number, person="Cán Bộ")
    assert store.claim(TWO, learning_share=0.5).id == back.id


def test_marking_again_replaces_what_waits_and_keeps_what_was_settled(filled, drawn):
    learning = Learning(filled)
    task = filled.claim(ONE, learning_share=0.5)
    _answer(filled, task, ONE, task.field.raw)
    names = _fields(filled, "nksHoTen")[:3]
    assert learning.mark([names[2], names[0], names[2], task.field_id, 10**9]) == 2
    assert learning.counts() == Marked(waiting=2, settled=1)
    assert [filled.claim(ONE, learning_share=0.5).field_id for _ in range(2)] == [names[2], names[0]]


def test_figures_of_people_leave_chosen_fields_out(store, result, clock, drawn):
    for page in (1, 2):
        store.save_page(result(page=page))
    Learning(store).mark(_fields(store, "nksNoiSinh"))
    since = clock.now
    for share in (0.0, 0.5, 0.0):
        task = store.claim(ONE, learning_share=share)
        clock.forward(10 if share == 0.0 else 60)
        _answer(store, task, ONE, "Bản Khác" if share else task.field.raw)
    with store.reading() as session:
        (count,), (speed,) = work(session, since), speeds(session, since, limit_seconds=120, books=None)
    assert (count.confirmed, count.corrected, count.learning_confirmed, count.learning_corrected) == (2, 1, 0, 1)
    assert (speed.answers, round(speed.seconds)) == (1, 10)
