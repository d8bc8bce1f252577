"""The progress bar of long work."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from extractor.cli import common


@pytest.fixture
def shown(monkeypatch):
    """What is written to the terminal, and a clock that goes a minute a look."""
    written = io.StringIO()
    monkeypatch.setattr(common, "err", Console(file=written, force_terminal=True, width=140))
    minutes = iter(range(1000))
    monkeypatch.setattr(common.time, "monotonic", lambda: 60.0 * next(minutes))
    return written


def test_the_rate_counts_the_work_of_this_run_only(shown):
    with common.progress(False) as move:
        move(100, 200)
        move(130, 200)
        move(140, 200)
    assert "140/200" in shown.getvalue()
    assert "20 a minute" in shown.getvalue()


def test_nothing_is_written_where_nobody_looks(shown):
    with common.progress(True) as move:
        move(0, 2)
        move(2, 2)
    assert "a minute" not in shown.getvalue()


def test_what_is_said_commands_no_terminal():
    written = io.StringIO()
    common.say('a\x1b]0;title\x07b\u202ec [bold]\n{"name": "\x9b1m"}', to=Console(file=written, force_terminal=True))
    assert written.getvalue() == 'a\\u001b]0;title\\u0007b\\u202ec [bold]\n{"name": "\\u009b1m"}\n'
    assert json.loads(written.getvalue().splitlines()[1]) == {"name": "\x9b1m"}
