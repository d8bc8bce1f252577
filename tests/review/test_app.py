"""Access, headers, and what the server answers, without a browser."""

import logging
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from support.people import employ

from extractor.learning.sharing import save_share
from extractor.records import Box, Decision, FieldState
from extractor.review.labels import Labels
from extractor.review.texts import texts
from extractor.store import Accounts, Learning, MachineChange
from extractor.templates.form import FieldSpec, FormSchema, Kind, Option


def decide(client, task, raw, state="read"):
    return client.post(
        "/api/decide",
        json={"task": task["id"], "token": task["token"], "field": task["field"], "raw": raw, "state": state},
    )


def preview(client, task, raw):
    return client.post("/api/preview", json={"task": task["id"], "field": task["field"], "raw": raw})


def test_nothing_is_shown_to_who_is_not_signed_in(app, enter):
    enter()
    client = TestClient(app)
    for path in ("/", "/verify", "/records/1", "/problems", "/account", "/accounts", "/books/1", "/inspections"):
        assert client.get(path).url.path == "/sign-in", path
    for path in ("/crop/1", "/page/1", "/problem/1/small"):
        assert client.get(path).status_code == 401, path
    for path in ("/api/claim", "/api/undo", "/api/decide", "/api/preview"):
        assert client.post(path, json={}).status_code == 401, path


def test_posts_without_the_token_or_from_elsewhere_are_refused(enter):
    client = enter()
    csrf = client.headers.pop("X-CSRF-Token")
    assert client.post("/api/claim", json={}).status_code == 403
    assert client.post("/api/claim", json={}, headers={"X-CSRF-Token": "wrong"}).status_code == 403
    assert client.post("/sign-out", data={"csrf": "wrong"}).status_code == 403
    foreign = {"X-CSRF-Token": csrf, "Origin": "http://elsewhere.example"}
    assert client.post("/api/claim", json={}, headers=foreign).status_code == 403
    own = {"X-CSRF-Token": csrf, "Origin": "http://testserver"}
    assert client.post("/api/claim", json={}, headers=own).status_code == 200


def test_the_server_answers_only_under_its_own_name(app):
    assert TestClient(app, base_url="http://elsewhere.example").get("/").status_code == 421


@pytest.mark.parametrize(
    "path", ["/", "/verify", "/records/1", "/problems", "/crop/1", "/page/1", "/static/app.css", "/no"]
)
def test_every_answer_carries_the_headers(enter, path):
    headers = enter().get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    if not path.startswith("/static/"):
        assert headers["cache-control"] == "no-store"


def test_text_of_registers_is_escaped(enter, book):
    client = enter("<script>alert(1)<b>")
    task = client.post("/api/claim", json={}).json()["tasks"][0]
    decide(client, task, "<img src=x onerror=alert(1)>")
    for path in ("/", f"/records/{task['record']}", "/verify", "/problems"):
        shown = client.get(path).text
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown


def test_pages_have_nothing_inline_and_nothing_from_elsewhere(enter):
    client = enter()
    for path in ("/", "/verify", "/records/1", "/problems"):
        shown = client.get(path).text
        assert not re.search(r"<script(?![^>]*(src=\"/static/|type=\"application/json\"))", shown), path
        assert " style=" not in shown
        assert not re.search(r"\son\w+=", shown)
        assert not re.search(r"(src|href)=\"(https?:)?//", shown)


def test_claiming_gives_a_few_fields_and_the_same_again_on_reload(enter):
    client = enter()
    first = client.post("/api/claim", json={}).json()
    # Without templates fields go by their codes.
    assert [task["label"] for task in first["tasks"]] == ["so", "so", "so", "nksHoTen"]
    assert first["left"] == 18
    again = client.post("/api/claim", json={}).json()
    assert [task["id"] for task in again["tasks"]] == [task["id"] for task in first["tasks"]]


def test_a_share_of_the_fields_comes_from_those_chosen_for_learning(enter, book, pages, monkeypatch):
    monkeypatch.setattr("extractor.store.queue._chance", lambda: 0.3)
    chosen = [field.id for field in Learning(book).open_fields() if field.code == "nksNoiSinh"]
    Learning(book).mark(chosen)
    client = enter()
    save_share(pages, 0.2)  # less than the draws
    assert {task["label"] for task in client.post("/api/claim", json={}).json()["tasks"]} == {"so", "nksHoTen"}
    save_share(pages, 0.4)
    other = enter("Thử Hai")
    assert {task["field"] for task in other.post("/api/claim", json={}).json()["tasks"]} >= set(chosen)


