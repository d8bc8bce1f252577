"""A candidate beside the reader in use: figures, intervals, and lines that were learned from."""

import json

import numpy as np
import pytest
from scipy.stats import bootstrap
from support.models import NumberReader, model_folder, numbered_picture, used, write_numbered_set

from extractor.errors import EvaluationError, ModelError
from extractor.learning.bootstrap import compare
from extractor.learning.comparison import read_comparison
from extractor.learning.comparison_views import draw_differences, render_comparison
from extractor.learning.evaluating import evaluate_candidate, read_kept
from extractor.learning.training_record import TrainingRecord, pixel_digest
from extractor.readers import Reading
from extractor.training.confidence import expected_calibration_error
from extractor.training.metrics import line_errors

BOOKS, EACH = 8, 10


@pytest.fixture
def folder(tmp_path):
    """A set of 8 books of 10 lines, and models; the candidate reads one book better and breaks one line."""
    rows = [
        {
            "number": number, "book": f"book-{number // EACH}", "kind": "date" if number % 2 else "person_name",
            "stratum": "photo" if number >= 60 else "",
        }
        for number in range(BOOKS * EACH)
    ]  # fmt: skip
    rows.append({"number": 99, "book": "book-learned", "part": "train"})
    rows.append({"number": 98, "book": "book-tuned", "part": "tuning"})
    write_numbered_set(tmp_path / "set", rows)
    model_folder(tmp_path / "now", "now")
    record = TrainingRecord(sets=(used(books=("book-learned",), hands=("book-learned",)),))
    model_folder(tmp_path / "candidate", "candidate", record)
    return tmp_path


def evaluate(folder, *, part="held_out", candidate="candidate", set_name="set"):
    readers = {"now": NumberReader(range(25), 0.8), "candidate": NumberReader([*range(5, 15), 79], 0.9)}
    return evaluate_candidate(
        folder / candidate, folder / "now", read_kept(folder / set_name, part),
        make_reader=lambda path: readers[path.name],
    )  # fmt: skip


def test_both_readers_are_measured_on_the_same_lines(folder):
    found = evaluate(folder)
    whole = found.whole
    assert (whole.lines, whole.groups, whole.exact.current, whole.exact.candidate) == (80, 8, 55 / 80, 69 / 80)
    assert whole.exact.difference == pytest.approx(14 / 80)
    assert whole.exact.low < whole.exact.difference < whole.exact.high
    assert whole.cer.difference < 0 and whole.wer.difference < 0
    assert found.broken == ("pictures/00079.png",) and found.mended == 15
    assert set(found.kinds) == {"person_name", "date"}
    assert found.kinds["date"].lines == 40
    strata = {item.name: item.lines for item in found.slices if item.by == "stratum"}
    assert strata == {"scan": 60, "photo": 20}
    assert found.to_json() == evaluate(folder).to_json()


