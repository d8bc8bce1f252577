"""The type of a file, told by its content; names are not trusted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

HEAD_BYTES = 1024
"""Bytes from the start of a file that :func:`sniff` wants to see."""


class FileKind(StrEnum):
    """Types that are read here."""

    PDF = "pdf"
    TIFF = "tiff"
    JPEG = "jpeg"
    PNG = "png"
    ZIP = "zip"


_SIGNATURES: tuple[tuple[bytes, FileKind], ...] = (
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"II*\x00", FileKind.TIFF),
    (b"MM\x00*", FileKind.TIFF),
    (b"II+\x00", FileKind.TIFF),
    (b"MM\x00+", FileKind.TIFF),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP),
)

_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (4, b"ftypheic", "a HEIC photo"),
    (4, b"ftypheix", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIF photo"),
    (4, b"ftypavif", "an AVIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office file"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
)

# Files that lie beside scans and are none: truth, metadata and notes. Skipped without a word only inside folders and
# archives, and only when their content is not a scan after all.
_SIDECAR_NAMES = frozenset(
    {"thumbs.db", "desktop.ini", "ehthumbs.db", "manifest", "sha256sums", "md5sums", "index.html"}
)
_SIDECAR_STEMS = frozenset({"readme", "license", "licence", "notice", "copying"})
_SIDECAR_SUFFIXES = frozenset(
    {".xml", ".json", ".jsonl", ".csv", ".yaml", ".yml", ".md", ".sha256", ".md5", ".xmp", ".ini"}
)


def sniff(head: bytes) -> FileKind | None:
    """The kind of a file that starts with ``head`` (at least :data:`HEAD_BYTES` where it is that long), or none."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    # PDF readers accept some rubbish before the header.
    if b"%PDF-" in head[:HEAD_BYTES]:
        return FileKind.PDF
    return None


def describe(head: bytes) -> str:
    """What an unsupported content looks like, for a message to people."""
    for offset, signature, words in _FOREIGN:
        if head[offset:].startswith(signature):
            return words
    printable = sum(byte in b"\t\r\n" or 32 <= byte < 127 or byte >= 128 for byte in head)
    if head and b"\x00" not in head and printable == len(head):
        return "a text file"
    return "of an unknown type"


def is_hidden(name: str) -> bool:
    """Whether any part of a relative path is hidden, as system folders and resource forks are."""
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") and part not in (".", "..") for part in parts) or "__MACOSX" in parts


def is_sidecar(name: str) -> bool:
    """Whether a file of that name usually lies beside scans without being one."""
    path = PurePosixPath(name.lower())
    return path.name in _SIDECAR_NAMES or path.stem in _SIDECAR_STEMS or path.suffix in _SIDECAR_SUFFIXES
