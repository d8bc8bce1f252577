"""Pages through worker processes: bounded, one warm pipeline a process, a crash costs one page and no more."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import traceback
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import ExtractorError, InputError, StoreError
from extractor.logs import set_up as set_up_log
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.scans import PageRef, SetAside
from extractor.scans.decoding import warm_up
from extractor.store.results import PageResult

_IN_FLIGHT_PER_WORKER = 2
_log = logging.getLogger(__name__)
_pipeline: Pipeline | None = None


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What became of one page: a result, or the reason why it was set aside."""

    ref: PageRef
    result: PageResult | None = None
    set_aside: SetAside | None = None


def process_pages(refs: Iterable[PageRef], options: PipelineOptions, workers: int) -> Iterator[PageOutcome]:
    """Process pages, in the order they finish.

    A page that a worker dies on is tried once more, alone; if that worker dies too, the page is set aside.

    Raises:
        ExtractorError: a form, model or program is missing; that concerns the run, not a page.
    """
    if workers <= 1:
        pipeline = Pipeline(options)
        yield from (outcome_of(pipeline, ref) for ref in refs)
        return
    waiting = iter(refs)
    crashed: list[PageRef] = []
    exhausted = False
    while not exhausted:
        exhausted, lost = yield from _pool(waiting, options, workers)
        crashed.extend(lost)
    for ref in crashed:
        _, lost = yield from _pool(iter([ref]), options, 1)
        if lost:
            yield PageOutcome(ref, set_aside=crash(ref, 2))


def _pool(
    waiting: Iterator[PageRef], options: PipelineOptions, workers: int
) -> Generator[PageOutcome, None, tuple[bool, list[PageRef]]]:
    """Run one pool until the pages are used up or it breaks; returns whether they are, and the pages lost."""
    running: dict[Future[PageOutcome], PageRef] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(options,)) as pool:
        try:
            exhausted = False
            while running or not exhausted:
                while not exhausted and len(running) < workers * _IN_FLIGHT_PER_WORKER:
                    ref = next(waiting, None)
                    if ref is None:
                        exhausted = True
                    else:
                        running[pool.submit(_work, ref)] = ref
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome = future.result()
                    del running[future]
                    yield outcome
        except BrokenProcessPool:
            _log.warning("a worker process died; %d pages will be tried again one by one", len(running))
            return exhausted, list(running.values())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return True, []


def _start(options: PipelineOptions) -> None:
    global _pipeline  # noqa: PLW0603 - one warm pipeline for the life of the worker process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"):
        os.environ[name] = "1"
    set_up_log()
    warm_up()
    _pipeline = Pipeline(options)


def _work(ref: PageRef) -> PageOutcome:
    if _pipeline is None:
        raise RuntimeError("the worker was not started")
    return outcome_of(_pipeline, ref)


def outcome_of(pipeline: Pipeline, ref: PageRef) -> PageOutcome:
    """Process one page; what is wrong with it sets it aside.

    Raises:
        ExtractorError: something is wrong with the run.
    """
    try:
        return PageOutcome(ref, result=pipeline.process(ref))
    except InputError as error:
        return PageOutcome(ref, set_aside=SetAside.of(error, ref.page))
    except ExtractorError:
        raise
    except OSError as error:
        # Reading errors are input errors by now; what is left is the output folder, and that concerns the whole run.
        out = pipeline.options.out
        raise StoreError(f"{out}: cannot be written ({error.strerror}).", mend="Check rights and free space.") from None
    except Exception as error:
        # One odd page must not end a batch of thousands. An error's own text may quote what stands on the page, so only
        # its kind and place are told.
        frames = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        _log.error("page %d of %s: %s at %s", ref.page, ref.source.file, type(error).__name__, " > ".join(frames[-4:]))
        message = f"could not be processed ({type(error).__name__})."
        return PageOutcome(
            ref, set_aside=SetAside(ref.source.file, "internal_error", message, "Report it with the log.", ref.page)
        )


def crash(ref: PageRef, times: int) -> SetAside:
    """What is told of a page that so many worker processes died on."""
    message = f"ended the worker process {'twice' if times == 2 else f'{times} times'}."
    return SetAside(ref.source.file, "crash", message, "Look at the page; scan it again.", ref.page)
