"""The real server as a process of its own: its address, its end, and what survives its death."""

import re
import signal
import subprocess
import sys
import textwrap

import httpx
import pytest
from support.people import PASSWORD, login_of, sign_in
from typer.testing import CliRunner

import extractor.cli  # noqa: F401 - registers the commands
from extractor.cli.root import app
from extractor.errors import SettingsError, StoreError
from extractor.review import serve
from extractor.service.listening import listen
from extractor.store import Store

SERVER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from extractor.review import serve
    from extractor.store import Store

    out = Path(sys.argv[1])
    with Store.open(f"sqlite:///{out / 'store.sqlite'}") as store:
        serve(store, out, port=0)
    """
)


@pytest.fixture
def start(pages):
    """Starts servers; gives the process and its first address."""
    started = []

    def run():
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(pages)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(server)
        address = server.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/(set-up\?token=[\w-]+)?", address), address
        return server, address

    yield run
    for server in started:
        if server.poll() is None:
            server.kill()
        server.communicate()


def enter(address, person):
    url = httpx.URL(address)
    client = httpx.Client(base_url=f"http://{url.netloc.decode()}", follow_redirects=True, timeout=30)
    if url.path == "/set-up":
        first = {"login": login_of(person), "person": person, "password": PASSWORD, "again": PASSWORD}
        assert client.post("/set-up", data={"token": url.params["token"], **first}).url.path == "/"
        client.cookies.clear()
    sign_in(client, person)
    return client


def test_a_killed_server_loses_no_acknowledged_answer(start, pages):
    acknowledged = []
    for raw in ("11", "22"):
        server, address = start()
        client = enter(address, "Thử Một")
        for task in client.post("/api/claim", json={}).json()["tasks"]:
            answer = {"task": task["id"], "token": task["token"], "field": task["field"], "raw": raw, "state": "read"}
            assert client.post("/api/decide", json=answer).status_code == 200
            acknowledged.append((task["field"], raw))
        server.send_signal(signal.SIGKILL)
        server.wait()
    with Store.open(f"sqlite:///{pages / 'store.sqlite'}") as store:
        assert [(field, store.field_context(field).field.raw) for field, _ in acknowledged] == acknowledged
        assert store.verify_audit().ok


def test_an_interrupt_ends_it_and_nothing_of_a_register_was_printed(start):
    server, address = start()
    client = enter(address, "Thử Bí Mật")
    task = client.post("/api/claim", json={"kind": "person_name"}).json()["tasks"][0]
    client.get(f"/records/{task['record']}")
    client.get(task["crop"]["url"])
    server.send_signal(signal.SIGINT)
    printed, complaints = server.communicate(timeout=20)
    assert printed == ""
    assert not any(secret in printed + complaints for secret in ("Bí Mật", task["raw"], "/records/", "/crop/"))


def test_a_port_in_use_is_an_error_of_the_settings(book, pages):
    taken = listen("127.0.0.1", 0)
    with pytest.raises(SettingsError, match="cannot be listened on"):
        serve(book, pages, port=taken.getsockname()[1])
    taken.close()


def test_an_office_that_begins_asks_for_a_new_folder(tmp_path, monkeypatch):
    served = []
    monkeypatch.setattr("extractor.review.serve", lambda store, out, **options: served.append((store, out, options)))
    missing = CliRunner().invoke(app, ["review", "serve", str(tmp_path / "moi")])
    assert isinstance(missing.exception, StoreError)
    made = CliRunner().invoke(app, ["review", "serve", "--new", str(tmp_path / "moi")])
    assert made.exit_code == 0, made.output
    assert served[0][1] == tmp_path / "moi"
    assert (tmp_path / "moi" / "extractor.sqlite").exists()
    assert (tmp_path / "moi").stat().st_mode & 0o077 == 0
