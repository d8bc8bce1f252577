from __future__ import annotations

import pytest

from extractor.readers.joining import with_lost_marks
from extractor.readers.printed import _plain_zeros
from extractor.readers.protocol import Reading
from extractor.records import Candidate


def reading(*texts: str) -> Reading:
    candidates = tuple(Candidate(text, 0.6 / (place + 1)) for place, text in enumerate(texts))
    return Reading(texts[0], candidates[0].probability, candidates, (0.9,) * len(texts[0]))


def test_marks_on_the_writing_line_come_back_from_the_reading_that_saw_them() -> None:
    without = reading("xã Tư Tân. huyên Vũ Thư. tỉnh Thái Bình", "Tram v tế")
    seen = reading("Trạm y tế", "xã Tự Tân, huyện Vũ Thư, tỉnh Thái Bình")
    found = with_lost_marks(without, seen)
    assert found.text == "xã Tự Tân, huyện Vũ Thư, tỉnh Thái Bình"
    assert [candidate.text for candidate in found.candidates] == [found.text, "Trạm y tế"]
    assert len(found.char_confidences) == len(found.text)


@pytest.mark.parametrize("seen", ["Bệnh viện Từ Du", "Bệnh viện Từ Dũ.", "", "Bênh"])
def test_a_reading_that_differs_in_more_changes_nothing(seen: str) -> None:
    without = reading("Bênh viên Từ Dũ")
    assert with_lost_marks(without, reading(seen)) == without


def test_a_mark_that_was_seen_without_the_line_stays() -> None:
    assert with_lost_marks(reading("Thị"), reading("Thi")).text == "Thị"


def test_what_the_other_hardly_believes_lends_no_mark() -> None:
    seen = Reading("Thanh", 0.97, (Candidate("Thanh", 0.97), Candidate("Thạnh", 0.001)), (0.9,) * 5)
    assert with_lost_marks(reading("Thanh"), seen).text == "Thanh"


def test_the_text_is_the_first_candidate_once_marks_are_back() -> None:
    without = Reading("Huyen", 0.4, (Candidate("Huyen", 0.4), Candidate("huyên", 0.35), Candidate("huyện", 0.25)))
    found = with_lost_marks(without, reading("huyện"))
    assert found.text == found.candidates[0].text == "huyện"


def test_texts_that_become_the_same_count_together() -> None:
    found = with_lost_marks(reading("huyên", "huyện"), reading("huyện"))
    assert [(c.text, round(c.probability, 3)) for c in found.candidates] == [("huyện", 0.9)]


@pytest.mark.parametrize(
    ("read", "plain"),
    [("Ø1/2Ø14", "01/2014"), ("Ơ7", "07"), ("2O14", "2014"), ("Oanh", "Oanh"), ("QO", "QO"), ("1A", "1A")],
)
def test_zeros_with_a_dot_or_stroke(read: str, plain: str) -> None:
    assert _plain_zeros(read) == plain
