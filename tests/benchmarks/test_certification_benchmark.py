"""The study of certificates: dealing, counting, and what it finds on fields whose error is known."""

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from extractor.batch.calibrate import LabelledBooks
from extractor.confidence import FieldEvidence, LabelledField
from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text, put_on_paper

MODEL = Path(__file__).resolve().parents[2] / "models" / "handwriting"
CINNAMON = [f"{number:04d}.jpg" for number in range(0, 600, 30)]
SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "certification.py"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("certification", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["certification"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["certification"]


def simulated(seed, books=12):
    """Fields of two kinds; the reader overrates itself on the rarer one, which hardly shows in the whole."""
    rng = np.random.default_rng(seed)
    fields = []
    for book in range(books):
        for kind, count, overrated in (("date", 110, 1.0), ("person_name", 10, 0.7)):
            for _ in range(count):
                sure = float(rng.beta(60, 0.6))
                right = bool(rng.random() < sure * overrated)
                evidence = FieldEvidence(kind, reader=sure, min_char=sure, decoded=sure, margin=sure)
                fields.append(LabelledField(evidence, right, f"book-{book:02d}"))
    return fields


def test_books_are_dealt_whole_and_repeatably(study):
    fields = simulated(0)
    made, tested = study.deal(fields, np.random.default_rng(1))
    assert len(made) + len(tested) == len(fields)
    assert len({item.book for item in made}) == 7
    assert len({item.book for item in tested}) == 5
    again, _ = study.deal(fields, np.random.default_rng(1))
    assert made == again


def test_fewer_labels_make_a_certificate_for_the_same_tested_books(study):
    fields = simulated(0)
    all_made, all_tested = study.deal(fields, np.random.default_rng(1))
    half_made, half_tested = study.deal(fields, np.random.default_rng(1), 0.5)
    assert half_tested == all_tested
    assert len({item.book for item in half_made}) == 4
    assert {item.book for item in half_made} < {item.book for item in all_made}


def test_what_is_flagged_is_counted_with_how_much_of_it_was_wrong(study):
    cases = [(True, True)] * 6 + [(True, False)] + [(False, True)] * 2 + [(False, False)] * 3
    tally = study.Tally("by hand")
    tally.count([study.Judged("date", 0.9, accepted, right) for accepted, right in cases], 0.5)
    assert (tally.accepted, tally.wrong, tally.flagged, tally.flagged_wrong) == (7, 1, 5, 3)


def test_one_threshold_for_all_kinds_breaks_its_promise_where_certificates_keep_it(study):
    tallies = {name: study.Tally(name) for name in study.WAYS}
    for trial in range(12):
        made, tested = study.deal(simulated(trial), np.random.default_rng(trial))
        for name, way in study.WAYS.items():
            tallies[name].count(way(made, tested, 0.05), 0.05)
    certificate, raw = tallies["certificate"], tallies["raw score"]
    assert certificate.accepted > 0
    assert certificate.kinds_broken_for_sure <= 1
    assert raw.kinds_broken_for_sure >= 10
    assert certificate.wrong <= 0.05 * certificate.accepted


def test_kind_by_kind_an_overrated_kind_shows(study):
    fields = simulated(1)
    judged = [
        study.Judged(item.evidence.kind, item.evidence.reader, item.evidence.reader > 0.99, item.correct)
        for item in fields
    ]
    tally = study.Tally("as the reader says")
    tally.count(judged, 0.05)
    date, name = tally.by_kind["date"], tally.by_kind["person_name"]
    assert (date.fields, name.fields) == (1320, 120)
    assert date.right == sum(item.correct for item in fields if item.evidence.kind == "date")
    assert name.wrong == sum(item.accepted and not item.right for item in judged if item.group == "person_name")
    assert date.calibration[0] < 2 * date.by_chance[0]
    assert name.calibration[0] > 0.2 > 3 * name.by_chance[0]
    assert study.kinds_table(tally).row_count == 2


def test_the_table_and_the_plot_are_written(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(study, "label_books", lambda books, options: LabelledBooks(tuple(simulated(3)), {}, {}))
    monkeypatch.setattr(
        sys,
        "argv",
        ["certification.py", *"abcd", "--work", str(tmp_path), "--trials", "3", "--out", str(tmp_path)],
    )
    study.main()
    assert "3 trials, 1440 fields" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "certification.png").stat().st_size > 5000
    assert (tmp_path / "certification.json").is_file()
    monkeypatch.setattr(sys, "argv", ["certification.py", "one", "--work", str(tmp_path)])
    with pytest.raises(SystemExit):
        study.main()


@pytest.mark.skipif(not (MODEL / "model.safetensors").is_file(), reason="the shipped weights are absent")
def test_address_lines_are_labelled_without_case_and_commas(study, tmp_path):
    rng, font = np.random.default_rng(1), load_fonts("print", "test")[0]
    for folder, names in (("kalapa", [f"{form}_1.jpg" for form in range(60)]), ("cinnamon", CINNAMON)):
        (tmp_path / folder).mkdir()
        for name in names:
            cv2.imwrite(
                str(tmp_path / folder / name), put_on_paper(rng, draw_text(rng, "Thanh Sơn, Phú Thọ", font.path))
            )
        rows = [f"{name}\tThanh Sơn Phú Thọ" for name in names]
        (tmp_path / folder / "labels.tsv").write_text("\n".join(rows), "utf-8")
    fields = study.label_lines(tmp_path / "kalapa", tmp_path / "cinnamon", MODEL, 1)
    assert len(fields) > 4
    assert {item.book.partition("-")[0] for item in fields} == {"kalapa", "cinnamon"}
    assert sum(item.correct for item in fields) / len(fields) > 0.7
    assert {item.evidence.kind for item in fields} == {"place"}
