from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from extractor.errors import ImageError
from extractor.readers.handwriting import HandwritingReader
from extractor.readers.protocol import Reading
from extractor.readers.wrapped import read_wrapped, unwrap
from extractor.training.fonts.registry import load_fonts

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "handwriting"
FONT = load_fonts("hand", "test")[0]


def picture(*placed: tuple[str, int, int, int], width=900, height=96):
    """Texts set at (x, y) in a size, dark on light."""
    image = Image.new("L", (width, height), 235)
    for text, x, y, size in placed:
        ImageDraw.Draw(image).text((x, y), text, font=ImageFont.truetype(str(FONT.path), size), fill=40)
    return np.array(image, dtype=np.uint8)


def ink(image):
    return int((image < 140).sum())


WRAPPED = picture(("Thôn Đông, xã Hòa Bình, huyện", 8, 0, 38), ("Lương Sơn", 8, 50, 36))
SINGLE = picture(("Thôn Đông, xã Hòa Bình", 8, 14, 54))


def test_two_lines_are_taken_apart_without_losing_ink():
    upper, lower = unwrap(WRAPPED)
    assert ink(upper) + ink(lower) == pytest.approx(ink(WRAPPED), rel=0.02)
    assert ink(lower) == pytest.approx(ink(picture(("Lương Sơn", 8, 50, 36))), rel=0.1)
    assert lower.shape[1] < 0.5 * WRAPPED.shape[1]


@pytest.mark.parametrize(
    "single",
    [
        SINGLE,
        picture(),
        picture(("Nguyễn Thị Ổi", 8, 40, 36)),
        picture(("Ếch Ộp Ặc Ỗi", 8, 14, 54)),
        np.zeros((1, 1), np.uint8),
        np.full((4, 900), 255, np.uint8),
    ],
    ids=["line", "empty", "low", "marks", "pixel", "sliver"],
)
def test_one_line_stays_one_picture(single):
    assert [part.shape for part in unwrap(single)] == [single.shape]


def test_a_ruling_under_a_line_is_no_second_line():
    ruled = SINGLE.copy()
    ruled[86:90, 4:860] = 60
    assert len(unwrap(ruled)) == 1


def test_two_printed_lines_in_the_cell_beside_are_not_joined_to_the_value():
    page = picture(("Thanh Long", 8, 4, 30), ("Thanh Chương", 8, 50, 30), ("Thanh Long, Thanh Chương", 330, 20, 46))
    page[:, 300:304] = 60
    assert len(unwrap(page)) == 1


def test_what_is_no_picture_is_said():
    with pytest.raises(ImageError):
        unwrap(np.zeros((0, 5), np.uint8))


class Scripted:
    """Answers by the order in which pictures come."""

    name = version = "scripted"

    def __init__(self, *answers):
        self.answers = [Reading(text, confidence, (), (confidence,) * len(text)) for text, confidence in answers]

    def read(self, lines):
        answers, self.answers = self.answers[: len(lines)], self.answers[len(lines) :]
        assert len(answers) == len(lines)
        return answers


def test_a_doubtful_picture_of_two_lines_is_read_line_by_line():
    reader = Scripted(("Nam", 0.95), ("Thôn Đông", 0.3), ("Thôn Đông,", 0.9), ("Lương Sơn", 0.8))
    first, second = read_wrapped(reader, [SINGLE, WRAPPED])
    assert first.text == "Nam"
    assert second.text == "Thôn Đông, Lương Sơn"
    assert second.confidence == pytest.approx(0.72)
    assert len(second.char_confidences) == len(second.text)


@pytest.mark.parametrize(
    "answers",
    [
        [("Thôn Đông Lương", 0.4), ("Thôn", 0.9), ("~", 0.2)],
        [("Thôn Đông Lương", 0.4), ("", 1.0), ("Thôn Đông", 0.9)],
        [("Thôn Đông Lương", 0.8)],
        [("", 0.3)],
    ],
    ids=["worse apart", "nothing above", "sure of the whole", "nothing written"],
)
def test_the_whole_stands_where_the_parts_are_no_better(answers):
    assert read_wrapped(Scripted(*answers), [WRAPPED])[0].text == answers[0][0]


@pytest.mark.skipif(not (SHIPPED / "model.safetensors").is_file(), reason="the shipped weights are absent")
def test_the_shipped_reader_reads_both_lines():
    reading = read_wrapped(HandwritingReader(SHIPPED), [WRAPPED])[0]
    assert reading.text.endswith("huyện Lương Sơn")
