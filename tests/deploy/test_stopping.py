"""The signal that supervisors send ends a server as Ctrl-C does."""

import json
import signal
import subprocess
import sys
import time

from PIL import Image

from extractor.errors import ExitCode

EARLY = """
import signal, sys
from extractor.__main__ import main

class Interrupted:
    def find_spec(self, name, *_):
        if name.startswith("extractor.cli"):
            signal.raise_signal(signal.SIGTERM)

class Impatient(type(sys.stderr)):
    def write(self, text):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(number)
        return super().write(text)

sys.stderr = Impatient(sys.stderr.buffer, line_buffering=True)

sys.meta_path.insert(0, Interrupted())
main()
"""


def test_a_terminated_server_ends_in_order(tmp_path):
    command = ["review", "serve", str(tmp_path / "moi"), "--new", "--port", "0", "--log-format", "json"]
    server = subprocess.Popen(
        [sys.executable, "-m", "extractor", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while json.loads(server.stderr.readline())["message"].startswith("serving") is False:
            pass
        server.send_signal(signal.SIGTERM)
        _, told = server.communicate(timeout=60)
    finally:
        server.kill()
    assert server.returncode == ExitCode.INTERRUPTED
    assert json.loads(told.splitlines()[0])["message"] == "stopped"


def test_a_terminated_run_says_that_it_stopped(tmp_path):
    Image.new("L", (1000, 1400), 230).save(tmp_path / "blank.png")
    command = ["run", str(tmp_path / "blank.png"), "--out", str(tmp_path / "out")]
    run = subprocess.Popen([sys.executable, "-m", "extractor", *command], stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 120
        while not (tmp_path / "out").exists() and time.monotonic() < until:
            time.sleep(0.02)
        for _ in range(3):
            run.send_signal(signal.SIGTERM)
            time.sleep(0.02)
        _, told = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == ExitCode.INTERRUPTED
    assert "Stopped. The same command goes on where it was." in told
    assert "Traceback" not in told


def test_stopping_while_the_program_loads_shows_no_traceback(tmp_path):
    (tmp_path / "early.py").write_text(EARLY)
    ended = subprocess.run([sys.executable, tmp_path / "early.py"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (ExitCode.INTERRUPTED, "Stopped.\n")
