"""Small files of all kinds, made in code."""

import sys
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw

from extractor.scans import SetAside, open_inputs


def drawing(width: int = 240, height: int = 340, mode: str = "RGB", shift: int = 0) -> Image.Image:
    """A page whose corners differ: dark block top left, grey block top right, line at the bottom."""
    picture = Image.new("RGB", (width, height), (250, 245, 230))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((10, 10, 70, 50), fill=(20, 20, 30))
    draw.rectangle((width - 60, 10, width - 20, 50), fill=(150, 120, 120))
    draw.line((20, height - 30, width - 20 - shift, height - 30), fill=(40, 40, 160), width=4)
    rng = np.random.default_rng(shift)
    noise = rng.integers(-6, 7, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)).convert(mode)


def encode(picture: Image.Image, kind: str, **options) -> bytes:
    stream = BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def jpeg(**size) -> bytes:
    return encode(drawing(**size), "JPEG", quality=85, dpi=(200, 200))


def scan_pdf(*jpegs: bytes, rotate: int = 0, matrix=None, media=(144, 204)) -> bytes:
    """A PDF with one JPEG a page, as scanners write it."""
    pdf = pikepdf.new()
    for data in jpegs:
        with Image.open(BytesIO(data)) as picture:
            space = {"L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}[picture.mode]
            size = picture.size
        image = pikepdf.Stream(pdf, data)
        image.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=size[0], Height=size[1],
            ColorSpace=pikepdf.Name(space), BitsPerComponent=8, Filter=pikepdf.Name.DCTDecode,
        )  # fmt: skip
        if space == "/DeviceCMYK":
            # Pillow writes ink levels upside down, as Adobe's programs do.
            image.Decode = pikepdf.Array([1, 0] * 4)
        a = matrix or (media[0], 0, 0, media[1], 0, 0)
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, *media],
            Rotate=rotate,
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image)),
            Contents=pikepdf.Stream(pdf, f"q {' '.join(map(str, a))} cm /Im0 Do Q".encode()),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    stream = BytesIO()
    pdf.save(stream)
    return stream.getvalue()


def drawn_pdf(content: bytes = b"0 0 0 rg 20 150 40 30 re f", size=(144, 204), **options) -> bytes:
    """A PDF page that is drawn, not scanned."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=size)
    pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, content)
    stream = BytesIO()
    pdf.save(stream, **options)
    return stream.getvalue()


class Collected:
    """Pages and reports of one pass over some inputs."""

    def __init__(self, *paths: Path, limits=None, **options):
        self.reports: list[SetAside] = []
        self.pages = list(open_inputs(paths, limits, on_set_aside=self.reports.append, **options))

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return [(report.file, report.reason) for report in self.reports]

    @property
    def names(self) -> list[tuple[str, int]]:
        return [(page.file, page.page) for page in self.pages]


@pytest.fixture(autouse=True)
def _one_thread():
    cv2.setNumThreads(1)


@pytest.fixture(scope="session")
def files():
    """This module: test modules cannot import it by name."""
    return sys.modules[__name__]
