"""The benchmark of dates in words: what it writes, spoils and counts."""

import importlib.util
import json
import random
import sys
from pathlib import Path

import pytest

from extractor.vietnamese.dates import PartialDate

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "date_words.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("date_words_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["date_words_benchmark"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["date_words_benchmark"]


WORDS = ["ngày", "hai", "mươi", "bảy", "tháng", "tám", "năm", "hai", "nghìn"]


@pytest.mark.parametrize(
    ("spoilt", "longer"), [("a word lost", -1), ("a word doubled", 1), ("a number word for another", 0)]
)
def test_each_way_of_spoiling_changes_one_word(bench, spoilt, longer):
    changed = bench.SPOILT[spoilt](random.Random(3), list(WORDS))
    assert changed != WORDS
    assert len(changed) == len(WORDS) + longer


def test_marks_are_lost_from_one_word_only(bench):
    changed = bench.SPOILT["a word without marks"](random.Random(3), list(WORDS))
    assert sum(new != old for new, old in zip(changed, WORDS, strict=True)) == 1


def test_outcomes_are_told_apart(bench):
    when = PartialDate(2000, 8, 27)
    answers = {"a": when, "b": PartialDate(2000, 8, 26), "c": None}
    assert [bench.outcome(answers.get, text, when) for text in "abc"] == ["right", "wrong", "not parsed"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Ngày hai tháng tám năm hai nghìn", PartialDate(2000, 8, 2)),
        ("tháng tám, năm hai nghìn (Canh Thìn)", PartialDate(2000, 8)),
        ("năm hai nghìn", PartialDate(2000)),
        ("Nguyễn Văn An", None),
    ],
)
def test_a_package_of_number_words_is_given_day_month_and_year(bench, text, date):
    known = {"hai": 2, "tám": 8, "hai nghìn": 2000}
    assert bench.by_number_words(lambda words: known[words])(text) == date


def test_the_table_counts_every_text(bench, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "parsers", lambda: {"closed grammar": bench.grammar})
    monkeypatch.setattr(sys, "argv", ["date_words.py", "--count", "60", "--out", str(tmp_path / "out.json")])
    bench.main()
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert all(sum(row.get(name, 0) for name in bench.OUTCOMES) == 60 for row in rows)
    assert [row["text"] for row in rows] == list(bench.SPOILT)
    assert rows[0]["right"] > rows[1].get("right", 0)
    assert "60 dates in words" in capsys.readouterr().out
