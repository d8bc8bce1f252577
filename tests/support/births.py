"""Pages of the sample book as a run leaves them: cleaned pictures, for tests that lay forms over pages."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def _pictures(count: int) -> tuple[bytes, ...]:
    import cv2

    from extractor.scans import clean_page, list_sources, page_refs

    (source,) = list_sources([ROOT / "sample_book" / "KS.2017.01.pdf"], on_set_aside=lambda _: None)
    made = []
    for ref in itertools.islice(page_refs(source, render_dpi=200), count):
        _, data = cv2.imencode(".jpg", clean_page(ref.load()).image, [cv2.IMWRITE_JPEG_QUALITY, 82])
        made.append(data.tobytes())
    return tuple(made)


def put_births(out: Path, count: int) -> None:
    """Let the first pages of an output folder show pages of the sample book."""
    for number, picture in enumerate(_pictures(count), start=1):
        (out / "pages" / f"{number}.jpg").write_bytes(picture)
