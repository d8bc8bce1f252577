"""Picture files: JPEG, PNG and TIFF frames, checked by their headers and decoded to BGR."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, ImageOps
from PIL import Image as PillowImage

from extractor.errors import EmptyInputError, LimitExceededError, TruncatedInputError
from extractor.scans.kinds import FileKind
from extractor.scans.limits import Limits
from extractor.scans.types import Image

# What Pillow's parsers raise for damaged content, besides OSError.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)

_FORMATS = {FileKind.JPEG: ("JPEG", "MPO"), FileKind.PNG: ("PNG",), FileKind.TIFF: ("TIFF",)}
_MEND = "Scan or copy the file again."
# Restart strips and rows of blocks are 8 or 16 pixels high; decoders fill those that never came with mid-grey.
_FILL_ROWS = 8
_FILL_GREY = 128


def check_size(file: str, width: int, height: int, limits: Limits) -> None:
    """Check the size of a page that has not been decoded yet.

    Raises:
        LimitExceededError: more pixels than allowed, or too few to hold text.
    """
    if width * height > limits.megapixels * 1e6:
        raise LimitExceededError(
            file,
            f"a page of {width} x {height} pixels is above the limit of {limits.megapixels:g} megapixels.",
            mend="Scan at 300 dpi, or raise the limit.",
        )
    if min(width, height) < limits.min_side:
        raise LimitExceededError(
            file, f"a page of {width} x {height} pixels is too small to hold text.", mend="Scan at 300 dpi."
        )


@contextmanager
def _opened(stream: BinaryIO, file: str, kind: FileKind) -> Iterator[PillowImage.Image]:
    """Open a picture by its header; every failure inside the block becomes an input error."""
    try:
        with warnings.catch_warnings():
            # Sizes are checked against our own limits.
            warnings.simplefilter("ignore")
            with PillowImage.open(stream, formats=_FORMATS[kind]) as picture:
                yield picture
    except PillowImage.DecompressionBombError as error:
        raise LimitExceededError(file, "a page has absurd dimensions.", mend="Scan at 300 dpi.") from error
    except DECODE_ERRORS as error:
        raise TruncatedInputError(file, "the picture is damaged or ends early.", mend=_MEND) from error


def count_frames(stream: BinaryIO, file: str, kind: FileKind, limits: Limits) -> int:
    """Count the pages of a picture file and check the size of each, reading headers only.

    Raises:
        InputError: damaged, too many pages, or a page outside the limits.
    """
    with _opened(stream, file, kind) as picture:
        if kind is not FileKind.TIFF:
            check_size(file, picture.width, picture.height, limits)
            return 1
        frames = 0
        while True:
            try:
                picture.seek(frames)
            except EOFError:
                break
            check_size(file, picture.width, picture.height, limits)
            frames += 1
            if frames > limits.pages:
                raise LimitExceededError(file, f"holds more than {limits.pages} pages.", mend="Split the file.")
    if frames == 0:
        raise EmptyInputError(file, "the file holds no pages.", mend=_MEND)
    return frames


def decode_frame(stream: BinaryIO, file: str, kind: FileKind, frame: int, limits: Limits) -> tuple[Image, float | None]:
    """Decode one page of a picture file, upright as its orientation tag says.

    Args:
        frame: number of the page in the file, from 0.

    Returns:
        BGR pixels and the resolution the file states, if any.

    Raises:
        InputError: damaged, ends early, or outside the limits.
    """
    with _opened(stream, file, kind) as picture:
        picture.seek(frame)
        check_size(file, picture.width, picture.height, limits)
        dpi = _stated_dpi(picture)
        if kind is FileKind.JPEG and picture.mode in ("L", "RGB"):
            orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
            stream.seek(0)
            return orient(decode_jpeg(stream.read(), file), int(orientation)), dpi
        picture.load()
        # Pillow turns a TIFF by its tag while loading it.
        upright = picture if kind is FileKind.TIFF else ImageOps.exif_transpose(picture)
        return to_bgr(upright), dpi


def decode_jpeg(data: bytes, file: str) -> Image:
    """Decode a grey or YCbCr JPEG as stored, without turning it.

    Decoders fill what is missing of a JPEG with grey and do not complain, so the end of the data is looked for and the
    last rows are looked at.

    Raises:
        TruncatedInputError: the data are damaged or end early.
    """
    scan = data.find(b"\xff\xda")
    if scan < 0 or data.rfind(b"\xff\xd9") < scan:
        raise TruncatedInputError(file, "the JPEG ends early.", mend=_MEND)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise TruncatedInputError(file, "the JPEG is damaged.", mend=_MEND)
    if image.shape[0] > 2 * _FILL_ROWS and bool((image[-_FILL_ROWS:] == _FILL_GREY).all()):
        raise TruncatedInputError(file, "the JPEG's last rows are missing.", mend=_MEND)
    return np.asarray(image, np.uint8)


def jpeg_mode(stream: BinaryIO, file: str) -> str:
    """Pillow's name for a JPEG's pixel layout (``L``, ``RGB``, ``CMYK``), from its header.

    Raises:
        TruncatedInputError: the header is damaged.
    """
    with _opened(stream, file, FileKind.JPEG) as picture:
        return picture.mode


def orient(image: Image, orientation: int) -> Image:
    """Turn pixels as an EXIF orientation 1 to 8 asks; other numbers leave them alone."""
    if orientation in (5, 6, 7, 8):
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def to_bgr(picture: PillowImage.Image) -> Image:
    """Bring any Pillow mode to BGR; what is transparent becomes white, deep greys keep their upper eight bits."""
    if picture.mode.startswith("I") or picture.mode == "F":
        grey = _shallow(np.asarray(picture))
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        paper = PillowImage.new("RGBA", layered.size, (255, 255, 255, 255))
        picture = PillowImage.alpha_composite(paper, layered)
    rgb = np.asarray(picture.convert("RGB"))
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _shallow(deep: NDArray[np.generic]) -> Image:
    """Bring grey levels of 16 or 32 bits, or reals, to 8 bits."""
    levels = np.nan_to_num(deep.astype(np.float64))
    top = float(levels.max(initial=0.0))
    # The file's stated depth is lost by now: 12-bit scanners store their levels in 16 bits.
    for full in (1.0, 255.0, 4095.0, 65535.0):
        if top <= full and (full > 1.0 or deep.dtype.kind == "f"):
            break
    else:
        full = top
    return np.asarray(np.clip(levels * (255.0 / full), 0, 255).round(), np.uint8)


def _stated_dpi(picture: PillowImage.Image) -> float | None:
    stated = picture.info.get("dpi")
    if not stated:
        return None
    try:
        horizontal, vertical = float(stated[0]), float(stated[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    # Different resolutions along the two sides (fax) are no single number.
    if not 1.0 < horizontal < 10_000.0 or abs(horizontal - vertical) > 0.02 * horizontal:
        return None
    return horizontal
