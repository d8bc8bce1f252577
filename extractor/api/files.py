"""Where uploaded scans lie, how pieces are added, and when a file is whole and usable."""

from __future__ import annotations

import fcntl
import os
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from extractor.api.problems import ApiError, wrong_field
from extractor.errors import InputError
from extractor.exports.files import sha256_of
from extractor.records import BookKey
from extractor.scans import Limits
from extractor.scans.archives import list_members
from extractor.scans.kinds import HEAD_BYTES, FileKind, is_hidden
from extractor.scans.sources import check_kind, inspect_file, read_head

FOLDER = "uploads"
_KEPT_FREE = 512 * 1024 * 1024
_LONGEST_PART = 255


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found in a file that is whole."""

    sha256: str
    kind: str
    pages: int | None


class UploadFolder:
    """The folder of uploads below an output folder; readable by its owner alone."""

    def __init__(self, out: Path, limits: Limits) -> None:
        self._folder = out / FOLDER
        self._limits = limits

    def part(self, upload_id: str) -> Path:
        """Where the pieces of a file are put together."""
        return self._folder / f"{upload_id}.part"

    def home(self, upload_id: str) -> Path:
        """Folder of a file that is whole: a run reads it, and names the file by its path below it."""
        return self._folder / upload_id

    def offset(self, upload_id: str) -> int:
        """Bytes that have arrived and are on disk."""
        try:
            return self.part(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    def check_room(self, name: str, size: int) -> None:
        """Refuse a file that is larger than may be, or than the disk has room for."""
        archive = name.lower().endswith(".zip")
        limit = self._limits.zip_total_bytes if archive else self._limits.file_bytes
        if size > limit:
            raise ApiError(409, "limit", f"Such a file may have at most {limit} bytes.", mend="Split the file.")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < size + _KEPT_FREE:
            raise ApiError(507, "no-space", "The server's disk has no room for it.", mend="Free space on the server.")

    @contextmanager
    def writing(self, upload_id: str, offset: int) -> Iterator[BinaryIO]:
        """Open the file for the piece that begins at ``offset``; what was written is on disk at the end.

        Raises:
            ApiError: another request is writing to it, or something else than that is expected.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.part(upload_id), os.O_CREAT | os.O_RDWR, 0o600)
        with os.fdopen(handle, "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ApiError(
                    409, "busy", "Another request is sending this file.", mend="Wait, ask for its offset, go on there."
                ) from None
            there = file.seek(0, os.SEEK_END)
            if there != offset:
                raise ApiError(
                    409, "wrong-offset", "The file does not go on there.", mend="Go on at 'offset'.", offset=there
                )
            try:
                yield file
            finally:
                file.flush()
                os.fsync(file.fileno())

    def check_beginning(self, upload_id: str, name: str) -> None:
        """Refuse a file whose first bytes are not those of a scan, before the rest of it is sent.

        Raises:
            InputError: it is of no type that is read.
        """
        check_kind(read_head(self.part(upload_id), name), name)

    def beginning_is_there(self, upload_id: str) -> bool:
        """Whether enough has arrived for :meth:`check_beginning`."""
        return self.offset(upload_id) >= HEAD_BYTES

    def finish(self, upload_id: str, name: str, wanted_sha256: str) -> Inspected:
        """Check a file that is whole and put it in its place.

        Raises:
            InputError: it cannot be used.
            ApiError: it is not the file that was announced; it has to be sent anew.
        """
        part = self.part(upload_id)
        found = self._inspect(part, name)
        if wanted_sha256 and found.sha256 != wanted_sha256:
            part.unlink()
            raise ApiError(
                409, "wrong-hash", "What arrived is not what was announced.", mend="Send it again from 0.", offset=0
            )
        target = self.home(upload_id) / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.replace(target)
        return found

    def drop(self, upload_id: str) -> None:
        """Delete what arrived of a file that is not wanted any more."""
        self.part(upload_id).unlink(missing_ok=True)

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


def clean_name(name: str) -> str:
    """A file's name, or its path below a folder, in the spelling in which records will be known by it.

    Raises:
        ApiError: a run would pass such a file over, or no disk takes its name.
    """
    clean = unicodedata.normalize("NFC", name)
    if is_hidden(clean) or any(len(part.encode()) > _LONGEST_PART for part in clean.split("/")):
        raise wrong_field("body.name", "is a name that scans cannot have", mend="Give a plain name.")
    return clean
