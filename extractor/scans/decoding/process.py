"""A child that decodes, seen from the process that asks: started, asked within a time, ended with all it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from extractor.errors import ExtractorError
from extractor.scans.decoding.messages import SCRATCH, receive, receive_into, send

_MODULE = "extractor.scans.decoding.child"
_HOME = str(Path(__file__).resolve().parents[3])
_PIPE_BYTES = 1024 * 1024
_TO_END = 2.0
_TO_START = 120.0
_ONE_THREAD = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_T = TypeVar("_T")


class OutOfTimeError(Exception):
    """The child did not answer within its time and was ended."""


class CrashedError(Exception):
    """The child ended without an answer, or answered what cannot be; the message says how it ended."""


class Child:
    """One process; asked by one thread at a time.

    Raises:
        ExtractorError: it cannot be started.
    """

    def __init__(self) -> None:
        # Renderers put copies of archive members there; of a child that was ended nothing must stay behind.
        self._scratch = tempfile.mkdtemp(prefix=SCRATCH)
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "TMPDIR": self._scratch}
        environment["PYTHONPATH"] = os.pathsep.join([_HOME, *filter(None, sys.path)])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE],  # never a module from the folder one happens to be in
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # a group of its own, so that it can be ended with its renderer
            )
        except OSError as error:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise ExtractorError(
                f"The process that decodes scans cannot be started ({error.strerror}).",
                mend="Free memory, or allow more processes.",
            ) from error
        self._questions = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        _widen(self._answers)
        self.asked = 0

    @property
    def alive(self) -> bool:
        """Whether it can be asked, as far as is known."""
        return self._process.poll() is None

    def ask(
        self, question: dict[str, Any], seconds: float, room: Callable[[dict[str, Any]], tuple[memoryview | None, _T]]
    ) -> tuple[dict[str, Any], _T | None]:
        """Put a question and wait for the answer.

        Args:
            room: where the bytes that follow the answer go, none if none follow, and what is given back for it; not
                asked where the child answers with an error.

        Raises:
            OutOfTimeError: no answer within ``seconds``.
            CrashedError: the child is gone. In both cases it cannot be asked again.
        """
        if not self.asked:
            # Its start is not the file's fault, however busy the machine is.
            self._exchange(_TO_START, lambda: (receive(self._answers), None))
        self.asked += 1

        def put() -> tuple[dict[str, Any] | None, _T | None]:
            send(self._questions, question)
            answer = receive(self._answers)
            if answer is None or "error" in answer or "failed" in answer:
                return answer, None
            view, made = room(answer)
            return (answer, made) if view is None or receive_into(self._answers, view) else (None, None)

        return self._exchange(seconds, put)

    def _exchange(
        self, seconds: float, talk: Callable[[], tuple[dict[str, Any] | None, _T | None]]
    ) -> tuple[dict[str, Any], _T | None]:
        late = threading.Event()

        def end_late() -> None:
            late.set()
            self._kill()

        timer = threading.Timer(seconds, end_late)
        timer.daemon = True
        timer.start()
        try:
            answer, made = talk()
        except (OSError, ValueError, KeyError, TypeError):
            answer, made = None, None
        finally:
            timer.cancel()
        if answer is not None:
            return answer, made
        self.end()
        if late.is_set():
            raise OutOfTimeError
        raise CrashedError(_ending(self._process.returncode))

    def end(self) -> None:
        """End it at once, with what it started, and remove what it left."""
        self._kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_TO_END)
        for stream in (self._questions, self._answers):
            with contextlib.suppress(OSError):
                stream.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def forget(self) -> None:
        """Let go of a child that another process started, without ending it."""
        self._process.returncode = 0

    def _kill(self) -> None:
        # What the child started is in its group, which outlives it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self._process.kill() if sys.platform == "win32" else os.killpg(self._process.pid, signal.SIGKILL)


def _widen(stream: BinaryIO) -> None:
    """Make room for more of a page in the pipe; a hint, no more."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"code {code}"
