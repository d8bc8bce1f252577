from __future__ import annotations

import cv2
import numpy as np
import pytest

from extractor.readers.furniture import find_furniture, furniture_of, without_furniture
from extractor.scans.types import CleanPage, SourcePage


def paper() -> np.ndarray:
    return np.full((600, 1200), 250, np.uint8)


def write(grey: np.ndarray, x: int, y: int) -> None:
    cv2.putText(grey, "Nguyen Van An", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 40, 3)


@pytest.mark.parametrize(("length", "gap"), [(2, 5), (3, 3), (12, 6), (7, 6)])
def test_dotted_and_dashed_leaders_are_found_and_painted_over(length, gap):
    grey = paper()
    for x in range(100, 1000, length + gap):
        cv2.rectangle(grey, (x, 300), (x + length - 1, 302), 60, -1)
    furniture = furniture_of(grey, dpi=200)
    (leader,) = furniture.leaders
    assert leader.at == pytest.approx(301, abs=1)
    assert leader.start == pytest.approx(100, abs=8)
    assert leader.end == pytest.approx(1000, abs=20)
    assert (without_furniture(furniture) > 200).all()


def test_writing_over_a_leader_does_not_break_it():
    grey = paper()
    for x in range(100, 1000, 7):
        cv2.rectangle(grey, (x, 300), (x + 1, 301), 60, -1)
    write(grey, 300, 306)
    furniture = furniture_of(grey, dpi=200)
    assert len(furniture.leaders) == 1
    assert np.count_nonzero(furniture.ink[260:310, 300:600]) > 500


def test_leaders_of_two_columns_stay_two():
    grey = paper()
    for x in [*range(100, 500, 7), *range(560, 1000, 7)]:
        cv2.rectangle(grey, (x, 300), (x + 1, 301), 60, -1)
    assert len(furniture_of(grey, dpi=200).leaders) == 2


def test_a_frame_is_rulings_and_no_ink():
    grey = paper()
    cv2.rectangle(grey, (100, 100), (1100, 500), 40, 2)
    furniture = furniture_of(grey, dpi=200)
    assert [round(s.at / 100) for s in furniture.verticals] == [1, 11]
    assert [round(s.at / 100) for s in furniture.horizontals] == [1, 5]
    assert np.count_nonzero(furniture.ink) == 0


def test_letters_are_no_furniture():
    grey = paper()
    write(grey, 100, 200)
    before = np.count_nonzero(grey < 128)
    furniture = furniture_of(grey, dpi=200)
    assert not furniture.leaders
    assert np.count_nonzero(furniture.ink) > 0.95 * before


def test_stamps_are_told_by_their_colour():
    image = np.full((400, 400, 3), 250, np.uint8)
    cv2.circle(image, (200, 200), 80, (40, 40, 200), 5)
    cv2.line(image, (20, 20), (380, 20), (150, 60, 40), 5)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    page = CleanPage(SourcePage("a.png", 1, image, "0"), image, grey, np.eye(3), 200.0)
    stamps = find_furniture(page).stamps
    assert stamps[200, 120] > 0
    assert not stamps[10:30].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 3)])
def test_tiny_pictures_do_no_harm(shape):
    furniture = furniture_of(np.zeros(shape, np.uint8), dpi=20)
    assert without_furniture(furniture).shape == shape
