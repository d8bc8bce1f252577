import itertools
import math
import unicodedata

import numpy as np
import pytest

from extractor.errors import ModelError
from extractor.readers.handwriting import decoding
from extractor.readers.handwriting.alphabet import canonical, check_alphabet, default_alphabet, vietnamese_letters
from extractor.readers.handwriting.language import AllowedCharacters, Lexicon, Together
from extractor.readers.handwriting.line_decoder import Calibration, LineDecoder, ReadText
from extractor.training.language import estimate


def collapse(path):
    return tuple(c for c, before in zip(path, (0, *path), strict=False) if c not in (0, before))


def all_texts(log_probs):
    """Probability of every class sequence, by trying all paths."""
    totals = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=log_probs.shape[0]):
        score = math.exp(sum(float(log_probs[frame, c]) for frame, c in enumerate(path)))
        totals[collapse(path)] = totals.get(collapse(path), 0.0) + score
    return totals


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_exact_probabilities(seed, monkeypatch):
    monkeypatch.setattr(decoding, "LEAST_LOG_PROB", -math.inf)
    monkeypatch.setattr(decoding, "SCORE_RANGE", math.inf)
    logits = np.random.default_rng(seed).normal(0, 2, (5, 4)).astype(np.float32)
    log_probs = decoding.log_softmax(logits, 1.0)
    expected = all_texts(log_probs)
    found = {item.classes: item.score for item in decoding.beam_search(log_probs, 400)}
    assert set(found) == set(expected)
    for classes, score in found.items():
        assert math.exp(score) == pytest.approx(expected[classes], rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_beam_finds_the_best(seed):
    logits = np.random.default_rng(seed).normal(0, 3, (6, 4)).astype(np.float32)
    log_probs = decoding.log_softmax(logits, 1.0)
    expected = all_texts(log_probs)
    best = decoding.beam_search(log_probs, 12)[0]
    assert best.classes == max(expected, key=lambda key: expected[key])
    assert best.total == best.score
    assert math.exp(best.score) == pytest.approx(expected[best.classes], rel=0.02)


def test_a_higher_temperature_makes_less_sure():
    logits = np.array([[0.0, 4.0, 1.0]], np.float32)
    cold, warm = (decoding.log_softmax(logits, temperature) for temperature in (1.0, 3.0))
    assert np.exp(cold).sum() == pytest.approx(1.0)
    assert cold[0, 1] > warm[0, 1]


def test_doubled_letters_are_placed_on_both_sides_of_a_blank():
    logits = np.full((7, 3), -5.0, np.float32)
    for frame, c in enumerate([0, 1, 1, 0, 1, 2, 0]):
        logits[frame, c] = 5.0
    placed = decoding.place(decoding.log_softmax(logits, 1.0), (1, 1, 2))
    assert [item.middle for item in placed] == [1.5, 4.0, 5.0]
    assert all(item.probability > 0.99 for item in placed)
    assert decoding.place(decoding.log_softmax(logits, 1.0), ()) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_guide_joins_in_exactly(seed, monkeypatch):
    """With a wide beam the ranking is CTC probability times the guide's, for every text."""
    monkeypatch.setattr(decoding, "LEAST_LOG_PROB", -math.inf)
    monkeypatch.setattr(decoding, "SCORE_RANGE", math.inf)
    log_probs = decoding.log_softmax(np.random.default_rng(seed).normal(0, 2, (5, 4)).astype(np.float32), 1.0)
    guide = estimate(["ab", "abc", "cab", "a"], "abc", order=3, least=(1, 1, 1))
    found = decoding.beam_search(log_probs, 400, decoding.Guidance(guide, 0.7, 0.2))
    expected = all_texts(log_probs)
    assert {item.classes for item in found} == set(expected)
    for item in found:
        text = "".join("abc"[number - 1] for number in item.classes)
        total = math.log(expected[item.classes]) + 0.7 * guide.score(text) + 0.2 * len(text)
        assert item.total == pytest.approx(total, abs=1e-3)
    totals = [item.total for item in found]
    assert totals == sorted(totals, reverse=True)


def test_a_lexicon_leaves_its_texts_only():
    logits = np.full((5, 4), -3.0, np.float32)
    for frame, number in enumerate((1, 2, 0, 3, 0)):
        logits[frame, number] = 3.0
    log_probs = decoding.log_softmax(logits, 1.0)
    assert decoding.beam_search(log_probs)[0].classes == (1, 2, 3)
    lexicon = Lexicon(["ab", "cb", "a unknown"], "abc")
    found = decoding.beam_search(log_probs, guidance=decoding.Guidance(lexicon))
    assert found[0].classes == (1, 2)
    assert {item.classes for item in found} <= {(1, 2), (3, 2)}
    for unusable in ([], ["xyz"]):
        with pytest.raises(ValueError, match="No text"):
            Lexicon(unusable, "abc")
    with pytest.raises(ValueError, match="None of"):
        AllowedCharacters("xyz", "abc")


def spelled(text, alphabet, strength=8.0):
    """Logits that say a text plainly, one frame a letter and a blank after each."""
    logits = np.zeros((2 * len(text), len(alphabet) + 1), np.float32)
    for place, letter in enumerate(text):
        logits[2 * place, alphabet.index(letter) + 1] = strength
        logits[2 * place + 1, 0] = strength
    return logits


def test_a_list_of_one_text_does_not_make_it_certain():
    decoder = LineDecoder("abc", Calibration(1.0, 0.0, 0.1, 1.0))
    logits = spelled("abab", "abc", 3.0)
    near = decoder.texts_within(logits, Lexicon(["abac"], "abc"))
    assert near[0].text == "abac"
    assert decoder.calibration.line(near[0]) < 0.3
    right = decoder.texts_within(logits, Lexicon(["abab", "cc"], "abc"))
    assert right[0].text == "abab"
    assert decoder.calibration.line(right[0]) > 0.5


@pytest.mark.parametrize("guide", [AllowedCharacters("c", "abc"), Lexicon(["cccc"], "abc")])
def test_what_is_plainly_written_is_not_bent_to_what_is_allowed(guide):
    assert LineDecoder("abc").texts_within(spelled("abab", "abc"), guide) == []


def test_texts_of_a_list_may_be_in_any_normal_form():
    alphabet = default_alphabet()
    logits = spelled("Thúy", alphabet)
    lexicon = Lexicon([unicodedata.normalize("NFD", "Thúy")], alphabet)
    assert LineDecoder(alphabet).texts_within(logits, lexicon)[0].text == "Thúy"
    letters = AllowedCharacters(unicodedata.normalize("NFD", "Thúy"), alphabet)
    assert LineDecoder(alphabet).texts_within(logits, letters)[0].text == "Thúy"


def test_guides_combine():
    letters = AllowedCharacters("ab", "abc")
    assert letters.step(0, 1)[0] == letters.step(0, 0)[0] == 0.0
    assert letters.step(0, 3)[0] == -math.inf
    both = Together((letters, 0.0), (Lexicon(["ca", "ab"], "abc"), 2.0))
    assert both.step(both.start, 3)[0] == -math.inf
    gain, state = both.step(both.start, 1)
    assert gain == 0.0
    assert both.step(state, 1)[0] == -math.inf
    assert both.step(state, 2)[0] == 0.0


def test_a_calibrated_line_is_monotonic_and_bounded():
    fit = Calibration(1.0, -1.0, 0.5, 0.2)
    values = [fit.line(ReadText("", (), p, 0.5)) for p in (0.0, 0.1, 0.5, 0.9, 1.0)]
    assert values == sorted(values)
    assert 0 < values[0] < values[-1] < 1
    assert fit.line(ReadText("", (), 0.5, 0.9)) > fit.line(ReadText("", (), 0.5, 0.2))
    assert Calibration().line(ReadText("", (), 0.3, 0.9)) == pytest.approx(0.3)


def test_texts_that_differ_by_outer_spaces_are_one():
    logits = np.full((3, 3), -9.0, np.float32)
    logits[0, 1] = 2.0
    logits[1, 2], logits[1, 0] = 2.0, 1.8
    logits[2, 0] = 2.0
    read = LineDecoder("a ").texts(logits)
    assert read[0].text == "a"
    assert read[0].probability == pytest.approx(1.0, abs=1e-3)
    assert read[0].share == pytest.approx(1.0, abs=1e-3)
    assert read[0].classes == (1,)
    assert len(LineDecoder("a ").characters(logits, read[0].classes)) == 1


def test_the_alphabet_holds_all_vietnamese_letters_in_both_cases():
    letters = vietnamese_letters()
    assert len(letters) == len(set(letters)) == 178
    assert sum(not letter.isascii() for letter in letters) == 134
    alphabet = default_alphabet()
    check_alphabet(alphabet)
    assert len(alphabet) == len(set(alphabet))
    assert set("ŏĕčñfjwzŎĔČÑFJWZ0123456789 .,/-") <= set(alphabet)
    assert set("ê̆") <= set(alphabet)


@pytest.mark.parametrize("letter", ["ữ", "Đ", "7", " "])
def test_an_alphabet_without_a_needed_character_is_refused(letter):
    with pytest.raises(ModelError, match="lacks 1 character"):
        check_alphabet(default_alphabet().replace(letter, ""))


def test_texts_have_one_form():
    assert canonical("Nguye\u0302\u0303n  –  Ăn\u00a0’x’") == "Nguyễn - Ăn 'x'"
