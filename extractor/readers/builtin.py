"""The readers that come with the product; each is built, and its packages loaded, only when first asked for."""

from __future__ import annotations

from extractor.readers.protocol import Reader, register_reader


def register_builtin_readers() -> None:
    """Register ``handwriting`` and ``printed``."""
    register_reader("handwriting", _handwriting)
    register_reader("printed", _printed)


def _handwriting() -> Reader:
    from extractor.readers.handwriting import HandwritingReader
    from extractor.settings import get_settings

    return HandwritingReader(get_settings().models_dir / "handwriting")


def _printed() -> Reader:
    from extractor.readers.printed import PrintedReader

    return PrintedReader()
