"""What a book has said so far as a small language model: names of places, offices and signers come again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extractor.readers.handwriting.alphabet import canonical
from extractor.readers.handwriting.hand_file import Memory
from extractor.readers.handwriting.language import CharacterModel, Guide
from extractor.readers.handwriting.memory import Remembering
from extractor.training.language import LONGEST, estimate


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """How much the book's own texts count; chosen on writers that no reported figure comes from.

    Args:
        share: of the book's model in the mixture with that of registers in general.
        strength: factor on the logarithm of what the mixture gains.
        fewest: texts below which nothing is remembered.
    """

    share: float = 0.5
    strength: float = 1.0
    fewest: int = 4


def remember(
    texts: Sequence[str], language: CharacterModel, settings: MemorySettings | None = None, *, seed: int = 1
) -> Memory | None:
    """Remember a book's texts; none where each half of them tells nothing of the other half.

    Texts with digits are left out: a number is never more probable because it was written before.

    Args:
        texts: decided texts of fields, verbatim.
        language: the reader's language model.
        seed: of the halves.
    """
    settings = settings or MemorySettings()
    kept = [text for text in map(canonical, texts) if text and not any(sign.isdigit() for sign in text)]
    kept = [text for text in kept if set(text) <= set(language.alphabet)]
    if len(kept) < settings.fewest or not _tells(kept, language, settings, seed):
        return None
    book = _model(kept, language.alphabet)
    return Memory(book.start, book.automaton, settings.share, settings.strength)


def _model(texts: Sequence[str], alphabet: str) -> CharacterModel:
    return estimate(texts, alphabet, least=(1,) * LONGEST)


def _tells(texts: Sequence[str], language: CharacterModel, settings: MemorySettings, seed: int) -> bool:
    """Whether texts that were left out become more probable by the others."""
    order = np.random.default_rng([seed, 11]).permutation(len(texts))
    gained = 0.0
    for fold in (0, 1):
        others = [texts[index] for index in order[1 - fold :: 2]]
        guide = Remembering(language, _model(others, language.alphabet), settings.share, 1.0)
        for index in order[fold::2]:
            gained += _score(guide, texts[index], language.alphabet) - language.score(texts[index])
    return gained > 0


def _score(guide: Guide, text: str, alphabet: str) -> float:
    """Logarithm of a text's probability after a guide, both borders included."""
    state, total = guide.start, 0.0
    for symbol in [*(alphabet.index(character) + 1 for character in text), 0]:
        gain, state = guide.step(state, symbol)
        total += gain
    return total