def test_what_the_page_has_is_not_sent_again_nor_counted_unasked(enter):
    client = enter()
    first = client.post("/api/claim", json={}).json()["tasks"]
    known = [{"task": task["id"], "token": task["token"], "blind": task["blind"]} for task in first[1:]]
    again = client.post("/api/claim", json={"known": known, "count": False}).json()
    assert [task["id"] for task in again["tasks"]] == [first[0]["id"]]
    assert "left" not in again
    known[0]["blind"] = True  # shown otherwise than it has to be
    again = client.post("/api/claim", json={"known": known}).json()
    assert [task["id"] for task in again["tasks"]] == [task["id"] for task in first[:2]]
    assert again["left"] == 18


def test_a_task_tells_all_that_is_needed_to_judge_it(enter):
    task = enter().post("/api/claim", json={}).json()["tasks"][0]
    assert (task["raw"], task["startEmpty"]) == ("01", False)
    assert task["segments"] == [["0", False], ["1", True]]
    assert task["choices"] == ["01", "07"]
    assert [warning["severity"] for warning in task["warnings"]] == ["warning"]
    assert task["before"] is None
    assert task["after"] == {"raw": "02", "state": "read"}
    assert "KS.2017.01.pdf" in task["place"]
    assert 0 < task["crop"]["frame"]["width"] < 1


def test_a_field_without_a_place_is_shown_with_its_record(enter, book, remake_page):
    client = enter()
    page = remake_page(3)
    fields = {**page.records[0].fields}
    fields["meHoTen"] = fields["meHoTen"].model_copy(update={"box": Box(0, 0, 0, 0)})
    record = page.records[0].model_copy(update={"fields": fields})
    book.save_page(replace(page, pipeline_version="v2", records=(record,)))
    mother = next(field for field in book.stored_record(book.record_ids(1)[2]).fields if field.code == "meHoTen")
    task = client.post("/api/claim", json={"field": mother.id}).json()["tasks"][0]
    assert task["crop"]["frame"] is None
    assert task["crop"]["width"] > 900
    assert task["page"]["frame"]["height"] > 0.3
    assert client.get(task["crop"]["url"]).status_code == 200


def test_readings_below_one_half_start_empty(enter):
    task = enter().post("/api/claim", json={"kind": "place"}).json()["tasks"][0]
    assert task["startEmpty"] is True
    assert task["choices"][0] == task["raw"]


def test_answers_are_stored_with_the_persons_name(enter, book):
    client = enter()
    tasks = client.post("/api/claim", json={}).json()["tasks"]
    assert decide(client, tasks[0], "01").json()["decision"] == "confirmed"
    assert decide(client, tasks[1], " 12 ").json()["decision"] == "corrected"
    fields = [book.stored_record(task["record"]).fields[0] for task in tasks[:2]]
    assert [(field.field.raw, field.person) for field in fields] == [("01", "Thử Một"), ("12", "Thử Một")]
    assert fields[0].field.value == "01"  # confirmed: the machine's value stays
    assert fields[1].field.value == "12/2017"  # corrected: normalised anew, with the book's year


@pytest.mark.parametrize(
    ("state", "typed", "raw", "value"),
    [
        ("blank", "abc", "", None),
        ("illegible", "Lò V…", "Lò V…", None),
        ("not_on_form", "abc", "", None),
        ("ditto", "-nt-", "-nt-", "Vàng A Thử"),
        ("ditto", "abc", "", "Vàng A Thử"),
    ],
)
def test_states_are_stored_as_such(enter, book, state, typed, raw, value):
    client = enter()
    third = book.stored_record(book.record_ids(1)[2])
    name = next(field for field in third.fields if field.code == "nksHoTen")
    task = client.post("/api/claim", json={"field": name.id}).json()["tasks"][0]
    assert decide(client, task, typed, state).status_code == 200
    stored = book.field_context(name.id).field
    assert (stored.raw, stored.value, stored.state) == (raw, value, FieldState(state))


def test_a_late_answer_is_refused_with_a_message_and_kept(enter, book):
    first, second = enter("Thử Một"), enter("Thử Hai")
    task = first.post("/api/claim", json={}).json()["tasks"][0]
    first.post("/api/release", json=[{"task": task["id"], "token": task["token"]}])
    taken = second.post("/api/claim", json={"field": task["field"]}).json()["tasks"][0]
    refused = decide(first, task, "99")
    assert refused.status_code == 409
    assert refused.json() == {"message": texts("vi")["lease_lost"], "task": None}
    assert decide(second, taken, "01").status_code == 200
    assert [entry.action for entry in book.history(task["field"])] == ["refused", "confirm"]


