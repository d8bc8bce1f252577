"""Worker processes: one that dies, and a run that is stopped."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.runs import options

from extractor.batch import workers
from extractor.batch.crash_marks import MARKS, CrashMarks
from extractor.batch.workers import PageOutcome, process_pages
from extractor.scans import Limits, list_sources, page_refs

_DYING = """
import os, signal, sys
from pathlib import Path
from support.runs import options
from extractor.batch.workers import process_pages
from extractor.scans import Limits, list_sources, page_refs

class Dying:
    def process(self, ref):
        if ref.source.file == "b.png":
            os.kill(os.getpid(), signal.SIGKILL)
        raise ValueError("any error")

out = Path(sys.argv[1])
sources = list_sources([out / "scans"], Limits(), on_set_aside=print)
refs = [ref for source in sources for ref in page_refs(source, Limits())]
for outcome in process_pages(refs, options([], out).pipeline, 1, pipeline=Dying()):
    print(outcome.ref.source.file, flush=True)
"""


@pytest.fixture
def sheets(tmp_path):
    (tmp_path / "scans").mkdir()
    for grey, name in enumerate("abcdef", start=220):
        cv2.imwrite(str(tmp_path / "scans" / f"{name}.png"), np.full((1400, 1000), grey, np.uint8))
    return [
        ref
        for source in list_sources([tmp_path / "scans"], Limits(), on_set_aside=print)
        for ref in page_refs(source, Limits())
    ]


class _Reading:
    def __init__(self):
        self.read = []

    def process(self, ref):
        self.read.append(ref.source.file)
        raise ValueError("any error")


def test_the_page_a_process_died_on_is_read_apart_the_next_time(tmp_path, sheets, monkeypatch):
    command = [sys.executable, "-c", _DYING, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=_with_tests(), timeout=120)
    assert (ended.returncode, ended.stdout.split()) == (-signal.SIGKILL, ["a.png"]), ended.stderr
    assert CrashMarks(tmp_path).was_left(sheets[1])
    pools = []

    def pool(waiting, _options, _workers):
        refs = list(waiting)
        pools.append([ref.source.file for ref in refs])
        yield from ()
        return True, refs

    monkeypatch.setattr(workers, "_pool", pool)
    # It ends that process as well, is set aside, and never again comes near this one.
    for _ in range(2):
        reading = _Reading()
        found = {
            outcome.ref.source.file: outcome.set_aside.reason
            for outcome in process_pages(sheets, options([], tmp_path).pipeline, 1, pipeline=reading)
        }
        assert reading.read == ["a.png", "c.png", "d.png", "e.png", "f.png"]
        assert found == dict.fromkeys(reading.read, "internal_error") | {"b.png": "crash"}
    assert pools == [["b.png"]] * 2


@pytest.mark.parametrize("left", [b"\xff\xfe\x00", "những trang\n".encode(), b"\0" * 5_000_000, b"abc 1\n"])
def test_a_damaged_file_of_marks_ends_no_run_and_its_good_lines_count(tmp_path, sheets, left):
    good = f"{sheets[1].source.sha256} 1"
    (tmp_path / MARKS).write_bytes(f"{good}\n".encode() + left)
    reading = _Reading()
    refs = [sheets[0], *sheets[2:]]
    found = list(process_pages(refs, options([], tmp_path).pipeline, 1, pipeline=reading))
    assert len(found) == len(reading.read) == len(refs)
    assert (tmp_path / MARKS).read_text() == f"{good}\n"


def test_a_pipe_in_the_place_of_the_marks_is_not_waited_for(tmp_path, sheets):
    os.mkfifo(tmp_path / MARKS)
    assert not CrashMarks(tmp_path).was_left(sheets[0])


@pytest.mark.slow
def test_a_page_that_was_only_cut_off_is_forgotten_once_read(tmp_path, sheets):
    (tmp_path / MARKS).write_text(f"{sheets[0].source.sha256} 1\n")
    (outcome,) = process_pages(sheets[:1], options([], tmp_path).pipeline, 1, pipeline=_Reading())
    assert outcome.result is not None
    assert outcome.result.problem is not None
    assert not (tmp_path / MARKS).exists()


@pytest.mark.slow
def test_a_stopped_run_does_not_wait_for_what_its_workers_read(tmp_path, sheets):
    pages = process_pages(sheets, options([], tmp_path).pipeline, 2)
    next(pages)
    at_work = multiprocessing.active_children()
    assert len(at_work) == 2
    pages.close()
    # The pool's own thread may have waited for one, and say so a moment later.
    until = time.monotonic() + 10
    while any(worker.exitcode is None for worker in at_work) and time.monotonic() < until:
        time.sleep(0.01)
    assert [worker.exitcode for worker in at_work] == [-signal.SIGTERM] * 2
    assert len(list((tmp_path / "pages").glob("*.json"))) < len(sheets)


def test_no_page_is_lost_where_a_worker_dies_while_an_outcome_is_being_kept(tmp_path, sheets, monkeypatch):
    class Pool(ThreadPoolExecutor):
        """Takes four pages, and is broken when the fifth is given to it."""

        def __init__(self, *_, **__):
            super().__init__(1)
            self.taken = 0

        def submit(self, work, ref):
            self.taken += 1
            if self.taken > 4:
                raise BrokenProcessPool
            return super().submit(PageOutcome, ref)

    monkeypatch.setattr(workers, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(workers, "_apart", lambda ref, _: iter([PageOutcome(ref)]))
    found = [outcome.ref.source.file for outcome in process_pages(sheets, options([], tmp_path).pipeline, 2)]
    assert sorted(found) == ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"]


def _with_tests():
    tests = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
