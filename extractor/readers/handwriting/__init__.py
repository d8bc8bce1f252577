"""Reading handwritten (and printed) text lines with a trained recogniser, or with a TrOCR-style model."""

from __future__ import annotations

from pathlib import Path

from extractor.readers.handwriting.in_use import model_in_use
from extractor.readers.handwriting.language import AllowedCharacters, CharacterModel, Guide, Lexicon, Together
from extractor.readers.handwriting.reader import HandwritingReader
from extractor.readers.handwriting.trocr import TrocrReader
from extractor.readers.protocol import register_reader


def register_builtin_readers(models: Path | None = None) -> None:
    """Register ``handwriting``, ``handwriting-open`` and ``trocr``; a model is loaded only when first asked for.

    The settings and the office's registry say which weights ``handwriting`` takes (see
    :func:`extractor.readers.handwriting.in_use.model_in_use`); ``handwriting-open`` is always the model of open data.

    Args:
        models: folder that holds the model folders, instead of the one of the settings; then no registry is asked.
    """
    from extractor.settings import get_settings

    def folder(name: str) -> Path:
        return (models or get_settings().models_dir) / name

    def handwriting(path: Path) -> HandwritingReader:
        return HandwritingReader(path, precision=get_settings().precision)

    def chosen() -> HandwritingReader:
        settings = get_settings()
        if models is not None:
            return handwriting(folder(settings.handwriting_model))
        return handwriting(model_in_use(settings).checked())

    register_reader("handwriting", chosen)
    register_reader("handwriting-open", lambda: handwriting(folder("handwriting-open")))
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
