"""Starts the process of each job, one at a time, and looks after it."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from extractor.jobs.locks import DATABASE_VARIABLE, FOLDER, TEMPLATES_VARIABLE, holding, lock_path, runner_path
from extractor.jobs.sweeping import Sweeper
from extractor.store import Job, Jobs, Store

log = logging.getLogger(__name__)

_LOOK = 0.5
"""Seconds between looks at the process."""
_REST = 2.0
"""Seconds between looks at an empty queue, or at whether another server still works it."""
GRACE = 30.0
"""Seconds a job has to end by itself after its client wanted that; a page takes a few."""
_TO_DIE = 10.0


class Runner(threading.Thread):
    """Works the queue of one output folder until stopped.

    Of several servers at one folder one works, and another takes over when that one ends: a job whose process has not
    taken its lock yet would look like one that died. Files that never became whole are given up meanwhile.

    Args:
        database: URL, or empty for the SQLite file in ``out``.
        grace: seconds after which a job that was cancelled is killed.
    """

    def __init__(
        self, store: Store, out: Path, *, database: str = "", templates: Sequence[Path] = (), grace: float = GRACE
    ) -> None:
        super().__init__(name="jobs", daemon=True)
        self._jobs = Jobs(store)
        self._sweeper = Sweeper(store, out)
        self._out = out
        self._folder = str(out.resolve())
        self._environment = {
            **os.environ,
            DATABASE_VARIABLE: database,
            TEMPLATES_VARIABLE: os.pathsep.join(str(path.resolve()) for path in templates),
        }
        self._grace = grace
        self._stopping = threading.Event()
        self._news = threading.Event()

    def wake(self) -> None:
        """Look at the queue now."""
        self._news.set()

    def stop(self) -> None:
        """Stop, and let the job in hand wait for the next server."""
        self._stopping.set()
        self._news.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Work until stopped; a database that fails is asked again."""
        while not self._stopping.is_set():
            try:
                with holding(runner_path(self._out), wait=False) as alone:
                    while alone and not self._stopping.is_set():
                        if not self._step():
                            self._pause(_REST)
                if not self._stopping.is_set():
                    self._pause(_REST)
            except Exception as error:  # the queue must not end with one failure of the database
                log.error("the queue of jobs: %s", type(error).__name__)
                self._pause(5.0)

    def _step(self) -> bool:
        """Do one job; returns whether there was one."""
        for job in self._jobs.running(self._folder):
            # Begun under a server that is no more. Its process may still be at it.
            with holding(lock_path(self._out, job.id), wait=False) as free:
                if not free:
                    return False
                self._jobs.lost(job.id, "The job's process ended without a word, as when memory runs out.")
        next_job = self._jobs.start_next(self._folder)
        if next_job is None:
            return False
        self._watch(next_job, self._start(next_job))
        return True

    def _start(self, job: Job) -> subprocess.Popen[bytes]:
        folder = self._out / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / f"{job.id}.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        with os.fdopen(handle, "wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "extractor.jobs.child", self._folder, job.id, str(job.attempts)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                start_new_session=True,  # a group of its own, so that it can be ended with all its workers
            )

    def _watch(self, job: Job, process: subprocess.Popen[bytes]) -> None:
        asked_at = 0.0
        while process.poll() is None:
            if self._stopping.is_set():
                _end(process)
                self._jobs.give_back(job.id)
                return
            self._pause(_LOOK)
            if not asked_at and self._jobs.get(job.id).cancel:
                asked_at = time.monotonic()
            if asked_at and time.monotonic() - asked_at > self._grace:
                _end(process)
        _kill(process)  # workers of its own that outlived it
        self._jobs.lost(job.id, f"The job's process ended without a word (code {process.returncode}).")

    def _pause(self, seconds: float) -> None:
        self._sweeper.sweep()
        self._news.wait(seconds)
        self._news.clear()


def _end(process: subprocess.Popen[bytes]) -> None:
    _tell(process, kill=False)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_TO_DIE)
    _kill(process)
    process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    _tell(process, kill=True)


def _tell(process: subprocess.Popen[bytes], *, kill: bool) -> None:
    """Tell a process and its workers to end."""
    if sys.platform == "win32":  # it has no such groups; workers end when the pipe to their process is gone
        process.kill() if kill else process.terminate()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
