"""What servers and the processes of their jobs agree on: lock files and settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extractor.file_locks import lock as lock_file

DATABASE_VARIABLE = "EXTRACTOR_JOB_DATABASE"
TEMPLATES_VARIABLE = "EXTRACTOR_JOB_TEMPLATES"
"""Addresses may hold a password, so they are not on the command line, which everybody on the machine can read."""

FOLDER = "jobs"


def lock_path(out: Path, job_id: str) -> Path:
    """File that a job's process holds a lock on for as long as it lives."""
    return out / FOLDER / f"{job_id}.lock"


def runner_path(out: Path) -> Path:
    """File that the one runner of an output folder holds a lock on, however many servers there are."""
    return out / FOLDER / "runner.lock"


@contextmanager
def holding(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock file; gives whether it could be had."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            lock_file(file, wait=wait)
        except OSError:
            yield False
            return
        yield True


@contextmanager
def holding_name(path: Path) -> Iterator[bool]:
    """Hold a lock file that is gone afterwards; gives whether it could be had. For threads and processes alike.

    The file may be unlinked between opening and locking it; then the lock is on a file that nobody else will open, and
    has to be asked for again.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        with path.open("a") as file:
            try:
                lock_file(file, wait=False)
            except OSError:
                yield False
                return
            if not _is_at(file.fileno(), path):
                continue
            try:
                yield True
            finally:
                path.unlink(missing_ok=True)
            return


def _is_at(handle: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(handle)
    return (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)
