"""What was done on which day."""

from datetime import UTC, date, datetime

from extractor.store import DayCount, Deed, QueueEmpty

MORNING, EVENING = date(2026, 1, 5), date(2026, 1, 6)


def test_work_counts_on_its_day_in_vietnam_and_what_was_taken_back_does_not(store, result, clock):
    clock.now = datetime(2026, 1, 4, 17, 30, tzinfo=UTC)  # half past midnight of the fifth in Vietnam
    store.save_page(result())
    store.save_page(result(page=2, problem="cover"))
    number = 0
    while not isinstance(task := store.claim("Lò Thị Mẫu"), QueueEmpty):
        raw = "khác" if number == 0 else task.field.raw
        store.decide(task, task.token, person="Lò Thị Mẫu", raw=raw, value=None if number == 0 else task.field.value)
        number += 1
    clock.now = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)
    task = store.undo_last("Lò Thị Mẫu")
    store.append_audit(actor="machine", action="exported", subject="export:KS.2017.01")
    store.append_audit(actor="machine", action="exported", subject="export:KS.2017.01")
    assert set(store.activity()) == {
        DayCount(MORNING, Deed.PAGE_READ, "", 1),
        DayCount(MORNING, Deed.PAGE_PROBLEM, "", 1),
        DayCount(MORNING, Deed.RECORD_READ, "", 1),
        DayCount(MORNING, Deed.FIELD_CORRECTED, "Lò Thị Mẫu", 1),
        DayCount(MORNING, Deed.FIELD_CONFIRMED, "Lò Thị Mẫu", 1),
        DayCount(EVENING, Deed.BOOK_EXPORTED, "", 1),
    }
    store.decide(task, task.token, person="Lò Thị Mẫu", raw=task.field.raw, value=task.field.value)
    assert DayCount(EVENING, Deed.RECORD_FINISHED, "", 1) in store.activity()
