"""Who may do what: keys, scopes, books, and what happens to guessers."""

import logging
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from extractor.api.app import ROUTERS, create_app
from extractor.api.cursor import make_cursor
from extractor.errors import NotStoredError, SettingsError
from extractor.store import ApiKeys, Scope

NEEDED = {
    "announce": Scope.UPLOADS_WRITE, "list_uploads": Scope.UPLOADS_WRITE, "get_upload": Scope.UPLOADS_WRITE,
    "drop": Scope.UPLOADS_WRITE, "send": Scope.UPLOADS_WRITE,
    "start_run": Scope.RUNS_WRITE, "cancel_run": Scope.RUNS_WRITE, "list_runs": Scope.RUNS_READ,
    "get_run": Scope.RUNS_READ,
    "start_export": Scope.EXPORTS_WRITE, "list_exports": Scope.EXPORTS_READ, "get_export": Scope.EXPORTS_READ,
    "list_files": Scope.EXPORTS_READ, "download": Scope.EXPORTS_READ,
    "list_books": Scope.RECORDS_READ, "get_book": Scope.RECORDS_READ, "list_records": Scope.RECORDS_READ,
    "get_record": Scope.RECORDS_READ, "get_entry": Scope.RECORDS_READ, "list_problems": Scope.RECORDS_READ,
    "get_crop": Scope.CROPS_READ, "get_page": Scope.CROPS_READ,
    "claim": Scope.DECISIONS_WRITE, "renew": Scope.DECISIONS_WRITE, "release": Scope.DECISIONS_WRITE,
    "decide": Scope.DECISIONS_WRITE,
    "health": None,
}  # fmt: skip
ROUTES = [route for router in ROUTERS for route in router.routes]
BODIES = {
    "announce": {"name": "a.pdf", "size": 10},
    "start_run": {"uploads": ["0" * 32]},
    "start_export": {},
    "claim": {"person": "Lan"},
    "renew": {"token": 1, "person": "Lan"},
    "release": {"token": 1, "person": "Lan"},
    "decide": {"task": 1, "token": 1, "person": "Lan", "raw": "01"},
}


def ask(client, route):
    path = route.path_format
    for name, filled in {"upload_id": "0" * 32, "job_id": "0" * 32, "code": "so"}.items():
        path = path.replace(f"{{{name}}}", filled)
    headers = {"Upload-Offset": "0", "Content-Type": "application/octet-stream"} if route.name == "send" else {}
    return client.request(
        next(iter(route.methods)), re.sub(r"{\w+}", "1", path), json=BODIES.get(route.name), headers=headers
    )


def test_every_operation_is_known_to_these_tests():
    assert {route.name for route in ROUTES} == set(NEEDED)


def test_each_operation_takes_keys_with_its_scope_and_no_others(enter, app):
    nobody = TestClient(app)
    for route in ROUTES:
        scope = NEEDED[route.name]
        if scope is None:
            assert ask(nobody, route).status_code == 200
            continue
        assert ask(nobody, route).status_code == 401, route.name
        others = enter(*(other for other in Scope if other is not scope))
        refused = ask(others, route)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:extractor:problem:scope"), route.name
        assert ask(enter(scope), route).status_code not in {401, 403, 422, 500}, route.name


def test_an_address_that_does_not_exist_is_not_told_without_a_key(app, client):
    assert TestClient(app).get("/v1/nothing").status_code == 401
    assert client.get("/v1/nothing").status_code == 404


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Basic abc", "Bearer hotich_x", "Bearer hotich_abc_def", "Bearer \xff\xfe", "x"]
)
def test_what_is_no_key_is_refused_with_the_scheme(app, given):
    refused = TestClient(app).get("/v1/books", headers={"Authorization": given.encode("latin-1")})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_key_with_one_letter_changed_is_wrong(enter, app):
    text = enter().headers["Authorization"]
    changed = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert TestClient(app).get("/v1/books", headers={"Authorization": changed}).status_code == 401


def test_only_a_hash_of_the_key_is_kept(enter, out):
    secret = enter().headers["Authorization"].removeprefix("Bearer ")
    kept = b"".join(path.read_bytes() for path in out.glob("extractor.sqlite*"))
    assert secret.split("_")[1].encode() in kept
    assert secret.encode() not in kept
    assert secret.split("_", 2)[2].encode() not in kept


def test_revoked_and_expired_keys_end_at_once(enter, store, clock):
    revoked, expiring = enter(name="cũ"), enter(name="hạn", expires_at=clock() + timedelta(days=1))
    assert revoked.get("/v1/books").status_code == expiring.get("/v1/books").status_code == 200
    keys = ApiKeys(store)
    prefix = next(key.prefix for key in keys.all() if key.client == "cũ")
    assert keys.revoke(prefix).revoked_at == keys.revoke(prefix).revoked_at
    clock.forward(days=1)
    assert revoked.get("/v1/books").status_code == expiring.get("/v1/books").status_code == 401
    assert store.verify_audit().ok
    with pytest.raises(NotStoredError):
        keys.revoke("nothing")


@pytest.mark.parametrize("name", ["", "  ", "a/b", "x" * 81])
def test_names_that_would_blur_the_log_are_refused(store, name):
    with pytest.raises(SettingsError, match="name"):
        ApiKeys(store).add(name, [Scope.RECORDS_READ])


