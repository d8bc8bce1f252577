"""Which files of an output folder are saved, and how they are told apart from those saved before."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.backup.manifest import Entry
from extractor.backup.place import Place
from extractor.batch.sources import FILE as SOURCES
from extractor.batch.sources import load_sources
from extractor.batch.storage import AUDIT_KEY, DATABASE, SCANS
from extractor.errors import BackupError
from extractor.remote.cache import FOLDER as AT_HAND

_PASSING = (".lock", ".part", ".writable")
"""Files of a moment: locks, and what is being written."""
_SETTLED_SECONDS = 2.0
"""A file changed later than so long before it was read may change again without its times telling."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to save: its path in the backup, and where it lies."""

    path: str
    source: Path


def _is_key(source: Path, out: Path) -> bool:
    """Whether a file is the second name under which a key is made, and stays where that process was killed."""
    return source.parent == out and source.name.startswith(f".{AUDIT_KEY}-")


def files_of(out: Path, *, apart: frozenset[Path], left: Counter[str]) -> Iterator[Found]:
    """All files of an output folder but its database, its audit key, and what is being written just now.

    Args:
        apart: other files that are not saved, resolved.
        left: counts what is passed over though it might be wanted; added to.
    """
    own = {out / f"{DATABASE}{ending}" for ending in ("", "-wal", "-shm", "-journal")} | {out / AUDIT_KEY}
    for folder, names, files in os.walk(out, onerror=_unreadable):
        names[:] = sorted(name for name in names if Path(folder) / name != out / AT_HAND)
        left["link"] += sum((Path(folder) / name).is_symlink() for name in names)
        for name in sorted(files):
            source = Path(folder) / name
            if source in own or name.endswith(_PASSING) or _is_key(source, out) or source.resolve() in apart:
                continue
            path = source.relative_to(out).as_posix()
            if source.is_symlink():
                left["link"] += 1
            elif not _is_text(path):
                left["name"] += 1
            else:
                yield Found(path, source)


def _unreadable(error: OSError) -> None:
    raise BackupError(
        f"{error.filename}: the folder cannot be read ({error.strerror}).",
        mend="Back up as the user who runs the server.",
    ) from error


def scans_of(out: Path, *, left: Counter[str]) -> Iterator[Found]:
    """Scans that records were read from and that lie outside the output folder, each once."""
    for sha256, source in sorted(outside_scans(out).items()):
        if source.is_file() and _is_text(source.name):
            yield Found(f"{SCANS}/{sha256}/{source.name}", source)
        else:
            left["scan"] += 1


def outside_scans(out: Path) -> dict[str, Path]:
    """Scans and archives outside the output folder, by the name of their folder in a backup."""
    found: dict[str, Path] = {}
    inside = out.resolve()
    for known in load_sources(out).values():
        path = Path(known.path)
        if not path.is_relative_to(inside):
            found[scan_folder(known.path, known.member, known.sha256)] = path
    return found


def scan_folder(path: str, member: str, sha256: str) -> str:
    """Name of the folder that a scan gets in a backup: by its content, an archive by where it lay."""
    return hashlib.sha256(path.encode()).hexdigest()[:20] if member else sha256[:20]


def save(place: Place, found: Found, known: dict[str, Entry]) -> Entry | None:
    """Save one file, if it was not saved before as it is; none where it is gone by now.

    Args:
        known: files of the backup before, by path.
    """
    try:
        handle = os.open(found.source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        stamp = f"{status.st_dev}:{status.st_ino}:{status.st_mtime_ns}:{status.st_ctime_ns}"
        before = known.get(found.path)
        if before and (before.stamp, before.size) == (stamp, status.st_size) and place.has(before.sha256, before.size):
            return before
        if time.time() - max(status.st_ctime, status.st_mtime) < _SETTLED_SECONDS:
            stamp = ""
        sha256, size = place.put(file)
    return Entry(found.path, sha256, size, stamp)


def moved_sources(out: Path, former: str, home: Path, *, with_scans: bool) -> None:
    """Have the list of sources of a restored folder say where things lie now.

    Args:
        out: the folder as it is being put together.
        former: output folder when the backup was taken.
        home: where the folder will lie in the end.
    """
    path = out / SOURCES
    if not path.is_file():
        return
    items = json.loads(path.read_text(encoding="utf-8"))
    for item in items:
        lay = Path(item["path"])
        if lay.is_relative_to(former):
            item["path"] = str(home / lay.relative_to(former))
        elif with_scans:
            folder = scan_folder(item["path"], item["member"], item["sha256"])
            if (out / SCANS / folder / lay.name).is_file():
                item["path"] = str(home / SCANS / folder / lay.name)
    path.write_text(json.dumps(items, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
