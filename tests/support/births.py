"""A page of the sample book as a run leaves it: a cleaned picture, for tests that lay forms over pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def _picture() -> bytes:
    import cv2

    from extractor.scans import clean_page, list_sources, page_refs

    (source,) = list_sources([ROOT / "sample_book" / "KS.2017.01.pdf"], on_set_aside=lambda _: None)
    page = clean_page(next(iter(page_refs(source))).load())
    _, data = cv2.imencode(".jpg", page.image, [cv2.IMWRITE_JPEG_QUALITY, 82])
    return data.tobytes()


def put_births(out: Path, count: int) -> None:
    """Let the first pages of an output folder show the first page of the sample book."""
    for number in range(1, count + 1):
        (out / "pages" / f"{number}.jpg").write_bytes(_picture())
