"""Seeded photo effects for :mod:`geometry`, each with the map that carries points of the page along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """A changed page and where its points went."""

    image: Image
    carry: Callable[[Points], Points]


def _same(points: Points) -> Points:
    return points


def _projective(image: Image, matrix: NDArray[np.float64], size: tuple[int, int], ground: int = 90) -> Effect:
    out = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_AREA, borderValue=(ground, ground, ground))

    def carry(points: Points) -> Points:
        moved = np.hstack([points, np.ones((len(points), 1))]) @ matrix.T
        return moved[:, :2] / moved[:, 2:]

    return Effect(np.asarray(out, np.uint8), carry)


def perspective(image: Image, rng: np.random.Generator) -> Effect:
    """A phone held at an angle: every corner moves by up to 5 % of the page, on a dull ground."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inset = rng.uniform(0.005, 0.05, (4, 2)) * [width, height] * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    matrix = cv2.getPerspectiveTransform(corners, (corners + inset).astype(np.float32))
    return _projective(image, matrix, (width, height))


def rotation(image: Image, rng: np.random.Generator) -> Effect:
    """A page laid crookedly: 0.8 to 2.2 degrees either way."""
    height, width = image.shape[:2]
    degrees = float(rng.uniform(0.8, 2.2) * rng.choice([-1, 1]))
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), [0, 0, 1]])
    return _projective(image, turn, (width, height), ground=30)


def curl(image: Image, rng: np.random.Generator) -> Effect:
    """Paper that curls towards the binding: lines bow, columns there narrow."""
    height, width = image.shape[:2]
    bow, squeeze = rng.uniform(0.006, 0.014) * width, rng.uniform(0.01, 0.03) * width
    side = rng.choice([-1.0, 1.0])

    def there(points: Points) -> Points:
        x, y = points[:, 0] / width, points[:, 1] / height
        edge = x if side > 0 else 1 - x
        dx = side * (-squeeze * edge**4) + bow * np.sin(np.pi * y)
        dy = 1.2 * bow * edge**3
        return points + np.stack([dx, dy], axis=1)

    grid = np.stack(np.meshgrid(np.arange(0, width, 16.0), np.arange(0, height, 16.0)), axis=2).reshape(-1, 2)
    back = grid.copy()
    for _ in range(12):
        back += grid - there(back)
    shape = (len(np.arange(0, height, 16)), len(np.arange(0, width, 16)))
    scale = np.array([[16.0, 0, 0], [0, 16.0, 0]])
    maps = [
        cv2.warpAffine(
            back[:, axis].reshape(shape).astype(np.float32),
            scale,
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for axis in (0, 1)
    ]
    out = cv2.remap(image, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Effect(np.asarray(out, np.uint8), there)


def shadow(image: Image, rng: np.random.Generator) -> Effect:
    """A hand's shadow with a soft edge across the page, and a lamp's fall-off."""
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height:8, 0:width:8].astype(np.float32)
    angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.2, 0.2)
    along = (x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle) - place
    light = 1.0 - rng.uniform(0.35, 0.55) / (1.0 + np.exp(-along / 0.03)) - 0.25 * np.abs(along)
    light = cv2.resize(light.astype(np.float32), (width, height))
    return Effect(np.clip(image * light[..., None], 0, 255).astype(np.uint8), _same)


def low_resolution(image: Image, rng: np.random.Generator) -> Effect:
    """About 100 dots an inch (pages of about 30 cm), then JPEG."""
    factor = 1180.0 / image.shape[0] * float(rng.uniform(0.9, 1.1))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    done = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
    return Effect(np.asarray(done, np.uint8), lambda points: points * factor)


def blurred(image: Image, rng: np.random.Generator) -> Effect:
    """Out of focus, faint and noisy."""
    sigma = float(rng.uniform(0.8, 1.6)) * image.shape[0] / 2900.0
    soft = cv2.GaussianBlur(image, (0, 0), sigma).astype(np.float32)
    soft = 150 + (soft - 150) * float(rng.uniform(0.45, 0.7)) + rng.normal(0, 5, image.shape)
    return Effect(np.clip(soft, 0, 255).astype(np.uint8), _same)


def grey(image: Image, rng: np.random.Generator) -> Effect:
    """Grey scan with another brightness and contrast."""
    one = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    one = np.clip((one - 128) * float(rng.uniform(0.6, 1.3)) + 128 + float(rng.uniform(-30, 30)), 0, 255)
    return Effect(np.repeat(one.astype(np.uint8)[..., None], 3, axis=2), _same)


def cropped(image: Image, rng: np.random.Generator) -> Effect:
    """Margins cut off: up to 4 % on each side."""
    height, width = image.shape[:2]
    left, top, right, bottom = (rng.uniform(0, 0.04, 4) * [width, height, width, height]).astype(int)
    cut = image[top : height - bottom, left : width - right].copy()
    return Effect(cut, lambda points: points - [left, top])


def scaled(image: Image, rng: np.random.Generator) -> Effect:
    """Another resolution: 0.7 to 1.3 times."""
    factor = float(rng.uniform(0.7, 1.3))
    out = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return Effect(np.asarray(out, np.uint8), lambda points: points * factor)


def everything(image: Image, rng: np.random.Generator) -> Effect:
    """A poor photograph: curl, perspective, shadow, blur and low resolution together."""
    steps = (curl, perspective, shadow, blurred, low_resolution)
    carries: list[Callable[[Points], Points]] = []
    for step in steps:
        effect = step(image, rng)
        image = effect.image
        carries.append(effect.carry)

    def carry(points: Points) -> Points:
        for each in carries:
            points = each(points)
        return points

    return Effect(image, carry)


EFFECTS = {
    "perspective": perspective,
    "rotation": rotation,
    "curl": curl,
    "shadow": shadow,
    "low resolution": low_resolution,
    "blurred, faint": blurred,
    "grey": grey,
    "cropped": cropped,
    "scaled": scaled,
    "poor photograph": everything,
}
