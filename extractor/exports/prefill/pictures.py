"""The scan beside an entry form: a picture of the page small enough to keep, and where fields lie on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from extractor.errors import ImageError
from extractor.store import PageImage

MOST_WIDTH = 1400
"""Pixels across; handwriting of an A4 page is still read well at this size."""

_QUALITY = 68

Frame = tuple[float, float, float, float]
"""Left, top, width and height as shares of the picture, 0 to 1."""


def write_small(source: Path, target: Path) -> tuple[int, int]:
    """Write a picture small enough to keep by the thousand; a finished one is left alone.

    Returns:
        Width and height of the source in pixels.

    Raises:
        ImageError: the source is missing or no picture.
    """
    try:
        with Image.open(source) as opened:
            size = opened.size
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                return size
            opened.draft("RGB", (MOST_WIDTH, MOST_WIDTH))
            shown = opened.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise ImageError(f"The picture {source} is missing or damaged.", mend="Run the same input again.") from error
    if shown.width > MOST_WIDTH:
        shown = shown.resize((MOST_WIDTH, max(1, round(shown.height * MOST_WIDTH / shown.width))))
    part = target.with_name(target.name + ".part")
    shown.save(part, "JPEG", quality=_QUALITY, optimize=True)
    part.replace(target)
    return size


def frame_of(box: tuple[int, int, int, int], picture: PageImage, size: tuple[int, int]) -> Frame:
    """Where a box of source pixels lies on the picture.

    Args:
        size: width and height of the stored picture in pixels.
    """
    x, y, w, h = box
    corners = np.array([[x, y, 1], [x + w, y, 1], [x + w, y + h, 1], [x, y + h, 1]], dtype=float)
    if picture.image_to_source is None:
        points = corners[:, :2] / np.array([picture.width, picture.height])
    else:
        mapped = corners @ np.linalg.inv(np.array(picture.image_to_source).reshape(3, 3)).T
        points = mapped[:, :2] / mapped[:, 2:] / np.array(size)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right - left), float(bottom - top)
