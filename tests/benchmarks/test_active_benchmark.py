"""What the benchmark of chosen lines learns from a set, and makes of its curves."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
# The benchmarks are no package; their folder does not stay on the path, where its names would hide those of tests.
sys.path.append(str(BENCHMARKS))

from active_experiment import Experiment  # noqa: E402
from active_figures import Curves, Point, needed, share_needed  # noqa: E402
from active_layers import LAYERS, Training, fit  # noqa: E402
from active_lines import of_set  # noqa: E402
from support.models import write_numbered_set  # noqa: E402

from extractor.errors import MissingInputError  # noqa: E402
from extractor.learning.looking import read_features  # noqa: E402
from extractor.readers.handwriting.model import LineRecogniser, LineRecogniserConfig  # noqa: E402

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
    assert share_needed(chance, fast, "rare") == (0.5, 0.5, 0.5)
    assert share_needed(chance, chance)[0] == 1.0
    wordy = curves([8, 6, 5, 5])
    wordy.characters *= 2
    assert share_needed(chance, wordy, characters=True)[0] == 1.0
    assert share_needed(chance, curves([8, 8, 8, 8]))[0] == math.inf


def test_where_chance_learns_nothing_the_interval_is_as_wide_as_can_be():
    share, low, high = share_needed(curves([8, 8, 8, 8]), curves([8, 7, 6, 5]))
    assert math.isnan(share)
    assert (low, high) == (0.0, math.inf)


def test_lines_misread_are_those_with_any_error():
    chance = curves([8, 7, 6, 0])
    error = chance.error(np.arange(3), np.arange(8), "lines")
    assert error.tolist() == [1.0, 1.0, 1.0, 0.625]  # of eight lines every third, from the first, has no other error


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A reader with few units, and lines of a set with its three parts."""
    torch.manual_seed(3)
    model = LineRecogniser(LineRecogniserConfig(hidden=8, layers=1)).eval()
    parts = ["train"] * 8 + ["tuning"] * 2 + ["held_out"] * 3
    rows = [{"number": n, "book": f"book-{part}", "part": part} for n, part in enumerate(parts)]
    folder = tmp_path_factory.mktemp("active")
    write_numbered_set(folder / "set", [*rows, {"number": 99, "book": "book-train", "part": "train", "text": "Y Bhăm"}])
    return model, folder, of_set(model, folder / "set", folder / "kept", (9, 2), lambda line: None)


def test_lines_to_choose_from_are_of_one_part_of_a_set_and_measured_ones_of_the_others(toy, monkeypatch):
    model, folder, material = toy
    assert {part: len(lines) for part, lines in material.measured.items()} == {"tuning": 2, "held_out": 2}
    assert set(material.measured["tuning"].texts) == {"so 8", "so 9"}
    assert len(material.pool) == 9 == len(set(material.pool.texts) - set(material.measured["held_out"].texts))
    assert set(material.pool.sources) == {"person_name"}
    monkeypatch.setattr("active_lines.encode", None)  # what was encoded is kept
    again = of_set(model, folder / "set", folder / "kept", (9, 2), lambda line: None)
    assert again.pool.texts == material.pool.texts
    assert all((a == b).all() for a, b in zip(again.pool.features, material.pool.features, strict=True))
    with pytest.raises(MissingInputError):
        of_set(model, folder, folder / "kept", (9, 2), lambda line: None)


@pytest.mark.parametrize("name", list(LAYERS))
def test_layers_learn_from_what_was_chosen_and_their_first_weights_stay(toy, name):
    model, _, material = toy
    layers = replace(LAYERS[name](model.head), training=Training(passes=2, rate=1e-2))
    before = [seen.logits for seen in read_features(layers.net, layers.given(material.pool))]
    whole = [seen.logits for seen in read_features(model.head, material.pool.features)]
    assert all(np.allclose(a, b, atol=0.01) for a, b in zip(before, whole, strict=True))
    experiment = Experiment(model, material, layers)
    points = experiment.run(None, 0, (2, 9))
    assert [point.lines for point in points] == [0, 2, 9]
    assert points[2].minority == 1  # a name that is spelt otherwise
    assert points[2].characters > points[1].characters > 0
    assert [len(points[2].read[part]) for part in ("tuning", "held_out")] == [2, 2]
    after = fit(layers, experiment.pool.given, material.pool.texts, experiment.alphabet, 0)
    learnt = [seen.logits for seen in read_features(after, experiment.pool.given)]
    assert not np.allclose(before[0], learnt[0], atol=0.01)
    assert np.allclose(before[0], read_features(layers.net, experiment.pool.given[:1])[0].logits, atol=1e-4)
