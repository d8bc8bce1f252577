"""The readers that come with the product; each is built, and its packages loaded, only when first asked for."""

from __future__ import annotations

from extractor.readers import handwriting
from extractor.readers.protocol import Reader, register_reader


def register_builtin_readers() -> None:
    """Register ``handwriting``, ``trocr`` (any model of that kind in ``models/trocr``) and ``printed``."""
    handwriting.register_builtin_readers()
    register_reader("printed", _printed)


def _printed() -> Reader:
    from extractor.readers.printed import PrintedReader

    return PrintedReader()
