"""Spoilt files of every kind end in a result or in a refusal with a mend; what once did not is in the corpus."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CORPUS = sorted((ROOT / "tests" / "robustness" / "corpus").glob("*.*.*"))

# The benchmarks are no package; their folder does not stay on the path, where its names would hide those of tests.
sys.path.append(str(ROOT / "benchmarks"))
import fuzz_targets  # noqa: E402
from fuzzing import Series, fuzz  # noqa: E402

sys.path.remove(str(ROOT / "benchmarks"))

CASES = {"pdf": 6, "zip": 20, "workbook": 25}


@pytest.mark.parametrize("name", fuzz_targets.TARGETS)
def test_files_as_they_should_be_are_read(tmp_path, name):
    target = fuzz_targets.TARGETS[name]
    ends = [fuzz_targets.outcome(target, tmp_path, seed, number) for number, seed in enumerate(target.seeds())]
    assert set(ends) == {"read"}


@pytest.mark.parametrize("name", fuzz_targets.TARGETS)
def test_spoilt_files_end_as_they_may(name):
    tally = fuzz(Series(name, seed=7), cases=CASES.get(name, 40))
    assert tally.findings == []
    assert sum(tally.ends.values()) == tally.cases
    assert tally.ends["refused"]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_was_found_once(tmp_path, path):
    name, number, _ = path.name.split(".")
    target = fuzz_targets.TARGETS[name]
    assert fuzz_targets.outcome(target, tmp_path, path.read_bytes(), int(number)) in ("read", "refused")


def test_a_finding_is_told_and_kept(tmp_path, monkeypatch):
    def fails(_path, _content, _number):
        raise KeyError("Lò Văn Bí Mật")

    series = Series("records")
    broken = fuzz_targets.Target(series.target.seeds, "a", fails)
    monkeypatch.setitem(fuzz_targets.TARGETS, "records", broken)
    tally = fuzz(series, cases=3, findings=tmp_path / "found")
    assert [number for number, _ in tally.findings] == [0, 1, 2]
    assert all(ended.startswith("KeyError at ") and "Bí Mật" not in ended for _, ended in tally.findings)
    assert len(list((tmp_path / "found").iterdir())) == 3


def test_a_reader_that_dies_costs_its_case(monkeypatch):
    import os

    def dies(_path, content, _number):
        if content == Series("records").case(1)[0]:
            os.abort()
        return 0

    monkeypatch.setitem(fuzz_targets.TARGETS, "records", fuzz_targets.Target(Series("records").target.seeds, "a", dies))
    tally = fuzz(Series("records"), cases=4)
    assert tally.findings == [(1, "the reader died of signal 6")]
    assert tally.ends["read"] == 3
