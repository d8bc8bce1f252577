"""Scans brought from elsewhere, kept on this machine's disk while they are needed, and no more of them than fit."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from extractor.remote.store import RemoteObject, RemoteStore

FOLDER = "scans-at-hand"
"""Folder of an output folder. What is in it can be fetched again, so that no backup holds it."""
RUN, AGAIN = "run", "again"
"""In it: what a run reads just now, and what is looked at later, so that neither takes the other's scans away."""
_ABANDONED = 3600.0
"""Seconds without a write after which nobody is bringing an object any more."""


class ScanCache:
    """Scans in a folder for this user alone, named by where they lie and by their version.

    Args:
        folder: made if missing.
        limit: bytes above which those that nobody holds go, the one used longest ago first.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self._limit = limit
        self._stores: dict[str, RemoteStore] = {}
        self._held: Counter[Path] = Counter()
        self._lock = threading.Lock()

    def place_of(self, item: RemoteObject) -> Path:
        """Where an object's content lies once it is here; made of no letter of its key."""
        told = f"{item.address}\0{item.version}\0{item.size}"
        return self.folder / hashlib.sha256(told.encode()).hexdigest()[:40]

    def store(self, protocol: str) -> RemoteStore:
        """The one connection for a protocol.

        Raises:
            SettingsError: see :class:`RemoteStore`.
        """
        with self._lock:
            if protocol not in self._stores:
                self._stores[protocol] = RemoteStore(protocol)
            return self._stores[protocol]

    def fetch(self, item: RemoteObject) -> Path:
        """An object's content on this machine; brought here unless it is here already.

        Raises:
            InputError: see :meth:`RemoteStore.fetch`.
            StoreError: the disk does not take it.
        """
        path = self.place_of(item)
        if path.is_file() and path.stat().st_size == item.size and item.version:
            with self._lock:
                _touch(path)
            return path
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_room(item.size)
        self.store(item.address.protocol).fetch(item, path)
        return path

    def hold(self, path: Path) -> None:
        """Keep a file until it is let go as often as it is held."""
        with self._lock:
            self._held[path] += 1

    def let_go(self, path: Path) -> None:
        """Hold a file once less; it may go when room is needed."""
        with self._lock:
            self._held[path] -= 1
            if self._held[path] <= 0:
                del self._held[path]

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # not empty, or not there
            self.folder.parent.rmdir()

    def _make_room(self, size: int) -> None:
        with self._lock:
            for left in self.folder.glob("*.part"):  # by a process that was killed
                with suppress(OSError):
                    if time.time() - left.stat().st_mtime > _ABANDONED:
                        left.unlink()
            files = sorted((path.stat().st_atime_ns, path) for path in self.folder.iterdir() if path.suffix != ".part")
            total = size + sum(path.stat().st_size for _, path in files)
            for _, path in files:
                if total <= self._limit:
                    return
                if path not in self._held:
                    total -= path.stat().st_size
                    path.unlink(missing_ok=True)


def _touch(path: Path) -> None:
    """Note that a file is used now; when it was changed stays, for by that a change is noticed."""
    status = path.stat()
    os.utime(path, ns=(max(status.st_atime_ns + 1, time.time_ns()), status.st_mtime_ns))
