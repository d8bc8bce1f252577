from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from extractor.records import Box, Decision
from extractor.templates import register
from extractor.templates.blank import draw_blank
from extractor.templates.overlay import (
    Mark,
    draw_overlay,
    draw_registered,
    from_layout,
    marks_of,
    to_layout,
    write_overlay,
)


@pytest.fixture(scope="module")
def registered(ks2016, drawer):
    drawn = drawer(ks2016)
    return drawn.page, register(drawn.page, drawn.text, ks2016)


def changed(drawing: Image.Image, image: np.ndarray) -> np.ndarray:
    """Pixels of the drawing that are neither paper nor ink of the page."""
    return np.ptp(np.asarray(drawing).astype(int), axis=2) > 40


def test_decisions_have_hues_of_their_own():
    paper = np.full((300, 900, 3), 255, np.uint8)
    marks = [
        Mark("so", Box(20, 100, 200, 60), Decision.ACCEPTED),
        ("quyenSo", np.array([(300, 100), (500, 100), (500, 160), (300, 160)], float), Decision.REVIEW),
        Mark("ngayDangKy", Box(600, 100, 200, 60), "problem"),
    ]
    drawing = np.asarray(draw_overlay(paper, marks)).astype(int)
    means = []
    for left in (20, 300, 600):
        part = drawing[95:165, left - 4 : left + 204].reshape(-1, 3)
        means.append(part[np.ptp(part, axis=1) > 60].mean(axis=0))
    green, amber, red = means
    assert green[1] > green[0]
    assert amber[0] > amber[1] > amber[2]
    assert red[0] - red[1] > amber[0] - amber[1]


def test_large_pages_are_drawn_smaller(registered):
    page, lying = registered
    drawing = draw_overlay(page.image, marks_of(lying), height=700)
    assert drawing.height == 700
    assert changed(drawing, page.image).sum() > 2000


def test_grey_pages_and_nothing_to_draw():
    assert draw_overlay(np.full((50, 40), 255, np.uint8), []).size == (40, 50)


def test_a_refused_page_shows_anchors_and_reason(registered):
    page, lying = registered
    refused = lying.__class__(
        lying.form,
        lying.form_version,
        lying.registration.model_copy(update={"ok": False, "reason": "Chỉ thấy 40% nhãn in."}),
        (),
        lying.anchors,
    )
    plain = draw_overlay(page.image, [])
    drawing = draw_registered(page.image, refused)
    assert np.any(np.asarray(drawing) != np.asarray(plain))
    foot = np.asarray(drawing)[-40:]
    assert (np.ptp(foot.astype(int), axis=2) > 60).any()


def test_an_overlay_is_written_as_a_small_picture(registered, tmp_path):
    page, lying = registered
    path = tmp_path / "overlays" / "page.png"
    write_overlay(path, draw_registered(page.image, lying))
    assert path.stat().st_size < 400_000
    with Image.open(path) as image:
        assert image.height == 1400


def test_a_layout_goes_to_layoutparser_and_back(registered):
    _, lying = registered
    layout = to_layout(lying)
    again = from_layout(layout)
    assert [field.code for field in again[0].fields] == [field.code for field in lying.records[0].fields]
    for one, other in zip(again[0].fields, lying.records[0].fields, strict=True):
        assert len(one.lines) == len(other.lines)
        for a, b in zip(one.lines, other.lines, strict=True):
            assert np.allclose(a.min(axis=0), b.min(axis=0))
            assert np.allclose(a.max(axis=0), b.max(axis=0))
        assert [option.value for option in one.options] == [option.value for option in other.options]


def test_a_strange_block_is_refused():
    import layoutparser as lp

    layout = lp.Layout([lp.TextBlock(lp.Rectangle(0, 0, 1, 1), id="so")])
    with pytest.raises(ValueError, match="so"):
        from_layout(layout)


def test_blank_forms_are_drawn(forms):
    for form in forms:
        picture = np.asarray(draw_blank(form).convert("L"))
        assert (picture < 128).sum() > 500
