"""The invented population, the sample extract, and the benchmark that uses them."""

import csv
import json
import subprocess
import sys
from random import Random

import pytest

from extractor.exports.reconciliation.names import compare_names, name_key
from extractor.training.texts.population import PopulationMaker
from extractor.training.texts.sample_population import NAME, sample_population
from extractor.training.texts.slips import slip_of_date, slip_of_name

from .conftest import SAMPLE

ROOT = SAMPLE.parent


def made(seed, persons=400):
    rows, people = [], []
    for family in PopulationMaker(Random(seed), 0.5).families():
        rows += family.rows
        people += family.people
        if len(rows) >= persons:
            return rows, people


def test_the_same_seed_makes_the_same_population():
    assert made(4) == made(4)
    assert made(4) != made(5)


def test_truth_fits_the_rows():
    rows, people = made(6)
    numbers = {row["identity"]: row for row in rows}
    assert len(numbers) == len(rows)
    assert all(person.identity in numbers for person in people if person.identity)
    assert any(not person.identity for person in people)
    for person in people:
        if person.identity and "name" not in person.differs:
            ours, theirs = name_key(person.values["name"]), name_key(numbers[person.identity]["name"])
            assert compare_names(ours, theirs).level == 0


def test_slips_happen_at_their_rates_only():
    rng = Random(1)
    never = dict.fromkeys(("tone", "marks", "letter", "middle", "variant", "spelling_i", "all_marks"), 0.0)
    assert slip_of_name(rng, "Nguyễn Thị Hòa", never) == "Nguyễn Thị Hòa"
    assert slip_of_name(rng, "Nguyễn Thị Hòa", never | {"all_marks": 1.0}) == "Nguyen Thi Hoa"
    assert slip_of_name(rng, "Nguyễn Thị Hòa", never | {"middle": 1.0}) == "Nguyễn Hòa"
    dates = dict.fromkeys(("swapped", "digit", "year_only", "month_only"), 0.0)
    assert slip_of_date(rng, (1985, 2, 3), dates | {"swapped": 1.0}) == (1985, 3, 2)
    assert slip_of_date(rng, (1985, 2, 3), dates | {"year_only": 1.0}) == (1985, None, None)
    assert slip_of_date(rng, (1985, 2, 3), dates | {"digit": 1.0}) != (1985, 2, 3)


def test_the_sample_extract_is_what_its_command_makes():
    with (SAMPLE / NAME).open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == sample_population(SAMPLE / "truth.jsonl")


@pytest.mark.slow
def test_the_benchmark_runs_and_counts(tmp_path):
    command = [
        sys.executable, str(ROOT / "benchmarks" / "reconciliation.py"), "--persons", "2000", "--records", "200",
        "--ways", "reconcile", "exact", "--out", str(tmp_path),
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    ways = json.loads((tmp_path / "reconciliation.json").read_text("utf-8"))["ways"]
    assert ways["reconcile"]["recall"] > ways["exact"]["recall"]
    assert ways["reconcile"]["precision"] > 0.98
