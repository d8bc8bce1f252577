"""Tests that fork, each file in a fresh process: a branch of one with a browser's threads may wait for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FORKED = Path(__file__).parent / "forked"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the work is done in a branch of the process")
@pytest.mark.parametrize("name", sorted(path.name for path in FORKED.glob("test_*.py")))
def test_in_a_process_of_its_own(name):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(FORKED / name)],
        env={**os.environ, "EXTRACTOR_TESTS_MAY_FORK": "1"}, capture_output=True, text=True, timeout=600, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
