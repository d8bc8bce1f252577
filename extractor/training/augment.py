"""Changes to a line's picture that leave its text as it is: geometry, pen, paper, light, camera and rulings."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from extractor.training.ink import Grey, paper_level
from extractor.training.remains import leave_print


def _smooth_noise(rng: Generator, shape: tuple[int, int], cells: tuple[int, int]) -> NDArray[np.float32]:
    """Low-frequency noise of roughly standard normal values."""
    coarse = rng.standard_normal(cells).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def move(rng: Generator, grey: Grey, *, strength: float = 1.0) -> Grey:
    """Rotate, slant, stretch and re-crop a little."""
    height, width = grey.shape
    angle = np.deg2rad(rng.normal(0, 0.6) * strength)
    slant = rng.normal(0, 0.16) * strength
    stretch = float(np.exp(rng.normal(0, 0.10) * strength))
    tall = float(np.exp(rng.normal(-0.02, 0.07) * strength))
    shift = rng.normal(0, 0.032) * strength * height
    angle = float(np.clip(angle, -0.12 * height / width * 2, 0.12 * height / width * 2))
    matrix = np.array([[stretch, slant, 0.0], [np.tan(angle), tall, 0.0]])
    centre = np.array([width / 2, height / 2])
    out_width = max(8, round(width * stretch))
    matrix[:, 2] = np.array([out_width / 2, height / 2 + shift]) - matrix[:, :2] @ centre
    return np.asarray(
        cv2.warpAffine(
            grey, matrix, (out_width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
            borderValue=paper_level(grey),
        ),
        dtype=np.uint8,
    )  # fmt: skip


def bend(rng: Generator, grey: Grey) -> Grey:
    """Warp along a smooth random field, as a moving hand does."""
    height, width = grey.shape
    cells = (3, max(3, width // height * 2))
    size = 0.03 * height * rng.uniform(0.3, 1.4)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    xs += _smooth_noise(rng, grey.shape, cells) * size
    ys += _smooth_noise(rng, grey.shape, cells) * size
    return np.asarray(cv2.remap(grey, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def trim(rng: Generator, grey: Grey) -> Grey:
    """Add or take away a little margin on each side."""
    height = grey.shape[0]
    paper = paper_level(grey)
    top, bottom = (int(rng.normal(0, 0.05) * height) for _ in range(2))
    left, right = (int(rng.exponential(0.35) * height) for _ in range(2))
    if rng.random() < 0.3:
        left = right = 0
    top, bottom = max(top, -height // 16), max(bottom, -height // 16)
    grey = grey[max(0, -top) : height - max(0, -bottom)]
    return np.asarray(
        cv2.copyMakeBorder(grey, max(0, top), max(0, bottom), left, right, cv2.BORDER_CONSTANT, value=paper),
        dtype=np.uint8,
    )


def rule(rng: Generator, grey: Grey) -> Grey:
    """Draw part of a form's rulings: a dotted or solid line under the text, a line above, or a cell's side."""
    grey = grey.copy()
    height, width = grey.shape
    level = int(paper_level(grey) * rng.uniform(0.25, 0.8))
    thick = max(1, round(height * rng.uniform(0.01, 0.035)))
    kind = rng.random()
    tilt = rng.normal(0, 0.004) * width
    base = height * (rng.uniform(0.66, 0.97) if kind < 0.8 else rng.uniform(0.0, 0.1))
    if kind < 0.55:
        spacing = height * rng.uniform(0.05, 0.16)
        radius = max(1, round(height * rng.uniform(0.008, 0.022)))
        start, stop = (0, width) if rng.random() < 0.7 else sorted(rng.uniform(0, width, 2))
        for x in np.arange(start, stop, spacing):
            y = base + tilt * x / width
            cv2.circle(grey, (int(x), int(y)), radius, level, -1, cv2.LINE_AA)
    elif kind < 0.92:
        cv2.line(grey, (0, int(base)), (width, int(base + tilt)), level, thick, cv2.LINE_AA)
    if kind > 0.85:
        x = int(rng.choice([rng.uniform(0, 0.08) * height, width - rng.uniform(0, 0.08) * height]))
        cv2.line(grey, (x, 0), (x, height), level, thick, cv2.LINE_AA)
    return grey


def bleed(rng: Generator, grey: Grey) -> Grey:
    """Let writing from the back of the sheet show through: mirrored, faint and soft."""
    height = grey.shape[0]
    paper = paper_level(grey)
    back = np.roll(grey[:, ::-1], (int(rng.normal(0, 0.3) * height), int(rng.uniform(-2, 2) * height)), axis=(0, 1))
    soft = cv2.GaussianBlur(back, (0, 0), rng.uniform(0.015, 0.04) * height).astype(np.float32)
    through = paper + (soft - paper) * rng.uniform(0.1, 0.35)
    return np.asarray(np.clip(np.minimum(grey, through), 0, 255), dtype=np.uint8)


def stamp(rng: Generator, grey: Grey) -> Grey:
    """Lay part of a round stamp over the line, lighter than the ink: two rings and blots between them."""
    height, width = grey.shape
    radius = height * rng.uniform(0.8, 2.2)
    centre = np.array([rng.uniform(0, width), rng.uniform(-0.6, 1.6) * height])
    cover = np.zeros(grey.shape, dtype=np.uint8)
    thick = max(1, round(0.035 * height))
    place = tuple(int(value) for value in centre)
    for share in (1.0, rng.uniform(0.6, 0.8)):
        cv2.circle(cover, place, round(radius * share), 255, thick, cv2.LINE_AA)
    for angle in np.arange(0, 2 * np.pi, rng.uniform(0.12, 0.25)):
        blot = centre + 0.85 * radius * np.array([np.cos(angle), np.sin(angle)])
        end = blot + rng.normal(0, 0.06 * radius, 2)
        cv2.line(cover, tuple(blot.astype(int).tolist()), tuple(end.astype(int).tolist()), 255, thick, cv2.LINE_AA)
    worn = np.clip(0.75 + 0.35 * _smooth_noise(rng, grey.shape, (4, max(4, width // height * 4))), 0, 1)
    keep = 1 - cover.astype(np.float32) / 255 * worn * rng.uniform(0.2, 0.55)
    return np.asarray(grey * keep, dtype=np.uint8)


def thicken(rng: Generator, grey: Grey) -> Grey:
    """Make the pen broader or finer."""
    kernel = np.ones((2, 2), np.uint8) if rng.random() < 0.7 else cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    change = cv2.erode if rng.random() < 0.6 else cv2.dilate
    changed = change(grey, kernel)
    share = rng.uniform(0.3, 0.9)
    return np.asarray(cv2.addWeighted(changed, share, grey, 1 - share, 0), dtype=np.uint8)


def fade(rng: Generator, grey: Grey) -> Grey:
    """Let the ink fade unevenly towards the paper."""
    paper = paper_level(grey)
    keep = rng.uniform(0.35, 1.0) + 0.15 * _smooth_noise(rng, grey.shape, (2, max(2, grey.shape[1] // grey.shape[0])))
    faded = paper + (grey.astype(np.float32) - paper) * np.clip(keep, 0.2, 1.1)
    return np.asarray(np.clip(faded, 0, 255), dtype=np.uint8)


def shade(rng: Generator, grey: Grey) -> Grey:
    """Uneven light and another exposure."""
    light = 1.0 + 0.09 * rng.uniform(0, 1.5) * _smooth_noise(rng, grey.shape, (2, 3))
    out = grey.astype(np.float32) * light * rng.uniform(0.7, 1.1)
    return np.asarray(np.clip(out, 0, 255), dtype=np.uint8)


def blur(rng: Generator, grey: Grey) -> Grey:
    """Out of focus, or moved."""
    if rng.random() < 0.8:
        return np.asarray(cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.4, 1.0) * grey.shape[0] / 60), dtype=np.uint8)
    length = int(rng.integers(2, 5))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2 if rng.random() < 0.5 else slice(None), :] = 1
    return np.asarray(cv2.filter2D(grey, -1, kernel / kernel.sum()), dtype=np.uint8)


def coarsen(rng: Generator, grey: Grey) -> Grey:
    """Scan at a low resolution."""
    height, width = grey.shape
    target = rng.uniform(22, 40)
    if target >= height:
        return grey
    small = cv2.resize(grey, (max(4, round(width * target / height)), round(target)), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def speckle(rng: Generator, grey: Grey) -> Grey:
    """Sensor noise, and now and then the grain of the paper."""
    noise = rng.standard_normal(grey.shape, dtype=np.float32) * rng.uniform(1, 11)
    if rng.random() < 0.3:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.0) * 2, dtype=np.float32)
    return np.asarray(np.clip(grey + noise, 0, 255), dtype=np.uint8)


def compress(rng: Generator, grey: Grey) -> Grey:
    """Store as a JPEG and load again."""
    _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(18, 80))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


STEPS: tuple[tuple[float, Callable[[Generator, Grey], Grey]], ...] = (
    (0.85, move), (0.35, bend), (0.2, thicken), (0.3, fade), (0.08, bleed), (0.12, leave_print),
    (0.25, rule), (0.05, stamp), (0.35, trim), (0.4, shade), (0.25, blur),
    (0.2, coarsen), (0.35, speckle), (0.3, compress),
)  # fmt: skip
"""Probability and change, in the order in which paper, pen, light and camera act."""


def augment(rng: Generator, grey: Grey) -> Grey:
    """Change a line's picture at random; the text stays readable and the same."""
    if grey.shape[0] > 96:
        width = max(8, round(grey.shape[1] * 96 / grey.shape[0]))
        grey = np.asarray(cv2.resize(grey, (width, 96), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    for probability, change in STEPS:
        if rng.random() < probability:
            grey = change(rng, grey)
    return grey
