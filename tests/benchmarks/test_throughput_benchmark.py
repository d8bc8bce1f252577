"""Parts of the throughput benchmark."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))
import throughput_parts  # noqa: E402
import throughput_steps  # noqa: E402

sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def pages(tmp_path):
    grey = np.full((60, 90, 3), 255, np.uint8)
    grey[10:20, 30:50] = 0
    for number in (1, 2):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), grey)
    fields = {
        "written": {"regions": [[28, 8, 24, 14]], "ink": [[30, 10, 20, 10]]},
        "blank": {"regions": [[0, 30, 20, 10]], "ink": []},
    }
    lines = [json.dumps({"file": f"{number}.jpg", "fields": fields}) for number in (1, 2)]
    (tmp_path / "layout.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [tmp_path / "1.jpg", tmp_path / "2.jpg"]


def test_a_long_book_repeats_its_pages(pages, tmp_path):
    book = throughput_parts.write_long_book(pages, 5, tmp_path / "long.pdf")
    with pikepdf.open(book) as pdf:
        assert len(pdf.pages) == 5


def test_written_values_are_cut_out_and_blanks_are_not(pages, tmp_path):
    assert throughput_parts.lines_of(pages, tmp_path / "lines") == 2
    for line in (tmp_path / "lines").iterdir():
        crop = cv2.imread(str(line), cv2.IMREAD_GRAYSCALE)
        assert crop.shape == (14, 24) and crop.min() < 60


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no such file on this system")
def test_memory_of_a_process_and_those_below_it():
    block = np.ones(20_000_000, np.uint8)
    assert throughput_parts.peak_pss(os.getpid()) > block.nbytes / 1e6


def test_steps_count_without_those_within_them(monkeypatch):
    seconds = iter([0.0, 1.0, 4.0, 10.0])
    monkeypatch.setattr(throughput_steps, "_now", lambda: next(seconds))
    clock = throughput_steps.Clock()
    inner = clock.wrapped("inner", lambda: None)
    clock.wrapped("outer", inner)()
    assert clock.spent == {"outer": 7.0, "inner": 3.0}


def test_every_step_is_there():
    import importlib

    for place in throughput_steps._STEPS.values():
        module, _, path = place.partition(":")
        owner = importlib.import_module(module)
        for part in path.removesuffix("._run").split("."):
            owner = getattr(owner, part)
        assert callable(owner)
