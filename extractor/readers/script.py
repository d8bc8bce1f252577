"""Judge whether a line crop holds print, handwriting or nothing.

Two small logistic models, the coefficients of which lie in ``script_model.json`` (fitted by
``extractor.training.script_judge``): one tells written lines from blank ones, one print from handwriting. Features
are ratios, so they depend neither on resolution nor on ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.logistic import Features, load_models
from extractor.readers.ruling import find_ruling, line_ink
from extractor.scans.types import Image

Mask = NDArray[np.bool_]

MODEL_FILE = "script_model.json"
BLANK_FEATURES = ("ink", "middle_ink", "tallest", "letters", "reach", "all_ink", "area")
SCRIPT_FEATURES = (
    "heights", "bottoms", "tops", "row_edges", "strokes", "stroke_width", "upright_edges", "level_edges", "slant",
    "curl", "width", "gaps", "tall", "on_line", "level_tops", "ink_spread", "ink_level", "turns",
)  # fmt: skip
# Crops are judged at this height; lower ones are not enlarged.
_HEIGHT = 72
# Pieces at the upper and lower rim no higher than this share of the crop belong to the neighbouring lines.
_INTRUDER = 0.42
_LEAST_AREA = 5
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class ScriptJudgement:
    """Probabilities, which sum to 1, that a crop holds print, handwriting, or nothing but rulings and specks."""

    printed: float
    handwritten: float
    blank: float


def judge_script(crop: Image) -> ScriptJudgement:
    """Judge a line crop.

    Args:
        crop: grey ``(h, w)`` or BGR crop of an evenly lit page; slivers of neighbouring lines and labels may show.
    """
    if min(crop.shape[:2]) < 4:
        return ScriptJudgement(0.0, 0.0, 1.0)
    models = load_models(MODEL_FILE)
    blank_features, script_features = crop_features(crop)
    blank = float(models["blank"].probability(blank_features[None])[0])
    if script_features is None:
        return ScriptJudgement((1 - blank) / 2, (1 - blank) / 2, blank)
    printed = float(models["printed"].probability(script_features[None])[0])
    return ScriptJudgement((1 - blank) * printed, (1 - blank) * (1 - printed), blank)


def crop_features(crop: Image) -> tuple[Features, Features | None]:
    """Features of a crop: those that tell blanks, and those that tell print, or none where no stroke is left.

    They are named in :data:`BLANK_FEATURES` and :data:`SCRIPT_FEATURES`.
    """
    grey = crop if crop.ndim == 2 else np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
    if grey.shape[0] > _HEIGHT:
        width = max(4, round(grey.shape[1] * _HEIGHT / grey.shape[0]))
        grey = np.asarray(cv2.resize(grey, (width, _HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    ink = line_ink(grey)
    ink &= ~find_ruling(ink)
    text, boxes = _own_pieces(ink)
    height, width = ink.shape
    middle = text[round(0.2 * height) : round(0.8 * height)]
    tallest = float(boxes[:, 3].max(initial=0)) / height
    letters = int((boxes[:, 3] > 0.15 * height).sum())
    columns = np.flatnonzero(text.any(axis=0))
    blank = np.array(
        [
            _log_share(text.sum(), height * height),
            _log_share(middle.sum(), height * height),
            tallest,
            np.log1p(letters),
            np.log1p(np.ptp(columns) / height) if len(columns) else 0.0,
            _log_share(ink.sum(), height * height),
            np.log(width / height),
        ]
    )
    return blank, _script_features(grey, text, boxes)


def _log_share(part: float, whole: float) -> float:
    return float(np.log10(part / whole + 1e-4))


def _own_pieces(ink: Mask) -> tuple[Mask, NDArray[np.int64]]:
    """The pieces of ink that belong to this line: without specks, frame lines and the neighbouring lines' ends.

    Returns:
        Their mask, and their boxes and areas ``(n, 5)``: left, top, width, height, area.
    """
    height, width = ink.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    top, tall, across = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    left, area = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_AREA]
    at_rim = (top <= 1) | (top + tall >= height - 1)
    frame = (tall > 0.85 * height) & (across < 0.15 * height)
    label_end = (left <= 1) & (across < 0.5 * height) & (width > 2 * height)
    keep = (area >= _LEAST_AREA) & ~(at_rim & (tall < _INTRUDER * height)) & ~frame & ~label_end
    keep[0] = False
    return np.asarray(keep[labels]), stats[keep].astype(np.int64)


def _script_features(grey: Image, text: Mask, boxes: NDArray[np.int64]) -> Features | None:
    height = text.shape[0]
    large = boxes[boxes[:, 3] > 0.12 * height]
    if len(large) == 0:
        return None
    letter = float(np.median(large[:, 3]))
    body = large[large[:, 3] > 0.6 * letter]
    bottoms, tops = body[:, 1] + body[:, 3], body[:, 1]
    thickness = cv2.distanceTransform(text.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = text & (thickness >= cv2.dilate(thickness, np.ones((3, 3), np.uint8)) - _EPSILON)
    strokes = thickness[ridge]
    if len(strokes) == 0 or not text.any() or text.all():
        return None
    rows = text.sum(axis=1).astype(np.float64)
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8).astype(np.float32)
    down, across = cv2.Sobel(smooth, cv2.CV_32F, 0, 1), cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    near = cv2.dilate(text.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    strength = np.hypot(across, down)[near]
    angle = np.degrees(np.arctan2(down, across))[near] % 180.0
    total = float(strength.sum()) + _EPSILON
    upright = float(strength[(angle < 8) | (angle > 172)].sum()) / total
    level = float(strength[np.abs(angle - 90) < 8].sum()) / total
    # Edges of strokes leaning to the right or left by 10 to 40 degrees.
    slant = float(strength[(angle > 10) & (angle < 40)].sum() - strength[(angle > 140) & (angle < 170)].sum()) / total
    # Print keeps to upright and level edges and to the round between; a pen leans one way all along.
    histogram = np.histogram(angle, bins=18, range=(0.0, 180.0), weights=strength)[0] / total
    turns = float(-(histogram * np.log(histogram + 1e-6)).sum())
    cores = grey[ridge].astype(np.float64)
    starts = np.sort(large[:, 0])
    gaps = np.diff(starts) / letter
    return np.array(
        [
            _spread(large[:, 3] / letter),
            _spread(_off_line(body[:, 0], bottoms) / letter),
            _spread(_off_line(body[:, 0], tops) / letter),
            float((np.diff(rows) ** 2).sum() / (rows**2).sum()),
            float(np.std(strokes) / (np.mean(strokes) + _EPSILON)),
            float(np.log(np.mean(strokes) / letter + 0.01)),
            upright,
            level,
            slant,
            float(np.log(text.sum() / (ridge.sum() + 1.0))),
            float(np.log((body[:, 2] / body[:, 3]).mean() + 0.05)),
            _spread(gaps) if len(gaps) else 0.0,
            float(letter / height),
            _aligned(body[:, 0], bottoms, letter),
            _aligned(body[:, 0], tops, letter),
            float(np.std(cores) / (255.0 - np.mean(cores) + 1.0)),
            float(np.mean(cores) / 255.0),
            turns,
        ]
    )


def _spread(values: NDArray[np.number]) -> float:
    """Robust spread: distance of the quartiles, at most 2."""
    if len(values) < 2:
        return 0.0
    low, high = np.percentile(values, [25, 75])
    return float(min(2.0, high - low))


def _aligned(x: NDArray[np.int64], y: NDArray[np.int64], letter: float) -> float:
    """Share of points that lie on the line on which most of them lie."""
    rest = _off_line(x, y)
    near = np.abs(rest[:, None] - rest[None]) <= max(0.7, 0.035 * letter)
    return float(near.mean(axis=1).max()) - 1.0 / len(rest)


def _off_line(x: NDArray[np.int64], y: NDArray[np.int64]) -> Features:
    """Distances of points from the level line through them, which may fall or rise."""
    if len(x) < 4:
        return np.asarray(y - np.median(y), np.float64)
    slope = float(np.clip(np.polyfit(x, y, 1)[0], -0.1, 0.1))
    rest = y - slope * x
    return np.asarray(rest - np.median(rest), np.float64)
