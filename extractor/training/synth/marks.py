"""Marks that are no writing: ticks, signatures, stamps."""

from __future__ import annotations

import math
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from extractor.training.fonts import FontSpec
from extractor.training.synth.hand import Hand
from extractor.training.synth.lettering import Mask, pil_font
from extractor.training.synth.typeset import SignArea, TickBox

_BITS = 4


def _strokes(shape: tuple[int, int], lines: list[np.ndarray], width: float) -> Mask:
    """Polylines (arrays of x, y in pixels) as a soft ink mask."""
    canvas = np.zeros(shape, np.uint8)
    for line in lines:
        points = np.round(line * (1 << _BITS)).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [points], False, 255, max(1, round(width)), cv2.LINE_AA, _BITS)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 0.6))


def draw_tick(
    box: TickBox, style: str, pen: float, scale: float, rng: Random, *, straight: bool = False
) -> tuple[Mask, int, int]:
    """A cross or check in a tick box, as mask and upper left corner in page pixels; it may leave the box a little."""
    side, margin = box.side * scale, 2.0 * scale
    size = int(side + 2 * margin)
    loose = 0.02 if straight else 0.13

    def point(u: float, v: float) -> tuple[float, float]:
        return (margin + side * (u + rng.gauss(0, loose)), margin + side * (v + rng.gauss(0, loose)))

    if style == "cross":
        over = 0.12 if straight else rng.uniform(-0.02, 0.2)
        lines = [
            _curve([point(over, over), point(0.5, 0.5), point(1 - over, 1 - over)]),
            _curve([point(1 - over, over), point(0.5, 0.5), point(over, 1 - over)]),
        ]
    else:
        lines = [_curve([point(0.1, 0.5), point(0.4, 0.85), point(1.05, -0.05)], bend=0.0)]
    mask = _strokes((size, size), lines, pen * scale * rng.uniform(0.9, 1.3))
    return mask, round(box.x * scale - margin), round(box.y * scale - margin)


def _curve(points: list[tuple[float, float]], bend: float = 1.0) -> np.ndarray:
    """A smooth line through three or more points (Catmull-Rom), or straight pieces where ``bend`` is 0."""
    knots = np.array(points, np.float64)
    if bend == 0.0:
        return knots
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    pieces = []
    for number in range(1, len(padded) - 2):
        p0, p1, p2, p3 = padded[number - 1 : number + 3]
        t = np.linspace(0, 1, 14)[:, None]
        pieces.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        )
    return np.vstack(pieces)


def scribble(area: SignArea, hand: Hand, scale: float, rng: Random) -> tuple[Mask, int, int]:
    """A signature in the area, as mask and upper left corner in page pixels."""
    width, height = (area.x1 - area.x0) * scale, max(6.0, area.y1 - area.y0) * scale
    shape = (int(height), int(width))
    centre = np.array([width * rng.uniform(0.35, 0.65), height * rng.uniform(0.4, 0.6)])
    reach = min(width * 0.3, 16 * scale)
    tall = min(height * 0.4, 8 * scale)
    knots = []
    for number in range(rng.randint(7, 13)):
        along = number / 9 - 0.6
        knots.append(
            (
                centre[0] + reach * (along + rng.gauss(0, 0.28)),
                centre[1] + tall * math.sin(number * rng.uniform(1.7, 2.6)) * rng.uniform(0.4, 1.0),
            )
        )
    knots.append((centre[0] + reach * 1.2, centre[1] + tall * rng.uniform(-0.3, 0.3)))
    knots = [(min(max(x, 3), width - 3), min(max(y, 3), height - 3)) for x, y in knots]
    mask = _strokes(shape, [_curve(knots)], hand.pen * scale * 0.9)
    return mask, round(area.x0 * scale), round(area.y0 * scale)


