"""Find the scan in a PDF page that is nothing but one picture."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

import numpy as np
import pikepdf
from numpy.typing import NDArray

# Drawing state and marks that put nothing on the page.
_SILENT = frozenset(
    (
        *(
            "w",
            "J",
            "j",
            "M",
            "d",
            "ri",
            "i",
            "gs",
            "CS",
            "cs",
            "SC",
            "sc",
            "SCN",
            "scn",
            "G",
            "g",
            "RG",
            "rg",
            "K",
            "k",
        ),
        *("BT", "ET", "Td", "TD", "Tm", "T*", "Tc", "Tw", "Tz", "TL", "Tf", "Ts"),
        *("MP", "DP", "BMC", "BDC", "EMC", "BX", "EX"),
        *("n", "m", "l", "c", "v", "y", "h"),
    )
)
_TEXT = frozenset(["Tj", "TJ", "'", '"'])
_CLIPS = frozenset(["W", "W*"])
_INVISIBLE = 3
_CONTENT_LIMIT = 4 * 1024 * 1024
# How far an image's edge may lie from the page's, as a share of the page.
_EDGE = 0.02

_Affine = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PageBox:
    """The visible box of a page in points, and how the page is turned.

    Args:
        left, bottom, width, height: the crop box inside the media box, default user space.
        rotate: clockwise turn in degrees for viewing: 0, 90, 180 or 270.
        unit: size of one user-space unit in points.
    """

    left: float
    bottom: float
    width: float
    height: float
    rotate: int
    unit: float


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """The single image of a page.

    Args:
        name: its name in the page's resources.
        width, height: in pixels.
        matrix: maps the image's unit square (origin at its lower left corner) to user space; ``(3, 3)``, rows vectors
            ``(x, y, 1)`` multiplied from the left as PDF does.
    """

    name: str
    width: int
    height: int
    matrix: _Affine

    @property
    def resolution(self) -> float:
        """Pixels for each user-space unit, the finer of both directions."""
        across = math.hypot(self.matrix[0, 0], self.matrix[0, 1])
        up = math.hypot(self.matrix[1, 0], self.matrix[1, 1])
        return max(self.width / max(across, 1e-6), self.height / max(up, 1e-6))


def page_box(page: pikepdf.Page) -> PageBox:
    """The visible box of a page.

    Raises:
        ValueError: the box is damaged or empty.
    """
    media = _rectangle(page.mediabox)
    crop = _rectangle(page.cropbox)
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if right - left <= 0 or top - bottom <= 0:
        left, bottom, right, top = media
    width, height = right - left, top - bottom
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise ValueError("empty page box")
    rotate = int(page.obj.get("/Rotate", 0)) % 360
    return PageBox(left, bottom, width, height, rotate - rotate % 90, float(page.obj.get("/UserUnit", 1.0)))


def _rectangle(array: pikepdf.Array) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in array)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def page_images(page: pikepdf.Page) -> dict[str, pikepdf.Object]:
    """The images a page refers to directly, by their names in its resources; what is none, or missing, is left out."""
    objects = page.obj.get("/Resources", pikepdf.Dictionary()).get("/XObject", pikepdf.Dictionary())
    found = {name: item for name, item in objects.items() if isinstance(item, pikepdf.Stream)}
    return {name: item for name, item in found.items() if str(item.get("/Subtype")) == "/Image"}


def image_size(image: pikepdf.Object) -> tuple[int, int]:
    """Width and height in pixels, as the image's dictionary states them."""
    return int(image.get("/Width", 0)), int(image.get("/Height", 0))


