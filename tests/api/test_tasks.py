"""Fields in people's hands: leases, answers, refusals, and who is named in the log."""

from dataclasses import replace

import pytest
from api.conftest import SECRET, make_problem

from extractor.learning.sharing import save_share
from extractor.records import Decision
from extractor.store import DrawnRecord, ExportedField, Learning, MachineChange, Replies, SampleDraft


@pytest.fixture
def claim(client):
    def take(person="Lan", **wanted):
        answer = client.post("/v1/tasks/claim", json={"person": person, **wanted})
        assert answer.status_code == 200, answer.text
        return answer.json()["task"]

    return take


def lease(task, person="Lan", **more):
    return {"token": task["token"], "person": person, **more}


def decide(client, task, raw, person="Lan", **more):
    body = {"task": task["id"], "raw": raw, **lease(task, person), **more}
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    body.pop("key", None)
    return client.post("/v1/decisions", json=body, headers=headers)


def test_an_answer_is_stored_under_client_and_person(client, claim, store):
    task = claim(kind="person_name")
    assert task["reading"]["raw"] == task["choices"][0]
    answer = decide(client, task, " Lò Thị Khác ")
    assert answer.json() == {"decision": "corrected", "value": "Lò Thị Khác"}
    field = next(f for f in store.stored_record(task["record_id"]).fields if f.id == task["field_id"])
    assert (field.field.raw, field.field.decision, field.person) == (
        "Lò Thị Khác",
        Decision.CORRECTED,
        "một cửa/Lan",
    )
    assert store.verify_audit().ok


def test_a_share_of_the_fields_comes_from_those_chosen_for_learning(claim, store, out, monkeypatch):
    monkeypatch.setattr("extractor.store.queue._chance", lambda: 0.3)
    last = [field.id for field in Learning(store).open_fields() if field.kind == "place"][-1]
    Learning(store).mark([last])
    assert claim()["field_id"] != last
    save_share(out, 0.4)
    assert claim()["field_id"] == last


@pytest.mark.parametrize(
    ("state", "raw", "message"),
    [
        ("read", "", "is empty"),
        ("read", " \n", "is empty"),
        ("blank", "01", "is a text"),
        ("not_on_form", "01", "is a text"),
        ("ditto", "Lò Thị Thử", "is no ditto mark"),
        ("read", "a\x00b", "control characters"),
        ("read", "a\x85b", "control characters"),
        ("read", "a\u202eb", "control characters"),
        ("read", "a\u200bb", "control characters"),
    ],
)
def test_a_text_that_does_not_go_with_its_state_is_refused(client, claim, store, state, raw, message):
    task = claim()
    refused = decide(client, task, raw, state=state)
    fault = refused.json()["errors"][0]
    assert (refused.status_code, fault["field"]) == (422, "body.raw")
    assert message in fault["message"]
    assert [entry.action for entry in store.history(task["field_id"])] == []
    assert decide(client, task, "nt" if state == "ditto" else "", state="ditto").status_code == 200


def test_what_can_be_read_of_an_illegible_field_is_kept_and_gives_no_value(client, claim, store):
    task = claim()
    assert decide(client, task, "Lò Thị ...", state="illegible").status_code == 200
    field = store.field_context(task["field_id"]).field
    assert (field.raw, field.value, field.state.value) == ("Lò Thị ...", None, "illegible")


def test_an_answer_and_what_is_told_of_it_are_stored_together(client, claim, store, monkeypatch):
    task = claim()
    with monkeypatch.context() as dying:
        for step in ("finish", "forget"):  # the server dies after the answer was stored, before it was told
            dying.setattr(Replies, step, lambda *_: (_ for _ in ()).throw(OSError))
        assert decide(client, task, "99", key="k1").status_code == 500
    again = decide(client, task, "99", key="k1")
    assert (again.status_code, again.json()) == (200, {"decision": "corrected", "value": "99/2017"})
    assert again.headers["idempotency-replayed"] == "true"
    assert [entry.action for entry in store.history(task["field_id"])] == ["correct"]


