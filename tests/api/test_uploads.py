"""Files sent in pieces: taken up again, checked, refused with reasons."""

import hashlib
import inspect
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from extractor.api.app import create_app
from extractor.api.pace import Pace
from extractor.jobs.sweeping import forget_unfinished
from extractor.scans import Limits
from extractor.store import ApiKeys, Uploads

BYTES = {"Content-Type": "application/octet-stream"}


def picture(kind="PNG", size=(400, 560)):
    content = io.BytesIO()
    Image.effect_noise(size, 60).save(content, kind)
    return content.getvalue()


def announce(client, content, name="so/KS.2017.01/scan.png", **more):
    answer = client.post("/v1/uploads", json={"name": name, "size": len(content), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def send(client, upload, piece, offset=0, **headers):
    return client.put(
        f"/v1/uploads/{upload}/content", content=piece, headers={**BYTES, "Upload-Offset": str(offset), **headers}
    )


def test_a_file_sent_in_pieces_is_whole_at_the_end(client, out, store):
    content = picture()
    upload = announce(client, content, sha256=hashlib.sha256(content).hexdigest())
    half = len(content) // 2
    assert send(client, upload, content[:half]).json()["offset"] == half
    assert client.get(f"/v1/uploads/{upload}").json()["offset"] == half
    wrong = send(client, upload, content[half + 1 :], half + 1)
    assert (wrong.status_code, wrong.json()["offset"]) == (409, half)
    done = send(client, upload, content[half:], half).json()
    assert (done["state"], done["kind"], done["pages"], done["offset"]) == ("complete", "png", 1, len(content))
    path = out / "uploads" / upload / "so" / "KS.2017.01" / "scan.png"
    assert path.read_bytes() == content
    assert (out / "uploads").stat().st_mode & 0o077 == 0
    assert send(client, upload, b"x", len(content)).status_code == 409
    assert send(client, upload, content[half:], half).json() == done
    assert client.delete(f"/v1/uploads/{upload}").status_code == 409
    assert store.verify_audit().ok


def stream(app, client, upload, *steps):
    """Send a file as the steps say: bytes, or what is done between them. Returns the answer's status, or none."""
    headers = {**BYTES, "Upload-Offset": "0", **dict(client.headers)}
    scope = {
        "type": "http", "method": "PUT", "path": f"/v1/uploads/{upload}/content", "query_string": b"",
        "headers": [(name.lower().encode(), content.encode()) for name, content in headers.items()],
    }  # fmt: skip
    coming, statuses = iter(steps), []

    async def receive():
        for step in coming:
            if isinstance(step, bytes):
                return {"type": "http.request", "body": step, "more_body": True}
            if step is None:
                return {"type": "http.request", "body": b"", "more_body": False}
            await step() if inspect.iscoroutinefunction(step) else await anyio.to_thread.run_sync(step)
        return {"type": "http.disconnect"}

    async def answered(message):
        statuses.append(message.get("status"))

    # In a thread of its own: where browser tests ran before, this one has an event loop already.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(anyio.run, app, scope, receive, answered).result()
    return statuses[0] if statuses else None


def test_bytes_that_arrived_before_a_break_are_kept(client, app):
    content = picture()
    upload = announce(client, content)
    assert stream(app, client, upload, content[:5000]) is None
    assert client.get(f"/v1/uploads/{upload}").json()["offset"] == 5000
    assert send(client, upload, content[5000:], 5000).json()["state"] == "complete"


def test_a_piece_that_is_sent_again_must_be_the_same(client):
    content = picture()
    upload = announce(client, content)
    send(client, upload, content[:5000])
    assert send(client, upload, content[:5000]).json()["offset"] == 5000
    assert send(client, upload, content[1000:9000], 1000).json()["offset"] == 9000
    other = send(client, upload, b"x" + content[1:9000])
    assert (other.status_code, other.json()["type"]) == (409, "urn:extractor:problem:wrong-offset")
    assert other.json()["offset"] == 9000
    assert send(client, upload, content[9000:], 9000).json()["state"] == "complete"
    assert send(client, upload, b"x" * 10, len(content) - 10).status_code == 409
    assert send(client, upload, b"", len(content)).json()["state"] == "complete"


@pytest.mark.parametrize("sent_again", [100, 0])
def test_a_file_whose_server_died_before_it_was_noted_is_whole_when_its_last_piece_comes_again(
    client, out, monkeypatch, sent_again
):
    content = picture()
    upload = announce(client, content)
    with monkeypatch.context() as dying:
        dying.setattr(Uploads, "complete", lambda *_, **__: (_ for _ in ()).throw(OSError))
        assert send(client, upload, content).status_code == 500
    shown = client.get(f"/v1/uploads/{upload}").json()
    assert (shown["state"], shown["offset"]) == ("receiving", len(content))
    place = len(content) - sent_again
    assert send(client, upload, content[place:], place).json()["state"] == "complete"
    assert (out / "uploads" / upload / "so" / "KS.2017.01" / "scan.png").read_bytes() == content
    assert not (out / "uploads" / f"{upload}.part").exists()


def test_many_who_send_the_last_piece_at_once_end_with_one_whole_file(client, store):
    content = picture()
    upload = announce(client, content)
    send(client, upload, content[:-1])
    places = [len(content) - 1, len(content)] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda place: send(client, upload, content[place:], place), places))
    kinds = {answer.json().get("type", answer.json().get("state")) for answer in answers}
    assert kinds <= {"complete", "urn:extractor:problem:busy", "urn:extractor:problem:wrong-offset"}
    # Those that came too early may have kept all others out; whoever is told so sends again.
    assert send(client, upload, content[-1:], len(content) - 1).json()["state"] == "complete"


