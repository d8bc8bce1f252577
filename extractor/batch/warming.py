"""Load what a page needs later while it is still being decoded and cleaned: where one page is all there is to do.

A long run gains nothing by it, for its processors are busy with pages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from threading import Thread, main_thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.pipeline import Pipeline

_LATER = ("extractor.batch.outputs", "extractor.templates.overlay", "layoutparser.elements")
"""Modules that only the outputs need, and that are loaded only there."""


def warm_beside(pipeline: Pipeline) -> Thread:
    """Build the readers and load what is used after them, in a thread of this process.

    What goes wrong there goes wrong again where it is needed, and is told there. The process waits for the thread's
    present step when it ends: ended within a library in C++ it would abort the process.
    """
    thread = Thread(target=_warm, args=(pipeline,), name="warming")
    thread.start()
    return thread


def _warm(pipeline: Pipeline) -> None:
    with contextlib.suppress(Exception):
        for step in _steps(pipeline):
            if not main_thread().is_alive():  # Ctrl-C: nothing will be needed
                return
            step()


def _steps(pipeline: Pipeline) -> Iterator[Callable[[], object]]:
    from extractor.readers.handwriting import HandwritingReader
    from extractor.vietnamese.address_search import find_address

    yield from (reader.load for reader in pipeline.readers.values() if isinstance(reader, HandwritingReader))
    yield partial(find_address, "")  # builds the tree of all communes
    yield from (partial(import_module, name) for name in _LATER)
