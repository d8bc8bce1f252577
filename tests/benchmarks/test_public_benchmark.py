"""The public benchmark: figures of known answers, faulty answers told, the same books every time, tables as results."""

import dataclasses
import importlib.util
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
# The benchmarks are no package; their folder does not stay on the path, where its names would hide those of tests.
sys.path.append(str(BENCHMARKS))

import registers_bench  # noqa: E402
from vietnamese_registers import answers as answering  # noqa: E402
from vietnamese_registers import making, plan, results, scoring, table, tracks  # noqa: E402
from vietnamese_registers.assigning import Piece, assign  # noqa: E402
from vietnamese_registers.books import draw_book  # noqa: E402
from vietnamese_registers.engines import all_engines  # noqa: E402

from extractor.errors import EvaluationError, ExtractorError  # noqa: E402

sys.path.remove(str(BENCHMARKS))

TRUTH = (
    tracks.Truth(id="a/1", text="Trần Hòa", book="a", script="hand", group="names", form="x", strength=1.0),
    tracks.Truth(id="a/2", text="", book="a", script="blank", group="names", form="x", strength=1.0),
    tracks.Truth(id="b/1", text="Đỗ Lê", book="b", script="typed", group="names", form="x", strength=4.0),
    tracks.Truth(id="b/2", text="", book="b", script="blank", group="names", form="x", strength=4.0),
)
TASKS = tuple(tracks.Task(id=row.id, picture=f"{row.id}.jpg") for row in TRUTH)
TRACK = tracks.Track(benchmark="Vietnamese Registers", version="1.0", set="toy", track="lines")


@pytest.fixture(autouse=True)
def _two_books_are_enough(monkeypatch):
    monkeypatch.setattr(scoring, "FEWEST_BOOKS", 2)


def scored(*texts, track=TRACK):
    return scoring.score(track, TRUTH, dict(zip([row.id for row in TRUTH], texts, strict=True)))


@pytest.fixture
def toy(tmp_path):
    tracks.write_track(tmp_path / "toy", TRACK, TASKS, TRUTH)
    return tmp_path / "toy"


def write_rows(path, *rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def rows_of(*texts):
    return [{"id": row.id, "text": text} for row, text in zip(TRUTH, texts, strict=True)]


def test_right_answers_have_no_errors_in_whatever_style_they_are_written():
    found = scored("Trần  Hoà", "", "Đỗ Lê", "")  # decomposed, another place of the tone, two spaces
    assert (found.all.exact, found.all.cer, found.all.false_text, found.all.tone_share) == (1.0, 0.0, 0.0, None)
    assert found.all.exact_range == (1.0, 1.0)


def test_errors_are_told_apart_by_tone_mark_and_letter():
    found = scored("Trận Hoa", "x", "Do Lê", None)
    assert found.all.items == 2
    assert found.all.exact == 0.0
    # Trận for Trần: a tone; Hoa for Hòa: a tone; Do for Đỗ: a stroke, and a mark and a tone on one letter.
    assert found.all.cer == pytest.approx(4 / 13)
    assert found.all.base_cer == 0.0
    assert found.all.tone_share == pytest.approx(2 / 4)
    assert found.all.mark_share == pytest.approx(2 / 4)
    assert (found.all.blanks, found.all.false_text, found.all.unanswered) == (2, 0.5, 1)
    assert found.scripts["hand"].cer == pytest.approx(2 / 8)
    assert found.scripts["typed"].cer == pytest.approx(2 / 5)
    assert found.kinds["names"].items == 1
    assert found.strengths["1"].items == 1
    low, high = found.all.cer_range
    assert low <= 4 / 13 <= high
    assert (low, high) == pytest.approx((2 / 8, 2 / 5))


def test_no_answer_is_an_error_and_not_a_blank_text():
    found = scored(None, None, "Đỗ Lê", "")
    assert (found.all.exact, found.all.unanswered, found.all.false_text) == (0.5, 2, 0.0)
    assert found.scripts["hand"].cer == 1.0


def test_plain_tracks_leave_case_and_punctuation_out():
    answers = ("TRẦN, HÒA", "", "đỗ lê.", "")
    assert scored(*answers).all.exact == 0.0
    assert scored(*answers).all.exact_plain == 1.0
    assert scored(*answers, track=TRACK.model_copy(update={"compare": "plain"})).all.exact == 1.0


def test_intervals_are_over_books_and_repeat(monkeypatch):
    assert scored("Trần Hòa", "", "x", "").all.exact_range == (0.0, 1.0)
    assert scored("Trần Hòa", "", "x", "") == scored("Trần Hòa", "", "x", "")
    monkeypatch.setattr(scoring, "FEWEST_BOOKS", 3)
    assert scored("Trần Hòa", "", "x", "").all.exact_range is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (rows_of("a", "", "b", "")[:3], "1 of 4 ids have no row, the first is 'b/2'"),
        ([*rows_of("a", "", "b", ""), {"id": "a/1", "text": "c"}], "row 5: 'a/1' was answered in row 1"),
        ([*rows_of("a", "", "b", ""), {"id": "c/1", "text": "c"}], "row 5: 'c/1' is no id of this track"),
        ([{"id": "a/1"}], "row 1: an answer has 'id'"),
        ([{"id": "a/1", "text": 3}], "row 1: an answer has 'id'"),
        (["a"], "row 1: no JSON object"),
        ([{"about": {"engine": "x", "seconds": -1}}], "row 1: about.seconds"),
        ([{"about": {"engine": "x", "colour": "red"}}], "row 1: about.colour"),
    ],
)
def test_faulty_answers_are_told(tmp_path, rows, said):
    path = write_rows(tmp_path / "answers.jsonl", *rows)
    with pytest.raises(EvaluationError) as caught:
        answering.read_answers(path, [row.id for row in TRUTH])
    assert said in caught.value.message
    assert caught.value.mend


