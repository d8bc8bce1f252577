"""Requests sent twice are carried out once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from extractor.store import Replies

BODY = {"name": "scan.pdf", "size": 10}


def post(client, key, body=BODY, path="/v1/uploads"):
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def test_the_same_request_gets_the_same_answer(client):
    first, second = post(client, "k"), post(client, "k")
    assert (first.status_code, first.json(), first.headers["location"]) == (
        second.status_code,
        second.json(),
        second.headers["location"],
    )
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["cache-control"] == "no-store"
    assert len(client.get("/v1/uploads").json()["items"]) == 1
    assert post(client, "other").json()["id"] != first.json()["id"]


def test_another_request_under_the_key_is_refused(client):
    post(client, "k")
    for again in (post(client, "k", {**BODY, "size": 11}), post(client, "k", {"person": "Lan"}, "/v1/tasks/claim")):
        assert (again.status_code, again.json()["type"]) == (409, "urn:extractor:problem:key-reused")


def test_keys_of_two_programs_do_not_meet(client, enter):
    assert post(client, "k").json()["id"] != post(enter(name="khác"), "k").json()["id"]


def test_a_request_that_was_refused_can_be_mended_and_sent_again(client):
    assert post(client, "k", {"name": "scan.pdf"}).status_code == 422
    assert post(client, "k", {"name": "../scan.pdf", "size": 3}).status_code == 422
    assert post(client, "k", {"name": "scan.pdf", "size": 3}).status_code == 201
    assert post(client, "k", {"name": "other.pdf", "size": 3}).status_code == 409
    assert post(client, "k2", {"uploads": ["0" * 32]}, "/v1/runs").status_code == 404
    assert post(client, "k2", {"format": "nothing"}, "/v1/exports").status_code == 422
    assert post(client, "k2", {"format": "records"}, "/v1/exports").status_code == 202


@pytest.mark.parametrize("key", ["", " ", "ü", "a b", "x" * 201])
def test_keys_that_are_none_are_refused(client, key):
    refused = client.post("/v1/uploads", json=BODY, headers={"Idempotency-Key": key.encode("latin-1")})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "header.Idempotency-Key"


def test_two_keys_in_one_request_are_refused(client):
    refused = client.post("/v1/uploads", json=BODY, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "header.Idempotency-Key")


def test_many_at_once_make_one_thing(client):
    start = threading.Barrier(6)

    def send(_):
        start.wait()
        return post(client, "k", {"format": "records"}, "/v1/exports")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    assert len(client.get("/v1/exports").json()["items"]) == 1


def test_after_a_day_the_key_is_new(client, clock):
    first = post(client, "k").json()["id"]
    clock.forward(hours=23)
    assert post(client, "k").json()["id"] == first
    clock.forward(hours=1)
    assert post(client, "k").json()["id"] != first


def test_a_request_cut_off_with_its_server_finds_what_it_had_made(client, monkeypatch, clock):
    with monkeypatch.context() as broken:
        for step in ("finish", "forget"):  # the server dies after the upload was made, before the answer was kept
            broken.setattr(Replies, step, lambda *_: (_ for _ in ()).throw(OSError))
        assert post(client, "k").status_code == 500
    waiting = post(client, "k")
    assert (waiting.status_code, waiting.json()["type"]) == (409, "urn:extractor:problem:under-way")
    assert waiting.headers["retry-after"] == "1"
    clock.forward(minutes=2)
    assert post(client, "k").status_code == 201
    assert len(client.get("/v1/uploads").json()["items"]) == 1
