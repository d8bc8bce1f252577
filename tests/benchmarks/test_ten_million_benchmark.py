"""The benchmark of the queue runs at toy size and says what it measures."""

import json
import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_the_queue_is_measured_in_every_state(monkeypatch, capsys, tmp_path, database):
    if database == "postgres":
        pytest.importorskip("pgserver")
    found = tmp_path / "found.json"
    arguments = ["ten_million.py", "--fields", "10000", "--database", database, "--people", "2", "--turns", "4"]
    arguments += ["--pause", "0", "--json", str(found)]
    if database == "postgres":
        arguments += ["--no-questions", "--state", "half done", "all that is left put off"]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    runpy.run_path(str(BENCHMARKS / "ten_million.py"), run_name="__main__")
    shown = capsys.readouterr().out
    measured = json.loads(found.read_text(encoding="utf-8"))
    assert {row["call"] for row in measured["states"]} >= {"claim a field", "claim a record", "answer"}
    assert all(row["calls"] > 0 for row in measured["states"])
    assert "all that is left put off" in shown
    if database == "postgres":
        assert any(row["database"] for row in measured["states"])
    else:
        assert "room: claim a record" in measured["questions"]
        assert {row["state"] for row in measured["states"]} >= {"nearly full", "half done", "almost empty"}
