"""Smaller PDFs on request: the page as a colour JPEG of lower quality and resolution, never below 150 dpi.

By default a record's PDF is the scan itself, byte by byte. Guides of provinces speak of about 100 kB a page; where
that is asked for, pages are made smaller here, and the manifest says so.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pikepdf
from PIL import Image

from extractor.exports import image_pages

LEAST_DPI = 150
"""Below it small handwriting can no longer be read; a scan that is coarser keeps its own resolution."""

_DPIS = (300, 250, 200, 175, LEAST_DPI)
_BEST_QUALITY, _LEAST_QUALITY, _LAST_QUALITY = 90, 40, 25
"""JPEG qualities; below the second a lower resolution is the lesser evil, and the third is for when there is none."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A PDF and what was done to it.

    Args:
        reencoded: pages that were encoded anew; the others are as they were scanned.
        above_target: pages that even so are larger than asked for.
        least_dpi: lowest resolution of the pages encoded anew; 0 where there are none.
    """

    data: bytes
    reencoded: int = 0
    above_target: int = 0
    least_dpi: int = 0


def shrink(pdf: bytes, target_kb: int) -> Shrunk:
    """A PDF whose pages have at most ``target_kb`` kB (of 1,000 bytes), as far as 150 dpi allow.

    Pages that are small enough stay as they are, and so do those that a new picture would not make smaller. The same
    PDF always gives the same bytes.

    Args:
        pdf: a PDF as :class:`extractor.exports.record_pdf.PageCutter` cuts it.
    """
    most = target_kb * 1000
    with pikepdf.open(io.BytesIO(pdf)) as source:
        pages = [_one_page(source, number) for number in range(len(source.pages))]
    if all(len(page) <= most for page in pages):
        return Shrunk(pdf)
    dpis = []
    for number, page in enumerate(pages):
        if len(page) > most:
            smaller, dpi = _smaller(page, most)
            if len(smaller) < len(page):
                pages[number] = smaller
                dpis.append(dpi)
    above = sum(len(page) > most for page in pages)
    if not dpis:
        return Shrunk(pdf, above_target=above)
    return Shrunk(pages[0] if len(pages) == 1 else _together(pages), len(dpis), above, min(dpis))


def _smaller(page: bytes, most: int) -> tuple[bytes, int]:
    """The page at the highest resolution, and then quality, that fit; the smallest one where none does."""
    import pypdfium2

    document = pypdfium2.PdfDocument(page)
    try:
        own = _own_dpi(page)
        for dpi in [dpi for dpi in _DPIS if dpi <= own] or [own]:
            picture = document[0].render(scale=dpi / 72).to_pil().convert("RGB")
            least = _LAST_QUALITY if dpi <= LEAST_DPI else _LEAST_QUALITY
            made = _encoded(picture, dpi, least)
            if len(made) <= most:
                return _best(picture, dpi, most, made, least), dpi
        return made, dpi
    finally:
        document.close()


def _best(picture: Image.Image, dpi: int, most: int, fitting: bytes, low: int) -> bytes:
    """The page at the highest quality from ``low`` up that fits."""
    high = _BEST_QUALITY
    while low < high:
        middle = (low + high + 1) // 2
        made = _encoded(picture, dpi, middle)
        if len(made) <= most:
            low, fitting = middle, made
        else:
            high = middle - 1
    return fitting


def _own_dpi(page: bytes) -> int:
    """Resolution of the page's largest picture; that of the finest step where it has none."""
    with pikepdf.open(io.BytesIO(page)) as pdf:
        box = pdf.pages[0].mediabox
        inches = max(float(box[2]) - float(box[0]), float(box[3]) - float(box[1])) / 72
        pixels = [max(int(image.Width), int(image.Height)) for image in pdf.pages[0].get_images().values()]
    return round(max(pixels) / inches) if pixels and inches else _DPIS[0]


def _encoded(picture: Image.Image, dpi: int, quality: int) -> bytes:
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=quality, optimize=True, dpi=(dpi, dpi))
    with pikepdf.Pdf.new() as pdf:
        image_pages.add_jpeg(pdf, jpeg.getvalue())
        return _saved(pdf)


def _one_page(source: pikepdf.Pdf, number: int) -> bytes:
    with pikepdf.Pdf.new() as pdf:
        pdf.pages.append(source.pages[number])
        return _saved(pdf)


def _together(pages: list[bytes]) -> bytes:
    parts: list[Any] = [pikepdf.open(io.BytesIO(page)) for page in pages]
    try:
        with pikepdf.Pdf.new() as pdf:
            for part in parts:
                pdf.pages.append(part.pages[0])
            return _saved(pdf)
    finally:
        for part in parts:
            part.close()


def _saved(pdf: pikepdf.Pdf) -> bytes:
    written = io.BytesIO()
    pdf.save(written, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return written.getvalue()
