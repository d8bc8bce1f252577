"""Tell ticked boxes from empty ones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.logistic import Features, load_models
from extractor.readers.ruling import column_runs
from extractor.scans.types import Image

MODEL_FILE = "tick_model.json"
TICK_FEATURES = ("ink", "middle_ink", "reach", "diagonal", "dark", "pieces")
_SIDE = 48
_INK = 170
# Frame lines that show in the crop are at most this wide, and lie outside of the middle; shares of the side.
_FRAME = 0.16
_FRAME_LENGTH = 0.55
_MIDDLE = 0.22
_RIM = 0.12


@dataclass(frozen=True, slots=True)
class TickReading:
    """Whether a box is ticked, and the probability that this is right, 0.5 to 1."""

    ticked: bool
    confidence: float


def read_tick(crop: Image) -> TickReading:
    """Read a tick box.

    Crosses, checks, strokes and filled boxes count as ticks; they may leave the box. Specks, shine-through and what is
    left of the printed frame do not.

    Args:
        crop: inside of the box on an evenly lit page, grey ``(h, w)`` or BGR, any size.
    """
    probability = float(load_models(MODEL_FILE)["ticked"].probability(tick_features(crop)[None])[0])
    return TickReading(probability >= 0.5, max(probability, 1.0 - probability))


def tick_features(crop: Image) -> Features:
    """Features of a box's inside, named in :data:`TICK_FEATURES`."""
    grey = crop if crop.ndim == 2 else np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    grey = np.asarray(cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    ink = _without_frame(grey < _INK)
    low, high = round(_MIDDLE * _SIDE), round((1 - _MIDDLE) * _SIDE)
    middle = ink[low:high, low:high]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    inner = np.unique(labels[low:high, low:high])
    inner = inner[inner > 0]
    reach = diagonal = 0.0
    for index in inner:
        width, height = stats[index, cv2.CC_STAT_WIDTH] / _SIDE, stats[index, cv2.CC_STAT_HEIGHT] / _SIDE
        reach = max(reach, float(max(width, height)))
        diagonal = max(diagonal, float(min(width, height)))
    return np.array(
        [
            np.log10(ink.mean() + 1e-3),
            np.log10(middle.mean() + 1e-3),
            reach,
            diagonal,
            float(np.percentile(grey[low:high, low:high], 4)) / 255.0,
            np.log1p(len(stats) - 1),
        ]
    )


def _without_frame(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The ink without straight level and upright lines near the rim, and without slivers along it."""
    length = round(_FRAME_LENGTH * _SIDE)
    thin = _FRAME * _SIDE
    rim = np.ones_like(ink)
    rim[
        round(_MIDDLE * _SIDE) : round((1 - _MIDDLE) * _SIDE), round(_MIDDLE * _SIDE) : round((1 - _MIDDLE) * _SIDE)
    ] = False
    pixels = ink.astype(np.uint8)
    level = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)) > 0
    upright = cv2.morphologyEx(pixels, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8)) > 0
    frame = (level & (column_runs(ink) <= thin)) | (upright & (thin >= column_runs(ink.T).T))
    rest = ink & ~(frame & rim)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8), connectivity=8)
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    edge = round(_RIM * _SIDE)
    sliver = (right <= edge) | (bottom <= edge) | (left >= _SIDE - edge) | (top >= _SIDE - edge)
    keep = ~sliver & (stats[:, cv2.CC_STAT_AREA] >= 4)
    keep[0] = False
    return np.asarray(keep[labels])
