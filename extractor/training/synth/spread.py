"""Opens the book: two pages side by side, bent into the binding, in one picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from random import Random
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.training.synth.capture import Device, take_picture
from extractor.training.synth.page import FieldPlace, IntBox
from extractor.training.synth.paper import Paper, Picture, blank_sheet
from extractor.training.synth.warp import Points, Warp

if TYPE_CHECKING:
    from extractor.training.synth.book import RenderedRecord

FLAT = Device(camera=False, strength=0.0, border=(255, 255, 255), quality=95)
"""A device without faults: pages of a spread are drawn flat, and pictured together afterwards."""


@dataclass(frozen=True)
class Fold:
    """How a flat sheet bends into the binding of an opened book.

    Towards the fold the paper rises from the glass: its width is seen foreshortened, its height enlarged.

    Args:
        at: place of the fold on the flat sheet, pixels from the left.
        size: width and height of the flat sheet.
        narrow: width lost on each side, pixels.
        reach: distance from the fold over which most of it is lost, pixels.
        rise: enlargement of the height at the fold, as a share.
    """

    at: float
    size: tuple[int, int]
    narrow: float
    reach: float
    rise: float

    @property
    def opened(self) -> tuple[int, int]:
        """Width and height of the bent sheet as it is seen."""
        return round(self.size[0] - 2 * self.narrow), self.size[1]

    @property
    def gutter(self) -> float:
        """Place of the fold on the bent sheet, pixels from the left."""
        return self.at - self.narrow

    def points(self, flat: Points) -> Points:
        """Where points of the flat sheet are seen, both n x 2."""
        seen = np.linspace(0, self.size[0], 4000)
        away = np.interp(np.abs(flat[:, 0] - self.at), self._flat_distance(seen), seen)
        middle = self.size[1] / 2
        x = self.gutter + np.sign(flat[:, 0] - self.at) * away
        return np.stack([x, middle + (flat[:, 1] - middle) * self._enlarged(away)], axis=1)

    def apply(self, flat: Picture) -> Picture:
        """The bent sheet, of size :attr:`opened`."""
        width, height = self.opened
        away = np.arange(width) - self.gutter
        x = self.at + np.sign(away) * self._flat_distance(np.abs(away))
        middle = self.size[1] / 2
        y = middle + (np.arange(height)[:, None] - middle) / self._enlarged(np.abs(away))[None, :]
        across = np.broadcast_to(x[None, :], y.shape).astype(np.float32)
        bent = cv2.remap(flat, across, y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(bent, np.uint8)

    def _flat_distance(self, seen: NDArray[np.float64]) -> NDArray[np.float64]:
        return seen + self.narrow * (1 - np.exp(-seen / self.reach))

    def _enlarged(self, away: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1.0 + self.rise * np.exp(-away / (3 * self.reach))


@dataclass(frozen=True)
class OpenedSheet:
    """The picture of an opened book.

    Args:
        picture: height x width x 3, blue-green-red.
        fold: from the flat sheet to the bent one.
        warp: from the bent sheet to the picture.
        gutter: upper and lower end of the fold in the picture, 2 x 2.
    """

    picture: Picture
    fold: Fold
    warp: Warp
    gutter: Points

    def points(self, flat: Points) -> Points:
        """Picture coordinates of points of the flat sheet, both n x 2."""
        return self.warp.points(self.fold.points(flat))

    def box(self, matrix: NDArray[np.float64], box: IntBox) -> IntBox:
        """Upright box in the picture around a box of a page that ``matrix`` (2 x 3) lays on the flat sheet."""
        x, y, w, h = box
        grid = np.array([(a, b) for a in np.linspace(x, x + w, 5) for b in np.linspace(y, y + h, 3)])
        found = self.points(grid @ matrix[:, :2].T + matrix[:, 2])
        left, top = np.floor(np.clip(found.min(0), 0, self.warp.size)).astype(int)
        right, bottom = np.ceil(np.clip(found.max(0), 0, self.warp.size)).astype(int)
        return int(left), int(top), int(right - left), int(bottom - top)


def open_sheet(flat: Picture, at: float, device: Device, *, dpi: int, rng: Random) -> OpenedSheet:
    """Fold a flat sheet (two pages, or one wide one) at ``at`` pixels from its left, and take its picture.

    Args:
        flat: height x width x 3, blue-green-red.
        device: what takes the picture; its strength also says how badly the book opens, 0 to 5.
    """
    mm, strength = dpi / 25.4, device.strength
    height, width = flat.shape[:2]
    rise = (0.004 if device.camera else 0.002) * strength * rng.uniform(0.3, 1.0)
    fold = Fold(at, (width, height), (0.3 + 0.8 * strength * rng.random()) * mm, rng.uniform(6, 14) * mm, rise)
    bent = _shaded(fold.apply(flat), fold.gutter, strength, mm, rng)
    picture, warp = take_picture(bent, device, rng)
    ends = warp.points(np.array([[fold.gutter, 0.0], [fold.gutter, height - 1.0]]))
    return OpenedSheet(picture, fold, warp, ends)


def _shaded(bent: Picture, gutter: float, strength: float, mm: float, rng: Random) -> Picture:
    """The shadow in the fold, with a side that faces the light, and the fold itself."""
    away = np.arange(bent.shape[1]) - gutter
    depth = min(0.75, 0.1 + 0.13 * strength * rng.uniform(0.4, 1.0))
    sides = (rng.uniform(2, 7) * mm, rng.uniform(2, 7) * mm)
    shade = 1.0 - depth * np.exp(-np.abs(away) / np.where(away < 0, *sides))
    shade -= 0.12 * np.exp(-((away / (0.25 * mm)) ** 2))
    dark = bent.astype(np.float32) * shade[None, :, None].astype(np.float32)
    return np.asarray(np.clip(dark, 0, 255), np.uint8)


def open_pages(
    items: Iterable[RenderedRecord], paper: Paper, device: Device, *, dpi: int, rng: Random
) -> Iterator[RenderedRecord]:
    """Put flat pages into spreads, two by two; an odd last page lies beside a blank one.

    Args:
        items: records on pages pictured by :data:`FLAT`.
        paper: the book's paper, for blank pages.
        device: what pictures the spreads.

    Yields:
        The same records in order, each with its spread's picture and its place there, from 1 on each spread.
    """
    number = 0

    def page_number(item: RenderedRecord) -> int:
        nonlocal number
        number += item.place == 1
        return number

    pages = (list(page) for _, page in groupby(items, page_number))
    while pair := list(islice(pages, 2)):
        yield from _spread(pair, paper, device, dpi, rng)


def _spread(
    pair: list[list[RenderedRecord]], paper: Paper, device: Device, dpi: int, rng: Random
) -> Iterator[RenderedRecord]:
    height, width = pair[0][0].page.picture.shape[:2]
    sheets = [page[0].page.picture for page in pair]
    sheets += [blank_sheet(paper, (height, width), rng)] * (2 - len(sheets))
    # Pages are printed and sewn a little askew.
    turns = [max(-1.0, min(1.0, rng.gauss(0, 0.12 * device.strength))) for _ in sheets]
    matrices = [cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0) for turn in turns]
    size = (width, height)
    flat = np.hstack(
        [
            cv2.warpAffine(sheet, matrix, size, borderMode=cv2.BORDER_REPLICATE)
            for sheet, matrix in zip(sheets, matrices, strict=True)
        ]
    )
    opened = open_sheet(np.asarray(flat, np.uint8), width, device, dpi=dpi, rng=rng)
    place = 0
    for side, page in enumerate(pair):
        on_sheet = np.asarray(matrices[side], np.float64) + np.array([[0, 0, side * width], [0, 0, 0]])
        # Away from the fold a page is only moved; what the truth says of its corners leaves the bend out.
        moved = np.vstack([on_sheet, [0, 0, 1]])
        moved[0, 2] -= side * 2 * opened.fold.narrow
        warp = Warp(opened.warp.matrix @ moved, opened.warp.size, size, opened.warp.bend)
        for item in page:
            place += 1
            places = {
                code: FieldPlace(
                    tuple(opened.box(on_sheet, box) for box in found.regions),
                    tuple(opened.box(on_sheet, box) for box in found.ink),
                )
                for code, found in item.page.places.items()
            }
            picture = replace(item.page, picture=opened.picture, places=places, warp=warp)
            yield replace(item, page=picture, device=device, place=place)
