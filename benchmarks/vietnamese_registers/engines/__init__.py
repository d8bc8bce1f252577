"""Engines that can be measured: each module of this folder names its own in ``ENGINES``.

To add one, put a module here; ``benchmarks/README.md`` shows how. Nothing but the standard library and what the
project itself needs may be imported when a module is, for most engines are not installed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..assigning import Piece
from ..cutting import Picture

ReadLines = Callable[[Sequence[Picture]], list[str]]
"""From pictures (height x width x 3, blue-green-red) of one line each to their texts, empty where nothing is."""

FindWords = Callable[[Picture], list[Piece]]
"""From the picture of a page to all text found on it."""

ReadRecords = Callable[[Sequence[Path]], Mapping[tuple[str, int], Mapping[str, str]]]
"""From picture files, one page each, to texts by field code, by file name and number of the entry on the page."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says for an engine: the folder or file of its weights, where it has none of its own."""

    model: Path | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine and what it can do; each ability is started with the options.

    Args:
        title: as it stands in the tables.
        licence: of the software and of the weights it comes with.
        install: how to get it.
        version: says the version; raises ``ImportError`` or an ``ExtractorError`` where the engine is not installed.
        lines: reads pictures of lines.
        words: finds the words of a page; fields get theirs by the truth's boxes.
        records: reads whole pages into fields all by itself; takes the place of ``words`` where it is given.
    """

    title: str
    licence: str
    install: str
    version: Callable[[Options], str]
    lines: Callable[[Options], ReadLines] | None = None
    words: Callable[[Options], FindWords] | None = None
    records: Callable[[Options], ReadRecords] | None = None


def all_engines() -> dict[str, Engine]:
    """Every engine by the name it is called with, in alphabetical order."""
    found: dict[str, Engine] = {}
    for module in pkgutil.iter_modules(__path__):
        found.update(importlib.import_module(f"{__name__}.{module.name}").ENGINES)
    return dict(sorted(found.items()))
