"""Find the page in a photograph.

Only a photograph is touched: all four corners of the page must be seen, with straight sides between them and
surroundings on at least three sides, and the outline must be askew in a way no scanner leaves. Anything else, such as
a scan with black borders or with a binding along one side, is left as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scans.types import Image, Matrix

_SIDE = 640
# Part of the picture that a page must fill to be believed.
_LEAST_AREA, _MOST_AREA = 0.2, 0.97
# Sides further than this share of the picture's size from its edge are seen whole.
_RIM = 0.006
# Least share of a side's points that must lie within this many pixels of its line.
_STRAIGHT, _NEAR = 0.72, 2.5
# Departure from a level rectangle, degrees, above which the outline is a photograph's.
_KEYSTONE, _TURN = 1.5, 3.0
# The same for a page on plain black, as scanners and copying stands leave it round sheets that are trimmed unevenly.
_KEYSTONE_ON_BLACK, _BLACK = 2.5, 40
# A page seen whole that fills less than this of the picture is cut out of its surroundings even if it stands square.
_CLUTTER = 0.80
_RATIOS = (math.sqrt(2.0), 1.0 / math.sqrt(2.0))
_SNAP = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class PageOutline:
    """The page in a photograph.

    Args:
        corners: ``(4, 2)`` x, y in source pixels: top left, top right, bottom right, bottom left as the picture stands.
        width, height: size of the flat page in pixels, at the finest scale found along the outline.
    """

    corners: NDArray[np.float64]
    width: int
    height: int

    def matrix(self) -> Matrix:
        """The map from pixels of the picture to those of the flat page."""
        flat = np.array([[0, 0], [self.width, 0], [self.width, self.height], [0, self.height]]) - 0.5
        found = cv2.getPerspectiveTransform(self.corners.astype(np.float32), flat.astype(np.float32))
        return np.asarray(found, np.float64)


def find_page(image: Image) -> PageOutline | None:
    """Find the page's outline, or none where the picture is no photograph of a page with all corners in it.

    Args:
        image: BGR, ``(height, width, 3)``.
    """
    factor = min(1.0, _SIDE / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    best: tuple[float, NDArray[np.float64]] | None = None
    for mask in _page_masks(np.asarray(small, np.uint8)):
        outline = _fit(mask)
        if outline is not None and (best is None or outline[0] > best[0]):
            best = outline
    if best is None or not _is_photograph(best[1], np.asarray(small, np.uint8)):
        return None
    # Small pixel centres to source pixel centres, as cv2.resize places them.
    corners = (best[1] + 0.5) / factor - 0.5
    width, height = _flat_size(corners, image.shape[:2])
    return PageOutline(corners, width, height)


def outline_of(corners: NDArray[np.float64], image: Image) -> PageOutline:
    """The outline with corners that a person gave, ``(4, 2)`` in source pixels: top left, then clockwise.

    The flat page holds no more than twice the picture's pixels, wherever the corners are.
    """
    width, height = _flat_size(corners, image.shape[:2])
    shrink = min(1.0, math.sqrt(2.0 * image.shape[0] * image.shape[1] / (width * height)))
    return PageOutline(corners, max(16, round(width * shrink)), max(16, round(height * shrink)))


def _page_masks(small: Image) -> list[NDArray[np.uint8]]:
    """Candidates for the page's area: bright, and of the colour of the picture's middle."""
    smooth = cv2.medianBlur(small, 7)
    lab = cv2.cvtColor(smooth, cv2.COLOR_BGR2LAB).astype(np.float32)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    # Writing, frames and stamps must not tear the page apart.
    light = cv2.morphologyEx(smooth.max(axis=2), cv2.MORPH_CLOSE, kernel)
    level, _ = cv2.threshold(light, 0, 255, cv2.THRESH_OTSU)
    masks = [light > level, light > 0.5 * (level + float(np.percentile(light, 95)))]
    height, width = light.shape
    middle = lab[height // 4 : -height // 4, width // 4 : -width // 4].reshape(-1, 3)
    paper = middle[middle[:, 0] >= np.percentile(middle[:, 0], 60)]
    centre = np.median(paper, axis=0)
    # Shading changes lightness much more than colour.
    distance = np.abs(lab - centre) @ np.array([0.35, 1.0, 1.0], np.float32)
    closed = cv2.morphologyEx(np.clip(distance, 0, 255).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    level, _ = cv2.threshold(closed, 0, 255, cv2.THRESH_OTSU)
    masks.append(closed < max(6.0, level))
    return [np.asarray(mask, np.uint8) for mask in masks]


def _fit(mask: NDArray[np.uint8]) -> tuple[float, NDArray[np.float64]] | None:
    """Fit four straight sides to the largest area of a mask; returns their support and the corners."""
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    whole = mask.shape[0] * mask.shape[1]
    area = float(cv2.contourArea(contour))
    if area < _LEAST_AREA * whole:
        return None
    start = _four_corners(np.asarray(cv2.convexHull(contour), np.int32))
    if start is None:
        return None
    points = contour.reshape(-1, 2).astype(np.float64)
    lines, support = [], 1.0
    for index in range(4):
        line, share = _side(points, start[index], start[(index + 1) % 4])
        lines.append(line)
        support = min(support, share)
    corners = [_cross(lines[index - 1], lines[index]) for index in range(4)]
    if support < _STRAIGHT or any(corner is None for corner in corners):
        return None
    quad = np.array(corners, np.float64)
    filled = float(cv2.contourArea(quad.astype(np.float32)))
    if not cv2.isContourConvex(quad.astype(np.float32)) or not _LEAST_AREA * whole < filled < _MOST_AREA * whole:
        return None
    overlap = min(area, filled) / max(area, filled)
    return support * overlap, quad


def _four_corners(hull: NDArray[np.int32]) -> NDArray[np.float64] | None:
    """Simplify a hull to four corners, from top left clockwise."""
    length = cv2.arcLength(hull, True)
    for tolerance in np.arange(0.01, 0.12, 0.005):
        polygon = cv2.approxPolyDP(hull, tolerance * length, True).reshape(-1, 2)
        if len(polygon) == 4:
            break
    else:
        return None
    quad = polygon.astype(np.float64)
    centre = quad.mean(axis=0)
    quad = quad[np.argsort(np.arctan2(quad[:, 1] - centre[1], quad[:, 0] - centre[0]))]
    return np.roll(quad, -int(np.argmin(quad.sum(axis=1))), axis=0)


def _side(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[tuple[float, float, float], float]:
    """Fit a side to the contour points between two corners.

    Returns:
        The line as ``a, b, c`` with ``a x + b y + c = 0`` and its share of near points.
    """
    along = end - start
    length = float(np.hypot(*along))
    direction = along / max(length, 1e-9)
    normal = np.array([-direction[1], direction[0]])
    offset = points - start
    position, distance = offset @ direction, offset @ normal
    chosen = points[(position > 0.06 * length) & (position < 0.94 * length) & (np.abs(distance) < 0.05 * length + 4)]
    if len(chosen) < 10:
        return (float(normal[0]), float(normal[1]), float(-normal @ start)), 0.0
    vx, vy, x0, y0 = cv2.fitLine(chosen.astype(np.float32), cv2.DIST_WELSCH, 0, 0.01, 0.01).ravel().astype(float)
    distances = np.abs((chosen - (x0, y0)) @ np.array([-vy, vx]))
    near = float((distances < _NEAR).mean()) * min(1.0, len(chosen) / (0.8 * length))
    return (-vy, vx, vy * x0 - vx * y0), near


def _cross(one: tuple[float, float, float], two: tuple[float, float, float]) -> NDArray[np.float64] | None:
    x, y, w = np.cross(one, two)
    return np.array([x / w, y / w]) if abs(w) > 1e-6 else None


def _is_photograph(quad: NDArray[np.float64], small: Image) -> bool:
    """Whether an outline is a page seen by a camera, not a sheet's edges on a scanner's black lid."""
    height, width = small.shape[:2]
    rim = _RIM * max(height, width)
    low, high = quad.min(axis=0), quad.max(axis=0)
    if (low < -0.02 * max(height, width)).any() or (high > np.array([width, height]) * 1.02).any():
        return False
    # A side along the picture's edge is cut, not seen: it says nothing about perspective.
    seen, turns = [], []
    for index in range(4):
        start, end = quad[index], quad[(index + 1) % 4]
        axis, top = (1, height) if index % 2 == 0 else (0, width)
        seen.append(min(start[axis], end[axis]) > rim and max(start[axis], end[axis]) < top - 1 - rim)
        turns.append((math.degrees(math.atan2(end[1] - start[1], end[0] - start[0])) + 45.0) % 90.0 - 45.0)
    if sum(seen) < 3:
        return False
    keystone = max(abs(turns[i] - turns[i + 2]) for i in (0, 1) if seen[i] and seen[i + 2])
    if _on_black(quad, small):
        return keystone > _KEYSTONE_ON_BLACK
    turn = abs(float(np.mean([turn for turn, whole in zip(turns, seen, strict=True) if whole])))
    area = float(cv2.contourArea(quad.astype(np.float32))) / (height * width)
    return keystone > _KEYSTONE or turn > _TURN or (all(seen) and area < _CLUTTER)


def _on_black(quad: NDArray[np.float64], small: Image) -> bool:
    around = np.ones(small.shape[:2], np.uint8)
    cv2.fillConvexPoly(around, quad.round().astype(np.int32), 0)
    levels = small.max(axis=2)[around > 0]
    return levels.size > 0 and float(np.percentile(levels, 75)) < _BLACK


def _flat_size(corners: NDArray[np.float64], size: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of the flat page; its ratio is taken for an A-series sheet's where it comes close to one."""
    top, right, bottom, left = (float(np.hypot(*(corners[(i + 1) % 4] - corners[i]))) for i in range(4))
    plain = ((top + bottom) / 2) / max(1.0, (left + right) / 2)
    ratio = _true_ratio(corners, size) or plain
    # Without perspective the method has nothing to go by and may give any number.
    if not 0.8 < ratio / plain < 1.25:
        ratio = plain
    nearest = min(_RATIOS, key=lambda value: abs(math.log(ratio / value)))
    if abs(math.log(ratio / nearest)) < _SNAP:
        ratio = nearest
    width = max(top, bottom, max(left, right) * ratio)
    width = min(width, 1.3 * max(top, bottom))
    return max(1, round(width)), max(1, round(width / ratio))


