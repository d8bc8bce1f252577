"""Scans brought in over the room: pieces, resuming, reasons, runs asked for, watched, stopped and asked for again."""

import base64
import errno
import hashlib
import io
import shutil
from collections import namedtuple
from datetime import timedelta

import pytest
from PIL import Image

from extractor.batch.sources import remember_sources
from extractor.jobs import Intake, room_client
from extractor.jobs.files import Piece
from extractor.records import BookKey
from extractor.review.scan_view import seconds_left
from extractor.scans import Limits, SourceFile
from extractor.scans.kinds import FileKind
from extractor.store import ROOM, JobKind, JobState, Role, UploadState

NAME = "KS.2017.01/KS.2017.01.2017-01-03.04.png"
BYTES = {"Content-Type": "application/octet-stream"}
ASK = "a" * 32


def picture(seed=60):
    content = io.BytesIO()
    Image.effect_noise((400, 560), seed).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def intake(app):
    return app.state.room.intake


def announce(client, content, name=NAME, **changes):
    head = base64.b64encode(content[:1024]).decode()
    asked = {"name": name, "size": len(content), "head": head, "sha256": hashlib.sha256(content).hexdigest()}
    return client.post("/api/scans/announce", json={**asked, **changes})


def send(client, upload, piece, offset=0):
    headers = {**BYTES, "Upload-Offset": str(offset)}
    return client.post(f"/api/scans/files/{upload}/content", content=piece, headers=headers)


def bring(client, content=None, name=NAME):
    content = content or picture()
    upload = announce(client, content, name).json()["id"]
    assert send(client, upload, content).json()["state"] == "complete"
    return upload


def ask(client, **changes):
    form = {"ask": ASK, "folders": ["KS.2017.01"], "certificate": "true", "recheck": "5", **changes}
    return client.post("/scans/read", data=form, follow_redirects=False)


# Sending


def test_a_file_goes_on_where_it_stopped_also_for_a_colleague(enter, pages):
    client, content = enter(), picture()
    first = announce(client, content).json()
    assert (first["state"], first["offset"]) == ("receiving", 0)
    assert send(client, first["id"], content[:5000]).json()["offset"] == 5000
    other = enter("Thử Hai")
    assert "KS.2017.01.2017-01-03.04.png" in other.get("/scans").text
    again = announce(other, content).json()
    assert (again["id"], again["offset"]) == (first["id"], 5000)
    done = send(other, first["id"], content[5000:], 5000).json()
    assert (done["state"], done["pages"]) == ("complete", 1)
    assert (pages / "uploads" / first["id"] / NAME).read_bytes() == content
    assert announce(client, content).json() == done


def test_a_file_that_is_another_one_does_not_go_on_in_the_place_of_the_first(enter):
    client, content = enter(), picture()
    first = announce(client, content).json()["id"]
    send(client, first, content[:5000])
    other = content[:-4] + bytes(4)
    second = announce(client, other).json()
    assert (second["id"] != first, second["offset"]) == (True, 0)


def test_a_file_that_changed_between_pieces_is_not_taken_and_is_sent_anew(enter):
    client, content = enter(), picture()
    upload = announce(client, content).json()["id"]
    send(client, upload, content[:5000])
    changed = send(client, upload, bytes(len(content) - 5000), 5000)
    assert (changed.status_code, changed.json()["error"], changed.json()["offset"]) == (409, "wrong-hash", "0")
    assert announce(client, content).json()["offset"] == 0
    assert send(client, upload, content).json()["state"] == "complete"


def test_a_name_that_stands_for_another_file_is_refused_before_it_is_sent(enter, pages):
    client = enter()
    bring(client)
    refused = announce(client, picture(90))
    assert (refused.status_code, refused.json()["error"]) == (409, "name-taken")
    assert "Đổi tên" in refused.json()["mend"]
    remember_sources(pages, [SourceFile(pages / "a.png", "", "a.png", FileKind.PNG, 1, "0" * 64, (0, 0), BookKey())])
    assert announce(client, picture(), "a.png").json()["error"] == "name-taken"


UNUSABLE = [
    ("a.jpg", b"\0\0\0\x18ftypheic", 100, "unsupported-type"),
    ("a.pdf", b"day la van ban", 100, "unsupported-type"),
    ("a.pdf", b"", 0, "empty"),
    ("KS.2017.01/Thumbs.db", b"\xd0\xcf\x11\xe0", 100, "sidecar"),
    ("KS.2017.01/.DS_Store", b"Bud1", 100, "sidecar"),
    ("a/b/c/d/e.pdf", b"%PDF-1.7", 100, "deep"),
    ("x" * 61 + ".pdf", b"%PDF-1.7", 100, "long-name"),
    ("../a.pdf", b"%PDF-1.7", 100, "bad-name"),
    ("a\u202efdp.pdf", b"%PDF-1.7", 100, "bad-name"),
    ("a\\b.pdf", b"%PDF-1.7", 100, "bad-name"),
    ("a.pdf", b"%PDF-1.7", Limits().file_bytes + 1, "limit"),
    ("a.zip", b"PK\x03\x04", Limits().zip_total_bytes + 1, "limit"),
]


