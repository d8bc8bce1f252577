"""Handwriting: an open font, and how one person bends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from extractor.training.fonts import FontSpec, Split, load_fonts
from extractor.training.synth.lettering import Mask, pil_font, x_height

PENS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "blue": ((140, 62, 28), (150, 50, 40), (120, 45, 30), (165, 85, 45), (105, 40, 45)),
    "black": ((35, 32, 30), (50, 45, 45), (60, 40, 35)),
    "violet": ((120, 40, 75),),
}
"""Ink colours, blue-green-red."""

_OVERSAMPLING = 2


@dataclass(frozen=True)
class Hand:
    """How a person writes. Lengths in millimetres, angles as tangents.

    Args:
        x_height: height of small letters.
        slant: added slope of the strokes; positive leans right.
        width: factor on the width of words.
        space: width of the space between words, as a share of the x-height.
        pen: width of the stroke.
        wobble: how far strokes leave their ideal path, as a share of the x-height.
        drift: standard deviation of a word's baseline.
        lift: how far above the dotted line the baseline lies; negative writes below it.
    """

    font: FontSpec
    x_height: float
    slant: float
    width: float
    space: float
    pen: float
    wobble: float
    drift: float
    lift: float
    ink: tuple[int, int, int]
    flow: float = 0.12
    letter_jitter: float = 0.03


@dataclass(frozen=True)
class PrinterHand:
    """A printer that fills a form by software: a font, its size (em, millimetres) and how badly the sheet was fed."""

    font: FontSpec
    size: float
    offset: tuple[float, float]
    ink: tuple[int, int, int]


def draw_hand(rng: Random, split: Split | str = Split.TRAIN, *, not_font: str = "", ugliness: float = 0.5) -> Hand:
    """An invented hand of the given part of the data.

    Args:
        not_font: file of a font not to use, so that two hands of a page differ.
        ugliness: 0 to 1, how unsteady the hand is.
    """
    complete = _writing_everything(load_fonts("hand", split))
    fonts = [spec for spec in complete if spec.file != not_font] or complete
    font = rng.choice(fonts)
    colour = rng.choices(list(PENS), (70, 25, 5))[0]
    height = rng.uniform(1.85, 2.45) / max(1.0, _cap_ratio(font.file) / 2.0)
    own_pen = stroke_share(font.file) / x_height(font.file) * height
    return Hand(
        font=font,
        x_height=height,
        slant=rng.gauss(0.06, 0.09),
        width=rng.uniform(0.88, 1.08),
        space=rng.uniform(0.8, 1.5),
        pen=max(0.26, min(own_pen * 1.6, max(own_pen * 0.75, height * rng.uniform(0.14, 0.2)))),
        wobble=rng.uniform(0.02, 0.05) + 0.07 * ugliness,
        drift=rng.uniform(0.08, 0.2) + 0.3 * ugliness,
        lift=rng.uniform(-0.3, 1.0),
        ink=rng.choice(PENS[colour]),
        flow=rng.uniform(0.05, 0.25),
        letter_jitter=0.015 + 0.04 * ugliness,
    )


def draw_printer(rng: Random, split: Split | str = Split.TRAIN) -> PrinterHand:
    """An invented printer."""
    plain = [spec for spec in load_fonts("print", split) if not spec.file.endswith(("bold.ttf", "italic.ttf"))]
    fonts = _writing_everything(plain)
    grey = rng.randint(15, 55)
    font = rng.choices(fonts, [1 if spec.package == "cousine" else 3 for spec in fonts])[0]
    return PrinterHand(
        font,
        rng.uniform(4.0, 4.7) * (0.88 if font.package == "cousine" else 1.0),
        (rng.uniform(-0.8, 0.8), rng.uniform(-0.4, 0.3)),
        (grey, grey, grey),
    )


def _writing_everything(fonts: Iterable[FontSpec]) -> list[FontSpec]:
    """Those of the fonts that write the names of all peoples too."""
    return [spec for spec in fonts if set("ŏĕčñŭ") <= set(spec.highland)]


@lru_cache(maxsize=64)
def _cap_ratio(file: str) -> float:
    """Height of capitals as a multiple of the height of small letters."""
    font = pil_font(file, 200)
    return (
        float(np.median([-float(font.getbbox(letter, anchor="ls")[1]) for letter in "HNTDLB"])) / 200 / x_height(file)
    )


@lru_cache(maxsize=64)
def stroke_share(file: str) -> float:
    """Typical width of a font's strokes as a share of its em."""
    font = pil_font(file, 240)
    mask = np.asarray(font.getmask("nhuoicmdt", mode="L"), np.uint8)
    width, height = font.getmask("nhuoicmdt", mode="L").size
    mask = np.pad(mask.reshape(height, width), 4)
    inside = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5)
    ridge = (inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8))) & (inside > 0)
    return 2.0 * float(np.median(inside[ridge])) / 240


