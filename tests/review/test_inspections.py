"""Re-keying a sample of exported records blind, and judging differences, through the application."""

import json
import re
from dataclasses import replace

import httpx
import pytest
from support.people import employ, sign_in

from extractor.errors import SettingsError
from extractor.store import DrawnRecord, ExportedField, InspectedStatus, QueueEmpty, SampleDraft

SECRET = {"so": "01", "nksHoTen": "Lò Thị Mẫu Hiền", "nksNgaySinh": "28/12/2016", "meHoTen": "Lò Thị Ví Dụ"}


@pytest.fixture
def inspection(book):
    """A sample of the first record, verified by one person; its fields are those of ``SECRET``."""
    while not isinstance(task := book.claim("Người Nhập"), QueueEmpty):
        book.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    record = next(book.records())
    values = {code: field.value for code, field in record.fields.items()} | {"so": "01/2017"}
    fields = tuple(ExportedField(code, record.fields[code].raw, values[code], "read") for code in SECRET)
    drawn = DrawnRecord(record.key, "KS.2017.01", "KS.2017.01.2017-01-03.01.pdf", fields)
    draft = SampleDraft("II", "1.0", "normal", "A", 3, 0, 1, "7", ({"stem": "KS.2017.01", "records": 3},), (drawn,))
    return book.inspections.add(draft, person="Cán Bộ")


class Visitor:
    """A person at the application, without a browser."""

    def __init__(self, office, name):
        self.client = httpx.Client(base_url=office.url, follow_redirects=True)
        employ(office.store, name)
        sign_in(self.client, name)

    def post(self, path, body=None):
        return self.client.post(path, json={} if body is None else body)


@pytest.fixture
def enter(office):
    return lambda name: Visitor(office, name)


def base(inspection, part="inspector"):
    return f"/api/inspections/{inspection}/{part}"


def test_nothing_an_inspector_gets_holds_what_was_exported(enter, inspection, book):
    visitor = enter("Thanh Tra")
    texts = [visitor.client.get("/inspections").text, visitor.client.get(f"/inspections/{inspection}/inspector").text]
    ids = []
    claimed = visitor.post(f"{base(inspection)}/claim").json()
    ids += claimed["tasks"]
    texts.append(json.dumps(claimed, ensure_ascii=False))
    for task in claimed["tasks"]:
        texts.append(visitor.post(f"{base(inspection)}/preview", {"task": task["id"], "raw": "chữ khác"}).text)
        answer = {"task": task["id"], "token": task["token"], "raw": "chữ khác", "state": "read"}
        texts.append(visitor.post(f"{base(inspection)}/decide", answer).text)
    texts.append(json.dumps(visitor.post(f"{base(inspection)}/claim").json(), ensure_ascii=False))
    record_id = book.record_ids(1)[0]
    texts.append(visitor.client.get(f"/records/{record_id}").text)
    secrets = [text for text in (*SECRET.values(), "28.12.2016", "KS.2017.01.2017-01-03.01.pdf") if len(text) > 2]
    assert len(ids) == 2
    for shown in texts[:-1]:
        assert not [secret for secret in secrets if secret in shown]
    assert not [secret for secret in (*SECRET.values(), "KS.2017.01.pdf") if len(secret) > 2 and secret in texts[-1]]


def test_neither_lists_nor_messages_tell_an_inspector_how_an_answer_was_taken(enter, inspection):
    right, wrong = enter("Thanh Tra"), enter("Thanh Tra Hai")
    shown = []
    for visitor, raw in ((right, "01"), (wrong, "khác")):
        (task, *_) = visitor.post(f"{base(inspection)}/claim").json()["tasks"]
        body = {"task": task["id"], "token": task["token"], "raw": raw, "state": "read"}
        assert visitor.post(f"{base(inspection)}/decide", body).json() == {"ok": True}
        page = visitor.client.get("/inspections").text
        rest = visitor.post(f"{base(inspection, 'judge')}/claim").json()
        shown.append((re.findall(r'<td class="num strong">(.*?)</td>', page), rest))
    assert shown[0] == shown[1] == ([""], {"tasks": [], "left": 0, "others": 0, "message": ""})


def test_of_a_ditto_mark_the_inspector_types_what_it_stands_for(enter, inspection, book):
    visitor = enter("Thanh Tra")
    (task, *_) = visitor.post(f"{base(inspection)}/claim").json()["tasks"]
    lease = {"task": task["id"], "token": task["token"]}
    for raw, state in (("", "ditto"), ("nt", "ditto"), ("nt", "read")):
        refused = visitor.post(f"{base(inspection)}/decide", {**lease, "raw": raw, "state": state})
        assert (refused.status_code, "như trên" in refused.json()["message"]) == (422, True)
    assert visitor.post(f"{base(inspection)}/decide", {**lease, "raw": "01", "state": "ditto"}).status_code == 200
    assert book.inspections.get(inspection).fields[InspectedStatus.AGREED] == 1


