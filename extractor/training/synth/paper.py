"""Paper: its colour, unevenness, stains, and what shines through from the other side."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.training.synth.lettering import Mask

Picture = NDArray[np.uint8]
Shade = NDArray[np.float32]

TONES = ((247, 250, 251), (236, 245, 248), (222, 238, 244), (206, 228, 238), (232, 238, 238), (240, 244, 240))
"""Paper colours, blue-green-red, from white to yellowed."""


@dataclass(frozen=True)
class Paper:
    """The paper of a book.

    Args:
        tone: colour, blue-green-red.
        grain: standard deviation of fine unevenness, grey levels.
        cloud: same for unevenness over centimetres.
        see_through: how strongly the other side shines through, 0 to 1.
        stains: number of stains a page has on average.
    """

    tone: tuple[int, int, int]
    grain: float
    cloud: float
    see_through: float
    stains: float


def draw_paper(rng: Random, strength: float) -> Paper:
    """Paper that is the older, the greater ``strength`` (0 to 5) is."""
    reach = strength / 5.0
    tone = TONES[0] if strength == 0 else rng.choices(TONES, (3, 3, 1 + 2 * reach, 3 * reach, 1, 1))[0]
    return Paper(
        tone=tone,
        grain=0.4 + 2.6 * reach * rng.random(),
        cloud=6.0 * reach * rng.random(),
        see_through=0.0 if strength < 1 else 0.22 * reach * rng.random(),
        stains=0.0 if strength < 2 else 1.5 * reach * rng.random(),
    )


def blank_sheet(paper: Paper, shape: tuple[int, int], rng: Random) -> Picture:
    """An empty sheet of that height and width in pixels."""
    height, width = shape
    noise = np.random.default_rng(rng.randrange(2**32))
    shade: Shade = cv2.resize(
        noise.normal(0, paper.cloud, (max(3, height // 220), max(3, width // 220))).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_LINEAR,
    ).astype(np.float32)
    tile = noise.normal(0, paper.grain, (512, 512)).astype(np.float32)
    tile += cv2.GaussianBlur(noise.normal(0, paper.grain * 4, (512, 512)).astype(np.float32), (0, 0), 2.0)
    shade = np.add(shade, np.tile(tile, (height // 512 + 1, width // 512 + 1))[:height, :width], dtype=np.float32)
    for _ in range(_count(rng, paper.stains)):
        _stain(shade, rng)
    return (
        cv2.merge([cv2.add(np.full(shape, float(part), np.float32), shade) for part in paper.tone])
        .clip(0, 255)
        .astype(np.uint8)
    )


def _count(rng: Random, mean: float) -> int:
    return int(mean) + (rng.random() < mean - int(mean))


def _stain(shade: Shade, rng: Random) -> None:
    height, width = shade.shape
    centre = (rng.randrange(width), rng.randrange(height))
    axes = (rng.randint(width // 60, width // 8), rng.randint(width // 60, width // 8))
    spot = np.zeros((height // 4, width // 4), np.uint8)
    small = ((centre[0] // 4, centre[1] // 4), (axes[0] // 4 + 1, axes[1] // 4 + 1))
    cv2.ellipse(spot, small[0], small[1], rng.uniform(0, 180), 0, 360, 255, -1)
    soft = cv2.GaussianBlur(spot, (0, 0), max(1.0, min(axes) / 14))
    shade -= cv2.resize(soft, (width, height)).astype(np.float32) * (rng.uniform(6, 22) / 255)


def lay_ink(picture: Picture, mask: Mask, ink: tuple[int, int, int], strength: float = 1.0) -> None:
    """Darken a picture with ink of a colour, in place; only rows with ink are touched."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    part = picture[top:bottom]
    for channel, colour in enumerate(ink):
        factor = 255.0 - mask[top:bottom].astype(np.float32) * (strength * (255 - colour) / 255)
        part[:, :, channel] = (part[:, :, channel] * (factor / 255.0)).astype(np.uint8)


def shine_through(picture: Picture, other_side: Mask, amount: float, rng: Random) -> None:
    """Let the other side of the sheet show, mirrored and soft, in place."""
    if amount <= 0:
        return
    mirrored = cv2.flip(other_side, 1)
    shift = np.array([[1, 0, rng.uniform(-25, 25)], [0, 1, rng.uniform(-25, 25)]], np.float32)
    height, width = mirrored.shape
    moved = cv2.warpAffine(mirrored, shift, (width, height))
    lay_ink(picture, np.asarray(cv2.GaussianBlur(moved, (0, 0), 1.6)), (90, 80, 80), amount)
