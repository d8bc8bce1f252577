"""Cut a written line out of a page's picture, made straight by what the renderer knows of the page."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.training.synth.warp import Warp

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]
MARGIN_MM = 0.5


def around(boxes: Iterable[Box], margin: float) -> Box:
    """The box (x0, y0, x1, y1) that holds all boxes and a margin."""
    boxes = list(boxes)
    return (
        min(box[0] for box in boxes) - margin,
        min(box[1] for box in boxes) - margin,
        max(box[2] for box in boxes) + margin,
        max(box[3] for box in boxes) + margin,
    )


def cut_straight(picture: Picture, warp: Warp, box: Box) -> Picture:
    """What a box (x0, y0, x1, y1) of the flat page shows in the page's picture, with its lines level.

    Args:
        picture: height x width x 3.
        warp: how page pixels lie in the picture.

    Returns:
        As many pixels as the box has, at least one.
    """
    across = np.arange(round(box[0]), max(round(box[0]) + 1, round(box[2])), dtype=np.float64)
    down = np.arange(round(box[1]), max(round(box[1]) + 1, round(box[3])), dtype=np.float64)
    columns, rows = np.meshgrid(across, down)
    places = warp.points(np.stack([columns.ravel(), rows.ravel()], axis=1)).astype(np.float32)
    x, y = (places[:, axis].reshape(columns.shape) for axis in (0, 1))
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def quad(warp: Warp, box: Box) -> list[list[float]]:
    """The corners of a box of the flat page in its picture, clockwise from the upper left one."""
    x0, y0, x1, y1 = box
    corners = warp.points(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64))
    return [[round(float(x), 1), round(float(y), 1)] for x, y in corners]
