"""Fit the model that tells print, handwriting and blanks apart, on crops of rendered pages.

Run ``python -m extractor.training.script_judge`` to render the pages, fit on the fonts of the training part, report on
those of the other parts, and write the coefficients beside the reader.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.readers.crops import cut_line
from extractor.readers.logistic import LogisticModel
from extractor.readers.script import BLANK_FEATURES, MODEL_FILE, SCRIPT_FEATURES, crop_features
from extractor.scans import Image, clean_page, open_inputs
from extractor.training.logistic import fit_logistic, save_models
from extractor.training.synth import render_book

_log = logging.getLogger(__name__)
FORMS = ("ks-2016", "ks-2006")
CLASSES = ("printed", "handwritten", "blank")
_DPI = 200
# How far registration may put a region wrong, millimetres: standard deviation across and down.
_ASTRAY = (1.0, 0.5)
# Share of a crop's ink that must be inside of the shifted region for the crop to show its writing.
_INSIDE = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class LabelledCrop:
    """A line crop and the index of its class in :data:`CLASSES`."""

    crop: Image
    label: int
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class TickCrop:
    """The inside of a tick box, and whether it is ticked."""

    crop: Image
    ticked: bool
    strength: float


def render_crops(
    split: str, seeds: range, *, strengths: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0)
) -> Iterator[LabelledCrop | TickCrop]:
    """Render books of one printed and one handwritten record and cut out their fields as registration would.

    Args:
        split: part of the fonts that write: ``train``, ``calibration`` or ``test``.
        seeds: one book of each form for each.
        strengths: how badly books are kept and scanned, in turn.
    """
    for seed in seeds:
        strength = strengths[seed % len(strengths)]
        for form in FORMS:
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder)
                book = render_book(
                    out,
                    form,
                    seed=seed,
                    records=2,
                    strength=strength,
                    hand_split=split,
                    output="images",
                    dpi=_DPI,
                    printed=(1,),
                )
                yield from _cut_book(out, book.layout, strength, np.random.default_rng(seed))


def _cut_book(
    folder: Path, layout: Path, strength: float, rng: np.random.Generator
) -> Iterator[LabelledCrop | TickCrop]:
    entries = [json.loads(line) for line in layout.read_text(encoding="utf-8").splitlines()]
    for number, entry in enumerate(entries):
        (source,) = open_inputs([folder / entry["file"]], on_set_aside=lambda report: _log.error("%s", report.message))
        page = clean_page(source)
        to_clean = np.asarray(np.linalg.inv(page.to_source), np.float64)
        for code, place in entry["fields"].items():
            inks = [_moved(box, to_clean) for box in place["ink"]]
            for region in place["regions"]:
                box = _moved(region, to_clean)
                if _is_choice(code):
                    yield _tick_crop(page.grey, box, inks, strength)
                    continue
                labelled = _line_crop(page.grey, box, inks, printed=number == 0 and code != "ghiChu", rng=rng)
                if labelled is not None:
                    yield LabelledCrop(*labelled, strength)


def _is_choice(code: str) -> bool:
    return code.startswith(("loai", "nksLoai"))


def _moved(box: list[int], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """A box (x, y, w, h) of the source as (x0, y0, x1, y1) in the clean page."""
    x, y, w, h = box
    corners = np.array([[[x, y], [x + w, y], [x + w, y + h], [x, y + h]]], np.float64)
    moved = cv2.perspectiveTransform(corners, matrix)[0]
    return np.concatenate([moved.min(axis=0), moved.max(axis=0)])


def _overlap(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    low, high = np.maximum(one[:2], two[:2]), np.minimum(one[2:], two[2:])
    return float(np.prod(np.maximum(high - low, 0)) / max(1e-6, float(np.prod(two[2:] - two[:2]))))


def _line_crop(
    grey: Image, box: NDArray[np.float64], inks: list[NDArray[np.float64]], *, printed: bool, rng: np.random.Generator
) -> tuple[Image, int] | None:
    """A crop as badly placed as registration may place it; none where it shows only part of its writing."""
    shift = rng.normal(0, _ASTRAY) * _DPI / 25.4
    placed = box + np.tile(shift, 2)
    placed[1] -= rng.uniform(-1.0, 1.5) * _DPI / 25.4
    own = [ink for ink in inks if _overlap(box, ink) > 0.5]
    shown = [_overlap(placed, ink) for ink in own]
    if own and max(shown) < _INSIDE:
        return None
    label = 2 if not own else 0 if printed else 1
    return cut_line(grey, _polygon(placed)), label


def _tick_crop(grey: Image, box: NDArray[np.float64], inks: list[NDArray[np.float64]], strength: float) -> TickCrop:
    middle = (box[:2] + box[2:]) / 2
    ticked = any(((ink[:2] < middle) & (middle < ink[2:])).all() for ink in inks)
    # Templates give the inside of the frame; the frame's line is about 0.3 mm wide.
    inset = 0.4 * _DPI / 25.4
    return TickCrop(cut_line(grey, _polygon(box + np.array([inset, inset, -inset, -inset]))), ticked, strength)


def _polygon(box: NDArray[np.float64]) -> NDArray[np.float64]:
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def fit(crops: list[LabelledCrop]) -> dict[str, LogisticModel]:
    """Fit both models, ``blank`` and ``printed``, on the crops and on copies in darker or fainter ink."""
    rng = np.random.default_rng(0)
    crops = crops + [replace(item, crop=_other_ink(item.crop, rng)) for item in crops]
    features = [crop_features(item.crop) for item in crops]
    labels = np.array([item.label for item in crops])
    written = np.array([script is not None for _, script in features]) & (labels != CLASSES.index("blank"))
    script = np.array([part for (_, part), use in zip(features, written, strict=True) if use])
    return {
        "blank": fit_logistic(np.array([part for part, _ in features]), labels == CLASSES.index("blank")),
        "printed": fit_logistic(script, labels[written] == CLASSES.index("printed")),
    }


def _other_ink(crop: Image, rng: np.random.Generator) -> Image:
    """The crop as another pen or toner would give it: how dark ink is tells little about who put it there."""
    factor = float(rng.uniform(0.55, 1.8))
    return np.asarray(np.clip(255.0 - (255.0 - crop.astype(np.float32)) * factor, 0, 255), np.uint8)


def evaluate(models: dict[str, LogisticModel], crops: list[LabelledCrop]) -> NDArray[np.int64]:
    """Count judgements: rows are true classes, columns the likeliest class judged, in the order of :data:`CLASSES`."""
    counts = np.zeros((3, 3), np.int64)
    for item in crops:
        blank_features, script_features = crop_features(item.crop)
        blank = float(models["blank"].probability(blank_features[None])[0])
        printed = 0.5 if script_features is None else float(models["printed"].probability(script_features[None])[0])
        judged = np.argmax([(1 - blank) * printed, (1 - blank) * (1 - printed), blank])
        counts[item.label, judged] += 1
    return counts


def main() -> None:
    """Render, fit, report and save."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--books", type=int, default=40, help="books of each form to fit on")
    parser.add_argument("--check", type=int, default=16, help="books of each form to report on")
    parser.add_argument("--out", type=Path, default=Path(str(resources.files("extractor.readers"))) / MODEL_FILE)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    models = fit(_lines(render_crops("train", range(arguments.books))))
    report: dict[str, object] = {}
    for split, start in (("calibration", 1000), ("test", 2000)):
        counts = evaluate(models, _lines(render_crops(split, range(start, start + arguments.check))))
        report[split] = summary(counts)
        _log.info("%s: %s", split, report[split])
    named = {"blank": (BLANK_FEATURES, models["blank"]), "printed": (SCRIPT_FEATURES, models["printed"])}
    save_models(arguments.out, named, report)


def summary(counts: NDArray[np.int64]) -> dict[str, float]:
    """Share judged rightly of each class, and number of crops."""
    right = {name: round(float(counts[i, i] / max(1, counts[i].sum())), 4) for i, name in enumerate(CLASSES)}
    return {**right, "crops": int(counts.sum())}


def _lines(crops: Iterator[LabelledCrop | TickCrop]) -> list[LabelledCrop]:
    return [crop for crop in crops if isinstance(crop, LabelledCrop)]


if __name__ == "__main__":
    main()