def stamp(text: str, middle: str, font: FontSpec, *, diameter: float, scale: float, rng: Random) -> Mask:
    """A round seal as an ink mask: two rings, a text along them, a star, a text across.

    Args:
        diameter: outer diameter, millimetres.
    """
    radius = diameter * scale / 2
    size = int(2 * radius + 8)
    canvas = np.zeros((size, size), np.uint8)
    centre = (size // 2, size // 2)
    cv2.circle(canvas, centre, int(radius), 255, max(1, int(0.6 * scale)), cv2.LINE_AA)
    cv2.circle(canvas, centre, int(radius * 0.93), 255, max(1, int(0.2 * scale)), cv2.LINE_AA)
    cv2.circle(canvas, centre, int(radius * 0.62), 255, max(1, int(0.2 * scale)), cv2.LINE_AA)
    _around_circle(canvas, text, font, radius * 0.68, max(6, round(radius * 0.21)))
    angle = [math.pi * (0.5 + number * 0.4) for number in range(10)]
    star = [
        (
            centre[0] + radius * (0.26 if n % 2 == 0 else 0.1) * math.cos(-math.pi / 2 + n * math.pi / 5),
            centre[1]
            - radius * 0.16
            + radius * (0.26 if n % 2 == 0 else 0.1) * math.sin(-math.pi / 2 + n * math.pi / 5),
        )
        for n in range(len(angle))
    ]
    cv2.fillPoly(canvas, [np.round(np.array(star)).astype(np.int32)], 255, cv2.LINE_AA)
    _across(canvas, middle, font, centre, radius)
    turn = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), rng.gauss(0, 9), 1.0)
    canvas = np.asarray(cv2.warpAffine(canvas, turn, (size, size), flags=cv2.INTER_LINEAR))
    return _worn(canvas, rng)


def _across(canvas: Mask, text: str, font: FontSpec, centre: tuple[int, int], radius: float) -> None:
    picture = Image.fromarray(canvas)
    pixels = max(6, round(radius * 0.2))
    while pixels > 6 and pil_font(font.file, pixels).getlength(text) > radius * 1.1:
        pixels -= 1
    place = (centre[0], centre[1] + int(radius * 0.32))
    ImageDraw.Draw(picture).text(place, text, fill=255, font=pil_font(font.file, pixels), anchor="mm")
    canvas[:] = np.asarray(picture)


def _around_circle(canvas: Mask, text: str, font: FontSpec, radius: float, pixels: int) -> None:
    """Letters along the upper 290 degrees of a circle."""
    file = font.bold or font.file
    letters = pil_font(file, pixels)
    total = float(letters.getlength(text))
    spread = min(math.radians(290), total * 1.15 / radius)
    size = canvas.shape[0]
    for number, letter in enumerate(text):
        place = float(letters.getlength(text[:number])) + float(letters.getlength(letter)) / 2
        angle = -spread / 2 + spread * place / total
        tile = Image.new("L", (pixels * 3, pixels * 3), 0)
        ImageDraw.Draw(tile).text((pixels * 1.5, pixels * 2), letter, fill=255, font=letters, anchor="ms")
        turned = np.asarray(tile.rotate(-math.degrees(angle), resample=Image.Resampling.BILINEAR))
        x = size / 2 + radius * math.sin(angle) - pixels * 1.5
        y = size / 2 - radius * math.cos(angle) - pixels * 1.5
        x0, y0 = round(x), round(y)
        if x0 >= 0 and y0 >= 0 and x0 + turned.shape[1] <= size and y0 + turned.shape[0] <= size:
            part = canvas[y0 : y0 + turned.shape[0], x0 : x0 + turned.shape[1]]
            np.maximum(part, turned, out=part)


def _worn(canvas: Mask, rng: Random) -> Mask:
    """Uneven pressure and too little ink in places."""
    noise = np.random.default_rng(rng.randrange(2**32))
    size = canvas.shape[0]
    coarse = cv2.resize(
        noise.uniform(0.25, 1.15, (5, 5)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC
    )
    fine = cv2.resize(noise.uniform(0.6, 1.1, (size // 2, size // 2)).astype(np.float32), (size, size))
    worn = cv2.GaussianBlur(canvas.astype(np.float32) * np.clip(coarse * fine, 0, 1), (0, 0), 0.7)
    return np.asarray(np.clip(worn, 0, 255), np.uint8)
