import json
from dataclasses import replace

import numpy as np
import pytest

from extractor.confidence import FieldEvidence, LabelledField, fit_certificate, load_certificate, save_certificate
from extractor.confidence.calibrator import fit_isotonic, fit_logistic, logistic
from extractor.errors import EvaluationError, ModelError


def labelled(count: int, seed: int = 3) -> list[LabelledField]:
    rng = np.random.default_rng(seed)
    items = []
    for number in range(count):
        reader = float(rng.beta(4, 1))
        evidence = FieldEvidence("person_name", reader=reader, min_char=reader, decoded=reader, margin=reader, length=9)
        right = bool(rng.random() < (1.0 if reader > 0.8 else reader * 0.6))
        items.append(LabelledField(evidence, right, book=f"book-{number % 90:02d}"))
    return items


def make(items):
    return fit_certificate(items, source="generated", forms={"f": "1"}, readers={"handwriting": "a"}, target_error=0.02)


def test_accepts_what_is_proved_and_nothing_else():
    certificate = make(labelled(2400))
    good = FieldEvidence("person_name", reader=0.99, min_char=0.99, decoded=0.99, margin=0.99, length=9)
    bad = FieldEvidence("person_name", reader=0.3, min_char=0.3, decoded=0.3, margin=0.3, length=9)
    assert certificate.accepts(good, certificate.confidence(good))
    assert not certificate.accepts(bad, certificate.confidence(bad))
    group = certificate.groups["person_name"]
    assert group.bound <= 0.02
    assert group.wrong <= group.accepted * 0.02


def test_confidence_is_calibrated_on_fields_never_seen():
    certificate = make(labelled(3000))
    fresh = labelled(3000, seed=11)
    confidences = np.array([certificate.confidence(item.evidence) for item in fresh])
    correct = np.array([item.correct for item in fresh])
    for low, high in ((0.2, 0.5), (0.5, 0.9), (0.9, 1.01)):
        inside = (confidences >= low) & (confidences < high)
        if inside.sum() > 50:
            assert correct[inside].mean() == pytest.approx(confidences[inside].mean(), abs=0.08)


def test_a_kind_without_evidence_is_never_accepted():
    certificate = make(labelled(600))
    other = FieldEvidence("date", reader=1.0, min_char=1.0, decoded=1.0, margin=1.0)
    assert not certificate.accepts(other, certificate.confidence(other))


def test_a_changed_reader_or_form_voids_it():
    certificate = make(labelled(600))
    assert certificate.covers("f", "1", {"handwriting": "a", "printed": "x"})
    assert not certificate.covers("f", "2", {"handwriting": "a"})
    assert not certificate.covers("f", "1", {"handwriting": "b"})
    assert not certificate.covers("g", "1", {"handwriting": "a"})


def test_one_book_is_not_enough():
    with pytest.raises(EvaluationError, match="two books"):
        make([LabelledField(item.evidence, item.correct, "only") for item in labelled(100)])


def test_the_books_that_fit_can_be_named_and_prove_nothing():
    items = labelled(2400)
    fitting = {f"book-{number:02d}" for number in range(30)}
    proving = sum(item.book not in fitting for item in items)
    options = {"source": "generated", "forms": {"f": "1"}, "readers": {}, "target_error": 0.02}
    certificate = fit_certificate(items, **options, fitting=fitting)
    assert certificate.groups["person_name"].labelled == proving
    turned = [replace(item, correct=not item.correct) if item.book not in fitting else item for item in items]
    assert fit_certificate(turned, **options, fitting=fitting).groups["person_name"].weights == pytest.approx(
        certificate.groups["person_name"].weights
    )
    for none_left in ((), {item.book for item in items}):
        with pytest.raises(EvaluationError, match="at least two books"):
            fit_certificate(items, **options, fitting=none_left)


def test_names_that_recur_say_nothing_of_how_other_errors_scatter():
    # one officer's name misread all through a book is not what other kinds do
    items = labelled(2400)
    misread = ("book-03", "book-33", "book-63")
    recurring = [
        LabelledField(replace(item.evidence, repeated=True), item.book not in misread, item.book) for item in items
    ]
    alone, beside = make(items).groups["person_name"], make([*items, *recurring]).groups["person_name"]
    assert alone.threshold <= 1.0
    assert beside.threshold <= 1.0
    assert beside.accepted == pytest.approx(alone.accepted, rel=0.2)


def test_round_trip_and_clear_errors(tmp_path):
    certificate = make(labelled(600))
    path = tmp_path / "c" / "birth.json"
    save_certificate(path, certificate)
    assert load_certificate(path) == certificate
    with pytest.raises(ModelError, match="no certificate at"):
        load_certificate(tmp_path / "none.json")
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="is no certificate"):
        load_certificate(path)


def test_isotonic_never_falls_and_is_never_certain():
    scores = np.linspace(0, 1, 200)
    correct = np.random.default_rng(1).random(200) < scores
    xs, ys = fit_isotonic(scores, correct)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys)
    assert ys[0] > 0 and ys[-1] < 1


def test_logistic_separates():
    features = np.array([[0.0], [0.1], [0.9], [1.0]] * 20)
    correct = np.array([False, False, True, True] * 20)
    probabilities = logistic(fit_logistic(features, correct), features)
    assert probabilities[0] < 0.3 and probabilities[3] > 0.7


def test_evidence_round_trip_ignores_unknown_keys():
    evidence = FieldEvidence("date", reader=0.5, known=True)
    assert FieldEvidence.from_dict({**evidence.to_dict(), "later": 1}) == evidence
    assert np.isfinite(FieldEvidence("date").vector()).all()


