"""Pages go in once, come out in order, and never overwrite a person."""

from dataclasses import replace

import pytest

from extractor.errors import StoreError
from extractor.records import BookKey, Decision, FieldState, RuleWarning, Severity, record_line
from extractor.store import MachineChange, PageResult, ProblemResolution


def test_what_goes_in_comes_out_the_same(store, result):
    page = result()
    assert store.save_page(page) is True
    assert list(store.records()) == list(page.records)


def test_saving_twice_changes_nothing(store, result):
    store.save_page(result())
    head = store.audit_head()
    assert store.save_page(result()) is False
    assert store.audit_head() == head
    assert store.page_done(result().sha256, "so-01.pdf", 1, "v1")


def test_a_page_is_done_only_for_its_pixels_place_and_pipeline(store, result):
    page = result()
    store.save_page(page)
    assert not store.page_done(page.sha256, "so-01.pdf", 1, "v2")
    assert not store.page_done(page.sha256, "so-01.pdf", 2, "v1")
    assert not store.page_done("0" * 64, "so-01.pdf", 1, "v1")


def test_records_come_in_the_order_people_count(store, result, record):
    for file, page in [("so-10.pdf", 1), ("so-9.pdf", 10), ("so-9.pdf", 9), ("so-9/a.pdf", 1), ("Sổ-1.pdf", 1)]:
        store.save_page(result(file, page, records=(record(file, page, 2), record(file, page, 1))))
    keys = [found.key for found in store.records()]
    assert keys == [
        ("Sổ-1.pdf", 1, 1), ("Sổ-1.pdf", 1, 2),
        ("so-9/a.pdf", 1, 1), ("so-9/a.pdf", 1, 2),
        ("so-9.pdf", 9, 1), ("so-9.pdf", 9, 2),
        ("so-9.pdf", 10, 1), ("so-9.pdf", 10, 2),
        ("so-10.pdf", 1, 1), ("so-10.pdf", 1, 2),
    ]  # fmt: skip


def test_records_of_one_book(store, result):
    other = BookKey(register="KS", year="2018", number="01")
    store.save_page(result("a.pdf"))
    store.save_page(result("b.pdf", book=other))
    assert [found.file for found in store.records(other)] == ["b.pdf"]
    with pytest.raises(StoreError, match="no such book"):
        store.records(BookKey(register="KT"))
    assert [(summary.key.year, summary.counts.fields) for summary in store.books()] == [("2017", 4), ("2018", 4)]


def test_a_newer_reading_replaces_only_what_no_person_decided(store, result, record, value):
    store.save_page(result())
    task = store.claim("Thử Một")
    assert task.code == "so"
    store.decide(task, task.token, person="Thử Một", raw="7", value="7")
    newer = record("so-01.pdf", 1, so=value("99", 0.99, Decision.ACCEPTED), nksHoTen=value("Lò Văn Thứ", 0.9))
    assert store.save_page(result(version="v2", records=(newer,))) is True
    fields = next(store.records()).fields
    assert (fields["so"].raw, fields["so"].decision) == ("7", Decision.CORRECTED)
    assert (fields["nksHoTen"].raw, fields["nksHoTen"].decision) == ("Lò Văn Thứ", Decision.REVIEW)
    assert "ngayDangKy" not in fields
    stored = store.stored_record(task.record_id)
    name = next(found for found in stored.fields if found.code == "nksHoTen")
    (entry,) = store.history(name.id)
    assert (entry.action, entry.before["raw"], entry.after["raw"]) == ("reread", "Lò Văn Thử", "Lò Văn Thứ")
    assert store.verify_audit().ok


def test_a_field_the_machine_now_accepts_leaves_the_queue(store, result, record, value):
    store.save_page(result(records=(record("so-01.pdf", 1, so=value("1", 0.5)),)))
    assert store.open_tasks() == 1
    store.save_page(result(version="v2", records=(record("so-01.pdf", 1, so=value("1", 0.99, Decision.ACCEPTED)),)))
    assert store.open_tasks() == 0
    store.save_page(result(version="v3", records=(record("so-01.pdf", 1, so=value("1", 0.4)),)))
    assert store.open_tasks() == 1


