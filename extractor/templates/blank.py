"""Draw a form without values from its template: the picture people know it by."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from extractor.templates.label_template import Block, Label, LabelTemplate, TickPlace, ValuePlace
from extractor.templates.load import Form
from extractor.templates.table_template import TableTemplate

_DPI = 100
_MM = _DPI / 25.4
_INK, _FRAME, _LINE = (40, 40, 40), (120, 120, 120), (150, 150, 150)


@lru_cache(maxsize=16)
def drawing_font(size: float) -> ImageFont.FreeTypeFont:
    """A typeface with all Vietnamese letters: DejaVu Sans."""
    return ImageFont.truetype(str(dejavu_sans()), size)


def dejavu_sans() -> Path:
    """The file of DejaVu Sans that comes with matplotlib, which takes half a second to say itself where that is."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("matplotlib is not installed", name="matplotlib")
    return Path(found.origin).with_name("mpl-data") / "fonts" / "ttf" / "DejaVuSans.ttf"


def draw_blank(form: Form) -> PilImage.Image:
    """The blank form at 100 dpi: labels, leaders and tick boxes, or columns and headings."""
    if isinstance(form.template, TableTemplate):
        return _blank_table(form.template)
    return _blank_labels(form.template)


def _blank_labels(template: LabelTemplate) -> PilImage.Image:
    page = template.page
    image = PilImage.new("RGB", (round(page.width * _MM), round(page.height * _MM)), "white")
    draw = ImageDraw.Draw(image)
    font = drawing_font(11)
    for block in template.spread_out().blocks:
        for line in block.lines:
            for k, label in enumerate(line.labels):
                text = " ".join(label.text.split())  # a line break has no width
                text = text if label.field is None or label.value is not ValuePlace.RIGHT else f"{text}:"
                size = font if draw.textlength(text, font=font) < (block.right - label.x) * _MM else drawing_font(8)
                draw.text((label.x * _MM, line.y * _MM), text, fill=_INK, font=size, anchor="ls")
                for cell in label.cells:
                    _leader(draw, cell.left * _MM, cell.right * _MM, line.y * _MM)
                    for x in (cell.left, cell.right):
                        top = (line.y - 0.7 * template.pitch) * _MM
                        draw.line([(x * _MM, top), (x * _MM, top + template.pitch * _MM)], fill=_FRAME)
                if label.field is None:
                    continue
                start = label.x * _MM + draw.textlength(text, font=size) + 3
                end = (line.labels[k + 1].x - 1 if k + 1 < len(line.labels) else block.right) * _MM
                _room(draw, block, label, (start, end, line.y * _MM), template.pitch)
    return image


def _room(draw: ImageDraw.ImageDraw, block: Block, label: Label, at: tuple[float, float, float], pitch: float) -> None:
    """Draw where the value goes: a dotted line or several, or a tick box."""
    start, end, y = at
    if label.value is ValuePlace.BOX:
        _tick(draw, label, y, block.tick)
    if label.value is not ValuePlace.RIGHT:
        return
    _leader(draw, start, end, y)
    for k in range(label.wraps):
        _leader(draw, block.left * _MM, block.right * _MM, y + (k + 1) * pitch * _MM)


def _tick(draw: ImageDraw.ImageDraw, label: Label, y: float, tick: TickPlace) -> None:
    x, y, half = (label.x + tick.dx) * _MM, y + tick.dy * _MM, tick.size * _MM / 2
    draw.rectangle([x - half, y - half, x + half, y + half], outline=_INK)


def _leader(draw: ImageDraw.ImageDraw, start: float, end: float, y: float) -> None:
    for x in range(round(start), round(end), 4):
        draw.point((x, round(y)), fill=_LINE)


def _blank_table(template: TableTemplate) -> PilImage.Image:
    width, margin = 900, 30
    height = round(width * 1.35)
    image = PilImage.new("RGB", (width + 2 * margin, height + 2 * margin), "white")
    draw = ImageDraw.Draw(image)
    head = margin + template.header.height * width
    for edge in template.edges:
        x = margin + edge.at * width
        draw.line([(x, margin + edge.below * width), (x, margin + height)], fill=_FRAME, width=2)
    for y in (margin, head, margin + height):
        draw.line([(margin, y), (margin + width, y)], fill=_FRAME, width=2)
    font = drawing_font(10)
    for column, left in zip(template.columns, template.edges, strict=False):
        for number, word in enumerate(column.headings[:9]):
            place = (margin + left.at * width + 4, margin + 4 + (left.below * width) + 12 * number)
            draw.text(place, word, fill=_INK, font=font)
    return image
