"""Approving books as they stand."""

import threading
from dataclasses import replace

import pytest

from extractor.errors import ApprovalError, NotStoredError
from extractor.store import Approvals, Obstacle, ProblemResolution, QueueEmpty


@pytest.fixture
def approvals(store):
    return Approvals(store)


def verify(store, person="Người Nhập"):
    while not isinstance(task := store.claim(person), QueueEmpty):
        store.decide(task, task.token, person=person, raw=task.field.raw, value=task.field.value)


@pytest.fixture
def book(store, result):
    store.save_page(result())
    return store.books()[0].id


def test_a_book_with_waiting_fields_cannot_be_approved(approvals, store, book):
    standing = approvals.standing(book, "Lãnh Đạo")
    assert Obstacle.WAITING in standing.obstacles
    assert standing.waiting == store.open_tasks()
    with pytest.raises(ApprovalError, match="wait"):
        approvals.approve(book, "Lãnh Đạo", standing.digest)


def test_a_name_stands_under_a_verified_book_until_something_in_it_changes(approvals, store, book):
    verify(store)
    standing = approvals.standing(book, "Lãnh Đạo")
    assert standing.obstacles == ()
    approval = approvals.approve(book, "Lãnh Đạo", standing.digest)
    assert (approval.person, approval.current, approval.records) == ("Lãnh Đạo", True, standing.counts.records)
    assert approvals.in_force() == {book: approval}
    assert approvals.approve(book, "Lãnh Đạo Hai", standing.digest) == approval  # once is enough
    field = store.stored_record(store.record_ids(book)[0]).fields[0]
    task = store.claim_field(field.id, "Người Nhập")
    assert approvals.in_force() == {book: approval}  # looking changes nothing
    store.decide(task, task.token, person="Người Nhập", raw="khác", value="khác")
    assert approvals.in_force() == {}
    after = approvals.standing(book, "Lãnh Đạo")
    assert (after.approval, after.approvals[0].current) == (None, False)
    store.undo_last("Người Nhập")
    assert Obstacle.WAITING not in after.obstacles
    assert store.verify_audit().ok


def test_confirming_anew_what_stands_keeps_the_approval(approvals, store, book):
    verify(store)
    approvals.approve(book, "Lãnh Đạo", approvals.standing(book, "Lãnh Đạo").digest)
    field = store.stored_record(store.record_ids(book)[0]).fields[0]
    task = store.claim_field(field.id, "Người Nhập")
    store.decide(task, task.token, person="Người Nhập", raw=field.field.raw, value=field.field.value)
    assert set(approvals.in_force()) == {book}


def test_a_book_read_with_another_version_of_its_form_is_another_content(approvals, store, result):
    page = result()
    store.save_page(page)
    book = store.books()[0].id
    verify(store)
    approvals.approve(book, "Lãnh Đạo", approvals.standing(book, "Lãnh Đạo").digest)
    store.save_page(replace(page, pipeline_version="v2"))
    assert set(approvals.in_force()) == {book}
    read = [record.model_copy(update={"form_version": "2"}) for record in page.records]
    store.save_page(replace(page, pipeline_version="v3", records=tuple(read)))
    assert approvals.in_force() == {}


def test_nobody_approves_what_they_verified_under_any_name(approvals, store, book):
    verify(store, "Người Nhập")
    assert approvals.standing(book, "người  nhập").obstacles == (Obstacle.OWN_WORK,)
    standing = approvals.standing(book, "Tên Mới", formerly={"Người Nhập"})
    assert standing.obstacles == (Obstacle.OWN_WORK,)
    with pytest.raises(ApprovalError, match="verified"):
        approvals.approve(book, "Tên Mới", standing.digest, formerly={"Người Nhập"})
    assert approvals.in_force() == {}


def test_what_changed_since_it_was_looked_at_is_not_approved(approvals, store, book):
    verify(store)
    seen = approvals.standing(book, "Lãnh Đạo").digest
    field = store.stored_record(store.record_ids(book)[0]).fields[0]
    task = store.claim_field(field.id, "Người Nhập")
    store.decide(task, task.token, person="Người Nhập", raw="khác", value="khác")
    with pytest.raises(ApprovalError, match="changed meanwhile"):
        approvals.approve(book, "Lãnh Đạo", seen)


def test_pages_nobody_looked_at_and_empty_books_stand_in_the_way(approvals, store, book, result):
    store.save_page(result(page=9, problem="unknown_form"))
    verify(store)
    assert approvals.standing(book, "Lãnh Đạo").obstacles == (Obstacle.PROBLEMS,)
    store.resolve_problem(store.page_problems()[0].id, ProblemResolution.COVER, person="Người Nhập")
    assert approvals.standing(book, "Lãnh Đạo").obstacles == ()


def test_an_approval_taken_back_can_be_given_again(approvals, store, book):
    verify(store)
    digest = approvals.standing(book, "Lãnh Đạo").digest
    approvals.approve(book, "Lãnh Đạo", digest)
    assert approvals.withdraw(book, "Lãnh Đạo Hai").withdrawn_by == "Lãnh Đạo Hai"
    assert approvals.in_force() == {}
    with pytest.raises(ApprovalError, match="not approved"):
        approvals.withdraw(book, "Lãnh Đạo")
    again = approvals.approve(book, "Lãnh Đạo", digest)
    assert [each.current for each in approvals.standing(book).approvals] == [True, False]
    assert again.current
    assert store.verify_audit().ok


def test_two_who_approve_at_once_make_one_approval(approvals, store, book):
    verify(store)
    digest = approvals.standing(book).digest
    threads = [
        threading.Thread(target=approvals.approve, args=(book, f"Lãnh Đạo {number}", digest)) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(approvals.standing(book).approvals) == 1


def test_a_book_that_is_not_there_is_named(approvals):
    with pytest.raises(NotStoredError, match="book 99"):
        approvals.standing(99)
