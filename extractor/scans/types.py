"""Page images as they move from files to templates."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from extractor.records import BookKey

Image = NDArray[np.uint8]
"""Pixels: ``(height, width, 3)`` in BGR order, or ``(height, width)`` grey."""

Matrix = NDArray[np.float64]
"""Projective map of the plane, ``(3, 3)``, for column vectors ``(x, y, 1)``."""


@dataclass(frozen=True, slots=True)
class OfficialName:
    """What an official file name such as ``KS.2017.01.2017-02-03.05.pdf`` says; parts are kept as written."""

    register: str
    year: str
    book: str
    date: str
    number: str


@dataclass(frozen=True, slots=True, eq=False)
class SourcePage:
    """One page of an input, decoded, before any cleaning.

    Args:
        file: source as the user named it (see :class:`extractor.records.Record`).
        page: page number in the file, from 1.
        image: BGR pixels, ``(height, width, 3)``; its pixels are "source pixels".
        sha256: hash of the decoded pixels and their shape, hexadecimal.
        dpi: resolution the file states, or none.
        book: what the file's name or folder says about the book.
        name: the official file name's parts, if it is one.
    """

    file: str
    page: int
    image: Image
    sha256: str
    dpi: float | None = None
    book: BookKey = field(default_factory=BookKey)
    name: OfficialName | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CleanPage:
    """A page made upright, flat and evenly lit.

    Args:
        image: BGR pixels, ``(height, width, 3)``.
        grey: evenly lit grey, ``(height, width)``, paper near 255, ink dark.
        to_source: maps clean pixels to source pixels.
        dpi: resolution of the clean image, stated or estimated.
        notes: what was done, for people (``"rotated 90"``, ``"page found in photograph"``).
    """

    source: SourcePage
    image: Image
    grey: Image
    to_source: Matrix
    dpi: float
    notes: tuple[str, ...] = ()
