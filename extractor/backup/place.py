"""The folder of backups: each backup a folder of its own, the files they share kept once, by their content.

FOLDER/extractor-backups.json   says that this is such a folder
FOLDER/20261128-131500/         one backup: manifest, database, list of files
FOLDER/objects/ab/abcdef...     contents of files, named by their SHA-256
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from extractor.backup.manifest import MANIFEST
from extractor.errors import BackupError
from extractor.jobs.locks import holding
from extractor.whole_files import take_place

MARKER = "extractor-backups.json"
_OBJECTS, _PART, _LOCK = "objects", ".part-", ".lock"
LOOK = ".check-"
"""What the names of folders begin with in which a backup is put together for a look."""
_NAME = re.compile(r"\d{8}-\d{6}(-\d+)?")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of backups.

    Args:
        folder: the folder; everything in it is for its owner alone.
    """

    folder: Path

    @classmethod
    def prepare(cls, folder: Path) -> Place:
        """A folder that backups may be written to, made if missing.

        Raises:
            BackupError: it holds other things, or cannot be written.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (folder / MARKER).exists():
                if any(each.name != MARKER + ".new" for each in folder.iterdir()):
                    raise BackupError(
                        f"{folder} is neither empty nor a folder of backups.", mend="Name an empty folder with --to."
                    )
                make_private(folder, 0o700)
                new = folder / (MARKER + ".new")
                new.write_text(json.dumps({"format": 1}) + "\n", encoding="ascii")
                take_place(new, folder / MARKER)
            (folder / _OBJECTS).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise BackupError(
                f"{folder}: cannot be written ({error.strerror}).", mend="Check the folder's rights and free space."
            ) from error
        return cls(folder)

    @classmethod
    def existing(cls, folder: Path) -> Place:
        """A folder that holds backups.

        Raises:
            BackupError: it is none.
        """
        if not (folder / MARKER).is_file():
            raise BackupError(f"{folder} is no folder of backups.", mend="Name what was given to 'backup' with --to.")
        return cls(folder)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other backups out, and clear away what a killed one left.

        Raises:
            BackupError: another process writes to the folder.
        """
        with holding(self.folder / _LOCK, wait=False) as held:
            if not held:
                raise BackupError(f"{self.folder}: another backup is being written.", mend="Wait for it to end.")
            for pattern in (f"{_PART}*", f"{LOOK}*"):
                for left in self.folder.glob(pattern):
                    shutil.rmtree(left)
            for left in (self.folder / _OBJECTS).glob(f"{_PART}*"):
                left.unlink()
            yield

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Have nobody write or delete backups while one is looked at; on a disk that may only be read nobody does.

        Raises:
            BackupError: a backup is being written.
        """
        with ExitStack() as stack:
            try:
                held = stack.enter_context(holding(self.folder / _LOCK, wait=False))
            except OSError:
                held = True
            if not held:
                raise BackupError(f"{self.folder}: a backup is being written.", mend="Wait for it to end.")
            yield

    def names(self) -> tuple[str, ...]:
        """Names of all backups, oldest first, whether they are good or not."""
        found = (each.name for each in self.folder.iterdir() if _NAME.fullmatch(each.name) and each.is_dir())
        return tuple(sorted(found, key=lambda name: [int(part) for part in name.split("-")]))

    def named(self, name: str = "") -> Path:
        """The folder of one backup, by default of the newest.

        Raises:
            BackupError: there is none.
        """
        names = self.names()
        if not names:
            raise BackupError(f"{self.folder} holds no backup.", mend="Take one with 'extractor backup'.")
        if name and name not in names:
            raise BackupError(f"{self.folder} holds no backup '{name}'.", mend=f"There are: {', '.join(names)}.")
        return self.folder / (name or names[-1])

    @contextmanager
    def writing(self, now: datetime) -> Iterator[Path]:
        """A folder to write a backup into; it becomes one only when all went well, and is gone otherwise."""
        part = Path(tempfile.mkdtemp(prefix=_PART, dir=self.folder))
        try:
            yield part
            if not (part / MANIFEST).is_file():
                raise AssertionError("a backup needs its manifest")
            for path in part.iterdir():
                make_private(path, 0o600)
                _sync(path)
            for objects in (self.folder / _OBJECTS).iterdir():
                _sync(objects)
            _sync(part)
            part.rename(self.folder / self._free_name(now))
            _sync(self.folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def has(self, sha256: str, size: int) -> bool:
        """Whether a content is there, as far as its length tells."""
        try:
            return self.object(sha256).stat().st_size == size
        except FileNotFoundError:
            return False

    def object(self, sha256: str) -> Path:
        """Where a content lies."""
        return self.folder / _OBJECTS / sha256[:2] / sha256

    def objects(self) -> Iterator[Path]:
        """All contents."""
        for folder in sorted((self.folder / _OBJECTS).iterdir()):
            if folder.is_dir():
                yield from sorted(folder.iterdir())

    def put(self, source: BinaryIO) -> tuple[str, int]:
        """Keep a content; returns its SHA-256 and size. What is there already is not written twice."""
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(prefix=_PART, dir=self.folder / _OBJECTS)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    file.write(chunk)
                sha256 = digest.hexdigest()
                if not self.has(sha256, size):
                    file.flush()
                    os.fsync(file.fileno())
                    target = self.object(sha256)
                    target.parent.mkdir(mode=0o700, exist_ok=True)
                    part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return sha256, size

    def drop(self, name: str) -> None:
        """Delete a backup; the contents that only it had stay until :meth:`sweep`."""
        part = Path(tempfile.mkdtemp(prefix=_PART, dir=self.folder))
        (self.folder / name).rename(part / name)
        shutil.rmtree(part)

    def sweep(self, needed: set[str]) -> int:
        """Delete all contents that no backup needs; returns how many."""
        gone = [path for path in self.objects() if path.name not in needed]
        for path in gone:
            path.unlink()
        return len(gone)

    def _free_name(self, now: datetime) -> str:
        stem = now.strftime("%Y%m%d-%H%M%S")
        name, number = stem, 2
        while (self.folder / name).exists():
            name, number = f"{stem}-{number}", number + 1
        return name


def make_private(path: Path, mode: int) -> None:
    """Have a file or folder for its owner alone, where the disk knows owners; memory sticks do not."""
    with suppress(PermissionError):
        path.chmod(mode)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
