"""Files that are there whole or not at all, also after a power cut: on disk before they take their place."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def take_place(part: Path, path: Path) -> None:
    """Put a finished file in the place of another, once its content is on disk.

    A disk may keep the new name and lose what was written, so that a file of no bytes stands where a good one stood.
    """
    sync(part)
    part.replace(path)
    sync(path.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in the place of a former one; nobody sees half of it."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    take_place(part, path)


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, on disk; where a disk cannot be asked for that, it is not."""
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        if path.is_dir():
            with contextlib.suppress(OSError):  # some network disks know no such thing for folders
                os.fsync(handle)
        else:
            os.fsync(handle)
    finally:
        os.close(handle)
