"""Probes on both servers: to anybody, nothing but ok or not, and true."""

import shutil
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

import extractor.service.health
from extractor.api.app import create_app as create_interface
from extractor.errors import StoreError
from extractor.review.app import create_app as create_room
from extractor.service.health import Readiness
from extractor.store import ApiKeys, Scope, Store


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'extractor.sqlite'}", audit_key_file=tmp_path / "audit.key") as opened:
        yield opened


@pytest.fixture(params=["room", "interface"])
def client(request, store, tmp_path):
    if request.param == "room":
        app = create_room(store, tmp_path, announce=lambda _: None, hosts={"testserver"})
    else:
        app = create_interface(store, tmp_path)
    return TestClient(app, raise_server_exceptions=False)


def test_both_servers_answer_probes_without_signing_in_and_tell_nothing_more(client):
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


def test_a_database_that_is_away_makes_it_not_ready_but_alive(client, store, monkeypatch):
    def gone():
        raise StoreError("The database gave up: password for Nguyễn Văn Bí Mật.")

    monkeypatch.setattr(store, "answers", gone)
    client.app.state.readiness = Readiness(store, client.app.state.room.out)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})
    assert client.get("/healthz").status_code == 200


def test_each_thing_that_is_missing_is_told_to_the_log_once_by_its_name(store, tmp_path, monkeypatch, caplog):
    out, lives = tmp_path / "out", [True]
    out.mkdir()
    monkeypatch.setattr(extractor.service.health, "_KEPT_SECONDS", 0.0)
    readiness = Readiness(store, out, lambda: lives[0])
    assert readiness.ready()
    lives[0] = False
    assert not readiness.ready()
    assert not readiness.ready()
    shutil.rmtree(out)
    assert not readiness.ready()
    with store.writing() as writer:
        writer.session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert not readiness.ready()
    told = [record.getMessage() for record in caplog.records if record.name == "extractor.service.health"]
    assert told == [
        "not ready: queue of jobs",
        "not ready: output folder (FileNotFoundError), queue of jobs",
        "not ready: database, output folder (FileNotFoundError), queue of jobs",
    ]


def test_a_flood_of_probes_asks_the_database_once_a_second(store, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(store, "answers", lambda: asked.append(1) or True)
    readiness = Readiness(store, tmp_path)
    assert all(readiness.ready() for _ in range(50))
    assert len(asked) == 1


def test_a_full_interface_still_tells_that_it_lives(store, tmp_path):
    client = TestClient(create_interface(store, tmp_path, most_at_once=0))
    assert client.get("/v1/health").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_probes_are_no_operations_of_the_interface(store, tmp_path):
    app = create_interface(store, tmp_path)
    assert not {"/healthz", "/readyz"} & set(TestClient(app).get("/v1/openapi.json").json()["paths"])
    _, key = ApiKeys(store).add("x", [Scope.RECORDS_READ], expires_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert TestClient(app, headers={"Authorization": f"Bearer {key}"}).get("/healthz/1").status_code == 404
