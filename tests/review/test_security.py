"""What the room does against misuse, beside signing in: bounds, traces of refusals, browsers, https."""

import datetime
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from support.people import EVERYTHING, PASSWORD, employ, login_of, sign_in

from extractor.review.app import create_app
from extractor.review.serving import serve
from extractor.store import Accounts, Role, Sessions
from extractor.store.passwords import LONGEST, check_password


@pytest.fixture
def app(book, pages):
    return create_app(book, pages, announce=print, hosts={"testserver"})


@pytest.fixture
def enter(app, book):
    """Brings a person in; gives a client that repeats the token in every post."""

    def bring(person="Thử Một", roles=EVERYTHING, books=None):
        client = TestClient(app)
        employ(book, person, roles, books=books)
        sign_in(client, person)
        return client

    return bring


def refusals(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "extractor.review"]


def test_posts_that_are_too_long_or_tell_no_length_are_not_read(app, enter):
    client = enter()
    assert client.post("/sign-in", content=b"login=" + b"x" * 1024 * 1024).status_code == 413
    assert client.post("/sign-in", content=iter([b"login=x"])).status_code == 413
    assert client.post("/api/claim", json={}).status_code == 200


def test_a_mistake_of_the_program_is_answered_in_general_words_and_told_without_its_own(enter, app, caplog):
    client = enter()

    def fail(*_, **__):
        raise KeyError("Lò Văn Bí Mật")

    object.__setattr__(app.state.room.access, "visit", fail)
    answer = client.get("/records/1")
    assert answer.status_code == 500
    assert "content-security-policy" in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    told = refusals(caplog)
    assert told[-1].startswith("KeyError at")
    assert "Bí Mật" not in answer.text + "".join(told)


def test_refusals_leave_a_trace_without_names_and_without_what_was_sent(enter, app, book, caplog):
    client = enter("Thử Hai", [Role.REVIEWER], books=[1])
    number = Accounts(book).find(login_of("Thử Hai")).id
    caplog.clear()
    client.get("/accounts/7")
    client.get("/problems?book=5")
    client.post("/api/claim", json={}, headers={"X-CSRF-Token": "Bí Mật".encode()})
    client.post("/api/claim", json={}, headers={"Origin": "http://elsewhere.example"})
    client.post("/account/password", data={"current": "Bí Mật", "password": "x", "again": "x"})
    TestClient(app).post("/sign-in", data={"login": "bi.mat", "password": "Bí Mật"})
    assert refusals(caplog) == [
        f"refused: not allowed, account {number}, GET /accounts/{{account_id}}",
        f"refused: another's book, account {number}",
        f"refused: post without the token, account {number}, POST /api/claim",
        "refused: post from another site",
        f"refused: password asked again, account {number}, from testclient",
        "refused: sign-in, from testclient",
    ]


def test_a_person_sees_where_it_is_signed_in_and_ends_the_others_with_the_password(enter, app, book):
    here, left_open = enter(), enter()
    shown = here.get("/account").text
    assert shown.count("làm việc gần nhất") == 2
    assert shown.count("trình duyệt này") == 1
    assert here.post("/account/sessions", data={"current": "sai"}).status_code == 422
    assert left_open.get("/account").url.path == "/account"
    assert here.post("/account/sessions", data={"current": PASSWORD}).url.path == "/account"
    assert left_open.get("/account").url.path == "/sign-in"
    assert here.get("/account").text.count("làm việc gần nhất") == 1
    assert book.verify_audit().ok


def test_an_administrator_signs_another_out_and_nobody_else_does(enter, book):
    admin, other = enter("Quản Trị", [Role.ADMINISTRATOR]), enter("Thử Hai", [Role.REVIEWER])
    path = f"/accounts/{Accounts(book).find(login_of('Thử Hai')).id}/sessions"
    assert other.post(path).status_code == 403
    assert other.get("/account").url.path == "/account"
    assert path in admin.get(path.removesuffix("/sessions")).text
    assert admin.post(path).url.path == "/accounts"
    assert other.get("/account").url.path == "/sign-in"
    assert admin.get("/accounts").url.path == "/accounts"
    assert admin.post("/accounts/999/sessions").status_code == 404


def test_an_account_that_is_closed_is_out_at_once(enter, book):
    admin, other = enter("Quản Trị", [Role.ADMINISTRATOR]), enter("Thử Hai", [Role.REVIEWER])
    path = f"/accounts/{Accounts(book).find(login_of('Thử Hai')).id}"
    assert other.get("/account").url.path == "/account"
    admin.post(path, data={"person": "Thử Hai", "roles": ["reviewer"]})
    assert other.get("/account").url.path == "/sign-in"
    refused = TestClient(other.app).post("/sign-in", data={"login": login_of("Thử Hai"), "password": PASSWORD})
    assert refused.status_code == 401


def test_sessions_that_are_over_are_not_listed(book):
    account = employ(book, "Thử Một")
    sessions = Sessions(book, idle_seconds=0.0)
    secret = sessions.begin(account)
    time.sleep(0.01)
    assert sessions.of(account.id, this=secret) == ()


