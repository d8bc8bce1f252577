import numpy as np
import pytest

from extractor.confidence import certify_threshold, upper_bound


def test_bound_of_no_error_in_three_hundred_is_about_one_percent():
    assert upper_bound(0, 299) == pytest.approx(0.00997, abs=1e-4)


def test_bound_is_one_where_nothing_was_accepted():
    assert upper_bound(0, 0) == 1.0
    assert upper_bound(5, 5) == 1.0


def test_too_few_fields_certify_nothing():
    proved = certify_threshold(np.full(50, 0.999), np.ones(50, dtype=bool), target_error=0.01)
    assert proved.threshold > 1


def test_stops_at_first_threshold_that_fails():
    confidences = np.concatenate([np.full(400, 0.995), np.full(400, 0.9)])
    correct = np.concatenate([np.ones(400, dtype=bool), np.arange(400) % 4 != 0])
    proved = certify_threshold(confidences, correct, target_error=0.01)
    assert proved.accepted == 400
    assert proved.wrong == 0
    assert 0.9 < proved.threshold <= 0.995


def test_a_wrong_threshold_is_certified_no_more_often_than_promised():
    rng = np.random.default_rng(7)
    trials, failures = 400, 0
    for _ in range(trials):
        confidences = rng.choice([0.99, 0.97, 0.95, 0.9, 0.85], size=900)
        error = {0.99: 0.025, 0.97: 0.03, 0.95: 0.03, 0.9: 0.04, 0.85: 0.05}
        correct = rng.random(900) > np.vectorize(error.get)(confidences)
        failures += certify_threshold(confidences, correct, target_error=0.02).threshold <= 1
    assert failures / trials < 0.07