def test_a_file_that_is_being_sent_is_not_given_up_meanwhile(client, app):
    content = picture()
    upload = announce(client, content)
    told = []

    def give_up():
        told.append(client.delete(f"/v1/uploads/{upload}"))

    assert stream(app, client, upload, content[:5000], give_up, content[5000:], None) == 200
    assert (told[0].status_code, told[0].json()["type"]) == (409, "urn:extractor:problem:busy")
    assert client.get(f"/v1/uploads/{upload}").json()["state"] == "complete"


def test_a_sender_that_stalls_loses_its_place(client, store, out, templates):
    app = create_app(store, out, templates=templates, pace=Pace(seconds=0.1, least=1000))
    content = picture()
    upload = announce(client, content)

    async def wait():
        await anyio.sleep(0.06)

    crawling = [step for byte in content[2000:2050] for step in (wait, bytes([byte]))]
    assert stream(app, client, upload, content[:1000], content[1000:2000], *crawling) == 408
    offset = client.get(f"/v1/uploads/{upload}").json()["offset"]
    assert 2000 <= offset < 2010
    assert send(client, upload, content[offset:], offset).json()["state"] == "complete"


def test_a_key_that_is_revoked_ends_in_the_middle_of_a_file(client, app, store, enter):
    content = picture(size=(1500, 1500))
    upload, keys = announce(client, content), ApiKeys(store)

    def revoke():
        keys.revoke(next(key.prefix for key in keys.all()))

    half = 1024 * 1024
    assert stream(app, client, upload, content[:half], revoke, content[half:], None) == 401
    shown = enter().get(f"/v1/uploads/{upload}").json()
    assert (shown["state"], shown["offset"]) == ("receiving", half)


def test_what_is_no_scan_is_refused_as_soon_as_its_beginning_is_there(client, out):
    content = b"day la van ban " * 200
    upload = announce(client, content, "so.pdf")
    refused = send(client, upload, content[:1500])
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:extractor:problem:unsupported-type")
    shown = client.get(f"/v1/uploads/{upload}").json()
    assert (shown["state"], shown["reason"]) == ("refused", "unsupported_type")
    assert send(client, upload, content[1500:], 1500).status_code == 409
    assert not (out / "uploads" / f"{upload}.part").exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cut.pdf", b"%PDF-1.7\n" + b"x" * 2000, "truncated"),
        ("tiny.png", picture(size=(8, 8)), "limit"),
        ("empty.zip", b"PK\x05\x06" + bytes(18), "empty"),
    ],
)
def test_damaged_files_are_refused_with_a_reason(client, name, content, reason):
    upload = announce(client, content, name)
    refused = send(client, upload, content)
    assert refused.status_code == 409, refused.text
    assert refused.json()["type"] == f"urn:extractor:problem:{reason}"
    assert refused.json()["detail"].startswith(name)
    assert client.get(f"/v1/uploads/{upload}").json()["reason"] == reason
    assert send(client, upload, content).json()["type"] == refused.json()["type"]


