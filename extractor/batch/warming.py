"""Load what a page needs later while it is still being decoded and cleaned: where one page is all there is to do.

A long run gains nothing by it, for its processors are busy with pages.
"""

from __future__ import annotations

import contextlib
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.pipeline import Pipeline

_LATER = ("extractor.batch.outputs", "extractor.templates.overlay", "layoutparser.elements")
"""Modules that only the outputs need, and that are loaded only there."""


def warm_beside(pipeline: Pipeline) -> Thread:
    """Build the readers and load what is used after them, in a thread of this process.

    What goes wrong there goes wrong again where it is needed, and is told there.
    """
    thread = Thread(target=_warm, args=(pipeline,), name="warming", daemon=True)
    thread.start()
    return thread


def _warm(pipeline: Pipeline) -> None:
    from extractor.readers.handwriting import HandwritingReader
    from extractor.vietnamese.address_search import find_address

    with contextlib.suppress(Exception):
        for reader in pipeline.readers.values():
            if isinstance(reader, HandwritingReader):
                reader.load()
        find_address("")  # builds the tree of all communes
        for name in _LATER:
            import_module(name)
