"""What the shipped weights must be able to read, on lines rendered in fonts that took no part in training."""

from pathlib import Path

import numpy as np
import pytest

from extractor.readers.handwriting import HandwritingReader, Lexicon
from extractor.training.fonts.registry import load_fonts
from extractor.training.ink import draw_text, put_on_paper
from extractor.training.metrics import line_errors

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "handwriting"
NAMES = ["Nguyễn Văn Toàn", "Trần Thị Bưởi", "LÊ QUANG DŨNG", "Đỗ Hữu Nghĩa", "Huỳnh Ngọc Ánh", "Phạm Xuân Lộc"]
DATES = ["05.03.2009", "05/3/2009", "27-10-2008", "12 tháng 3 năm 1985", "31/2009", "18/06/1994"]
NUMBERS = ["031085001234", "142", "7", "271483950", "08/2011", "63"]
WORDS = ["Kinh", "Nam", "Nữ", "Việt Nam", "ngày mười hai tháng ba", "xã Tân Phú, huyện Yên Lập"]


@pytest.fixture(scope="module", params=["handwriting", "handwriting-open"])
def reader(request):
    folder = SHIPPED.parent / request.param
    if not (folder / "model.safetensors").is_file():
        pytest.skip("the shipped weights are absent")
    return HandwritingReader(folder)


def pictures(texts, style, seed):
    fonts = load_fonts(style, "calibration")[::4]
    rng = np.random.default_rng(seed)
    return [
        put_on_paper(rng, draw_text(rng, text, font.path, font.scale)) for font in fonts for text in texts
    ], texts * len(fonts)


@pytest.mark.parametrize(
    ("texts", "style", "cer", "exact"),
    [
        (NAMES, "hand", 0.06, 0.4), (DATES, "hand", 0.03, 0.8), (NUMBERS, "hand", 0.03, 0.9),
        (WORDS, "hand", 0.03, 0.9), (NAMES + WORDS, "print", 0.04, 0.7), (DATES + NUMBERS, "print", 0.02, 0.9),
    ],
)  # fmt: skip
def test_rendered_lines_are_read(reader, texts, style, cer, exact):
    lines, expected = pictures(texts, style, 1)
    errors = line_errors([reading.text for reading in reader.read(lines)], expected)
    assert errors.cer <= cer
    assert errors.exact >= exact


def test_right_readings_are_surer_than_wrong_ones(reader):
    lines, expected = pictures(NAMES + DATES + WORDS, "hand", 2)
    readings = reader.read(lines)
    right = [r.confidence for r, text in zip(readings, expected, strict=True) if r.text == text]
    mirrored = reader.read([np.ascontiguousarray(line[:, ::-1]) for line in lines])
    assert np.mean(right) > np.mean([reading.confidence for reading in mirrored]) + 0.3


def test_empty_paper_reads_as_nothing(reader):
    rng = np.random.default_rng(3)
    papers = [put_on_paper(rng, np.zeros((60, width), np.float32)) for width in (60, 240, 700)]
    assert [reading.text for reading in reader.read(papers)] == ["", "", ""]


def test_characters_are_placed_where_they_stand(reader):
    font = load_fonts("print", "calibration")[0]
    for text in ("1985", "7"):
        ink = draw_text(np.random.default_rng(5), text, font.path)
        columns = np.flatnonzero(ink.max(axis=0) > 0.3) / ink.shape[1]
        letter = (columns[-1] - columns[0]) / len(text)
        reading = reader.read([(255 - 235 * ink).astype(np.uint8)])[0]
        assert reading.text == text
        assert reading.char_positions[0] == pytest.approx(columns[0] + letter / 2, abs=0.1)
        assert reading.char_positions[-1] == pytest.approx(columns[-1] - letter / 2, abs=0.1)


def test_weights_are_small_and_deterministic(reader):
    assert (SHIPPED / "model.safetensors").stat().st_size < 25_000_000
    lines, _ = pictures(NAMES, "hand", 4)
    assert reader.read(lines) == reader.read(lines)


def test_a_list_proposes_but_does_not_hide_what_was_read(reader):
    font = load_fonts("print", "test")[0]
    line = (255 - 235 * draw_text(np.random.default_rng(7), "Lê Văn Hùng", font.path)).astype(np.uint8)
    free = reader.read([line])[0]
    assert free.text == "Lê Văn Hùng"
    right = reader.read([line], guide=Lexicon(["Lê Văn Hùng", "Lê Thị Hoa"], reader.alphabet))[0]
    assert right.text == "Lê Văn Hùng"
    assert right.confidence > 0.8
    wrong = reader.read([line], guide=Lexicon(["Lê Văn Hưng"], reader.alphabet))[0]
    assert wrong.confidence < 0.2
    assert "Lê Văn Hùng" in [candidate.text for candidate in wrong.candidates]