def single_image(pdf: pikepdf.Pdf, page: pikepdf.Page) -> PlacedImage | None:
    """The image that makes up the whole page, or none where the page shows anything else.

    Invisible text, as OCR programs lay over a scan, is nothing shown. The image must fill the page's visible box to
    within two per cent on each side and stand square on it (turned by quarter turns or mirrored at most).

    Raises:
        pikepdf.PdfError: the page's content cannot be parsed.
    """
    content = _content(page)
    if content is None:
        return None
    placed: tuple[str, _Affine] | None = None
    matrix, stack = np.eye(3), []
    mode, modes = 0, []
    box, path = page_box(page), None
    for instruction in pikepdf.parse_content_stream(pikepdf.Stream(pdf, content)):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "q":
            stack.append(matrix)
            modes.append(mode)
        elif operator == "Q":
            if stack:
                matrix, mode = stack.pop(), modes.pop()
        elif operator == "cm":
            a, b, c, d, e, f = (float(value) for value in operands)
            matrix = np.array([[a, b, 0.0], [c, d, 0.0], [e, f, 1.0]]) @ matrix
        elif operator == "re":
            x, y, width, height = (float(value) for value in operands)
            path = np.array([[x, y, 1.0], [x + width, y + height, 1.0]]) @ matrix
        elif operator in _CLIPS:
            if path is None or not _fills(path[:, :2], box):
                return None
        elif operator == "Tr":
            mode = int(operands[0])
        elif operator == "Do":
            if placed is not None:
                return None
            placed = (str(operands[0]), matrix)
        elif operator in _TEXT:
            if mode != _INVISIBLE:
                return None
        elif operator not in _SILENT:
            return None
    if placed is None:
        return None
    return _whole_page(page, box, *placed)


def _content(page: pikepdf.Page) -> bytes | None:
    """The page's content, or none where it is larger than a scan's content ever is (or packed unusually)."""
    contents = page.obj.get("/Contents")
    if contents is None:
        return None
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    parts: list[bytes] = []
    left = _CONTENT_LIMIT
    for stream in streams:
        data = flat_bytes(stream, left)
        if data is None:
            return None
        left -= len(data)
        parts.append(data)
    return b"\n".join(parts)


def flat_bytes(stream: pikepdf.Object, limit: int) -> bytes | None:
    """Unpack a plain or deflated stream to at most ``limit`` bytes; none where it is longer or packed otherwise."""
    filters = stream.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)] if filters else []
    raw = stream.read_raw_bytes()
    if not names:
        return raw if len(raw) <= limit else None
    if names != ["/FlateDecode"] or "/DecodeParms" in stream:
        return None
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(raw, limit + 1)
    except zlib.error:
        return None
    return data if len(data) <= limit else None


def _whole_page(page: pikepdf.Page, box: PageBox, name: str, matrix: _Affine) -> PlacedImage | None:
    image = page_images(page).get(name)
    if image is None or any(key in image for key in ("/SMask", "/Mask", "/OC")) or bool(image.get("/ImageMask", False)):
        return None
    turned = abs(matrix[0, 0]) < abs(matrix[0, 1])
    stray = (matrix[0, 0], matrix[1, 1]) if turned else (matrix[0, 1], matrix[1, 0])
    if max(abs(value) for value in stray) > 1e-3 * max(box.width, box.height):
        return None
    corners = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]) @ matrix
    low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    # Larger than the page hides a rim, smaller shows bare paper: both are rendered, so that what is seen is taken.
    if not _fills(np.array([low, high]), box) or not _fills(np.array([low, high]), box, inside=True):
        return None
    return PlacedImage(name, *image_size(image), matrix)


def _fills(corners: _Affine, box: PageBox, *, inside: bool = False) -> bool:
    """Whether a rectangle, given by two corners, covers the box (or lies inside it), give or take the tolerance."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    start, size = np.array([box.left, box.bottom]), np.array([box.width, box.height])
    sign = -1.0 if inside else 1.0
    slack = _EDGE * size
    return bool((sign * (low - start) <= slack).all() and (sign * (start + size - high) <= slack).all())


def exif_turn(matrix: _Affine, rotate: int) -> int:
    """The EXIF orientation that brings an image placed by ``matrix`` on a page turned by ``rotate`` upright.

    Args:
        matrix: as in :class:`PlacedImage`, square on the page.
        rotate: the page's clockwise turn, a multiple of 90.
    """
    # Directions of the image's columns (to the right) and rows (downwards) in view space, x right and y down.
    right = np.array([matrix[0, 0], -matrix[0, 1]])
    down = np.array([-matrix[1, 0], matrix[1, 1]])
    for _ in range(rotate // 90):
        right, down = (np.array([-vector[1], vector[0]]) for vector in (right, down))
    if abs(right[0]) >= abs(right[1]):
        return {(True, True): 1, (False, True): 2, (False, False): 3, (True, False): 4}[right[0] > 0, down[1] > 0]
    # Columns run vertically: the picture is transposed, then perhaps mirrored.
    return {(True, True): 5, (False, True): 6, (False, False): 7, (True, False): 8}[down[0] > 0, right[1] > 0]
