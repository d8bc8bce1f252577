"""Several written lines of one value, read one by one, as one reading."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence

from extractor.readers.protocol import Reading
from extractor.records import Candidate

_KEPT_PER_LINE = 4
_KEPT = 10


def join_readings(readings: Sequence[Reading]) -> Reading:
    """The readings of a value's lines as one: texts joined by spaces, the best few combinations kept.

    Args:
        readings: of the lines, top to bottom; at least one.
    """
    best_of_lines = [
        (reading.candidates or (Candidate(reading.text, reading.confidence),))[:_KEPT_PER_LINE] for reading in readings
    ]
    combined: dict[str, float] = {}
    for combination in itertools.product(*best_of_lines):
        text = " ".join(candidate.text for candidate in combination if candidate.text)
        probability = math.prod(candidate.probability for candidate in combination)
        combined[text] = combined.get(text, 0.0) + probability
    top = heapq.nlargest(_KEPT, combined.items(), key=lambda item: item[1])
    candidates = tuple(Candidate(text, min(probability, 1.0)) for text, probability in top)
    chars: list[float] = []
    for reading in readings:
        # The space that joins two lines is ours, and certain.
        chars += [*([1.0] if chars and reading.text else []), *reading.char_confidences]
    confidence = math.prod(reading.confidence for reading in readings)
    return Reading(candidates[0].text, confidence, candidates, tuple(chars))
