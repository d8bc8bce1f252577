"""What a reader is: pixels of text lines in, candidates with scores out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from extractor.errors import UnknownReaderError
from extractor.records import Candidate
from extractor.scans.types import Image


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader made of one line.

    Args:
        text: best reading, Unicode normal form C; empty where nothing is written.
        confidence: probability that ``text`` is exactly right as the reader believes it, 0 to 1.
        candidates: best few readings with probabilities, best first; the first is ``text``.
        char_confidences: probability of each character of ``text``, or empty where the reader gives none.
        char_positions: horizontal centre of each character of ``text`` as a share of the line's width, 0 to 1, or
            empty.
    """

    text: str
    confidence: float
    candidates: tuple[Candidate, ...] = ()
    char_confidences: tuple[float, ...] = ()
    char_positions: tuple[float, ...] = ()


@runtime_checkable
class Reader(Protocol):
    """Reads text lines.

    A reader takes any height and width from 1 pixel up, grey or BGR, 8 bits. It never raises for what a line shows:
    what it cannot read comes back with low confidence. It may raise :class:`extractor.errors.ImageError` for an array
    that is no picture.
    """

    @property
    def name(self) -> str:
        """Name under which the reader is registered."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same pixels could be read differently."""
        ...

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        """Read the lines, one reading for each, in order."""
        ...


_factories: dict[str, Callable[[], Reader]] = {}
_warm: dict[str, Reader] = {}


def register_reader(name: str, factory: Callable[[], Reader]) -> None:
    """Register a reader under ``name``; a later one of the same name replaces it."""
    _factories[name] = factory
    _warm.pop(name, None)


def reader_names() -> list[str]:
    """Names of all registered readers, in alphabetical order."""
    return sorted(_factories)


def get_reader(name: str) -> Reader:
    """The reader of that name, made on first use and kept warm.

    Raises:
        UnknownReaderError: no reader is registered under ``name``.
    """
    if name not in _warm:
        if name not in _factories:
            raise UnknownReaderError(
                f"There is no reader named '{name}'.", mend=f"Choose one of: {', '.join(reader_names())}."
            )
        _warm[name] = _factories[name]()
    return _warm[name]