def test_the_figures_are_those_of_training(folder):
    rng = np.random.default_rng(3)
    truths = [f"Trần Văn {number}" for number in range(60)]
    read = [Reading(text if rng.random() < 0.7 else text[2:], float(rng.random())) for text in truths]
    found = compare(truths, read, read, [n // 6 for n in range(60)], draws=50, certainty=0.95, seed=1)
    errors = line_errors([item.text for item in read], truths)
    assert found["cer"].current == pytest.approx(errors.cer)
    assert found["wer"].current == pytest.approx(errors.wer)
    assert found["exact"].current == errors.exact
    right = [item.text == text for item, text in zip(read, truths, strict=True)]
    assert found["ece"].current == pytest.approx(expected_calibration_error([r.confidence for r in read], right))
    assert all((item.difference, item.low, item.high) == (0, 0, 0) for item in found.values())


def test_groups_are_drawn_and_not_lines():
    """Lines of a group are all right or all wrong: a bootstrap of lines would give an interval a third as wide."""
    truths = ["a"] * 200
    groups = [number // 10 for number in range(200)]
    worse = [Reading("b" if group % 2 else "a", 0.5) for group in groups]
    better = [Reading("a", 0.5)] * 200
    found = compare(truths, worse, better, groups, draws=4000, certainty=0.95, seed=1)["exact"]
    by_group = [float(group % 2) for group in range(20)]
    peer = bootstrap((by_group,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(2))
    assert found.low == pytest.approx(peer.confidence_interval.low, abs=0.06)
    assert found.high == pytest.approx(peer.confidence_interval.high, abs=0.06)
    alone = compare(truths, worse, better, [0] * 200, draws=10, certainty=0.95, seed=1)["exact"]
    assert (alone.difference, alone.low, alone.high) == (0.5, None, None)


@pytest.mark.parametrize(
    ("learned", "said"),
    [
        ({"books": ("book-3",)}, "1 of the books"),
        ({"hands": ("book-5",)}, "1 of the hands"),
        ({"pixels": "the picture of another set"}, "1 of the pictures"),
    ],
)
def test_lines_that_were_learned_from_are_refused(folder, learned, said):
    """Also where another set gave them, under other names: the pixels tell."""
    if "pixels" in learned:
        (folder / "again.png").write_bytes(numbered_picture(42))
        learned = {"pixels": (pixel_digest(folder / "again.png"),)}
    model_folder(folder / "other" / "candidate", "other", TrainingRecord(sets=(used(), used(**learned))))
    with pytest.raises(EvaluationError, match=f"candidate learned from {said}"):
        evaluate(folder, candidate="other/candidate")


def test_nor_is_the_reader_in_use_measured_on_what_it_learned(folder):
    model_folder(folder / "old", "old", TrainingRecord(sets=(used(books=("book-7",)),)))
    with pytest.raises(EvaluationError, match="held against learned from"):
        evaluate_candidate(folder / "candidate", folder / "old", read_kept(folder / "set", "held_out"))


def test_the_part_that_was_trained_on_is_refused(folder):
    with pytest.raises(EvaluationError, match="learned from 1 of the books and 1 of the hands"):
        evaluate(folder, part="train")


def test_a_model_that_does_not_say_what_it_learned_is_refused(folder):
    (folder / "candidate" / "training.json").unlink()
    with pytest.raises(ModelError, match="does not say"):
        evaluate(folder)
    (folder / "candidate" / "training.json").write_text("{}{", "utf-8")
    with pytest.raises(ModelError, match="damaged"):
        evaluate(folder)


def test_a_model_is_not_held_against_itself(folder):
    with pytest.raises(EvaluationError, match="the very model"):
        evaluate(folder, candidate="now")
    write_numbered_set(folder / "small", [{"number": 1, "part": "train"}])
    with pytest.raises(EvaluationError, match="no line of the part"):
        read_kept(folder / "small", "held_out")


def test_the_file_holds_no_text_and_a_changed_one_is_noticed(folder):
    found = evaluate(folder)
    file = folder / "evaluation.json"
    file.write_text(found.to_json(), "utf-8")
    assert "so 1" not in file.read_text("utf-8")
    assert read_comparison(file) == found
    content = json.loads(file.read_text("utf-8"))
    content["slices"][0]["exact"]["low"] = 0.5
    file.write_text(json.dumps(content), "utf-8")
    with pytest.raises(EvaluationError, match="changed after it was made"):
        read_comparison(file)
    file.write_text("[]", "utf-8")
    with pytest.raises(EvaluationError, match="no evaluation"):
        read_comparison(file)
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_comparison(folder / "nowhere.json")


def test_people_can_look_at_it(folder):
    found = evaluate(folder)
    draw_differences(found, folder / "differences.png")
    assert (folder / "differences.png").stat().st_size > 10_000
    table = render_comparison(found)
    assert table.row_count == len(found.slices) == 5
