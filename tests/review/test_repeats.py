"""A page that hears nothing asks again: each request counts once, however often it comes."""

import pytest

from extractor.store import MachineChange


def decide(client, task, raw, state="read"):
    given = {"task": task["id"], "token": task["token"], "field": task["field"], "raw": raw, "state": state}
    return client.post("/api/decide", json=given)


def undo(client, *known):
    leases = [{"task": task["id"], "token": task["token"]} for task in known]
    return client.post("/api/undo", json={"known": leases}).json()["task"]


def draw(book, code="meDanToc"):
    record = next(book.records())
    book.update_machine_values([MachineChange(record.key, code, record.fields[code], recheck=True)])
    return next(field.id for field in book.stored_record(book.record_ids(1)[0]).fields if field.code == code)


@pytest.mark.parametrize(("raw", "state"), [("01", "read"), (" 12 ", "read"), ("", "blank"), ("Lò V…", "illegible")])
def test_an_answer_that_comes_again_is_told_to_be_taken(enter, book, raw, state):
    client = enter()
    task = client.post("/api/claim", json={}).json()["tasks"][0]
    assert decide(client, task, raw, state).status_code == 200
    again = decide(client, task, raw, state)
    assert (again.status_code, again.json()) == (200, {"ok": True, "decision": None})
    assert len(book.history(task["field"])) == 1
    assert book.verify_audit().ok


def test_another_answer_under_the_same_lease_is_refused(enter, book):
    client = enter()
    task = client.post("/api/claim", json={}).json()["tasks"][0]
    decide(client, task, "01")
    assert decide(client, task, "02").status_code == 409
    assert [entry.action for entry in book.history(task["field"])] == ["confirm", "refused"]


def test_an_answer_that_was_taken_back_is_not_taken_again_from_the_wire(enter, book):
    client = enter()
    task = client.post("/api/claim", json={}).json()["tasks"][0]
    decide(client, task, "02")
    assert undo(client)["field"] == task["field"]
    assert decide(client, task, "02").status_code == 409
    assert book.field_context(task["field"]).field.raw == "01"


def test_the_answer_of_one_person_is_not_that_of_another(enter, book):
    client, other = enter(), enter("Thử Hai")
    task = client.post("/api/claim", json={}).json()["tasks"][0]
    decide(client, task, "01")
    assert decide(other, task, "01").status_code == 409


@pytest.mark.parametrize("typed", ["Thái", "Mông"])
def test_a_blind_answer_that_comes_again_tells_nothing(enter, book, typed):
    field = draw(book)
    client = enter()
    task = client.post("/api/claim", json={"field": field}).json()["tasks"][0]
    assert task["blind"]
    first, again = decide(client, task, typed), decide(client, task, typed)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json() == {"ok": True, "decision": None}
    assert len(book.history(field)) == 1


def test_going_back_goes_back_once(enter, book):
    client = enter()
    first, second = client.post("/api/claim", json={}).json()["tasks"][:2]
    decide(client, first, "01")
    decide(client, second, "02")
    unheard = undo(client)
    assert unheard["field"] == second["field"]
    assert undo(client) == unheard
    assert len(book.history(first["field"])) == 1
    # What the page knows of, it does not ask for again.
    assert undo(client, unheard)["field"] == first["field"]


def test_what_was_given_back_since_is_not_handed_out_by_going_back(enter, book):
    client = enter()
    first, second = client.post("/api/claim", json={}).json()["tasks"][:2]
    decide(client, first, "01")
    decide(client, second, "02")
    back = undo(client)
    client.post("/api/release", json=[{"task": back["id"], "token": back["token"]}])
    assert undo(client)["field"] == first["field"]
