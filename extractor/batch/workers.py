"""Pages through worker processes: bounded, one warm pipeline a process, a crash costs one page and no more."""

from __future__ import annotations

import logging
import multiprocessing
import traceback
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from extractor.batch.crash_marks import CrashMarks
from extractor.errors import ExtractorError, InputError, StoreError
from extractor.logs import set_up as set_up_log
from extractor.pipeline import Pipeline, PipelineOptions
from extractor.scans import PageRef, SetAside
from extractor.scans.decoding import warm_up
from extractor.store.results import PageResult
from extractor.worker_processes import begin

_IN_FLIGHT_PER_WORKER = 2
_log = logging.getLogger(__name__)
_pipeline: Pipeline | None = None


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What became of one page: a result, or the reason why it was set aside."""

    ref: PageRef
    result: PageResult | None = None
    set_aside: SetAside | None = None


def process_pages(
    refs: Iterable[PageRef], options: PipelineOptions, workers: int, *, pipeline: Pipeline | None = None
) -> Iterator[PageOutcome]:
    """Process pages, in the order they finish.

    A page that a worker dies on is tried once more, alone; if that worker dies too, the page is set aside. One worker
    is this process itself: where it dies on a page, the next run reads this page apart.

    Args:
        pipeline: one of these options that is warm already, for one worker.

    Raises:
        ExtractorError: a form, model or program is missing; that concerns the run, not a page.
    """
    if workers <= 1:
        yield from _here(refs, options, pipeline or Pipeline(options))
        return
    waiting = iter(refs)
    crashed: list[PageRef] = []
    exhausted = False
    while not exhausted:
        exhausted, lost = yield from _pool(waiting, options, workers)
        crashed.extend(lost)
    for ref in crashed:
        yield from _apart(ref, options)


def _here(refs: Iterable[PageRef], options: PipelineOptions, pipeline: Pipeline) -> Iterator[PageOutcome]:
    marks = CrashMarks(options.out)
    for ref in refs:
        if marks.was_left(ref):
            if (yield from _apart(ref, options)):
                marks.forget(ref)
            continue
        with marks.under_way(ref):
            outcome = outcome_of(pipeline, ref)
        yield outcome


def _apart(ref: PageRef, options: PipelineOptions) -> Generator[PageOutcome, None, bool]:
    """Read a page that ended a process in one of its own; whether that one lived."""
    _, lost = yield from _pool(iter([ref]), options, 1)
    if lost:
        yield PageOutcome(ref, set_aside=crash(ref, 2))
    return not lost


def _pool(
    waiting: Iterator[PageRef], options: PipelineOptions, workers: int
) -> Generator[PageOutcome, None, tuple[bool, list[PageRef]]]:
    """Run one pool until the pages are used up or it breaks; returns whether they are, and the pages lost."""
    running: dict[Future[PageOutcome], PageRef] = {}
    refused: list[PageRef] = []
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(options,)) as pool:
        try:
            exhausted = False
            while running or not exhausted:
                while not exhausted and len(running) < workers * _IN_FLIGHT_PER_WORKER:
                    ref = next(waiting, None)
                    if ref is None:
                        exhausted = True
                        continue
                    try:
                        running[pool.submit(_work, ref)] = ref
                    except BrokenProcessPool:  # a worker died while the last outcome was being kept
                        refused.append(ref)
                        raise
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome = future.result()
                    del running[future]
                    yield outcome
        except BrokenProcessPool:
            lost = [*running.values(), *refused]
            _log.warning("a worker process died; %d pages will be tried again one by one", len(lost))
            return exhausted, lost
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            # What they are reading would be dropped: the next run reads it, as it would after a kill.
            workers_here = set(multiprocessing.active_children()) - others
            for worker in workers_here:
                worker.terminate()
            for worker in workers_here:
                worker.join()
            raise
    return True, []


def _start(options: PipelineOptions) -> None:
    global _pipeline  # noqa: PLW0603 - one warm pipeline for the life of the worker process
    begin()
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
