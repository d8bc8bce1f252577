import cv2
import numpy as np
import pytest

from extractor.readers.ticks import read_tick, tick_features


def empty(side: int = 34, level: int = 250, noise: float = 3.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(level, noise, (side, side)), 0, 255).astype(np.uint8)


def drawn(*strokes, side: int = 34, pen: int = 3, ink: int = 60) -> np.ndarray:
    """A box with strokes given in shares of its side."""
    box = empty(side)
    for stroke in strokes:
        points = np.round(np.array(stroke) * side).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(box, [points], False, ink, pen, cv2.LINE_AA)
    return box


CROSS = ([(0.1, 0.1), (0.9, 0.9)], [(0.9, 0.1), (0.1, 0.9)])


@pytest.mark.parametrize("side", [16, 34, 60, 120])
@pytest.mark.parametrize(
    "strokes",
    [
        CROSS,
        ([(-0.2, -0.1), (1.1, 1.2)], [(1.2, -0.2), (-0.1, 1.1)]),
        ([(0.1, 0.5), (0.4, 0.85), (1.05, -0.05)],),
        ([(0.15, 0.1), (0.5, 0.9), (0.9, 0.05)],),
        ([(0.1, y) for y in (0.2,)] + [(0.9, 0.2), (0.1, 0.4), (0.9, 0.5), (0.1, 0.7), (0.9, 0.85)],),
    ],
    ids=["cross", "cross that leaves the box", "check", "vee", "scribble"],
)
def test_ticks(strokes, side):
    reading = read_tick(drawn(*strokes, side=side, pen=max(1, side // 11)))
    assert reading.ticked
    assert reading.confidence > 0.9


def test_filled_box():
    box = empty()
    box[5:29, 6:30] = 70
    assert read_tick(box).ticked


@pytest.mark.parametrize("side", [16, 34, 60, 120])
def test_empty_box_with_scanner_noise(side):
    for seed in range(5):
        reading = read_tick(empty(side, 244, 7.0, seed))
        assert not reading.ticked
        assert reading.confidence > 0.95


@pytest.mark.parametrize("edges", [(0,), (1,), (0, 2), (0, 1, 2, 3)])
def test_printed_frame_that_shows_is_no_tick(edges):
    box = empty(40)
    for edge in edges:
        np.rot90(box, edge)[1:4, :] = 60
    reading = read_tick(box)
    assert not reading.ticked
    assert reading.confidence > 0.9
    ticked = drawn(*CROSS, side=40)
    for edge in edges:
        np.rot90(ticked, edge)[1:4, :] = 60
    assert read_tick(ticked).ticked


def test_specks_shine_through_and_the_neighbours_tail_are_no_ticks():
    specks = empty(40)
    cv2.circle(specks, (12, 25), 1, 90, -1)
    cv2.circle(specks, (30, 8), 1, 90, -1)
    assert not read_tick(specks).ticked
    assert not read_tick(drawn(*CROSS, side=40, ink=215)).ticked
    assert not read_tick(drawn([(0.8, -0.1), (1.1, 0.2)], side=40)).ticked


def test_colour_and_tiny_crops_are_taken():
    assert read_tick(cv2.cvtColor(drawn(*CROSS), cv2.COLOR_GRAY2BGR)).ticked
    for shape in ((1, 1), (2, 9), (5, 3)):
        reading = read_tick(np.full(shape, 255, np.uint8))
        assert not reading.ticked
        assert np.isfinite(tick_features(np.full(shape, 255, np.uint8))).all()


def test_confidence_is_a_probability_of_being_right():
    for level in range(60, 250, 20):
        reading = read_tick(drawn(*CROSS, ink=level))
        assert 0.5 <= reading.confidence <= 1.0
