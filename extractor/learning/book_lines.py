"""What people decided in a book, as labelled lines of its hand, and what they have not decided yet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.adapted_reading import ADAPTED
from extractor.batch.sources import KnownSource
from extractor.errors import StoreError
from extractor.field_reading import HANDWRITING
from extractor.learning.adapting import HandLine
from extractor.learning.cutting import OpenPage, open_read_page, written_lines
from extractor.learning.line_texts import may_be
from extractor.records import Decision, FieldState
from extractor.scans.types import Image
from extractor.store import DecidedField, Store

_HANDS = (HANDWRITING, ADAPTED)


@dataclass(frozen=True, slots=True)
class BookLines:
    """What is known of a book's hand.

    Args:
        lines: pictures of single handwritten lines with what people found there, in the order of the book.
        texts: all texts that people found in handwriting, those of several lines too.
        decisions: a digest of each of these decisions, hexadecimal.
        open: fields that nobody decided yet and that were read as handwriting: by page, record number and code.
    """

    lines: tuple[HandLine, ...]
    texts: tuple[str, ...]
    decisions: frozenset[str]
    open: Mapping[tuple[str, int], tuple[tuple[int, str], ...]]

    @property
    def open_count(self) -> int:
        """How many fields are open."""
        return sum(map(len, self.open.values()))


def lines_of_book(store: Store, out: Path, known: Mapping[str, KnownSource], book: int) -> BookLines:
    """Collect the lines of a book; a page whose picture or places are gone gives none.

    Args:
        known: sources of the folder.
        book: number of the book in the store.
    """
    by_page: dict[tuple[str, int], list[DecidedField]] = {}
    for item in store.decided_fields(book):
        written = item.final.state is FieldState.READ and item.final.raw.strip()
        if written and item.machine.reader in _HANDS and item.record[0] in known:
            by_page.setdefault(item.record[:2], []).append(item)
    lines: list[HandLine] = []
    texts: list[str] = []
    said: set[str] = set()
    for (file, page), items in by_page.items():
        kept = _page(out, known[file], page)
        for item in items:
            texts.append(item.final.raw)
            said.add(_digest([known[file].sha256, page, item.record[2], item.code, item.final.raw]))
            crop = _single_line(kept, item) if kept else None
            if crop is not None:
                lines.append(HandLine(crop, item.final.raw))
    return BookLines(tuple(lines), tuple(texts), frozenset(said), _open_fields(store, known, book))


def _digest(decision: list[object]) -> str:
    return hashlib.sha256(json.dumps(decision, ensure_ascii=False).encode()).hexdigest()[:16]


def _page(out: Path, source: KnownSource, page: int) -> OpenPage | None:
    try:
        return open_read_page(out, source, page)
    except StoreError:
        return None


def _single_line(page: OpenPage, item: DecidedField) -> Image | None:
    """The field's line as the reader saw it.

    None where there are or may be several, whose texts nobody keeps apart, and where what people found is nothing like
    what was read there, and so probably stands elsewhere.
    """
    written = written_lines(page, item.record[2], item.code)
    if len(written.crops) != 1 or written.doubtful:
        return None
    read = page.kept.readings.get((item.record[2], item.code))
    return written.crops[0] if read is None or may_be(item.final.raw, read.raw) else None


def _open_fields(
    store: Store, known: Mapping[str, KnownSource], book: int
) -> dict[tuple[str, int], tuple[tuple[int, str], ...]]:
    # What is re-keyed blind is the usual reader's to answer for, and stays.
    blind = {(item.record, item.code) for item in store.waiting_fields(book) if item.blind or item.disputed}
    found: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for record in store.records(book):
        if record.file not in known:
            continue
        for code, value in record.fields.items():
            if value.decision is Decision.REVIEW and value.reader in _HANDS and (record.key, code) not in blind:
                found.setdefault((record.file, record.page), []).append((record.record, code))
    return {page: tuple(sorted(fields)) for page, fields in found.items()}
