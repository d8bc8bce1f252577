"""Processes of a pool do not outlive whoever started them, and how the command line ends."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest

from extractor.cli import root

_PARENT = """
import multiprocessing, os, signal, sys, time
from extractor.worker_processes import begin

def work(pids):
    begin()
    pids.put(os.getpid())
    time.sleep(600)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    pids = context.SimpleQueue()
    context.Process(target=work, args=(pids,)).start()
    print(pids.get(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_parent_takes_its_workers_with_it(tmp_path):
    (tmp_path / "parent.py").write_text(_PARENT)
    command = [sys.executable, str(tmp_path / "parent.py")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(["", *filter(None, sys.path)])}
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=60, env=env)
    assert ended.returncode == -signal.SIGKILL
    worker = int(ended.stdout)
    deadline = time.monotonic() + 60
    while _lives(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(worker)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_broken_connection_is_not_told_as_a_file_without_a_name(monkeypatch, capsys):
    def broken(**_):
        raise ConnectionResetError(errno.ECONNRESET, "somebody's text")

    monkeypatch.setattr(root, "_command", lambda: broken)
    with pytest.raises(SystemExit) as ended:
        root.main()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert os.strerror(errno.ECONNRESET) in told
    assert "None" not in told
    assert "somebody" not in told


def test_ctrl_c_is_told(monkeypatch, capsys):
    monkeypatch.setattr(root, "_command", lambda: lambda **_: 130)  # what Typer makes of it
    with pytest.raises(SystemExit) as ended:
        root.main()
    assert ended.value.code == 130
    assert "Stopped" in capsys.readouterr().err
