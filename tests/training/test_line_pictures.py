import itertools

import numpy as np
import pytest

from extractor.readers.handwriting.alphabet import canonical, default_alphabet
from extractor.readers.handwriting.images import prepare
from extractor.training import augment
from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text
from extractor.training.line_texts import capital_name, line_text
from extractor.training.remains import leave_print
from extractor.training.rendered import can_write, font_lines


def picture():
    ink = draw_text(np.random.default_rng(0), "Trần Thị Bưởi", load_fonts("hand", "train")[0].path)
    return (255 - 200 * ink).astype(np.uint8)


@pytest.mark.parametrize("change", [step for _, step in augment.STEPS])
def test_each_change_keeps_a_grey_line_with_ink(change):
    grey = picture()
    for seed in range(4):
        out = change(np.random.default_rng(seed), grey)
        assert out.dtype == np.uint8
        assert out.ndim == 2
        assert out.shape[0] >= 20
        assert int(np.percentile(out, 80)) - int(out.min()) > 40


def test_changes_are_repeatable_and_differ_by_seed():
    grey = picture()
    first, same, other = (augment.augment(np.random.default_rng(seed), grey) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert first.shape != other.shape or not np.array_equal(first, other)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3), (48, 2000)])
def test_odd_shapes_survive(shape):
    grey = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for seed in range(6):
        assert augment.augment(np.random.default_rng(seed), grey).size > 0


def test_texts_can_be_written_by_the_alphabet():
    rng = np.random.default_rng(0)
    known = set(default_alphabet())
    texts = [canonical(line_text(rng)) for _ in range(400)]
    assert sum(set(text) <= known for text in texts) >= 396
    assert len(set(texts)) > 300
    assert max(len(text.split()) for text in texts) <= 9


def test_font_lines_use_only_letters_their_fonts_have():
    fonts = load_fonts("hand", "train")[:2]
    for sample in itertools.islice(font_lines(np.random.default_rng(0), fonts), 12):
        assert any(can_write(font, sample.text) for font in fonts)
        assert sample.prepared.min() >= -1
        assert sample.prepared.shape[1] % 64 == 0
    assert not can_write(fonts[0], "漢")


def test_unchanged_font_lines_are_dark_on_light():
    sample = next(font_lines(np.random.default_rng(3), load_fonts("print", "train"), clean_share=1.0))
    assert sample.prepared.max() == 1.0
    assert float(np.median(sample.prepared)) > 0.5
    assert prepare(picture())[0].min() == -1.0


def test_remains_of_print_stand_beside_the_value_and_leave_it_whole():
    grey = picture()
    ink = grey < 120
    for seed in range(24):
        out = leave_print(np.random.default_rng(seed), grey) < 120
        columns = np.flatnonzero(ink.any(axis=0))
        value = ink[:, columns[0] : columns[-1] + 1]
        places = [
            x for x in range(out.shape[1] - value.shape[1] + 1) if np.array_equal(out[:, x : x + value.shape[1]], value)
        ]
        assert len(places) == 1
        beside = out.copy()
        beside[:, places[0] : places[0] + value.shape[1]] = False
        assert 0 < beside.sum() < 0.25 * value.sum()


def test_names_in_capitals_are_capitals_with_their_marks():
    names = [capital_name(np.random.default_rng(seed)) for seed in range(40)]
    assert all(name == name.upper() and len(name.split()) >= 2 for name in names)
    assert any(set(name) & set("ÁẾỘỮỄỖ") for name in names)
