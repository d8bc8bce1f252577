import numpy as np
import pytest

from extractor.confidence import certify_threshold, upper_bound
from extractor.confidence.certify import (
    LEAST_CORRELATION,
    UNKNOWN_CORRELATION,
    Plan,
    book_correlation,
    design_effect,
    plan_test,
)


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


def test_an_error_at_the_strictest_threshold_does_not_end_a_sequence_that_begins_below_it():
    confidences = np.concatenate([np.full(400, 0.9995), np.full(3000, 0.99)])
    correct = np.ones(3400, dtype=bool)
    correct[5] = False
    assert certify_threshold(confidences, correct, target_error=0.01).threshold > 1
    books = np.arange(3400) % 200
    plan = plan_test(confidences, correct, books, times=1.0)
    assert plan.begin <= 0.99
    assert certify_threshold(confidences, correct, books, target_error=0.01, plan=plan).accepted == 3400


def test_errors_that_come_together_in_a_book_count_for_more():
    books = np.repeat(np.arange(40), 50)
    scattered = np.arange(2000) % 100 != 0
    together = ~((books == 3) & (np.arange(2000) % 50 < 20))
    assert (~scattered).sum() == (~together).sum() == 20
    assert book_correlation([(scattered, books)]) == LEAST_CORRELATION
    correlation = book_correlation([(together, books)])
    assert correlation > 0.3
    assert design_effect(books, correlation) == pytest.approx(1 + 49 * correlation)
    assert book_correlation([(np.ones(2000, dtype=bool), books)]) == UNKNOWN_CORRELATION
    confidences = np.full(2000, 0.99)
    plan = plan_test(confidences, scattered, books, times=1.0)
    assert certify_threshold(confidences, scattered, books, target_error=0.025, plan=plan).accepted == 2000
    plan = plan_test(confidences, together, books, times=1.0)
    assert certify_threshold(confidences, together, books, target_error=0.025, plan=plan).threshold > 1


def test_a_kind_without_errors_has_the_correlation_of_all_kinds():
    books, sure = np.repeat(np.arange(40), 10), np.full(400, 0.99)
    right = np.ones(400, dtype=bool)
    assert plan_test(sure, right, books, times=1.0, shared=0.3).correlation == 0.3
    assert plan_test(sure, right, books, times=1.0).correlation == UNKNOWN_CORRELATION
    assert plan_test(sure, right, books, times=1.0, shared=0.01).correlation == UNKNOWN_CORRELATION
    some_wrong = np.arange(400) % 10 != books % 10  # one in each book: nothing comes together
    assert plan_test(sure, some_wrong, books, times=1.0, shared=0.02).correlation == 0.02
    assert certify_threshold(sure, right, books, target_error=0.01, plan=Plan(1.0, 0.01)).accepted == 400
    assert certify_threshold(sure, right, books, target_error=0.01, plan=Plan(1.0, 0.3)).threshold > 1


def test_one_long_book_proves_nothing_however_right_it_is():
    sure, right, books = np.full(5000, 0.99), np.ones(5000, dtype=bool), np.zeros(5000, dtype=int)
    plan = Plan(1.0, LEAST_CORRELATION)
    assert certify_threshold(sure, right, books, target_error=0.01, plan=plan).threshold > 1


def test_a_promise_over_books_that_differ_is_kept_by_the_design_effect():
    """Books with error rates of their own, at the target on the whole: without the effect too many pass."""
    rng = np.random.default_rng(5)
    passed = {True: 0, False: 0}
    trials = 300
    for _ in range(trials):
        rates = rng.beta(0.5, 12.0, size=2 * 60)
        books = np.repeat(np.arange(120), 25)
        correct = rng.random(3000) > rates[books]
        confidences = np.full(3000, 0.99)
        fits = books < 60
        plan = plan_test(confidences[fits], correct[fits], books[fits], times=1.0)
        for with_effect in (True, False):
            used = plan if with_effect else Plan(plan.begin)
            proved = certify_threshold(confidences[~fits], correct[~fits], books[~fits], target_error=0.04, plan=used)
            passed[with_effect] += proved.threshold <= 1
    assert passed[True] / trials < 0.08 < passed[False] / trials
