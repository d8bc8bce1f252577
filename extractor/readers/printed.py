"""Tesseract: the one OCR pass a page gets, and a reader for printed lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from extractor.errors import ImageError
from extractor.readers.furniture import find_furniture, furniture_of, without_furniture
from extractor.readers.page_text import PageText, Word
from extractor.readers.protocol import Reading
from extractor.readers.tesseract import LANGUAGE, Row, installed, recognise
from extractor.records import Box, Candidate
from extractor.scans.types import CleanPage, Image

_PAGE = 11
"""Layout of a page: sparse text. A form is no column of prose, and the other modes lose labels in the tick-box cell."""
_STRIP = 6
"""Layout of a strip: one block of lines."""
_LINE_HEIGHT = 48
"""Height crops are brought to in a strip; Tesseract's recogniser works at 36 and reads capitals best from this."""
_LINE_MM = 9.0
"""Usual height of a line's region on paper; from it the size of leader dots within a crop is known."""
_STRIP_LINES = 12
_MARGIN = 20
_LEADING_REMAINS = "._,:;„…·|"
_ZERO_BY_A_DIGIT = re.compile(r"(?<=\d)[OƠo](?![^\W\d_])|(?<![^\W\d_])[OƠo](?=\d)")
_TRAILING_REMAINS = re.compile(r"([_…·|(]|[.,:;]{2,}|(?<=[.,])[.,:;])+$")


def read_page(page: CleanPage) -> PageText:
    """Find all print of a page in one pass.

    Leaders and rulings are painted over first; words come back in clean pixels, in reading order.

    Raises:
        MissingProgramError: Tesseract or its Vietnamese data is not installed.
    """
    furniture = find_furniture(page)
    rows = recognise(without_furniture(furniture), layout=_PAGE, dpi=round(furniture.dpi))
    groups: dict[tuple[int, int, int], list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    ordered = sorted(groups.values(), key=lambda line: (min(row.y + row.h / 2 for row in line), min(r.x for r in line)))
    words = []
    for number, line in enumerate(ordered):
        for row in sorted(line, key=lambda row: row.x):
            words.append(Word(row.text, row.confidence, _scaled(row, 1 / furniture.scale), number))
    return PageText(tuple(words))


class PrintedReader:
    """Reads printed lines with Tesseract, a dozen lines a call."""

    @property
    def name(self) -> str:
        """Name under which the reader is registered."""
        return "printed"

    @property
    def version(self) -> str:
        """Version of Tesseract and of this reader's preparation."""
        return f"tesseract-{tesseract_version()}-{LANGUAGE}-2"

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        """Read the lines; an empty reading with no confidence where Tesseract sees no word.

        Raises:
            ImageError: an array is no picture.
            MissingProgramError: Tesseract or its Vietnamese data is not installed.
        """
        prepared = [_prepare(line) for line in lines]
        readings: list[Reading] = []
        for start in range(0, len(prepared), _STRIP_LINES):
            readings += _read_strip(prepared[start : start + _STRIP_LINES])
        return readings


def tesseract_version() -> str:
    """Version of the installed Tesseract.

    Raises:
        MissingProgramError: Tesseract or its Vietnamese data is not installed.
    """
    return installed()[0]


def _scaled(row: Row, factor: float) -> Box:
    left, top = round(row.x * factor), round(row.y * factor)
    return Box(left, top, max(1, round(row.w * factor)), max(1, round(row.h * factor)))


def _prepare(line: Image) -> Image:
    """Grey, evenly high, without the leader: its dots would be read as text."""
    array = np.asarray(line)
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or 0 in array.shape:
        raise ImageError(
            f"A line to read has shape {array.shape} and type {array.dtype}.",
            mend="Hand over grey or BGR pixels of 8 bits.",
        )
    grey = array if array.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(array[:, :, :3]), cv2.COLOR_BGR2GRAY)
    grey = without_furniture(furniture_of(np.ascontiguousarray(grey), dpi=grey.shape[0] / _LINE_MM * 25.4))
    factor = _LINE_HEIGHT / grey.shape[0]
    width = int(np.clip(round(grey.shape[1] * factor), 1, 4000))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, (width, _LINE_HEIGHT), interpolation=how), dtype=np.uint8)


def _read_strip(lines: Sequence[Image]) -> list[Reading]:
    """Read a few prepared lines stacked into one image, and give each its words back."""
    step = _LINE_HEIGHT + _MARGIN
    width = max(line.shape[1] for line in lines) + 2 * _MARGIN
    strip = np.full((step * len(lines) + _MARGIN, width), 255, dtype=np.uint8)
    for number, line in enumerate(lines):
        top = _MARGIN + number * step
        # The paper's own tone around a crop would look like a frame: stretch it to white.
        paper = max(1.0, float(np.percentile(line, 90)))
        strip[top : top + _LINE_HEIGHT, _MARGIN : _MARGIN + line.shape[1]] = np.clip(line * (255 / paper), 0, 255)
    buckets: list[list[Row]] = [[] for _ in lines]
    for row in recognise(strip, layout=_STRIP, dpi=150):
        number = int((row.y + row.h / 2 - _MARGIN / 2) // step)
        if 0 <= number < len(lines):
            buckets[number].append(row)
    return [_reading(words, line.shape[1]) for words, line in zip(buckets, lines, strict=True)]


def _reading(words: list[Row], width: int) -> Reading:
    """Words of one line as a reading; the confidence of a line is the product of its words'."""
    words = [replace(word, text=_plain_zeros(word.text)) for word in _trimmed(sorted(words, key=lambda row: row.x))]
    if not words:
        return Reading("", 0.0)
    text = " ".join(word.text for word in words)
    confidences: list[float] = []
    positions: list[float] = []
    for number, word in enumerate(words):
        if number:
            confidences.append(min(words[number - 1].confidence, word.confidence))
            positions.append((words[number - 1].x + words[number - 1].w + word.x) / 2)
        confidences += [word.confidence] * len(word.text)
        positions += [word.x + word.w * (i + 0.5) / len(word.text) for i in range(len(word.text))]
    confidence = float(np.prod([word.confidence for word in words]))
    shares = tuple(float(np.clip((x - _MARGIN) / max(1, width), 0, 1)) for x in positions)
    candidates = [Candidate(text, confidence)]
    plain = _without_specks(words)
    if plain and plain != text:
        candidates.append(Candidate(plain, min(confidence, (1 - confidence) / 2)))
    return Reading(text, confidence, tuple(candidates), tuple(confidences), shares)


def _trimmed(words: list[Row]) -> list[Row]:
    """The words without what a leader leaves at the ends of a line; a single full stop at the end may be written."""
    kept = list(words)
    while kept and not (text := kept[0].text.lstrip(_LEADING_REMAINS)):
        del kept[0]
    if kept:
        kept[0] = replace(kept[0], text=text)
    while kept and not (text := _TRAILING_REMAINS.sub("", kept[-1].text)):
        del kept[-1]
    if kept:
        kept[-1] = replace(kept[-1], text=text)
    return kept


def _plain_zeros(text: str) -> str:
    """Zeros with a dot or stroke inside, as typewriters and printers set them, are read as other signs."""
    return _ZERO_BY_A_DIGIT.sub("0", text.replace("Ø", "0").replace("ø", "0"))


def _without_specks(words: list[Row]) -> str:
    """The line without words that are punctuation alone: remains of leaders and frames."""
    kept = [word.text for word in words if any(unicodedata.category(sign)[0] in "LN" for sign in word.text)]
    return " ".join(kept)
