"""PDF files: counted and checked with pikepdf, scans taken out as they are, other pages rendered with poppler."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pikepdf

from extractor.errors import (
    EmptyInputError,
    EncryptedInputError,
    InputError,
    LimitExceededError,
    MissingProgramError,
    TruncatedInputError,
)
from extractor.scans import raster
from extractor.scans.limits import Limits
from extractor.scans.pdf_image import (
    PageBox,
    PlacedImage,
    exif_turn,
    flat_bytes,
    image_size,
    page_box,
    page_images,
    single_image,
)
from extractor.scans.types import Image

_POINTS_PER_INCH = 72.0
_TAIL_BYTES = 64 * 1024
_MEND = "Scan or export the file again."
_GREY, _RGB = "/DeviceGray", "/DeviceRGB"


@contextmanager
def _opened(source: Path | bytes, file: str) -> Iterator[pikepdf.Pdf]:
    """Open a PDF; a file whose end is missing is refused, a whole file with a wrong index is mended."""
    try:
        with _open_strictly(source, file) as pdf:
            yield pdf
    except pikepdf.PasswordError as error:
        raise EncryptedInputError(file, "the PDF asks for a password.", mend="Save it without a password.") from error
    except (pikepdf.PdfError, AttributeError, *raster.DECODE_ERRORS) as error:  # objects of another kind than is said
        raise TruncatedInputError(file, "the PDF is damaged.", mend=_MEND) from error


def _open_strictly(source: Path | bytes, file: str) -> pikepdf.Pdf:
    try:
        return pikepdf.open(_stream(source), attempt_recovery=False)
    except pikepdf.PasswordError:
        raise
    except pikepdf.PdfError as error:
        # Mending a file that ends early would quietly lose its last pages; every complete PDF ends with this mark.
        if b"%%EOF" not in _tail(source):
            raise TruncatedInputError(file, "the PDF ends early.", mend=_MEND) from error
        return pikepdf.open(_stream(source))


def _stream(source: Path | bytes) -> Path | BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _tail(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[-_TAIL_BYTES:]
    with source.open("rb") as stream:
        stream.seek(max(0, source.stat().st_size - _TAIL_BYTES))
        return stream.read()


def count_pages(source: Path | bytes, file: str, limits: Limits) -> int:
    """Count the pages of a PDF.

    Raises:
        InputError: damaged, encrypted, without pages or with too many.
    """
    with _opened(source, file) as pdf:
        pages = len(pdf.pages)
    if pages == 0:
        raise EmptyInputError(file, "the PDF holds no pages.", mend=_MEND)
    if pages > limits.pages:
        raise LimitExceededError(file, f"holds {pages} pages; the limit is {limits.pages}.", mend="Split the file.")
    return pages


def load_page(
    source: Path | bytes, file: str, page: int, limits: Limits, *, render_dpi: int
) -> tuple[Image, float | None]:
    """Decode one page of a PDF, turned as it is meant to be viewed.

    A page that is one picture is taken out pixel by pixel; anything else is rendered.

    Args:
        source: path of the file, or its bytes.
        page: page number from 1.
        render_dpi: resolution at which pages are rendered.

    Returns:
        BGR pixels and their resolution, none where the page states an impossible size.

    Raises:
        InputError: the page is damaged or outside the limits.
        MissingProgramError: poppler is not installed.
    """
    with _opened(source, file) as pdf:
        if page > len(pdf.pages):
            raise TruncatedInputError(file, f"page {page} is no longer in the file.", mend=_MEND)
        leaf = pdf.pages[page - 1]
        box = page_box(leaf)
        for width, height in map(image_size, page_images(leaf).values()):
            if width * height > limits.megapixels * 1e6:
                raster.check_size(file, width, height, limits)
        scan = single_image(pdf, leaf)
        if scan is not None:
            raster.check_size(file, scan.width, scan.height, limits)
            dpi = scan.resolution * _POINTS_PER_INCH / box.unit
            pixels = _extract(leaf, scan, file)
            if pixels is not None:
                raster.check_size(file, pixels.shape[1], pixels.shape[0], limits)
                return raster.orient(pixels, exif_turn(scan.matrix, box.rotate)), dpi
            return _render(source, file, page, box, dpi=dpi, limits=limits), dpi
    return _render(source, file, page, box, dpi=float(render_dpi), limits=limits), float(render_dpi)


def _extract(leaf: pikepdf.Page, scan: PlacedImage, file: str) -> Image | None:
    """The pixels of a scan as stored, or none where its coding is better left to the renderer."""
    image = page_images(leaf)[scan.name]
    filters = image.get("/Filter")
    names = [str(item) for item in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    space, decode = str(image.get("/ColorSpace")), image.get("/Decode")
    if int(image.get("/BitsPerComponent", 8)) != 8 or decode is not None:
        return None
    if names == ["/DCTDecode"]:
        data = image.read_raw_bytes()
        with io.BytesIO(data) as stream:
            if raster.jpeg_mode(stream, file) not in ("L", "RGB"):
                return None
        # An index or separation colour space gives the numbers another meaning than grey or red, green, blue.
        if any(word in space for word in ("Indexed", "Separation", "DeviceN", "Lab")):
            return None
        return raster.decode_jpeg(data, file)
    if names == ["/FlateDecode"] and space in (_GREY, _RGB):
        depth = 1 if space == _GREY else 3
        wanted = scan.width * scan.height * depth
        flat = flat_bytes(image, wanted)
        if flat is None or len(flat) < wanted:
            return None
        pixels = np.frombuffer(flat, np.uint8, wanted).reshape(scan.height, scan.width, depth)
        return np.ascontiguousarray(np.broadcast_to(pixels[:, :, ::-1], (scan.height, scan.width, 3)))
    return None


def _render(source: Path | bytes, file: str, page: int, box: PageBox, *, dpi: float, limits: Limits) -> Image:
    """Render one page with poppler."""
    import pdf2image
    from pdf2image import exceptions as failures

    # PPM between the programs: writing PNG takes poppler half a minute for a large page.
    scale = box.unit * dpi / _POINTS_PER_INCH
    raster.check_size(file, round(box.width * scale), round(box.height * scale), limits)
    options = {
        "first_page": page,
        "last_page": page,
        "fmt": "ppm",
        # poppler knows no user units; giving it a size instead goes wrong on turned pages.
        "dpi": box.unit * dpi,
        "use_cropbox": True,
        "timeout": limits.render_seconds,
    }
    try:
        if isinstance(source, bytes):
            pictures = pdf2image.convert_from_bytes(source, **options)
        else:
            pictures = pdf2image.convert_from_path(source, **options)
    except failures.PDFInfoNotInstalledError as error:
        raise MissingProgramError("The program pdftoppm is missing.", mend="Install poppler-utils.") from error
    except failures.PDFPopplerTimeoutError as error:
        raise LimitExceededError(
            file, f"page {page} takes more than {limits.render_seconds:g} seconds to render.", mend=_MEND
        ) from error
    except (failures.PDFPageCountError, failures.PDFSyntaxError, *raster.DECODE_ERRORS) as error:
        raise TruncatedInputError(file, f"page {page} cannot be rendered.", mend=_MEND) from error
    if not pictures:
        raise InputError(file, f"page {page} cannot be rendered.", mend=_MEND)
    return raster.to_bgr(pictures[0])
