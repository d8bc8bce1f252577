"""A run of one page, which lets idle processors load and calculate beside it."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from support.runs import contents, options

from extractor.batch import run as main_job
from extractor.batch.run import run
from extractor.batch.warming import warm_beside
from extractor.errors import ModelError


@pytest.fixture
def warmed(monkeypatch):
    seen = []
    monkeypatch.setattr(main_job, "warm_beside", seen.append)
    return seen


def sheets(folder, count):
    folder.mkdir()
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((1400, 1000), 220 + number, np.uint8))
    return folder


@pytest.mark.parametrize(
    ("workers", "pages", "at_once"), [(1, 1, None), (3, 1, 3), (3, 0, None)], ids=["one", "idle", "nothing"]
)
def test_only_idle_processors_help_a_page(tmp_path, warmed, workers, pages, at_once):
    run(options([sheets(tmp_path / "scans", pages)], tmp_path / "out", workers=workers))
    assert [pipeline.at_once for pipeline in warmed] == ([at_once] if at_once else [])
    for pipeline in warmed:
        assert pipeline.readers["handwriting"].at_once == at_once


def test_the_page_of_a_run_is_the_same_with_help(tmp_path, scans):
    page = next(scans.glob("KS.2009*.pdf"))
    kept = []
    for workers in (1, 2):
        run(options([page], tmp_path / str(workers), workers=workers))
        kept.append(contents(tmp_path / str(workers)))
    assert kept[0]["records.jsonl"] == kept[1]["records.jsonl"] != b""


def test_what_fails_beside_a_page_is_left_to_the_page(capfd):
    class Broken:
        @property
        def readers(self):
            raise ModelError("no weights", mend="Install them.")

    thread = warm_beside(Broken())
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert capfd.readouterr().err == ""


def test_what_only_outputs_need_is_not_loaded_for_the_first_page():
    # In a process of its own, for here other tests have loaded it.
    code = "import sys, extractor.batch.run; print({'pandas', 'xlsxwriter', 'pikepdf'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_process_that_is_stopped_waits_for_no_more_than_one_step():
    code = (
        "import sys, time\nfrom extractor.batch import warming\n"
        "def slow():\n    time.sleep(0.5)\n    print('done', flush=True)\n"
        "warming._steps = lambda _: iter([slow, slow, slow])\n"
        "assert not warming.warm_beside(None).daemon\nsys.exit(130)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "done\n", "")
