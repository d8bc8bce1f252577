"""Weighs a date in digits and the same date in words together, where a form asks for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractor.vietnamese.context import Context, Decoded
from extractor.vietnamese.date_words import parse_date_words
from extractor.vietnamese.dates import PartialDate, parse_value
from extractor.vietnamese.loading import load


def reconcile_dates(
    digits: Sequence[Decoded], words: Sequence[Decoded], context: Context
) -> tuple[tuple[Decoded, ...], tuple[Decoded, ...]]:
    """Weigh the readings of both fields together: pairs that mean the same day gain, pairs that contradict lose.

    Nothing is added and nothing ruled out: a book may say one day in digits and another in words, and then the readers
    must be sure of both to keep it so.

    Args:
        digits: decoded readings of the date in digits.
        words: decoded readings of the date in words.
        context: what is known about the book.

    Returns:
        Both with new probabilities, best first; each sums to at most 1.
    """
    if not digits or not words:
        return tuple(digits), tuple(words)
    first = [parse_value(item.value) for item in digits]
    second = [_in_words(item, context) for item in words]
    joint = [
        [a.probability * b.probability * _fit(day, said) for b, said in zip(words, second, strict=True)]
        for a, day in zip(digits, first, strict=True)
    ]
    open_fit = _fit(None, None)
    rest_first = max(0.0, 1.0 - sum(item.probability for item in digits))
    rest_second = max(0.0, 1.0 - sum(item.probability for item in words))
    rows = [sum(row) + a.probability * rest_second * open_fit for row, a in zip(joint, digits, strict=True)]
    columns = [
        sum(row[index] for row in joint) + b.probability * rest_first * open_fit for index, b in enumerate(words)
    ]
    total = sum(rows) + rest_first * open_fit * (sum(item.probability for item in words) + rest_second)
    if total <= 0.0:
        return tuple(digits), tuple(words)
    return _weighed(digits, rows, total), _weighed(words, columns, total)


def _in_words(item: Decoded, context: Context) -> PartialDate | None:
    found = parse_date_words(item.raw, context.book_year) if item.known else None
    return found if isinstance(found, PartialDate) else None


def _fit(day: PartialDate | None, said: PartialDate | None) -> float:
    """How well two dates go together; 1 for the same one."""
    settings = load("decoding")["witness"]
    if day is None or said is None:
        return float(settings["unknown"])
    if day == said:
        return 1.0
    pairs = ((day.year, said.year), (day.month, said.month), (day.day, said.day))
    contradicts = any(a != b for a, b in pairs if a is not None and b is not None)
    return float(settings["contradiction"] if contradicts else settings["unknown"])


def _weighed(items: Sequence[Decoded], weights: Sequence[float], total: float) -> tuple[Decoded, ...]:
    new = [replace(item, probability=min(1.0, weight / total)) for item, weight in zip(items, weights, strict=True)]
    return tuple(sorted(new, key=lambda item: -item.probability))
