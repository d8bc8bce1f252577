import itertools
import math

import numpy as np
import pytest

from extractor.errors import ModelError
from extractor.readers.handwriting import decoding
from extractor.readers.handwriting.alphabet import canonical, check_alphabet, default_alphabet, vietnamese_letters


def collapse(path):
    return tuple(c for c, before in zip(path, (0, *path), strict=False) if c not in (0, before))


def all_texts(log_probs):
    """Probability of every class sequence, by trying all paths."""
    totals = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=log_probs.shape[0]):
        score = math.exp(sum(float(log_probs[frame, c]) for frame, c in enumerate(path)))
        totals[collapse(path)] = totals.get(collapse(path), 0.0) + score
    return totals


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_exact_probabilities(seed, monkeypatch):
    monkeypatch.setattr(decoding, "LEAST_LOG_PROB", -math.inf)
    monkeypatch.setattr(decoding, "SCORE_RANGE", math.inf)
    logits = np.random.default_rng(seed).normal(0, 2, (5, 4)).astype(np.float32)
    log_probs = decoding.log_softmax(logits, 1.0)
    expected = all_texts(log_probs)
    found = dict(decoding.beam_search(log_probs, 400))
    assert set(found) == set(expected)
    for classes, score in found.items():
        assert math.exp(score) == pytest.approx(expected[classes], rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_beam_finds_the_best(seed):
    logits = np.random.default_rng(seed).normal(0, 3, (6, 4)).astype(np.float32)
    log_probs = decoding.log_softmax(logits, 1.0)
    expected = all_texts(log_probs)
    best, score = decoding.beam_search(log_probs, 12)[0]
    assert best == max(expected, key=lambda key: expected[key])
    assert math.exp(score) == pytest.approx(expected[best], rel=0.02)


def test_a_higher_temperature_makes_less_sure():
    logits = np.array([[0.0, 4.0, 1.0]], np.float32)
    cold, warm = (decoding.log_softmax(logits, temperature) for temperature in (1.0, 3.0))
    assert np.exp(cold).sum() == pytest.approx(1.0)
    assert cold[0, 1] > warm[0, 1]


def test_doubled_letters_are_placed_on_both_sides_of_a_blank():
    logits = np.full((7, 3), -5.0, np.float32)
    for frame, c in enumerate([0, 1, 1, 0, 1, 2, 0]):
        logits[frame, c] = 5.0
    placed = decoding.place(decoding.log_softmax(logits, 1.0), (1, 1, 2))
    assert [item.middle for item in placed] == [1.5, 4.0, 5.0]
    assert all(item.probability > 0.99 for item in placed)
    assert decoding.place(decoding.log_softmax(logits, 1.0), ()) == []


def test_calibration_is_monotonic_and_bounded():
    values = [decoding.calibrate(p, (-1.0, 0.5)) for p in (0.0, 0.1, 0.5, 0.9, 1.0)]
    assert values == sorted(values)
    assert values[0] > 0
    assert values[-1] < 1
    assert decoding.calibrate(0.3, (0.0, 1.0)) == pytest.approx(0.3)


def test_the_alphabet_holds_all_vietnamese_letters_in_both_cases():
    letters = vietnamese_letters()
    assert len(letters) == len(set(letters)) == 178
    assert sum(not letter.isascii() for letter in letters) == 134
    alphabet = default_alphabet()
    check_alphabet(alphabet)
    assert len(alphabet) == len(set(alphabet))
    assert set("ŏĕčñfjwzŎĔČÑFJWZ0123456789 .,/-") <= set(alphabet)
    assert set("ê̆") <= set(alphabet)


@pytest.mark.parametrize("letter", ["ữ", "Đ", "7", " "])
def test_an_alphabet_without_a_needed_character_is_refused(letter):
    with pytest.raises(ModelError, match="lacks 1 character"):
        check_alphabet(default_alphabet().replace(letter, ""))


def test_texts_have_one_form():
    assert canonical("Nguye\u0302\u0303n  –  Ăn\u00a0’x’") == "Nguyễn - Ăn 'x'"
