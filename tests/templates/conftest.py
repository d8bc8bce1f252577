"""Pages drawn from a label template with everything moved about, and the words an OCR pass would find on them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from extractor.readers.page_text import PageText, Word
from extractor.records import Box
from extractor.scans.types import CleanPage, SourcePage
from extractor.templates import Form, load_forms
from extractor.templates.label_template import Label, LabelTemplate, ValuePlace

DPI = 200
MM = DPI / 25.4
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@dataclass
class Drawn:
    """A drawn page with its truth: whose ink each pixel is (1 + index of the field's code), where tick boxes are."""

    page: CleanPage
    text: PageText
    owner: np.ndarray
    codes: list[str]
    boxes: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)


@dataclass
class Variation:
    """How a print run differs from the template.

    Args:
        shift: displacement of each block, millimetres, by its name.
        scale: factor on all measures.
        jitter: greatest displacement of a single label sideways, millimetres.
        reword: replaces a label's text by another.
        lost: labels the OCR pass misses, by their index in the template.
        values: text by field code; ``None`` leaves the field empty.
        leaders: whether dotted lines are printed.
        ticked: labels of ticked boxes.
        size: height of the writing, points.
    """

    shift: dict[str, tuple[float, float]] = field(default_factory=dict)
    scale: float = 1.0
    jitter: float = 0.0
    reword: dict[str, str] = field(default_factory=dict)
    lost: frozenset[int] = frozenset()
    values: dict[str, str] = field(default_factory=dict)
    leaders: bool = True
    ticked: frozenset[str] = frozenset()
    size: float = 13.0
    seed: int = 0


class Painter:
    def __init__(self, template: LabelTemplate, variation: Variation) -> None:
        self.template, self.variation = template, variation
        self.random = random.Random(variation.seed)
        size = (round(template.page.width * MM), round(template.page.height * MM))
        self.image = PilImage.new("L", size, 250)
        self.draw = ImageDraw.Draw(self.image)
        self.print_font = ImageFont.truetype(str(FONTS / "DejaVuSerif.ttf"), 9.5 * DPI / 72)
        self.pen_font = ImageFont.truetype(str(FONTS / "DejaVuSerif-Italic.ttf"), variation.size * DPI / 72)
        self.words: list[Word] = []
        self.owner = np.zeros(size[::-1], np.uint8)
        self.codes: list[str] = []
        self.boxes: dict[str, tuple[float, float, float, float]] = {}
        self.line = 0

    def paint(self) -> Drawn:
        index = 0
        for block in self.template.blocks:
            dx, dy = self.variation.shift.get(block.name, (0.0, 0.0))
            for line in block.lines:
                self.line += 1
                y = (line.y + dy) * self.variation.scale * MM
                jitter = [self.random.uniform(-1, 1) * self.variation.jitter for _ in line.labels]
                starts = [
                    (label.x + dx + (move if k else 0)) * self.variation.scale * MM
                    for k, (label, move) in enumerate(zip(line.labels, jitter, strict=True))
                ]
                edge = (block.right + dx) * self.variation.scale * MM
                left = (block.left + dx) * self.variation.scale * MM
                for k, label in enumerate(line.labels):
                    end = self.print(label, starts[k], y, lost=index in self.variation.lost)
                    self.value(label, end, starts[k + 1] if k + 1 < len(starts) else edge, y, (left, edge))
                    if label.value is ValuePlace.BOX:
                        self.box(label, starts[k], y, block.tick)
                    index += 1
        grey = np.array(self.image)
        grey = cv2.GaussianBlur(grey, (3, 3), 0)
        bgr = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        page = CleanPage(SourcePage("page.png", 1, bgr, "0" * 64), bgr, grey, np.eye(3), float(DPI))
        return Drawn(page, PageText(tuple(self.words)), self.owner, self.codes, self.boxes)

    def print(self, label: Label, x: float, y: float, *, lost: bool) -> float:
        text = self.variation.reword.get(label.text, label.text)
        if label.field is not None and label.value is ValuePlace.RIGHT:
            text += ":"
        for word in text.split():
            self.draw.text((x, y), word, font=self.print_font, anchor="ls", fill=30)
            left, top, right, bottom = self.draw.textbbox((x, y), word, font=self.print_font, anchor="ls")
            if not lost:
                box = Box(round(left), round(top), round(right - left), round(bottom - top))
                self.words.append(Word(word, 0.9, box, self.line))
            x += self.print_font.getlength(word + " ")
        return x

    def value(self, label: Label, start: float, end: float, y: float, edges: tuple[float, float]) -> None:
        if label.field is None or label.value is ValuePlace.BOX:
            return
        text = self.variation.values.get(label.field, "")
        pitch = self.template.pitch * self.variation.scale * MM
        if label.value is ValuePlace.RIGHT:
            self.leader(start, end - 4, y)
            for k in range(label.wraps):
                self.leader(edges[0], edges[1] - 4, y + (k + 1) * pitch)
            rows = [(start + 4, end - 4, y)] + [
                (edges[0] + 4, edges[1], y + (k + 1) * pitch) for k in range(label.wraps)
            ]
        elif label.value is ValuePlace.BELOW:
            rows = [(start - 200, end, y + 25 * MM)]
        else:
            rows = [(edges[0] + 8, edges[1], y + (k + 1) * 9 * MM) for k in range(6)]
        words = text.split()
        for left, right, baseline in rows:
            line = ""
            while words and self.pen_font.getlength(f"{line} {words[0]}".strip()) < right - left:
                line = f"{line} {words.pop(0)}".strip()
            if line:
                self.write(label.field, line, left, baseline - 3)
        assert not words, f"the test's value of {label.field} is too long"

    def write(self, code: str, text: str, x: float, y: float) -> None:
        if code not in self.codes:
            self.codes.append(code)
        left, top, right, bottom = (
            round(side) for side in self.draw.textbbox((x, y), text, font=self.pen_font, anchor="ls")
        )
        layer = PilImage.new("L", (right - left + 4, bottom - top + 4), 255)
        ImageDraw.Draw(layer).text((x - left + 2, y - top + 2), text, font=self.pen_font, anchor="ls", fill=40)
        mask = np.array(layer) < 128
        part = self.owner[top - 2 : bottom + 2, left - 2 : right + 2]
        part[mask[: part.shape[0], : part.shape[1]]] = 1 + self.codes.index(code)
        self.image.paste(40, (left - 2, top - 2), mask=PilImage.fromarray((mask * 255).astype(np.uint8)))

    def leader(self, start: float, end: float, y: float) -> None:
        if self.variation.leaders:
            for x in range(round(start), round(end), 7):
                self.draw.rectangle([x, y - 2, x + 1, y - 1], fill=60)

    def box(self, label: Label, x: float, y: float, tick: object) -> None:
        cx, cy, half = x - 6.0 * MM, y - 1.2 * MM, 2.1 * MM
        outline = (cx - half, cy - half, cx + half, cy + half)
        self.draw.rectangle(outline, outline=30, width=2)
        self.boxes[label.text] = outline
        if label.text in self.variation.ticked:
            self.draw.line([(cx - half, cy - half), (cx + 1.4 * half, cy + half)], fill=40, width=4)
            self.draw.line([(cx - half, cy + half), (cx + half, cy - 1.5 * half)], fill=40, width=4)


