"""What a target error costs in hours."""

import numpy as np
import pytest

from extractor.confidence import FieldEvidence, LabelledField
from extractor.confidence.costs import cost_of, costs_of_targets
from extractor.errors import EvaluationError


def fields(books, count, seed=0):
    """Names read at a certainty that means what it says, and texts nobody can certify."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        sure = float(rng.beta(12, 0.6))
        evidence = FieldEvidence("person_name", reader=sure, min_char=sure, decoded=sure, margin=sure, length=10)
        found.append(LabelledField(evidence, bool(rng.random() < sure), f"{books}{number % 8}"))
        vague = FieldEvidence("text", reader=0.5, min_char=0.5, decoded=0.5, length=30)
        found.append(LabelledField(vague, bool(rng.random() < 0.5), f"{books}{number % 8}"))
    return found


@pytest.fixture(scope="module")
def costs():
    return costs_of_targets(
        fields("a", 2000), fields("b", 400, seed=1), (0.01, 0.03, 0.1), fields=10_000, seconds_a_field=3.6, recheck=0.1
    )


def test_a_stricter_target_costs_more_hours(costs):
    assert [item.target_error for item in costs] == [0.01, 0.03, 0.1]
    assert costs[0].hours > costs[1].hours > costs[2].hours
    assert costs[0].accepted < costs[1].accepted < costs[2].accepted <= 0.5
    assert set(costs[2].kinds) == {"person_name"}


def test_hours_are_those_of_the_fields_asked_about(costs):
    one = costs[1]
    # 3.6 seconds a field are 1,000 fields an hour.
    assert one.hours == pytest.approx(10 * (1 - one.accepted) + 10 * one.accepted * 0.1)


def test_a_certificate_that_accepts_nothing_saves_nothing():
    from extractor.confidence import fit_certificate

    certificate = fit_certificate(
        [item for item in fields("a", 200) if item.evidence.kind == "text"], source="x", forms={}, readers={}
    )
    cost = cost_of(certificate, fields("b", 10), fields=1000, seconds_a_field=3.6)
    assert (cost.accepted, cost.hours, cost.kinds) == (0.0, pytest.approx(1.0), {})


def test_one_book_cannot_prove_anything():
    with pytest.raises(EvaluationError, match="two books"):
        costs_of_targets([fields("a", 1)[0]], [], (0.1,), fields=1)