def test_records_a_newer_reading_does_not_find_go_unless_a_person_worked_on_them(store, result, record):
    file = "so-01.pdf"
    store.save_page(result(records=(record(file, 1, 1), record(file, 1, 2), record(file, 1, 3))))
    second = next(found for found in store.books())
    task = store.claim_field(store.stored_record(store.record_ids(second.id)[1]).fields[0].id, "Thử Một")
    store.decide(task, task.token, person="Thử Một", raw="2", value="2")
    store.save_page(result(version="v2", records=(record(file, 1, 1),)))
    assert [found.record for found in store.records()] == [1, 2]
    assert store.status().records == 2


def test_other_pixels_make_a_new_page_and_keep_the_old_decisions(store, result):
    store.save_page(result(sha256="a" * 64))
    task = store.claim("Thử Một")
    store.decide(task, task.token, person="Thử Một", raw="7", value="7")
    store.save_page(result(sha256="b" * 64))
    assert next(store.records()).fields["so"].decision is Decision.REVIEW
    assert (store.status().pages, store.status().records, store.open_tasks()) == (1, 1, 3)
    assert [entry.action for entry in store.history(task.field_id)] == ["correct"]
    store.save_page(result(sha256="a" * 64))
    assert next(store.records()).fields["so"].raw == "7"


def test_book_level_passes_change_only_undecided_fields(store, result, value):
    store.save_page(result())
    key = ("so-01.pdf", 1, 1)
    task = store.claim("Thử Một")
    store.decide(task, task.token, person="Thử Một", raw="7", value="7")
    changes = [
        MachineChange(key, "so", value("8", 0.99, Decision.ACCEPTED)),
        MachineChange(key, "nksHoTen", value("Lò Văn Thử", 0.99, Decision.ACCEPTED)),
        MachineChange(key, "nksNoiSinh", value("Bản Mẫu", 0.3)),
    ]
    assert store.update_machine_values(changes) == 1
    assert store.update_machine_values(changes) == 0
    fields = next(store.records()).fields
    assert fields["so"].raw == "7"
    assert fields["nksHoTen"].decision is Decision.ACCEPTED
    assert store.open_tasks() == 1
    name = next(found for found in store.stored_record(task.record_id).fields if found.code == "nksHoTen")
    assert store.history(name.id) == ()  # the same reading with another confidence
    store.update_machine_values([MachineChange(key, "nksHoTen", value("Lò Văn Thứ", 0.9))])
    assert [entry.action for entry in store.history(name.id)] == ["reconsidered"]
    assert store.verify_audit().ok
    with pytest.raises(StoreError, match="no field 'xyz'"):
        store.update_machine_values([MachineChange(key, "xyz", value("", 0.0))])
    with pytest.raises(StoreError, match="page 9"):
        store.update_machine_values([MachineChange(("so-01.pdf", 9, 1), "so", value("", 0.0))])


def test_warnings_are_replaced_as_a_whole(store, result):
    store.save_page(result())
    key = ("so-01.pdf", 1, 1)
    wanted = (
        RuleWarning(
            rule="B2", fields=("so", "quyenSo"), message="Trùng số", message_en="Doubled", severity=Severity.ERROR
        ),
        RuleWarning(rule="R1", fields=(), message="Thiếu"),
    )
    assert store.replace_warnings({key: wanted}) == 1
    assert store.replace_warnings({key: wanted}) == 0
    assert next(store.records()).warnings == wanted
    assert store.replace_warnings({key: ()}) == 1
    assert next(store.records()).warnings == ()


def test_long_lists_are_written_in_parts(store, result, record, value):
    codes = [f"f{number}" for number in range(60)]
    for page in range(1, 11):
        fields = {code: value("a", 0.5) for code in codes}
        store.save_page(result(page=page, records=(record("so-01.pdf", page, **fields),)))
    changes = [
        MachineChange(("so-01.pdf", page, 1), code, value("a", 0.9, Decision.ACCEPTED))
        for page in range(1, 11)
        for code in codes
    ]
    assert store.update_machine_values(iter(changes)) == 600
    assert (store.status().accepted, store.open_tasks()) == (600, 0)


