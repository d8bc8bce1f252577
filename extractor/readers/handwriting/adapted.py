"""The handwriting reader as it was adapted to one book's hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError
from extractor.readers.handwriting.decoding import Guidance
from extractor.readers.handwriting.hand_file import HandFile
from extractor.readers.handwriting.language import CharacterModel
from extractor.readers.handwriting.line_decoder import LineDecoder
from extractor.readers.handwriting.memory import Remembering
from extractor.readers.handwriting.reader import HandwritingReader
from extractor.readers.handwriting.runtime import Precision, Run, model_runner

if TYPE_CHECKING:
    from extractor.readers.handwriting.model import LineRecogniser


class AdaptedReader(HandwritingReader):
    """Reads lines with a model folder's weights and what an adapted reader adds to them.

    Args:
        folder: of the base model.
        hand: what is added.
        name: of the adapted reader, which its version ends with.

    Raises:
        ModelError: the base cannot be loaded, or the hand belongs to other weights.
    """

    def __init__(self, folder: Path, hand: HandFile, name: str, *, precision: Precision = "float32") -> None:
        super().__init__(folder, run=_runner(folder, hand, precision) if hand.difference else None, precision=precision)
        self._hand = name
        self._decoder = remembering(self._decoder, hand)

    @property
    def version(self) -> str:
        """That of the base and the name of what was added."""
        return f"{super().version}+{self._hand}"


def remembering(decoder: LineDecoder, hand: HandFile) -> LineDecoder:
    """A decoder that knows what the hand's book has said."""
    own, memory = decoder.guidance, hand.memory
    if own is None or memory is None or not isinstance(own.guide, CharacterModel):
        return decoder
    book = CharacterModel(hand.alphabet, memory.start, memory.automaton)
    guide = Remembering(own.guide, book, memory.share, memory.strength)
    return decoder.guided_by(Guidance(guide, own.weight, own.bonus))


def add_to(model: LineRecogniser, difference: Mapping[str, NDArray[np.float16]]) -> None:
    """Add a difference to a recogniser's weights.

    Raises:
        ModelError: it is of other weights.
    """
    import torch

    weights = dict(model.named_parameters())
    for name, change in difference.items():
        if name not in weights or tuple(weights[name].shape) != change.shape:
            raise ModelError(f"The adapted reader changes weights that the model lacks ({name}).", mend="Adapt anew.")
        with torch.no_grad():
            weights[name] += torch.from_numpy(change).float()


def _runner(folder: Path, hand: HandFile, precision: Precision) -> Run:
    from extractor.readers.handwriting.model import load_recogniser

    model = load_recogniser(folder)
    add_to(model, hand.difference)
    return model_runner(model, 1, precision)
