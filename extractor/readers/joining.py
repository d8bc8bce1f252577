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
_LEAST_SEEN = 0.05
"""Probability from which on a candidate may lend its marks: nearly every mark stands in some candidate."""
_WITHOUT_TAILS = str.maketrans({",": ".", ";": ":", "y": "v"})


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


def with_lost_marks(without: Reading, seen: Reading) -> Reading:
    """A reading of a line without its dotted line, with the marks that went with the dots, as another reading saw them.

    What stands on the dotted line goes with it: dots below letters (ạ, ệ), tails of commas and of the letter y.

    Args:
        without: read off a picture from which the dots of a dotted line were taken.
        seen: read off the picture as it is. Of its likelier candidates, the first that differs from a text of
            ``without`` by such marks alone tells where they stand.
    """
    likely = [candidate.text for candidate in seen.candidates if candidate.probability >= _LEAST_SEEN]
    whole = {_bare(text): text for text in reversed(likely)}
    candidates = tuple(
        Candidate(_with_marks(candidate.text, whole.get(_bare(candidate.text), "")), candidate.probability)
        for candidate in without.candidates
    )
    if not candidates:
        return replace(without, text=_with_marks(without.text, whole.get(_bare(without.text), "")))
    ranked = _once_each(candidates)
    return replace(without, text=ranked[0].text, candidates=ranked)


def _once_each(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The same text once, its probabilities added up, best first."""
    added: dict[str, float] = {}
    for candidate in candidates:
        added[candidate.text] = added.get(candidate.text, 0.0) + candidate.probability
    ranked = sorted(added.items(), key=lambda item: -item[1])
    return tuple(Candidate(text, min(probability, 1.0)) for text, probability in ranked)


def _bare(text: str) -> str:
    """A text as it looks where all that stands on the writing line is gone."""
    letters = unicodedata.normalize("NFD", text).replace(_LOW_TONE, "")
    return unicodedata.normalize("NFC", letters.translate(_WITHOUT_TAILS))


def _with_marks(text: str, other: str) -> str:
    """A text with those marks of another that is the same without them; itself where there is none."""
    if len(other) != len(text):
        return text
    return "".join(theirs if _bare(theirs) == own else own for own, theirs in zip(text, other, strict=True))
