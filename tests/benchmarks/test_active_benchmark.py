"""What the benchmark of chosen lines makes of its curves."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
# The benchmarks are no package; their folder does not stay on the path, where its names would hide those of tests.
sys.path.append(str(BENCHMARKS))

from active_figures import Curves, Point, needed, share_needed  # noqa: E402

sys.path.remove(str(BENCHMARKS))

COST = np.array([0.0, 25, 50, 100])


@pytest.mark.parametrize(
    ("error", "goal", "cost"),
    [
        ([0.4, 0.3, 0.2, 0.1], 0.2, 50.0),
        ([0.4, 0.3, 0.2, 0.1], 0.15, 50 * math.sqrt(2)),  # half the way between 50 and 100 on a scale of logarithms
        ([0.4, 0.2, 0.2, 0.1], 0.3, 12.5),  # before the first step there is no logarithm
        ([0.4, 0.3, 0.2, 0.1], 0.05, math.inf),
        ([0.4, 0.5, 0.3, 0.2], 0.3, 50.0),
    ],
)
def test_the_cost_of_an_error_lies_between_the_steps(error, goal, cost):
    assert needed(np.array(error), COST, goal) == pytest.approx(cost)


def test_there_is_no_cost_of_what_the_reader_could_do_before():
    assert math.isnan(needed(np.array([0.4, 0.3]), COST[:2], 0.4))


def curves(errors, lines=(0, 25, 50, 100), *, seeds=3):
    """Runs of which each has so many wrong characters of ten in each of eight measured lines, and two more by line."""
    read = [[(wrong + number % 3, 20, 10 - wrong, 10) for number in range(8)] for wrong in errors]
    run = [Point(count, 10 * count, 0, 0, {"tuning": row}) for count, row in zip(lines, read, strict=True)]
    return Curves([run] * seeds, "tuning")


def test_a_strategy_that_learns_twice_as_fast_needs_half_the_lines_whatever_is_drawn():
    chance, fast = curves([8, 7, 6, 5]), curves([8, 6, 5, 5])
    assert share_needed(chance, fast) == (0.5, 0.5, 0.5)
    assert share_needed(chance, fast, rare=True) == (0.5, 0.5, 0.5)
    assert share_needed(chance, chance)[0] == 1.0
    wordy = curves([8, 6, 5, 5])
    wordy.characters *= 2
    assert share_needed(chance, wordy, characters=True)[0] == 1.0
    assert share_needed(chance, curves([8, 8, 8, 8]))[0] == math.inf
