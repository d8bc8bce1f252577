"""How well opened books are cut into their two pages.

    python benchmarks/spreads.py [--seeds 3] [--forms ks-2006 ks-2016] [--dpi 150]

Two pages of a form are rendered side by side, bent into the fold and pictured by a scanner, and from strength 2 on by a
telephone as well (0 clean to 5 bad). A third of the spreads has a blank right page, a third lies off the middle by 15 %
of the width. Measured at each strength: greatest and median distance of the gutter found from the one drawn, and how
many of the written pages were laid out well as pages of their form, on the right side. Everything is seeded.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from extractor.laying import Layer
from extractor.scans import Side, find_gutter
from extractor.scans.types import SourcePage
from extractor.templates import load_forms
from extractor.training.synth.book import render_records
from extractor.training.synth.capture import draw_device
from extractor.training.synth.spread import FLAT, open_sheet
from extractor.training.texts import make_book, years_of

FIRST_SEED = 500
_MM = 25.4


@dataclass(frozen=True)
class Job:
    """One spread to draw and measure."""

    form: str
    strength: float
    seed: int
    camera: bool
    dpi: int


@dataclass(frozen=True)
class Measured:
    """Distance of the gutter in millimetres, or none where the picture was not cut; written pages, and those laid."""

    error: float | None
    written: int
    laid: int


def draw(job: Job) -> tuple[np.ndarray, np.ndarray, int]:
    """Picture, upper and lower end of the gutter in it, and the number of written pages."""
    rng = Random(f"{job.form}/{job.seed}/{job.strength}/{job.camera}")
    setting = make_book(rng, job.form, 2, years=years_of(job.form))
    rendered = render_records(setting, job.form, rng=rng, strength=job.strength, split="test", dpi=job.dpi, device=FLAT)
    pages = [item.page.picture for item in rendered]
    blank = job.seed % 3 == 1
    if blank:
        pages[1] = np.full_like(pages[1], 238)
    device = draw_device(rng, job.strength, camera=job.camera)
    opened = open_sheet(np.hstack(pages), pages[0].shape[1], device, dpi=job.dpi, rng=rng)
    picture, gutter = opened.picture, opened.gutter
    if job.seed % 3 == 2:
        more = round(0.3 * picture.shape[1])
        picture = cv2.copyMakeBorder(picture, 0, 0, more, 0, cv2.BORDER_CONSTANT, value=device.border)
        gutter = gutter + np.array([more, 0.0])
    return picture, gutter, 1 if blank else 2


def measure(job: Job, layer: Layer) -> Measured:
    """Draw a spread, lay forms over it, and compare."""
    picture, drawn, written = draw(job)
    laid = layer.lay(SourcePage("spread.png", 1, picture, ""))
    registered = [page.side for page in laid.pages if page.registers and page.match.form == job.form]
    wanted = list(Side)[:written]
    found = find_gutter(laid.page)
    error = None
    if found is not None:
        height = laid.page.grey.shape[0]
        ends = np.array([[found.top, 0.0], [found.bottom, height - 1.0]])
        back = cv2.perspectiveTransform(ends[None], laid.page.to_source)[0]
        points = back[0] + np.array([[0.1], [0.5], [0.9]]) * (back[1] - back[0])
        line = drawn[1] - drawn[0]
        across = (points - drawn[0]) @ np.array([line[1], -line[0]]) / np.hypot(*line)
        error = float(np.abs(across).max()) / job.dpi * _MM
    return Measured(error, written, sum(side in registered for side in wanted))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--forms", nargs="+", default=["ks-2006", "ks-2016"])
    parser.add_argument("--strengths", nargs="+", type=float, default=[0, 1, 2, 3, 4])
    parser.add_argument("--dpi", type=int, default=150)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    layer = Layer(load_forms())
    print("strength  device     spreads  gutter mm: median  greatest  not cut  pages laid")
    for camera in (False, True):
        for strength in options.strengths:
            if camera and strength < 2:
                continue
            done = [
                measure(Job(form, strength, FIRST_SEED + seed, camera, options.dpi), layer)
                for form in options.forms
                for seed in range(options.seeds)
            ]
            errors = [one.error for one in done if one.error is not None] or [float("nan")]
            laid = f"{sum(one.laid for one in done)} of {sum(one.written for one in done)}"
            print(
                f"{strength:8g}  {'telephone' if camera else 'scanner':9}  {len(done):7}  "
                f"{statistics.median(errors):18.2f}  {max(errors):8.2f}  "
                f"{sum(one.error is None for one in done):7}  {laid}",
                flush=True,
            )


if __name__ == "__main__":
    main()
