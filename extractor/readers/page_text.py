"""Print found on a page by one optical character recognition pass."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.records import Box


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the OCR engine saw it.

    Args:
        text: the word, Unicode normal form C.
        confidence: the engine's own, 0 to 1.
        box: where it lies, clean-page pixels.
        line: number of its text line on the page, from 0, in reading order.
    """

    text: str
    confidence: float
    box: Box
    line: int


@dataclass(frozen=True, slots=True)
class PageText:
    """All words of a page in reading order."""

    words: tuple[Word, ...] = ()

    def lines(self) -> list[list[Word]]:
        """Words grouped by line, lines and words in reading order."""
        grouped: dict[int, list[Word]] = {}
        for word in self.words:
            grouped.setdefault(word.line, []).append(word)
        return [sorted(grouped[number], key=lambda word: word.box.x) for number in sorted(grouped)]
