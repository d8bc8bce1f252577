"""Files and archive members that hold pages, and the pages as units of work."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from extractor.errors import (
    EmptyInputError,
    InputError,
    LimitExceededError,
    MissingInputError,
    UnsupportedTypeError,
)
from extractor.page_instruction import PageInstruction
from extractor.records import BookKey
from extractor.remote.store import RemoteObject
from extractor.scans import decoding
from extractor.scans.archives import read_member
from extractor.scans.kinds import HEAD_BYTES, FileKind, describe, sniff
from extractor.scans.limits import Limits
from extractor.scans.types import Image, OfficialName, SourcePage

DEFAULT_RENDER_DPI = 300
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A checked file, or archive member, that holds pages. Small and picklable; holds no pixels.

    Args:
        path: file on disk; for an archive member, the archive.
        member: member's name as stored, or empty.
        file: name for records and messages.
        pages: number of pages.
        sha256: hash of the content, hexadecimal; the same content gives the same hash under any name.
        stamp: size and modification time of ``path`` when it was checked.
        origin: the object elsewhere that ``path`` is a copy of, or none.
    """

    path: Path
    member: str
    file: str
    kind: FileKind
    pages: int
    sha256: str
    stamp: tuple[int, int]
    book: BookKey = field(default_factory=BookKey)
    name: OfficialName | None = None
    origin: RemoteObject | None = None


@dataclass(frozen=True, slots=True)
class HandOfPage:
    """Which fields of a page a reader adapted to the book's hand reads anew.

    Args:
        hand: name of the adapted reader in the output folder.
        fields: record number and field code.
    """

    hand: str
    fields: tuple[tuple[int, str], ...]

    def digest(self) -> str:
        """Another one for another reader or other fields, hexadecimal."""
        return hashlib.sha256(repr((self.hand, self.fields)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PageRef:
    """One page to work on. Small and picklable, so that worker processes load their pages themselves."""

    source: SourceFile
    page: int
    limits: Limits = field(default_factory=Limits)
    render_dpi: int = DEFAULT_RENDER_DPI
    said: tuple[str, PageInstruction] | None = None
    """What a person said of the page, and the hash of the pixels it was said of: of others it is not heeded."""
    hand: HandOfPage | None = None
    """Which of its fields a reader adapted to the book's hand reads."""

    @property
    def key(self) -> str:
        """Identifies the page's content, whatever the file is called: the file's hash and the page number."""
        return f"{self.source.sha256}:{self.page}"

    def load(self) -> SourcePage:
        """Decode the page, in a process of its own (see :mod:`extractor.scans.decoding`).

        Raises:
            InputError: the page is damaged or outside the limits, or the file has changed since it was listed.
            MissingProgramError: the page must be rendered, and poppler is not installed.
        """
        source = self.source
        _check_unchanged(source)
        content = decoding.Content(source.path, source.member, source.file)
        image, dpi = decoding.decode(content, source.kind, self.page, self.limits, render_dpi=self.render_dpi)
        return SourcePage(
            file=source.file,
            page=self.page,
            image=image,
            sha256=pixel_hash(image),
            dpi=dpi,
            book=source.book,
            name=source.name,
        )


def read_content(source: SourceFile, limits: Limits) -> bytes:
    """The whole content of a source, for a machine that does not see this one's disk.

    Raises:
        InputError: it is no longer there, or not readable.
    """
    if source.member:
        return read_member(source.path, source.member, source.file, limits)
    with open_file(source.path, source.file) as stream:
        return stream.read()


def pixel_hash(image: Image) -> str:
    """Hash of decoded pixels and their shape, hexadecimal."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


@contextmanager
def open_file(path: Path, file: str) -> Iterator[BinaryIO]:
    """Open a regular file for reading.

    Raises:
        InputError: it is missing, may not be read, or is no regular file (a pipe would block for ever).
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnsupportedTypeError(file, "is not a regular file.", mend="Give plain files.")
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise MissingInputError(file, "does not exist.", mend="Check the path.") from error
    except PermissionError as error:
        raise MissingInputError(file, "may not be read.", mend="Change its access rights.") from error
    except OSError as error:
        raise MissingInputError(
            file, "cannot be opened.", mend="Check the path; links may lead in a circle."
        ) from error
    with stream:
        yield stream


def read_head(path: Path, file: str) -> bytes:
    """The first bytes of a file; raises as :func:`open_file` does."""
    with open_file(path, file) as stream:
        return stream.read(HEAD_BYTES)


def check_kind(head: bytes, file: str) -> FileKind:
    """The kind of a file by its first bytes.

    Raises:
        EmptyInputError: there are no bytes.
        UnsupportedTypeError: the content is of a kind that is not read.
    """
    if not head:
        raise EmptyInputError(file, "the file holds no bytes.", mend="Copy it again.")
    kind = sniff(head)
    if kind is None:
        raise UnsupportedTypeError(
            file, f"is {describe(head)}, whatever its name says.", mend="Give PDF, TIFF, JPEG, PNG or ZIP."
        )
    return kind


def inspect_file(
    path: Path, file: str, kind: FileKind, limits: Limits, names: tuple[BookKey, OfficialName | None]
) -> SourceFile:
    """Check a file by its headers, count its pages and hash it.

    Raises:
        InputError: the file cannot be used.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise LimitExceededError(
            file, f"is {size} bytes long; the limit is {limits.file_bytes}.", mend="Split the file."
        )
    with open_file(path, file) as stream:
        digest = _file_hash(stream)
    pages = decoding.inspect(decoding.Content(path, "", file), kind, limits).pages
    return SourceFile(path, "", file, kind, pages, digest, stamp_of(path), *names)


def inspect_member(
    path: Path, member: str, file: str, limits: Limits, names: tuple[BookKey, OfficialName | None]
) -> SourceFile:
    """Check an archive member by its headers, count its pages and hash it.

    Raises:
        InputError: the member cannot be used; archives in archives are not opened.
    """
    found = decoding.inspect(decoding.Content(path, member, file), None, limits)
    return SourceFile(path, member, file, found.kind, found.pages, found.sha256, stamp_of(path), *names)


def _file_hash(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def stamp_of(path: Path) -> tuple[int, int]:
    """Size and modification time of a file, by which a change is noticed.

    Raises:
        OSError: it is not there.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _check_unchanged(source: SourceFile) -> None:
    try:
        stamp = stamp_of(source.path)
    except OSError as error:
        raise MissingInputError(source.file, "is no longer there.", mend="Start the run again.") from error
    if stamp != source.stamp:
        raise InputError(source.file, "has changed since it was listed.", mend="Start the run again.")
