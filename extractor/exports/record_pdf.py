"""One record's PDF, cut from the source scan without recompressing it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pikepdf
from PIL import Image

from extractor.errors import ExportError
from extractor.exports import image_pages
from extractor.exports.areas import Area
from extractor.exports.drawn import strip_unseen, undrawn_pictures
from extractor.exports.findings import RecordId
from extractor.exports.page_parts import add_part, show_only

Source: TypeAlias = Path | bytes
PageSource: TypeAlias = Callable[[RecordId], tuple[Source, int | Sequence[int]]]
"""Where a record's page lies: the file or its bytes, and the page or pages in it, from 1."""


_HEAD = 1024
"""Bytes within which a PDF says that it is one."""


_CUT_AT_ONCE = 64_000_000
"""An open PDF holds on to the data of all pages cut from it; after so many bytes it is opened anew."""


@dataclass(frozen=True, slots=True)
class CutPdf:
    """A PDF, and whether it still holds what lies beyond the area that was asked for (hidden, but not gone)."""

    data: bytes
    hidden: bool = False


class UnusableSourceError(ExportError):
    """A source page cannot be cut; ``reason`` is short and machine-readable."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, mend="Check that the scan is still in its place and can be opened.")
        self.reason = reason


class PageCutter:
    """Cuts PDFs from sources, keeping the last source PDF open since the records of a book often share one."""

    def __init__(self) -> None:
        self._source: Source | None = None
        self._pdf: pikepdf.Pdf | None = None
        self._data = b""
        self._cut_bytes = 0

    def cut(self, source: Source, pages: int | Sequence[int], area: Area | None = None) -> CutPdf:
        """One PDF of some pages of a source; the same source always gives the same bytes.

        Args:
            source: PDF, JPEG, PNG, TIFF or other picture file, told apart by its content.
            pages: page numbers from 1; several pages stand in the PDF in the order given.
            area: the part of each page that is wanted; none takes them whole.

        Raises:
            UnusableSourceError: the source is missing, damaged, encrypted or has no such page, or pictures of other
                pages cannot be told from the page's own.
        """
        numbers = [pages] if isinstance(pages, int) else list(pages)
        self._open(source)
        with pikepdf.Pdf.new() as target:
            hidden = [self._add(target, number, area) for number in numbers]
            # Scanning programs often hang the pictures of all pages on each page; the others' must not come along.
            target.remove_unreferenced_resources()
            if any(undrawn_pictures(page) for page in target.pages):
                raise UnusableSourceError("other_pictures", "The source page holds pictures that it does not draw.")
            written = io.BytesIO()
            target.save(
                written,
                deterministic_id=True,
                compress_streams=False,
                stream_decode_level=pikepdf.StreamDecodeLevel.none,
                recompress_flate=False,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
            )
        self._cut_bytes += written.tell()
        if self._cut_bytes > _CUT_AT_ONCE:
            self.close()
        return CutPdf(written.getvalue(), any(hidden))

    def close(self) -> None:
        """Close the source PDF, if one is open."""
        if self._pdf is not None:
            self._pdf.close()
        self._pdf, self._source, self._data, self._cut_bytes = None, None, b"", 0

    def __enter__(self) -> PageCutter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, source: Source) -> None:
        if self._source is not None and (source is self._source or source == self._source):
            return
        self.close()
        try:
            head = _head(source)
            if not head:
                raise UnusableSourceError("empty", "The source file is empty.")
            if b"%PDF-" in head:
                # Read piece by piece from the disk: a book of a thousand pages need not fit into memory.
                file = io.BytesIO(source) if isinstance(source, bytes) else source
                self._pdf = pikepdf.Pdf.open(file, access_mode=pikepdf.AccessMode.stream)
            else:
                self._data = source if isinstance(source, bytes) else source.read_bytes()
        except OSError as error:
            raise UnusableSourceError("missing", "The source file cannot be read.") from error
        except pikepdf.PasswordError as error:
            raise UnusableSourceError("encrypted", "The source PDF asks for a password.") from error
        except pikepdf.PdfError as error:
            raise UnusableSourceError("damaged", "The source PDF is damaged.") from error
        self._source = source

    def _add(self, target: pikepdf.Pdf, number: int, area: Area | None) -> bool:
        """Add a page or part of it; returns whether the rest of the page is in it too, hidden."""
        try:
            if self._pdf is not None:
                if not 1 <= number <= len(self._pdf.pages):
                    raise UnusableSourceError("no_such_page", f"The source PDF has no page {number}.")
                if area is not None and add_part(target, self._pdf, number, area):
                    return False
                target.pages.append(self._pdf.pages[number - 1])
                strip_unseen(target.pages[-1])
                if area is not None:
                    show_only(target.pages[-1], area)
                    return True
            elif self._data.startswith(b"\xff\xd8\xff"):
                if number != 1:
                    raise UnusableSourceError("no_such_page", f"The source picture has no page {number}.")
                image_pages.add_jpeg(target, self._data, area)
            else:
                image_pages.add_other(target, self._data, number, area)
        except (ValueError, OSError, SyntaxError, Image.DecompressionBombError, pikepdf.PdfError) as error:
            raise UnusableSourceError("damaged", f"The source page cannot be cut ({type(error).__name__}).") from error
        return False


def _head(source: Source) -> bytes:
    """The first bytes of a source, which tell what it is."""
    if isinstance(source, bytes):
        return source[:_HEAD]
    with source.open("rb") as file:
        return file.read(_HEAD)
