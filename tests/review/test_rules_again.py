"""Warnings are those of the record as it stands now, and an approver sees which of them people passed over."""

import pytest
from fastapi.testclient import TestClient
from support.people import EVERYTHING, employ, sign_in

from extractor.records import FieldState, RuleWarning, Severity
from extractor.review.app import create_app
from extractor.review.labels import Labels
from extractor.rules import along_book_again, record_rules
from extractor.settings import get_settings
from extractor.store import QueueEmpty
from extractor.store.seeing import note_seen


@pytest.fixture(scope="module")
def labels():
    return Labels.load([get_settings().templates_dir])


@pytest.fixture
def client(book, pages):
    app = create_app(
        book, pages, templates=[get_settings().templates_dir], announce=lambda _: None, hosts={"testserver"}
    )
    client = TestClient(app)
    employ(book, "Người Nhập", EVERYTHING)
    sign_in(client, "Người Nhập")
    return client


def field_of(book, code, record=0):
    return next(f for f in book.stored_record(book.record_ids(1)[record]).fields if f.code == code)


def decide(client, book, code, raw, record=0):
    task = book.claim_field(field_of(book, code, record).id, "Người Nhập")
    given = {"task": task.id, "token": task.token, "field": task.field_id, "raw": raw, "state": "read"}
    assert client.post("/api/decide", json=given).json()["ok"]


def rules_of(book, record=0):
    return {warning.rule for warning in book.stored_record(book.record_ids(1)[record]).warnings}


def test_a_correction_brings_and_takes_the_warnings_of_its_record(client, book):
    decide(client, book, "nksNgaySinh", "27/12/2016")
    before = rules_of(book)
    decide(client, book, "nksNgaySinh", "28/12/2018")  # after the registration
    added = rules_of(book) - before
    assert added
    shown = client.get(f"/api/records/{book.record_ids(1)[0]}").json()
    row = next(
        row for part in shown["sections"] for row in part["rows"] if row["field"] == field_of(book, "nksNgaySinh").id
    )
    assert row["warnings"]
    undone = client.post("/api/undo").json()["task"]
    assert rules_of(book) == before
    assert undone["warnings"] == []


def test_a_warning_tells_what_stands_in_the_other_fields_it_names(client, book):
    decide(client, book, "nksNgaySinh", "28/12/2018")
    task = client.post("/api/claim", json={"field": field_of(book, "ngayDangKy").id}).json()["tasks"][0]
    told = [(other["label"], other["raw"]) for warning in task["warnings"] for other in warning["named"]]
    assert ("“Ngày, tháng, năm sinh” (Người được khai sinh)", "28/12/2018") in told
    rows = [row for part in client.get(f"/api/records/{task['record']}").json()["sections"] for row in part["rows"]]
    assert [row["warnings"] for row in rows if row["field"] == task["field"]] == [task["warnings"]]


def test_a_rule_that_fails_takes_no_answer_away(client, book, caplog):
    client.app.state.room.__dict__["rules"] = lambda *_: 1 / 0
    decide(client, book, "nksHoTen", "Lò Thị Khác")
    assert field_of(book, "nksHoTen").field.raw == "Lò Thị Khác"
    assert "ZeroDivisionError" in caplog.text
    assert "Khác" not in caplog.text


def test_what_a_rule_along_the_book_said_stays_until_the_book_is_looked_through(book, labels):
    record = next(book.records(1))
    said = RuleWarning(rule="R03-number-order", fields=("so",), message="x", message_en="x", severity=Severity.WARNING)
    counted = RuleWarning(rule="R04-count", fields=(), message="x", message_en="x", severity=Severity.WARNING)
    stale = RuleWarning(rule="R02-year", fields=("so",), message="x", message_en="x", severity=Severity.WARNING)
    rules = record_rules(labels.schemas)
    now = rules(record, book.books()[0].key, (stale, said, counted))
    assert said in now
    assert stale not in now
    records = [each.model_copy(update={"warnings": (said, counted)}) for each in book.records(1)]
    again = along_book_again(records, labels.schemas, book.books()[0].key)
    assert all(said not in each.warnings and counted in each.warnings for each in again)


def test_an_approver_sees_what_was_kept_though_a_rule_objects(client, book):
    decide(client, book, "nksNgaySinh", "28/12/2018")
    decide(client, book, "so", "01/2017")
    decide(client, book, "so", "01/2017", record=1)  # stands twice now
    while not isinstance(task := book.claim("Người Nhập"), QueueEmpty):
        book.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    page = client.get("/books/1/approval").text
    assert "điểm cần xem lại" in page
    assert "đã xác minh: Người Nhập" in page
    assert "R01-duplicate" in rules_of(book, 0) | rules_of(book, 1)
    decide(client, book, "so", "02/2017", record=1)
    client.get("/books/1/approval")
    assert "R01-duplicate" not in rules_of(book, 0) | rules_of(book, 1)
    assert field_of(book, "so", 1).field.state is FieldState.READ


def test_a_record_that_was_looked_at_is_noted(client, book):
    number = book.record_ids(1)[0]
    client.get(f"/records/{number}")
    assert note_seen(book, number, "Người Nhập") == 0
    assert note_seen(book, number, "Người Khác") > 0
