"""Where uploaded scans lie, how pieces are added, and when a file is whole and usable."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from extractor.errors import InputError
from extractor.exports.files import sha256_of
from extractor.jobs.errors import UploadError
from extractor.jobs.locks import holding_name
from extractor.records import BookKey
from extractor.scans import Limits
from extractor.scans.archives import list_members
from extractor.scans.kinds import HEAD_BYTES, FileKind, is_hidden
from extractor.scans.sources import check_kind, inspect_file, read_head
from extractor.store import Upload, UploadState

FOLDER = "uploads"
_KEPT_FREE = 512 * 1024 * 1024
_LONGEST_PART = 255


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found in a file that is whole."""

    sha256: str
    kind: str
    pages: int | None


class Piece:
    """Bytes that are put into a file from ``offset`` on.

    Those that are there already have to be the same ones: so a piece whose answer was lost can be sent again.
    """

    def __init__(self, file: BinaryIO, offset: int, upload: Upload) -> None:
        self.offset = offset
        self._file = file
        self._upload = upload
        self._there = file.seek(0, os.SEEK_END)
        if offset > self._there:
            raise _wrong_offset(self._there)

    @property
    def whole(self) -> bool:
        """Whether nothing of the file is missing."""
        return self._there == self._upload.size

    def put(self, content: bytes) -> None:
        """Take the next bytes.

        Raises:
            UploadError: others are there already, or they are more than was announced.
        """
        if self.offset + len(content) > self._upload.size:
            raise UploadError("too-long", "More arrived than was announced.", mend="Announce the file's true size.")
        self._file.seek(self.offset)
        known = self._file.read(max(0, min(len(content), self._there - self.offset)))
        if content[: len(known)] != known:
            raise _wrong_offset(self._there)
        if new := content[len(known) :]:
            self._file.seek(self._there)
            self._file.write(new)
            self._file.flush()
            self._there += len(new)
        self.offset += len(content)


class UploadFolder:
    """The folder of uploads below an output folder; readable by its owner alone."""

    def __init__(self, out: Path, limits: Limits) -> None:
        self._folder = out / FOLDER
        self._limits = limits

    @contextmanager
    def holding(self, upload_id: str) -> Iterator[None]:
        """Keep an upload to one request of any server, from looking at its state until that is stored.

        Raises:
            UploadError: another request has it.
        """
        with holding_name(self._folder / f"{upload_id}.lock") as held:
            if not held:
                raise UploadError(
                    "busy", "Another request is sending this file.", mend="Wait, ask for its offset, go on there."
                )
            yield

    def part(self, upload_id: str) -> Path:
        """Where the pieces of a file are put together."""
        return self._folder / f"{upload_id}.part"

    def home(self, upload_id: str) -> Path:
        """Folder of a file that is whole: a run reads it, and names the file by its path below it."""
        return self._folder / upload_id

    def offset(self, upload: Upload) -> int:
        """Bytes that have arrived and are on disk."""
        for path in (self.part(upload.id), self._target(upload)):
            try:
                return path.stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                continue
        return 0

    def is_there(self, upload: Upload) -> bool:
        """Whether a file that is whole lies where a run looks for it."""
        return self._target(upload).is_file()

    def check_room(self, name: str, size: int) -> None:
        """Refuse a file that is larger than may be, or than the disk has room for."""
        archive = name.lower().endswith(".zip")
        limit = self._limits.zip_total_bytes if archive else self._limits.file_bytes
        if size > limit:
            raise UploadError("limit", f"Such a file may have at most {limit} bytes.", mend="Split the file.")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < size + _KEPT_FREE:
            raise no_space()

    @contextmanager
    def writing(self, upload: Upload, offset: int) -> Iterator[Piece]:
        """Open the file for the piece that begins at ``offset``; what was written is on disk at the end.

        Raises:
            UploadError: the file does not reach that far yet.
        """
        part, target = self.part(upload.id), self._target(upload)
        if upload.state is UploadState.COMPLETE:
            if not target.is_file():
                raise gone()
            with target.open("rb") as file:
                yield Piece(file, offset, upload)
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not part.exists() and target.is_file():
            target.replace(part)  # the server died between putting it in its place and saying so
        handle = os.open(part, os.O_CREAT | os.O_RDWR, 0o600)
        with os.fdopen(handle, "r+b") as file:
            try:
                yield Piece(file, offset, upload)
            finally:
                os.fsync(file.fileno())

    def check_beginning(self, upload_id: str, name: str) -> None:
        """Refuse a file whose first bytes are not those of a scan, before the rest of it is sent.

        Raises:
            InputError: it is of no type that is read.
        """
        check_kind(read_head(self.part(upload_id), name), name)

    def beginning_is_there(self, upload: Upload) -> bool:
        """Whether enough has arrived for :meth:`check_beginning`."""
        return self.offset(upload) >= HEAD_BYTES

    def finish(self, upload: Upload) -> Inspected:
        """Check a file that is whole and put it in its place.

        Raises:
            InputError: it cannot be used.
            UploadError: it is not the file that was announced; it has to be sent anew.
        """
        part, target = self.part(upload.id), self._target(upload)
        found = self._inspect(part, upload.name)
        if upload.sha256 and found.sha256 != upload.sha256:
            part.unlink()
            raise UploadError(
                "wrong-hash", "What arrived is not what was announced.", mend="Send it again from 0.", offset=0
            )
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.replace(target)
        _sync(target.parent)
        return found

    def drop(self, upload_id: str) -> None:
        """Delete what arrived of a file that is not wanted any more."""
        self.part(upload_id).unlink(missing_ok=True)
        shutil.rmtree(self.home(upload_id), ignore_errors=True)

    def _target(self, upload: Upload) -> Path:
        return self.home(upload.id) / upload.name

    def _inspect(self, part: Path, name: str) -> Inspected:
        kind = check_kind(read_head(part, name), name)
        if kind is not FileKind.ZIP:
            source = inspect_file(part, name, kind, self._limits, (BookKey(), None))
            return Inspected(source.sha256, kind.value, source.pages)
        faults: list[InputError] = []
        usable = list(list_members(part, name, self._limits, faults.append))
        if not usable and faults:
            raise faults[0]
        return Inspected(sha256_of(part), kind.value, None)


def gone() -> UploadError:
    """Somebody took a file that was whole out of the output folder."""
    return UploadError("gone", "The file is no longer on the server.", mend="Announce and send it again.")


def no_space() -> UploadError:
    """The disk is full, or would be."""
    return UploadError("no-space", "The server's disk has no room for it.", mend="Free space on the server.")


def _wrong_offset(there: int) -> UploadError:
    return UploadError("wrong-offset", "The file does not go on there.", mend="Go on at 'offset'.", offset=there)


def _sync(folder: Path) -> None:
    """Have the folder's names on disk before anything says that the file lies there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clean_name(name: str) -> str:
    """A file's name, or its path below a folder, in the spelling in which records will be known by it.

    Raises:
        UploadError: a run would pass such a file over, or no disk takes its name.
    """
    clean = unicodedata.normalize("NFC", name)
    if is_hidden(clean) or any(len(part.encode()) > _LONGEST_PART for part in clean.split("/")):
        raise UploadError("bad-name", "is a name that scans cannot have", mend="Give a plain name.")
    return clean
