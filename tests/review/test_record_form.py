"""What the server tells and takes for the form of a record, without a browser."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support.people import EVERYTHING, employ, sign_in

from extractor.records import Decision, FieldState
from extractor.review.app import create_app
from extractor.store import MachineChange, Role, Store

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def births(tmp_path_factory):
    """A template folder with the one form that is needed, so that not all have to be read."""
    folder = tmp_path_factory.mktemp("births")
    shutil.copytree(ROOT / "page_templates" / "ks-2016", folder / "ks-2016")
    return folder


@pytest.fixture
def app(book, pages, births):
    return create_app(book, pages, templates=[births], announce=lambda _: None, hosts={"testserver"})


@pytest.fixture
def enter(app, book):
    """Brings a person in; gives a client that repeats the token in every post."""

    def bring(name="Thử Một", roles=EVERYTHING, books=None):
        client = TestClient(app)
        employ(book, name, roles, books=books)
        sign_in(client, name)
        return client

    return bring


def claim(client, **wanted):
    return client.post("/api/records/claim", json=wanted).json()


def row_of(record, book, code):
    number = next(field.id for field in book.stored_record(record["id"]).fields if field.code == code)
    return next(row for section in record["sections"] for row in section["rows"] if row["field"] == number)


def task_of(record, book, code):
    number = row_of(record, book, code)["field"]
    return next(task for task in record["tasks"] if task["field"] == number)


def decide(client, task, raw, state="read"):
    given = {"task": task["id"], "token": task["token"], "field": task["field"], "raw": raw, "state": state}
    return client.post("/api/decide", json=given)


def recheck(book, record, code):
    """Draw an accepted field of a record for blind re-keying."""
    stored = book.stored_record(record)
    value = next(field.field for field in stored.fields if field.code == code)
    book.update_machine_values([MachineChange(stored.key, code, value, recheck=True)])


def test_the_form_is_behind_the_same_doors_as_all_pages(app, enter):
    client = enter()
    page = client.get("/verify/records")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*(src=\"/static/|type=\"application/json\"))| style=|\son\w+=", page.text)
    client.headers.pop("X-CSRF-Token")
    for path in ("claim", "renew", "release"):
        assert client.post(f"/api/records/{path}", json={}).status_code == 403, path
        assert TestClient(app).post(f"/api/records/{path}", json={}).status_code == 401, path
    assert TestClient(app).get("/verify/records").url.path == "/sign-in"
    assert TestClient(app).get("/api/records/1").status_code == 401


def test_a_record_comes_in_the_order_of_its_form_with_groups(enter):
    record = claim(enter())["record"]
    assert [section["group"] for section in record["sections"]] == ["", "Người được khai sinh", "Mẹ"]
    labels = [row["label"] for section in record["sections"] for row in section["rows"]]
    assert labels[:3] == ["Số", "Ngày, tháng, năm đăng ký", "Họ, chữ đệm, tên"]
    assert len(record["tasks"]) == 6
    assert record["title"] == "Số 01 · Lò Thị Mẫu Hiền (trang 1)"
    assert record["page"] == {"url": "/page/1", "width": 1240, "height": 1754}
    assert record["file"] == "KS.2017.01.pdf"


def test_settled_fields_are_text_with_their_rules_beside_them(enter, book):
    record = claim(enter())["record"]
    date = row_of(record, book, "ngayDangKy")
    assert (date["standing"], date["raw"], date["value"]) == ("accepted", "03/01/2017", "03.01.2017")
    assert [warning["severity"] for warning in date["warnings"]] == ["error"]
    assert 0 < date["frame"]["width"] < 1
    number = task_of(record, book, "so")
    assert (number["raw"], number["choices"]) == ("01", ["01", "07"])
    assert not {"place", "book", "crop", "page", "warnings"} & set(number)


def test_two_people_get_different_records_and_the_last_one_none(enter, book):
    one, two = enter("Thử Một"), enter("Thử Hai")
    first, second = claim(one)["record"], claim(two)["record"]
    third = claim(one, without=[first["id"]])["record"]
    assert len({first["id"], second["id"], third["id"]}) == 3
    assert claim(two, without=[second["id"]]) == {"record": None, "others": 12, "left": 18}
    named = claim(two, record=first["id"])
    assert named["record"] is None
    assert "không còn trường nào chờ bạn" in named["message"]
    assert row_of(two.get(f"/api/records/{first['id']}").json(), book, "so")["standing"] == "busy"


def test_a_field_that_another_holds_is_shown_as_such(enter, book):
    single = book.claim("Thử Hai")
    record = claim(enter(), record=single.record_id)["record"]
    assert row_of(record, book, "so")["standing"] == "busy"
    assert len(record["tasks"]) == 5


def test_answers_are_taken_one_by_one_and_shown_afterwards(enter, book):
    client = enter()
    record = claim(client)["record"]
    assert decide(client, task_of(record, book, "so"), "12").json()["ok"]
    again = client.get(f"/api/records/{record['id']}").json()
    number = row_of(again, book, "so")
    assert (number["raw"], number["standing"], number["person"]) == ("12", "corrected", "Thử Một")
    assert again["tasks"] == []
    book.replace_warnings({book.stored_record(record["id"]).key: []})
    again = client.get(f"/api/records/{record['id']}").json()
    assert row_of(again, book, "ngayDangKy")["warnings"] == []


def test_leases_are_prolonged_given_back_and_put_off_together(enter, book):
    client = enter()
    record = claim(client)["record"]
    leases = [{"task": task["id"], "token": task["token"]} for task in record["tasks"]]
    decide(client, record["tasks"][0], "01")
    assert client.post("/api/records/renew", json=leases).json() == {"lost": [record["tasks"][0]["id"]]}
    assert client.post("/api/records/release", json={"leases": leases, "skip": True}).json() == {"ok": True}
    assert book.held("Thử Một") == ()
    assert claim(client)["record"]["id"] != record["id"]
    assert claim(enter("Thử Hai"))["record"]["id"] == record["id"]


def test_nothing_is_told_of_a_field_that_is_typed_blind(enter, book):
    recheck(book, 1, "meDanToc")
    client = enter()
    record = claim(client, record=1)["record"]
    row, task = row_of(record, book, "meDanToc"), task_of(record, book, "meDanToc")
    assert (row["raw"], row["value"], row["person"], row["warnings"]) == ("", None, "", [])
    assert (task["blind"], task["raw"], task["segments"], task["choices"]) == (True, "", [], [])
    assert record["file"] == ""
    assert "Thái" not in str(record)
    # The records beside do not tell it either, nor what a ditto mark below it stands for.
    below = claim(client, record=2)["record"]
    decide(client, task_of(below, book, "so"), "02")
    assert row_of(below, book, "meDanToc")["raw"] == "Thái"
    ditto = book.claim_field(row_of(below, book, "meDanToc")["field"], "Thử Hai")
    book.decide(ditto, ditto.token, person="Thử Hai", raw="〃", value="Thái", state=FieldState.DITTO)
    again = client.get("/api/records/2").json()
    assert (row_of(again, book, "meDanToc")["raw"], row_of(again, book, "meDanToc")["value"]) == ("〃", None)


def test_a_waiting_ditto_does_not_tell_what_it_stands_for(enter, book, remake_page):
    page = remake_page(2)
    fields = {**page.records[0].fields}
    change = {"raw": "〃", "value": "Ẩn Thị Danh", "state": FieldState.DITTO, "candidates": ()}
    fields["meHoTen"] = fields["meHoTen"].model_copy(update=change)
    record = page.records[0].model_copy(update={"fields": fields})
    book.save_page(replace(page, pipeline_version="v2", records=(record,)))
    record = claim(enter(), record=2)["record"]
    task = task_of(record, book, "meHoTen")
    assert (task["raw"], task["state"]) == ("〃", "ditto")
    assert "Ẩn Thị Danh" not in str(record)


def test_what_is_inspected_stays_hidden(enter, book, monkeypatch):
    record = claim(enter())["record"]
    stored = book.stored_record(record["id"])
    # As the store gives it while an inspection holds the field.
    fields = tuple(replace(field, hidden=field.code == "ngayDangKy") for field in stored.fields)
    monkeypatch.setattr(Store, "stored_record", lambda _self, _number: replace(stored, fields=fields))
    again = enter().get(f"/api/records/{record['id']}").json()
    shown = next(
        row
        for section in again["sections"]
        for row in section["rows"]
        if row["label"].startswith("Ngày, tháng, năm đăng")
    )
    assert (shown["standing"], shown["raw"], shown["value"], shown["person"]) == ("hidden", "", None, "")
    assert again["file"] == ""


def test_disputed_fields_are_boxes_for_adjudicators_alone(enter, book):
    recheck(book, 1, "meDanToc")
    first = enter("Thử Một", [Role.REVIEWER])
    task = task_of(claim(first, record=1)["record"], book, "meDanToc")
    decide(first, task, "Mông")
    leases = [{"task": each.id, "token": each.token} for each in book.held("Thử Một")]
    first.post("/api/records/release", json={"leases": leases})
    record = claim(enter("Thử Hai", [Role.REVIEWER]), record=1)["record"]
    shown = row_of(record, book, "meDanToc")
    assert (shown["standing"], shown["raw"]) == ("hidden", "")
    assert len(record["tasks"]) == 6
    leases = [{"task": each["id"], "token": each["token"]} for each in record["tasks"]]
    enter("Thử Hai").post("/api/records/release", json={"leases": leases})
    third = claim(enter("Thử Ba", [Role.ADJUDICATOR]))["record"]
    assert third["id"] == 1
    disputed = task_of(third, book, "meDanToc")
    assert len(third["tasks"]) == 1
    assert (disputed["disputed"], disputed["raw"], disputed["choices"]) == (True, "", ["Mông", "Thái"])


def test_a_decision_taken_back_is_a_box_again_also_where_nothing_waits(enter, book):
    client = enter()
    record = claim(client)["record"]
    date = book.claim_field(row_of(record, book, "ngayDangKy")["field"], "Thử Một")
    decide(client, {"id": date.id, "token": date.token, "field": date.field_id}, "04/01/2017")
    back = client.post("/api/undo", json={}).json()["task"]
    again = claim(client, record=record["id"])["record"]
    assert back["id"] in {task["id"] for task in again["tasks"]}
    assert book.field_context(date.field_id).field.decision is Decision.ACCEPTED


def test_the_form_is_for_those_who_verify_and_for_their_books(enter):
    seer = enter("Thử Xem", [Role.AUDITOR])
    assert seer.get("/verify/records").status_code == 403
    assert seer.get("/api/records/1").status_code == 403
    assert seer.post("/api/records/claim", json={}).status_code == 403
    stranger = enter("Thử Lạ", [Role.REVIEWER], books=[])
    assert stranger.get("/verify/records?book=1").status_code == 404
    assert stranger.get("/api/records/1").status_code == 404
    assert stranger.post("/api/records/claim", json={"record": 1}).status_code == 404
    assert stranger.post("/api/records/claim", json={"book": 1}).status_code == 404
    assert claim(stranger) == {"record": None, "others": 0, "left": 0}


def test_others_leases_are_not_renewed_nor_given_back(enter, book):
    record = claim(enter("Thử Một"))["record"]
    leases = [{"task": task["id"], "token": task["token"]} for task in record["tasks"]]
    other = enter("Thử Hai")
    assert len(other.post("/api/records/renew", json=leases).json()["lost"]) == len(leases)
    other.post("/api/records/release", json={"leases": leases, "skip": True})
    assert len(book.held("Thử Một")) == len(leases)
    assert other.post("/api/records/claim", json={"record": -1}).status_code == 422
    assert other.post("/api/records/claim", json={"record": 999}).status_code == 404


def test_both_ways_are_offered_for_each_book(enter):
    shown = enter().get("/").text
    assert 'href="/verify?book=1"' in shown
    assert 'href="/verify/records?book=1"' in shown
    assert "/verify/records?record=1" in enter().get("/records/1").text
