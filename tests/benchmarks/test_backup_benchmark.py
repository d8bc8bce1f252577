"""The benchmark of backups runs and says what it measures."""

import runpy
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "backup.py"


def test_backups_are_measured_beside_the_usual_way(monkeypatch, capsys):
    arguments = ["backup.py", "--pages", "2", "--picture-kb", "10", "--alone", "0.05"]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(SCRIPT), run_name="__main__")
    shown = capsys.readouterr().out
    for label in ("first backup", "the next one", "usual way", "verify", "restore", "while a backup is taken"):
        assert label in shown
