"""Scans of earlier runs, on this machine: those that lie elsewhere are brought here again when somebody asks."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from extractor.batch.sources import KnownSource
from extractor.errors import InputError
from extractor.remote.cache import AGAIN, ScanCache
from extractor.settings import get_settings


def at_hand(source: KnownSource) -> Path:
    """Where a source, or the archive it lies in, can be opened now.

    Whether its content is the one that was read is for the caller to check.

    Raises:
        InputError: it lies elsewhere and is gone, was changed, may not be read, or cannot be reached.
        SettingsError: the package for where it lies is not installed.
        StoreError: the disk does not take it.
    """
    path = Path(source.path)
    if source.origin is None or path.is_file():
        return path
    cache = _cache(path.parent.parent / AGAIN)
    if (here := cache.place_of(source.origin)).is_file():
        return here
    _, found = cache.store(source.origin.address.protocol).find(source.origin.address)
    if found != [source.origin]:
        raise InputError(source.file, "is not the object that was read.", mend="Run the input again with this folder.")
    return cache.fetch(source.origin)


@lru_cache(maxsize=8)
def _cache(folder: Path) -> ScanCache:
    return ScanCache(folder, get_settings().scan_cache_mebibytes * 1024 * 1024)
