"""Which books of an output folder a reader learned from: nothing can be proved of it on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from extractor.batch.storage import LEARNING
from extractor.learning.choosing import books_of, page_files
from extractor.learning.cutting import UnusablePageError, all_lines, open_page
from extractor.learning.naming import book_names
from extractor.learning.pseudonyms import KEY_FILE
from extractor.learning.training_record import TrainingRecord, pixel_digest_of
from extractor.store import Store

_LOOKED_AT = 5
"""Pages of a book whose lines are held against those that were learned from."""


def learned_books(store: Store, out: Path, record: TrainingRecord) -> frozenset[int]:
    """Numbers of the books of which lines trained a reader, chose its weights or fitted its confidences.

    They are known by the names that they have in the folder's sets. Of the others, a few pages each are looked at for
    lines that were learned from: the same scan may have been read into a folder with another key.

    Args:
        out: output folder of the store.
        record: what the reader learned from.

    Raises:
        LineSetError: the folder's key cannot be read.
    """
    if not record.sets:
        return frozenset()
    books = books_of(store)
    found: set[int] = set()
    if (out / LEARNING / KEY_FILE).exists():
        for number, names in book_names(out, books, None).items():
            if names.book in record.books or names.hand in record.hands:
                found.add(number)
    for book in books:
        if book.id not in found and _has_learned_lines(out, page_files(store, book.id), record.pixels):
            found.add(book.id)
    return frozenset(found)


def _has_learned_lines(out: Path, pages: Sequence[tuple[str, str, str]], pixels: frozenset[str]) -> bool:
    count = min(_LOOKED_AT, len(pages))
    for image, sha256, version in (pages[number * len(pages) // count] for number in range(count)):
        try:
            page = open_page(out, image, sha256, version)
        except UnusablePageError:
            continue  # without its picture it was not learned from either
        if any(pixel_digest_of(line) in pixels for key in page.kept.regions for line in all_lines(page, *key)):
            return True
    return False
