"""Objects elsewhere as inputs: found without fetching any, named as files are, measured before they come."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path, PurePosixPath

from extractor.errors import EmptyInputError, InputError, LimitExceededError, UnsafePathError
from extractor.remote import Address, RemoteObject, ScanCache
from extractor.scans.inputs import Found, Report, natural_key, passes_over
from extractor.scans.kinds import HEAD_BYTES, FileKind, is_hidden, is_sidecar
from extractor.scans.limits import Limits
from extractor.scans.sources import check_kind

_MEND = "Rename the object."


def find_objects(address: Address, cache: ScanCache, report: Report) -> list[Found]:
    """The object at a place, or all below it that may be scans, in natural order.

    Args:
        cache: where their copies will be.
        report: is told what is set aside.

    Raises:
        SettingsError: the protocol is not known, or its package is not installed.
    """
    try:
        single, objects = cache.store(address.protocol).find(address)
    except InputError as error:
        report(error)
        return []
    found: list[Found] = []
    refused = False
    for item in objects:
        whole = item.address.path.strip("/")
        relative = PurePosixPath(whole).name if single else whole[len(address.path.strip("/")) + 1 :]
        relative = unicodedata.normalize("NFC", relative)
        if _is_no_path(whole):
            refused = True
            report(UnsafePathError(relative, "its key is no path below a folder.", mend=_MEND))
        elif single or not is_hidden(relative):
            found.append(Found(cache.place_of(item), relative, single, item, Path("/" + whole)))
    if not refused and not any(item.named_by_user or not is_sidecar(item.relative) for item in found):
        mend = "Name another folder."
        report(EmptyInputError(str(address), "the folder holds no PDF, TIFF, JPEG, PNG or ZIP.", mend=mend))
    return sorted(found, key=lambda item: natural_key(item.relative))


def is_wanted(item: Found, file: str, cache: ScanCache, limits: Limits) -> RemoteObject | None:
    """The object, where it is to be fetched; none where it only lies beside scans.

    Judged by size and first bytes alone.

    Raises:
        InputError: it is empty, of a kind that is not read, too large, or cannot be looked at.
    """
    origin = item.origin
    if origin is None:
        raise ValueError(f"{file} is no object elsewhere")
    if origin.size and origin.size <= limits.file_bytes and not is_sidecar(file):
        return origin  # the usual case needs no look: what it is, is told when it is here
    head = cache.store(origin.address.protocol).head(origin, HEAD_BYTES)
    if passes_over(item, file, head):
        return None
    kind = check_kind(head, file)
    limit = limits.zip_total_bytes if kind is FileKind.ZIP else limits.file_bytes
    if origin.size > limit:
        mend = "Split it." if kind is FileKind.ZIP else "Split the file."
        raise LimitExceededError(file, f"is {origin.size} bytes long; the limit is {limit}.", mend=mend)
    return origin


def fetch(item: Found, file: str, cache: ScanCache, limits: Limits) -> Found | None:
    """Bring an object here; gives it with the path of its copy, which is held; none where it only lies beside scans.

    Raises:
        InputError: it cannot be used or fetched; named as in the records.
        StoreError: the disk does not take it.
    """
    try:
        origin = is_wanted(item, file, cache, limits)
        return replace(item, path=cache.fetch(origin)) if origin else None
    except InputError as error:
        error.file = file
        raise


def _is_no_path(key: str) -> bool:
    return "\0" in key or any(part in ("", ".", "..") for part in key.split("/"))
