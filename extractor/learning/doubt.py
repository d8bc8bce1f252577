"""How unsure a reader is of a line, from its own probabilities: nothing of what is written there is known.

Five measures, all larger where the reader doubts more. The first is least confidence (Lewis and Gale, "A sequential
algorithm for training text classifiers", 1994; for sequences Culotta and McCallum, "Reducing labeling effort for
structured prediction tasks", 2005), here of the best path and divided by the length of its text, so that long lines do
not come first for their length; the second the margin between the two best readings
(Scheffer, Decomain and Wrobel, "Active hidden Markov models for information extraction", 2001). The third is the risk
of the best reading under the edit distance among the n best (Goel and Byrne, "Minimum Bayes-risk automatic speech
recognition", 2000); its n-best list is short, so the fourth adds up the doubt of single characters instead. The last
is the fourth for each character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from extractor.readers.handwriting.decoding import log_softmax
from extractor.readers.handwriting.line_decoder import ReadText

MEASURES = ("least_confidence", "small_margin", "expected_edits", "expected_errors", "errors_a_character")
"""Names of the measures, in the order in which :meth:`Doubt.measures` gives them."""

_BLANK = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a reader's probabilities say of one line.

    Args:
        text: the best reading.
        least_confidence: minus the logarithm of the best path's probability for each character, from 0.
        small_margin: 1 less the difference between the shares of the best and the second reading, 0 to 1.
        expected_edits: edits between the best reading and what is written that the n best lead to expect, from 0.
        expected_errors: wrong characters that the characters' own probabilities lead to expect, from 0.
    """

    text: str
    least_confidence: float
    small_margin: float
    expected_edits: float
    expected_errors: float

    @property
    def errors_a_character(self) -> float:
        """Expected wrong characters for each character read, from 0."""
        return self.expected_errors / max(1, len(self.text))

    @property
    def measures(self) -> tuple[float, ...]:
        """All measures in the order of :data:`MEASURES`."""
        return tuple(float(getattr(self, name)) for name in MEASURES)


def doubt_of(logits: NDArray[np.float32], found: Sequence[ReadText]) -> Doubt:
    """Judge one line.

    Args:
        logits: (frames, classes), class 0 the blank.
        found: the n best texts that a decoder reads off them, best first.
    """
    path, errors = best_path(logits)
    text = found[0].text if found else ""
    second = found[1].share if len(found) > 1 else 0.0
    first = found[0].share if found else 1.0
    return Doubt(
        text=text,
        least_confidence=path / max(1, len(text)),
        small_margin=1.0 - (first - second),
        expected_edits=expected_edits(found),
        expected_errors=errors,
    )


def best_path(logits: NDArray[np.float32]) -> tuple[float, float]:
    """Minus the logarithm of the best path's probability, and the errors that its characters lead to expect.

    A character is as sure as its surest frame. A frame that is read as blank may hide a letter: of each run of blanks
    the least sure frame counts, too.
    """
    log_probs = log_softmax(logits, 1.0)
    classes = log_probs.argmax(axis=1)
    tops = np.exp(log_probs.max(axis=1))
    starts = np.flatnonzero(np.concatenate([[True], classes[1:] != classes[:-1]]))
    runs = np.split(tops, starts[1:])
    errors = sum(
        1.0 - float(run.min() if classes[start] == _BLANK else run.max())
        for start, run in zip(starts, runs, strict=True)
    )
    return -float(log_probs.max(axis=1).sum()), errors


def path_reading(logits: NDArray[np.float32], alphabet: str) -> ReadText:
    """The text of the best path, as if it were the only one."""
    classes = logits.argmax(axis=1)
    kept = tuple(int(c) for c in classes[np.concatenate([[True], classes[1:] != classes[:-1]])] if c != _BLANK)
    return ReadText("".join(alphabet[number - 1] for number in kept).strip(), kept, 1.0, 1.0)


def expected_edits(found: Sequence[ReadText]) -> float:
    """Expected edit distance between the best of some readings and the true one, if that is among them."""
    if not found:
        return 0.0
    best = found[0].text
    return float(sum(item.share * Levenshtein.distance(best, item.text) for item in found[1:]))
