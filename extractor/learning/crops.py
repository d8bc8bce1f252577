"""Pictures of the handwritten lines of stored fields, cut out of the page pictures as they were when read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from extractor.batch.sources import load_sources
from extractor.errors import StoreError
from extractor.learning.cutting import all_lines, open_read_page
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
            opened = open_read_page(out, known[file], page)
        except StoreError:
            on_missing(file, page)
            continue
        for field in members:
            yield field, all_lines(opened, field.record[2], field.code)
