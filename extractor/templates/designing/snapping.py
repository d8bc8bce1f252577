"""What a pointer is drawn to on a page: rulings, dotted lines, and the ends of printed words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.readers.furniture import Segment, find_furniture
from extractor.readers.page_text import PageText
from extractor.scans.types import CleanPage

Stroke = tuple[float, float, float]
"""Start and end along the way, and place across it, clean pixels."""


@dataclass(frozen=True, slots=True)
class SeenWord:
    """A word of the page's OCR pass, clean pixels; ``sure`` is the engine's confidence, 0 to 1."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    sure: float = 1.0


@dataclass(frozen=True, slots=True)
class Snaps:
    """What a page offers to hold on to, clean pixels.

    Args:
        leaders: dotted lines.
        across: horizontal rulings.
        down: vertical rulings; start and end are heights.
        words: printed words; their ends and the line they stand on.
    """

    leaders: tuple[Stroke, ...]
    across: tuple[Stroke, ...]
    down: tuple[Stroke, ...]
    words: tuple[SeenWord, ...]


def find_snaps(page: CleanPage, text: PageText) -> Snaps:
    """All that can be held on to on a page."""
    furniture = find_furniture(page)
    scale = furniture.scale
    words = tuple(
        SeenWord(word.text, word.box.x, word.box.y, word.box.right, word.box.bottom, round(word.confidence, 2))
        for word in text.words
        if any(char.isalnum() for char in word.text)
    )
    return Snaps(
        _strokes(furniture.leaders, scale),
        _strokes(furniture.horizontals, scale),
        _strokes(furniture.verticals, scale),
        words,
    )


def _strokes(segments: Sequence[Segment], scale: float) -> tuple[Stroke, ...]:
    return tuple((round(s.start / scale, 1), round(s.end / scale, 1), round(s.at / scale, 1)) for s in segments)
