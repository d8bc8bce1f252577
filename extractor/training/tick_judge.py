"""Fit the model that tells ticked boxes from empty ones, on drawn boxes.

Run ``python -m extractor.training.tick_judge`` to draw the boxes, fit, report on boxes of rendered pages, which are
drawn by other code, and write the coefficients beside the reader.
"""

from __future__ import annotations

import argparse
import logging
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from extractor.readers.ticks import MODEL_FILE, TICK_FEATURES, read_tick, tick_features
from extractor.scans.types import Image
from extractor.training.logistic import fit_logistic, save_models
from extractor.training.script_judge import TickCrop, render_crops

_log = logging.getLogger(__name__)
_BITS = 4
STYLES = ("cross", "check", "vee", "slash", "plus", "filled", "scribble")
FAULTS = ("clean", "specks", "shine", "corner", "sliver")


def draw_box(rng: Generator, ticked: bool) -> Image:
    """Draw a tick box as a scanner sees it and cut its inside out as registration would.

    Args:
        rng: source of chance.
        ticked: whether there is a tick.
    """
    side = int(rng.integers(20, 64))
    pad = side
    whole = side + 2 * pad
    canvas = np.full((whole, whole), 250.0, np.float32)
    start, end = pad, pad + side
    if rng.random() < 0.5 or not ticked:
        _add_fault(canvas, rng, start, side, str(rng.choice(FAULTS)))
    frame = np.zeros((whole, whole), np.uint8)
    wide = max(1, round(side * rng.uniform(0.03, 0.09)))
    cv2.rectangle(frame, (start, start), (end, end), 255, wide, cv2.LINE_AA)
    _lay(canvas, frame, rng.uniform(20, 130))
    if ticked:
        ink = _tick(rng, whole, start, side)
        _lay(canvas, ink, rng.uniform(20, 125))
    blurred = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.3, 0.035 * side + 0.4))
    noise = rng.normal(0, rng.uniform(0, 7), canvas.shape)
    picture = np.clip(blurred + noise, 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])
    picture = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    shift = rng.normal(0, 0.06 * side, 2)
    inset = side * rng.uniform(0.0, 0.12)
    x0, y0 = (round(pad + inset + value) for value in shift)
    x1, y1 = (round(pad + side - inset + value) for value in shift)
    return picture[y0:y1, x0:x1]


def _lay(canvas: NDArray[np.float32], mask: NDArray[np.uint8], level: float) -> None:
    share = mask.astype(np.float32) / 255.0
    np.copyto(canvas, canvas * (1 - share) + np.minimum(canvas, level) * share)


def _tick(rng: Generator, whole: int, start: int, side: int) -> NDArray[np.uint8]:
    style = str(rng.choice(STYLES, p=(0.34, 0.22, 0.12, 0.08, 0.06, 0.06, 0.12)))
    size, place = side * rng.uniform(0.55, 1.25), rng.normal(0, 0.08 * side, 2)
    strokes: dict[str, list[list[tuple[float, float]]]] = {
        "cross": [[(-0.5, -0.5), (0.5, 0.5)], [(0.5, -0.5), (-0.5, 0.5)]],
        "check": [[(-0.5, 0.05), (-0.15, 0.45), (0.6, -0.6)]],
        "vee": [[(-0.45, -0.45), (0.0, 0.45), (0.45, -0.5)]],
        "slash": [[(-0.45, 0.5), (0.45, -0.5)]],
        "plus": [[(-0.5, 0.0), (0.5, 0.0)], [(0.0, -0.5), (0.0, 0.5)]],
        "filled": [[(-0.3, y), (0.3, y)] for y in np.linspace(-0.35, 0.35, 12)],
        "scribble": [[(float(u), float(v)) for u, v in rng.uniform(-0.45, 0.45, (9, 2))]],
    }
    mask = np.zeros((whole, whole), np.uint8)
    pen = max(1, round(side * rng.uniform(0.05, 0.14)))
    middle = start + side / 2 + place
    for stroke in strokes[style]:
        points = np.array(stroke) + rng.normal(0, 0.05, (len(stroke), 2))
        pixels = np.round((points * size + middle) * (1 << _BITS)).astype(np.int32)
        cv2.polylines(mask, [pixels.reshape(-1, 1, 2)], False, 255, pen, cv2.LINE_AA, _BITS)
    return mask


