"""The review room as its users start it, killed without warning and started again at the same address."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from review_servers import ROOT, Place

from extractor.review import serve

_START_SECONDS = 60.0


class KilledServer:
    """A server process that can be killed; used as a context.

    Args:
        place: the store, and the folder with pictures and key.
    """

    def __init__(self, place: Place) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._place = place
        # Each start is the branch of a process that has loaded everything and served nothing.
        self._branching = multiprocessing.get_context("forkserver")
        self._branching.set_forkserver_preload(["__main__", "extractor.review.app", "uvicorn"])
        self._process: Any = None

    @property
    def address(self) -> str:
        """Where it listens, each time it is started."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> KilledServer:
        """Started and listening."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ended."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(30)

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            RuntimeError: it ended instead.
        """
        self._process = self._branching.Process(target=_serve, args=(self._place, self._port), daemon=True)
        self._process.start()
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.is_alive():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("the server did not start")

    def kill(self) -> None:
        """End it in the midst of whatever it does."""
        self._process.kill()
        self._process.join()


def _serve(place: Place, port: int) -> None:
    with place.open() as store:
        serve(store, place.out, templates=[ROOT / "page_templates"], port=port, announce=lambda address: None)


def verifies(place: Place) -> list[str]:
    """What ``extractor audit verify`` finds wrong with the log; nothing where it holds."""
    command = [sys.executable, "-c", "from extractor.cli import main; main()", "audit", "verify"]
    command += [str(place.out), "--db", place.url]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    return [] if ended.returncode == 0 else [f"audit verify: {ended.stderr.strip()}"]


def folder(path: Path) -> Path:
    """The folder, made if it is not there."""
    path.mkdir(parents=True, exist_ok=True)
    return path
