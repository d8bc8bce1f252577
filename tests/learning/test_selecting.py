"""Which lines are worth a person's time: doubt, rare letters, minority names, and batches whose lines differ."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import SettingsError
from extractor.learning.doubt import Doubt, best_path, doubt_of, expected_edits, path_reading
from extractor.learning.rarity import (
    RareLetters,
    count_letters,
    has_minority_name,
    minority_name,
    rare_letters,
    shipped_counts,
)
from extractor.learning.selecting import Pool, Rule, Side, choose, joined, load_rule, one_sided, ranks, shipped_rule
from extractor.readers.handwriting.alphabet import default_alphabet
from extractor.readers.handwriting.line_decoder import LineDecoder, ReadText

ALPHABET = "abcŏ"


def logits_for(text, *, sure=0.98, other="c", at=None):
    """Logits that read a text; the letter at place ``at`` (all, where none is given) is as sure as told."""
    rows = []
    for place, letter in enumerate(text):
        share = sure if at is None or at == place else 0.98
        row = np.full(len(ALPHABET) + 1, 1e-4)
        row[ALPHABET.index(other) + 1] = 1 - share
        row[ALPHABET.index(letter) + 1] = share
        blank = np.full(len(ALPHABET) + 1, 1e-4)
        blank[0] = 0.99
        rows += [row, blank]
    return np.log(np.array(rows, dtype=np.float32))


def judged(text, **more):
    logits = logits_for(text, **more)
    return doubt_of(logits, LineDecoder(ALPHABET, beam=6).texts(logits))


def line(text="a", *, errors=0.0):
    return Doubt(text, errors / max(1, len(text)), min(1.0, errors), errors, errors)


def make_pool(errors, *, texts=None, vectors=None, presence=None, minority=None):
    count = len(errors)
    texts = texts or [f"dòng {number}" for number in range(count)]
    return Pool(
        tuple(line(text, errors=error) for text, error in zip(texts, errors, strict=True)),
        np.zeros(count) if minority is None else np.asarray(minority, dtype=np.float64),
        np.zeros((count, 2), np.float32) if vectors is None else np.asarray(vectors, np.float32),
        RareLetters(("ŏ", "č"), (4, 5), np.array([1.0, 0.5])),
        np.zeros((count, 2), np.float32) if presence is None else np.asarray(presence, np.float32),
    )


@pytest.mark.parametrize("measure", range(5))
def test_every_measure_rises_with_doubt(measure):
    sure, unsure = judged("abab"), judged("abab", sure=0.6)
    assert sure.text == unsure.text == "abab"
    assert unsure.measures[measure] > 1.5 * sure.measures[measure]


def test_doubt_for_each_character_does_not_hang_on_length_but_expected_errors_do():
    short, long = judged("ab", sure=0.7), judged("abababab", sure=0.7)
    assert long.least_confidence == pytest.approx(short.least_confidence, rel=0.05)
    assert long.errors_a_character == pytest.approx(short.errors_a_character, rel=0.05)
    assert long.expected_errors == pytest.approx(4 * short.expected_errors, rel=0.05)
    # One letter in doubt: about as many errors to expect as the letter's doubt says.
    assert judged("abab", sure=0.6, at=1).expected_errors == pytest.approx(0.4 + 3 * 0.02, abs=0.08)


def test_a_letter_hidden_in_a_run_of_blanks_is_a_doubt():
    logits = logits_for("ab")
    logits[1] = np.log(np.array([0.55, 1e-4, 1e-4, 0.45, 1e-4], dtype=np.float32))
    assert best_path(logits)[1] > best_path(logits_for("ab"))[1] + 0.4


def test_expected_edits_weigh_each_reading_by_its_share():
    readings = [ReadText(text, (), 0.5, share) for text, share in (("Lò Thị", 0.7), ("Lò Thi", 0.2), ("Lo Thi", 0.1))]
    assert expected_edits(readings) == pytest.approx(0.2 * 1 + 0.1 * 2)
    assert expected_edits([]) == 0.0


def test_the_best_path_alone_reads_what_a_search_reads_where_there_is_no_doubt():
    assert path_reading(logits_for("abba"), ALPHABET).text == "abba"
    assert path_reading(np.log(np.array([[0.9, 0.1, 0, 0, 0]], np.float32) + 1e-6), ALPHABET).text == ""


def test_letters_are_rare_by_how_few_the_reader_has_seen():
    found = rare_letters("abŏđ", {"a": 50_000, "b": 9_000, "ŏ": 2, "đ": 100})
    assert found.letters == ("ŏ", "đ")
    assert found.classes == (3, 4)
    assert found.weights[0] > 3 * found.weights[1] > 0
    shipped = rare_letters(default_alphabet())
    assert set("ŏĕĭčñ") <= set(shipped.letters)
    assert not set("aoiếTN0123 .,") & set(shipped.letters)
    assert max(shipped.weights) == 1.0
    assert shipped_counts()["n"] > 10_000


def test_counts_of_letters_are_in_a_million():
    assert count_letters(["aab", "b"]) == {"a": 500_000.0, "b": 500_000.0}


def test_a_rare_letter_counts_as_far_as_a_frame_may_hold_it():
    letters = rare_letters(ALPHABET, {"a": 9e5, "b": 9e5, "c": 9e5})
    assert letters.presence(logits_for("ab"))[0] == 0.0
    assert letters.presence(logits_for("ab", sure=0.6, other="ŏ"))[0] == pytest.approx(0.4, abs=0.01)
    assert letters.presence(logits_for("aŏ"))[0] > 0.9


@pytest.mark.parametrize("name", ["Y Bhăm Niê", "H'Bia Mlô", "Ksor Blinh", "Kpă Hyiu", "Giàng A Páo", "Điểu K'Ré"])
def test_names_that_are_made_otherwise_are_known(name):
    assert has_minority_name(name)
    assert has_minority_name(name.upper())


@pytest.mark.parametrize(
    "text",
    ["Nguyễn Văn Thử", "Trương Thị Quỳnh Uyên", "NGUYỄN THỊ NGUYỆT", "Khuất Duy Tiến", "Huỳnh Thúy Oanh", "05/01/2017",
     "UBND xã Hòa Bình, huyện Đông Hưng", "quốc lộ 1A", "Giêng", "gì", "Nghiêm Xuân Yêm", "Phố Huế - Quy Nhơn", ""],
)  # fmt: skip
def test_words_that_vietnamese_syllables_spell_are_not_unusual(text):
    assert not has_minority_name(text)


def test_a_name_counts_by_the_share_of_the_readings_that_have_it():
    readings = [ReadText("Nay Blưk", (), 0.5, 0.4), ReadText("Này Bình", (), 0.3, 0.6)]
    assert minority_name(readings) == pytest.approx(0.4)


def test_ranks_go_from_nought_to_one_and_equal_values_share_theirs():
    assert ranks(np.array([3.0, 1.0, 2.0])).tolist() == [1.0, 0.0, 0.5]
    assert ranks(np.zeros(4)).tolist() == [0.5] * 4
    assert ranks(np.array([7.0])).tolist() == [0.0]


def test_the_most_doubtful_come_first():
    assert choose(make_pool([0.1, 3.0, 0.5, 1.0]), 3, one_sided(expected_errors=1.0)) == [1, 3, 2]


def test_a_batch_takes_what_is_unlike_what_was_chosen_or_known():
    vectors = [(0, 0), (0, 0.1), (5, 0), (5, 0.1), (0, 5)]
    pool = make_pool([2.0, 1.9, 1.2, 1.1, 1.0], vectors=vectors)
    both = one_sided(expected_errors=1.0, novelty=1.0)
    assert choose(pool, 2, both) == [0, 2]
    assert choose(pool, 2, one_sided(expected_errors=1.0)) == [0, 1]
    known = np.array([(0, 0.05), (5, 0.05)], dtype=np.float32)
    assert choose(pool, 1, one_sided(novelty=1.0), known=known) == [4]


def test_novelty_alone_spreads_over_all_lines():
    vectors = [(x, 0) for x in (0, 0.1, 0.2, 9, 9.1, 18)]
    chosen = choose(make_pool([0.0] * 6, vectors=vectors), 3, one_sided(novelty=1.0))
    assert {vectors[number][0] // 9 for number in chosen} == {0, 1, 2}


def test_a_rare_letter_counts_less_once_it_was_chosen():
    presence = [(1, 0), (1, 0), (0, 1), (0, 0)]
    assert choose(make_pool([0] * 4, presence=presence), 3, one_sided(rare_letters=1.0)) == [0, 1, 2]
    even = RareLetters(("ŏ", "č"), (4, 5), np.array([1.0, 0.9]))
    pool = replace(make_pool([0] * 4, presence=presence), letters=even)
    assert choose(pool, 2, one_sided(rare_letters=1.0)) == [0, 2]


def test_sides_take_turns_by_their_shares_and_pass_where_nothing_is_left_for_them():
    count = 12
    minority = [0.9 if number in (8, 9, 10, 11) else 0 for number in range(count)]
    pool = make_pool([float(count - number) for number in range(count)], minority=minority)
    by_doubt = Side(share=0.5, weights={"expected_errors": 1.0})
    rule = Rule(sides=(by_doubt, Side(share=0.5, weights={"minority_name": 1.0})))
    assert choose(pool, 4, rule) == [0, 8, 1, 9]
    assert choose(pool, 12, rule) == [0, 8, 1, 9, 2, 10, 3, 11, 4, 5, 6, 7]
    rare = Rule(sides=(by_doubt, Side(share=0.5, rare_letters=1.0)))
    assert choose(pool, 3, rare) == [0, 1, 2]  # no line may hold one


def test_minority_names_and_dense_lines_can_be_asked_for():
    assert choose(make_pool([1.0, 1.0, 1.0], minority=[0, 0.9, 0]), 1, one_sided(minority_name=1.0)) == [1]
    vectors = [(9, 9), (0, 0), (0.1, 0), (0, 0.1), (-7, 3)]
    chosen = choose(make_pool([1.0] * 5, vectors=vectors), 3, one_sided(density=1.0))
    assert 0 not in chosen


def test_the_same_reading_is_not_chosen_again_and_again():
    texts = ["Việt Nam", "Việt Nam", "Việt Nam", "Kinh", "Kinh"]
    pool = make_pool([5.0, 4.0, 3.0, 2.0, 1.0], texts=texts)
    rule = one_sided(expected_errors=1.0)
    assert choose(pool, 5, rule) == [0, 3]
    assert choose(pool, 5, rule.model_copy(update={"same_reading": 2})) == [0, 1, 3, 4]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 9), max_size=12), st.integers(-1, 15), st.integers(1, 3))
def test_no_line_is_chosen_twice_and_no_more_than_wanted(errors, count, same):
    rng = np.random.default_rng(0)
    pool = make_pool(errors, texts=[str(n % 4) for n in range(len(errors))], vectors=rng.normal(size=(len(errors), 2)))
    chosen = choose(pool, count, shipped_rule().model_copy(update={"same_reading": same}))
    assert len(set(chosen)) == len(chosen) <= max(0, count)
    assert all(0 <= number < len(errors) for number in chosen)
    assert len(chosen) == min(max(0, count), sum(min(same, len(range(k, len(errors), 4))) for k in range(4)))


def test_parts_and_joined_pools_keep_their_lines_together():
    first, second = make_pool([1.0, 2.0], vectors=[(0, 1), (2, 3)]), make_pool([3.0], vectors=[(4, 5)])
    whole = joined([first, second])
    assert [doubt.expected_errors for doubt in whole.part([2, 0]).doubts] == [3.0, 1.0]
    assert whole.part([2, 0]).vectors.tolist() == [[4, 5], [0, 1]]
    scaled = whole.standardised().vectors
    assert scaled.mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert scaled.std(axis=0) == pytest.approx([1, 1], abs=1e-6)
    assert len(make_pool([]).standardised()) == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [("sides: [{weights: {guess: 1}}]", "guess"), ("novelty: -1", "novelty"), ("noveltyy: 1", "noveltyy"),
     ("[1", "cannot be read"), ("sides: [{weights: {density: 99}}]", "between 0 and 10"), ("", "content"),
     ("sides: [{share: 0.5}]", "add up to 1"), ("sides: []", "sides")],
)  # fmt: skip
def test_a_rule_that_says_something_else_is_refused_by_name(tmp_path, content, told):
    file = tmp_path / "rule.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=told) as caught:
        load_rule(file)
    assert "rule.yaml" in str(caught.value)
