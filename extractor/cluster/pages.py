"""Giving out pages to the workers of a cluster, and taking back what they made of them."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from extractor.batch.hands import hands_in_use
from extractor.batch.workers import PageOutcome, crash
from extractor.cluster.connection import Head, connected
from extractor.cluster.parcel import Parcel, pack
from extractor.cluster.worker import About, ContentWanted, Failed, PageWorker
from extractor.errors import ClusterError, InputError
from extractor.page_file import keep_page_files
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.scans import PageRef, SetAside
from extractor.scans.sources import read_content

ATTEMPTS = 3
"""Workers that may die on a page before it is set aside. One more than on one machine: here a whole machine can go, and
takes pages with it that did nothing."""
_TICK = 1.0
_LEAVE = 3.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Where the cluster is, and how much of it a run takes.

    Args:
        address: ``HOST:PORT`` of the head, or ``auto``.
        workers: workers at most; 0 for one on each processor of the cluster, those that join later included.
        patience: seconds to wait for a first worker before the run gives up.
    """

    address: str
    workers: int = 0
    patience: float = 120.0


def process_pages_on_cluster(
    refs: Iterable[PageRef], options: PipelineOptions, cluster: ClusterOptions
) -> Iterator[PageOutcome]:
    """Process pages on a cluster, in the order they finish.

    Each worker has one page at a time, so that what is under way is bounded by the number of workers. A page that
    :data:`ATTEMPTS` workers died on is set aside.

    Raises:
        SettingsError: Ray is not installed.
        ClusterError: there is no cluster, it was lost, no worker can start, or a worker's forms, readers or steps
            differ from those here.
        ExtractorError: a form, model or program is missing on this machine.
    """
    pages = iter(refs)
    first = next(pages, None)
    if first is None:
        return
    parcel = pack(options, hands_in_use(options.out))
    version = Pipeline(options).version
    with connected(cluster.address) as (ray, head):
        crew = Crew(ray, head, parcel, version, cluster, chain([first], pages))
        try:
            yield from crew.work()
        finally:
            crew.leave()


