"""Figures: on their own port alone, where asked for, with few labels and nothing of a register."""

import re
import urllib.error
import urllib.request

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from typer.testing import CliRunner

import extractor.cli  # noqa: F401 - registers the commands
from extractor.api.app import create_app as create_interface
from extractor.cli.root import app as command
from extractor.errors import SettingsError, StoreError
from extractor.records import BookKey, Candidate, Decision, FieldValue, Record, Registration
from extractor.review.app import create_app as create_room
from extractor.service.metrics import Metrics
from extractor.service.metrics_server import MetricsPlace, serving, telling_metrics
from extractor.store import ApiKeys, PageResult, Scope, Store

SECRET = "Giàng Thị Kín"


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'extractor.sqlite'}", audit_key_file=tmp_path / "audit.key") as opened:
        yield opened


def page():
    field = FieldValue(
        raw=SECRET, value=SECRET, confidence=0.4, decision=Decision.REVIEW, reader="handwriting",
        candidates=(Candidate(SECRET, 0.4),),
    )  # fmt: skip
    record = Record(
        file="a.pdf", page=1, form="ks-2016", form_version="1", fields={"nksHoTen": field},
        registration=Registration(ok=True, residual_px=1.0, coverage=0.9, method="labels"),
    )  # fmt: skip
    return PageResult(
        file="a.pdf", page=1, sha256="0" * 64, width=10, height=10, image="pages/1.jpg", pipeline_version="v1",
        book=BookKey(register="KS", year="2017", number="01"), kinds={"nksHoTen": "person_name"}, records=(record,),
    )  # fmt: skip


def taken_back(_writer, _outcome):
    raise RuntimeError("the transaction must not go through")


def figures(metrics):
    lines = metrics.text().decode().splitlines()
    return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_requests_are_counted_by_the_pattern_of_their_address(store, tmp_path):
    metrics = Metrics(store)
    store.save_page(page())
    _, key = ApiKeys(store).add("một cửa", [Scope.RECORDS_READ])
    app = create_interface(store, tmp_path, observe=metrics.observe)
    client = TestClient(app, headers={"Authorization": f"Bearer {key}"})
    for number in (1, 1, 17):
        client.get(f"/v1/records/{number}")
    client.get("/v1/nothing-of-that-kind")
    client.request("BREW", "/v1/records/1")
    found = figures(metrics)
    assert found['extractor_requests_total{method="GET",route="/v1/records/{record_id}",status="200"}'] == 2
    assert found['extractor_requests_total{method="GET",route="/v1/records/{record_id}",status="404"}'] == 1
    assert found['extractor_requests_total{method="GET",route="elsewhere",status="404"}'] == 1
    assert found['extractor_request_seconds_count{route="/v1/records/{record_id}"}'] >= 3
    assert sum(name.startswith('extractor_requests_total{method="other"') for name in found) == 1
    assert not re.search(r"BREW|nothing-of|/17|\b1\.jpg|Kín|một cửa", metrics.text().decode())


def test_the_room_counts_its_pages_too_and_files_of_the_package_as_one(store, tmp_path):
    metrics = Metrics(store)
    client = TestClient(
        create_room(store, tmp_path, announce=lambda _: None, hosts={"testserver"}, observe=metrics.observe)
    )
    for path in ("/sign-in", "/records/7", "/static/app.css", "/static/field.js", "/wp-login.php"):
        client.get(path, follow_redirects=False)
    routes = set(re.findall(r'extractor_requests_total\{method="GET",route="([^"]+)"', metrics.text().decode()))
    assert {"/sign-in", "/static"} <= routes
    assert len(routes) <= 4
    assert not any(re.search(r"\d|wp-login|app\.css", route) for route in routes)


def test_answers_count_once_they_are_stored_and_errors_by_their_kind(store):
    metrics = Metrics(store)
    store.save_page(page())
    found = figures(metrics)
    assert found["extractor_open_tasks"] == 1
    assert 'extractor_answers_total{action="correct"}' not in found
    task = store.claim("Thử Một")
    with pytest.raises(RuntimeError):
        store.decide(task, task.token, person="Thử Một", raw="Bí Mật", value=None, also=taken_back)
    assert 'extractor_answers_total{action="correct"}' not in figures(metrics)
    store.decide(task, task.token, person="Thử Một", raw="Bí Mật", value=None)
    assert figures(metrics)['extractor_answers_total{action="correct"}'] == 1
    assert found['extractor_pages{status="read"}'] == 1
    assert found['extractor_jobs{state="queued"}'] == 0
    with pytest.raises(StoreError), store.reading() as session:
        session.execute(text("SELECT * FROM no_such_table"))
    assert figures(metrics)['extractor_database_errors_total{kind="OperationalError"}'] == 1


def test_figures_of_the_database_are_left_out_where_it_does_not_answer(store, monkeypatch):
    def gone(_):
        raise StoreError("away")

    monkeypatch.setattr("extractor.service.metrics.count", gone)
    found = figures(Metrics(store))
    assert found["extractor_database_up"] == 0
    assert "extractor_open_tasks" not in found
    assert found["process_resident_memory_bytes"] > 1e6
    assert not any("_created" in name for name in found)


def ask(port, path="/metrics", **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_token_is_asked_for_where_there_is_one():
    with serving(lambda: b"x 1\n", MetricsPlace(0, token="a" * 32)) as port:
        assert ask(port) == (401, b"")
        assert ask(port, Authorization="Bearer " + "b" * 32)[0] == 401
        assert ask(port, Authorization="Bearer " + "a" * 32) == (200, b"x 1\n")
    with serving(lambda: b"x 1\n", MetricsPlace(0)) as port:
        assert ask(port) == (200, b"x 1\n")
        assert ask(port, "/")[0] == ask(port, "/readyz")[0] == 404


def test_nothing_listens_where_no_port_is_named(store, tmp_path):
    with telling_metrics(store, None) as observe:
        app = create_interface(store, tmp_path, observe=observe)
    assert TestClient(app).get("/metrics").status_code == 401
    room = create_room(store, tmp_path, announce=lambda _: None, hosts={"testserver"})
    assert TestClient(room).get("/metrics").status_code == 404


@pytest.mark.parametrize("token", ["", "short", "ơ" * 20])
def test_other_machines_are_told_figures_for_a_good_token_alone(token):
    with pytest.raises(SettingsError, match=r"METRICS_TOKEN|--metrics-host"):
        MetricsPlace(9600, "0.0.0.0", token)


def test_the_command_refuses_to_open_them_without_a_token(tmp_path, monkeypatch):
    monkeypatch.setattr("extractor.review.serve", lambda *_, **__: pytest.fail("it served"))
    asked = ["review", "serve", "--new", str(tmp_path / "moi"), "--metrics-port", "0", "--metrics-host", "0.0.0.0"]
    refused = CliRunner().invoke(command, asked)
    assert isinstance(refused.exception, SettingsError)
