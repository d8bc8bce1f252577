"""What the server and the processes of its jobs agree on: lock files and settings."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATABASE_VARIABLE = "EXTRACTOR_API_DATABASE"
TEMPLATES_VARIABLE = "EXTRACTOR_API_TEMPLATES"
"""Addresses may hold a password, so they are not on the command line, which everybody on the machine can read."""

FOLDER = "jobs"


def lock_path(out: Path, job_id: str) -> Path:
    """File that a job's process holds a lock on for as long as it lives."""
    return out / FOLDER / f"{job_id}.lock"


@contextmanager
def holding(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock file; gives whether it could be had."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            yield False
            return
        yield True
