"""Pages of the output folder as the workshop keeps them: cleaned, their words read, opened books in halves."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from extractor.page_file import load_picture
from extractor.readers.page_text import PageText
from extractor.readers.printed import read_page
from extractor.records import BookKey
from extractor.scans import Gutter, find_gutter
from extractor.scans.light import even_light
from extractor.scans.resolution import estimate_dpi
from extractor.scans.spread import split_page
from extractor.scans.types import CleanPage, Image, Matrix, SourcePage
from extractor.templates.designing import Design

_KEPT = 8


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of the output folder: its cleaned picture, and what is known of its book."""

    out: Path
    image: str
    book: BookKey


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A page by itself: a picture, or one of the two facing pages it shows.

    Args:
        to_whole: maps its clean pixels to those of the picture.
    """

    page: CleanPage
    text: PageText
    to_whole: Matrix


@dataclass(slots=True)
class _Seen:
    page: CleanPage
    gutter: Gutter | None
    whole: tuple[Leaf, ...] = field(default=())
    halves: tuple[Leaf, ...] = field(default=())


_seen: OrderedDict[tuple[str, int], _Seen] = OrderedDict()


def leaves(picture: PagePicture, design: Design | None = None) -> tuple[Leaf, ...]:
    """The pages that a design is laid over: both halves of an opened book, unless the form is as wide as that."""
    seen = _look(picture)
    wide = design is not None and (design.table is not None or _is_wide(design))
    if seen.gutter is None or wide:
        seen.whole = seen.whole or (Leaf(seen.page, read_page(seen.page), np.eye(3)),)
        return seen.whole
    if not seen.halves:
        halves = split_page(seen.page, seen.gutter)
        seen.halves = tuple(Leaf(half.page, read_page(half.page), half.to_whole) for half in halves)
    return seen.halves


def size_of(picture: PagePicture) -> tuple[int, int]:
    """Width and height of a picture, clean pixels."""
    height, width = _look(picture).page.grey.shape
    return width, height


def clean_again(image: Image, name: str) -> CleanPage:
    """The page of a cleaned picture: upright and flat it is already, its light and resolution are found again."""
    size = (image.shape[1], image.shape[0])
    grey = even_light(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))
    return CleanPage(SourcePage(name, 1, image, ""), image, grey, np.eye(3), estimate_dpi(None, size))


def _is_wide(design: Design) -> bool:
    return design.sheet is not None and design.sheet.width > design.sheet.height


def _look(picture: PagePicture) -> _Seen:
    """A page; those looked at last are kept."""
    path = picture.out / picture.image
    key = (str(path), path.stat().st_mtime_ns if path.exists() else 0)
    if key not in _seen:
        page = clean_again(load_picture(picture.out, picture.image), picture.image)
        _seen[key] = _Seen(page, find_gutter(page))
        while len(_seen) > _KEPT:
            _seen.popitem(last=False)
    _seen.move_to_end(key)
    return _seen[key]