def test_guessers_are_slowed_down_and_owners_are_not(store, out, enter):
    slow = create_app(store, out, wrong_keys_per_second=0.001)
    guesser = TestClient(slow, headers={"Authorization": "Bearer hotich_aaaaaaaaaaaa_b"})
    answers = [guesser.get("/v1/books") for _ in range(22)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 100
    owner = TestClient(slow, headers=dict(enter().headers))
    assert owner.get("/v1/books").status_code == 200


def test_a_key_that_asks_too_often_waits(store, out, enter):
    slow = create_app(store, out, requests_per_second=1)
    client = TestClient(slow, headers=dict(enter().headers))
    assert [client.get("/v1/runs").status_code for _ in range(6)] == [200] * 4 + [429] * 2
    assert TestClient(slow, headers=dict(enter().headers)).get("/v1/runs").status_code == 200


def test_a_key_for_one_book_sees_nothing_of_the_others(enter, store):
    client = enter(books=[2])
    other, own = store.record_ids(1)[0], store.record_ids(2)[0]
    assert [book["id"] for book in client.get("/v1/books").json()["items"]] == [2]
    assert {record["book_id"] for record in client.get("/v1/records").json()["items"]} == {2}
    assert client.get("/v1/records?book=1").json()["items"] == []
    assert client.get("/v1/page-problems").json()["items"] == []
    for kind, name in (("r", "records"), ("p", "page-problems")):
        assert client.get(f"/v1/{name}", params={"after": make_cursor(kind, 1)}).status_code == 404
        assert enter().get(f"/v1/{name}", params={"after": make_cursor(kind, 1)}).status_code == 200
    field = store.stored_record(other).fields[0].id
    for path in ("/v1/books/1", f"/v1/records/{other}", f"/v1/records/{other}/entry", "/v1/pages/1/image",
                 f"/v1/records/{other}/fields/so/crop"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert client.get(f"/v1/records/{own}").status_code == 200
    assert client.post("/v1/tasks/claim", json={"person": "Lan", "book": 1}).status_code == 404
    assert client.post("/v1/tasks/claim", json={"person": "Lan", "field": field}).status_code == 404
    claimed = client.post("/v1/tasks/claim", json={"person": "Lan"}).json()
    assert (claimed["task"]["book_id"], claimed["left"]) == (2, 3)
    elsewhere = enter().post("/v1/tasks/claim", json={"person": "Lan", "book": 1}).json()["task"]
    answer = {"task": elsewhere["id"], "token": elsewhere["token"], "person": "Lan", "raw": "x"}
    assert client.post("/v1/decisions", json=answer).status_code == 404


def test_what_acts_on_all_books_is_not_for_a_key_for_some(enter, app):
    some, every = enter(books=[1, 2]), enter()
    every.post("/v1/exports", json={})
    told = app.openapi()["paths"]
    for route in ROUTES:
        scope = NEEDED[route.name]
        wide = scope is not None and scope.value.split(":")[0] in {"uploads", "runs", "exports"}
        described = told[route.path_format][next(iter(route.methods)).lower()]
        assert described.get("x-folder-wide", False) is wide
        answer = ask(some, route)
        if wide:
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:extractor:problem:books"), route.name
            assert answer.json()["mend"]
            assert "(403)" in described["description"]
        else:
            assert answer.status_code != 403, route.name


def test_places_are_limited_and_told_so(store, out, enter, templates):
    none = create_app(store, out, templates=templates, most_at_once=0)
    assert TestClient(none).get("/v1/health").status_code == 503
    app = create_app(store, out, templates=templates, most_at_once=4)
    client, room = TestClient(app, headers=dict(enter().headers)), app.state.room
    with room.at_once.place(1):
        busy = client.get("/v1/books")
        assert (busy.status_code, busy.json()["type"]) == (429, "urn:extractor:problem:too-many")
        assert TestClient(app, headers=dict(enter().headers)).get("/v1/books").status_code == 200
    assert client.get("/v1/books").status_code == 200


def test_nothing_about_requests_is_logged(enter, caplog, app):
    with caplog.at_level(logging.DEBUG):
        client = enter()
        client.get("/v1/records/1")
        client.post("/v1/tasks/claim", json={"person": "Người Bí Mật"})
        client.post("/v1/tasks/claim", content=b'{"person": "Ng', headers={"Content-Type": "application/json"})
        app.state.room.listing.books = None  # a mistake of the program
        assert client.get("/v1/books").status_code == 500
    own = [record for record in caplog.records if not record.name.startswith("httpx")]
    told = " ".join(record.getMessage() for record in own)
    assert "TypeError at" in told
    secret = client.headers["Authorization"].removeprefix("Bearer ")
    assert not any(hidden in told for hidden in ("Bí Mật", secret, "/v1/records", "Lò Thị"))


def test_every_answer_carries_the_headers(client, app):
    for answer in (client.get("/v1/books"), client.get("/v1/nothing"), TestClient(app).get("/v1/books"),
                   client.get("/v1/pages/1/image"), TestClient(app).get("/v1/openapi.json")):  # fmt: skip
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/records/{}", "/v1/records/{}/entry", "/v1/pages/{}/image"])
def test_what_is_another_books_is_refused_in_the_words_of_what_does_not_exist(enter, store, path):
    first, second = (book.id for book in store.books())
    client = enter(books=[first])
    theirs = store.stored_record(store.record_ids(second)[0])
    number = theirs.page_id if "pages" in path else theirs.id
    there, nowhere = client.get(path.format(number)), client.get(path.format(99_999))
    assert (there.status_code, there.json()) == (404, nowhere.json())
