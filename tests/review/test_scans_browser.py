"""Scans brought in by keyboard alone: a server that dies meanwhile, a run from the file to its book, stopped, again."""

import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from PIL import Image
from review.conftest import Office
from review.test_accessibility import violations
from support.people import PASSWORD, employ, login_of

from extractor.batch.storage import open_store
from extractor.jobs import Intake
from extractor.jobs.runner import Runner
from extractor.review.app import create_app
from extractor.store import Accounts, JobState, Sessions, UploadState

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_book" / "KS.2009.01" / "KS.2009.01.2009-01-02.01.pdf"
MEBI = 1024 * 1024


@pytest.fixture
def scans(tmp_path):
    """A folder of scans named like its book: one of several pieces, one small, one that is none."""
    folder = tmp_path / "KS.2017.02"
    folder.mkdir()
    noise = np.random.default_rng(7).integers(0, 256, (1000, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "1.png")  # 3.6 MB
    Image.fromarray(noise[:100, :100]).save(folder / "2.png")
    (folder / "ghi chu.txt").write_text("không phải bản quét")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    return folder


@pytest.fixture
def intake(office):
    return Intake(office.store, office.out)


def choose(page, what, path):
    """Choose files in a box that has the focus, by Enter."""
    page.focus(f"#{what}")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(path)


def open_scans(page, office):
    page.on("filechooser", lambda _: None)  # from the beginning: asked for with the key pressed, it may come too late
    page.goto(f"{office.url}/scans")
    page.wait_for_selector("body[data-ready]")


class Server:
    """The room on a port that stays the same, so that it can die and come again."""

    def __init__(self, office):
        self.office, self.port = office, 0
        self.start()

    def start(self):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        app = create_app(self.office.store, self.office.out, announce=print)
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listening]}, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def stop(self):
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)


@pytest.fixture
def server(office):
    running = Server(office)
    office.port = running.port
    yield running
    running.stop()


def test_an_upload_goes_on_after_the_server_died(visitor, office, intake, server, scans):
    page, offsets = visitor(office, "Thử Một"), []

    def first_piece_only(route):
        offset = int(route.request.headers["upload-offset"])
        offsets.append(offset)
        if offset:
            route.abort()
        else:
            route.continue_()

    open_scans(page, office)
    page.route("**/content", first_piece_only)
    choose(page, "files", str(scans / "1.png"))
    page.wait_for_selector("#said:has-text('Mất kết nối')")
    server.stop()
    [upload] = intake.uploads.of_room(limit=9)
    assert intake.upload_folder.offset(upload) == MEBI
    page.unroute("**/content")
    server.start()
    page.wait_for_selector("li[data-state=done_pages]")  # by itself
    page.wait_for_selector("#said:has-text('Đã nhập 1 tệp')")
    assert offsets[:2] == [0, MEBI]
    assert page.inner_text("#unread") == "1"


def test_after_a_reload_the_same_file_goes_on_and_a_folder_keeps_its_names(visitor, office, intake, scans):
    page, offsets = visitor(office, "Thử Một"), []
    open_scans(page, office)
    page.on("request", lambda request: offsets.append(request.headers.get("upload-offset"))
            if request.url.endswith("/content") else None)  # fmt: skip
    page.route("**/content", lambda route: route.abort() if route.request.headers["upload-offset"] != "0"
               else route.continue_())  # fmt: skip
    choose(page, "folder", str(scans))
    page.wait_for_selector("#said:has-text('Mất kết nối')")
    page.once("dialog", lambda dialog: dialog.accept())  # the page warns, since files are being sent
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.unroute("**/content")
    assert "KS.2017.02/1.png" in page.inner_text("[data-upload]")
    assert violations(page) == []
    offsets.clear()
    choose(page, "folder", str(scans))
    page.wait_for_selector("#said:has-text('Đã nhập 2 tệp; 1 tệp không nhận được')")
    assert page.locator("[data-upload]").count() == 0
    sent = [int(offset) for offset in offsets]
    assert sent[0] == MEBI  # what had arrived was not sent again
    assert "Không phải PDF" in page.inner_text("li[data-state=refused]")
    assert "Bỏ qua" in page.inner_text("li[data-state=skipped]")
    names = [upload.name for upload in intake.uploads.of_room(state=UploadState.COMPLETE, limit=9)]
    assert sorted(names) == ["KS.2017.02/1.png", "KS.2017.02/2.png"]
    assert violations(page) == []


