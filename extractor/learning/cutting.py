"""Cut the written lines of fields out of a page's picture, as the reader saw them.

The picture that is kept of a page is the upright, flat one that was read; its light is made even again, and each line
is cut by the reader's own region, what lies outside of it being white. Leaders and rulings stay: the reader for
handwriting sees them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as PilImage
from PIL import UnidentifiedImageError

from extractor.batch.sources import KnownSource
from extractor.errors import LineSetError, StoreError
from extractor.page_file import FOLDER, PageFile, load_page_file, load_picture, page_stem
from extractor.readers.crops import cut_line
from extractor.readers.script import judge_script
from extractor.scans.light import even_light
from extractor.scans.types import Image

_BLANK = 0.5
"""Probability of bearing nothing from which the reader leaves a line out."""

_SURELY_BLANK = 0.9
"""The same from which a line of several is left out without a doubt; below it, words may stand there."""


class UnusablePageError(LineSetError):
    """A page's picture, or what is known of it, cannot be used.

    Args:
        why: a word of :data:`extractor.learning.choosing.REASONS`.
    """

    def __init__(self, why: str, message: str, *, mend: str) -> None:
        super().__init__(message, mend=mend)
        self.why = why


@dataclass(frozen=True, slots=True, eq=False)
class OpenPage:
    """A page's picture, evenly lit grey ``(height, width)``, and what is kept of it."""

    grey: Image
    kept: PageFile


@dataclass(frozen=True, slots=True, eq=False)
class WrittenLines:
    """The lines of a field that bear writing, top to bottom, grey ``(h, w)``.

    Args:
        doubtful: whether there is a further line of which it is not sure that nothing is written there.
    """

    crops: tuple[Image, ...]
    doubtful: bool


def open_page(out: Path, image: str, sha256: str, pipeline_version: str) -> OpenPage:
    """Open a page that the store knows.

    Args:
        out: the output folder.
        image: path of the picture in it.
        sha256: of the source page's pixels.
        pipeline_version: of the pipeline whose records the store has.

    Raises:
        UnusablePageError: the picture is missing or damaged, or what is kept beside it is of another reading.
    """
    path = (out / image).resolve()
    if not image or not path.is_relative_to(out.resolve()) or not path.is_file():
        raise UnusablePageError("no_picture", f"{image or 'A page'}: the picture is missing.", mend=_AGAIN)
    try:
        with PilImage.open(path) as opened:
            colours = np.asarray(opened.convert("RGB"))
    except (OSError, UnidentifiedImageError, SyntaxError, PilImage.DecompressionBombError) as error:
        raise UnusablePageError("damaged_picture", f"{image}: the picture is damaged.", mend=_AGAIN) from error
    try:
        kept = load_page_file(out, path.stem)
    except StoreError as error:
        raise UnusablePageError("no_places", error.message, mend=_AGAIN) from error
    if (kept.sha256, kept.pipeline_version) != (sha256, pipeline_version):
        raise UnusablePageError("no_places", f"{image}: the page was read anew since it was stored.", mend=_AGAIN)
    return _lit(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), kept)


def open_read_page(out: Path, source: KnownSource, page: int) -> OpenPage:
    """Open a page as it was last read, whatever the store knows of it.

    Args:
        source: the page's file.
        page: its number there, from 1.

    Raises:
        StoreError: picture or places are missing or damaged.
    """
    stem = page_stem(source.sha256, page)
    kept, picture = load_page_file(out, stem), load_picture(out, f"{FOLDER}/{stem}.jpg")
    return _lit(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), kept)


def _lit(grey: Any, kept: PageFile) -> OpenPage:
    return OpenPage(even_light(np.asarray(grey, dtype=np.uint8)), kept)


_AGAIN = "Run the same input again with this output folder; with --redo where the picture is there."


def all_lines(page: OpenPage, record: int, code: str) -> list[Image]:
    """The lines of a field, blank ones too, grey ``(h, w)``; none where the field was not located."""
    return [cut_line(page.grey, polygon) for polygon in page.kept.regions.get((record, code), ())]


def written_lines(page: OpenPage, record: int, code: str) -> WrittenLines:
    """The lines of a field that bear writing; none where the field was not located."""
    crops, doubtful = [], False
    for crop in all_lines(page, record, code):
        blank = judge_script(crop).blank
        if blank < _BLANK:
            crops.append(crop)
        elif blank < _SURELY_BLANK:
            doubtful = True
    return WrittenLines(tuple(crops), doubtful)


def to_png(crop: Image) -> bytes:
    """A line as a grey PNG that holds nothing but its pixels."""
    done, data = cv2.imencode(".png", crop)
    if not done:
        raise LineSetError("A line's picture could not be encoded.")
    return data.tobytes()