def test_long_passphrases_of_any_letters_are_taken_and_words_of_the_office_alone_are_not():
    check_password("mười con vịt giời bơi qua cầu tre lắc lư " * 2)
    check_password("xương rồng tím ngủ gật".ljust(LONGEST, "ợ"))
    for word in ("Hộ tịch UBND", "hotichubnd", "cán bộ tư pháp"):
        with pytest.raises(Exception, match="easy to guess"):
            check_password(word)


def test_fields_for_passwords_hide_what_is_typed_and_let_managers_fill_them(app, enter, book):
    signed_in = enter()
    for client, path in ((TestClient(app), "/sign-in"), (signed_in, "/account")):
        shown = client.get(path).text
        assert 'type="password"' in shown
        assert 'autocomplete="current-password"' in shown
        assert "onpaste" not in shown


def test_every_page_leads_to_signing_out(enter):
    client = enter()
    for path in ("/", "/verify", "/records/1", "/problems", "/account", "/accounts", "/boards", "/inspections"):
        assert 'action="/sign-out"' in client.get(path).text, path


def test_nothing_of_the_program_is_served(enter):
    client = enter()
    for path in ("/docs", "/redoc", "/openapi.json", "/static/", "/static/../app.py", "/.git/config", "/store.sqlite"):
        assert client.get(path).status_code == 404, path


def test_methods_nobody_needs_are_refused(enter):
    client = enter()
    for method in ("TRACE", "PUT", "DELETE", "PATCH"):
        assert client.request(method, "/").status_code == 405
    assert client.get("/sign-out").status_code == 405
    assert client.get("/api/undo").status_code == 405


def test_answers_tell_their_type_and_letters(enter):
    client = enter()
    types = {"/": "text/html; charset=utf-8", "/static/server.js": "text/javascript; charset=utf-8",
             "/static/app.css": "text/css; charset=utf-8", "/api/session": "application/json",
             "/crop/1": "image/webp"}  # fmt: skip
    assert {path: client.get(path).headers["content-type"] for path in types} == types


def test_no_page_of_another_site_may_read_answers(enter):
    client = enter()
    for path in ("/", "/api/session", "/crop/1"):
        headers = client.get(path, headers={"Origin": "http://elsewhere.example"}).headers
        assert "access-control-allow-origin" not in headers
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "object-src 'none'; base-uri 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"


@pytest.fixture
def certified(tmp_path):
    """A certificate for this machine that it made itself, and its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@pytest.fixture
def served(book, pages, monkeypatch):
    """Serves as the command does; gives the address."""
    employ(book, "Thử Một")
    running = []

    class Kept(uvicorn.Server):
        def __init__(self, config):
            super().__init__(config)
            running.append((self, threading.current_thread()))

    monkeypatch.setattr(uvicorn, "Server", Kept)

    def start(**settings):
        said = queue.Queue()
        settings = {"port": 0, "announce": said.put, **settings}
        threading.Thread(target=serve, args=(book, pages), kwargs=settings, daemon=True).start()
        return httpx.URL(said.get(timeout=30))

    yield start
    for server, thread in running:
        server.should_exit = server.force_exit = True
        thread.join(10)


def shaken(url, context):
    """Protocol and cipher that server and context agree on."""
    raw = socket.create_connection((url.host, url.port), timeout=10)
    with raw, context.wrap_socket(raw, server_hostname=url.host) as secured:
        return secured.version(), secured.cipher()[0]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_with_a_certificate_there_is_https_alone_in_its_newest_form(served, certified):
    certificate, key = certified
    url = served(certificate=certificate, key=key)
    assert url.scheme == "https"
    trusting = ssl.create_default_context(cafile=certificate)
    with httpx.Client(base_url=url, verify=trusting, follow_redirects=True, timeout=20) as client:
        sign_in(client, "Thử Một")
        assert client.get("/account").headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert [(cookie.name, cookie.secure) for cookie in client.cookies.jar] == [("__Host-extractor_session", True)]
        assert "Sign out" in client.post("/language", data={"back": "/account"}).text
        client.post("/sign-out")
        assert "__Host-extractor_session" not in client.cookies
    assert shaken(url, trusting)[0] == "TLSv1.3"
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    cipher = shaken(url, trusting)[1]
    assert "ECDHE" in cipher
    assert "GCM" in cipher or "CHACHA20" in cipher
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.load_verify_locations(certificate)
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shaken(url, old)
    with pytest.raises(httpx.HTTPError):
        httpx.get(url.copy_with(scheme="http"), timeout=10)


def test_whoever_says_to_come_from_elsewhere_is_not_believed(served, caplog, capfd):
    said = {"login": "khong.co", "password": "sai"}
    answer = httpx.post(served().join("/sign-in"), data=said, headers={"X-Forwarded-For": "203.0.113.9"}, timeout=20)
    assert answer.status_code == 401
    assert refusals(caplog) == ["refused: sign-in, from 127.0.0.1"]
    told = capfd.readouterr().err
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WARNING refused: sign-in, from 127", told, re.MULTILINE)


def test_a_length_told_in_two_ways_is_refused(served):
    url = served()
    smuggling = (
        f"POST /language HTTP/1.1\r\nHost: {url.netloc.decode()}\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        "0\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port), timeout=20) as raw:
        raw.sendall(smuggling.encode())
        assert raw.recv(65536).startswith(b"HTTP/1.1 413")
