"""What is shown of one of two facing pages lies where it is in the whole picture."""

import numpy as np
import pytest

from extractor.records import Registration
from extractor.templates import load_form
from extractor.templates.designing import to_design
from extractor.templates.designing.facing import carried, carried_snaps, carry, together
from extractor.templates.designing.showing import Shown, ShownLabel, ShownRegion
from extractor.templates.designing.snapping import SeenWord, Snaps
from extractor.templates.load import default_folder

RIGHT_PAGE = np.array([[0.999, -0.012, 1700.0], [0.011, 1.001, 14.0], [2e-7, 1e-7, 1.0]])


@pytest.fixture(scope="module")
def design():
    return to_design(load_form(default_folder() / "ks-2016"))


def test_labels_and_values_go_where_the_half_lies(design):
    place = design.sheet.places[4]
    half_map = np.array([[8.0, 0.01, -50.0], [-0.01, 8.2, -60.0]])
    home = half_map @ (place.x, place.y, 1)
    label = ShownLabel(place.id, (float(home[0] + 5), float(home[1] - 3)), (5.0, -3.0), 100.0, 30.0, True)
    region = ShownRegion(1, "nksHoTen", ((300.0, 400.0), (900.0, 400.0), (900.0, 460.0), (300.0, 460.0)))
    good = Registration(ok=True, residual_px=1.0, coverage=1.0, method="labels")
    rows = tuple(tuple(row) for row in half_map.tolist())
    whole = carried(Shown((1650, 2340), rows, good, (label,), (region,)), design, RIGHT_PAGE, (3380, 2360))
    (moved,) = whole.labels
    assert whole.size == (3380, 2360)
    assert np.allclose(moved.at, carry(np.array([label.at]), RIGHT_PAGE)[0], atol=0.1)
    # The page's script puts a label where the map and its own shift lead.
    there = np.array(whole.map) @ (place.x, place.y, 1) + moved.move
    assert np.allclose(there, moved.at, atol=0.2)
    assert np.allclose(whole.regions[0].corners, carry(np.array(region.corners), RIGHT_PAGE), atol=0.1)


def test_lines_and_words_of_both_halves_are_offered():
    left = Snaps(((10.0, 90.0, 50.0),), (), ((5.0, 700.0, 20.0),), (SeenWord("Họ", 10, 30, 60, 50),))
    both = together(left, carried_snaps(left, RIGHT_PAGE))
    assert len(both.leaders) == len(both.down) == len(both.words) == 2
    (start, end, at), word = both.leaders[1], both.words[1]
    assert 1700 < start < end < 1800 and 60 < at < 70
    assert word.text == "Họ" and word.left > 1700
