"""Rulings drawn with known places are found there; writing and paper edges are not taken for rulings."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from extractor.templates.rulings import find_rulings

HEIGHT, WIDTH = 1000, 720


def paper(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(236, 4, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)


def draw(page: np.ndarray, place, *, thick: int = 2, dark: int = 60, gaps: float = 0.0, seed: int = 1) -> None:
    """A vertical line at ``place(y)``, missing on a share ``gaps`` of its length."""
    rng = np.random.default_rng(seed)
    for top in range(60, HEIGHT - 60, 20):
        if rng.random() < gaps:
            continue
        ends = [(round(float(place(y)) * 16), y * 16) for y in (top, top + 20)]
        cv2.line(page, *ends, dark, thick, cv2.LINE_AA, 4)


def scribble(page: np.ndarray, left: int, right: int, seed: int = 3) -> None:
    """Lines of letter-like strokes."""
    rng = np.random.default_rng(seed)
    for base in range(120, HEIGHT - 80, 26):
        for x in range(left, right, 7):
            tilt, tall = int(rng.integers(-4, 5)), int(rng.integers(5, 15))
            cv2.line(page, (x, base), (x + tilt, base - tall), 50, 2, cv2.LINE_AA)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(lambda y: 300.0 + 0 * y, id="straight"),
        pytest.param(lambda y: 300.0 + 0.035 * (y - 500), id="skewed two degrees"),
        pytest.param(lambda y: 300.0 + 14 * np.sin(np.pi * y / HEIGHT), id="bowed"),
        pytest.param(lambda y: 300.0 - 0.03 * (y - 500) + 10 * (y / HEIGHT) ** 3, id="curled and skewed"),
    ],
)
def test_a_ruling_is_followed_to_a_pixel(place):
    page = paper()
    draw(page, place, gaps=0.2)
    scribble(page, 330, 640)
    found = [ruling for ruling in find_rulings(page) if ruling.coverage > 0.6 and ruling.extent > 0.6]
    assert len(found) == 1
    heights = np.linspace(100, HEIGHT - 100, 40)
    assert np.abs(found[0].at(heights) - place(heights)).max() < 1.6
    assert np.median(np.abs(found[0].at(heights) - place(heights))) < 0.7


def test_a_faint_ruling_needs_the_second_look():
    page = paper()
    draw(page, lambda y: 300.0 + 0 * y, thick=1, dark=218)
    assert not [ruling for ruling in find_rulings(page) if ruling.extent > 0.6]
    assert [ruling for ruling in find_rulings(page, faint=True) if ruling.extent > 0.6]


def test_double_lines_are_two_rulings():
    page = paper()
    for x in (300.0, 310.0):
        draw(page, lambda y, x=x: x + 0 * y)
    found = [float(ruling.at(500)) for ruling in find_rulings(page)]
    assert len(found) == 2
    assert found == pytest.approx([300, 310], abs=0.8)


def test_text_strokes_across_a_ruling_do_not_hide_it():
    page = paper()
    draw(page, lambda y: 400.0 + 0 * y)
    scribble(page, 80, 660)
    found = [ruling for ruling in find_rulings(page) if ruling.coverage > 0.9 and ruling.extent > 0.8]
    assert [round(float(ruling.at(500))) for ruling in found] == [400]


def test_writing_alone_has_no_unbroken_ruling():
    page = paper()
    scribble(page, 80, 660)
    assert not [ruling for ruling in find_rulings(page) if ruling.coverage > 0.7 and ruling.extent > 0.6]


def test_the_edge_of_the_paper_is_no_ruling():
    page = paper()
    page[:, :120] = 8
    page[:, 650:] = 8
    assert find_rulings(page) == ()


def test_horizontal_rulings_are_found_alike():
    page = paper()
    draw(page, lambda y: 300.0 + 0.01 * y)
    turned = np.ascontiguousarray(page.T)
    upright, lying = find_rulings(page), find_rulings(turned, vertical=False)
    assert len(upright) == len(lying) == 1
    assert float(upright[0].at(600)) == pytest.approx(float(lying[0].at(600)))


@pytest.mark.parametrize("shape", [(1, 1), (10, 400), (400, 10), (39, 39)])
def test_a_sliver_has_no_rulings(shape):
    assert find_rulings(np.full(shape, 200, np.uint8)) == ()


def test_a_scaled_ruling_is_the_same_line():
    page = paper()
    draw(page, lambda y: 300.0 + 0.02 * y)
    ruling = find_rulings(page)[0]
    assert float(ruling.scaled(2.0).at(1000)) == pytest.approx(2 * float(ruling.at(500)))