def word_width(word: str, hand: Hand, scale: float) -> float:
    """Width of a word in pixels at ``scale`` pixels a millimetre."""
    em = 200
    length = float(pil_font(hand.font.file, em).getlength(word)) / em
    return length * hand.x_height / x_height(hand.font.file) * hand.width * scale


def write_word(
    word: str, hand: Hand, scale: float, rng: Random, *, size: float = 1.0, squeeze: float = 1.0
) -> tuple[Mask, int, int]:
    """A word as an ink mask.

    Args:
        scale: pixels a millimetre.
        size: factor on the hand's size.
        squeeze: factor on the width alone.

    Returns:
        The mask, and where in it the word's baseline begins: x and y in pixels.
    """
    tall = 0.86 if len(word) > 2 and word.isupper() else 1.0
    fine = scale * _OVERSAMPLING
    em = hand.x_height * size * tall / x_height(hand.font.file) * fine * rng.gauss(1.0, 0.025)
    font = pil_font(hand.font.file, em)
    length = float(font.getlength(word))
    left, right = int(em * 0.9), int(em * 0.9)
    up, down = int(em * 2.0), int(em * 1.1)
    canvas = np.zeros((up + down, int(length) + left + right), np.uint8)
    jitter = 0.0 if hand.font.joined else hand.letter_jitter * em
    _letters(canvas, word, font, origin=(left, up), rng=rng, jitter=jitter)
    canvas = _pen(canvas, hand, em, fine)
    bent = _bend(
        canvas,
        hand,
        rng,
        origin=(left, up),
        width=squeeze * hand.width / tall**0.3,
        x_pixels=hand.x_height * size * fine,
    )
    return bent, int(left / _OVERSAMPLING), int(up / _OVERSAMPLING)


def _letters(canvas: Mask, word: str, font: Any, *, origin: tuple[int, int], rng: Random, jitter: float) -> None:
    left, up = origin
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    if jitter <= 0:
        pen.text((left, up), word, fill=255, font=font, anchor="ls")
    else:
        for number, letter in enumerate(word):
            before = float(font.getlength(word[:number]))
            x = left + before + rng.gauss(0, jitter * 0.6)
            pen.text((x, up + rng.gauss(0, jitter)), letter, fill=255, font=font, anchor="ls")
    canvas[:] = np.asarray(picture)


def _pen(canvas: Mask, hand: Hand, em: float, fine: float) -> Mask:
    """Make the strokes as wide as the hand's pen."""
    change = hand.pen * fine - stroke_share(hand.font.file) * em
    whole = int(abs(change))
    share = abs(change) - whole
    less, more = _changed(canvas, whole, change > 0), _changed(canvas, whole + 1, change > 0)
    return np.asarray(cv2.addWeighted(less, 1.0 - share, more, share, 0.0))


def _changed(canvas: Mask, pixels: int, wider: bool) -> Mask:
    """Strokes wider or narrower by so many pixels."""
    if pixels < 1:
        return canvas
    side = min(pixels, 9) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    if wider:
        return np.asarray(cv2.dilate(canvas, kernel))
    # Hairlines that the erosion would break stay as they were, only paler.
    return np.maximum(np.asarray(cv2.erode(canvas, kernel)), (canvas * 0.35).astype(np.uint8))


def _bend(canvas: Mask, hand: Hand, rng: Random, *, origin: tuple[int, int], width: float, x_pixels: float) -> Mask:
    """Slant, squeeze and wobble a word about the beginning of its baseline, and bring it to its final size."""
    left, up = origin
    height, length = canvas.shape
    out_w, out_h = int(length * max(width, 1.0) / _OVERSAMPLING) + 2, int(height / _OVERSAMPLING) + 1
    slant = hand.slant + rng.gauss(0, 0.02)
    climb = rng.gauss(0, 0.008)
    ys, xs = np.mgrid[0:out_h, 0:out_w].astype(np.float32) * _OVERSAMPLING
    noise = np.random.default_rng(rng.randrange(2**32))
    amount = hand.wobble * x_pixels
    cells = (max(3, round(height / x_pixels / 1.3)), max(3, round(length / x_pixels / 1.3)))
    dx, dy = (
        cv2.resize(noise.normal(0, amount, cells).astype(np.float32), (out_w, out_h), interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    )
    above = up - ys
    source_x = (xs - left - above * slant) / width + left + dx
    source_y = ys + climb * (xs - left) + dy
    small = cv2.GaussianBlur(canvas, (0, 0), 0.8)
    bent = cv2.remap(small, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    flow = cv2.resize(
        noise.uniform(1 - 2 * hand.flow, 1, cells).astype(np.float32), (out_w, out_h), interpolation=cv2.INTER_CUBIC
    )
    return np.clip(bent * np.clip(flow, 0.3, 1.0), 0, 255).astype(np.uint8)
