"""Cleaning, against pages turned, bent and shaded by known amounts."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from extractor.scans import BLANK_INK, clean_page, ink_share
from extractor.scans.light import even_light
from extractor.scans.photo import find_page
from extractor.scans.resolution import estimate_dpi, scale_for
from extractor.scans.skew import estimate_skew

REAL = Path(__file__).resolve().parents[3] / "shared" / "scans"


def marks(image: np.ndarray) -> np.ndarray:
    """Put five small crosses of pure blue on a page; returns their places."""
    height, width = image.shape[:2]
    places = np.array([[0.2, 0.2], [0.6, 0.25], [0.3, 0.6], [0.6, 0.75], [0.45, 0.45]]) * (width, height)
    places = places.round()
    for x, y in places.astype(int):
        cv2.circle(image, (x, y), 7, (255, 0, 0), -1)
    return places


def find_marks(image: np.ndarray) -> np.ndarray:
    """Centres of the blue crosses."""
    blue = (image[:, :, 0].astype(int) - image[:, :, 2] > 90).astype(np.uint8)
    _, _, stats, centres = cv2.connectedComponentsWithStats(blue)
    return centres[1:][stats[1:, cv2.CC_STAT_AREA] > 40]


def worst_distance(clean, places) -> float:
    """Greatest distance in source pixels between marks mapped back from the clean page and where they were put."""
    found = find_marks(clean.image)
    assert len(found) == len(places)
    back = cv2.perspectiveTransform(found[None], clean.to_source)[0]
    return float(np.linalg.norm(back[:, None] - places[None], axis=2).min(axis=1).max())


def turned(image, degrees):
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("degrees", [-6.3, -0.4, 0.25, 2.9])
def test_skew_is_taken_out_to_a_tenth_of_a_degree(files, degrees):
    page = turned(files.form_page(3), degrees)
    places = marks(page)
    clean = clean_page(files.source(page))
    level = clean.to_source[:2, 0]
    assert np.degrees(np.arctan2(level[1], level[0])) == pytest.approx(degrees, abs=0.1)
    assert worst_distance(clean, places) < 1.0


def test_straight_page_is_not_resampled(files):
    page = files.form_page(5, 1240, 1754)
    clean = clean_page(files.source(page, dpi=150.0))
    assert clean.image is page or np.array_equal(clean.image, page)
    assert np.array_equal(clean.to_source, np.eye(3))
    assert clean.notes == ()
    assert clean.dpi == 150.0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("quarters", range(4))
def test_pages_come_out_upright(files, seed, quarters):
    page = np.ascontiguousarray(np.rot90(turned(files.form_page(10 + seed), 1.3), quarters))
    places = marks(page)
    clean = clean_page(files.source(page))
    # The direction in the source of "right" on the clean page tells the turn.
    right = clean.to_source[:2, 0] / np.linalg.norm(clean.to_source[:2, 0])
    expected = {0: (1, 0), 1: (0, -1), 2: (-1, 0), 3: (0, 1)}[quarters]
    assert right == pytest.approx(expected, abs=0.05)
    assert worst_distance(clean, places) < 1.0


def test_page_without_text_is_left_alone(files):
    rng = np.random.default_rng(1)
    page = np.clip(rng.normal(240, 5, (900, 640, 3)), 0, 255).astype(np.uint8)
    clean = clean_page(files.source(page, dpi=150.0))
    assert np.array_equal(clean.to_source, np.eye(3))


@pytest.mark.parametrize(("ground", "seed"), [("dark", 0), ("dark", 1), ("grey", 2), ("grey", 3), ("cluttered", 2)])
def test_page_is_found_in_a_photograph(files, ground, seed):
    picture, corners = files.photograph(files.form_page(seed), seed, ground)
    clean = clean_page(files.source(picture))
    assert "page found in photograph" in clean.notes
    # The page's corners are the clean picture's corners, whatever was done in between.
    height, width = clean.image.shape[:2]
    ends = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64) - 0.5
    assert np.abs(cv2.perspectiveTransform(ends, clean.to_source)[0] - corners).max() < 12


def test_outlines_are_right_or_none_on_cluttered_tables(files):
    page = files.form_page(0)
    found = 0
    for seed in range(8):
        picture, corners = files.photograph(page, seed, "cluttered")
        outline = find_page(picture)
        if outline is not None:
            found += 1
            assert np.abs(outline.corners - corners).max() < 8
            assert outline.height / outline.width == pytest.approx(1.414, rel=0.03)
    assert found >= 5


def test_marks_survive_the_way_through_a_photograph(files):
    picture, _ = files.photograph(files.form_page(2), 2, "dark")
    places = marks(picture)
    upside_down = np.array([picture.shape[1] - 1, picture.shape[0] - 1]) - places
    assert worst_distance(clean_page(files.source(np.rot90(picture, 2))), upside_down) < 1.5


def test_scan_with_black_borders_is_not_cut(files):
    page = files.form_page(4)
    ragged = np.zeros((1600, 1100, 3), np.uint8)
    ragged[90:1504, 100:] = page
    # Sheets are trimmed unevenly: both free edges run a little askew.
    cv2.fillPoly(ragged, [np.array([[0, 0], [1100, 0], [1100, 100], [0, 88]])], (0, 0, 0))
    cv2.fillPoly(ragged, [np.array([[0, 0], [112, 0], [98, 1600], [0, 1600]])], (0, 0, 0))
    assert find_page(ragged) is None
    clean = clean_page(files.source(ragged))
    assert clean.image.shape[0] / clean.image.shape[1] == pytest.approx(1600 / 1100, rel=0.02)
    assert clean.grey[5, 5] == 255, "what lies outside of the sheet is no ink"


def test_light_is_made_even(files):
    page = files.form_page(6)
    height, width = page.shape[:2]
    shade = 1 - 0.65 * np.linspace(0, 1, width)[None, :, None] * np.linspace(0.4, 1, height)[:, None, None]
    grey = clean_page(files.source((page * shade).astype(np.uint8))).grey
    blocks = [np.median(grey[y : y + 150, x : x + 150]) for y in range(0, 1250, 250) for x in range(0, 850, 200)]
    assert min(blocks) > 235
    evenly = clean_page(files.source(page)).grey
    assert ink_share(grey) == pytest.approx(ink_share(evenly), rel=0.15)


def test_dark_surroundings_become_white_but_frames_and_blots_stay():
    grey = np.full((700, 500), 200, np.uint8)
    grey[:60] = 10
    grey[:, :40] = 10
    cv2.rectangle(grey, (100, 150), (400, 600), 30, 4)
    cv2.circle(grey, (250, 300), 12, 20, -1)
    even = even_light(grey)
    assert (even[:55, :] == 255).all()
    assert (even[:, :35] == 255).all()
    assert even[152, 250] < 80
    assert even[300, 250] < 80
    assert even[400, 300] > 240


def test_blank_pages_are_told_from_empty_forms(files):
    rng = np.random.default_rng(2)
    blank = rng.normal(225, 6, (1414, 1000, 3))
    blank[:, :25] = 70
    blank *= np.linspace(1, 0.6, 1000)[None, :, None]
    blank[700:704, 300:303] = 60
    blank = np.clip(blank, 0, 255).astype(np.uint8)
    assert ink_share(clean_page(files.source(blank)).grey) < BLANK_INK
    assert ink_share(clean_page(files.source(files.form_page(1))).grey) > 10 * BLANK_INK
    almost = blank.copy()
    cv2.putText(almost, "So 12", (300, 400), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (60, 60, 60), 3)
    assert ink_share(clean_page(files.source(almost)).grey) > BLANK_INK


def test_small_and_large_scans_are_brought_to_a_usual_resolution(files):
    page = files.form_page(7)
    small = cv2.resize(page, (600, 848), interpolation=cv2.INTER_AREA)
    places = marks(small)
    clean = clean_page(files.source(small))
    assert clean.dpi == pytest.approx(200, rel=0.02)
    assert clean.image.shape[1] == pytest.approx(1654, rel=0.02)
    assert worst_distance(clean, places) < 0.5
    large = cv2.resize(page, (2482, 3508), interpolation=cv2.INTER_CUBIC)
    clean = clean_page(files.source(large, dpi=600.0))
    assert clean.dpi == pytest.approx(300)
    assert clean.image.shape[:2] == (1754, 1241)


@pytest.mark.parametrize(
    ("stated", "size", "expected"),
    [
        (300.0, (2480, 3508), 300.0),
        (72.0, (2480, 3508), 300.0),
        (None, (1654, 2339), 200.0),
        (None, (4960, 3508), 300.0),
        (2400.0, (2480, 3508), 300.0),
        (200.0, (200, 300), 25.0),
    ],
)
def test_resolution(stated, size, expected):
    assert estimate_dpi(stated, size) == pytest.approx(expected, rel=0.05)


def test_scaling_is_bounded():
    assert scale_for(200) == scale_for(300) == 1.0
    assert scale_for(5) == 4.0


def test_skew_of_nothing_is_none():
    assert estimate_skew(np.zeros((500, 400), bool)) == (0.0, 1.0)
    rng = np.random.default_rng(0)
    assert estimate_skew(rng.random((500, 400)) < 0.05)[0] == 0.0


@pytest.mark.parametrize("shape", [(64, 64), (64, 3000), (65, 900)])
def test_odd_shapes_do_not_fail(files, shape):
    rng = np.random.default_rng(3)
    for image in (rng.integers(0, 256, (*shape, 3), dtype=np.uint8), np.zeros((*shape, 3), np.uint8)):
        clean = clean_page(files.source(image))
        assert clean.image.shape[:2] == clean.grey.shape
        assert np.isfinite(clean.to_source).all()
        assert 0.0 <= ink_share(clean.grey) <= 1.0


def test_speed(files):
    page = turned(cv2.resize(files.form_page(1), (2480, 3508), interpolation=cv2.INTER_CUBIC), 1.1)
    times = []
    for _ in range(2):
        start = time.process_time()
        clean_page(files.source(page, dpi=300.0))
        times.append(time.process_time() - start)
    assert min(times) < 1.5


@pytest.mark.skipif(not REAL.is_dir(), reason="the real scans are not in the repository")
@pytest.mark.parametrize("name", ["DAFANCH96_048MIC06482_L-1", "FRAN_0025_2863_L-0"])
@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_real_pages_are_turned_upright_and_not_cut(files, name, quarters):
    image = cv2.imread(str(REAL / f"{name}.jpg"))
    clean = clean_page(files.source(np.rot90(image, quarters), dpi=200.0))
    assert "page found in photograph" not in clean.notes
    right = clean.to_source[:2, 0] / np.linalg.norm(clean.to_source[:2, 0])
    assert right == pytest.approx({0: (1, 0), 1: (0, -1), 2: (-1, 0)}[quarters], abs=0.04)
