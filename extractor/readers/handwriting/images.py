"""From any picture of a line to the recogniser's input: grey, even contrast, 48 pixels high."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.errors import ImageError

HEIGHT = 48
WIDTH_UNIT = 64
"""Widths are padded with paper to a multiple of this, so that a line's reading never depends on its batch."""

MAX_WIDTH = 2560
MIN_CONTRAST = 64.0
"""Grey levels between paper and darkest ink below which contrast is not stretched any further."""


def to_grey(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey 8-bit picture with dark ink on light paper.

    Args:
        image: (height, width) or (height, width, 1, 3 or 4) of uint8, uint16 or bool; three channels are BGR, the
            fourth is ignored. White-on-black pictures are inverted.

    Raises:
        ImageError: the array has no pixels, or is not a picture of these types.
    """
    if image.ndim not in (2, 3) or image.size == 0 or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        raise ImageError(
            f"A line of shape {image.shape} is no picture.", mend="Give height, width and 1 to 4 channels."
        )
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    elif image.dtype == np.bool_:
        image = image.astype(np.uint8) * 255
    elif image.dtype != np.uint8:
        raise ImageError(f"A line of {image.dtype} values is not supported.", mend="Give 8 or 16 bits a channel.")
    if image.ndim == 3:
        image = (
            image[:, :, 0]
            if image.shape[2] == 1
            else cv2.cvtColor(np.ascontiguousarray(image[:, :, :3]), cv2.COLOR_BGR2GRAY)
        )
    dark, median, light = np.percentile(image, (0.3, 50, 99.7))
    if median < 128 and median - dark < light - median:
        image = 255 - image
    return np.ascontiguousarray(image, dtype=np.uint8)


def normalise_contrast(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Values from -1 (darkest ink) to +1 (paper); faint lines are strengthened, but noise on empty paper is not."""
    dark, light = (float(value) for value in np.percentile(grey, (0.5, 80)))
    dark = min(dark, light - MIN_CONTRAST)
    scaled = (grey.astype(np.float32) - dark) * (2.0 / (light - dark)) - 1.0
    return np.asarray(np.clip(scaled, -1.0, 1.0), dtype=np.float32)


def prepare(image: NDArray[Any]) -> tuple[NDArray[np.float32], int]:
    """Make the recogniser's input from a line's picture.

    Returns:
        (48, width) with paper near +1 and ink near -1, its width a multiple of 64; and how many of its columns the
        picture takes, the rest being padding.

    Raises:
        ImageError: see :func:`to_grey`.
    """
    grey = to_grey(image)
    height, width = grey.shape
    taken = int(np.clip(round(width * HEIGHT / height), WIDTH_UNIT // 8, MAX_WIDTH))
    shrinking = height > HEIGHT
    grey = cv2.resize(grey, (taken, HEIGHT), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)  # type: ignore[assignment]
    padded = np.full((HEIGHT, -(-taken // WIDTH_UNIT) * WIDTH_UNIT), 1.0, dtype=np.float32)
    padded[:, :taken] = normalise_contrast(grey)
    return padded, taken
