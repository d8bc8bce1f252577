"""The comparison of line readers runs from its file, whatever engines are installed."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "handwriting.py"


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.slow
def test_engines_are_measured_and_missing_ones_named(tmp_path):
    ended = run("--rendered", 2, "--engines", "extractor", "AsterOCR", "--out", tmp_path)
    assert ended.returncode == 0, ended.stderr
    outcomes = json.loads((tmp_path / "handwriting.json").read_text())
    ours = [item for item in outcomes if item["engine"] == "extractor"]
    assert len(ours) == 5
    assert all(item["count"] == 2 and item["milliseconds"] > 0 and item["megabytes"] > 50 for item in ours)
    assert len(outcomes) > 5 or "AsterOCR is left out" in ended.stderr
    assert (tmp_path / "handwriting.png").stat().st_size > 5000


@pytest.mark.slow
def test_a_folder_of_lines_is_scored(tmp_path):
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((40, 200), 250, np.uint8))
    (tmp_path / "labels.tsv").write_text("empty.png\tKinh\n", "utf-8")
    ended = run(tmp_path, "--engines", "extractor", "--out", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    outcome = json.loads((tmp_path / "out" / "handwriting.json").read_text())[0]
    assert (outcome["count"], outcome["exact"], outcome["cer"]) == (1, 0.0, 1.0)


def test_a_folder_without_lines_is_told(tmp_path):
    (tmp_path / "labels.tsv").write_text("", "utf-8")
    ended = run(tmp_path, "--engines", "extractor")
    assert ended.returncode != 0
    assert "no lines there" in ended.stderr
