from __future__ import annotations

import numpy as np
import pytest

from extractor.templates.alignment import Spot, align, apply, robust_affine, rough_fit
from extractor.templates.wording import Found

SCALE = 8.0
AFFINE = np.array([[SCALE, 0.0, 0.0], [0.0, SCALE, 0.0]])


def at(x: float, y: float, number: int, similarity: float = 1.0) -> Found:
    """A place in millimetres."""
    return Found(similarity, x * SCALE, x * SCALE + 80, y * SCALE, 20, 0, (number, number + 1))


def test_repeated_labels_are_told_apart_by_their_order():
    spots = [Spot(20, y, 1.0, row, head=True) for row, y in enumerate((50, 80, 110))]
    candidates = [[at(20, 52, 1), at(20, 83, 2), at(20, 112, 3)]] * 3
    chosen = align(spots, candidates, AFFINE)
    assert [found.span[0] for found in chosen if found] == [1, 2, 3]


def test_one_of_two_missing_is_known_by_its_place():
    spots = [Spot(20, y, 1.0, row, head=True) for row, y in enumerate((50, 80))]
    chosen = align(spots, [[at(20, 81, 1)], [at(20, 81, 1)]], AFFINE)
    assert chosen[0] is None
    assert chosen[1] is not None


def test_labels_of_one_line_keep_their_order_at_any_distance():
    spots = [Spot(20, 50, 1.0, 0, head=True), Spot(60, 50, 1.0, 0, head=False)]
    assert align(spots, [[at(20, 50, 1)], [at(95, 50.2, 2)]], AFFINE)[1] is not None
    assert align(spots, [[at(34, 50, 1)], [at(30, 50, 2)]], AFFINE).count(None) == 1


def test_two_labels_never_share_a_word():
    spots = [Spot(20, 50, 1.0, 0, head=True), Spot(20, 58, 1.0, 1, head=True)]
    assert align(spots, [[at(20, 54, 1)], [at(20, 54, 1)]], AFFINE).count(None) == 1


def test_far_places_are_not_taken():
    assert align([Spot(20, 50, 1.0, 0, head=True)], [[at(20, 120, 1)]], AFFINE) == [None]


def test_nothing_to_choose_from():
    assert align([Spot(20, 50, 1.0, 0, head=True)], [[]], AFFINE) == [None]


@pytest.mark.parametrize("seed", range(5))
def test_the_rough_fit_withstands_strangers(seed):
    rng = np.random.default_rng(seed)
    spots = np.column_stack([rng.uniform(20, 60, 20), np.sort(rng.uniform(30, 270, 20))])
    true = np.array([[SCALE, 0.0, 40.0], [0.0, SCALE * 1.06, -90.0]])
    seen = apply(true, spots) + rng.normal(0, 6, spots.shape)
    candidates = []
    for i, (x, y) in enumerate(seen):
        places = [Found(1.0, x, x + 80, y, 20, 0, (i, i + 1))]
        if i % 2:
            wrong = Found(1.0, *rng.uniform(0, 1500, 2), rng.uniform(0, 2300), 20, 0, (99 + i, 100 + i))
            places = [wrong, *places] if i % 4 else [wrong]
        candidates.append(places)
    affine = rough_fit(spots, np.full(20, 1.5), candidates, SCALE)
    assert np.abs(apply(affine, spots) - apply(true, spots)).max() < 8 * SCALE


def test_without_labels_the_resolution_gives_the_map():
    assert np.allclose(rough_fit(np.zeros((1, 2)), np.ones(1), [[]], SCALE)[:, :2], np.eye(2) * SCALE)


def test_the_robust_fit_is_not_tilted_by_an_outlier():
    spots = np.column_stack([np.tile([20.0, 100.0], 6), np.repeat(np.arange(40, 280, 40.0), 2)])
    true = np.array([[8.0, 0.0, 10.0], [0.0, 8.3, -20.0]])
    seen = apply(true, spots)
    seen[3] += (0, 150)
    fitted = robust_affine(spots, seen, np.ones(len(spots)), AFFINE)
    assert np.median(np.abs(apply(fitted, spots) - apply(true, spots))) < 4
    assert abs(fitted[1, 0]) < 0.05
