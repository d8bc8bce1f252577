"""Read picture files of single text lines, for trying and measuring readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from extractor.errors import ImageError, InputError
from extractor.readers import Reading, get_reader
from extractor.readers.wrapped import read_wrapped
from extractor.records import BookKey
from extractor.scans import Limits
from extractor.scans.sources import PageRef, check_kind, inspect_file, read_head
from extractor.scans.types import Image

_BATCH = 16
_LINE_LIMITS = Limits(min_side=1)


@dataclass(frozen=True, slots=True)
class LineItem:
    """One picture with its reading, or with the reason why there is none."""

    path: str
    reading: Reading | None = None
    error: str = ""

    @property
    def text(self) -> str:
        """Best reading, or nothing."""
        return self.reading.text if self.reading else ""

    @property
    def confidence(self) -> float:
        """Probability that the text is exactly right, 0 to 1."""
        return self.reading.confidence if self.reading else 0.0

    def to_dict(self) -> dict[str, Any]:
        """One line of output: path, text, confidence, candidates; or path and error."""
        if self.reading is None:
            return {"path": self.path, "error": self.error}
        return {
            "path": self.path,
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "candidates": [[candidate.text, round(candidate.probability, 4)] for candidate in self.reading.candidates],
        }


def read_line_files(paths: Sequence[Path], reader_name: str) -> Iterator[LineItem]:
    """Read pictures in batches, in order; one that cannot be decoded does not stop the others.

    Raises:
        UnknownReaderError: there is no such reader.
        ModelError: its model is not usable.
    """
    reader = get_reader(reader_name)
    waiting = iter(paths)
    while batch := list(islice(waiting, _BATCH)):
        loaded = [_load(path) for path in batch]
        images = [item for item in loaded if not isinstance(item, str)]
        try:
            readings = iter(read_wrapped(reader, images))
        except ImageError:
            # One picture of the batch is unfit: ask one by one, so that only that one goes without a reading.
            yield from (_read_one(path, item, reader_name) for path, item in zip(batch, loaded, strict=True))
            continue
        for path, item in zip(batch, loaded, strict=True):
            yield LineItem(str(path), error=item) if isinstance(item, str) else LineItem(str(path), next(readings))


def _read_one(path: Path, item: Image | str, reader_name: str) -> LineItem:
    if isinstance(item, str):
        return LineItem(str(path), error=item)
    try:
        return LineItem(str(path), read_wrapped(get_reader(reader_name), [item])[0])
    except ImageError as error:
        return LineItem(str(path), error=f"{path}: {error}")


def _load(path: Path) -> Image | str:
    try:
        kind = check_kind(read_head(path, str(path)), str(path))
        source = inspect_file(path, str(path), kind, _LINE_LIMITS, (BookKey(), None))
        if source.pages > 1:
            return f"{path}: the file holds {source.pages} pages, but a line is one picture. Save each as its own file."
        return PageRef(source, 1, _LINE_LIMITS).load().image
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"{path}: the file cannot be read ({error.strerror or type(error).__name__})."
