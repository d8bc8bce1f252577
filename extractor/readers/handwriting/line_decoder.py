"""From one line's logits to its best few texts with calibrated probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from extractor.readers.handwriting.decoding import SCORE_RANGE, Guidance, Placed, beam_search, log_softmax, place
from extractor.readers.handwriting.language import Guide, Together

Logits = NDArray[np.float32]
"""(frames, classes); class 0 is the blank."""


@dataclass(frozen=True, slots=True)
class ReadText:
    """One text the search found for a line.

    Args:
        text: without spaces at its ends.
        classes: of its characters.
        probability: what the recogniser alone gives it, 0 to 1.
        share: its part, 0 to 1, among all texts found, with what the guide says of them.
        total: logarithm of what the search ranked it by.
    """

    text: str
    classes: tuple[int, ...]
    probability: float
    share: float
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns what the search believes into probabilities of being right; fitted on lines that took no part in training.

    Args:
        temperature: divisor of the logits for the probabilities of single characters, above 0.
        intercept: of the line's log-odds.
        probability_slope: on the log-odds of the recogniser's own probability.
        share_slope: on the log-odds of the share.
    """

    temperature: float = 1.0
    intercept: float = 0.0
    probability_slope: float = 1.0
    share_slope: float = 0.0

    def line(self, read: ReadText) -> float:
        """Calibrated probability that a text is exactly what is written."""
        odds = (
            self.intercept
            + self.probability_slope * log_odds(read.probability)
            + self.share_slope * log_odds(read.share)
        )
        return 1.0 / (1.0 + math.exp(-min(max(odds, -30.0), 30.0)))


def log_odds(probability: float) -> float:
    """Natural logarithm of the odds, for probabilities from one in a million to one less that."""
    clipped = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(clipped / (1 - clipped))


@dataclass(frozen=True, slots=True)
class LineDecoder:
    """Reads texts off logits.

    Args:
        alphabet: characters in class order, the blank left out.
        calibration: see :class:`Calibration`.
        guidance: language model and its weight, or none.
        beam: prefixes the search keeps.
    """

    alphabet: str
    calibration: Calibration = Calibration()
    guidance: Guidance | None = None
    beam: int = 10

    def guided_by(self, guidance: Guidance | None) -> LineDecoder:
        """The same with another guidance."""
        return replace(self, guidance=guidance)

    def texts(self, logits: Logits) -> list[ReadText]:
        """Texts found, best first; what differs by outer spaces only counts as one.

        Returns:
            At least one text, unless the guidance forbids every text that the pixels allow.
        """
        found: dict[str, tuple[tuple[int, ...], float, float]] = {}
        hypotheses = beam_search(log_softmax(logits, 1.0), self.beam, self.guidance)
        best = hypotheses[0].total if hypotheses else 0.0
        for item in hypotheses:
            start, end = _without_spaces(item.classes, self.alphabet)
            text = "".join(self.alphabet[number - 1] for number in item.classes[start:end])
            classes, probability, weight = found.get(text, (item.classes[start:end], 0.0, 0.0))
            found[text] = (classes, probability + math.exp(item.score), weight + math.exp(item.total - best))
        total = sum(weight for _, _, weight in found.values())
        ranked = sorted(found.items(), key=lambda item: -item[1][2])
        return [
            ReadText(text, classes, min(1.0, probability), weight / total, best + math.log(weight))
            for text, (classes, probability, weight) in ranked
        ]

    def texts_within(self, logits: Logits, guide: Guide, free: Sequence[ReadText] | None = None) -> list[ReadText]:
        """Texts that a further guide allows, best first, each with its share among these and the texts found freely.

        A list of one text must not make that text certain: what the pixels say without the list counts too.

        Args:
            logits: of one line.
            guide: what the line may say.
            free: what :meth:`texts` found, where that is known.

        Returns:
            Nothing where the guide forbids all that the pixels could mean: where its best text is too improbable
            beside the best one found freely for the search to have kept it.
        """
        own = self.guidance
        if own is None:
            guided = self.guided_by(Guidance(guide)).texts(logits)
        else:
            both = Together((own.guide, own.weight), (guide, 1.0))
            guided = self.guided_by(Guidance(both, 1.0, own.bonus)).texts(logits)
        free = self.texts(logits) if free is None else free
        likeliest = max(item.probability for item in free)
        if not guided or guided[0].probability < likeliest * math.exp(-SCORE_RANGE):
            return []
        totals = {item.text: item.total for item in free}
        totals.update((item.text, item.total) for item in guided)
        best = max(totals.values())
        whole = sum(math.exp(total - best) for total in totals.values())
        return [replace(item, share=math.exp(item.total - best) / whole) for item in guided]

    def characters(self, logits: Logits, classes: Sequence[int]) -> list[Placed]:
        """Calibrated probability and place of each character of a text."""
        return place(log_softmax(logits, self.calibration.temperature), classes)


def _without_spaces(classes: tuple[int, ...], alphabet: str) -> tuple[int, int]:
    """Range of the classes without spaces at either end."""
    start, end = 0, len(classes)
    while start < end and alphabet[classes[start] - 1] == " ":
        start += 1
    while end > start and alphabet[classes[end - 1] - 1] == " ":
        end -= 1
    return start, end