def test_an_archive_that_leads_out_of_its_folder_is_refused(client, out):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../extractor.sqlite", picture())
    upload = announce(client, packed.getvalue(), "so.zip")
    assert send(client, upload, packed.getvalue()).json()["type"] == "urn:extractor:problem:unsafe-path"


def test_more_than_was_announced_is_refused_and_the_file_can_be_given_up(client, out):
    content = picture()
    upload = announce(client, content[:-1])
    long = send(client, upload, content)
    assert (long.status_code, long.json()["type"]) == (409, "urn:extractor:problem:too-long")
    assert client.delete(f"/v1/uploads/{upload}").status_code == 204
    assert client.get(f"/v1/uploads/{upload}").status_code == 404
    assert not list((out / "uploads").iterdir())


def test_a_file_that_is_not_the_one_announced_is_sent_again_from_its_start(client):
    content = picture()
    upload = announce(client, content, sha256="0" * 64)
    wrong = send(client, upload, content)
    assert (wrong.json()["type"], wrong.json()["offset"]) == ("urn:extractor:problem:wrong-hash", 0)
    assert client.get(f"/v1/uploads/{upload}").json()["state"] == "receiving"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a.pdf", "/a.pdf", "a//b.pdf", "a\\b.pdf", ".hidden.pdf", "a/.b/c.pdf", "a.pdf ", " a.pdf",
     "a\x00.pdf", "a\n.pdf", "\u202efdp.pdf", "a\u200b.pdf", "a\u2028b.pdf", "a\x85.pdf",
     "a/b/c/d/e.pdf", "x" * 61, "__MACOSX/a.pdf", "a.pdf/"],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(client, name):
    refused = client.post("/v1/uploads", json={"name": name, "size": 10})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.name")


def test_names_are_kept_in_one_spelling(client):
    upload = announce(client, picture(), "so\u0302\u0309 KS.png")
    assert client.get(f"/v1/uploads/{upload}").json()["name"] == "s\u1ed5 KS.png"


def test_files_that_are_too_large_are_refused_before_they_are_sent(store, out, client, templates):
    small = create_app(store, out, templates=templates, limits=Limits(file_bytes=1000))
    other = TestClient(small, headers=dict(client.headers))
    refused = other.post("/v1/uploads", json={"name": "a.pdf", "size": 1001})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:extractor:problem:limit")
    assert "1000" in refused.json()["detail"]
    assert client.post("/v1/uploads", json={"name": "a.pdf", "size": 2**40}).status_code == 422


def test_pieces_are_bytes_with_a_place(client):
    upload = announce(client, picture())
    path = f"/v1/uploads/{upload}/content"
    assert client.put(path, json={}, headers={"Upload-Offset": "0"}).status_code == 415
    missing = client.put(path, content=b"x", headers=BYTES)
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "header.Upload-Offset")
    assert send(client, upload, b"x", -1).status_code == 422


def test_files_that_never_became_whole_are_given_up_after_a_week(client, app, clock, out, enter):
    old, whole = announce(client, picture()), picture()
    send(client, old, whole[:100])
    complete = announce(client, whole)
    send(client, complete, whole)
    clock.forward(days=6)
    young = announce(client, picture())
    clock.forward(days=1, seconds=1)
    room = app.state.room
    assert forget_unfinished(room.uploads, room.upload_folder, room.store.now()) == 1
    assert {item["id"] for item in client.get("/v1/uploads").json()["items"]} == {young, complete}
    assert not (out / "uploads" / f"{old}.part").exists()


def test_uploads_are_the_programs_own(client, enter):
    upload = announce(client, picture())
    other = enter(name="khác")
    for method, path in (("GET", f"/v1/uploads/{upload}"), ("DELETE", f"/v1/uploads/{upload}")):
        assert other.request(method, path).status_code == 404
    assert other.get("/v1/uploads").json()["items"] == []
    assert send(other, upload, b"x").status_code == 404
    assert enter().get(f"/v1/uploads/{upload}").status_code == 200  # another key of the same program
