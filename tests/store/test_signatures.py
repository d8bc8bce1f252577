"""What a name under a book is worth while its records are read, and when a book has to be hashed again."""

import pytest

from extractor.records import Decision
from extractor.store import Approvals, MachineChange, QueueEmpty, content
from extractor.store.content import ContentDigests, content_digest
from extractor.store.signatures import Doubt, given, signature, signed_book

APPROVER = "Lãnh Đạo"


@pytest.fixture
def approvals(store):
    return Approvals(store)


@pytest.fixture
def book(store, result):
    store.save_page(result())
    while not isinstance(task := store.claim("Người Nhập"), QueueEmpty):
        store.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    return store.books()[0].id


def answer(store, book, text):
    field = store.stored_record(store.record_ids(book)[0]).fields[0]
    task = store.claim_field(field.id, "Người Nhập")
    store.decide(task, task.token, person="Người Nhập", raw=text, value=text)


def doubt(store, book):
    with store.reading() as session:
        return signature(session, book).doubt


def test_signature_and_records_are_of_one_moment(store, book, approvals):
    approvals.approve(book, APPROVER, approvals.standing(book).digest)
    before = list(store.records(book))
    with signed_book(store, book) as (found, records):
        answer(store, book, "99")
        assert list(records) == before
    assert (found.doubt, found.person) == (None, APPROVER)
    assert doubt(store, book) is Doubt.CHANGED
    assert list(store.records(book)) != before


def test_why_no_name_stands_under_a_book(store, book, approvals):
    assert doubt(store, book) is Doubt.NEVER
    given_at = approvals.approve(book, APPROVER, approvals.standing(book).digest).at.isoformat(timespec="seconds")
    with store.reading() as session:
        found = signature(session, book)
        assert given(session, book, APPROVER, given_at, found.digest)
        assert not given(session, book, "Người Khác", given_at, found.digest)
        assert not given(session, book, APPROVER, given_at, "0" * 64)
    record = next(store.records(book))
    code = next(code for code, field in record.fields.items() if field.decision is Decision.ACCEPTED)
    waits = record.fields[code].model_copy(update={"decision": Decision.REVIEW})
    store.update_machine_values([MachineChange(record.key, code, waits)])
    assert doubt(store, book) is Doubt.WAITING
    assert (approvals.approves(book), approvals.in_force()) == (False, {})
    assert approvals.standing(book).approval is None
    task = store.claim("Người Nhập")
    store.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    assert (doubt(store, book), approvals.approves(book)) == (None, True)
    approvals.withdraw(book, APPROVER)
    assert (doubt(store, book), approvals.approves(book)) == (Doubt.WITHDRAWN, False)


def test_a_book_is_hashed_again_only_after_something_in_it_happened(store, book, result, approvals, monkeypatch):
    hashed = []

    def counted(session, book_id):
        hashed.append(book_id)
        return content_digest(session, book_id)

    monkeypatch.setattr(content, "content_digest", counted)
    digests = ContentDigests()

    def look():
        with store.reading() as session:
            found = digests.digest(session, book)
            assert found == content_digest(session, book)
            return len(hashed)

    assert look() == 1
    approvals.approve(book, APPROVER, approvals.standing(book).digest)
    hashed.clear()
    hashed.append(book)
    assert look() == 1  # a name under it changes nothing in it
    answer(store, book, "99")
    assert look() == 2
    store.undo_last("Người Nhập")
    assert look() == 3
    record = next(store.records(book))
    code = next(code for code, field in record.fields.items() if field.decision is not Decision.CONFIRMED)
    changed = record.fields[code].model_copy(update={"raw": "khác", "value": "khác"})
    store.update_machine_values([MachineChange(record.key, code, changed)])
    assert look() == 4
    store.save_page(result(page=2))
    assert look() == 5
    assert look() == 5
