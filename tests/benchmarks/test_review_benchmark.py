"""The figures of the review room run from their file, on a toy book."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The benchmarks are no package; their folder does not stay on the path, where its names would hide those of tests.
sys.path.append(str(ROOT / "benchmarks"))
from review_model import Effort, look, plan, telex  # noqa: E402

sys.path.remove(str(ROOT / "benchmarks"))


def run(out, *options):
    command = [sys.executable, str(ROOT / "benchmarks" / "review.py"), "--records", "16", "--pages", "1"]
    command += ["--seconds", "3", "--reviewers", "0", "2", "--out", str(out), *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads((out / "review.json").read_text(encoding="utf-8"))


def test_many_people_get_no_field_twice(tmp_path):
    (row,) = run(tmp_path, "--parts", "many")["many"]
    assert row["database"] == "SQLite"
    assert row["decided"] == row["stored"] > 0
    assert (row["twice"], row["failed"]) == (0, 0)
    assert row["most_ms"]["decide"] > 0


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
def test_the_room_and_the_form_are_driven_over_both_networks(tmp_path):
    rows = run(tmp_path, "--parts", "browser", "--fields", "1", "--forms", "1", "--pause", "0.1")["browser"]
    assert [row["network"] for row in rows] == ["loopback"] * 3 + ["1 Mbit/s, 50 ms"] * 3
    assert all(row["median_ms"] > 0 and row["bytes_a_field"] > 0 and row["fields_an_hour"] > 0 for row in rows)


def test_letters_count_as_the_keys_that_type_them():
    assert [telex(text) for text in ("a", "á", "ấ", "đ", "Đ", "Lò Mẫu")] == [1, 2, 3, 2, 3, 11]


def test_the_cheapest_way_to_a_text_is_taken():
    assert plan("Lò Thị", "Lò Thị").strokes == 0
    assert plan("Lò Thi", "Lò Thị", ("Lo Thị", "Lò Thị")).keys == ("ArrowDown", "ArrowDown")
    last = plan("Nguyễn Văn An", "Nguyễn Văn Am")
    assert (last.keys, last.text) == (("Backspace",), "m")
    middle = plan("Hoàng Vân Thử Bảy", "Hoàng Văn Thử Bảy")
    assert (middle.keys, middle.text) == (("ArrowLeft",) * 9 + ("Backspace",), "ă")
    assert plan("x", "An", selected=True).keys == ()


def test_an_effort_is_the_sum_of_its_operators():
    effort = look("Lò Thị", "Lò Thi")
    effort += Effort(keys=2, waited=0.1)
    assert effort.seconds == pytest.approx(4 * 0.23 + 1.35 + 2 * 0.28 + 0.1)
