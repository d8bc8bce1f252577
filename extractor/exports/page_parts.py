"""Part of a page of a PDF: cut out of its picture, or where it is no single picture, the rest out of sight."""

from __future__ import annotations

import math

import pikepdf
from pikepdf import Array, Name, Pdf

from extractor.exports import image_pages
from extractor.exports.areas import Area
from extractor.exports.cropping import crop_jpeg
from extractor.exports.image_pages import Facts
from extractor.scans.pdf_image import PageBox, PlacedImage, exif_turn, page_box, page_images, single_image

_TURNS = {0: 1, 90: 6, 180: 3, 270: 8}
"""Clockwise turn of a page for viewing -> the EXIF orientation that says the same."""

_HIDDEN, _PRINT, _NO_VIEW = 2, 4, 32
"""Flags of an annotation, ISO 32000-1, table 165."""

_UNREADABLE = (
    *(pikepdf.PdfError, pikepdf.UnsupportedImageTypeError, pikepdf.DependencyError),
    *(NotImplementedError, OSError, ValueError, TypeError, AttributeError, KeyError),
)


def add_part(target: Pdf, source: Pdf, number: int, area: Area) -> bool:
    """Add a page that holds part of a page's picture, losslessly, and nothing of the rest.

    Args:
        number: page of the source, from 1.
        area: the part of the page as it is viewed.

    Returns:
        False, with nothing added, where the page is not a single picture, something is laid over it (a stamp, a note),
        or its coding is not known here.
    """
    page = source.pages[number - 1]
    try:
        scan = single_image(source, page)
        if scan is None or _has_notes(page):
            return False
        image = page_images(page)[scan.name]
        if not isinstance(image, pikepdf.Stream) or any(name in image for name in ("/SMask", "/Mask", "/ImageMask")):
            return False
        facts = _facts(scan, page_box(page))
        if image.get("/Filter") in (Name.DCTDecode, Array([Name.DCTDecode])):
            box = area.stored(facts.orientation).pixels(facts.width, facts.height)
            part = crop_jpeg(image.read_raw_bytes(), box)
            if part is not None:
                image_pages.add_part(target, source, image, part, facts.of_size(image_pages.jpeg_size(part)))
                return True
        if "/Decode" in image:
            return False
        picture = pikepdf.PdfImage(image).as_pil_image()
        if picture.size != (facts.width, facts.height):
            return False
        image_pages.add_pixels(target, picture, facts, area)
    except _UNREADABLE:
        return False
    return True


def _has_notes(page: pikepdf.Page) -> bool:
    """Whether annotations are seen on the page; links and empty fields without an appearance are not."""
    for note in page.obj.get("/Annots", ()):
        flags = int(note.get("/F", 0))
        unseen = flags & _HIDDEN or (flags & _NO_VIEW and not flags & _PRINT) or note.get("/Subtype") == Name.Popup
        if not unseen and ("/AP" in note or note.get("/Subtype") not in (Name.Link, Name.Widget)):
            return True
    return False


def _facts(scan: PlacedImage, box: PageBox) -> Facts:
    across = math.hypot(scan.matrix[0, 0], scan.matrix[0, 1]) * box.unit / 72
    down = math.hypot(scan.matrix[1, 0], scan.matrix[1, 1]) * box.unit / 72
    dpi = (scan.width / across, scan.height / down)
    return Facts(scan.width, scan.height, dpi, exif_turn(scan.matrix, box.rotate), None)


def show_only(page: pikepdf.Page, area: Area) -> None:
    """Let a page show a part of itself alone; the rest stays in the file, out of sight.

    Args:
        area: the part of the page as it is viewed.
    """
    box = page_box(page)
    kept = area.stored(_TURNS[box.rotate])
    left, right = box.left + kept.left * box.width, box.left + kept.right * box.width
    top, bottom = (box.bottom + (1 - share) * box.height for share in (kept.top, kept.bottom))
    for name in ("/TrimBox", "/ArtBox", "/BleedBox"):
        if name in page.obj:
            del page.obj[name]
    page.cropbox = Array([round(value, 2) for value in (left, bottom, right, top)])