def _add_fault(canvas: NDArray[np.float32], rng: Generator, start: int, side: int, fault: str) -> None:
    """What shows in a box without being a tick."""
    mask = np.zeros(canvas.shape, np.uint8)
    if fault == "specks":
        for x, y in rng.uniform(start, start + side, (int(rng.integers(1, 5)), 2)):
            cv2.circle(mask, (round(x), round(y)), max(1, round(side * rng.uniform(0.01, 0.045))), 255, -1, cv2.LINE_AA)
        _lay(canvas, mask, rng.uniform(60, 170))
    elif fault == "shine":
        other_side = cv2.GaussianBlur(_tick(rng, canvas.shape[0], start, side), (0, 0), 1.5)
        _lay(canvas, np.asarray(other_side, np.uint8), rng.uniform(190, 235))
    elif fault == "corner":
        # The tail of the neighbouring box's tick, or of a letter.
        corner = np.array([rng.choice([start, start + side]), rng.choice([start, start + side])], np.float64)
        centre = np.array([start + side / 2, start + side / 2])
        inward = corner + (centre - corner) * rng.uniform(0.05, 0.4) + rng.normal(0, 0.05 * side, 2)
        outward = corner + (corner - centre) * rng.uniform(0.3, 1.0) + rng.normal(0, 0.2 * side, 2)
        ends = [tuple(int(value) for value in np.round(point)) for point in (outward, inward)]
        cv2.line(mask, ends[0], ends[1], 255, max(1, round(0.08 * side)), cv2.LINE_AA)
        _lay(canvas, mask, rng.uniform(30, 120))
    elif fault == "sliver":
        y = round(start + side * rng.choice([rng.uniform(-0.1, 0.12), rng.uniform(0.88, 1.1)]))
        cv2.line(mask, (start - side // 2, y), (start + 2 * side, y), 255, max(1, round(0.05 * side)), cv2.LINE_AA)
        _lay(canvas, mask, rng.uniform(30, 140))


def main() -> None:
    """Draw, fit, report and save."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--boxes", type=int, default=6000, help="boxes to fit on")
    parser.add_argument("--books", type=int, default=16, help="rendered books to report on")
    parser.add_argument("--out", type=Path, default=Path(str(resources.files("extractor.readers"))) / MODEL_FILE)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rng = np.random.default_rng(7)
    ticked = rng.random(arguments.boxes) < 0.5
    model = fit_logistic(np.array([tick_features(draw_box(rng, bool(value))) for value in ticked]), ticked)
    fresh = np.random.default_rng(8)
    drawn = [(draw_box(fresh, bool(value)), bool(value)) for value in fresh.random(2000) < 0.5]
    save_models(arguments.out, {"ticked": (TICK_FEATURES, model)}, {})
    report = {"drawn": _rates(drawn)}
    for split, start in (("calibration", 1000), ("test", 2000)):
        crops = render_crops(split, range(start, start + arguments.books))
        report[split] = _rates([(crop.crop, crop.ticked) for crop in crops if isinstance(crop, TickCrop)])
        _log.info("%s: %s", split, report[split])
    save_models(arguments.out, {"ticked": (TICK_FEATURES, model)}, report)


def _rates(boxes: list[tuple[Image, bool]]) -> dict[str, float]:
    """Share of ticked and of empty boxes read rightly, and their numbers."""
    right: dict[bool, list[bool]] = {True: [], False: []}
    for crop, ticked in boxes:
        right[ticked].append(read_tick(crop).ticked == ticked)
    return {
        "ticked": round(float(np.mean(right[True])), 4),
        "empty": round(float(np.mean(right[False])), 4),
        "boxes_ticked": len(right[True]),
        "boxes_empty": len(right[False]),
    }


if __name__ == "__main__":
    main()