@dataclass
class Crew:
    """The workers of a run, and the pages that wait and are under way.

    Args:
        ray: Ray's module, connected.
        head: the cluster's head.
        parcel: what workers need.
        version: version of the pipeline here; a worker with another one would read otherwise.
        options: where, how many, how patient.
        pages: all pages; asked for as workers need them, since scans that lie elsewhere come as they are asked for.
    """

    ray: Any
    head: Head
    parcel: Parcel
    version: str
    options: ClusterOptions
    pages: Iterator[PageRef]
    _starting: dict[Any, Any] = field(default_factory=dict)
    _idle: deque[Any] = field(default_factory=deque)
    _busy: dict[Any, tuple[Any, PageRef]] = field(default_factory=dict)
    _deaths: Counter[str] = field(default_factory=Counter)
    _contents: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare what all workers are given."""
        # A worker's death is handled here, where it is known which page it had.
        self._worker = self.ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD")(
            PageWorker
        )
        self._given = self.ray.put(self.parcel)
        self._waiting: deque[PageRef] = deque()
        self._left: Counter[str] = Counter()
        self._latest = ""
        self._all_here = False
        self._since = time.monotonic()

    def work(self) -> Iterator[PageOutcome]:
        """Give out all pages; each comes back once."""
        while self._look_ahead() or self._busy:
            self.head.check()
            self._hire()
            while self._idle and self._waiting:
                self._give(self._idle.popleft(), self._waiting.popleft())
            done, _ = self.ray.wait([*self._starting, *self._busy], num_returns=1, timeout=_TICK)
            for future in done:
                if future in self._starting:
                    self._started(future)
                else:
                    yield from self._back(future)
            self._check_patience()

    def _look_ahead(self) -> bool:
        """Have as many pages wait as there may be workers; says whether any do."""
        while not self._all_here and len(self._waiting) < max(1, self.head.processors):
            ref = next(self.pages, None)
            if ref is None:
                self._all_here = True
            else:
                self._waiting.append(ref)
                self._left[ref.source.sha256] += 1
                self._latest = ref.source.sha256
        return bool(self._waiting)

    def leave(self) -> None:
        """Let all workers go."""
        workers = [*self._starting.values(), *self._idle, *(worker for worker, _ in self._busy.values())]
        leaving = [gone for worker in workers if (gone := self._let_go(worker)) is not None]
        if leaving:
            # Who is in the middle of a page is not waited for: the next worker there tidies up.
            self.ray.wait(leaving, num_returns=len(leaving), timeout=_LEAVE)

    def _hire(self) -> None:
        """Start as many workers as there is work and room for; machines that joined meanwhile give room."""
        here = len(self._starting) + len(self._idle) + len(self._busy)
        room = self.head.processors
        wanted = min(self.options.workers or room, room, len(self._waiting) + len(self._busy))
        for _ in range(wanted - here):
            worker = self._worker.remote(self.ray.get)
            self._starting[worker.start.remote(self._given)] = worker

    def _started(self, future: Any) -> None:
        worker = self._starting.pop(future)
        try:
            about = self.ray.get(future)
        except self.ray.exceptions.RayActorError:
            _log.warning("a worker died while it started")
            self._let_go(worker)
            return
        if isinstance(about, Failed):
            raise _of_machine(about)
        if isinstance(about, About) and about.version != self.version:
            raise ClusterError(
                f"{about.machine}: forms, readers or steps differ from those on this machine.",
                mend="Install the same version with the same models on all machines of the cluster.",
            )
        self._idle.append(worker)

    def _give(self, worker: Any, ref: PageRef) -> None:
        content = self._contents.get(ref.source.sha256)
        # In a list a handle stays a handle: the content travels only where a worker asks for it.
        self._busy[worker.process.remote(ref, [content] if content is not None else [])] = worker, ref

    def _back(self, future: Any) -> Iterator[PageOutcome]:
        """What came of a page; nothing where it must be tried again."""
        worker, ref = self._busy.pop(future)
        try:
            found = self.ray.get(future)
        except self.ray.exceptions.RayTaskError:
            raise  # a fault of the program
        except self.ray.exceptions.RayError as error:
            # The worker died, or its machine, or its answer got lost on the way.
            _log.warning("a worker was lost (%s); its page is tried again", type(error).__name__)
            self._let_go(worker)
            self._ask_idle()
            self._deaths[ref.key] += 1
            if self._deaths[ref.key] < ATTEMPTS:
                self._waiting.append(ref)
            else:
                yield self._settled(PageOutcome(ref, set_aside=crash(ref, ATTEMPTS)))
            return
        if isinstance(found, Failed):
            raise _of_machine(found)
        if isinstance(found, ContentWanted):
            try:
                self._contents.setdefault(ref.source.sha256, self._content(ref))
            except InputError as error:
                self._idle.append(worker)
                yield self._settled(PageOutcome(ref, set_aside=SetAside.of(error, ref.page)))
                return
            self._give(worker, ref)
            return
        self._idle.append(worker)
        keep_page_files(self.parcel.options.out, found.files)
        yield self._settled(found.outcome)

    def _ask_idle(self) -> None:
        """Have workers that wait say that they are there; those of a lost machine would each count against a page."""
        while self._idle:
            worker = self._idle.popleft()
            self._starting[worker.__ray_ready__.remote()] = worker

    def _content(self, ref: PageRef) -> Any:
        content = read_content(ref.source, ref.limits)
        if hashlib.sha256(content).hexdigest() != ref.source.sha256:
            raise InputError(ref.source.file, "has changed since it was listed.", mend="Start the run again.")
        return self.ray.put(content)

    def _settled(self, outcome: PageOutcome) -> PageOutcome:
        """Forget a scan's content when none of its pages is left; of the latest, more may come."""
        sha256 = outcome.ref.source.sha256
        self._left[sha256] -= 1
        for each in [each for each in self._contents if not self._left[each] and each != self._latest]:
            del self._contents[each]
        return outcome

    def _let_go(self, worker: Any) -> Any | None:
        """Have a worker tidy up and end; gives what can be waited for, nothing where it is gone already."""
        try:
            leaving = worker.leave.remote()
            worker.__ray_terminate__.remote()
        except self.ray.exceptions.RayError:
            return None
        return leaving

    def _check_patience(self) -> None:
        if self._idle or self._busy:
            self._since = time.monotonic()
        elif time.monotonic() - self._since > self.options.patience:
            raise ClusterError(
                f"--cluster {self.options.address}: no worker could start for {self.options.patience:.0f} seconds.",
                mend="Look at 'ray status': a worker needs one free processor. What was read is kept.",
            )


def _of_machine(failed: Failed) -> ClusterError:
    error = ClusterError(f"{failed.machine}: {failed.error.message}", mend=failed.error.mend)
    error.exit_code = failed.error.exit_code
    return error
