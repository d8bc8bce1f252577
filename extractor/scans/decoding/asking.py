"""Look through files and decode pages in a child process; what becomes of the child becomes an error of the input."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from extractor import errors
from extractor.errors import DecoderCrashError, ExtractorError, InputError, LimitExceededError, TruncatedInputError
from extractor.scans.decoding.process import Child, CrashedError, OutOfTimeError
from extractor.scans.kinds import FileKind
from extractor.scans.limits import Limits
from extractor.scans.types import Image

_T = TypeVar("_T")
_Room = Callable[[dict[str, Any]], tuple[memoryview | None, _T]]
_log = logging.getLogger(__name__)
_MEND = "Scan or export the file again."
_KEPT = 2
"""Children that wait for the next question; of a run's process there is one, of a server's there may be more."""
_ANSWERS = 1000
"""After so many a child makes way for a fresh one: libraries leak."""
_TRIES = 2
"""A crash may have been the machine's fault, as when memory runs out; two in a row are the file's."""
_IMAGE_DIMENSIONS = (2, 3)


@dataclass(frozen=True, slots=True)
class Content:
    """Where something to decode lies: ``path``, an archive's ``member`` or empty, its name ``file`` in messages."""

    path: Path
    member: str
    file: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a file or archive member holds; ``sha256`` is that of a member, hexadecimal, and empty for a file."""

    kind: FileKind
    pages: int
    sha256: str


class _Children:
    """Children that are warm; safe between threads, and in processes that were forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._owner = os.getpid()
        atexit.register(self.end)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def take(self) -> Child:
        while True:
            with self._lock:
                if not self._idle:
                    break
                child = self._idle.pop()
            if child.alive:
                return child
            child.end()
        return Child()

    def give_back(self, child: Child) -> None:
        with self._lock:
            if child.asked < _ANSWERS and len(self._idle) < _KEPT:
                self._idle.append(child)
                return
        child.end()

    def end(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _forked(self) -> None:
        self._lock = threading.Lock()
        for child in self._idle:
            child.forget()
        self._idle = []


_children = _Children()


def warm_up() -> None:
    """Start a child now, without waiting for it, so that the first page need not."""
    _children.give_back(_children.take())


def inspect(content: Content, kind: FileKind | None, limits: Limits) -> Inspected:
    """Look through a file's structure and check it, decoding no pixels.

    Args:
        kind: what the file is; none for a member, which is looked at.

    Raises:
        InputError: it cannot be used.
    """
    question = {"task": "inspect", "kind": kind.value if kind else ""}

    def nothing(answer: dict[str, Any]) -> tuple[None, Inspected]:
        found = Inspected(FileKind(answer["kind"]), int(answer["pages"]), str(answer["sha256"]))
        if not 1 <= found.pages <= limits.pages:
            raise ValueError("no such number of pages passes the checks")
        return None, found

    return _ask(question, content, limits, limits.decode_seconds, nothing)


def decode(
    content: Content, kind: FileKind, page: int, limits: Limits, *, render_dpi: int
) -> tuple[Image, float | None]:
    """Decode a page, turned as it is meant to be viewed.

    Args:
        page: number from 1.
        render_dpi: resolution at which pages are rendered that are no plain scans.

    Returns:
        BGR pixels and their resolution, none where the file states none.

    Raises:
        InputError: the page is damaged or outside the limits, or ends the decoder.
        MissingProgramError: the page must be rendered, and poppler is not installed.
    """
    question = {"task": "decode", "kind": kind.value, "page": page, "render_dpi": render_dpi}
    seconds = limits.decode_seconds + (limits.render_seconds if kind is FileKind.PDF else 0.0)

    def room(answer: dict[str, Any]) -> tuple[memoryview, tuple[Image, float | None]]:
        shape = tuple(int(side) for side in answer["shape"])
        if len(shape) not in _IMAGE_DIMENSIONS or min(shape) < 1 or shape[0] * shape[1] > limits.megapixels * 1e6:
            raise ValueError("no such page passes the checks")
        if shape[2:] not in ((), (3,)):
            raise ValueError("no such picture is made")
        image = np.empty(shape, np.uint8)
        return image.data.cast("B"), (image, None if answer["dpi"] is None else float(answer["dpi"]))

    return _ask(question, content, limits, seconds, room)


def _ask(question: dict[str, Any], content: Content, limits: Limits, seconds: float, room: _Room[_T]) -> _T:
    file = content.file
    whole = {
        **question,
        "path": str(content.path.absolute()),
        "member": content.member,
        "file": file,
        "seconds": seconds,
        "limits": limits.model_dump(),
    }
    for attempt in range(1, _TRIES + 1):
        child = _children.take()
        try:
            answer, made = child.ask(whole, seconds, room)
        except OutOfTimeError:
            raise LimitExceededError(file, f"takes more than {seconds:g} seconds to decode.", mend=_MEND) from None
        except CrashedError as error:
            _log.warning("a decoder ended (%s) on %s, attempt %d", error, file, attempt)
            ending = str(error)
            continue
        except BaseException:
            child.end()  # stopped in the midst: what it still answers belongs to no other question
            raise
        if "failed" in answer:
            child.end()
            raise _failure(file, str(answer["failed"]), limits)
        _children.give_back(child)
        if made is None:
            raise _error(file, answer)
        return made
    raise DecoderCrashError(file, f"ended the decoder ({ending}).", mend=_MEND)


def _failure(file: str, kind: str, limits: Limits) -> InputError:
    if kind == "memory":
        return LimitExceededError(file, f"takes more than {limits.decode_mebibytes} MiB to decode.", mend=_MEND)
    return TruncatedInputError(file, f"cannot be decoded ({kind}).", mend=_MEND)


def _error(file: str, answer: dict[str, Any]) -> ExtractorError:
    kind: Any = getattr(errors, str(answer["error"]), InputError)
    message, mend = str(answer["message"]), str(answer["mend"])
    if not (isinstance(kind, type) and issubclass(kind, ExtractorError)):
        kind = InputError
    made = kind(file, message, mend=mend) if issubclass(kind, InputError) else kind(message, mend=mend)
    assert isinstance(made, ExtractorError)
    return made