def test_what_cannot_be_used_is_refused_before_anything_is_sent(enter, intake):
    client = enter()
    for name, head, size, error in UNUSABLE:
        for sha256 in ("", "0" * 64):
            asked = {"name": name, "size": size, "head": base64.b64encode(head).decode(), "sha256": sha256}
            refused = client.post("/api/scans/announce", json=asked)
            assert (refused.status_code, refused.json()["error"]) == (409, error), name
            assert refused.json()["why"]
    assert intake.uploads.of_room(limit=9) == []


def test_a_disk_without_room_is_told_before_and_while_a_file_is_sent(enter, monkeypatch):
    client, content = enter(), picture()
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
        assert announce(client, content).json()["error"] == "no-space"
    upload = announce(client, content).json()["id"]
    send(client, upload, content[:5000])
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
        assert announce(client, content).json()["offset"] == 5000  # what has begun may go on
        full.setattr(Piece, "put", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        answer = send(client, upload, content[5000:], 5000)
        assert (answer.status_code, answer.json()["error"]) == (409, "no-space")
    assert send(client, upload, content[5000:], 5000).json()["state"] == "complete"


def test_a_piece_that_is_too_large_or_foreign_is_refused(enter, intake):
    client, content = enter(), picture()
    upload = announce(client, content).json()["id"]
    assert send(client, upload, bytes(1024 * 1024 + 1)).status_code == 413
    token = client.headers.pop("X-CSRF-Token")
    assert send(client, upload, content).status_code == 403
    client.headers["X-CSRF-Token"] = token
    assert send(client, "0" * 32, content).status_code == 404
    intake.uploads.add("9" * 32, "một cửa", "a.png", len(content))  # a program's
    assert send(client, "9" * 32, content).status_code == 404
    assert client.post("/api/scans/files/" + "9" * 32 + "/drop", json={}).status_code == 404


def test_a_damaged_file_is_refused_with_the_reason_and_the_mend(enter):
    client, content = enter(), b"%PDF-1.7\n" + b"x" * 3000
    upload = announce(client, content, "hong.pdf").json()["id"]
    refused = send(client, upload, content).json()
    assert (refused["error"], refused["why"]) == ("truncated", "Tệp hỏng hoặc bị cụt.")
    assert "quét lại" in refused["mend"]
    assert announce(client, content, "hong.pdf").json()["id"] != upload


def test_files_that_nothing_was_made_of_can_be_given_up(enter, intake, pages):
    client, content = enter(), picture()
    part = announce(client, content).json()["id"]
    send(client, part, content[:5000])
    assert client.post(f"/scans/files/{part}/drop").url.path == "/scans"
    whole = bring(client)
    assert client.post(f"/scans/files/{whole}/drop").url.path == "/scans/read"
    assert list((pages / "uploads").iterdir()) == []
    read = bring(client)
    ask(client)
    assert client.post(f"/scans/files/{read}/drop").status_code == 409
    assert (pages / "uploads" / read / NAME).exists()


def test_a_file_that_was_partly_read_can_be_read_on_but_not_given_up(enter, pages):
    client = enter()
    begun = bring(client)
    untouched = bring(client, picture(70), "KS.2017.01.2017-01-04.05.png")
    place = pages / "uploads" / begun / NAME
    remember_sources(pages, [SourceFile(place, "", NAME, FileKind.PNG, 1, "0" * 64, (0, 0), BookKey())])
    page = client.get("/scans/read").text
    assert f'value="{begun}"' in page
    assert f"drop-{begun}" not in page
    assert "đã đọc dở" in page
    assert f'form="drop-{untouched}"' in page
    assert client.post(f"/scans/files/{begun}/drop").status_code == 409


# Who may


@pytest.mark.parametrize(
    ("roles", "books", "status"),
    [
        ([Role.OPERATOR], None, 200),
        ([Role.ADMINISTRATOR], None, 200),
        ([Role.OPERATOR], [1], 403),
        ([Role.REVIEWER, Role.ADJUDICATOR, Role.APPROVER, Role.AUDITOR, Role.RESEARCHER], None, 403),
    ],
)
def test_who_brings_scans_in(enter, roles, books, status):
    client = enter("Thử Ba", roles, books)
    for path in ("/scans", "/scans/read", "/scans/runs", "/api/scans/runs/state"):
        assert client.get(path).status_code == status, path
    assert announce(client, picture()).status_code == status
    assert ("/scans" in client.get("/").text) == (status == 200)


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(enter, app, monkeypatch):
    client, seen = enter(), []
    visit = app.state.room.access.visit
    monkeypatch.setattr(
        app.state.room.access, "visit", lambda *args, active=True: (seen.append(active), visit(*args, active=active))[1]
    )
    client.get("/api/scans/runs/state")
    client.get("/scans/runs")
    assert seen == [False, True]


# Runs


def test_files_are_read_with_the_options_of_the_form_once(enter, intake):
    client = enter("Thử Một")
    upload = bring(client)
    other = bring(client, name="khac.png")
    answer = ask(client, folders=[], uploads=[upload], register="KS", year="2017", number="01",
                 agency="  UBND  xã Đồng Thử ", recheck="2,5", certificate="")  # fmt: skip
    assert (answer.status_code, answer.headers["location"]) == (303, f"/scans/runs/{ASK}")
    assert ask(client, folders=[], uploads=[upload]).headers["location"] == f"/scans/runs/{ASK}"
    [job] = intake.jobs.of_folder(intake.folder, [JobKind.RUN], limit=9)
    assert job.options == {
        "uploads": [upload],
        "book": {"register": "KS", "year": "2017", "number": "01", "agency": "UBND xã Đồng Thử", "commune": "",
                 "district": "", "province": ""},
        "form": "", "certificate": "none", "recheck": 0.025, "redo": False,
    }  # fmt: skip
    assert job.client.startswith(ROOM)
    assert [found.id for found in intake.uploads.of_room(state=UploadState.COMPLETE, limit=9)] == [other, upload]
    shown = client.get("/scans/read").text
    assert (upload in shown, other in shown) == (False, True)
    run = client.get(f"/scans/runs/{ASK}").text
    assert "Sắp bắt đầu" in run
    assert "Thử Một" in run
    assert "UBND xã Đồng Thử" in run


MISTAKES = [
    ({"folders": ["KS.2018.01"]}, "Chưa chọn tệp nào"),
    ({"uploads": ["0" * 32], "folders": []}, "Chưa chọn tệp nào"),
    ({"year": "17"}, "bốn chữ số"),
    ({"recheck": "200"}, "từ 0 đến 100"),
    ({"recheck": "nan"}, "từ 0 đến 100"),
    ({"form": "ks-9999"}, "Không có biểu mẫu này"),
    ({"register": "XX"}, "Thông tin về sổ"),
    ({"agency": "a\x00b"}, "Thông tin về sổ"),
]


def test_a_form_that_is_not_usable_is_shown_again_with_the_reason(enter, intake):
    client = enter()
    bring(client)
    for change, said in MISTAKES:
        answer = ask(client, province="Tỉnh Mẫu", **change)
        assert (answer.status_code, said in answer.text) == (422, True), change
        assert 'value="Tỉnh Mẫu"' in answer.text
    assert intake.jobs.of_folder(intake.folder, [JobKind.RUN], limit=9) == []


def test_files_of_one_name_or_taken_away_and_a_full_queue_are_told(enter, intake, pages, monkeypatch):
    client = enter()
    upload = bring(client)
    (pages / "uploads" / upload / NAME).rename(pages / "kept.png")
    assert "Chưa chọn tệp nào" in ask(client).text
    again = bring(client)
    assert again != upload
    (pages / "kept.png").rename(pages / "uploads" / upload / NAME)
    assert "trùng tên" in ask(client).text
    client.post(f"/scans/files/{upload}/drop")
    monkeypatch.setattr("extractor.jobs.intake.MOST_WAITING", 0)
    full = ask(client)
    assert (full.status_code, "Quá nhiều việc" in full.text) == (429, True)


def test_a_run_is_watched_stopped_and_asked_for_again(enter, intake):
    client = enter()
    bring(client)
    ask(client)
    job = intake.jobs.start_next(intake.folder)
    intake.jobs.progress(job.id, 1, 4)
    shown = client.get(f"/scans/runs/{job.id}").text
    assert "Đã đọc 1 trên 4 trang" in shown
    assert 'max="4" value="1"' in shown
    assert client.post(f"/scans/runs/{job.id}/cancel").status_code == 200
    [state] = client.get("/api/scans/runs/state").json()["runs"]
    assert (state["cancel"], state["said"]) == (True, "Sẽ dừng sau trang đang đọc")
    intake.jobs.finish(job.id, JobState.CANCELLED)
    assert "Đọc tiếp phần còn thiếu" in client.get(f"/scans/runs/{job.id}").text
    again = client.post(f"/scans/runs/{job.id}/again", data={"ask": "b" * 32, "redo": "true"})
    assert again.url.path == f"/scans/runs/{'b' * 32}"
    assert intake.jobs.get("b" * 32).options == {**job.options, "redo": True}
    assert intake.store.verify_audit().ok


def test_what_was_set_aside_is_told_with_the_mend_and_where_the_pages_went(enter, intake):
    client = enter()
    bring(client, name="KS.2017.01.pdf")  # as the pages in the store are called
    ask(client, folders=[""])
    job = intake.jobs.start_next(intake.folder)
    aside = [{"file": "KS.2017.01.pdf", "reason": "encrypted", "message": "asks", "mend": "", "page": 2},
             {"file": "x.pdf", "reason": "of-tomorrow", "message": "", "mend": "", "page": None}]  # fmt: skip
    result = {"pages": 3, "pages_new": 3, "set_aside": aside, "exported": 0, "held_back": 0, "suspended": []}
    intake.jobs.finish(job.id, JobState.DONE, result=result)
    shown = client.get(f"/scans/runs/{job.id}").text
    for words in ("Đã xong; có 2 tệp", "KS.2017.01.pdf, trang 2", "Tệp có mật khẩu.", "Tệp không dùng được.",
                  'href="/books/1"', 'href="/problems?book=1"'):  # fmt: skip
        assert words in shown, words
    assert 'href="/books/1"' not in enter("Quản Trị", [Role.ADMINISTRATOR]).get(f"/scans/runs/{job.id}").text


def test_a_run_over_a_book_that_is_known_is_shown_at_every_moment(enter, intake):
    client = enter()
    bring(client, name="KS.2017.01.pdf")
    ask(client, folders=[""])
    job = intake.jobs.start_next(intake.folder)
    intake.jobs.progress(job.id, 1, 3)
    assert 'href="/books/1"' in client.get(f"/scans/runs/{job.id}").text
    assert client.post(f"/scans/runs/{job.id}/cancel").status_code == 200
    intake.jobs.finish(job.id, JobState.CANCELLED)
    assert client.get(f"/scans/runs/{job.id}").status_code == 200
    again = intake.queue(JobKind.REREAD, room_client(1), {"pages": [{"file": "KS.2017.01.pdf", "page": 1}]})
    intake.jobs.start_next(intake.folder)
    intake.jobs.finish(again.id, JobState.DONE, result={"pages": 1, "set_aside": []})
    assert client.get(f"/scans/runs/{again.id}").status_code == 200


def test_a_run_that_failed_says_why(enter, intake):
    client = enter()
    bring(client)
    ask(client)
    job = intake.jobs.start_next(intake.folder)
    intake.jobs.finish(job.id, JobState.FAILED, message="The model is damaged.", mend="Install it again.")
    shown = client.get(f"/scans/runs/{job.id}").text
    assert "The model is damaged. Install it again." in shown
    assert NAME in client.get("/scans/read").text  # it waits to be read again


def test_jobs_of_programs_are_seen_and_left_alone(enter, intake):
    client = enter()
    options = {"uploads": [], "book": {}, "form": "", "certificate": "shipped", "recheck": 0.0, "redo": False}
    job = intake.queue(JobKind.RUN, "một cửa", options)
    assert "Phần mềm “một cửa”" in client.get(f"/scans/runs/{job.id}").text
    assert client.post(f"/scans/runs/{job.id}/cancel").status_code == 404
    assert client.post(f"/scans/runs/{job.id}/again", data={"ask": ASK}).status_code == 404
    export = intake.queue(JobKind.EXPORT, room_client(1), {})
    assert client.get(f"/scans/runs/{export.id}").status_code == 404
    elsewhere = Intake(intake.store, intake.out.parent).queue(JobKind.RUN, room_client(1), options)
    assert client.get(f"/scans/runs/{elsewhere.id}").status_code == 404
    own = intake.queue(JobKind.REREAD, room_client(1), {"pages": [{"file": "a.pdf", "page": 3}]})
    assert "Đọc lại 1 trang" in client.get("/scans/runs").text
    assert "còn 2 việc làm trước" in client.get(f"/scans/runs/{own.id}").text


def test_the_time_left_is_reckoned_from_the_pages_read_in_this_run(intake):
    job = intake.queue(JobKind.RUN, room_client(1), {})
    intake.jobs.start_next(intake.folder)
    intake.jobs.progress(job.id, 90, 100)  # of which 90 were read before
    begun = intake.jobs.get(job.id).begun
    assert begun[0] == 90
    assert seconds_left(intake.jobs.get(job.id), begun[1]) is None
    intake.jobs.progress(job.id, 92, 100)
    assert seconds_left(intake.jobs.get(job.id), begun[1] + timedelta(seconds=10)) == pytest.approx(40)
    intake.jobs.progress(job.id, 100, 100)
    assert seconds_left(intake.jobs.get(job.id), begun[1] + timedelta(seconds=50)) is None
    intake.jobs.lost(job.id, "gone")
    assert intake.jobs.start_next(intake.folder).begun is None
