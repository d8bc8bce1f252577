"""Reading handwritten (and printed) text lines with a trained recogniser, or with a TrOCR-style model."""

from __future__ import annotations

from pathlib import Path

from extractor.readers.handwriting.language import AllowedCharacters, CharacterModel, Guide, Lexicon, Together
from extractor.readers.handwriting.reader import HandwritingReader
from extractor.readers.handwriting.trocr import TrocrReader
from extractor.readers.protocol import register_reader


def register_builtin_readers(models: Path | None = None) -> None:
    """Register ``handwriting``, ``handwriting-open`` and ``trocr``; a model is loaded only when first asked for.

    The settings say which weights ``handwriting`` takes; ``handwriting-open`` is always the model of open data.

    Args:
        models: folder that holds the model folders; without it, the one of the settings.
    """
    from extractor.settings import get_settings

    def folder(name: str) -> Path:
        return (models or get_settings().models_dir) / name

    def handwriting(name: str) -> HandwritingReader:
        return HandwritingReader(folder(name), precision=get_settings().precision)

    register_reader("handwriting", lambda: handwriting(get_settings().handwriting_model))
    register_reader("handwriting-open", lambda: handwriting("handwriting-open"))
    register_reader("trocr", lambda: TrocrReader(folder("trocr")))


__all__ = [
    "AllowedCharacters",
    "CharacterModel",
    "Guide",
    "HandwritingReader",
    "Lexicon",
    "Together",
    "TrocrReader",
    "register_builtin_readers",
]
