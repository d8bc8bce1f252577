"""Make a chosen write fail, end the process at it, or cut the power: the n-th durable step below a folder.

Steps are what changes a disk: opening a file for writing, each write of its bytes, syncing, renaming, linking,
deleting, making a folder, and a commit of the database (before and after). Only Python's own doors are watched; SQLite
guards its files itself.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy.engine import default

MODES = ("kill", "cut", "full", "read-only")
"""Killed; killed with all lost that was not synced; no space left; no right to write."""

_open, _io_open = builtins.open, io.open


class FaultPoints:
    """Counts the durable steps of this process below ``root`` from :meth:`arm` on, and fails at one of them.

    Args:
        at: which step, from 1; 0 counts only.
        lasting: whether all later steps fail, too, as on a disk that stays full.
    """

    def __init__(self, root: Path, mode: str = "kill", at: int = 0) -> None:
        self.steps, self.kinds = 0, []
        self._root, self._mode, self._at = str(root.resolve()), mode, at
        self._unsynced: dict[tuple[int, int], str] = {}

    def arm(self) -> None:
        """Watch from now on; for processes that end afterwards."""
        builtins.open = io.open = self._opening
        for name in ("replace", "rename", "link"):
            self._wrap_pair(name)
        for name in ("unlink", "mkdir", "rmdir"):
            self._wrap_one(name)
        self._wrap_sync()
        commit = default.DefaultDialect.do_commit

        def committing(dialect: Any, connection: Any) -> None:
            self.step("commit", self._root, database=True)
            commit(dialect, connection)
            if self._mode in ("kill", "cut"):
                self.step("committed", self._root)

        default.DefaultDialect.do_commit = committing

    def step(self, kind: str, path: str, *, database: bool = False) -> None:
        """Count a step, and fail if it is the one."""
        if not self._inside(path):
            return
        self.steps += 1
        self.kinds.append(kind)
        failing = self._mode in ("full", "read-only") and self._at and self.steps >= self._at
        if self.steps != self._at and not failing:
            return
        if self._mode in ("kill", "cut"):
            self._die()
        if database:
            raise sqlite3.OperationalError(
                "database or disk is full" if self._mode == "full" else "attempt to write a readonly database"
            )
        if self._mode == "full" and kind in ("unlink", "rmdir", "replace", "rename"):
            return  # these need no room
        number = errno.ENOSPC if self._mode == "full" else errno.EACCES
        raise OSError(number, os.strerror(number), path)

    def written(self, file: io.FileIO, path: str) -> None:
        """Note that a file holds bytes that no disk has yet."""
        status = os.fstat(file.fileno())
        self._unsynced[status.st_dev, status.st_ino] = path

    def _die(self) -> None:
        if self._mode == "cut":
            for device, inode in self._unsynced:
                for found in Path(self._root).rglob("*"):
                    status = found.lstat()
                    if (status.st_dev, status.st_ino) == (device, inode):
                        os.truncate(found, 0)
        os.kill(os.getpid(), signal.SIGKILL)

    def _inside(self, path: str) -> bool:
        return os.path.abspath(path).startswith(self._root)  # noqa: PTH100 - links are not followed

    def _opening(self, file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        path = _path_of(file)
        if not any(letter in mode for letter in "wax+") or not self._inside(path) or path.endswith(".lock"):
            return _io_open(file, mode, *rest, **options)
        if not isinstance(file, int):
            self.step("open", path)
        raw = _Raw(self, path, file, mode.replace("b", "").replace("t", ""))
        if "b" in mode:
            if rest[:1] == (0,) or options.get("buffering") == 0:
                return raw
            return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        named = {name: options.get(name) for name in ("encoding", "errors", "newline")}
        named |= dict(zip(("encoding", "errors", "newline"), rest[1:], strict=False))
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return io.TextIOWrapper(buffered, **named)

    def _wrap_pair(self, name: str) -> None:
        plain = getattr(os, name)

        def moving(source: Any, target: Any, *rest: Any, **options: Any) -> None:
            self.step(name, os.fspath(target))
            plain(source, target, *rest, **options)

        setattr(os, name, moving)

    def _wrap_one(self, name: str) -> None:
        plain = getattr(os, name)

        def changing(path: Any, *rest: Any, **options: Any) -> None:
            self.step(name, os.fspath(path))
            plain(path, *rest, **options)

        setattr(os, name, changing)

    def _wrap_sync(self) -> None:
        plain = os.fsync

        def syncing(handle: Any) -> None:
            number = handle if isinstance(handle, int) else handle.fileno()
            self.step("sync", _path_of(number))
            plain(handle)
            status = os.fstat(number)
            self._unsynced.pop((status.st_dev, status.st_ino), None)

        os.fsync = syncing


class _Raw(io.FileIO):
    """A file whose writes are steps; at the one that fails, half of the bytes are there."""

    def __init__(self, points: FaultPoints, path: str, file: Any, mode: str) -> None:
        super().__init__(file, mode)
        self._points, self._path = points, path
        points.written(self, path)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        half = super().write(view[: len(view) // 2])
        self._points.written(self, self._path)
        self._points.step("write", self._path)
        return half + super().write(view[half:])


def _path_of(file: Any) -> str:
    if isinstance(file, int):
        try:
            return str(Path(f"/proc/self/fd/{file}").readlink())
        except OSError:
            return ""
    return os.fspath(file) if isinstance(os.fspath(file), str) else os.fsdecode(file)