def test_a_wrong_value_beside_the_right_text_is_found_and_shown_to_the_judge(enter, book):
    while not isinstance(task := book.claim("Người Nhập"), QueueEmpty):
        book.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    field = ExportedField("nksNgaySinh", "28/12/2016", "01.01.1999", "read")
    drawn = DrawnRecord(next(book.records()).key, "KS.2017.01", "x.pdf", (field,))
    draft = SampleDraft("II", "1.0", "normal", "A", 3, 0, 1, "7", ({"stem": "KS.2017.01", "records": 3},), (drawn,))
    number = book.inspections.add(draft, person="Cán Bộ")
    inspector, judge = enter("Thanh Tra"), enter("Trọng Tài")
    (task,) = inspector.post(f"{base(number)}/claim").json()["tasks"]
    body = {"task": task["id"], "token": task["token"], "raw": "28/12/2016", "state": "read"}
    inspector.post(f"{base(number)}/decide", body)
    (task,) = judge.post(f"{base(number, 'judge')}/claim").json()["tasks"]
    assert {task["first"]["value"], task["second"]["value"]} == {"28.12.2016", "01.01.1999"}


def test_a_field_under_inspection_is_not_opened_for_verification(enter, inspection, book):
    field = next(f for f in book.stored_record(book.record_ids(1)[0]).fields if f.code == "nksHoTen")
    refused = enter("Thanh Tra").post("/api/claim", {"field": field.id})
    assert (refused.status_code, refused.json()["tasks"]) == (409, [])
    assert SECRET["nksHoTen"] not in refused.text


def test_who_verifies_another_field_of_an_inspected_record_is_not_told_its_file(enter, book):
    record = next(book.records())
    (field,) = (ExportedField("ngayDangKy", "03/01/2017", "03.01.2017", "read"),)
    drawn = DrawnRecord(record.key, "KS.2017.01", "x.pdf", (field,))
    draft = SampleDraft("II", "1.0", "normal", "A", 3, 0, 1, "7", ({"stem": "KS.2017.01", "records": 3},), (drawn,))
    visitor = enter("Người Nhập")
    place = visitor.post("/api/claim").json()["tasks"][0]["place"]
    assert "KS.2017.01.pdf" in place
    book.inspections.add(draft, person="Cán Bộ")
    tasks = visitor.post("/api/claim").json()["tasks"]
    inspected = book.record_ids(1)[0]
    told = {(task["record"] == inspected, "KS.2017.01.pdf" in task["place"]) for task in tasks}
    assert told == {(True, False), (False, True)}


@pytest.mark.parametrize("number", [2**63, 2**70, -1])
def test_numbers_no_store_holds_are_refused(enter, inspection, number):
    visitor = enter("Thanh Tra")
    assert visitor.post(f"{base(number)}/claim").status_code in (404, 422)
    for part, more in (("inspector", {"raw": "a", "state": "read"}), ("judge", {"judgement": "both_right"})):
        for lease in ({"task": number, "token": 1}, {"task": 1, "token": number}):
            assert visitor.post(f"{base(inspection, part)}/decide", {**lease, **more}).status_code == 422
    assert visitor.post(f"{base(inspection)}/renew", [{"task": number, "token": 1}]).status_code == 422


def test_signs_nobody_sees_are_no_part_of_a_name(enter, book):
    assert "Thanh Tra" in enter("Thanh\x00 \u202eTra\u200b").client.get("/").text
    with pytest.raises(SettingsError, match="not usable"):
        employ(book, "\u200b\x01")


def test_who_verified_the_fields_is_told_that_they_are_for_others(enter, inspection):
    visitor = enter("người nhập")
    claimed = visitor.post(f"{base(inspection)}/claim").json()
    assert claimed["tasks"] == []
    assert "4" in claimed["message"]
    assert "dành cho người khác" in visitor.client.get("/inspections").text


def test_two_at_once_never_get_one_field_and_the_late_one_loses_nothing(enter, inspection, book):
    first, second = enter("Một"), enter("Hai")
    mine = first.post(f"{base(inspection)}/claim").json()["tasks"]
    theirs = second.post(f"{base(inspection)}/claim").json()["tasks"]
    assert not {task["id"] for task in mine} & {task["id"] for task in theirs}
    stolen = {"task": mine[0]["id"], "token": mine[0]["token"], "raw": "01", "state": "read"}
    refused = second.post(f"{base(inspection)}/decide", stolen)
    assert (refused.status_code, refused.json()["task"]) == (409, None)
    assert first.post(f"{base(inspection)}/decide", stolen).status_code == 200
    assert first.post(f"{base(inspection)}/decide", stolen).status_code == 200  # unheard, and sent again
    assert first.post(f"{base(inspection)}/decide", {**stolen, "raw": "02"}).status_code == 409
    assert book.inspections.get(inspection).waiting == 3
    assert book.verify_audit().ok


