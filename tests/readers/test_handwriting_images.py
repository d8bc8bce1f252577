import numpy as np
import pytest

from extractor.errors import ImageError
from extractor.readers.handwriting.images import HEIGHT, MAX_WIDTH, WIDTH_UNIT, prepare, to_grey


def line(height=60, width=300):
    grey = np.full((height, width), 220, np.uint8)
    grey[height // 3 : 2 * height // 3, 20 : width // 2 : 9] = 40
    return grey


def test_lines_are_scaled_to_one_height_and_padded_with_paper():
    picture, taken = prepare(line())
    assert picture.shape == (HEIGHT, 256)
    assert taken == 240
    assert (picture[:, taken:] == 1.0).all()
    assert picture.min() == -1.0


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 9000), (7, 3)])
def test_any_shape_is_taken(shape):
    picture, taken = prepare(np.full(shape, 200, np.uint8))
    assert picture.shape[0] == HEIGHT
    assert picture.shape[1] % WIDTH_UNIT == 0
    assert 1 <= taken <= picture.shape[1] <= MAX_WIDTH
    assert np.isfinite(picture).all()


def test_colour_depth_polarity_and_type_do_not_matter():
    grey = line()
    colour = np.repeat(grey[:, :, None], 3, axis=2)
    alpha = np.concatenate([colour, np.zeros((*grey.shape, 1), np.uint8)], axis=2)
    deep = grey.astype(np.uint16) * 257
    expected = to_grey(grey)
    for other in (colour, alpha, grey[:, :, None], deep, grey[:, ::-1][:, ::-1]):
        assert np.array_equal(to_grey(other), expected)
    assert np.array_equal(to_grey(255 - grey), expected)
    assert np.array_equal(to_grey(grey > 128), np.where(grey > 128, 255, 0))


def test_faint_ink_is_strengthened_and_empty_paper_is_not():
    faint = np.where(line() < 100, 120, 220).astype(np.uint8)
    assert prepare(faint)[0].min() == -1.0
    noise = np.random.default_rng(0).normal(220, 3, (60, 300)).clip(0, 255).astype(np.uint8)
    assert prepare(noise)[0].min() > 0.2


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 10), np.uint8), np.zeros((10, 0, 3), np.uint8), np.zeros(10, np.uint8),
        np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4), np.float32), np.zeros((2, 4, 4, 3), np.uint8),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(array):
    with pytest.raises(ImageError):
        prepare(array)