def test_answers_that_are_no_json_or_not_there_are_told(tmp_path):
    path = tmp_path / "answers.jsonl"
    with pytest.raises(ExtractorError, match="no answers"):
        answering.read_answers(path, ["a/1"])
    path.write_text('{"id": "a/1", "text": "x"}\n{"id"', "utf-8")
    with pytest.raises(EvaluationError, match="row 2: no JSON"):
        answering.read_answers(path, ["a/1"])
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EvaluationError, match="not UTF-8"):
        answering.read_answers(path, ["a/1"])


def test_a_damaged_track_is_told(toy):
    (toy / "truth.jsonl").write_text((toy / "truth.jsonl").read_text("utf-8").replace("a/2", "a/9"), "utf-8")
    with pytest.raises(EvaluationError, match="do not belong together"):
        tracks.read_track(toy)
    (toy / "track.json").unlink()
    with pytest.raises(ExtractorError, match="no whole track"):
        tracks.read_track(toy)


def test_anybodys_answers_are_scored_from_the_command_line(toy, tmp_path, monkeypatch, capsys):
    about = {"about": {"engine": "Quill & Ink", "version": "3", "seconds": 2.0, "machine": "desk"}}
    path = write_rows(tmp_path / "quill.jsonl", about, *rows_of("Trần Hòa", "", "Đỗ Lê", ""))
    monkeypatch.setattr(sys, "argv", ["x", "score", str(toy), str(path), "--out", str(tmp_path / "results")])
    assert registers_bench.main() == 0
    (written,) = (tmp_path / "results").glob("*.json")
    assert written.name == "toy-lines-quill-ink.json"
    found = results.read_results(tmp_path / "results")[0]
    assert (found["engine"], found["engine_version"], found["seconds_each"]) == ("Quill & Ink", "3", 0.5)
    assert found["score"] == scored("Trần Hòa", "", "Đỗ Lê", "")
    assert "| Quill & Ink | 100.0 | 0.0 | 0.0 |" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["x", "chart", str(tmp_path / "a.png"), "--results", str(tmp_path / "results")])
    assert registers_bench.main() == 0
    assert cv2.imread(str(tmp_path / "a.png")).shape[1] > 500
    monkeypatch.setattr(sys, "argv", ["x", "score", str(toy), str(path), "--out", str(tmp_path / "results")])
    path.write_text(path.read_text("utf-8").replace("a/1", "z/1"), "utf-8")
    assert registers_bench.main() == 2
    assert "'z/1' is no id of this track" in " ".join(capsys.readouterr().err.split())


def test_words_of_a_page_go_to_the_field_whose_blank_they_stand_in():
    box = ((0, 0), (100, 0), (100, 20), (0, 20))
    below = ((0, 30), (100, 30), (100, 50), (0, 50))
    apart = ((200, 0), (300, 0), (300, 20), (200, 20))
    tasks = [
        tracks.Task(id="place", picture="p", boxes=(box, below)),
        tracks.Task(id="sex", picture="p", boxes=(apart,)),
        tracks.Task(id="none", picture="p", boxes=(((0, 200), (9, 200), (9, 209), (0, 209)),)),
    ]
    wide = Piece("xã Hòa Nam", ((10, 2), (290, 2), (290, 18), (10, 18)))
    pieces = [
        Piece("tỉnh", ((5, 32), (40, 32), (40, 48), (5, 48))),
        wide,
        Piece("x", ((0, 90), (9, 90), (9, 99), (0, 99))),
    ]
    # The piece runs over both fields: its last word stands in the second, its middle one in neither.
    assert assign(pieces, tasks) == {"place": "xã tỉnh", "sex": "Nam", "none": ""}


