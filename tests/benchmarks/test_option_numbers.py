"""Numbers that benchmarks take from their command line."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def numbers():
    sys.path.append(str(BENCHMARKS))
    try:
        import option_numbers
    finally:
        sys.path.remove(str(BENCHMARKS))
    return option_numbers


def test_numbers_that_can_be_measured_are_taken(numbers):
    assert (numbers.count()("1"), numbers.count(0)("0"), numbers.count()("007")) == (1, 0, 7)
    assert (numbers.above_nothing("0.5"), numbers.from_nothing("0")) == (0.5, 0.0)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "one", "--1", "nan"])
def test_others_are_refused(numbers, text):
    with pytest.raises(argparse.ArgumentTypeError, match="no whole number from 1 to"):
        numbers.count()(text)


@pytest.mark.parametrize("text", ["-0.1", "inf", "nan", "", "one"])
def test_neither_are_those_that_are_no_amounts(numbers, text):
    for read in (numbers.above_nothing, numbers.from_nothing):
        with pytest.raises(argparse.ArgumentTypeError, match="no number"):
            read(text)


@pytest.mark.parametrize(
    ("script", "given"),
    [
        ("throughput.py", ("--pages", "0")),
        ("throughput.py", ("--aster", sys.executable)),
        ("fuzzing.py", ("--cases", "0")),
        ("fuzzing.py", ("--first", "-5")),
        ("throughput_steps.py", ("nothere.jpg",)),
    ],
)
def test_what_cannot_be_measured_is_told_at_once(script, given):
    command = [sys.executable, str(BENCHMARKS / script), *given]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 2
    assert "error: " in ended.stderr
    assert "Traceback" not in ended.stderr
