from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.exports.reconciliation.assigning import assign


def test_best_person_wins_by_the_distance_to_the_second():
    answer = assign({1: [(10, 30.0), (11, 12.0)]}, {})[1]
    assert (answer.person, answer.margin) == (10, 18.0)


def test_nobody_is_better_than_bits_below_zero():
    assert assign({1: [(10, -3.0)]}, {})[1].person is None
    assert assign({1: []}, {1: "KS"})[1].person is None


def test_one_person_goes_to_the_record_that_has_no_other():
    answers = assign({1: [(10, 30.0), (11, 29.0)], 2: [(10, 28.0)]}, {1: "KS", 2: "KS"})
    assert (answers[1].person, answers[2].person) == (11, 10)
    assert answers[1].rivals == (2,)


def test_two_records_alike_leave_no_margin():
    answers = assign({1: [(10, 30.0)], 2: [(10, 29.0)]}, {1: "KS", 2: "KS"})
    assert answers[1].margin == pytest.approx(1.0)


def test_registers_do_not_compete():
    answers = assign({1: [(10, 30.0)], 2: [(10, 29.0)]}, {1: "KS", 2: "KT"})
    assert answers[1].person == answers[2].person == 10


BITS = st.integers(min_value=-5, max_value=40).map(float)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(BITS, min_size=3, max_size=3), min_size=2, max_size=3))
def test_the_sum_is_the_largest_there_is(table):
    edges = {
        subject: sorted(((person, bits) for person, bits in enumerate(row)), key=lambda pair: -pair[1])
        for subject, row in enumerate(table)
    }
    answers = assign(edges, dict.fromkeys(edges, "KS"))
    got = [answer.person for answer in answers.values() if answer.person is not None]
    assert len(got) == len(set(got))
    total = sum(table[subject][answer.person] for subject, answer in answers.items() if answer.person is not None)
    best = max(
        sum(max(0.0, table[subject][person]) for subject, person in enumerate(order))
        for order in permutations(range(3), len(table))
    )
    assert total == pytest.approx(best)
