"""Writing files that are handed over: whole or not at all, the same bytes for the same data, former ones kept."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import datetime
from pathlib import Path

from extractor.whole_files import take_place

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""Date of every member of an archive: the earliest a ZIP can state."""


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def part_of(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(path.name + ".part")


def put_in_place(path: Path, *, now: datetime | None = None) -> bool:
    """Move the finished part of ``path`` to its place; a former file of other content is kept under a dated name.

    Args:
        now: time for the dated name; the present where none is given.

    Returns:
        Whether anything changed: false where the former file has the same bytes.
    """
    part = part_of(path)
    if path.exists():
        if sha256_of(path) == sha256_of(part):
            part.unlink()
            return False
        _keep(path, _former_name(path, now or datetime.now()))
    take_place(part, path)
    return True


def _keep(path: Path, former: Path) -> None:
    """Give a file a second name; where a disk cannot, the file is not there until the new one takes its place."""
    try:
        former.hardlink_to(path)
    except OSError:
        path.rename(former)


def _former_name(path: Path, now: datetime) -> Path:
    stamp = now.strftime("%Y%m%d-%H%M%S")
    kept = path.with_name(f"{path.stem}.{stamp}{path.suffix}")
    number = 2
    while kept.exists():
        kept = path.with_name(f"{path.stem}.{stamp}-{number}{path.suffix}")
        number += 1
    return kept


def member(name: str, compression: int) -> zipfile.ZipInfo:
    """An archive member with nothing in it that depends on the time or the machine."""
    info = zipfile.ZipInfo(name, ZIP_DATE)
    info.compress_type = compression
    info.external_attr = 0o644 << 16
    info.create_system = 3
    return info


def repack(source: Path, target: Path) -> None:
    """Write an archive again with the same members and fixed dates and attributes."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            info = member(name, zipfile.ZIP_DEFLATED)
            with old.open(name) as read, new.open(info, "w") as write:
                while chunk := read.read(1 << 20):
                    write.write(chunk)