def rare(kind: str, count: int, *, wrong: int = 0, source: str = "", proposed: bool = False) -> list[LabelledField]:
    evidence = FieldEvidence(
        kind, reader=0.99, min_char=0.99, decoded=0.99, margin=0.99, source=source, proposed=proposed
    )
    return [LabelledField(evidence, number % 97 >= wrong, f"book-{number % 30:02d}") for number in range(count)]


def test_kinds_too_rare_to_be_proved_alone_are_proved_as_one():
    fields = [
        *rare("sex", 300),
        *rare("relation", 300),
        *rare("title", 200, proposed=True),
        *rare("number", 300, source="photo"),
    ]
    certificate = make(fields)
    sex, relation = certificate.groups["sex"], certificate.groups["relation"]
    assert sex.together == relation.together == ("relation", "sex")
    assert sex.accepted == relation.accepted == 400 and sex.bound <= 0.02
    assert sex.threshold == relation.threshold <= 1
    assert certificate.groups["title_proposed"].together == ()
    assert certificate.groups["number@photo"].together == ()


def test_a_common_kind_is_proved_alone_and_a_bad_rare_one_spoils_the_others():
    good = make([*rare("date", 3000), *rare("sex", 300), *rare("relation", 300)])
    assert good.groups["date"].together == () and good.groups["date"].threshold <= 1
    spoilt = make([*rare("date", 3000), *rare("sex", 300), *rare("relation", 300, wrong=20)])
    assert spoilt.groups["date"].threshold <= 1
    odd = FieldEvidence("relation", reader=0.99, min_char=0.99, decoded=0.99, margin=0.99)
    assert not spoilt.accepts(odd, spoilt.confidence(odd))


def test_a_rare_kind_that_errs_too_often_by_itself_does_not_hide_among_good_ones():
    good = [field for kind in ("sex", "tick", "number", "relation") for field in rare(kind, 400)]
    bad = [replace(field, correct=number % 25 != 0) for number, field in enumerate(rare("title", 150))]
    bad = [replace(field, correct=field.correct or int(field.book[-2:]) % 3 == 0) for field in bad]  # fits well
    certificate = make([*good, *bad])
    title, sex = certificate.groups["title"], certificate.groups["sex"]
    assert sex.threshold <= 1 < title.threshold
    assert set(title.together) == {*sex.together, "title"} and "title" not in sex.together
    assert sex.accepted == sum(group.labelled for name, group in certificate.groups.items() if name in sex.together)


def test_good_fields_of_kinds_that_go_to_people_stand_surety_for_no_other():
    few = [field for kind in ("tick", "number", "relation", "title", "signer") for field in rare(kind, 120)]
    certificate = fit_certificate([*few, *rare("sex", 210)], source="", forms={}, readers={"a": "1"}, target_error=0.01)
    assert len(certificate.groups) == 6
    assert certificate.groups["sex"].labelled == 140, "too few for 1 %, and borne out at three times that"
    assert all(group.threshold > 1 for group in certificate.groups.values())


@pytest.mark.parametrize("shares", [(0.0, 0.95), (1.0, 0.95), (0.02, 0.0), (0.02, 1.0)])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(EvaluationError, match="shares above 0"):
        fit_certificate(
            labelled(300), source="", forms={}, readers={"a": "1"}, target_error=shares[0], certainty=shares[1]
        )


@pytest.mark.parametrize("fitting", [{"book-00", "no such book"}, "book-00"])
def test_books_that_are_not_there_cannot_fit(fitting):
    with pytest.raises(EvaluationError, match="that are to fit"):
        fit_certificate(labelled(300), source="", forms={}, readers={"a": "1"}, fitting=fitting)


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": -1.0},
        {"bound": 0.5},
        {"accepted": 0},
        {"wrong": 5000},
        {"weights": (0.0,)},
        {"knots": ((), ())},
        {"knots": ((0.0, 1.0), (0.9,))},
        {"knots": ((0.0, 1.0), (0.9, 0.2))},
        {"knots": ((0.0, 1.0), (0.9, 99.0))},
        {"weights": (float("nan"),) * 19},
    ],
)
def test_a_certificate_that_cannot_be_applied_or_proves_nothing_is_refused(tmp_path, change):
    certificate = make(labelled(900))
    assert certificate.groups["person_name"].threshold <= 1
    content = json.loads(certificate.model_dump_json())
    content["groups"]["person_name"].update(change)
    (tmp_path / "c.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(ModelError, match="is no certificate"):
        load_certificate(tmp_path / "c.json")


def test_a_certificate_that_does_not_say_which_features_it_is_for_is_refused(tmp_path):
    content = json.loads(make(labelled(900)).model_dump_json())
    del content["features"]
    (tmp_path / "c.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(ModelError, match="other features"):
        load_certificate(tmp_path / "c.json")
    (tmp_path / "c.json").write_bytes(b"\xff\xfe\x00")
    for no_file in (tmp_path / "c.json", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            load_certificate(no_file)


def test_of_equal_scores_it_does_not_matter_which_came_first():
    scores, correct = np.full(100, 0.7), np.arange(100) < 50
    assert fit_isotonic(scores, correct) == fit_isotonic(scores, ~correct)
    assert fit_isotonic(scores, correct)[1] == (pytest.approx(0.5),)


def test_evidence_that_is_no_number_makes_no_certificate():
    fields = labelled(600)
    fields[3] = replace(fields[3], evidence=replace(fields[3].evidence, residual_mm=float("nan")))
    with pytest.raises(EvaluationError, match="no number"):
        make(fields)
