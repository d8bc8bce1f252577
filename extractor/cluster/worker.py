"""A worker: one warm pipeline in a folder of its own, one page at a time."""

from __future__ import annotations

import os
import pickle
import shutil
import socket
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from extractor.batch.workers import PageOutcome, outcome_of
from extractor.cluster.parcel import Parcel
from extractor.errors import ExtractorError
from extractor.file_locks import lock
from extractor.page_file import page_stem, take_page_files
from extractor.pipeline import Pipeline
from extractor.scans import PageRef, SourceFile
from extractor.scans.sources import stamp_of

_PREFIX = "extractor-worker-"
_LOCK = "lock"
_SOURCES_KEPT = 2


@dataclass(frozen=True, slots=True)
class About:
    """What a worker says of itself when it is ready.

    Args:
        machine: name of the machine it runs on.
        version: version of its pipeline: forms, readers and steps.
    """

    machine: str
    version: str


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a page, and the files that belong to it, by name."""

    outcome: PageOutcome
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class ContentWanted:
    """The scan is not on the worker's machine: its content is to be sent along."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A fault that is no page's and ends the run: a program or a model is missing, the worker's disk is full."""

    machine: str
    error: ExtractorError


class PageWorker:
    """Reads pages on whatever machine it was started on.

    Args:
        fetch: gives the content behind a handle; the scans come so where the machine does not see their disk.
    """

    def __init__(self, fetch: Callable[[Any], bytes]) -> None:
        self._fetch = fetch
        self._machine = socket.gethostname()
        remove_leftovers()
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = (self._folder / _LOCK).open("w")
        lock(self._lock, wait=False)
        self._sources: OrderedDict[str, Path] = OrderedDict()
        self._pipeline: Pipeline | None = None

    def start(self, parcel: Parcel) -> About | Failed:
        """Make the pipeline warm."""
        # Programs that are called get one processor, too; the process itself was given one.
        os.environ["OMP_THREAD_LIMIT"] = "1"
        try:
            self._pipeline = Pipeline(parcel.unpack(self._folder))
            return About(self._machine, self._pipeline.version)
        except ExtractorError as error:
            return Failed(self._machine, _sendable(error))

    def process(self, ref: PageRef, content: list[Any]) -> Finished | ContentWanted | Failed:
        """Read a page.

        Args:
            content: handle of the scan's content, or nothing where the worker may have it already.
        """
        if self._pipeline is None:
            raise RuntimeError("the worker was not started")
        here = self._here(ref.source, content)
        if here is None:
            return ContentWanted()
        try:
            outcome = outcome_of(self._pipeline, replace(ref, source=here))
        except ExtractorError as error:
            return Failed(self._machine, _sendable(error))
        files = take_page_files(self._pipeline.options.out, page_stem(ref.source.sha256, ref.page))
        return Finished(replace(outcome, ref=ref), files if outcome.result else {})

    def leave(self) -> None:
        """Remove what is on the disk."""
        self._lock.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _here(self, source: SourceFile, content: list[Any]) -> SourceFile | None:
        """The scan on this machine; nothing where it must be sent first."""
        try:
            if stamp_of(source.path) == source.stamp:
                return source
        except OSError:
            pass  # another machine's disk
        if (path := self._sources.get(source.sha256)) is None:
            if not content:
                return None
            path = self._keep(source, self._fetch(content[0]))
        self._sources.move_to_end(source.sha256)
        return replace(source, path=path, member="", stamp=stamp_of(path))

    def _keep(self, source: SourceFile, content: bytes) -> Path:
        while len(self._sources) >= _SOURCES_KEPT:
            self._sources.popitem(last=False)[1].unlink(missing_ok=True)
        path = self._folder / source.sha256
        path.write_bytes(content)
        self._sources[source.sha256] = path
        return path


def remove_leftovers() -> None:
    """Remove the folders of workers on this machine that were killed: they hold scans."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            with (folder / _LOCK).open("r+") as held:
                lock(held, wait=False)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # its worker lives, has just begun, or is another user's


def _sendable(error: ExtractorError) -> ExtractorError:
    """An error as it can travel: some are made of more than their message."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except TypeError:
        plain = ExtractorError(error.message, mend=error.mend)
        plain.exit_code = error.exit_code
        return plain
    return error
