"""Runs the designer's work on pages in a process beside the server, one piece after another, with progress."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

from extractor.errors import ExtractorError
from extractor.worker_processes import begin

log = logging.getLogger(__name__)

_LONGEST_SECONDS = 240.0
_IDLE_SECONDS = 600.0
_KEPT_JOBS = 24

Step = tuple[Callable[..., Any], tuple[Any, ...]]


class WorkshopError(ExtractorError):
    """Work on a page could not be done; ``message`` and ``mend`` say why."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """An error on its way from the other process."""

    message: str
    mend: str


@dataclass
class WorkshopJob:
    """Several pieces of work for one person.

    Args:
        owner: number of the account.
        results: what is done, in order: a result, or why there is none.
    """

    owner: int
    total: int
    results: list[Any] = field(default_factory=list)
    cancelled: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.cancelled or len(self.results) == self.total


class Workshop:
    """The designer's work. Safe to share between threads.

    Args:
        make: makes the executor with one worker; a process of its own by default, since readers are heavy.
    """

    def __init__(self, make: Callable[[], Executor] | None = None) -> None:
        self._make = make
        self._pool: Executor | None = None
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, WorkshopJob] = OrderedDict()
        self._closing: threading.Timer | None = None

    def ask(self, function: Callable[..., Any], *args: Any) -> Any:
        """Do one piece of work and wait for it.

        Raises:
            WorkshopError: it could not be done.
        """
        try:
            found = self._executor().submit(_guarded, function, args).result(_LONGEST_SECONDS)
        except BrokenProcessPool as error:
            self.close()
            raise WorkshopError("The page could not be worked on.", mend="Try again.") from error
        except TooLong as error:
            self.close()
            raise WorkshopError("The page took too long.", mend="Try another page.") from error
        if isinstance(found, _Trouble):
            raise WorkshopError(found.message, mend=found.mend)
        return found

    def warm(self, function: Callable[[], Any]) -> None:
        """Let the process start, so that it is ready when the first piece of work comes."""
        with contextlib.suppress(BrokenProcessPool):
            self._executor().submit(_guarded, function, ())

    def begin(self, owner: int, steps: Sequence[Step]) -> str:
        """Do several pieces one after another; gives a name to ask for them by. What the person began before ends."""
        job, name = WorkshopJob(owner, len(steps)), secrets.token_hex(8)
        with self._lock:
            for other in self._jobs.values():
                other.cancelled = other.cancelled or (other.owner == owner and not other.done)
            self._jobs[name] = job
            while len(self._jobs) > _KEPT_JOBS:
                self._jobs.popitem(last=False)
        threading.Thread(target=self._work, args=(job, steps), daemon=True).start()
        return name

    def job(self, name: str, owner: int) -> WorkshopJob | None:
        """A person's own job; none where there is no such one."""
        with self._lock:
            job = self._jobs.get(name)
        return job if job is not None and job.owner == owner else None

    def _work(self, job: WorkshopJob, steps: Sequence[Step]) -> None:
        for function, args in steps:
            if job.cancelled:
                return
            try:
                job.results.append(self.ask(function, *args))
            except WorkshopError as error:
                job.results.append(error)
            except Exception as error:
                log.error("the workshop: %s", type(error).__name__)
                job.results.append(WorkshopError("The page could not be worked on.", mend="Try again."))

    def _executor(self) -> Executor:
        with self._lock:
            if self._pool is None:
                self._pool = (self._make or _process)()
            if self._closing is not None:
                self._closing.cancel()
            self._closing = threading.Timer(_IDLE_SECONDS, self.close)
            self._closing.daemon = True
            self._closing.start()
            return self._pool

    def close(self) -> None:
        """Let the process go; the next piece of work starts another."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _process() -> Executor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=begin)


def _guarded(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Work, with errors as plain data: what cannot be understood may quote the page, so only its kind is told."""
    try:
        return function(*args)
    except ExtractorError as error:
        return _Trouble(error.message, error.mend)
    except Exception as error:
        log.error("work on a page: %s", type(error).__name__)
        return _Trouble("The page could not be worked on.", "Report it with the log.")
