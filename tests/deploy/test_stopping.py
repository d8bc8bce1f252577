"""The signal that supervisors send ends a server as Ctrl-C does."""

import json
import signal
import subprocess
import sys

from extractor.errors import ExitCode


def test_a_terminated_server_ends_in_order(tmp_path):
    command = ["review", "serve", str(tmp_path / "moi"), "--new", "--port", "0", "--log-format", "json"]
    server = subprocess.Popen(
        [sys.executable, "-c", "from extractor.cli import main; main()", *command],
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
