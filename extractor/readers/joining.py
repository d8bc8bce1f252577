"""Several written lines of one value, read one by one, as one reading."""

from __future__ import annotations

import heapq
import itertools
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from extractor.readers.protocol import Reading
from extractor.records import Candidate

_KEPT_PER_LINE = 4
_KEPT = 10
_LOW_TONE = "\u0323"


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


def with_low_tones(without: Reading, seen: Reading) -> Reading:
    """A reading of a line whose dots may be gone, with the marks for the low tone (ạ, ệ) that another reading saw.

    Args:
        without: read off a picture from which the dots of a dotted line were taken.
        seen: read off the picture as it is. Of its candidates, the first that differs from a text of ``without`` by
            such marks alone tells where they stand.
    """
    dotted = {_bare(candidate.text): candidate.text for candidate in reversed(seen.candidates)}
    candidates = tuple(
        Candidate(_with_marks(candidate.text, dotted.get(_bare(candidate.text), "")), candidate.probability)
        for candidate in without.candidates
    )
    text = _with_marks(without.text, dotted.get(_bare(without.text), ""))
    return replace(without, text=text, candidates=_once_each(candidates))


def _once_each(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The same text once, its probabilities added up, best first."""
    added: dict[str, float] = {}
    for candidate in candidates:
        added[candidate.text] = added.get(candidate.text, 0.0) + candidate.probability
    ranked = sorted(added.items(), key=lambda item: -item[1])
    return tuple(Candidate(text, min(probability, 1.0)) for text, probability in ranked)


def _bare(text: str) -> str:
    """A text without marks for the low tone."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).replace(_LOW_TONE, ""))


def _with_marks(text: str, other: str) -> str:
    """A text with the low tones of another that is the same without them; itself where there is none."""
    if len(other) != len(text):
        return text
    return "".join(theirs if _bare(theirs) == own else own for own, theirs in zip(text, other, strict=True))
