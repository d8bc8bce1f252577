"""Pictures of lines: strokes drawn with a pen, or letters of a font, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from extractor.training.strokes import Stroke

Grey = NDArray[np.uint8]
"""(height, width): dark ink on light paper."""

Ink = NDArray[np.float32]
"""(height, width): 0 where the paper is bare, 1 where the ink covers it."""


def paper_level(grey: Grey) -> int:
    """Grey level of the paper."""
    return int(np.percentile(grey[::2, ::4], 70))


def draw_strokes(rng: Generator, strokes: Sequence[Stroke], height: int = 72) -> Ink:
    """Draw strokes with a pen of random width and slant, filling most of the height.

    Args:
        rng: source of chance.
        strokes: y 0 at the middle of small letters, one unit about a word's height.
        height: of the picture, in pixels.
    """
    points = np.concatenate(strokes)
    slant = np.float32(rng.normal(0, 0.15))
    narrow = np.float32(np.exp(rng.normal(0.0, 0.12)))
    ys = points[:, 1]
    top, bottom = float(ys.min()), float(ys.max())
    share = rng.uniform(0.7, 1.0) if rng.random() < 0.75 else rng.uniform(0.5, 0.7)
    # A short text without tall letters must not fill the line as if it were tall.
    scale = 2 * height * share / max(bottom - top, 0.9)
    room = 2 * height - (bottom - top) * scale
    lift = room * float(np.clip(rng.normal(0.5, 0.15), 0.02, 0.98)) - top * scale
    margin = rng.uniform(4, 0.8 * height)
    left = float((points[:, 0] - slant * points[:, 1]).min())
    width = float((points[:, 0] - slant * points[:, 1]).max() - left) * scale * float(narrow)
    end_margin = rng.uniform(4, 0.8 * height) if rng.random() < 0.7 else rng.uniform(0.5, 6) * height
    canvas = np.zeros((2 * height, int(width + margin + end_margin)), dtype=np.uint8)
    # As broad as pens are against the letters, else small writing would run together.
    pen = max(2, round(float(rng.uniform(0.03, 0.085)) * scale))
    for stroke in strokes:
        xs = ((stroke[:, 0] - slant * stroke[:, 1] - left) * narrow * scale + margin) * 16
        path = np.stack([xs, (stroke[:, 1] * scale + lift) * 16], axis=1).astype(np.int32)
        if len(path) == 1:
            path = np.repeat(path, 2, axis=0) + np.array([[0, 0], [16, 16]], dtype=np.int32)
        cv2.polylines(
            canvas, [path.reshape(-1, 1, 2)], isClosed=False, color=255, thickness=pen, lineType=cv2.LINE_AA, shift=4
        )
    small = cv2.resize(canvas, (max(8, canvas.shape[1] // 2), height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32) / 255.0


@lru_cache(maxsize=256)
def font_of(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """A font file at a size in pixels, kept open."""
    return ImageFont.truetype(str(path), size)


def draw_text(rng: Generator, text: str, font_file: Path, scale: float = 1.0, height: int = 72) -> Ink:
    """Set a text in a font, its letters between a third of the height and all of it.

    Args:
        rng: source of chance.
        text: composed text; the font must hold all its letters.
        font_file: TrueType or OpenType file.
        scale: factor on the font's size that evens out the height of small letters.
        height: of the picture, in pixels.
    """
    size = int(height * rng.uniform(0.38, 0.74) * scale)
    font = font_of(font_file, max(8, size))
    left, top, right, bottom = font.getbbox(text)
    spread = rng.normal(0, 0.02) * size if rng.random() < 0.3 else 0.0
    margin = int(rng.uniform(2, 0.8 * height))
    end_margin = int(rng.uniform(2, 0.8 * height) if rng.random() < 0.7 else rng.uniform(0.5, 6) * height)
    width = int(right - left + margin + end_margin + max(0.0, spread) * len(text)) + 4
    tall = int(bottom - top)
    canvas_height = max(height, tall + 4)
    image = Image.new("L", (width, canvas_height), 0)
    draw = ImageDraw.Draw(image)
    y = (canvas_height - tall) * float(np.clip(rng.normal(0.5, 0.15), 0.05, 0.95)) - top
    if spread:
        x = float(margin - left)
        for word in _pieces(text):
            draw.text((x, y + rng.normal(0, 0.02) * size), word, font=font, fill=255)
            x += font.getlength(word) + spread
    else:
        draw.text((margin - left, y), text, font=font, fill=255)
    return np.asarray(image, dtype=np.float32) / 255.0


def _pieces(text: str) -> list[str]:
    """Words with the space that follows them."""
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + words[-1:]


def paper(rng: Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """A piece of bare paper as grey levels."""
    level = rng.uniform(165, 252)
    grain = rng.standard_normal((max(2, shape[0] // 3), max(2, shape[1] // 3)), dtype=np.float32) * rng.uniform(0, 3.5)
    return np.asarray(level + cv2.resize(grain, (shape[1], shape[0])), dtype=np.float32)


def put_on_paper(rng: Generator, ink: Ink, *, neighbour: Ink | None = None) -> Grey:
    """Lay ink on paper, with uneven flow, and now and then parts of the lines above and below.

    Args:
        rng: source of chance.
        ink: the line.
        neighbour: another line's ink, of which a sliver may show at the upper or lower border.
    """
    height, width = ink.shape
    sheet = paper(rng, ink.shape)
    if neighbour is not None:
        sliver = int(height * rng.uniform(0.06, 0.2))
        part = (
            neighbour[:, :width]
            if neighbour.shape[1] >= width
            else np.pad(neighbour, ((0, 0), (0, width - neighbour.shape[1])))
        )
        rows = np.flatnonzero(part.max(axis=1) > 0.2)
        if len(rows) > 2 * sliver:
            ink = ink.copy()
            if rng.random() < 0.5:
                ink[:sliver] = np.maximum(ink[:sliver], part[rows[-1] - sliver + 1 : rows[-1] + 1])
            else:
                ink[-sliver:] = np.maximum(ink[-sliver:], part[rows[0] : rows[0] + sliver])
    cells = (3, max(3, width // height * 3))
    flow = 1.0 - 0.18 * np.abs(cv2.resize(rng.standard_normal(cells).astype(np.float32), (width, height)))
    dark = rng.uniform(10, 120)
    cover = ink * np.clip(flow, 0.3, 1.0)
    return np.asarray(np.clip(sheet * (1 - cover) + np.minimum(dark, sheet) * cover, 0, 255), dtype=np.uint8)