def test_page_problems_are_listed_and_resolved(store, result):
    store.save_page(result("so-01.pdf", 10, problem="unknown_form"))
    store.save_page(result("so-01.pdf", 9, problem="blank_page"))
    nine, ten = store.page_problems()
    assert (nine.problem.page, ten.problem.page) == (9, 10)
    assert store.status().page_problems == 2
    store.resolve_problem(nine.id, ProblemResolution.COVER, person="Thử Một")
    assert store.page_problems()[0].resolution is ProblemResolution.COVER
    assert store.status().page_problems == 1
    store.save_page(result("so-01.pdf", 9, problem="blank_page", version="v2"))
    assert store.page_problems()[0].resolution is ProblemResolution.COVER
    store.resolve_problem(nine.id, None, person="Thử Một")
    assert store.status().page_problems == 2
    with pytest.raises(StoreError):
        store.resolve_problem(999, ProblemResolution.COVER, person="Thử Một")
    assert store.verify_audit().ok


def test_a_page_that_a_newer_pipeline_can_read_is_no_problem_any_more(store, result):
    store.save_page(result(problem="unknown_form"))
    store.save_page(result(version="v2"))
    assert store.page_problems() == ()
    assert len(list(store.records())) == 1


def test_counts_add_up(store, result):
    store.save_page(result("a.pdf", 1))
    store.save_page(result("a.pdf", 2))
    store.save_page(result("a.pdf", 3, problem="unreadable"))
    for raw, person in (("01", "Thử Một"), ("22", "Thử Hai")):
        task = store.claim(person)
        store.decide(task, task.token, person=person, raw=raw, value=raw)
    store.claim("Thử Một")
    status = store.status()
    assert (status.pages, status.records, status.fields, status.page_problems) == (3, 2, 8, 1)
    assert (status.accepted, status.review, status.confirmed, status.corrected) == (2, 4, 1, 1)
    assert (status.leased, status.settled) == (1, 4)


def test_provenance_and_doubts_are_kept(store, result):
    page = replace(result(), char_confidences={(1, "so"): (0.9, 0.4), (1, "nksHoTen"): (0.5,)})
    store.save_page(page)
    first, *_ = store.stored_record(1).fields
    context = store.field_context(first.id)
    assert context.char_confidences == (0.9, 0.4)
    assert [warning.rule for warning in context.warnings] == ["R1"]
    name = store.field_context(store.stored_record(1).fields[2].id)
    assert name.char_confidences == ()  # one number for ten letters says nothing
    assert name.warnings == ()


def test_neighbours_are_the_records_before_and_after_in_the_book(store, result):
    for page in (9, 10, 11):
        store.save_page(result(page=page))
    store.save_page(result("other.pdf", 1, book=BookKey(register="KT")))
    first, second, third = store.record_ids(1)
    middle = store.stored_record(second)
    assert (middle.previous_id, middle.following_id) == (first, third)
    context = store.field_context(middle.fields[0].id)
    assert (context.previous.field.raw, context.following.field.raw) == ("09", "11")
    assert store.stored_record(third).following_id is None
    assert store.field_context(store.stored_record(first).fields[0].id).previous is None


def test_text_no_book_can_hold_does_not_stop_the_store(store, result, record, value):
    store.save_page(result(records=(record("so-01.pdf", 1, so=value("a\x00b\x1b", 0.5)),)))
    assert next(store.records()).fields["so"].raw == "ab"


def test_the_same_records_give_the_same_lines(store, result):
    page = result()
    store.save_page(page)
    assert [record_line(found) for found in store.records()] == [record_line(found) for found in page.records]


def test_results_that_contradict_themselves_are_refused(result, record):
    good = result()
    with pytest.raises(ValueError, match="records or a problem"):
        replace(good, records=())
    with pytest.raises(ValueError, match="twice"):
        replace(good, records=(record("so-01.pdf", 1), record("so-01.pdf", 1)))
    with pytest.raises(ValueError, match="another file or page"):
        replace(good, page=2)
    assert isinstance(good, PageResult)


def test_states_without_a_value_never_get_one(store, result):
    store.save_page(result())
    for state in (FieldState.BLANK, FieldState.ILLEGIBLE, FieldState.NOT_ON_FORM):
        task = store.claim("Thử Một")
        decided = store.decide(task, task.token, person="Thử Một", raw="x", value="x", state=state)
        assert decided.value is None
        assert decided.raw == ("x" if state is FieldState.ILLEGIBLE else "")
