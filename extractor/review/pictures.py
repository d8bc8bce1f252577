"""Cut fields out of page pictures, sharp and small enough for a weak network."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from extractor.errors import ImageError
from extractor.records import Box
from extractor.store import PageImage

MAX_CROP_WIDTH = 1600
_DECODED_PAGES = 3
_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle as shares of a picture's width and height, 0 to 1."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class CropPlan:
    """Where to cut, in pixels of the stored picture, and where the field lies in the cut-out."""

    area: tuple[int, int, int, int]
    """Left, top, right, bottom."""
    frame: Frame

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the cut-out before any scaling."""
        left, top, right, bottom = self.area
        return right - left, bottom - top


class Pictures:
    """Page pictures below the output folder; the last few stay decoded. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._decoded: OrderedDict[Path, Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, relative: str) -> Path:
        """Path of a stored picture.

        Raises:
            ImageError: there is none, or the name leads out of the output folder.
        """
        path = (self._folder / relative).resolve()
        if not relative or not path.is_relative_to(self._folder) or not path.is_file():
            raise ImageError("The picture of the page is not in the output folder.")
        return path

    def size(self, picture: PageImage) -> tuple[int, int]:
        """Width and height of the stored picture in pixels.

        Raises:
            ImageError: there is no such picture, or it cannot be read.
        """
        path = self.path(picture.image)
        with self._lock:
            if path in self._decoded:
                return self._decoded[path].size
        try:
            with Image.open(path) as opened:
                return opened.size
        except (OSError, UnidentifiedImageError) as error:
            raise ImageError("The picture of the page cannot be read.") from error

    def frame(self, picture: PageImage, box: Box) -> Frame:
        """Where a field lies on the whole picture."""
        width, height = self.size(picture)
        left, top, right, bottom = _clip(to_picture(picture, box, (width, height)), (width, height))
        return Frame(left / width, top / height, (right - left) / width, (bottom - top) / height)

    def plan(self, picture: PageImage, box: Box) -> CropPlan:
        """What to cut out so that the field is seen with a little of what is around it."""
        size = self.size(picture)
        field = _clip(to_picture(picture, box, size), size)
        width, height = field[2] - field[0], field[3] - field[1]
        # A column of tick boxes is narrow: what each of them means stands beside it.
        aside, above = max(24.0, 0.06 * width, height - width), max(18.0, min(0.55 * height, 70.0))
        left, top, right, bottom = _clip((field[0] - aside, field[1] - above, field[2] + aside, field[3] + above), size)
        area = (int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom)))
        wide, high = area[2] - area[0], area[3] - area[1]
        frame = Frame((field[0] - area[0]) / wide, (field[1] - area[1]) / high, width / wide, height / high)
        return CropPlan(area, frame)

    def crop(self, picture: PageImage, box: Box, *, media_type: str = "image/webp") -> bytes:
        """The cut-out as WebP, or as JPEG for programs that do not read that.

        Raises:
            ImageError: there is no such picture, or it cannot be read.
        """
        plan = self.plan(picture, box)
        cut = self._page(self.path(picture.image)).crop(plan.area)
        if cut.width > MAX_CROP_WIDTH:
            cut = cut.resize((MAX_CROP_WIDTH, max(1, round(cut.height * MAX_CROP_WIDTH / cut.width))))
        return _webp(cut) if media_type == "image/webp" else _jpeg(cut)

    def small(self, relative: str, width: int) -> bytes:
        """A stored picture, no wider than ``width`` pixels, as WebP.

        Raises:
            ImageError: there is no such picture, or it cannot be read.
        """
        try:
            with Image.open(self.path(relative)) as opened:
                opened.draft("RGB", (width, width))
                shown = opened.convert("RGB")
        except (OSError, UnidentifiedImageError) as error:
            raise ImageError("The picture of the page cannot be read.") from error
        if shown.width > width:
            shown = shown.resize((width, max(1, round(shown.height * width / shown.width))))
        return _webp(shown)

    def _page(self, path: Path) -> Image.Image:
        with self._lock:
            if path in self._decoded:
                self._decoded.move_to_end(path)
                return self._decoded[path]
        try:
            with Image.open(path) as opened:
                opened.load()
                page = opened if opened.mode == "RGB" else opened.convert("RGB")  # which copies, also RGB
        except (OSError, UnidentifiedImageError) as error:
            raise ImageError("The picture of the page cannot be read.") from error
        with self._lock:
            self._decoded[path] = page
            while len(self._decoded) > _DECODED_PAGES:
                self._decoded.popitem(last=False)
        return page


def to_picture(picture: PageImage, box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a box given in source pixels, in pixels of the stored picture."""
    corners = np.array(
        [[box.x, box.y, 1], [box.right, box.y, 1], [box.right, box.bottom, 1], [box.x, box.bottom, 1]], dtype=float
    )
    if picture.image_to_source is None:
        scale = np.array([size[0] / picture.width, size[1] / picture.height])
        points = corners[:, :2] * scale
    else:
        mapped = corners @ np.linalg.inv(np.array(picture.image_to_source).reshape(3, 3)).T
        points = mapped[:, :2] / mapped[:, 2:]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _clip(area: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The part of an area that lies on the picture, at least one pixel wide and high."""
    left, top = min(max(area[0], 0.0), size[0] - 1.0), min(max(area[1], 0.0), size[1] - 1.0)
    return left, top, max(left + 1.0, min(area[2], size[0])), max(top + 1.0, min(area[3], size[1]))


def _webp(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=_QUALITY, method=2)
    return content.getvalue()


def _jpeg(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY)
    return content.getvalue()
