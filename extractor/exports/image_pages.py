"""Picture files as PDF pages, without recompressing: JPEG goes in as it is, all else losslessly."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, replace

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import ExifTags, Image

from extractor.exports.areas import Area
from extractor.exports.cropping import crop_jpeg

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
class Facts:
    """What a picture file says about itself, without its pixels being decoded.

    Args:
        width, height: in pixels as stored.
        dpi: resolution across and down, or none.
        orientation: EXIF orientation, which brings it upright.
    """

    width: int
    height: int
    dpi: tuple[float, float] | None
    orientation: int
    icc: bytes | None

    def of_size(self, size: tuple[int, int]) -> Facts:
        """The same of a part of the picture; the scale stays also where only the page's length gave it."""
        scale = max(self.width, self.height) * 72 / _A4_LENGTH_PT
        return replace(self, width=size[0], height=size[1], dpi=self.dpi or (scale, scale))


def add_jpeg(pdf: Pdf, data: bytes, area: Area | None = None) -> None:
    """Add a page that holds a JPEG file byte by byte; its EXIF orientation becomes the page's ``/Rotate``.

    Args:
        area: the part of the upright picture that is wanted; its blocks go over as they are, or where that cannot be
            done its pixels, losslessly.

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
    if area is not None:
        part = crop_jpeg(data, area.stored(facts.orientation).pixels(facts.width, facts.height))
        if part is None:
            add_other(pdf, data, 1, area)
            return
        data, facts = part, facts.of_size(jpeg_size(part))
    image = _image(pdf, data, facts, space=_colour_space(pdf, components, facts.icc), bits=8, coding=Name.DCTDecode)
    if components == 4 and adobe:
        # Adobe programs store the inks inverted.
        image.Decode = Array([1, 0] * 4)
    _add_page(pdf, image, facts)


def add_other(pdf: Pdf, data: bytes, frame: int, area: Area | None = None) -> None:
    """Add a page that holds one frame of a PNG, TIFF or other picture file losslessly.

    Args:
        frame: page of the file, from 1.
        area: the part of the upright picture that is wanted.

    Raises:
        ValueError: there is no such frame, or its pixels are of a kind a PDF cannot hold.
    """
    with Image.open(io.BytesIO(data)) as picture:
        try:
            picture.seek(frame - 1)
        except EOFError as error:
            raise ValueError("no such page") from error
        facts = _facts(picture)
        png = data if picture.format == "PNG" and picture.mode in ("1", "L", "P", "RGB") else None
        if area is not None or png is None or "transparency" in picture.info or picture.info.get("interlace"):
            turns_itself = picture.format == "TIFF"
            picture.load()
            if turns_itself:
                # Pillow turns TIFF pixels upright while it loads them.
                facts = Facts(picture.width, picture.height, facts.dpi, 1, facts.icc)
            add_pixels(pdf, picture, facts, area)
            return
        image = _from_png(pdf, png, facts)
    _add_page(pdf, image, facts)


def add_pixels(pdf: Pdf, picture: Image.Image, facts: Facts, area: Area | None) -> None:
    """Add a page that holds decoded pixels losslessly.

    Args:
        picture: pixels as stored.
        area: the part of the upright picture that is wanted.

    Raises:
        ValueError: the pixels are of a kind a PDF cannot hold.
    """
    if area is not None:
        box = area.stored(facts.orientation).pixels(facts.width, facts.height)
        picture = picture.crop(box)
        facts = facts.of_size(picture.size)
    if picture.mode == "CMYK":
        pixels = zlib.compress(picture.tobytes(), 6)
        space = _colour_space(pdf, 4, facts.icc)
        image = _image(pdf, pixels, facts, space=space, bits=8, coding=Name.FlateDecode)
    else:
        image = _from_pixels(pdf, picture, facts)
    _add_page(pdf, image, facts)


def add_part(pdf: Pdf, source: Pdf, image: pikepdf.Object, jpeg: bytes, facts: Facts) -> None:
    """Add a page that holds part of a JPEG of another PDF, in the colours that the image's dictionary there says.

    Args:
        source: the PDF that the image belongs to.
        jpeg: the part of the image's data.
        facts: about the part.
    """
    part = _image(pdf, jpeg, facts, space=_copied(pdf, source, image.ColorSpace), bits=8, coding=Name.DCTDecode)
    for name in ("/Decode", "/DecodeParms"):
        if name in image:
            part[name] = _copied(pdf, source, image[name])
    _add_page(pdf, part, facts)


def _copied(pdf: Pdf, source: Pdf, value: pikepdf.Object) -> pikepdf.Object:
    if isinstance(value, Array | Dictionary | Stream):
        return pdf.copy_foreign(value if value.is_indirect else source.make_indirect(value))
    return value


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG in pixels as stored."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size


def _facts(picture: Image.Image) -> Facts:
    orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
    orientation = orientation if orientation in _ORIENTATIONS else 1
    stated = picture.info.get("dpi")
    dpi = None
    if stated is not None:
        low, high = _PLAUSIBLE_DPI
        across, down = float(stated[0]), float(stated[1])
        if low <= across <= high and low <= down <= high:
            dpi = (across, down)
    return Facts(picture.width, picture.height, dpi, orientation, picture.info.get("icc_profile"))


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
    pdf: Pdf, data: bytes, facts: Facts, *, space: pikepdf.Object, bits: int, coding: pikepdf.Object
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


def _from_png(pdf: Pdf, png: bytes, facts: Facts) -> pikepdf.Stream:
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


def _from_pixels(pdf: Pdf, picture: Image.Image, facts: Facts) -> pikepdf.Stream:
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
        plain = Facts(facts.width, facts.height, None, 1, None)
        image.SMask = pdf.make_indirect(_from_png(pdf, _png(mask), plain))
    return image


def _png(picture: Image.Image) -> bytes:
    packed = io.BytesIO()
    picture.copy().save(packed, format="PNG")
    return packed.getvalue()


def _add_page(pdf: Pdf, image: pikepdf.Stream, facts: Facts) -> None:
    if facts.dpi is not None:
        width, height = facts.width * 72 / facts.dpi[0], facts.height * 72 / facts.dpi[1]
    else:
        scale = _A4_LENGTH_PT / max(facts.width, facts.height)
        width, height = facts.width * scale, facts.height * scale
    width, height = round(width, 2), round(height, 2)
    turn, mirrored = _ORIENTATIONS[facts.orientation]
    matrix = f"{-width} 0 0 {height} {width} 0" if mirrored else f"{width} 0 0 {height} 0 0"
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, width, height]),
        Resources=Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(image))),
        Contents=pdf.make_indirect(Stream(pdf, f"q {matrix} cm /Im0 Do Q".encode("ascii"))),
    )
    if turn:
        page.Rotate = turn
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
