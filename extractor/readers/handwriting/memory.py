"""What was read in a book before, as a voice beside the language model: places, offices and signers come again."""

from __future__ import annotations

import math
from typing import Any

from extractor.readers.handwriting.language import CharacterModel

_MOST = 30.0


class Remembering:
    """The language model, and what the texts of one book add to it.

    Each step gives what the language model gives, and ``strength`` times the logarithm of
    ``(1 - share) + share * r``, where ``r`` is how many times more probable the book's own model makes the symbol. What
    the book holds is cheap to write again; what it does not hold costs at most ``-strength * log(1 - share)`` a symbol
    more than without the book, so nothing is forbidden.

    Args:
        language: of registers in general.
        book: estimated from the texts of the book.
        share: how much the book counts in the mixture, 0 to below 1.
        strength: factor on its logarithm, beside which the language model's counts 1.
    """

    def __init__(self, language: CharacterModel, book: CharacterModel, share: float, strength: float) -> None:
        self._language, self._book = language, book
        self._share, self._strength = share, strength
        self.start = (language.start, book.start)

    def step(self, state: tuple[int, int], symbol: int) -> tuple[float, Any]:
        """See :class:`extractor.readers.handwriting.language.Guide`."""
        gain, general = self._language.step(state[0], symbol)
        own, special = self._book.step(state[1], symbol)
        more = math.log(1.0 - self._share + self._share * math.exp(min(own - gain, _MOST)))
        return gain + self._strength * more, (general, special)
