from __future__ import annotations

import cv2
import numpy as np

from extractor.templates.strokes import ABOVE, OWN, owned_strokes, straight_cut, winding_cut

PITCH, BASE = 60.0, 100.0


def window() -> np.ndarray:
    """A line of writing at row 100 with an ascender, below a line at row 40 with a tail beside it."""
    ink = np.zeros((170, 300), np.uint8)
    cv2.rectangle(ink, (20, 15), (280, 40), 255, 3)
    cv2.line(ink, (60, 40), (60, 66), 255, 3)
    cv2.rectangle(ink, (20, 75), (280, 100), 255, 3)
    cv2.line(ink, (200, 75), (200, 50), 255, 3)
    return ink


def test_marks_belong_to_the_letter_they_are_nearest_to():
    ink = window()
    cv2.circle(ink, (120, 66), 3, 255, -1)
    cv2.circle(ink, (150, 46), 3, 255, -1)
    owner = owned_strokes(ink, BASE, PITCH).owner
    assert owner[66, 120] == OWN
    assert owner[46, 150] == ABOVE


def test_a_straight_border_parts_lines_that_keep_apart():
    ink = window()
    ink[45:72, 55:65] = 0
    ink[44:74, 195:205] = 0
    row, lost = straight_cut(owned_strokes(ink, BASE, PITCH), 56.0, upper=True)
    assert 43 < row < 74
    assert lost == 0


def test_a_winding_border_keeps_tail_and_ascender_apart():
    strokes = owned_strokes(window(), BASE, PITCH)
    row, lost = straight_cut(strokes, 56.0, upper=True)
    assert lost > 20
    border = winding_cut(strokes, row, upper=True)
    heights = np.interp([60, 200], border[:, 0], border[:, 1])
    assert heights[0] > 66
    assert heights[1] < 50
    assert border[0, 0] == 0
    assert border[-1, 0] == 300


def test_an_empty_window_has_a_level_border():
    strokes = owned_strokes(np.zeros((170, 300), np.uint8), BASE, PITCH)
    border = winding_cut(strokes, 56.0, upper=True)
    assert len(np.unique(border[:, 1])) == 1
