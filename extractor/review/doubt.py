"""Which letters of a reading are doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby

from extractor.records import Candidate

SURE = 0.85
"""A letter that its reader gives less than this is shown as doubtful; for the eye only, nothing is decided by it."""

RIVAL = 0.08
"""Other readings that differ in a letter make it doubtful when their probabilities sum to this share of the best's."""

Segment = tuple[str, bool]
"""A stretch of text, and whether it is doubtful."""


def doubtful_segments(
    raw: str, candidates: Sequence[Candidate], char_confidences: Sequence[float] = ()
) -> list[Segment]:
    """Cut a reading into stretches that are sure or doubtful.

    Args:
        char_confidences: one for each character of ``raw``; where there are none, the letters in which the other
            candidates differ are the doubtful ones.
    """
    if len(char_confidences) == len(raw):
        doubtful = [confidence < SURE for confidence in char_confidences]
    else:
        doubtful = _by_rivals(raw, candidates)
    marks = list(zip(raw, doubtful, strict=True))
    return [
        ("".join(char for char, _ in stretch), unsure)
        for unsure, stretch in ((unsure, list(stretch)) for unsure, stretch in groupby(marks, key=lambda mark: mark[1]))
    ]


def _by_rivals(raw: str, candidates: Sequence[Candidate]) -> list[bool]:
    best = max((candidate.probability for candidate in candidates if candidate.text == raw), default=0.0)
    against = [0.0] * len(raw)
    for candidate in candidates:
        if candidate.text == raw:
            continue
        matcher = SequenceMatcher(None, raw, candidate.text, autojunk=False)
        for tag, start, end, _, _ in matcher.get_opcodes():
            if tag == "equal":
                continue
            # An insertion has no letter of its own here: the one before it (or the first) stands for it.
            stretch = range(start, end) if end > start else range(max(0, start - 1), max(0, start - 1) + 1)
            for index in stretch:
                if index < len(raw):
                    against[index] += candidate.probability
    limit = RIVAL * best if best else 0.0
    return [mass > limit for mass in against]
