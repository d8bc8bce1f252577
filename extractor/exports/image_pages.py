"""Picture files as PDF pages, without recompressing: JPEG goes in as it is, all else losslessly."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import ExifTags, Image

# Where a file states no resolution, its page is made as long as A4.
_A4_LENGTH_PT = 842.0
# Cameras state 72 whatever they took; no scan of a register is so coarse.
_PLAUSIBLE_DPI = (75.0, 4800.0)

# EXIF orientation -> clockwise turn for viewing, and whether the picture is mirrored left to right before the turn.
_ORIENTATIONS = {
    1: (0, False),
    2: (0, True),
    3: (180, False),
    4: (180, True),
    5: (270, True),
    6: (90, False),
    7: (90, True),
    8: (270, False),
}

_SPACES = {1: Name.DeviceGray, 3: Name.DeviceRGB, 4: Name.DeviceCMYK}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a picture file says about itself, without its pixels being decoded; size in pixels, turn in degrees."""

    width: int
    height: int
    dpi: tuple[float, float] | None
    turn: int
    mirrored: bool
    icc: bytes | None


def add_jpeg(pdf: Pdf, data: bytes) -> None:
    """Add a page that holds a JPEG file byte by byte; its EXIF orientation becomes the page's ``/Rotate``.

    Raises:
        ValueError: the file is no JPEG a PDF can hold.
    """
    with Image.open(io.BytesIO(data)) as picture:
        if picture.format not in ("JPEG", "MPO"):
            raise ValueError("not a JPEG")
        facts = _facts(picture)
        adobe = "adobe" in picture.info
    components, bits = _jpeg_frame(data)
    if components not in _SPACES or bits != 8:
        raise ValueError("a JPEG of this kind cannot stand in a PDF")
    image = _image(pdf, data, facts, space=_colour_space(pdf, components, facts.icc), bits=8, coding=Name.DCTDecode)
    if components == 4 and adobe:
        # Adobe programs store the inks inverted.
        image.Decode = Array([1, 0] * 4)
    _add_page(pdf, image, facts)


def add_other(pdf: Pdf, data: bytes, frame: int) -> None:
    """Add a page that holds one frame of a PNG, TIFF or other picture file losslessly.

    Args:
        frame: page of the file, from 1.

    Raises:
        ValueError: there is no such frame, or its pixels are of a kind a PDF cannot hold.
    """
    with Image.open(io.BytesIO(data)) as picture:
        try:
            picture.seek(frame - 1)
        except EOFError as error:
            raise ValueError("no such page") from error
        facts = _facts(picture)
        turns_itself = picture.format == "TIFF"
        png = data if picture.format == "PNG" and picture.mode in ("1", "L", "P", "RGB") else None
        if png is None or "transparency" in picture.info or picture.info.get("interlace"):
            picture.load()
            png = None
        if turns_itself:
            # Pillow turns TIFF pixels upright while it loads them.
            facts = _Facts(picture.width, picture.height, facts.dpi, 0, False, facts.icc)
        if png is not None:
            image = _from_png(pdf, png, facts)
        elif picture.mode == "CMYK":
            pixels = zlib.compress(picture.tobytes(), 6)
            space = _colour_space(pdf, 4, facts.icc)
            image = _image(pdf, pixels, facts, space=space, bits=8, coding=Name.FlateDecode)
        else:
            image = _from_pixels(pdf, picture, facts)
    _add_page(pdf, image, facts)


def _facts(picture: Image.Image) -> _Facts:
    orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
    turn, mirrored = _ORIENTATIONS.get(orientation, (0, False))
    stated = picture.info.get("dpi")
    dpi = None
    if stated is not None:
        low, high = _PLAUSIBLE_DPI
        across, down = float(stated[0]), float(stated[1])
        if low <= across <= high and low <= down <= high:
            dpi = (across, down)
    return _Facts(picture.width, picture.height, dpi, turn, mirrored, picture.info.get("icc_profile"))