def _true_ratio(corners: NDArray[np.float64], size: tuple[int, ...]) -> float | None:
    """Width over height of a rectangle seen in perspective by a lens with its middle in the picture's middle.

    After Z. Zhang and L.-W. He, "Whiteboard scanning and image enhancement" (Digital Signal Processing 17, 2007).
    """
    centre = np.array([size[1] / 2, size[0] / 2])
    one, two, four, three = (np.array([*(corner - centre), 1.0]) for corner in corners)
    k2 = np.dot(np.cross(one, four), three) / np.dot(np.cross(two, four), three)
    k3 = np.dot(np.cross(one, four), two) / np.dot(np.cross(three, four), two)
    n2, n3 = k2 * two - one, k3 * three - one
    if abs(n2[2]) < 1e-6 or abs(n3[2]) < 1e-6:
        return None
    focal = -(n2[0] * n3[0] + n2[1] * n3[1]) / (n2[2] * n3[2])
    # A phone's lens sees 45 to 90 degrees: outside of that the corners say nothing about the lens.
    if not (0.4 * max(size)) ** 2 < focal < (3.0 * max(size)) ** 2:
        return None
    scale = np.array([1 / focal, 1 / focal, 1.0])
    return float(math.sqrt((n2**2 @ scale) / (n3**2 @ scale)))
