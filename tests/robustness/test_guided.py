"""Fuzzing guided by coverage: a small run, one that goes on, and a defect that is found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.slow
pytest.importorskip("atheris", reason="there is no Atheris for this system")

TRAP = """
def read(data):
    if data[:1] == b"<":
        if data[1:2] == b"!":
            raise ValueError("what nobody foresaw")
"""
HUNT = """
import sys
sys.path[:0] = sys.argv[1:3]
import fuzz_targets, fuzzing_guided

def run(path, content, number):
    import trap_reader
    trap_reader.read(content)
    return 0

fuzz_targets.TARGETS["records"] = fuzz_targets.Target(lambda: [b"____"], "a", run)
fuzzing_guided._WATCHED = ("trap_reader",)
fuzzing_guided._SECONDS = 600  # by the clock of a machine that may stand still
fuzzing_guided.child("records", sys.argv[3], "1", *sys.argv[4:])
"""

APART = ("/bin/sh", "-c", '"$0" "$@"; exit $?')
"""libFuzzer goes by the most memory that a process ever had, and Linux counts what its parent had into that. These
tests may have had more than it allows, so that a small shell has to be the parent."""


def guided(*options):
    command = [sys.executable, str(BENCHMARKS / "fuzzing_guided.py"), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_small_run_finds_nothing_and_the_same_command_goes_on(tmp_path):
    for cases in (150, 200):
        done = guided("--format", "records", "--format", "yaml-template", "--cases", cases, "--out", tmp_path)
        assert done.returncode == 0, done.stderr
        figures = json.loads((tmp_path / "fuzzing_guided.json").read_text())
        for kind in ("records", "yaml-template"):
            kept = figures[kind]
            assert kept["cases"] == kept["read"] + kept["refused"] >= cases
            assert kept["read"] and kept["refused"] and not kept["findings"]
            assert list((tmp_path / "guided" / kind / "kept").iterdir())
    assert figures["yaml-template"]["cases"] < 150 + 200 + 100, "what was run before counts"


def test_a_defect_behind_a_branch_is_found_and_told(tmp_path):
    (tmp_path / "trap_reader.py").write_text(TRAP)
    folders = [tmp_path / name for name in ("kept", "findings", "work")]
    for folder in folders:
        folder.mkdir()
    done = subprocess.run(
        [*APART, sys.executable, "-c", HUNT, str(BENCHMARKS), str(tmp_path), "100000", *map(str, folders)],
        capture_output=True, text=True, errors="replace", check=False, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode != 0
    assert [kept.name[:6] for kept in folders[1].iterdir()] == ["crash-"], done.stderr[-2000:]
    (found,) = folders[1].iterdir()
    assert found.read_bytes()[1:3] == b"<!"
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from fuzzing_guided import _cause
    finally:
        sys.path.remove(str(BENCHMARKS))
    assert _cause(done.stdout + done.stderr).startswith("ValueError: what nobody foresaw at")
    assert "trap_reader.py:5" in _cause(done.stdout + done.stderr)


@pytest.mark.parametrize("options", [("--cases", "0"), ("--format", "jpeg")])
def test_wrong_options_are_told(options):
    done = guided(*options)
    assert done.returncode == 2
    assert options[0] in done.stderr


def test_damaged_figures_are_refused_by_name(tmp_path):
    (tmp_path / "fuzzing_guided.json").write_text("{")
    done = guided("--cases", "5", "--out", tmp_path)
    assert done.returncode not in (0, 1)
    assert "fuzzing_guided.json" in done.stderr
