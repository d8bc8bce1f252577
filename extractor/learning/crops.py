"""Pictures of the handwritten lines of stored fields, cut out of the page pictures as they were when read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import cv2
import numpy as np

from extractor.batch.sources import load_sources
from extractor.errors import StoreError
from extractor.page_file import FOLDER, load_page_file, load_picture, page_stem
from extractor.readers.crops import cut_line
from extractor.scans.light import even_light
from extractor.scans.types import Image
from extractor.store import OpenField


def field_lines(
    out: Path, fields: Collection[OpenField], *, on_missing: Callable[[str, int], None] = lambda file, page: None
) -> Iterator[tuple[OpenField, list[Image]]]:
    """Each field with its lines, grey ``(h, w)``, page by page; blank lines too.

    Args:
        out: output folder of the run.
        fields: of the store of that run.
        on_missing: is told the pages whose picture or regions are missing or damaged; their fields are left out.
    """
    known = load_sources(out)
    pages: dict[tuple[str, int], list[OpenField]] = defaultdict(list)
    for field in fields:
        pages[field.record[0], field.record[1]].append(field)
    for (file, page), members in pages.items():
        try:
            if file not in known:
                raise StoreError(f"{file}: was read into another folder.")
            stem = page_stem(known[file].sha256, page)
            regions = load_page_file(out, stem).regions
            picture = load_picture(out, f"{FOLDER}/{stem}.jpg")
        except StoreError:
            on_missing(file, page)
            continue
        grey = even_light(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8))
        for field in members:
            yield field, [cut_line(grey, polygon) for polygon in regions.get((field.record[2], field.code), [])]
