"""How far books are and how people work, counted by the database and checked by hand."""

from datetime import UTC, date, datetime

import pytest

from extractor.records import BookKey, Decision, FieldState
from extractor.store import (
    Approvals,
    DayCount,
    Deed,
    DrawnRecord,
    ExportedField,
    Judgement,
    MachineChange,
    Part,
    QueueEmpty,
    SampleDraft,
)
from extractor.store import book_tallies as tallies
from extractor.store import work as worked
from extractor.store.book_tallies import BookTally
from extractor.store.work import BlindTally, InspectedTally, Speed, WorkCount

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What no database treats otherwise need not be tried on both."""
ALWAYS = datetime(2025, 1, 1, tzinfo=UTC)
MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
ONE, OTHER = "Lò Thị Mẫu", "Vàng A Thử"
HERE = BookKey("KS", "2017", "01", "UBND xã Đồng Thử", "Đồng Thử", "Mẫu", "Ví Dụ")
THERE = BookKey("KT", "2018", "02", "UBND xã Bản Ví", "Bản Ví", "Mẫu", "Ví Dụ")


def vietnam(day, hour, minute=0):
    return datetime(2026, 1, day, hour - 7, minute, tzinfo=UTC)


def answer(store, task, *, correct=False):
    raw = f"{task.field.raw} khác" if correct else task.field.raw
    return store.decide(task, task.token, person=task.person, raw=raw, value=raw)


@pytest.fixture
def two_books(store, result):
    """Two records here and one there, each with an accepted field and three that wait; a cover and a spoilt page."""
    for page in (1, 2):
        store.save_page(result(page=page, book=HERE))
    store.save_page(result(page=3, book=HERE, problem="cover"))
    store.save_page(result(page=4, book=HERE, problem="unreadable"))
    store.save_page(result("so-02.pdf", book=THERE))
    return store


def test_books_are_counted_as_they_stand(two_books, result, clock):
    task = two_books.claim(ONE, book=2)
    clock.forward(60)
    two_books.decide(task, task.token, person=ONE, raw="", value=None, state=FieldState.ILLEGIBLE)
    while not isinstance(task := two_books.claim(ONE, book=2), QueueEmpty):
        answer(two_books, task)
    with two_books.reading() as session:
        here, there = sorted(tallies.book_tallies(session), key=lambda tally: tally.id)
    assert here == BookTally(
        1, HERE, pages=4, read=2, without_records=2, bad_pages=1, problems=2, records=2, fields=8, review=6, open=6,
        read_at=here.read_at,
    )  # fmt: skip
    assert there == BookTally(
        2, THERE, pages=1, read=1, records=1, verified=1, fields=4, illegible=1, read_at=there.read_at
    )
    # A page scanned anew counts once, and what was verified on the old one no longer.
    two_books.save_page(result("so-02.pdf", book=THERE, sha256="f" * 64))
    with two_books.reading() as session:
        there = sorted(tallies.book_tallies(session), key=lambda tally: tally.id)[1]
    assert (there.pages, there.records, there.verified, there.review, there.open) == (1, 1, 0, 3, 3)


def test_work_counts_in_its_hour_in_vietnam_once_and_only_while_it_stands(two_books, clock):
    clock.now = vietnam(5, 11, 59)
    answer(two_books, two_books.claim(ONE, book=1), correct=True)
    clock.now = vietnam(5, 12)
    answer(two_books, two_books.claim(ONE, book=1))
    answer(two_books, two_books.claim(OTHER, book=2))
    clock.now = vietnam(6, 7)  # midnight in Greenwich
    answer(two_books, two_books.claim(ONE, book=1))
    again = two_books.undo_last(ONE)
    with two_books.reading() as session:
        assert set(worked.work(session, ALWAYS)) == {
            WorkCount(MONDAY, 11, ONE, 1, confirmed=0, corrected=1, rekeyed=0),
            WorkCount(MONDAY, 12, ONE, 1, confirmed=1, corrected=0, rekeyed=0),
            WorkCount(MONDAY, 12, OTHER, 2, confirmed=1, corrected=0, rekeyed=0),
        }
        assert worked.settled(session, ALWAYS) == {(1, MONDAY): 2, (2, MONDAY): 1}
        assert worked.first_work(session) == MONDAY
        assert worked.work(session, vietnam(6, 7)) == ()
    answer(two_books, again)
    # A field that is settled a second time is work again, but no progress.
    first = two_books.claim_field(1, OTHER)
    answer(two_books, first, correct=True)
    with two_books.reading() as session:
        assert worked.settled(session, ALWAYS) == {(1, MONDAY): 2, (2, MONDAY): 1, (1, TUESDAY): 1}
        assert sum(count.answers for count in worked.work(session, ALWAYS)) == 5


def test_pauses_are_no_work_and_time_that_was_undone_is(two_books, clock):
    clock.now = vietnam(5, 8)
    answer(two_books, two_books.claim(ONE, book=1))
    for seconds in (10, 20, 280):
        task = two_books.claim(ONE, book=1)
        clock.forward(seconds)
        answer(two_books, task)
    clock.forward(3600)  # lunch
    answer(two_books, two_books.claim(ONE, book=2))
    clock.forward(30)
    answer(two_books, two_books.claim(ONE, book=2))
    clock.forward(5)
    two_books.undo_last(ONE)
    clock.forward(1)
    answer(two_books, two_books.claim(OTHER, book=1))
    with two_books.reading() as session:
        (one,) = worked.speeds(session, ALWAYS, limit_seconds=120, books=None)
        assert (one.person, one.answers) == (ONE, 2)  # after 10 and 20 seconds; the one after 30 was taken back
        assert one.seconds == pytest.approx(10 + 20 + 30 + 5, abs=0.01)
        (one,) = worked.speeds(session, ALWAYS, limit_seconds=300, books=[1])
        assert one == Speed(ONE, 3, pytest.approx(310, abs=0.01))
        assert worked.speeds(session, ALWAYS, limit_seconds=300, books=[]) == []


def test_blind_answers_agree_or_turn_out_right_or_wrong(two_books, value):
    accepted = value("05.01.2017", 0.9, Decision.ACCEPTED)
    keys = (("so-01.pdf", 1, 1), ("so-01.pdf", 2, 1), ("so-02.pdf", 1, 1))
    two_books.update_machine_values([MachineChange(key, "ngayDangKy", accepted, recheck=True) for key in keys])
    answer(two_books, two_books.claim(ONE, book=2, kinds=["date"]))
    for correct in (True, False):
        differing = two_books.claim(ONE, book=1, kinds=["date"])
        answer(two_books, differing, correct=True)
        with two_books.reading() as session:
            assert worked.blind_tallies(session, ALWAYS, books=[1])[0].open == 1
        settling = two_books.claim(OTHER, book=1, disputed=True)
        answer(two_books, settling, correct=correct)
    # Somebody who looks at an accepted field and confirms it types nothing blind.
    answer(two_books, two_books.claim(OTHER, book=2))
    with two_books.reading() as session:
        assert worked.blind_tallies(session, ALWAYS, books=None) == [BlindTally(ONE, agreed=1, right=1, wrong=1)]
        assert worked.blind_tallies(session, ALWAYS, books=[2]) == [BlindTally(ONE, agreed=1)]
    assert BlindTally(ONE, agreed=1, right=1, wrong=1).typed == 3


@ONE_DATABASE
def test_a_blind_answer_that_was_taken_back_counts_for_nothing(two_books, value):
    accepted = value("05.01.2017", 0.9, Decision.ACCEPTED)
    two_books.update_machine_values([MachineChange(("so-02.pdf", 1, 1), "ngayDangKy", accepted, recheck=True)])
    answer(two_books, two_books.claim(ONE, book=2, kinds=["date"]))
    two_books.undo_last(ONE)
    with two_books.reading() as session:
        assert worked.blind_tallies(session, ALWAYS, books=None) == []


def test_inspected_fields_count_for_whose_decision_was_handed_over(two_books):
    for person, number in ((ONE, 2), (OTHER, 1)):
        for _ in range(number):
            answer(two_books, two_books.claim(person, book=2))
    record = next(two_books.records(2))
    fields = tuple(ExportedField(code, each.raw, each.value, each.state.value) for code, each in record.fields.items())
    drawn = DrawnRecord(record.key, "KT.2018.02", "KT.2018.02.2017-01-05.01.pdf", fields)
    sample = SampleDraft("II", "1.0", "normal", "A", 1, 0, 1, "7", ({"stem": "KT.2018.02", "records": 1},), (drawn,))
    number = two_books.inspections.add(sample, person="Cán Bộ")
    inspections = two_books.inspections
    while task := inspections.claim(number, Part.INSPECTOR, "Thanh Tra"):
        raw = "sai" if task.code == "so" else record.fields[task.code].raw
        inspections.answer(task.id, task.token, person="Thanh Tra", raw=raw, value=raw)
    with two_books.reading() as session:
        assert worked.inspected_tallies(session, ALWAYS, books=None) == []  # it is not over
    while task := inspections.claim(number, Part.JUDGE, "Trọng Tài"):
        says = Judgement.FIRST if inspections.dispute(task).first.raw == "sai" else Judgement.SECOND
        inspections.judge(task.id, task.token, says, person="Trọng Tài")
    # What somebody decides afterwards was not handed over.
    field = next(f for f in two_books.stored_record(two_books.record_ids(2)[0]).fields if f.code == "so")
    answer(two_books, two_books.claim_field(field.id, OTHER), correct=True)
    first = field.person
    with two_books.reading() as session:
        found = worked.inspected_tallies(session, ALWAYS, books=None)
        assert {tally.person: tally.inspected for tally in found} == {ONE: 2, OTHER: 1}
        assert {tally.person: tally.wrong for tally in found if tally.wrong} == {first: 1}
        assert worked.inspected_tallies(session, ALWAYS, books=[1]) == []
    assert isinstance(found[0], InspectedTally)


@ONE_DATABASE
def test_a_decision_undone_after_the_sample_was_drawn_is_what_was_handed_over(two_books):
    """Two people gave the same answer; the second took it back between two samples."""
    answer(two_books, two_books.claim(ONE, book=2, kinds=["so"]))
    record = two_books.stored_record(two_books.record_ids(2)[0])
    field = next(field for field in record.fields if field.code == "so")
    answer(two_books, two_books.claim_field(field.id, OTHER))
    exported = (ExportedField("so", field.field.raw, field.field.value, "read"),)
    drawn = DrawnRecord(record.key, "KT.2018.02", "KT.2018.02.2017-01-05.01.pdf", exported)
    for number in (1, 2):
        sample = SampleDraft(
            "II", "1.0", "normal", "A", 1, 0, 1, "7", ({"stem": "KT.2018.02", "records": 1},), (drawn,)
        )
        assert two_books.inspections.add(sample, person="Cán Bộ") == number
        task = two_books.inspections.claim(number, Part.INSPECTOR, "Thanh Tra")
        raw = field.field.raw
        two_books.inspections.answer(task.id, task.token, person="Thanh Tra", raw=raw, value=raw)
        two_books.undo_last(OTHER)
    with two_books.reading() as session:
        assert worked.inspected_tallies(session, ALWAYS, books=None) == [
            InspectedTally(ONE, 1, 0),
            InspectedTally(OTHER, 1, 0),
        ]


@ONE_DATABASE
def test_activity_of_some_books_is_of_these_alone(two_books, clock):
    clock.now = vietnam(5, 9)
    answer(two_books, two_books.claim(ONE, book=2))
    clock.now = vietnam(6, 9)
    answer(two_books, two_books.claim(ONE, book=1))
    two_books.append_audit(actor="machine", action="exported", subject="export:KT.2018.02")
    two_books.append_audit(actor="machine", action="exported", subject="export:KS.2017.01")
    two_books.append_audit(actor="Máy khác", action="exported", subject="job:7")
    everything = two_books.activity()
    assert DayCount(TUESDAY, Deed.BOOK_EXPORTED, "", 2) in everything  # a job is no book
    there = [
        count for count in two_books.activity([2], exports=["KT.2018.02"]) if count.deed is not Deed.RECORD_FINISHED
    ]
    assert set(there) == {
        DayCount(MONDAY, Deed.PAGE_READ, "", 1),
        DayCount(MONDAY, Deed.RECORD_READ, "", 1),
        DayCount(MONDAY, Deed.FIELD_CONFIRMED, ONE, 1),
        DayCount(TUESDAY, Deed.BOOK_EXPORTED, "", 1),
    }
    assert [count.number for count in two_books.activity([]) if count.deed is not Deed.BOOK_EXPORTED] == []


@ONE_DATABASE
def test_a_book_is_approved_while_it_holds_what_it_held(two_books, clock):
    while not isinstance(task := two_books.claim(ONE, book=2), QueueEmpty):
        answer(two_books, task)
    approvals = Approvals(two_books)

    def approved():
        with two_books.reading() as session:
            changes = tallies.changed(session, tallies.first_approval(session) or ALWAYS)
            return tallies.approved(session, tallies.book_tallies(session), changes)

    assert approved() == frozenset()
    approvals.approve(2, OTHER, approvals.standing(2, OTHER).digest)
    assert approved() == {2}
    field = two_books.stored_record(two_books.record_ids(2)[0]).fields[0].id
    answer(two_books, two_books.claim_field(field, ONE))  # says the same again
    assert approved() == {2}
    answer(two_books, two_books.claim_field(field, ONE), correct=True)
    assert approved() == frozenset()
    assert approved() == frozenset(approvals.in_force())