def test_a_book_is_the_same_every_time_and_the_published_one():
    known = plan.load_plan()
    book = next(book for book in plan.books_of(known, "quick") if book.form == "ks-2016")
    drawn, published = draw_book(book, known), making.load_published()
    making.compare_with_published(drawn, published)  # raises where a text is another; other pixels are no fault
    assert draw_book(book, known).digests() == drawn.digests()
    published["books"][book.name]["pixels"] = drawn.digests()["pixels"]
    assert making.compare_with_published(drawn, published)
    published["books"][book.name]["pixels"] = "0" * 64
    assert not making.compare_with_published(drawn, published)
    for row in drawn.pages.truth:
        if row.script in ("hand", "typed"):
            lines = [line.text for line in drawn.lines.truth if line.id.rpartition("/")[0] == row.id]
            assert " ".join(lines) == row.text
    other = dataclasses.replace(drawn, plan=dataclasses.replace(book, name="ks-2016-4"))
    with pytest.raises(EvaluationError, match="not those of version"):
        making.compare_with_published(other, published)


def test_every_form_is_in_the_standard_set_with_its_digests():
    known, published = plan.load_plan(), making.load_published()
    books = plan.books_of(known, "standard")
    assert {book.name for book in books} == set(published["books"])
    assert published["version"] == known.version
    assert len({book.form for book in books}) == len(books) // len(known.strengths) >= 29
    assert {book.typed for book in books} == {True, False}
    assert len(plan.books_of(known, "small")) == len({book.form for book in books})
    with pytest.raises(ExtractorError, match="no set 'gold'"):
        plan.books_of(known, "gold")


def test_a_collection_becomes_a_track_and_an_engine_reads_it(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "notes"
    folder.mkdir()
    cv2.imwrite(str(folder / "empty.png"), np.full((40, 200, 3), 250, np.uint8))
    (folder / "labels.tsv").write_text("empty.png\tKinh\n", "utf-8")
    assert making.make_collection(tmp_path / "track", folder, 1) == 1
    # As the process that the command starts for each engine.
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    for name, code in (("extractor", 0), ("vietocr", 3), ("quill", 2)):
        if name == "vietocr" and importlib.util.find_spec("vietocr"):
            continue
        command = ["x", "read", str(tmp_path / "track"), "--engine", name, "--out", str(tmp_path / "answers")]
        monkeypatch.setattr(sys, "argv", command)
        assert registers_bench.main() == code
    said = capsys.readouterr().err
    assert "no engine 'quill'" in said
    found = answering.read_answers(tmp_path / "answers" / "notes-lines-extractor.jsonl", ["notes/0001"])
    assert found.texts == {"notes/0001": ""}
    assert found.about.seconds >= 0
    with pytest.raises(EvaluationError, match="not empty"):
        making.make_collection(tmp_path / "track", folder, 1)
    (folder / "labels.tsv").write_text("", "utf-8")
    with pytest.raises(EvaluationError, match="no lines there"):
        making.make_collection(tmp_path / "none", folder, 1)


def test_engines_load_without_being_installed():
    engines = all_engines()
    assert {"extractor", "extractor-open", "tesseract", "rapidocr", "easyocr", "paddleocr", "vietocr", "trocr"} <= set(
        engines
    )
    assert all(engine.lines or engine.words or engine.records for engine in engines.values())


def test_the_tables_are_those_of_the_results():
    text = (BENCHMARKS / "README.md").read_text("utf-8")
    assert table.put_into(BENCHMARKS / "README.md", BENCHMARKS / "results") == text


def test_every_benchmark_is_in_the_readme():
    text = (BENCHMARKS / "README.md").read_text("utf-8")
    missing = [path.name for path in BENCHMARKS.glob("*.py") if f"`{path.name}`" not in text]
    assert missing == []


def test_the_table_tells_other_pixels_apart(tmp_path, toy):
    folder = tracks.read_track(toy)
    answers = answering.Answers(answering.About(engine="x"), dict.fromkeys((row.id for row in TRUTH), "Hoa"))
    result = results.make_result(folder, answers, "2026-01-01") | {"set": "standard", "pixels": "other"}
    results.write_result(tmp_path, result)
    assert "| x † |" in table.tables(results.read_results(tmp_path))
    (tmp_path / "broken.json").write_text("{}", "utf-8")
    with pytest.raises(EvaluationError, match="no result"):
        results.read_results(tmp_path)
