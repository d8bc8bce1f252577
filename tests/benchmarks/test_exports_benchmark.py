"""The comparison of ways to export runs from its file."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_both_ways_are_measured_on_the_same_records(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "exports.py"), "--records", "5", "--books", "2"]
    command += ["--page-kb", "5", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stderr
    rows = json.loads((tmp_path / "out" / "exports.json").read_text(encoding="utf-8"))
    assert [row["way"] for row in rows] == ["export", "pandas + zipfile"]
    assert all(row["peak_mb"] > 0 and row["mb_written"] > 0 for row in rows)
    assert len(list((tmp_path / "work" / "export" / "packages").glob("*.zip"))) == 2
    assert len(list((tmp_path / "work" / "pandas").glob("*.xlsx"))) == 4