def test_an_answer_after_the_time_ran_out_gets_the_field_anew_if_it_is_free(enter, book):
    client = enter()
    task = client.post("/api/claim", json={}).json()["tasks"][0]
    client.post("/api/release", json=[{"task": task["id"], "token": task["token"]}])
    refused = decide(client, task, "99")
    assert (refused.status_code, refused.json()["message"]) == (409, texts("vi")["lease_retaken"])
    assert decide(client, refused.json()["task"], "99").status_code == 200


def test_undo_skip_and_renew(enter, book):
    client = enter()
    assert client.post("/api/undo").json() == {"task": None}
    task, other, *_ = client.post("/api/claim", json={}).json()["tasks"]
    decide(client, task, "77")
    back = client.post("/api/undo").json()["task"]
    assert (back["id"], back["raw"]) == (task["id"], "01")
    lease = {"task": other["id"], "token": other["token"]}
    assert client.post("/api/renew", json=[lease]).json() == {"lost": []}
    assert client.post("/api/skip", json=lease).json() == {"ok": True}
    assert client.post("/api/renew", json=[lease]).json() == {"lost": [other["id"]]}


def test_the_value_of_a_typed_text_is_shown_before_it_is_saved(enter):
    client = enter()
    task = client.post("/api/claim", json={"kind": "date"}).json()["tasks"][0]
    assert preview(client, task, "5/2/2016").json() == {"value": "05.02.2016"}
    assert preview(client, task, "abc").json() == {"value": None}
    assert preview(enter("Thử Hai"), task, "abc").status_code == 409


def test_pictures_come_small(enter):
    client = enter()
    crop = client.get("/crop/1")
    assert crop.headers["content-type"] == "image/webp"
    assert len(crop.content) < 12_000
    assert client.get("/page/1").headers["content-type"] == "image/jpeg"
    assert client.get("/problem/1/small").headers["content-type"] == "image/webp"
    for missing in ("/crop/999", "/page/999", "/problem/999/small"):
        assert client.get(missing).status_code == 404


def test_page_problems_are_marked_and_unmarked(enter, book):
    client = enter()
    problem = book.page_problems()[0]
    said = client.post(f"/api/problem/{problem.id}", json={"resolution": "cover"}).json()
    assert said == {"shown": "Bìa sổ, Thử Một"}
    assert book.status().page_problems == 1
    client.post(f"/api/problem/{problem.id}", json={"resolution": None})
    assert book.status().page_problems == 2
    assert client.post(f"/api/problem/{problem.id}", json={"resolution": "rubbish"}).status_code == 422
    assert client.post("/api/problem/999", json={"resolution": "cover"}).status_code == 404


def test_wrong_requests_are_refused_without_repeating_what_was_sent(enter):
    client = enter()
    refused = client.post("/api/decide", json={"task": 1, "token": "Lò Văn Bí Mật", "raw": "x"})
    assert refused.status_code == 422
    assert "Bí Mật" not in refused.text
    assert client.get("/records/999").status_code == 404
    assert client.get("/records/abc").status_code == 404


def test_both_languages_have_every_text_and_can_be_switched(enter):
    assert texts("vi").keys() == texts("en").keys()
    assert all(texts("vi").values())
    assert all(texts("en").values())
    placeholders = {
        key: [set(re.findall(r"\{(\w+)\}", texts(language)[key])) for language in ("vi", "en")] for key in texts("vi")
    }
    assert all(vi == en for vi, en in placeholders.values())
    client = enter()
    assert "Các sổ" in client.get("/").text
    shown = client.post("/language", data={"back": "/problems"})
    assert shown.url.path == "/problems"
    assert 'lang="en"' in shown.text
    assert client.post("/language", data={"back": "//elsewhere.example"}).url.host == "testserver"


def test_nothing_of_a_register_gets_into_the_log(enter, caplog):
    caplog.set_level(logging.DEBUG)
    client = enter("Thử Một")
    task = client.post("/api/claim", json={"kind": "person_name"}).json()["tasks"][0]
    decide(client, task, "Lò Văn Bí Mật")
    client.get(f"/records/{task['record']}")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "asyncio"))]
    assert not any(secret in line for line in ours for secret in ("Bí Mật", "Thử Một", task["raw"]))


