"""Which letters are shown as doubtful."""

import pytest

from extractor.records import Candidate
from extractor.review.doubt import doubtful_segments


def test_letters_in_which_other_readings_differ_are_doubtful():
    candidates = (Candidate("Lò Văn Thử", 0.7), Candidate("Lò Văn Thứ", 0.2))
    assert doubtful_segments("Lò Văn Thử", candidates) == [("Lò Văn Th", False), ("ử", True)]


def test_readings_that_hardly_count_raise_no_doubt():
    assert doubtful_segments("Thái", (Candidate("Thái", 0.97), Candidate("Thai", 0.01))) == [("Thái", False)]


def test_a_letter_another_reading_adds_makes_the_one_before_doubtful():
    assert doubtful_segments("An", (Candidate("An", 0.6), Candidate("Anh", 0.4))) == [("A", False), ("n", True)]


def test_what_the_reader_says_of_each_letter_counts_first():
    candidates = (Candidate("07", 0.6), Candidate("01", 0.4))
    assert doubtful_segments("07", candidates, (0.5, 0.99)) == [("0", True), ("7", False)]


def test_numbers_that_do_not_fit_the_letters_are_not_used():
    assert doubtful_segments("07", (Candidate("07", 0.9),), (0.1,)) == [("07", False)]


@pytest.mark.parametrize("candidates", [(), (Candidate("", 0.5),), (Candidate("x", 0.0),)])
def test_an_empty_reading_has_no_letters(candidates):
    assert doubtful_segments("", candidates) == []


def test_the_stretches_give_the_reading_back():
    candidates = (Candidate("Nguyễn Văn A", 0.4), Candidate("Nguyen Van An", 0.3), Candidate("Ngô Vân", 0.2))
    assert "".join(text for text, _ in doubtful_segments("Nguyễn Văn A", candidates)) == "Nguyễn Văn A"