def _jpeg_frame(data: bytes) -> tuple[int, int]:
    """Number of components and bits a sample, from the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            # Only Huffman-coded baseline, extended and progressive frames; PDF readers know no others.
            if marker > 0xC2:
                break
            return data[at + 9], data[at + 4]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise ValueError("a JPEG of this kind cannot stand in a PDF")


def _colour_space(pdf: Pdf, components: int, icc: bytes | None) -> pikepdf.Object:
    if icc is None or len(icc) < 20 or icc[16:20] != {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}[components]:
        return _SPACES[components]
    profile = Stream(pdf, zlib.compress(icc, 9), Filter=Name.FlateDecode, N=components, Alternate=_SPACES[components])
    return Array([Name.ICCBased, pdf.make_indirect(profile)])


def _image(
    pdf: Pdf, data: bytes, facts: _Facts, *, space: pikepdf.Object, bits: int, coding: pikepdf.Object
) -> pikepdf.Stream:
    return Stream(
        pdf,
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=facts.width,
        Height=facts.height,
        ColorSpace=space,
        BitsPerComponent=bits,
        Filter=coding,
    )


def _from_png(pdf: Pdf, png: bytes, facts: _Facts) -> pikepdf.Stream:
    """An image of the compressed rows of a PNG as they are: PDF knows PNG's row filters (predictor 15)."""
    bits, kind, interlace = png[24], png[25], png[28]
    if interlace or kind not in (0, 2, 3):
        raise ValueError("a PNG of this kind cannot be taken as it is")
    rows, palette, at = bytearray(), b"", 8
    while at + 8 <= len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        name, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if name == b"IDAT":
            rows += body
        elif name == b"PLTE":
            palette = body
        at += 12 + length
    colours = 3 if kind == 2 else 1
    if kind == 3:
        space: pikepdf.Object = Array([Name.Indexed, Name.DeviceRGB, len(palette) // 3 - 1, pikepdf.String(palette)])
    else:
        space = _colour_space(pdf, colours, facts.icc)
    image = _image(pdf, bytes(rows), facts, space=space, bits=bits, coding=Name.FlateDecode)
    image.DecodeParms = Dictionary(Predictor=15, Colors=colours, BitsPerComponent=bits, Columns=facts.width)
    return image


def _from_pixels(pdf: Pdf, picture: Image.Image, facts: _Facts) -> pikepdf.Stream:
    """An image of decoded pixels, packed as PNG does; transparency becomes a soft mask."""
    mask = None
    if picture.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in picture.info:
        full = picture.convert("RGBA")
        mask = full.getchannel("A")
        picture = full.convert("L" if picture.mode in ("LA", "La", "L", "1") else "RGB")
    elif picture.mode not in ("1", "L", "P", "RGB", "I;16"):
        if picture.mode not in ("YCbCr", "LAB", "HSV"):
            raise ValueError(f"pixels of kind {picture.mode} cannot stand in a PDF")
        picture = picture.convert("RGB")
    image = _from_png(pdf, _png(picture), facts)
    if mask is not None and mask.getextrema() != (255, 255):
        plain = _Facts(facts.width, facts.height, None, 0, False, None)
        image.SMask = pdf.make_indirect(_from_png(pdf, _png(mask), plain))
    return image


def _png(picture: Image.Image) -> bytes:
    packed = io.BytesIO()
    picture.copy().save(packed, format="PNG")
    return packed.getvalue()


def _add_page(pdf: Pdf, image: pikepdf.Stream, facts: _Facts) -> None:
    if facts.dpi is not None:
        width, height = facts.width * 72 / facts.dpi[0], facts.height * 72 / facts.dpi[1]
    else:
        scale = _A4_LENGTH_PT / max(facts.width, facts.height)
        width, height = facts.width * scale, facts.height * scale
    width, height = round(width, 2), round(height, 2)
    matrix = f"{-width} 0 0 {height} {width} 0" if facts.mirrored else f"{width} 0 0 {height} 0 0"
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, width, height]),
        Resources=Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(image))),
        Contents=pdf.make_indirect(Stream(pdf, f"q {matrix} cm /Im0 Do Q".encode("ascii"))),
    )
    if facts.turn:
        page.Rotate = facts.turn
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
