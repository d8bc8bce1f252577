"""A small book verified by three people in three browsers, while the server is killed with an answer on its way."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.people import employ

from extractor.store import MachineChange, Role

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.slow]

SERVE = """
import sys
from pathlib import Path
from extractor.review import serve
from extractor.store import Store
with Store.open(sys.argv[1]) as store:
    serve(store, Path(sys.argv[2]), port=int(sys.argv[3]))
"""


class Server:
    """The room in a process of its own, always at the same address."""

    def __init__(self, store, out):
        self.store, self.out = store, out
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        command = [sys.executable, "-c", SERVE, f"sqlite:///{self.out / 'store.sqlite'}", str(self.out), str(self.port)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        while True:
            assert self.process.poll() is None
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(book, pages):
    running = Server(book, pages)
    yield running
    running.kill()


def come_in(visitor, server, name, *roles):
    employ(server.store, name, roles)
    page = visitor(server, name)
    page.goto(f"{server.url}/verify")
    return page


def settle(page):
    """Wait until a field or the end is on the screen; whether it is a field."""
    page.wait_for_function(
        "before => !document.getElementById('empty').hidden || "
        "![before, undefined].includes(document.body.dataset.ready)",
        arg=getattr(page, "answered", None),
    )
    return page.is_hidden("#empty")


def answer(page, task_keys):
    """Answer the field on the screen; false at the end of the queue."""
    if not settle(page):
        return False
    page.answered = page.get_attribute("body", "data-ready")
    note = page.inner_text("#note") if page.is_visible("#note") else ""
    if "Nhập lại" in note:
        page.keyboard.type("Mong")
        page.keyboard.press("Enter")
    elif "Hai cách đọc" in note:
        page.keyboard.press("Alt+2")
        page.keyboard.press("Enter")
    else:
        page.keyboard.press("Enter" if page.input_value("#box") else task_keys)
    return True


def test_an_answer_on_its_way_when_the_server_dies_counts_once(visitor, server, book):
    record = next(book.records())
    book.update_machine_values([MachineChange(record.key, "meDanToc", record.fields["meDanToc"], recheck=True)])
    one = come_in(visitor, server, "Thử Một", Role.REVIEWER)
    two = come_in(visitor, server, "Thử Hai", Role.REVIEWER)
    three = come_in(visitor, server, "Thử Ba", Role.ADJUDICATOR)
    three.wait_for_selector("#empty:not([hidden])")
    for _ in range(2):
        assert answer(one, "F3") and answer(two, "F6")

    def lose(route):
        route.fetch()
        server.kill()
        route.abort()

    one.route("**/api/decide", lose, times=1)
    assert answer(one, "F3")
    one.wait_for_selector("#notice[data-why='network']")
    assert answer(two, "F6")
    two.wait_for_selector("#notice[data-why='network']")
    server.start()
    for page in (one, two):
        page.wait_for_selector("#notice", state="hidden")
        page.wait_for_selector("#saved:has-text('✓')")
    waiting = {one: "F3", two: "F6"}
    while waiting:
        waiting = {page: key for page, key in waiting.items() if answer(page, key)}
    three.keyboard.press("Enter")  # "look again" has the focus
    while answer(three, "F3"):
        pass
    for page in (one, two, three):
        page.wait_for_selector("#saved:has-text('✓')")
    assert book.status().review == 0 and book.open_tasks() == 0
    fields = [field for number in book.record_ids(1) for field in book.stored_record(number).fields]
    history = [entry for field in fields for entry in book.history(field.id)]
    assert "refused" not in {entry.action for entry in history}
    assert len(history) == 18 + 2
    assert {entry.person for entry in history} == {"Thử Một", "Thử Hai", "Thử Ba"}
    assert book.verify_audit().ok
