"""Moves a page into the picture that a scanner or a camera takes of it, and remembers how."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.training.synth.paper import Picture

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Warp:
    """From page pixels to picture pixels: first a gentle bend, then a homography.

    Args:
        matrix: 3 x 3 homography.
        bend: greatest displacement of the bend, page pixels; 0 for a flat page.
        size: width and height of the picture.
        page: width and height of the page.
    """

    matrix: NDArray[np.float64]
    size: tuple[int, int]
    page: tuple[int, int]
    bend: float = 0.0

    def points(self, page_points: Points) -> Points:
        """Picture coordinates of page points, both n x 2."""
        bent = page_points + self._shift(page_points)
        found = cv2.perspectiveTransform(bent.reshape(-1, 1, 2).astype(np.float64), self.matrix)
        return np.asarray(found, np.float64).reshape(-1, 2)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[int, int, int, int]:
        """Upright box (x, y, w, h) in the picture around a box of the page, cut off at the picture's edges."""
        across, down = np.linspace(x0, x1, 5), np.linspace(y0, y1, 3)
        grid = np.array([(x, y) for x in across for y in down], np.float64)
        found = self.points(grid)
        left, top = np.floor(np.clip(found.min(0), 0, self.size)).astype(int)
        right, bottom = np.ceil(np.clip(found.max(0), 0, self.size)).astype(int)
        return int(left), int(top), int(right - left), int(bottom - top)

    def _shift(self, points: Points) -> Points:
        """The bend: lines sag towards the binding at the page's left edge."""
        if self.bend == 0.0:
            return np.zeros_like(points)
        along = np.clip(points[:, 0] / self.page[0], 0, 1)
        return np.stack([np.zeros(len(points)), self.bend * (1 - along) ** 2], axis=1)

    def apply(self, page: Picture, background: Picture) -> Picture:
        """The picture: the page laid on the background (of the picture's size)."""
        if self.bend == 0.0:
            picture = background.copy()
            cv2.warpPerspective(
                page, self.matrix, self.size, dst=picture, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
            )
            return picture
        width, height = self.size
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        inverse = np.linalg.inv(self.matrix).astype(np.float32)
        weight = inverse[2, 0] * xs + inverse[2, 1] * ys + inverse[2, 2]
        page_x = (inverse[0, 0] * xs + inverse[0, 1] * ys + inverse[0, 2]) / weight
        page_y = (inverse[1, 0] * xs + inverse[1, 1] * ys + inverse[1, 2]) / weight
        page_y -= np.float32(self.bend) * (1 - np.clip(page_x / self.page[0], 0, 1)) ** 2
        picture = background.copy()
        cv2.remap(page, page_x, page_y, cv2.INTER_LINEAR, dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
        return picture


def scanner_warp(page: tuple[int, int], degrees: float, scale: float, shift: tuple[float, float]) -> Warp:
    """A page on a scanner's glass: turned by ``degrees``, scaled, moved; the picture is as large as the page."""
    width, height = page
    turn = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale), np.float64)
    turn[:, 2] += np.array(shift)
    return Warp(np.vstack([turn, [0.0, 0.0, 1.0]]), page, page)


def camera_warp(page: tuple[int, int], corners: Points, size: tuple[int, int], bend: float) -> Warp:
    """A page photographed so that its corners (upper left, upper right, lower right, lower left) lie as given."""
    width, height = page
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    return Warp(np.asarray(matrix, np.float64), size, page, bend)
