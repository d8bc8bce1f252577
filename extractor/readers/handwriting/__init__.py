"""Reading handwritten (and printed) text lines with a trained recogniser, or with a TrOCR-style model."""

from __future__ import annotations

from pathlib import Path

from extractor.readers.handwriting.reader import HandwritingReader
from extractor.readers.handwriting.trocr import TrocrReader
from extractor.readers.protocol import register_reader


def register_builtin_readers(models: Path | None = None) -> None:
    """Register ``handwriting`` and ``trocr``; a model is loaded only when its reader is first asked for.

    Args:
        models: folder that holds the model folders ``handwriting`` and ``trocr``; without it, the one of the settings.
    """

    def folder(name: str) -> Path:
        if models is not None:
            return models / name
        from extractor.settings import get_settings

        return get_settings().models_dir / name

    register_reader("handwriting", lambda: HandwritingReader(folder("handwriting")))
    register_reader("trocr", lambda: TrocrReader(folder("trocr")))


__all__ = ["HandwritingReader", "TrocrReader", "register_builtin_readers"]