def test_a_refusal_and_what_is_told_of_it_are_stored_together(client, claim, store, clock, monkeypatch):
    task = claim(lease_seconds=30)
    clock.forward(seconds=31)
    with monkeypatch.context() as dying:
        for step in ("finish", "forget", "drop"):
            dying.setattr(Replies, step, lambda *_: (_ for _ in ()).throw(OSError))
        assert decide(client, task, "99", key="k1").status_code == 500
    again = decide(client, task, "99", key="k1")
    assert (again.status_code, again.json()["type"]) == (409, "urn:extractor:problem:lease-lost")
    assert [entry.action for entry in store.history(task["field_id"])] == ["refused"]


def test_an_answer_of_which_no_answer_can_be_kept_is_not_stored(client, claim, store, monkeypatch):
    task = claim()
    with monkeypatch.context() as failing:
        failing.setattr("extractor.api.tasks.keep", lambda *_: (_ for _ in ()).throw(OSError))
        assert decide(client, task, "99", key="k1").status_code == 500
    assert store.history(task["field_id"]) == ()
    assert decide(client, task, "99", key="k1").status_code == 200


def test_a_person_is_one_however_the_name_is_put_together(client, claim):
    task = claim("Lò  Văn Thu\u0309")
    assert task["person"] == "Lò Văn Thủ"
    assert decide(client, task, "99", "Lò Văn Thủ").status_code == 200


def test_two_people_never_hold_one_field(client, claim):
    taken = [claim(person)["id"] for person in ("Lan", "Hòa", "Minh")]
    assert len(set(taken)) == 3
    held = claim("Lan", book=1)
    other = client.post("/v1/tasks/claim", json={"person": "Hòa", "field": held["field_id"]})
    assert other.status_code == 409


def test_an_answer_under_a_lost_lease_changes_nothing_and_is_kept(client, claim, store, clock):
    task = claim(lease_seconds=30)
    clock.forward(seconds=31)
    again = claim("Hòa", field=task["field_id"])
    refused = decide(client, task, "muộn", key="k1")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:extractor:problem:lease-lost")
    assert refused.json()["mend"]
    assert decide(client, again, again["reading"]["raw"], "Hòa").json()["decision"] == "confirmed"
    repeated = decide(client, task, "muộn", key="k1")
    assert repeated.status_code == 409
    assert repeated.headers["idempotency-replayed"] == "true"
    steps = [(entry.action, entry.after["raw"]) for entry in store.history(task["field_id"])]
    assert steps.count(("refused", "muộn")) == 1
    assert steps[-1][0] == "confirm"


def test_a_lease_is_prolonged_given_back_or_put_off(client, claim, clock):
    task = claim(lease_seconds=60)
    clock.forward(seconds=50)
    renewed = client.post(f"/v1/tasks/{task['id']}/renew", json=lease(task, lease_seconds=60))
    assert renewed.json()["leased_until"] > task["leased_until"]
    short = client.post(f"/v1/tasks/{task['id']}/renew", json=lease(task, lease_seconds=30))
    assert short.json()["leased_until"] == renewed.json()["leased_until"]
    wrong = client.post(f"/v1/tasks/{task['id']}/renew", json=lease(task, "Hòa"))
    assert wrong.status_code == 409
    given = client.post(f"/v1/tasks/{task['id']}/release", json=lease(task, skip=True))
    assert given.json() == {"released": True}
    assert client.post(f"/v1/tasks/{task['id']}/release", json=lease(task)).json() == {"released": False}
    assert claim()["id"] != task["id"]


def test_a_blind_answer_is_not_told_whether_it_was_right(client, claim, blind, store):
    record_id, code = blind
    field = next(field.id for field in store.stored_record(record_id).fields if field.code == code)
    task = claim(field=field)
    assert decide(client, task, SECRET).json() == {"decision": None, "value": None}
    assert store.field_context(field).field.decision is Decision.CONFIRMED
    assert client.get(f"/v1/records/{record_id}").json()["fields"][code]["raw"] == SECRET


def test_a_settled_field_that_is_being_inspected_is_not_handed_out(client, store):
    record = store.stored_record(store.record_ids(1)[0])
    field = next(field for field in record.fields if field.code == "meHoTen")
    drawn = DrawnRecord(record.key, "KS", "a.pdf", (ExportedField("meHoTen", "x", "x", "read"),))
    store.inspections.add(SampleDraft("II", "1.0", "normal", "A", 5, 0, 1, "7", (), (drawn,)), person="Cán Bộ")
    refused = client.post("/v1/tasks/claim", json={"person": "Lan", "field": field.id})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:extractor:problem:inspected")
    assert SECRET not in refused.text