def test_deciding_is_in_the_audit_chain(enter, book):
    client = enter()
    for task in client.post("/api/claim", json={}).json()["tasks"]:
        decide(client, task, task["raw"])
    assert book.verify_audit().ok
    assert book.status().confirmed == 4
    assert next(book.records()).fields["so"].decision is Decision.CONFIRMED


@pytest.fixture
def draw(book):
    """Draws an accepted field of the first record for blind re-keying; gives its number and value."""

    def choose(code):
        record = next(book.records())
        book.update_machine_values([MachineChange(record.key, code, record.fields[code], recheck=True)])
        stored = book.stored_record(book.record_ids(1)[0])
        return next((field.id, field.field) for field in stored.fields if field.code == code)

    return choose


def test_a_blind_task_tells_nothing_of_what_the_machine_read(enter, draw):
    number, machine = draw("meDanToc")
    client = enter()
    first, second = (client.post("/api/claim", json={"kind": "ethnic_group"}).json() for _ in range(2))
    (task,) = first["tasks"]
    assert [again["id"] for again in second["tasks"]] == [task["id"]]
    assert (task["field"], task["blind"], first["left"]) == (number, True, 1)
    assert (task["raw"], task["value"], task["state"], task["startEmpty"]) == ("", None, "read", True)
    assert task["choices"] == task["segments"] == task["warnings"] == []
    assert task["before"] is task["after"] is task["dittoValue"] is None
    assert client.get(task["crop"]["url"]).status_code == 200
    assert not any(candidate.text in str(task) for candidate in machine.candidates)


def test_the_options_of_a_form_are_no_hint(enter, draw, app):
    options = tuple(Option(label=label, value=label) for label in ("Nam", "Nữ"))
    spec = FieldSpec(code="meDanToc", label="Dân tộc", kind=Kind.CHOICE, options=options)
    schema = FormSchema(form="ks-2016", version="1", title="Khai sinh", source="", fields=(spec,))
    app.state.room = replace(app.state.room, labels=Labels({"ks-2016": schema}))
    draw("meDanToc")
    (task,) = enter().post("/api/claim", json={"kind": "meDanToc"}).json()["tasks"]
    assert (task["choices"], task["isOption"], task["raw"]) == (["Nam", "Nữ"], True, "")


def test_the_value_of_a_blind_text_does_not_tell_whether_it_is_the_machines(enter, draw, book):
    record = next(book.records())
    odd = record.fields["ngayDangKy"].model_copy(update={"value": "the machine's own"})
    book.update_machine_values([MachineChange(record.key, "ngayDangKy", odd)])
    client = enter()
    number, machine = draw("ngayDangKy")
    task = client.post("/api/claim", json={"field": number}).json()["tasks"][0]
    assert preview(client, task, odd.raw).json() == {"value": "03.01.2017"}
    assert decide(client, task, odd.raw).json() == {"ok": True, "decision": None}
    assert book.field_context(number).field == machine.model_copy(update={"decision": Decision.CONFIRMED})


def test_a_blind_answer_that_differs_goes_to_another_person_with_both_texts(enter, draw, book):
    number, _ = draw("meDanToc")
    first, second = enter("Thử Một"), enter("Thử Hai")
    assert "gồm 1 trường nhập lại" in first.get("/").text
    task = first.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"][0]
    assert decide(first, task, "Mông").json() == {"ok": True, "decision": None}
    left = first.post("/api/claim", json={"kind": "ethnic_group"}).json()
    assert left == {"tasks": [], "others": 0, "left": 0, "elsewhere": 18}
    refused = first.post("/api/claim", json={"field": number}).json()
    assert (refused["tasks"], refused["message"]) == ([], texts("vi")["own_rekeying"])
    task = second.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"][0]
    assert (task["field"], task["blind"], task["disputed"]) == (number, False, True)
    assert task["choices"] == ["Mông", "Thái"]
    assert (task["raw"], task["value"], task["segments"], task["startEmpty"]) == ("", None, [], True)
    assert task["after"] == {"raw": "Thái", "state": "read"}
    assert decide(second, task, "Thái").json()["decision"] == "confirmed"
    assert [entry.action for entry in book.history(number)] == ["rekeyed", "confirm"]
    assert book.verify_audit().ok


def test_a_blind_answer_comes_back_blind(enter, draw):
    draw("meDanToc")
    client = enter()
    task = client.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"][0]
    client.post("/api/release", json=[{"task": task["id"], "token": task["token"]}])
    refused = decide(client, task, "Mông").json()
    assert (refused["message"], refused["task"]["blind"]) == (texts("vi")["lease_retaken"], True)
    decide(client, refused["task"], "Mông")
    back = client.post("/api/undo").json()["task"]
    assert (back["id"], back["blind"], back["raw"]) == (task["id"], True, "")


