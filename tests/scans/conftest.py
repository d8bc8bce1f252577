"""Small files of all kinds, made in code."""

import sys
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from extractor.scans import SetAside, SourcePage, open_inputs
from extractor.training.fonts import load_fonts


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


LABELS = (
    "Họ, chữ đệm, tên:", "Ngày, tháng, năm sinh:", "Giới tính:", "Dân tộc:", "Nơi sinh:", "Quê quán:",
    "Số định danh cá nhân:", "Nơi cư trú:", "Giấy tờ tùy thân:", "Họ, chữ đệm, tên người mẹ:",
)  # fmt: skip
VALUES = ("Lò Thị Mây", "12.03.2017", "Nữ", "Kinh", "Trạm y tế xã Phú Lợi", "huyện Định Quán", "Bùi Văn Tuấn", "1985")


def form_page(seed: int = 0, width: int = 1000, height: int = 1414) -> np.ndarray:
    """A filled form with frame, leaders and tick boxes; BGR, A4 at 121 dpi unless sized otherwise."""
    rng = np.random.default_rng(seed)
    scale = width / 1000
    prints, hands = load_fonts("print"), load_fonts("hand")
    size = round(20 * scale)
    label_font = ImageFont.truetype(prints[seed % len(prints)].path, size)
    value_font = ImageFont.truetype(hands[seed % len(hands)].path, round(1.4 * size))
    picture = Image.new("L", (width, height), 246)
    draw = ImageDraw.Draw(picture)
    left, right, column = round(0.08 * width), round(0.94 * width), round(0.68 * width)
    draw.rectangle(
        (left, round(0.08 * height), right, round(0.93 * height)), outline=50, width=max(2, round(3 * scale))
    )
    draw.line((column, round(0.08 * height), column, round(0.93 * height)), fill=50, width=max(1, round(2 * scale)))
    draw.text((left, round(0.05 * height)), "Số: 12   Quyển: 01", font=label_font, fill=40)
    y = round(0.1 * height)
    while y < 0.8 * height:
        label = str(rng.choice(LABELS))
        draw.text((left + size, y), label, font=label_font, fill=40)
        start = left + 2 * size + draw.textlength(label, font=label_font)
        # Leaders of dots or of dashes; both hang below the line and must not look like its upper edge.
        dash, gap = ((0, 5), (8, 12))[seed % 2]
        for x in np.arange(start, column - size, gap * scale):
            draw.line((x, y + size, x + dash * scale, y + size), fill=90, width=max(1, round(2 * scale * (seed % 2))))
        draw.text((start, y - 0.4 * size), str(rng.choice(VALUES)), font=value_font, fill=70)
        y += 2 * size
    for index, label in enumerate(("Đúng hạn", "Quá hạn", "Đăng ký lại", "Trẻ bị bỏ rơi")):
        top = round(0.1 * height) + 3 * size * index
        draw.rectangle((column + size, top, column + 2 * size, top + size), outline=50, width=2)
        draw.text((column + 3 * size, top - 2), label, font=label_font, fill=40)
    grey = np.asarray(picture).astype(np.float32) + rng.normal(0, 4, (height, width))
    tinted = grey[:, :, None] * np.array([0.9, 0.97, 1.0])
    return np.clip(tinted, 0, 255).astype(np.uint8)


def source(image: np.ndarray, dpi: float | None = None) -> SourcePage:
    return SourcePage(file="page.png", page=1, image=np.ascontiguousarray(image), sha256="", dpi=dpi)


def photograph(page: np.ndarray, seed: int, ground: str) -> tuple[np.ndarray, np.ndarray]:
    """A phone's picture of a page on a table, and the page's corners in it (clockwise from top left)."""
    rng = np.random.default_rng(seed)
    width, height, focal = 900, 1200, 1125.0
    size = np.array([0.74 * width, 0.74 * width * page.shape[0] / page.shape[1]])
    tilt = np.radians(rng.uniform((-13, -11, -5), (13, 11, 5)))
    turn = cv2.Rodrigues(np.array([tilt[0], tilt[1], 0.0]))[0] @ cv2.Rodrigues(np.array([0.0, 0.0, tilt[2]]))[0]
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * np.array([*size, 0]) / 2 @ turn.T
    corners = corners[:, :2] * focal / (corners[:, 2:] + focal) + (width / 2, height / 2)
    edges = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * page.shape[1::-1] - 0.5
    matrix = cv2.getPerspectiveTransform(edges.astype(np.float32), corners.astype(np.float32))
    table = np.full((height, width, 3), {"dark": 45, "grey": 140}.get(ground, 90), np.float32)
    if ground == "cluttered":
        for _ in range(25):
            start = rng.integers(0, (width, height))
            end = start + rng.integers(-220, 220, 2)
            colour = tuple(int(value) for value in rng.integers(10, 230, 3))
            cv2.rectangle(table, tuple(map(int, start)), tuple(map(int, end)), colour, -1)
    cover = cv2.warpPerspective(np.ones(page.shape[:2], np.float32), matrix, (width, height))[:, :, None]
    laid = cv2.warpPerspective(page.astype(np.float32), matrix, (width, height), flags=cv2.INTER_AREA)
    light = 1 - 0.3 * np.linspace(0, 1, width)[None, :, None] * np.linspace(0.3, 1, height)[:, None, None]
    picture = (table * (1 - cover) + laid * cover) * light + rng.normal(0, 3, (height, width, 3))
    return np.clip(picture, 0, 255).astype(np.uint8), corners
