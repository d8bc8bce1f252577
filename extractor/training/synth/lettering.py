"""Text as grey masks: widths, and printed lines."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from extractor.training.fonts import FontSpec
from extractor.training.fonts.registry import FOLDER

Mask = NDArray[np.uint8]
_MEASURE = 200


def pil_font(file: str, pixels: float) -> Any:
    """A font at an em of so many pixels, to an eighth; the plain layout engine gives the same pixels everywhere."""
    return _pil_font(file, max(4.0, round(pixels * 8) / 8))


@lru_cache(maxsize=256)
def _pil_font(file: str, pixels: float) -> Any:
    return ImageFont.truetype(str(FOLDER / file), pixels, layout_engine=ImageFont.Layout.BASIC)


def cut(font: FontSpec, *, bold: bool = False, italic: bool = False) -> str:
    """File of the bold or italic cut, or of the font itself where it has none."""
    return (font.bold if bold else font.italic if italic else "") or font.file


def text_width(text: str, font: FontSpec, size: float, *, bold: bool = False) -> float:
    """Width of a text at an em of ``size``, in the unit of ``size``."""
    return float(pil_font(cut(font, bold=bold), _MEASURE).getlength(text)) * size / _MEASURE


@lru_cache(maxsize=64)
def x_height(file: str) -> float:
    """Height of the small letters as a share of the em: the median, for in some hands a letter has a flourish."""
    font = pil_font(file, _MEASURE)
    return float(np.median([-float(font.getbbox(letter, anchor="ls")[1]) for letter in "aceimnorsuvx"])) / _MEASURE


def draw_text(canvas: Mask, text: str, start: tuple[float, float], font: Any) -> None:
    """Add text to a mask (0 paper, 255 ink), its baseline beginning at ``start`` (x, y pixels)."""
    picture = Image.fromarray(canvas)
    ImageDraw.Draw(picture).text(start, text, fill=255, font=font, anchor="ls")
    canvas[:] = np.asarray(picture)