def test_fields_to_re_key_are_work_though_none_is_for_review(enter, draw, book):
    client = enter()
    for stored in [field for number in book.record_ids(1) for field in book.stored_record(number).fields]:
        if stored.field.decision is Decision.REVIEW:
            task = client.post("/api/claim", json={"field": stored.id}).json()["tasks"][0]
            decide(client, task, task["raw"], task["state"])
    assert 'id="start"' not in client.get("/").text
    draw("meDanToc")
    assert 'id="start"' in client.get("/").text
    assert '"total": 19' in client.get("/verify").text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_field_that_is_re_keyed_or_disputed_is_masked_on_its_record_and_beside_others(enter, draw, book, language):
    draw("meDanToc")
    ids = book.record_ids(1)
    fields = [field for field in book.stored_record(ids[1]).fields if field.code == "meDanToc"]
    first, second = enter("Thử Một"), enter("Thử Hai")
    if language == "en":
        for client in (first, second):
            client.post("/language", data={"back": "/"})
    masked = texts(language)["state_hidden"]
    for _ in ("blind", "disputed"):
        shown = second.get(f"/records/{ids[0]}").text
        assert ("Thái" in shown, masked in shown) == (False, True)
        beside = second.post("/api/claim", json={"field": fields[0].id}).json()["tasks"][0]
        assert (beside["before"], beside["dittoValue"]) == ({"raw": "", "state": "hidden"}, None)
        tasks = first.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"]
        for task in tasks:
            decide(first, task, "Mông")
    task = second.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"][0]
    decide(second, task, "Thái")
    assert masked not in second.get(f"/records/{ids[0]}").text


def test_an_answer_for_another_field_than_its_tasks_is_refused(enter, book):
    client = enter()
    task, other, *_ = client.post("/api/claim", json={}).json()["tasks"]
    assert decide(client, {**task, "field": other["field"]}, "01").status_code == 404
    assert decide(client, {**task, "id": 999}, "01").status_code == 404
    assert preview(client, {**task, "field": other["field"]}, "01").status_code == 409
    assert book.history(task["field"]) == book.history(other["field"]) == ()


def test_a_person_stays_barred_under_earlier_names(enter, draw, book):
    number, _ = draw("meDanToc")
    client = enter("Thử Một")
    account = employ(book, "Thử Một")
    task = client.post("/api/claim", json={"kind": "ethnic_group"}).json()["tasks"][0]
    decide(client, task, "Mông")
    for name in ("thử một", "Thử Hai", "Thử Ba"):
        Accounts(book).change(account.id, by="Quản Trị", person=name)
        found = client.post("/api/claim", json={"kind": "ethnic_group"}).json()
        assert (found["tasks"], found["others"], found["left"]) == ([], 0, 0)
        refused = client.post("/api/claim", json={"field": number}).json()
        assert (refused["tasks"], refused["message"]) == ([], texts("vi")["own_rekeying"])
        assert '"total": 0' in client.get("/verify?kind=ethnic_group").text


def test_who_has_seen_the_reading_is_told_that_somebody_else_re_keys_the_field(enter, draw, book):
    number = next(field.id for field in book.stored_record(book.record_ids(1)[0]).fields if field.code == "meDanToc")
    client = enter()
    task = client.post("/api/claim", json={"field": number}).json()["tasks"][0]
    draw("meDanToc")
    assert decide(client, task, "Thái").json() == {"message": texts("vi")["lease_lost"], "task": None}
    assert client.post("/api/claim", json={"field": number}).json()["message"] == texts("vi")["seen_reading"]
    assert enter("Thử Hai").post("/api/claim", json={"field": number}).json()["tasks"][0]["blind"]


@pytest.mark.parametrize("path", ["/records/{}", "/books/{}", "/problems?book={}", "/verify?field={}", "/crop/{}"])
def test_numbers_beyond_any_database_are_not_found(enter, path):
    assert enter().get(path.format(2**70)).status_code in {404, 422}


def test_a_token_beyond_any_database_is_refused(enter):
    client = enter()
    task = client.post("/api/claim", json={}).json()["tasks"][0]
    assert decide(client, {**task, "token": 2**40}, "01").status_code == 422
    assert decide(client, {**task, "id": 2**70}, "01").status_code == 422