def test_a_judge_gets_both_readings_and_the_inspector_none(enter, inspection, book):
    inspector = enter("Thanh Tra")
    while tasks := inspector.post(f"{base(inspection)}/claim").json()["tasks"]:
        for task in tasks:
            body = {"task": task["id"], "token": task["token"], "raw": "khác", "state": "read"}
            assert inspector.post(f"{base(inspection)}/decide", body).json() == {"ok": True}
    assert inspector.post(f"{base(inspection, 'judge')}/claim").json()["tasks"] == []
    judge = enter("Trọng Tài")
    (task,) = judge.post(f"{base(inspection, 'judge')}/claim").json()["tasks"]
    assert {task["first"]["raw"], task["second"]["raw"]} == {"khác", SECRET["so"]}
    said = "first_right" if task["first"]["raw"] == SECRET["so"] else "second_right"
    body = {"task": task["id"], "token": task["token"], "judgement": said}
    assert judge.post(f"{base(inspection, 'judge')}/decide", body).json() == {"ok": True}
    assert book.inspections.get(inspection).fields[InspectedStatus.RECORD_RIGHT] == 1
    assert book.inspections.get(inspection).disputed
    back = judge.post(f"{base(inspection, 'judge')}/undo").json()["task"]
    assert back["id"] == task["id"]


@pytest.mark.parametrize("path", ["/inspections", "/inspections/1/inspector", "/api/inspections/1/inspector/claim"])
def test_nobody_comes_in_without_signing_in(office, inspection, path):
    with httpx.Client(base_url=office.url) as stranger:
        answer = stranger.post(path) if path.startswith("/api") else stranger.get(path)
        assert (answer.status_code, answer.headers.get("location", "")[:8]) in {(401, ""), (303, "/sign-in")}


@pytest.mark.browser
def test_an_inspection_by_keyboard(visitor, office, inspection, book):
    page = visitor(office, "Thanh Tra")
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.goto(f"{office.url}/inspections")
    page.keyboard.press("Tab")
    page.click("a.button")
    page.wait_for_selector("body[data-ready]")
    assert (page.inner_text("#place"), page.is_hidden(".aside")) == ("Bản ghi thứ 1 của mẫu", True)
    typed = {"Số": "01"}
    for number in range(4):
        before = page.get_attribute("body", "data-ready")
        assert page.input_value("#box") == ""
        label = page.inner_text("#label")
        page.keyboard.insert_text(typed.get(label, "khác"))
        page.keyboard.press("Enter")
        if number < 3:
            page.wait_for_selector(f"body:not([data-ready='{before}'])")
    page.wait_for_selector("#empty:not([hidden])")
    page.wait_for_selector("#saved:has-text('✓')")  # the last one is on its way
    assert book.inspections.get(inspection).disputed == 3
    judge = visitor(office, "Trọng Tài")
    judge.on("pageerror", lambda error: troubles.append(str(error)))
    judge.goto(f"{office.url}/inspections/{inspection}/judge")
    for left in (3, 2, 1):
        judge.wait_for_selector("body[data-ready]")
        assert judge.inner_text("#left") == f"Còn {left} chỗ khác nhau"
        before = judge.get_attribute("body", "data-ready")
        shown = judge.inner_text("#first")
        judge.keyboard.press("2" if shown == "khác" else "1")
        judge.wait_for_selector(f"body:not([data-ready='{before}']), #empty:not([hidden])")
    judge.wait_for_selector("#empty:not([hidden])")
    assert judge.evaluate("document.activeElement.id") == "empty-home"
    assert book.inspections.get(inspection).finished
    assert troubles == []


def keep_open(enter, inspection):
    """An inspector with two fields in hand."""
    visitor = enter("Thanh Tra")
    task, *_ = visitor.post(f"{base(inspection)}/claim").json()["tasks"]
    return visitor, {"task": task["id"], "token": task["token"], "raw": "01", "state": "read"}


def test_an_answer_to_an_inspection_that_was_withdrawn_meanwhile_says_so(enter, inspection, book):
    visitor, answer = keep_open(enter, inspection)
    book.inspections.withdraw(inspection, person="Cán Bộ")
    refused = visitor.post(f"{base(inspection)}/decide", answer)
    assert (refused.status_code, "đã bị hủy" in refused.json()["message"]) == (409, True)
    claimed = visitor.post(f"{base(inspection)}/claim").json()
    assert (claimed["tasks"], "đã bị hủy" in claimed["message"]) == ([], True)
    assert visitor.post(f"{base(inspection)}/renew", [answer]).json() == {"lost": [answer["task"]]}
    assert book.verify_audit().ok


def test_a_page_that_is_read_anew_takes_its_fields_from_whoever_holds_them(enter, inspection, book, remake_page):
    visitor, answer = keep_open(enter, inspection)
    page = remake_page(1)
    book.save_page(replace(page, sha256=f"{99:064d}", pipeline_version="v2"))
    refused = visitor.post(f"{base(inspection)}/decide", answer)
    assert (refused.status_code, "đọc lại" in refused.json()["message"]) == (409, True)
    claimed = visitor.post(f"{base(inspection)}/claim")
    assert (claimed.status_code, claimed.json()["tasks"]) == (200, [])
    assert "đọc lại" in claimed.json()["message"]
    assert visitor.post(f"{base(inspection)}/preview", {"task": answer["task"], "raw": "1"}).status_code == 409
    assert visitor.post(f"{base(inspection)}/renew", [answer]).json() == {"lost": [answer["task"]]}
    assert "đọc lại" in visitor.client.get("/inspections").text
