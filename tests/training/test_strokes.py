import itertools

import numpy as np
import pytest

from extractor.errors import MissingInputError
from extractor.training.ink import draw_strokes, put_on_paper
from extractor.training.lines import Data
from extractor.training.rendered import empty_lines, stroke_lines
from extractor.training.strokes import Scribe, load_writers, split_writers

WORDS = ["Nguyễn", "Văn", "An", "xã", "huyện", "05", "12", "1985", "một"]


@pytest.fixture
def strokes_file(tmp_path):
    """Three writers who write each letter as a tall box and each digit as a slanted stroke."""
    points, stroke_ends, word_ends, texts, writers, lines = [], [], [], [], [], []
    for writer in (0, 1, 9):
        for line in range(3):
            x = 0
            for word in WORDS:
                text = "1" if word == "một" else word
                for _ in text:
                    points += [(x, 100), (x + 20, 0), (x + 25, 100)]
                    stroke_ends.append(len(points))
                    x += 40
                x += 60
                word_ends.append(len(stroke_ends))
                texts.append(word)
                writers.append(writer)
                lines.append(writer * 10 + line)
    file = tmp_path / "strokes.npz"
    np.savez(
        file, points=np.array(points, np.int16), stroke_ends=np.array(stroke_ends, np.int32),
        word_ends=np.array(word_ends, np.int32), texts=np.array(texts), writers=np.array(writers, np.uint16),
        lines=np.array(lines, np.int32),
    )  # fmt: skip
    return file


def test_words_are_scaled_and_mislabelled_digits_left_out(strokes_file):
    writers = load_writers(strokes_file)
    assert [writer.number for writer in writers] == [0, 1, 9]
    first = writers[0]
    assert {word.text for word in first.words} == set(WORDS) - {"một"}
    assert first.words[0].width == pytest.approx((5 * 40 + 25) / 100)
    assert np.ptp(np.concatenate(first.words[0].strokes)[:, 1]) == pytest.approx(1.0)


def test_number_words_fall_apart_into_digits(strokes_file):
    digits = load_writers(strokes_file)[0].digits
    assert set(digits) == set("051298")
    assert len(digits["1"]) == 6


def test_a_scribe_says_what_it_really_wrote(strokes_file):
    scribe = Scribe(load_writers(strokes_file))
    rng = np.random.default_rng(0)
    writer = scribe.choose(rng)
    text, strokes = scribe.write(rng, writer, "Nguyễn Văn An 15.02.1985")
    assert text == "Nguyễn Văn An 15.02.1985"
    assert len(strokes) == 6 + 3 + 2 + 10
    replaced, _ = scribe.write(rng, writer, "Trần thị")
    assert replaced.split()[0] in {"Nguyễn", "Văn", "An"}
    assert replaced.split()[1] not in {"thị"}
    assert min(float(stroke[:, 0].min()) for stroke in strokes) == pytest.approx(0.0)


def test_neighbouring_writers_stay_in_one_part(strokes_file):
    parts = split_writers(load_writers(strokes_file), 1)
    homes = {writer.number: part for part, found in parts.items() for writer in found}
    assert homes[0] == homes[1]


def test_drawn_lines_are_dark_on_light_and_repeatable(strokes_file):
    scribe = Scribe(load_writers(strokes_file))
    _, strokes = scribe.as_written(np.random.default_rng(1), scribe.writers[0], 4)
    ink = draw_strokes(np.random.default_rng(2), strokes)
    assert ink.shape[0] == 72
    assert 0.005 < float(ink.mean()) < 0.6
    page = put_on_paper(np.random.default_rng(3), ink)
    assert page[ink > 0.9].mean() < page[ink == 0].mean() - 30
    first, second = (next(stroke_lines(np.random.default_rng(4), scribe)) for _ in range(2))
    assert first.text == second.text
    assert np.array_equal(first.prepared, second.prepared)


def test_empty_lines_have_no_text(strokes_file):
    sample = next(empty_lines(np.random.default_rng(5), Scribe(load_writers(strokes_file))))
    assert sample.text == ""
    assert sample.prepared.shape[0] == 48


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingInputError, match=r"none\.npz"):
        load_writers(tmp_path / "none.npz")


def test_a_struck_word_is_drawn_but_counts_for_no_text(strokes_file):
    writers = load_writers(strokes_file)
    plain, striking = Scribe(writers), Scribe(writers, struck=1.0)
    for seed in range(8):
        rngs = [np.random.default_rng(seed) for _ in range(2)]
        text, strokes = plain.write(rngs[0], writers[0], "Nguyễn Văn An")
        same, more = striking.write(rngs[1], writers[0], "Nguyễn Văn An")
        assert same == text == "Nguyễn Văn An"
        assert len(more) > len(strokes)
        assert "  " not in same


def test_words_and_figures_are_sources_of_their_own(strokes_file):
    """Short runs of a writer's own words, and figures set from digits that were cut out."""
    writers = load_writers(strokes_file)
    data = Data({}, {}, {"train": writers, "tuning": [], "held_out": []})
    words = list(itertools.islice(data.stream("words", np.random.default_rng(1)), 20))
    own = {word.text for writer in writers for word in writer.words}
    assert all(1 <= len(sample.text.split()) <= 3 and set(sample.text.split()) <= own for sample in words)
    figures = list(itertools.islice(data.stream("figures", np.random.default_rng(1)), 20))
    assert sum(any(letter.isdigit() for letter in sample.text) for sample in figures) >= 18
    assert {sample.source for sample in words + figures} == {"words", "figures"}
