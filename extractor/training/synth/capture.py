"""Takes the picture of a page: by scanner or by telephone, with their faults."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.training.synth.paper import Picture
from extractor.training.synth.warp import Warp, camera_warp, scanner_warp


@dataclass(frozen=True)
class Device:
    """What takes the pictures of a book.

    Args:
        camera: a telephone rather than a scanner.
        strength: 0 to 5, how faulty the pictures are.
        border: colour outside the page, blue-green-red.
        quality: JPEG quality, 1 to 100.
    """

    camera: bool
    strength: float
    border: tuple[int, int, int]
    quality: int


def draw_device(rng: Random, strength: float, *, camera: bool | None = None) -> Device:
    """A scanner or a telephone; telephones occur from strength 2 on, unless ``camera`` says which."""
    reach = strength / 5.0
    if camera is None:
        camera = rng.random() < max(0.0, 0.12 * (strength - 1.5))
    border = rng.choice(((250, 250, 250), (235, 235, 235), (20, 20, 20), (45, 42, 40)))
    if camera:
        border = rng.choice(((70, 95, 125), (55, 70, 90), (110, 110, 105), (40, 60, 50), (150, 165, 175)))
    return Device(camera, strength, border, round(92 - 34 * reach * rng.random() - 8 * reach))


def take_picture(page: Picture, device: Device, rng: Random) -> tuple[Picture, Warp]:
    """The picture of a page, and how page pixels lie in it."""
    height, width = page.shape[:2]
    warp = _camera(rng, device, (width, height)) if device.camera else _scanner(rng, device, (width, height))
    picture = warp.apply(page, _background(device, warp.size, rng))
    if device.camera:
        picture = _edge_shadow(picture, warp, rng, device.strength)
    picture = _light(picture, device, rng)
    picture = _focus(picture, device, rng)
    return _sensor(picture, device, rng), warp


def encode(picture: Picture, quality: int) -> bytes:
    """The picture as a JPEG file of a quality from 1 to 100."""
    ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok, "OpenCV encodes every 8-bit colour picture as JPEG"
    return bytes(data.tobytes())


def _scanner(rng: Random, device: Device, page: tuple[int, int]) -> Warp:
    strength = device.strength
    degrees = rng.gauss(0, 0.12 + 0.33 * strength) if strength > 0 else 0.0
    limit = 0.2 + 0.7 * strength
    far = 2 + 4 * strength
    shift = (rng.uniform(-far, far), rng.uniform(-far, far)) if strength > 0 else (0.0, 0.0)
    scale = 1.0 + (rng.uniform(-0.002, 0.002) * strength)
    return scanner_warp(page, max(-limit, min(limit, degrees)), scale, shift)


def _camera(rng: Random, device: Device, page: tuple[int, int]) -> Warp:
    width, height = page
    strength = device.strength
    size = (round(width * 1.12), round(height * 1.12))
    margin = (size[0] - width) / 2, (size[1] - height) / 2
    away = 0.008 * strength + 0.01
    angle = np.deg2rad(rng.gauss(0, 0.4 + 0.4 * strength))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    centre = corners.mean(0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = (corners - centre) @ turn.T * rng.uniform(0.94, 1.0) + centre + margin
    corners += np.array([[rng.uniform(-away, away) * width, rng.uniform(-away, away) * height] for _ in range(4)])
    corners = np.clip(corners, 4, np.array(size) - 4.0)
    bend = rng.uniform(-4, 10) * strength if strength >= 2 else 0.0
    return camera_warp(page, corners, size, bend)


def _background(device: Device, size: tuple[int, int], rng: Random) -> Picture:
    width, height = size
    if not device.camera:
        return np.full((height, width, 3), device.border, np.uint8)
    noise = np.random.default_rng(rng.randrange(2**32))
    streaks = cv2.resize(noise.normal(0, 14, (6, max(8, width // 12))).astype(np.float32), (width, height))
    grain = cv2.resize(noise.normal(0, 5, (height // 3, width // 3)).astype(np.float32), (width, height))
    shade = streaks + grain
    return np.asarray(cv2.merge([np.clip(part + shade, 0, 255) for part in device.border]), np.uint8)


def _edge_shadow(picture: Picture, warp: Warp, rng: Random, strength: float) -> Picture:
    """The shadow that a page casts on the table it lies on."""
    width, height = warp.page
    corners = warp.points(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64))
    small = np.zeros((picture.shape[0] // 4, picture.shape[1] // 4), np.uint8)
    cv2.fillPoly(small, [np.round(corners / 4).astype(np.int32)], 255)
    soft = cv2.GaussianBlur(small, (0, 0), 5).astype(np.float32) / 255
    soft = np.roll(soft, (rng.randint(0, 4), rng.randint(-4, 4)), (0, 1))
    inside = small > 0
    shade = np.where(inside, 1.0, 1.0 - 0.5 * soft).astype(np.float32)
    full = cv2.resize(shade, (picture.shape[1], picture.shape[0]))
    return (picture * full[:, :, None]).astype(np.uint8)


def _light(picture: Picture, device: Device, rng: Random) -> Picture:
    """Uneven light: a gradient, a soft shadow, the tint of the lamp."""
    strength = device.strength
    if strength <= 0:
        return picture
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0:64, 0:48].astype(np.float32)
    rows, columns = rows / 63 - 0.5, columns / 47 - 0.5
    fall = (0.05 if device.camera else 0.015) * strength * rng.random()
    angle = rng.uniform(0, 2 * np.pi)
    shade = 1.0 + fall * (rows * np.sin(angle) + columns * np.cos(angle))
    if device.camera or (strength >= 3 and rng.random() < 0.3):
        shade *= _shadow(rows, columns, rng, 0.07 * strength)
    if not device.camera and rng.random() < 0.2 * strength:
        dark = 0.06 * strength * rng.random()
        shade *= 1.0 - dark * np.exp(-(((columns + 0.5) / 0.07) ** 2))
    full = cv2.resize(shade.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    warmth = rng.gauss(0, 0.006 * strength)
    tint = np.array([1 - warmth * 1.5, 1.0, 1 + warmth], np.float32)
    lit = picture.astype(np.float32)
    lit *= full[:, :, None]
    lit *= tint
    return np.clip(lit, 0, 255).astype(np.uint8)


def _shadow(rows: NDArray[np.float32], columns: NDArray[np.float32], rng: Random, depth: float) -> NDArray[np.float32]:
    """A soft-edged shadow, as of the hand that holds the telephone."""
    angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.35)
    distance = rows * np.sin(angle) + columns * np.cos(angle) - place
    soft = 1.0 / (1.0 + np.exp(-distance * rng.uniform(8, 40)))
    return np.asarray(1.0 - min(0.4, depth * rng.random()) * soft, np.float32)


def _focus(picture: Picture, device: Device, rng: Random) -> Picture:
    sigma = 0.3 + (0.16 if device.camera else 0.11) * device.strength * rng.random()
    if device.strength <= 0 or sigma < 0.35:
        return picture
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma)
    if device.camera and device.strength >= 3 and rng.random() < 0.3:
        length = rng.randint(2, 2 + round(device.strength / 2))
        kernel = np.zeros((length * 2 + 1, length * 2 + 1), np.float32)
        angle = rng.uniform(0, np.pi)
        tip = (round(length + length * np.cos(angle)), round(length + length * np.sin(angle)))
        cv2.line(kernel, (2 * length - tip[0], 2 * length - tip[1]), tip, 1.0)
        blurred = cv2.filter2D(blurred, -1, kernel / kernel.sum())
    return np.asarray(blurred, np.uint8)


def _sensor(picture: Picture, device: Device, rng: Random) -> Picture:
    sigma = 0.9 * device.strength * rng.uniform(0.3, 1.0)
    if sigma <= 0.2:
        return picture
    noise = np.random.default_rng(rng.randrange(2**32))
    tile = noise.normal(0, sigma, (640, 640, 3)).astype(np.int16)
    height, width = picture.shape[:2]
    full = np.tile(tile, (height // 640 + 1, width // 640 + 1, 1))[:height, :width]
    return np.asarray(cv2.add(picture.astype(np.int16), full).clip(0, 255), np.uint8)
