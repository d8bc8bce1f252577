"""Crops of the pages for the tracking list: as files beside the workbook, and small in its cells."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from extractor.errors import ImageError
from extractor.exports.findings import RecordId
from extractor.records import Box
from extractor.review.pictures import Pictures
from extractor.store import PageImage

FOLDER = "pictures"


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture of a field: its name in the folder, its bytes (JPEG) and its size in pixels."""

    name: str
    content: bytes
    width: int
    height: int


class CropMaker:
    """Cuts fields out of the run's page pictures.

    Args:
        out: output folder of the run.
        pages: picture of the page of each record.
        boxes: where each field lies, by record and field code.
    """

    def __init__(
        self, out: Path, pages: Mapping[RecordId, PageImage], boxes: Mapping[tuple[RecordId, str], Box]
    ) -> None:
        self._pictures = Pictures(out)
        self._pages, self._boxes = pages, boxes
        self._made: set[str] = set()
        self.folder = out / "reconciliation" / FOLDER

    def crop(self, record: RecordId, code: str) -> Crop | None:
        """The field as it stands on the page, written to the folder; none where its place or its page is not known."""
        page, box = self._pages.get(record), self._boxes.get((record, code))
        if page is None or box is None:
            return None
        try:
            content = self._pictures.crop(page, box)
        except ImageError:
            return None
        with Image.open(io.BytesIO(content)) as opened:
            shown = opened.convert("RGB")
        packed = io.BytesIO()
        shown.save(packed, "JPEG", quality=80)
        name = hashlib.sha256(repr((record, code)).encode()).hexdigest()[:20] + ".jpg"
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        if not path.exists() or path.read_bytes() != packed.getvalue():
            part = path.with_name(name + ".part")
            part.write_bytes(packed.getvalue())
            part.replace(path)
        self._made.add(name)
        return Crop(name, packed.getvalue(), shown.width, shown.height)

    def tidy(self) -> None:
        """Take away pictures of former runs that nothing points to any more."""
        if self.folder.is_dir():
            for path in self.folder.glob("*.jpg"):
                if path.name not in self._made:
                    path.unlink()
