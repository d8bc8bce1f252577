from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from extractor.errors import ImageError
from extractor.readers import printed
from extractor.readers.printed import PrintedReader, read_page
from extractor.readers.protocol import Reader
from extractor.scans.types import CleanPage, SourcePage

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")


def line(text: str, height: int = 60, *, leader: bool = False) -> np.ndarray:
    font = ImageFont.truetype(str(FONT), height * 0.5)
    image = PilImage.new("L", (int(font.getlength(text)) + 300, height), 245)
    draw = ImageDraw.Draw(image)
    draw.text((12, height * 0.72), text, font=font, anchor="ls", fill=30)
    if leader:
        for x in range(0, image.width, 8):
            draw.rectangle([x, height * 0.8, x + 2, height * 0.8 + 2], fill=60)
    return np.array(image)


def page_of(grey: np.ndarray, dpi: float = 200.0) -> CleanPage:
    image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    return CleanPage(SourcePage("page.png", 1, image, "0"), image, grey, np.eye(3), dpi)


@tesseract
def test_lines_are_read_in_order_and_few_calls(monkeypatch):
    calls = []
    whole = printed.recognise
    monkeypatch.setattr(printed, "recognise", lambda *args, **more: calls.append(1) or whole(*args, **more))
    texts = ["Nguyễn Văn An", "12.05.2017", "xã Tân Lập", "Việt Nam", "Kinh"] * 3
    readings = PrintedReader().read([line(text, leader=n % 2 == 0) for n, text in enumerate(texts)])
    assert len(calls) == 2
    right = sum(reading.text == text for reading, text in zip(readings, texts, strict=True))
    assert right >= 12
    for reading in readings:
        assert 0 <= reading.confidence <= 1
        assert len(reading.char_confidences) == len(reading.text) == len(reading.char_positions)
        assert list(reading.char_positions) == sorted(reading.char_positions)
        assert reading.candidates[0].text == reading.text


@tesseract
def test_any_size_is_taken():
    blank = [np.full(shape, 255, np.uint8) for shape in ((1, 1), (1, 400), (300, 2), (40, 40))]
    assert [reading.text for reading in PrintedReader().read(blank)] == [""] * 4
    assert PrintedReader().read([]) == []
    colour = cv2.cvtColor(line("Hà Nội"), cv2.COLOR_GRAY2BGR)
    assert PrintedReader().read([colour])[0].text == "Hà Nội"


@tesseract
@pytest.mark.parametrize("dpi", [200.0, 300.0])
def test_a_page_is_read_in_its_own_pixels(dpi):
    scale = dpi / 200
    grey = np.full((800, 1400), 250, np.uint8)
    for number, text in enumerate(("Họ, chữ đệm, tên:", "Giới tính:", "Quê quán:")):
        strip = line(text)
        grey[100 + 200 * number :][: strip.shape[0], 200 : 200 + strip.shape[1]] = strip
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    text = read_page(page_of(grey, dpi))
    lines = text.lines()
    assert ["".join(w.text for w in words) for words in lines] == ["Họ,chữđệm,tên:", "Giớitính:", "Quêquán:"]
    first = lines[1][0].box
    assert first.x / scale == pytest.approx(212, abs=6)
    assert first.y / scale == pytest.approx(312, abs=14)


@tesseract
def test_a_blank_page_has_no_words():
    assert read_page(page_of(np.full((600, 400), 250, np.uint8))).words == ()


@pytest.mark.parametrize("array", [np.zeros((0, 5), np.uint8), np.zeros((5, 5)), np.zeros(5, np.uint8)])
def test_what_is_no_picture_is_refused(array):
    with pytest.raises(ImageError):
        PrintedReader().read([array])


@tesseract
def test_it_is_a_reader():
    assert isinstance(PrintedReader(), Reader)
    assert PrintedReader().name == "printed"
    assert PrintedReader().version.startswith("tesseract-")
