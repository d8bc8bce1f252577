"""Targets and loss of connectionist temporal classification, and the greedy reading used while training.

Graves et al., "Connectionist Temporal Classification" (ICML 2006).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from extractor.readers.handwriting.model import BLANK


class Alphabet:
    """Turns texts into classes and classes into texts; class 0 is the blank.

    Args:
        characters: the model's alphabet.
    """

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self.classes = {character: index + 1 for index, character in enumerate(characters)}

    def writes(self, text: str) -> bool:
        """Whether every character of a text is in the alphabet."""
        return all(character in self.classes for character in text)

    def encode(self, text: str) -> list[int]:
        """Classes of the text's characters."""
        return [self.classes[character] for character in text]

    def greedy(self, logits: Tensor) -> list[str]:
        """Best class per frame with repeats and blanks removed, for logits of (batch, frames, classes)."""
        texts = []
        for row in logits.argmax(dim=2).tolist():
            kept = [c for c, before in zip(row, [BLANK, *row[:-1]], strict=True) if c not in (BLANK, before)]
            texts.append("".join(self.characters[c - 1] for c in kept).strip())
        return texts


def ctc_loss(logits: Tensor, texts: Sequence[str], alphabet: Alphabet) -> Tensor:
    """Mean loss per character over a batch of (batch, frames, classes); texts too long for their frames count zero."""
    targets = [alphabet.encode(text) for text in texts]
    return F.ctc_loss(
        logits.float().log_softmax(dim=2).transpose(0, 1),
        torch.tensor([value for target in targets for value in target], device=logits.device),
        torch.full((logits.shape[0],), logits.shape[1]),
        torch.tensor([len(target) for target in targets]),
        blank=BLANK,
        zero_infinity=True,
    )
