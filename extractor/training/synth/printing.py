"""Draws a laid-out form as a mask of printing ink."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from extractor.training.synth.lettering import Mask, cut, pil_font
from extractor.training.synth.typeset import PrintedForm, Rule

_DASHES = {"dots": (1.6, 0.35), "fine-dots": (0.9, 0.25), "dashes": (2.2, 1.2)}
"""Distance from one mark to the next and length of a mark, millimetres."""


def draw_form(form: PrintedForm, dpi: int) -> Mask:
    """The printed form as an ink mask, 0 paper to 255 full ink, at ``dpi`` pixels an inch."""
    scale = dpi / 25.4
    width, height = (round(side * scale) for side in form.page)
    canvas = np.zeros((height, width), np.uint8)
    for rule in form.rules:
        _draw_rule(canvas, rule, scale)
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    for text in form.texts:
        file = cut(form.edition.font, bold=text.bold, italic=text.italic)
        font = pil_font(file, text.size * scale)
        pen.text((text.x * scale, text.y * scale), text.text, fill=255, font=font, anchor="ls")
    return np.array(picture)


def _draw_rule(canvas: Mask, rule: Rule, scale: float) -> None:
    if rule.style in _DASHES:
        step, length = _DASHES[rule.style]
        x = rule.x0
        while x + length < rule.x1:
            _segment(canvas, (x, rule.y0, x + length, rule.y1), rule.width, scale)
            x += step
    else:
        _segment(canvas, (rule.x0, rule.y0, rule.x1, rule.y1), rule.width, scale)


def _segment(canvas: Mask, ends: tuple[float, float, float, float], width: float, scale: float) -> None:
    """A line with soft edges: OpenCV draws whole pixels, so one thinner than two pixels is drawn paler."""
    pixels = width * scale
    thickness = max(1, round(pixels))
    shade = int(min(255, 255 * pixels / thickness))
    bits = 4
    points = [round(value * scale * (1 << bits)) for value in ends]
    cv2.line(canvas, (points[0], points[1]), (points[2], points[3]), shade, thickness, cv2.LINE_AA, bits)
