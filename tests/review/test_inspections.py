"""Re-keying a sample of exported records blind, and judging differences, through the application."""

import json
import re

import httpx
import pytest

from extractor.store import DrawnRecord, ExportedField, InspectedStatus, QueueEmpty, SampleDraft

SECRET = {"so": "01", "nksHoTen": "Lò Thị Mẫu Hiền", "nksNgaySinh": "28/12/2016", "meHoTen": "Lò Thị Ví Dụ"}


@pytest.fixture
def inspection(book):
    """A sample of the first record, verified by one person; its fields are those of ``SECRET``."""
    while not isinstance(task := book.claim("Người Nhập"), QueueEmpty):
        book.decide(task, task.token, person="Người Nhập", raw=task.field.raw, value=task.field.value)
    record = next(book.records())
    fields = tuple(ExportedField(code, record.fields[code].raw, record.fields[code].value, "read") for code in SECRET)
    drawn = DrawnRecord(record.key, "KS.2017.01", "KS.2017.01.2017-01-03.01.pdf", fields)
    draft = SampleDraft("II", "1.0", "normal", "A", 3, 0, 1, "7", ({"stem": "KS.2017.01", "records": 3},), (drawn,))
    return book.inspections.add(draft, person="Cán Bộ")


class Visitor:
    """A person at the application, without a browser."""

    def __init__(self, office, name):
        self.client = httpx.Client(base_url=office.url, follow_redirects=True)
        page = self.client.get(office.entrance).text
        self.csrf = re.search(r'name="csrf" content="([^"]+)"', page)[1]
        self.client.post("/name", data={"csrf": self.csrf, "person": name})

    def post(self, path, body=None):
        return self.client.post(path, json={} if body is None else body, headers={"X-CSRF-Token": self.csrf})


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
    # The page of the record shows its file, but none of the sampled values either.
    assert not [secret for secret in SECRET.values() if len(secret) > 2 and secret in texts[-1]]


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
    assert first.post(f"{base(inspection)}/decide", stolen).status_code == 409
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
    back = judge.post(f"{base(inspection, 'judge')}/undo").json()["task"]
    assert back["id"] == task["id"]


@pytest.mark.parametrize("path", ["/inspections", "/inspections/1/inspector", "/api/inspections/1/inspector/claim"])
def test_nobody_comes_in_without_an_invitation(office, inspection, path):
    with httpx.Client(base_url=office.url) as stranger:
        answer = stranger.post(path) if path.startswith("/api") else stranger.get(path)
        assert answer.status_code in (401, 403)


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
    assert book.inspections.get(inspection).disputed == 3
    judge = visitor(office, "Trọng Tài")
    judge.on("pageerror", lambda error: troubles.append(str(error)))
    judge.goto(f"{office.url}/inspections/{inspection}/judge")
    for _ in range(3):
        judge.wait_for_selector("body[data-ready]")
        before = judge.get_attribute("body", "data-ready")
        shown = judge.inner_text("#first")
        judge.keyboard.press("2" if shown == "khác" else "1")
        judge.wait_for_function(
            "before => document.body.dataset.ready !== before || !document.getElementById('empty').hidden", arg=before
        )
    judge.wait_for_selector("#empty:not([hidden])")
    assert book.inspections.get(inspection).finished
    assert troubles == []
