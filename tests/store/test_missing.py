"""Pages reported missing, and what they keep from being approved."""

import pytest

from extractor.errors import ApprovalError, NotStoredError, SettingsError
from extractor.store import Approvals, Instructions, Missing, Obstacle, Outcome, QueueEmpty


@pytest.fixture
def book(store, result):
    store.save_page(result())
    while not isinstance(task := store.claim("Người Nhập"), QueueEmpty):
        store.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    return store.books()[0].id


def test_a_missing_page_stands_before_approval_until_it_is_found(store, book):
    missing, approvals = Missing(store), Approvals(store)
    page = Instructions(store).find("so-01.pdf", 1).id
    report = missing.report(book, page, 2, "Số nhảy từ 01 sang 04", "Người Một")
    assert (report.after, report.pages, report.outcome) == (("so-01.pdf", 1), 2, None)
    standing = approvals.standing(book, "Lãnh Đạo")
    assert (standing.obstacles, standing.missing) == ((Obstacle.MISSING,), 2)
    with pytest.raises(ApprovalError, match="missing"):
        approvals.approve(book, "Lãnh Đạo", standing.digest)
    assert missing.open() == {book: 2}
    settled = missing.settle(report.id, Outcome.FOUND, "", "Người Hai")
    assert (settled.outcome, settled.settled_by) == (Outcome.FOUND, "Người Hai")
    assert missing.open() == {}
    assert approvals.approve(book, "Lãnh Đạo", standing.digest).current
    missing.settle(report.id, None, "", "Người Hai")
    assert missing.open() == {book: 2}
    assert store.verify_audit().faults == ()


def test_a_lack_is_accepted_in_words_alone(store, book):
    missing = Missing(store)
    report = missing.report(book, None, 1, "Trang đầu rách", "Người Một")
    assert report.after is None
    with pytest.raises(SettingsError, match="reason"):
        missing.settle(report.id, Outcome.ACCEPTED, "  ", "Người Hai")
    assert missing.settle(report.id, Outcome.ACCEPTED, "Sổ gốc cũng thiếu", "Người Hai").words == "Sổ gốc cũng thiếu"
    assert missing.open() == {}
    assert missing.of_book(book)[0].outcome is Outcome.ACCEPTED


def test_reports_of_nothing_are_refused(store, book):
    missing = Missing(store)
    for pages, why in ((0, "vì"), (501, "vì"), (1, " "), (1, "x" * 501)):
        with pytest.raises(SettingsError):
            missing.report(book, None, pages, why, "Người Một")
    with pytest.raises(NotStoredError):
        missing.report(book, 999, 1, "vì", "Người Một")
    with pytest.raises(NotStoredError):
        missing.report(999, None, 1, "vì", "Người Một")
    with pytest.raises(NotStoredError):
        missing.settle(7, Outcome.FOUND, "", "Người Một")
