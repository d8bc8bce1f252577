"""Cutting fields out of pages."""

import io

import numpy as np
import pytest
from PIL import Image

from extractor.errors import ImageError
from extractor.records import Box
from extractor.review.pictures import MAX_CROP_WIDTH, Pictures, to_picture
from extractor.store import PageImage

INK = (200, 30, 30)
FIELD = Box(300, 400, 200, 50)


def page_with_field(path, size=(1000, 1400), field=FIELD, scale=1.0):
    image = Image.new("RGB", (round(size[0] * scale), round(size[1] * scale)), "white")
    image.paste(INK, tuple(round(v * scale) for v in (field.x, field.y, field.right, field.bottom)))
    image.save(path)


def ink_share(content, frame):
    """Share of ink inside and outside the frame."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    ink = (pixels[..., 0] > 150) & (pixels[..., 1] < 100)
    height, width = ink.shape
    inside = np.zeros_like(ink)
    top, left = round(frame.top * height), round(frame.left * width)
    inside[top : top + round(frame.height * height), left : left + round(frame.width * width)] = True
    return ink[inside].mean(), ink[~inside].mean()


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_frame_holds_the_field_at_any_scale_of_the_picture(tmp_path, scale):
    page_with_field(tmp_path / "p.png", scale=scale)
    pictures, picture = Pictures(tmp_path), PageImage("p.png", 1000, 1400)
    inside, outside = ink_share(pictures.crop(picture, FIELD), pictures.plan(picture, FIELD).frame)
    assert inside > 0.93
    assert outside < 0.03
    frame = pictures.frame(picture, FIELD)
    assert (frame.left, frame.top, frame.width, frame.height) == pytest.approx((0.3, 400 / 1400, 0.2, 50 / 1400))


def test_a_page_that_was_scanned_sideways_is_cut_upright(tmp_path):
    # The stored picture is upright; the source lay on its side: upright (x, y) is source (1400 - y, x).
    page_with_field(tmp_path / "p.png")
    to_source = (0.0, -1.0, 1400.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    picture = PageImage("p.png", 1400, 1000, to_source)
    in_source = Box(1400 - FIELD.bottom, FIELD.x, FIELD.h, FIELD.w)
    assert to_picture(picture, in_source, (1000, 1400)) == pytest.approx((300, 400, 500, 450))
    pictures = Pictures(tmp_path)
    inside, outside = ink_share(pictures.crop(picture, in_source), pictures.plan(picture, in_source).frame)
    assert inside > 0.93
    assert outside < 0.03


def test_a_narrow_column_of_tick_boxes_is_cut_with_what_stands_beside_it(tmp_path):
    page_with_field(tmp_path / "p.png")
    pictures, picture = Pictures(tmp_path), PageImage("p.png", 1000, 1400)
    left, _, right, _ = pictures.plan(picture, Box(400, 300, 40, 240)).area
    assert (left, right) == (200, 640)


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 80, 80), Box(990, 1390, 400, 400), Box(5000, 5000, 10, 10), Box(3, 3, 0, 0)]
)
def test_boxes_at_and_beyond_the_edge_give_a_picture(tmp_path, box):
    page_with_field(tmp_path / "p.png")
    pictures, picture = Pictures(tmp_path), PageImage("p.png", 1000, 1400)
    with Image.open(io.BytesIO(pictures.crop(picture, box))) as cut:
        assert cut.width >= 1
        assert cut.height >= 1
    frame = pictures.plan(picture, box).frame
    assert 0 <= frame.left <= 1
    assert 0 <= frame.top <= 1


def test_wide_fields_are_sent_no_wider_than_a_screen(tmp_path):
    page_with_field(tmp_path / "p.png", size=(4000, 900))
    with Image.open(io.BytesIO(Pictures(tmp_path).crop(PageImage("p.png", 4000, 900), Box(10, 10, 3900, 80)))) as cut:
        assert cut.width == MAX_CROP_WIDTH


@pytest.mark.parametrize("name", ["", "missing.png", "../outside.png", "/etc/hostname", "."])
def test_only_pictures_below_the_output_folder_are_shown(tmp_path, name):
    folder = tmp_path / "out"
    folder.mkdir()
    page_with_field(tmp_path / "outside.png")
    with pytest.raises(ImageError):
        Pictures(folder).path(name)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    page_with_field(tmp_path / "outside.png")
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(ImageError):
        Pictures(folder).crop(PageImage("link.png", 1000, 1400), FIELD)


def test_a_damaged_picture_is_an_error_of_ours(tmp_path):
    (tmp_path / "p.png").write_bytes(b"\x89PNG rubbish")
    with pytest.raises(ImageError):
        Pictures(tmp_path).crop(PageImage("p.png", 1000, 1400), FIELD)
