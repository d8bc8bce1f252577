"""Two people and an adjudicator verify a small book to its end while the server is killed, on both databases."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_no_answer_is_lost_or_doubled_when_the_server_is_killed(tmp_path, database):
    if database == "postgresql":
        pytest.importorskip("pgserver")
    command = [sys.executable, str(ROOT / "benchmarks" / "two_people.py"), "--records", "3", "--pages", "1"]
    command += ["--kills", "3", "--databases", database, "--work", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
