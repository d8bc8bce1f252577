"""Projective maps between pixel grids, and resampling along them."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.types import Image, Matrix


def scale_matrix(size: tuple[int, int], resized: tuple[int, int]) -> Matrix:
    """Scaling in which the corners of pixels, not their centres, stay on the picture's corners."""
    fx, fy = resized[0] / size[0], resized[1] / size[1]
    return np.array([[fx, 0.0, 0.5 * fx - 0.5], [0.0, fy, 0.5 * fy - 0.5], [0.0, 0.0, 1.0]])


def quarter_matrix(quarters: int, size: tuple[int, int]) -> Matrix:
    """The map of pixel centres under ``np.rot90`` by so many quarter turns."""
    width, height = size
    maps = {
        1: [[0, 1, 0], [-1, 0, width - 1], [0, 0, 1]],
        2: [[-1, 0, width - 1], [0, -1, height - 1], [0, 0, 1]],
        3: [[0, -1, height - 1], [1, 0, 0], [0, 0, 1]],
    }
    return np.array(maps[quarters], np.float64)


def skew_matrix(degrees: float, size: tuple[int, int]) -> tuple[Matrix, tuple[int, int]]:
    """Turn counterclockwise about the middle, into a picture large enough to lose nothing."""
    width, height = size
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), abs(math.sin(turn))
    wide, high = math.ceil(width * cos + height * sin), math.ceil(height * cos + width * sin)
    centre = ((width - 1) / 2, (height - 1) / 2)
    rotation = np.asarray(cv2.getRotationMatrix2D(centre, degrees, 1.0), np.float64)
    rotation[:, 2] += np.array([(wide - width) / 2, (high - height) / 2])
    return np.vstack([rotation, [0.0, 0.0, 1.0]]), (wide, high)


def warp(image: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int]) -> Image:
    """Resample to ``size`` (width, height); what lies outside of the source is white."""
    if size == (image.shape[1], image.shape[0]) and np.array_equal(matrix, np.eye(3)):
        return image
    shrinking = math.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    if shrinking < 0.6:
        # Sampling would skip pixels: average first.
        factor = 2.0 ** round(math.log2(shrinking))
        whole = (image.shape[1], image.shape[0])
        smaller = (max(1, round(whole[0] * factor)), max(1, round(whole[1] * factor)))
        image = np.asarray(cv2.resize(image, smaller, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix @ np.linalg.inv(scale_matrix(whole, smaller))
    method = cv2.INTER_CUBIC if shrinking > 1.2 else cv2.INTER_LINEAR
    white = (255, 255, 255)
    return np.asarray(cv2.warpPerspective(image, matrix, size, flags=method, borderValue=white), np.uint8)
