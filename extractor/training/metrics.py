"""Errors of readings against texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class LineErrors:
    """Errors over a set of lines.

    Args:
        lines: how many lines.
        cer: edits divided by characters, from 0.
        wer: word edits divided by words, from 0.
        exact: share of lines without any error, 0 to 1.
    """

    lines: int
    cer: float
    wer: float
    exact: float


def plain_words(text: str) -> str:
    """The text without case, punctuation and repeated spaces; tone marks stay."""
    kept = "".join(" " if unicodedata.category(letter)[0] in "PS" else letter for letter in text.lower())
    return " ".join(unicodedata.normalize("NFC", kept).split())


def right_reading(reading: str, text: str, *, insensitive: bool = False) -> bool:
    """Whether a reading is exactly its label; ``insensitive`` leaves case and punctuation out of account."""
    return plain_words(reading) == plain_words(text) if insensitive else reading == text


def line_errors(readings: Sequence[str], texts: Sequence[str], *, insensitive: bool = False) -> LineErrors:
    """Compare readings with texts, in order.

    Args:
        readings: what was read.
        texts: what is written.
        insensitive: whether case and punctuation are left out of account.
    """
    edits = characters = word_edits = words = exact = 0
    for reading, text in zip(readings, texts, strict=True):
        first, second = (plain_words(reading), plain_words(text)) if insensitive else (reading, text)
        edits += Levenshtein.distance(first, second)
        characters += len(second)
        word_edits += Levenshtein.distance(first.split(), second.split())
        words += len(second.split())
        exact += first == second
    count = len(texts)
    return LineErrors(count, edits / max(characters, 1), word_edits / max(words, 1), exact / max(count, 1))
