"""A certificate is suspended where fields look otherwise than its proof, or prove wrong; and only there."""

from dataclasses import replace

import numpy as np
import pytest

from extractor.batch.judging import BookSuspension
from extractor.batch.summary import describe_suspension
from extractor.book_pass import judge
from extractor.confidence import Cause, FieldEvidence, LabelledField, drifted, fit_certificate, refuted
from extractor.confidence.watch import lower_bound, make_reference, stability_index
from extractor.records import BookKey, Decision, FieldValue


def fields(count: int, seed: int, sure: float = 8.0) -> list[FieldEvidence]:
    rng = np.random.default_rng(seed)
    shares = rng.beta(sure, 1, count)
    return [FieldEvidence("date", reader=p, min_char=p, decoded=p, margin=p, length=8, known=True) for p in shares]


@pytest.fixture(scope="module")
def certificate():
    rng = np.random.default_rng(7)
    labelled = [
        LabelledField(item, bool(rng.random() < (0.999 if item.reader > 0.7 else 0.6)), f"book-{number % 90:02d}")
        for number, item in enumerate(fields(3000, 1))
    ]
    made = fit_certificate(
        labelled, source="generated", forms={"f": "1"}, readers={"r": "1"}, target_error=0.02, made="2026-01-31"
    )
    assert made.groups["date"].threshold <= 1
    return made


def test_it_says_when_it_was_made_and_of_what(certificate):
    assert certificate.made == "2026-01-31"
    assert len(certificate.data) == 64
    assert certificate.groups["date"].reference.fields == certificate.groups["date"].labelled


def test_fields_like_the_proof_suspend_nothing(certificate):
    """Of two hundred books like those that proved it, hardly one is suspended."""
    alarms = sum(bool(drifted(certificate, fields(80, seed))) for seed in range(100, 300))
    assert alarms <= 2


def test_fields_that_look_less_sure_suspend_their_group(certificate):
    found = drifted(certificate, fields(80, 5, sure=2.0))
    assert set(found) == {"date"}
    assert found["date"].cause is Cause.DRIFT
    assert found["date"].figure > found["date"].limit


def test_surer_fields_few_fields_and_other_kinds_suspend_nothing(certificate):
    assert not drifted(certificate, fields(400, 6, sure=60.0))
    assert not drifted(certificate, fields(20, 6, sure=1.0))
    assert not drifted(certificate, [replace(item, kind="place") for item in fields(200, 6, sure=1.0)])


def test_a_certificate_of_an_earlier_version_is_not_watched(certificate):
    group = certificate.groups["date"].model_copy(update={"reference": None})
    older = certificate.model_copy(update={"groups": {"date": group}})
    assert not drifted(older, fields(200, 6, sure=1.0))


@pytest.mark.parametrize(
    ("checked", "wrong", "suspends"), [(100, 2, False), (100, 3, False), (100, 6, True), (3, 1, False), (3, 2, True)]
)
def test_wrong_fields_suspend_when_they_refute_the_promise(certificate, checked, wrong, suspends):
    found = refuted(certificate, {"date": (checked, wrong), "place": (10, 10)})
    assert ("date" in found) is suspends
    assert "place" not in found
    if suspends:
        assert found["date"].figure > 0.02


def test_lower_bounds_are_exact():
    # Published: of 10 with 1 event, the one-sided 95 % lower bound is 1 - 0.95 ** (1 / 10).
    assert lower_bound(1, 10, 0.95) == pytest.approx(1 - 0.95**0.1)
    assert lower_bound(0, 10, 0.95) == 0.0


def test_equal_scores_are_one_bin():
    reference = make_reference(np.full(50, 0.9))
    assert sum(reference.shares) == pytest.approx(1.0)
    assert stability_index(reference, np.full(10, 0.9)) < 0.1
    assert stability_index(reference, np.full(50, 0.1)) > 1.0


def test_a_suspended_group_goes_to_people(certificate):
    sure = fields(1, 1, sure=1e6)[0]
    value = FieldValue(raw="05.03.2009", value="05.03.2009")
    accepted = judge(value, sure, certificate, covered=True, required=True)
    assert accepted.decision is Decision.ACCEPTED
    held = judge(value, sure, certificate, covered=True, required=True, suspended={"date"})
    assert held.decision is Decision.REVIEW
    assert held.confidence == accepted.confidence


def test_suspensions_are_told_in_two_languages(certificate):
    drift = drifted(certificate, fields(80, 5, sure=2.0))["date"]
    vietnamese, english = describe_suspension(BookSuspension(BookKey(register="KS", year="2016"), drift))
    assert "sổ KS.2016" in vietnamese
    assert "book KS.2016" in english
    wrong = refuted(certificate, {"date": (100, 6)})["date"]
    vietnamese, english = describe_suspension(BookSuspension(None, wrong))
    assert "6 trên 100" in vietnamese
    assert "6 of 100" in english
