"""One filled page: print, pens and stamp on paper, then its picture, with the truth in picture pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from extractor.training.fonts import FontSpec
from extractor.training.synth.capture import Device, take_picture
from extractor.training.synth.lettering import Mask
from extractor.training.synth.marks import stamp
from extractor.training.synth.paper import Paper, Picture, blank_sheet, lay_ink, shine_through
from extractor.training.synth.typeset import PrintedForm
from extractor.training.synth.warp import Warp
from extractor.training.synth.writing import Pens, WrittenLine, fill_form, slot_regions
from extractor.training.texts import Sample

IntBox = tuple[int, int, int, int]
STAMP_INK = (60, 50, 200)


@dataclass(frozen=True)
class Seal:
    """The office's seal: the text along its edge and the text across."""

    edge: str
    middle: str
    font: FontSpec
    probability: float


@dataclass(frozen=True)
class FieldPlace:
    """Where a field lies in the picture: its blanks and its ink, line by line, as boxes (x, y, w, h).

    Args:
        flat: the blanks on the page before its picture was taken, as boxes (x0, y0, x1, y1) in page pixels; nothing
            where two pages are in one picture.
        lines: what is written in them, likewise.
    """

    regions: tuple[IntBox, ...]
    ink: tuple[IntBox, ...]
    flat: tuple[tuple[float, float, float, float], ...] = ()
    lines: tuple[WrittenLine, ...] = ()


@dataclass(frozen=True)
class PagePicture:
    """A finished picture of a page.

    Args:
        picture: height x width x 3, blue-green-red.
        places: where each field lies.
        warp: from page pixels to picture pixels.
        ink: all ink of the page before the picture was taken, for the sheet's other side.
    """

    picture: Picture
    places: dict[str, FieldPlace]
    warp: Warp
    ink: Mask


def make_page(
    form: PrintedForm,
    print_mask: Mask,
    fields: Mapping[str, Sample],
    pens: Pens,
    *,
    paper: Paper,
    device: Device,
    seal: Seal | None,
    other_side: Mask | None,
    dpi: int,
    rng: Random,
) -> PagePicture:
    """Fill a form and take its picture.

    Args:
        print_mask: the form as drawn by :func:`extractor.training.synth.printing.draw_form`.
        other_side: ink of the page on the other side of the sheet.
    """
    scale = dpi / 25.4
    shape = (print_mask.shape[0], print_mask.shape[1])
    sheet = blank_sheet(paper, shape, rng)
    if other_side is not None:
        shine_through(sheet, other_side, paper.see_through, rng)
    grey = form.edition.ink
    lay_ink(sheet, print_mask, (grey, grey, grey), 0.92)
    written = fill_form(form, fields, pens, shape=shape, scale=scale, rng=rng)
    for layer in written.layers:
        lay_ink(sheet, layer.mask, layer.ink, 0.95)
    if seal is not None and rng.random() < seal.probability:
        _press(sheet, form, seal, scale, rng)
    picture, warp = take_picture(sheet, device, rng)
    regions = slot_regions(form, scale)
    places = {
        code: FieldPlace(
            tuple(warp.box(*region) for region in found),
            tuple(warp.box(x, y, x + w, y + h) for x, y, w, h in written.ink_boxes.get(code, [])),
            tuple(found),
            tuple(written.lines.get(code, [])),
        )
        for code, found in regions.items()
    }
    ink = print_mask.copy()
    for layer in written.layers:
        np.maximum(ink, layer.mask, out=ink)
    return PagePicture(picture, places, warp, ink)


def _press(sheet: Picture, form: PrintedForm, seal: Seal, scale: float, rng: Random) -> None:
    """Stamp the seal over the last signature box, a third of it over the signature as is the custom."""
    area = form.signatures[-1]
    mark = stamp(seal.edge, seal.middle, seal.font, diameter=rng.uniform(34, 37), scale=scale, rng=rng)
    x = round((area.x0 + rng.uniform(-8, 6)) * scale - mark.shape[1] * 0.3)
    y = round((area.y0 + area.y1) / 2 * scale - mark.shape[0] * rng.uniform(0.45, 0.6))
    height, width = int(sheet.shape[0]), int(sheet.shape[1])
    full: Mask = np.zeros((height, width), np.uint8)
    x, y = max(0, min(x, width - mark.shape[1])), max(0, min(y, height - mark.shape[0]))
    full[y : y + mark.shape[0], x : x + mark.shape[1]] = cv2.GaussianBlur(mark, (0, 0), 0.5)
    lay_ink(sheet, full, STAMP_INK, rng.uniform(0.6, 0.9))