def test_sending_goes_on_after_signing_in_again_in_another_tab(visitor, office, scans):
    page = visitor(office, "Thử Một")
    open_scans(page, office)
    Sessions(office.store).end_all(Accounts(office.store).find(login_of("Thử Một")).id, by="test")
    choose(page, "files", str(scans / "2.png"))
    page.wait_for_selector("#said:has-text('Hãy đăng nhập lại ở thẻ khác')")
    tab = page.context.new_page()
    tab.goto(office.url)
    tab.fill("#login", login_of("Thử Một"))
    tab.fill("#password", PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".books")
    page.wait_for_selector("li[data-state=done_pages]")


def test_pausing_and_taking_a_file_back(visitor, office, intake, scans):
    page = visitor(office, "Thử Một")
    open_scans(page, office)
    held = []

    def hold(route):
        held.append(route)

    page.route("**/content", hold)
    choose(page, "files", [str(scans / "1.png"), str(scans / "2.png")])
    page.wait_for_selector("li[data-state=sending]")
    page.focus("#pause")
    page.keyboard.press("Enter")
    page.wait_for_selector("#said:has-text('Đang tạm dừng')")
    assert page.inner_text("#pause") == "Gửi tiếp"
    held[0].continue_()
    page.focus("li[data-state=sending] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("li[data-state=sending]", state="detached")
    page.unroute("**/content")
    page.focus("#pause")
    page.keyboard.press("Enter")
    page.wait_for_selector("li[data-state=done_pages]")
    assert [upload.name for upload in intake.uploads.of_room(limit=9)] == ["2.png"]


def test_a_run_is_asked_for_watched_stopped_and_asked_for_again(visitor, office, intake, scans):
    page = visitor(office, "Thử Một")
    open_scans(page, office)
    choose(page, "files", str(scans / "2.png"))
    page.wait_for_selector("#read:not([hidden])")
    page.focus("#read")
    page.keyboard.press("Enter")
    page.wait_for_selector("#do-read")
    assert violations(page) == []
    page.focus("#do-read")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-run][data-state=queued]")
    jobs, folder = intake.jobs, intake.folder
    job = jobs.start_next(folder)
    jobs.progress(job.id, 1, 4)
    page.wait_for_selector("[data-said]:has-text('Đã đọc 1 trên 4 trang')")  # without a reload
    bar = page.locator("#live progress")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("1", "4")
    assert violations(page) == []
    page.focus("#cancel")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-said]:has-text('Sẽ dừng sau trang đang đọc')")
    assert jobs.progress(job.id, 2, 4)  # its process is told
    jobs.finish(job.id, JobState.CANCELLED)
    page.wait_for_selector("[data-run][data-state=cancelled]")
    page.focus("#again")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-run][data-state=queued]")
    again = jobs.start_next(folder)
    assert (again.id != job.id, again.options) == (True, job.options)
    jobs.finish(again.id, JobState.DONE, result={"pages": 1, "pages_new": 0, "set_aside": [], "suspended": []})
    page.wait_for_selector("[data-run][data-state=done]")
    assert "1 trang, trong đó mới đọc 0 trang" in page.inner_text("#live")
    page.goto(f"{office.url}/scans/runs")
    assert page.locator("[data-run]").count() == 2
    assert violations(page) == []


@pytest.fixture
def empty(tmp_path):
    """An office that begins: no scans, no books; its server works the queue."""
    out = tmp_path / "new"
    out.mkdir()
    with open_store(out) as store:
        server = Server(Office(store, out, 0))
        server.office.port = server.port
        runner = Runner(store, out, templates=[ROOT / "page_templates"])
        runner.start()
        yield server.office
        runner.stop()
        server.stop()


@pytest.mark.slow
def test_from_a_scan_to_its_book_in_the_list(chromium, empty):
    """The true way: a page of the sample book, read by a process of its own."""
    employ(empty.store, "Thử Một")
    page = chromium.new_page(locale="vi-VN")
    page.goto(empty.url)
    page.fill("#login", login_of("Thử Một"))
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("main a[href='/scans']")
    open_scans(page, empty)
    page.set_input_files("#files", str(SAMPLE))
    page.wait_for_selector("#read:not([hidden])")
    page.goto(f"{empty.url}/scans/read")
    page.focus("#province")
    page.keyboard.type("Tỉnh Mẫu")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-run]")
    page.wait_for_selector("[data-run][data-state=done], [data-run][data-state=failed]", timeout=240_000)
    assert "1 trang, trong đó mới đọc 1 trang" in page.inner_text("#live")
    page.click("#live tbody th a")
    page.wait_for_url("**/records/*")
    page.goto(empty.url)
    assert "năm 2009, quyển 01 · Tỉnh Mẫu" in page.inner_text(".books")
    page.close()
