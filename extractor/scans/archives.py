"""ZIP archives: checked members, read into memory one at a time, never unpacked to disk by name."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from extractor.errors import (
    EmptyInputError,
    EncryptedInputError,
    InputError,
    LimitExceededError,
    MissingInputError,
    TruncatedInputError,
    UnsafePathError,
    UnsupportedTypeError,
)
from extractor.scans.limits import Limits

_RATIO_FROM = 1024 * 1024
_CHUNK = 1024 * 1024
_SMALLER = "Pack the scans again, in smaller archives or as plain files."
_ENCRYPTED_FLAG = 0x1
_DRIVE = re.compile(r"^[A-Za-z]:")
# Office documents and Java programs are ZIP files too; nobody means their parts as scans.
_CONTAINER_MARKS = ("[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype", "AndroidManifest.xml")


@dataclass(frozen=True, slots=True)
class Member:
    """A member that passed all checks which need no unpacking; ``name`` is as stored."""

    name: str
    size: int


def _check_name(file: str, info: zipfile.ZipInfo) -> None:
    # The stored name is judged: zipfile has already cut it at a NUL and turned separators in ``info.filename``.
    name = info.orig_filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    mend = "Make the archive again from plain files."
    if not name or "\x00" in name or ".." in parts or name.startswith(("/", "\\")) or _DRIVE.match(name):
        raise UnsafePathError(file, "the member's name leads out of the archive.", mend=mend)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnsafePathError(file, "the member is a link.", mend=mend)


def _check_member(file: str, info: zipfile.ZipInfo, limits: Limits) -> None:
    _check_name(file, info)
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise EncryptedInputError(file, "the member asks for a password.", mend="Pack it again without a password.")
    if info.file_size == 0:
        raise EmptyInputError(file, "the member holds no bytes.", mend="Pack the scans again.")
    if info.file_size > limits.file_bytes:
        raise LimitExceededError(
            file, f"unpacks to {info.file_size} bytes; the limit is {limits.file_bytes}.", mend=_SMALLER
        )
    if info.file_size > _RATIO_FROM and info.file_size > limits.zip_ratio * max(1, info.compress_size):
        raise LimitExceededError(
            file,
            f"unpacks to more than {limits.zip_ratio:g} times its packed size, as only a bomb does.",
            mend=_SMALLER,
        )


def list_members(path: Path, file: str, limits: Limits, on_error: Callable[[InputError], None]) -> Iterator[Member]:
    """List the members of an archive that may be read, in the order stored.

    Args:
        path: the archive on disk.
        file: its name for messages.
        on_error: gets one error for each member that is refused.

    Raises:
        InputError: the archive as a whole cannot be used.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # A name may be empty, which ``is_dir`` does not expect.
            infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    except PermissionError as error:
        raise MissingInputError(file, "may not be read.", mend="Change its access rights.") from error
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise TruncatedInputError(file, "the archive is damaged or ends early.", mend="Copy it again.") from error
    if not infos:
        raise EmptyInputError(file, "the archive holds no files.", mend="Pack the scans again.")
    if any(info.filename in _CONTAINER_MARKS for info in infos):
        raise UnsupportedTypeError(file, "is a document or program, not an archive of scans.", mend="Give the scans.")
    if len(infos) > limits.zip_members:
        raise LimitExceededError(file, f"holds {len(infos)} files; the limit is {limits.zip_members}.", mend=_SMALLER)
    total = sum(info.file_size for info in infos)
    if total > limits.zip_total_bytes:
        raise LimitExceededError(
            file, f"unpacks to {total} bytes; the limit is {limits.zip_total_bytes}.", mend=_SMALLER
        )
    seen: set[str] = set()
    for info in infos:
        member_file = f"{file}/{info.filename}"
        try:
            _check_member(member_file, info, limits)
            if info.filename in seen:
                raise UnsafePathError(
                    member_file, "the archive holds two members of this name.", mend="Rename one of them."
                )
        except InputError as error:
            on_error(error)
            continue
        seen.add(info.filename)
        yield Member(name=info.filename, size=info.file_size)


def read_member(path: Path, member: str, file: str, limits: Limits) -> bytes:
    """Unpack one member into memory; its checksum is verified.

    Raises:
        InputError: the member is damaged, encrypted or larger than the archive's directory says.
    """
    try:
        status = path.stat()
        return _read_member(str(path), member, limits.file_bytes, status.st_mtime_ns, status.st_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, NotImplementedError) as error:
        raise TruncatedInputError(
            file, "the member is damaged: it cannot be unpacked or its checksum is wrong.", mend="Pack it again."
        ) from error
    except RuntimeError as error:
        raise EncryptedInputError(
            file, "the member asks for a password.", mend="Pack it again without a password."
        ) from error
    except OverflowError as error:
        raise LimitExceededError(file, f"unpacks to more than {limits.file_bytes} bytes.", mend=_SMALLER) from error


@lru_cache(maxsize=1)
def _read_member(path: str, member: str, limit: int, _mtime: int, _size: int) -> bytes:
    # Only the latest member is kept: all pages of one PDF are usually read one after the other.
    chunks: list[bytes] = []
    total = 0
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            total += len(chunk)
            if total > limit:
                raise OverflowError(member)
            chunks.append(chunk)
    return b"".join(chunks)