def test_who_saw_a_reading_in_the_review_application_does_not_key_it_blind_here(client, store, blind):
    _, code = blind
    key = ("a.pdf", 2, 1)
    other = store.record_ids(1)[1]
    field = next(field for field in store.stored_record(other).fields if field.code == code)
    store.claim_field(field.id, "Lan")  # shown the reading
    store.update_machine_values([MachineChange(key, code, field.field, recheck=True)])
    refused = client.post("/v1/tasks/claim", json={"person": "Lan", "field": field.id})
    assert (refused.status_code, SECRET in refused.text) == (409, False)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"person": ""},
        {"person": "   "},
        {"person": "a/b"},
        {"person": "a\nb"},
        {"person": "a\x00b"},
        {"person": "\u202eLan"},
        {"person": "Lan\u200b"},
        {"person": "\u2028"},
        {"person": "x" * 81},
        {"person": "Lan", "book": "1"},
        {"person": "Lan", "book": True},
        {"person": "Lan", "kind": "nothing"},
        {"person": "Lan", "lease_seconds": 5},
        {"person": "Lan", "lease_seconds": 10**9},
        {"person": "Lan", "field": 2**70},
        {"person": "Lan", "unknown": "Giá Trị"},
        [],
        "Lan",
        None,
    ],
)
def test_bad_claims_are_refused_by_field_and_without_their_values(client, body):
    refused = client.post("/v1/tasks/claim", json=body)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert refused.json()["errors"][0]["field"].startswith("body")
    assert "Giá Trị" not in refused.text


def test_a_text_that_is_no_text_is_refused(client):
    for raw in (b'{"person": "\\ud800"}', b'{"person": "\xff"}', b'{"person": NaN}', b"{", b"\x00"):
        refused = client.post("/v1/tasks/claim", content=raw, headers={"Content-Type": "application/json"})
        assert refused.status_code in {400, 422}, raw


def test_bodies_that_are_not_json_or_too_large_are_refused(client):
    form = client.post("/v1/tasks/claim", data={"person": "Lan"})
    assert (form.status_code, form.json()["type"]) == (415, "urn:extractor:problem:unsupported-type")
    large = client.post("/v1/decisions", json={"raw": "x" * 300_000})
    assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")
    assert decide(client, {"id": 1, "token": 1}, "x" * 4001).status_code == 422


def test_tasks_that_are_not_there_are_not_found(client):
    for path, body in (("/v1/tasks/999/renew", {"token": 1, "person": "Lan"}),
                       ("/v1/tasks/999/release", {"token": 1, "person": "Lan"}),
                       ("/v1/decisions", {"task": 999, "token": 1, "person": "Lan"}),
                       ("/v1/tasks/claim", {"field": 999, "person": "Lan"})):  # fmt: skip
        assert client.post(path, json=body).status_code == 404


def test_the_method_an_address_takes_is_named(client):
    wrong = client.put("/v1/uploads")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")


def test_an_answer_to_a_field_whose_page_was_read_anew_is_kept_as_refused(client, claim, store):
    task = claim()
    page = store.stored_record(task["record_id"])
    file, number = page.key[0], page.key[1]
    store.save_page(replace(make_problem(file, number), sha256="f" * 64))
    renewed = client.post(f"/v1/tasks/{task['id']}/renew", json=lease(task))
    assert (renewed.status_code, renewed.json()["type"]) == (409, "urn:extractor:problem:lease-lost")
    for _ in range(2):
        refused = decide(client, task, "99", key="k9")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:extractor:problem:lease-lost")
    history = store.history(task["field_id"])
    assert [(entry.action, entry.after["raw"]) for entry in history] == [("refused", "99")]
    assert store.verify_audit().ok


def test_a_claim_that_was_refused_may_be_sent_again_under_its_key(client, claim):
    task = claim("Lan")
    asked = {"person": "Hoa", "field": task["field_id"]}
    headers = {"Idempotency-Key": "k"}
    assert client.post("/v1/tasks/claim", json=asked, headers=headers).status_code == 409
    client.post(f"/v1/tasks/{task['id']}/release", json=lease(task))
    again = client.post("/v1/tasks/claim", json=asked, headers=headers)
    assert (again.status_code, again.json()["task"]["field_id"]) == (200, task["field_id"])
