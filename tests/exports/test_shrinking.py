"""Smaller PDFs on request."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from extractor.exports.packages import write_package
from extractor.exports.plan import plan_book
from extractor.exports.record_pdf import PageCutter
from extractor.exports.shrinking import LEAST_DPI, shrink

A4 = (1654, 2339)


def scan(*, noise: float, dpi: int = 200, size=A4) -> bytes:
    """A page with lines of blue writing as a scanner's JPEG; the more noise, the larger."""
    rng = np.random.default_rng(3)
    pixels = np.full((size[1], size[0], 3), 235, dtype=np.float32)
    for y in range(100, size[1] - 60, 60):
        pixels[y : y + 8, 100 : size[0] - 100 : 3] = (40, 60, 160)
    pixels += rng.normal(0, noise, pixels.shape)
    written = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(written, "JPEG", quality=88, dpi=(dpi, dpi))
    return written.getvalue()


def cut(data: bytes) -> bytes:
    with PageCutter() as cutter:
        return cutter.cut(data, 1).data


def picture_of(pdf: bytes) -> tuple[int, int]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (image,) = opened.pages[0].get_images().values()
        assert image.ColorSpace == pikepdf.Name.DeviceRGB
        return int(image.Width), int(image.Height)


def box_of(pdf: bytes) -> list[float]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return [float(edge) for edge in opened.pages[0].mediabox]


@pytest.fixture(scope="module")
def noisy() -> bytes:
    return cut(scan(noise=6))


def test_a_page_is_made_to_fit_at_the_best_resolution_and_quality(noisy):
    assert len(noisy) > 900_000
    made = shrink(noisy, 400)
    assert (made.reencoded, made.above_target) == (1, 0)
    assert 340_000 < len(made.data) <= 400_000
    assert picture_of(made.data) == pytest.approx(A4, abs=1)  # at 400 kB it need not lose resolution
    assert box_of(made.data) == pytest.approx(box_of(noisy), abs=0.6)
    shown, wanted = (
        np.asarray(pypdfium2.PdfDocument(pdf)[0].render(scale=0.5).to_pil().convert("RGB"), dtype=int)[:1000, :590]
        for pdf in (made.data, noisy)
    )
    assert np.abs(shown - wanted).mean() < 6
    assert made == shrink(noisy, 400)


def test_it_never_goes_below_the_least_resolution_and_says_what_does_not_fit(noisy):
    made = shrink(noisy, 20)
    assert (made.reencoded, made.above_target, made.least_dpi) == (1, 1, LEAST_DPI)
    assert len(made.data) < len(noisy)
    assert picture_of(made.data)[1] == pytest.approx(LEAST_DPI * 2339 / 200, abs=2)


def test_what_is_small_enough_or_would_not_shrink_stays_byte_by_byte(noisy):
    assert shrink(noisy, 10_000).data == noisy
    coarse = io.BytesIO()
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (400, 300), dtype=np.uint8)).save(coarse, "JPEG", quality=10, dpi=(100, 100))
    small = cut(coarse.getvalue())
    made = shrink(small, 10)
    assert (made.data, made.reencoded, made.above_target) == (small, 0, 1)


def test_pages_of_one_pdf_are_looked_at_one_by_one(noisy):
    plain = cut(scan(noise=0))
    joined = pikepdf.new()
    with pikepdf.open(io.BytesIO(noisy)) as one, pikepdf.open(io.BytesIO(plain)) as other:
        joined.pages.extend([*one.pages, *other.pages])
        written = io.BytesIO()
        joined.save(written)
    target = len(plain) // 1000 + 20
    made = shrink(written.getvalue(), target)
    assert made.reencoded == 1
    with pikepdf.open(io.BytesIO(made.data)) as opened:
        assert len(opened.pages) == 2
        (second,) = opened.pages[1].get_images().values()
        assert second.read_raw_bytes() == scan(noise=0)


def test_a_package_says_what_was_made_smaller(form, book, ks60, splitter, record, noisy, jpeg, tmp_path):
    records = [record("1", page=1), record("2", page=2)]
    rows = plan_book(records, form, book, ks60, split=splitter).rows

    def source(key):
        return (noisy, 1) if key[1] == 1 else (jpeg(), 1)

    result = write_package(tmp_path / "book.zip", rows, source, target_kb=300)
    assert (result.target_kb, result.reencoded, result.above_target) == (300, 1, 0)
    assert result.least_dpi >= LEAST_DPI
    assert all(pdf.size <= 300_000 for pdf in result.pdfs)
    plain = write_package(tmp_path / "as-is.zip", rows, source)
    assert (plain.target_kb, plain.reencoded) == (None, 0)
    assert plain.pdfs[0].size > 900_000
    assert plain.pdfs[1] == result.pdfs[1]