VALUES = {
    "so": "27",
    "quyenSo": "01",
    "ngayDangKy": "12.5.2017",
    "nksHoTen": "NGUYỄN VĂN AN",
    "nksNgaySinh": "3.5.2017",
    "nksNgaySinhBangChu": "Ngày mùng ba tháng năm năm hai nghìn mười bảy",
    "nksGioiTinh": "Nam",
    "nksDanToc": "Kinh",
    "nksQuocTich": "VN",
    "nksNoiSinh": "Bệnh viện huyện Đan Phượng, thành phố Hà Nội",
    "nksQueQuan": "xã Tân Lập",
    "meHoTen": "TRẦN THỊ GIANG",
    "meDanToc": "Tày",
    "meNoiCuTru": "Thôn Đồng, xã Tân Lập, huyện Đan Phượng, Hà Nội",
    "chaHoTen": "NGUYỄN ĐỨC QUÝ",
    "chaDanToc": "Kinh",
    "nycHoTen": "NGUYỄN ĐỨC QUÝ",
    "nguoiThucHien": "Phạm Thị Hương",
    "ghiChu": "Cấp lại bản sao ngày 3.4",
}


@pytest.fixture(scope="session")
def forms() -> list[Form]:
    return load_forms()


@pytest.fixture(scope="session")
def ks2016(forms: list[Form]) -> Form:
    return next(form for form in forms if form.name == "ks-2016")


@pytest.fixture(scope="session")
def ks2006(forms: list[Form]) -> Form:
    return next(form for form in forms if form.name == "ks-2006")


def draw(form: Form, **changes: object) -> Drawn:
    assert isinstance(form.template, LabelTemplate)
    values = dict(VALUES)
    if form.name == "ks-2006":
        values["ngayDangKy"] = "12"
    changes.setdefault("values", values)
    return Painter(form.template, Variation(**changes)).paint()  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def drawer() -> object:
    return draw
