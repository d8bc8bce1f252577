"""Let old backups go, but never one of the last that can be used."""

from __future__ import annotations

from extractor.backup.manifest import own_faults, read_listing, read_manifest
from extractor.backup.place import Place
from extractor.errors import BackupError


def prune(place: Place, keep: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Delete all usable backups but the newest ``keep``, and then what none of the others needs.

    A backup that lacks something, or whose own files were changed, counts for nothing: it takes no place among those
    kept, and is left for a person to look at. Contents of files are not read here, only ``verify`` does that.

    Returns:
        Names of those deleted, and of those that cannot be used.
    """
    if keep < 1:
        raise ValueError("keep at least one backup")
    usable: list[str] = []
    broken: list[str] = []
    for name in place.names():
        (usable if _is_usable(place, name) else broken).append(name)
    dropped = usable[:-keep]
    for name in dropped:
        place.drop(name)
    needed: set[str] = set()
    try:
        for name in place.names():
            needed.update(entry.sha256 for entry in read_listing(place.folder / name))
    except BackupError:
        return tuple(dropped), tuple(broken)  # nobody knows what the unreadable one needs
    place.sweep(needed)
    return tuple(dropped), tuple(broken)


def _is_usable(place: Place, name: str) -> bool:
    folder = place.folder / name
    try:
        if own_faults(folder, read_manifest(folder)):
            return False
        return all(place.has(entry.sha256, entry.size) for entry in read_listing(folder))
    except BackupError:
        return False
