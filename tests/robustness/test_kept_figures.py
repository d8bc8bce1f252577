"""A damaged file of figures ends a series with its name and a mend, and stays as it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
TALLY = {"seed": 0, "first": 0, "cases": 3, "read": 1, "refused": 1, "findings": [[2, "KeyError"]], "seconds": 0.5}

sys.path.append(str(BENCHMARKS))
from fuzz_figures import Figures, Tally  # noqa: E402
from kept_figures import KeptFiguresError  # noqa: E402

sys.path.remove(str(BENCHMARKS))


def spoilt(**changed):
    return json.dumps({"records": TALLY | changed}).encode()


DAMAGED = {
    "half": spoilt()[:40],
    "empty": b"",
    "no text": b"\xff\xfe\x00",
    "no object": b"[]",
    "no tally": b'{"records": 3}',
    "a word for a number": spoilt(cases="many"),
    "less than none": spoilt(read=-1),
    "a finding without its end": spoilt(findings=[[2]]),
    "something more": spoilt(more=1),
    "something missing": json.dumps({"records": {"seed": 0, "first": 0}}).encode(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_figures_are_refused_and_kept(tmp_path, content):
    file = tmp_path / "fuzzing.json"
    file.write_bytes(content)
    with pytest.raises(KeptFiguresError, match="is damaged") as refused:
        Figures(file, 0, 0)
    assert str(file) in refused.value.message and "take it away" in refused.value.mend
    assert file.read_bytes() == content


def test_figures_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(KeptFiguresError, match="cannot be read"):
        Figures(tmp_path, 0, 0)


def test_figures_are_gone_on_from(tmp_path):
    file = tmp_path / "fuzzing.json"
    file.write_bytes(spoilt())
    figures = Figures(file, 0, 0)
    tally = figures.found("records")
    assert (tally.cases, dict(tally.ends), tally.findings) == (3, {"read": 1, "refused": 1}, [(2, "KeyError")])
    tally.add(Tally(2, {"read": 2}, [], 0.25))
    figures.keep("records", tally)
    assert json.loads(file.read_bytes()) == {"records": TALLY | {"cases": 5, "read": 3, "seconds": 0.8}}
    assert Figures(file, 0, 0).found("records").cases == 5
    assert Figures(file, 1, 0).found("records").cases == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the benchmarks do their work in branches of their process")
@pytest.mark.parametrize("name", ["fuzzing", "faults"])
def test_the_command_says_so(tmp_path, name):
    file = tmp_path / f"{name}.json"
    file.write_bytes(b'{"rec')
    root = BENCHMARKS.parent
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{name}.py"), "--out", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=300, check=False, cwd=root,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"{file}: is damaged" in done.stderr and "Traceback" not in done.stderr
    assert file.read_bytes() == b'{"rec'
