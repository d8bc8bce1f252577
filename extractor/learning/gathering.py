"""Gather the lines of a set out of a store: page by page the crops of what people decided, with their texts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from extractor.learning.choosing import DecidedText, PageTexts, page_count, texts_of_book
from extractor.learning.cutting import OpenPage, UnusablePageError, WrittenLines, open_page, to_png, written_lines
from extractor.learning.line_set import LONGEST, PICTURES, LearningLine, Part
from extractor.learning.line_texts import is_all_of, may_be, words_of_lines
from extractor.learning.naming import BookNames
from extractor.learning.parts import Assigned
from extractor.readers import Reader
from extractor.scans.types import Image
from extractor.store import Store


@dataclass(slots=True)
class Gathering:
    """Lines on their way into a set.

    Args:
        out: output folder with the pages' pictures.
        names: names of the books by their number in the store.
        assigned: parts of the books by their names.
        withheld: kinds of fields that are left out.
        earlier: parts of pictures in earlier sets, by their hashes.
        reader: gives what reads the lines of a value that has several.
        on_note: is told of pages that cannot be used.
        left_out: counts fields that are left out, by reason.
        readers: digests of the readers that proposed texts.
        seen: hashes of the pictures so far.
    """

    out: Path
    names: Mapping[int, BookNames]
    assigned: Assigned
    withheld: frozenset[str]
    earlier: Mapping[str, Part]
    reader: Callable[[], Reader]
    on_note: Callable[[str], None]
    left_out: Counter[str] = field(default_factory=Counter)
    readers: set[str] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)


def gathered(
    store: Store, work: Gathering, on_progress: Callable[[int, int], None]
) -> Iterator[tuple[LearningLine, bytes]]:
    """All lines with their pictures, book by book and page by page."""
    total, done = page_count(store), 0
    on_progress(done, total)
    for summary in store.books():
        for page in texts_of_book(store, summary.id, work.withheld, work.left_out):
            if page.fields:
                yield from _lines_of_page(summary.id, page, work)
            done += 1
            on_progress(done, max(done, total))


def _lines_of_page(book_id: int, page: PageTexts, work: Gathering) -> Iterator[tuple[LearningLine, bytes]]:
    names = work.names.get(book_id)
    part = work.assigned.of_books.get(names.book) if names else None
    if names is None or part is None:
        # A book of which people decided the first field since the parts were given waits for the next set.
        work.left_out["torn" if names and names.book in work.assigned.torn else "waiting"] += len(page.fields)
        return
    try:
        opened = open_page(work.out, page.image, page.sha256, page.pipeline_version)
    except UnusablePageError as error:
        work.left_out[error.why] += len(page.fields)
        work.on_note(str(error))
        return
    for text, crop, words, proposal in _told_apart(page, opened, work):
        key = (text.record, text.code)
        content = to_png(crop)
        digest = hashlib.sha256(content)
        name = digest.hexdigest()
        if digest.digest() in work.seen:
            work.left_out["twice"] += 1
        elif work.earlier.get(name, part) != part:
            work.left_out["other_part_before"] += 1
        else:
            work.seen.add(digest.digest())
            evidence = opened.kept.evidence.get(key)
            line = LearningLine(
                picture=f"{PICTURES}/{name[:2]}/{name}.png",
                sha256=name,
                text=words,
                proposal=proposal[:LONGEST],
                kind=text.kind,
                form=text.form,
                stratum=evidence.source if evidence else "",
                book=names.book,
                hand=names.hand,
                part=part,
            )
            yield line, content


def _told_apart(page: PageTexts, opened: OpenPage, work: Gathering) -> Iterator[tuple[DecidedText, Image, str, str]]:
    """Each line of a page that can be learnt from: its field, picture, text, and what a reader made of it."""
    several: list[tuple[DecidedText, WrittenLines]] = []
    for text in page.fields:
        key = (text.record, text.code)
        lines, known = written_lines(opened, *key), opened.kept.readings.get(key)
        if not lines.crops:
            work.left_out["no_ink" if key in opened.kept.regions else "no_places"] += 1
        elif lines.doubtful and not (len(lines.crops) == 1 and known and is_all_of(text.text, known.raw)):
            work.left_out["lines_unclear"] += 1
        elif len(lines.crops) > 1:
            several.append((text, lines))
        elif known is not None and not may_be(text.text, known.raw):
            work.left_out["elsewhere"] += 1
        elif len(text.text) > LONGEST:
            work.left_out["too_long"] += 1
        else:
            work.readers |= {text.reader} if text.reader and known else set()
            yield text, lines.crops[0], text.text, known.raw if known else ""
    if not several:
        return
    reader = work.reader()
    readings = iter(reader.read([crop for _, lines in several for crop in lines.crops]))
    for text, lines in several:
        read = [next(readings).text for _ in lines.crops]
        parts = words_of_lines(text.text, read)
        if not parts:
            work.left_out["lines_unclear"] += 1
        elif any(len(part) > LONGEST for part in parts):
            work.left_out["too_long"] += 1
        else:
            work.readers.add(reader.version)
            for crop, part, proposal in zip(lines.crops, parts, read, strict=True):
                yield text, crop, part, proposal
