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


ADAPTED_FOLDER = "adapted"
"""Folder in an output folder that holds the readers adapted to its books' hands."""


def base_digest() -> str:
    """Digest of the weights in use, see :func:`extractor.readers.handwriting.in_use.model_in_use`.

    Raises:
        ModelError: the model folder or the registry is missing or damaged.
    """
    from extractor.readers.handwriting.runtime import inspect_folder
    from extractor.settings import get_settings

    return inspect_folder(model_in_use(get_settings()).checked()).digest


def load_adapted_reader(out: Path, name: str) -> HandwritingReader:
    """The reader of that name in an output folder.

    Raises:
        ModelError: it is missing or damaged, or made for other weights than those in use.
    """
    from extractor.readers.handwriting.adapted import AdaptedReader
    from extractor.readers.handwriting.hand_file import read_hand_file
    from extractor.settings import get_settings

    settings = get_settings()
    hand = read_hand_file(out / ADAPTED_FOLDER, name, base_digest())
    return AdaptedReader(model_in_use(settings).checked(), hand, name, precision=settings.precision)


__all__ = [
    "ADAPTED_FOLDER",
    "AllowedCharacters",
    "CharacterModel",
    "Guide",
    "HandwritingReader",
    "Lexicon",
    "Together",
    "TrocrReader",
    "base_digest",
    "load_adapted_reader",
    "register_builtin_readers",
]
