"""From an office's output folder to a set of lines: versioned, without a sign of which book or record they are from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

from extractor.errors import LineSetError
from extractor.field_reading import HANDWRITING
from extractor.learning.choosing import (
    REASONS,
    BookTexts,
    DecidedText,
    PageTexts,
    books_of,
    page_count,
    retired_fields,
    texts_of_book,
)
from extractor.learning.cutting import OpenPage, UnusablePageError, WrittenLines, open_page, to_png, written_lines
from extractor.learning.hands import read_hands
from extractor.learning.line_set import PICTURES, LearningLine, LineSet, LineSetWriter, Manifest, Part, read_line_set
from extractor.learning.line_texts import may_be, words_of_lines
from extractor.learning.parts import Assigned, assign, known_parts, read_parts, remember_parts
from extractor.learning.pseudonyms import Pseudonyms, load_or_make_key
from extractor.readers import Reader, get_reader
from extractor.scans.types import Image
from extractor.store import Store

AUDITED = "line_set_made"
"""Action of the events that vouch for sets given out."""

_LONGEST = 400
_Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ExportTerms:
    """What a set is made for, and of what.

    Args:
        purpose: what the lines may be used for.
        consent: on which decision or consent they are given out.
        by: who makes the set.
        made: date and time, ISO 8601.
        withheld: kinds of fields that are left out.
        hands: list of books and hands, or none where each book is its own hand.
        previous: folders of earlier sets whose parts are kept.
    """

    purpose: str
    consent: str
    by: str
    made: str
    withheld: frozenset[str] = frozenset()
    hands: Path | None = None
    previous: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class BookNames:
    """A book under the names it has in sets.

    Args:
        book: its name.
        hand: the name of its hand.
        links: names of all hands it was written by and of its pages, by which it hangs together with others.
    """

    book: str
    hand: str
    links: frozenset[str]


@dataclass(slots=True)
class _Work:
    """One export on its way."""

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


def export_line_set(
    store: Store,
    out: Path,
    folder: Path,
    terms: ExportTerms,
    *,
    reader: Callable[[], Reader] = lambda: get_reader(HANDWRITING),
    on_progress: _Progress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> LineSet:
    """Make a set of the lines that people decided.

    The same store, key, terms and reader give the same set. It is entered in the store's log before it stands in its
    place. A page that cannot be used is named and left out, the others go on.

    Args:
        store: the store of a run.
        out: the run's output folder, with the pictures; the key of the names and the parts are kept there.
        folder: of the set; must not exist yet.
        reader: gives what tells on which line words stand; asked only where a value has several lines.
        on_progress: is told of pages done and pages there are.
        on_note: is told of pages that cannot be used, a sentence each.

    Raises:
        LineSetError: the folder exists, an earlier set is of other books, or nothing can be learnt from.
        MissingInputError: the list of hands or an earlier set is missing.
        ModelError: the reader cannot be loaded.
    """
    with LineSetWriter(folder) as writer:
        books = books_of(store, terms.withheld)
        remembered = read_parts(out)
        names = book_names(out, books, terms.hands, expected=bool(remembered))
        earlier = [read_line_set(path, pictures=False) for path in terms.previous]
        _same_office(earlier, names)
        assigned = assign(
            [(one.book, other) for one in names.values() for other in (one.hand, *one.links)],
            {names[book.id].book: book.fields for book in books},
            known_parts(remembered, earlier),
            Pseudonyms(load_or_make_key(out)).lot,
        )
        before = {line.sha256: line.part for made in earlier for line in made.lines}
        work = _Work(out, names, assigned, terms.withheld, before, reader, on_note)
        work.left_out["retired"] = retired_fields(store)
        for line, picture in _lines(store, work, on_progress):
            writer.add(line, picture)
        left_out = {why: work.left_out[why] for why in REASONS if work.left_out[why]}
        if not writer.lines:
            raise LineSetError(f"{out}: there is nothing to learn from. {told(left_out)}", mend=_VERIFY)
        manifest = Manifest(
            made=terms.made,
            purpose=terms.purpose,
            consent=terms.consent,
            by=terms.by,
            withheld=tuple(sorted(terms.withheld)),
            left_out=left_out,
            readers=tuple(sorted(work.readers)),
        )

        def before_placing(made: LineSet) -> None:
            remember_parts(out, assigned.names)
            store.append_audit(actor=terms.by, action=AUDITED, subject=subject_of(made), content=vouched(made))

        return writer.finish(manifest, before_placing=before_placing)


_VERIFY = "Verify books whose pages were read into this folder."


def subject_of(made: LineSet) -> str:
    """What the log says an export is about."""
    return f"line_set:{made.manifest.version}"


def vouched(made: LineSet) -> dict[str, object]:
    """What the log vouches for of a set: its version, numbers and terms; no text of it."""
    manifest = made.manifest
    return {
        "version": manifest.version,
        "lines": made.counts,
        "left_out": manifest.left_out,
        "withheld": list(manifest.withheld),
        "purpose": manifest.purpose,
        "consent": manifest.consent,
    }


def told(left_out: Mapping[str, int]) -> str:
    """What was left out, in one sentence."""
    if not left_out:
        return "No field was left out."
    return "Fields that " + "; ".join(f"{REASONS.get(why, why)}: {count}" for why, count in left_out.items()) + "."


def book_names(
    out: Path, books: Sequence[BookTexts], hands: Path | None, *, expected: bool = False
) -> dict[int, BookNames]:
    """The names of books in the sets of an output folder, by their number in the store.

    Args:
        hands: list of books and hands, or none.
        expected: whether the folder gave out sets before, so that it must have its key.

    Raises:
        MissingInputError: the list of hands is missing.
        LineSetError: the list or the key cannot be used.
    """
    give = Pseudonyms(load_or_make_key(out, expected=expected)).name
    listed = read_hands(hands, {book.id: book.key for book in books}) if hands else {}
    found = {}
    for book in books:
        identity = astuple(book.key)
        named = sorted(give("hand", "named", hand) for hand in listed.get(book.id, ()))
        # Which of several clerks wrote a line nobody knows: the hand is then the book's own, and hangs on all of them.
        hand = named[0] if len(named) == 1 else give("hand", "own", *identity)
        pages = frozenset(give("page", sha256) for sha256 in book.pages)
        found[book.id] = BookNames(give("book", *identity), hand, pages.union(named))
    return found


def _same_office(earlier: Sequence[LineSet], names: Mapping[int, BookNames]) -> None:
    """Refuse an earlier set of which nothing is known here: its parts would be kept for nothing.

    Raises:
        LineSetError: neither a book nor a hand of it has the same name in this folder.
    """
    known = {name for one in names.values() for name in (one.book, one.hand, *one.links)}
    for made in earlier:
        if known.isdisjoint(name for line in made.lines for name in (line.book, line.hand)):
            raise LineSetError(
                f"{made.folder}: none of its books and hands has the same name in this folder.",
                mend="Put back the key that it was made with; where it is of another office, leave it out.",
            )


def _lines(store: Store, work: _Work, on_progress: _Progress) -> Iterator[tuple[LearningLine, bytes]]:
    """All lines with their pictures, book by book and page by page."""
    total, done = page_count(store), 0
    on_progress(done, total)
    for summary in store.books():
        for page in texts_of_book(store, summary.id, work.withheld, work.left_out):
            if page.fields:
                yield from _lines_of_page(summary.id, page, work)
            done += 1
            on_progress(done, max(done, total))


def _lines_of_page(book_id: int, page: PageTexts, work: _Work) -> Iterator[tuple[LearningLine, bytes]]:
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
                proposal=proposal[:_LONGEST],
                kind=text.kind,
                form=text.form,
                stratum=evidence.source if evidence else "",
                book=names.book,
                hand=names.hand,
                part=part,
            )
            yield line, content


def _told_apart(page: PageTexts, opened: OpenPage, work: _Work) -> Iterator[tuple[DecidedText, Image, str, str]]:
    """Each line of a page that can be learnt from: its field, picture, text, and what a reader made of it."""
    several: list[tuple[DecidedText, WrittenLines]] = []
    for text in page.fields:
        lines = written_lines(opened, text.record, text.code)
        if not lines.crops:
            located = (text.record, text.code) in opened.kept.regions
            work.left_out["no_ink" if located else "no_places"] += 1
        elif lines.doubtful:
            work.left_out["lines_unclear"] += 1
        elif len(lines.crops) > 1:
            several.append((text, lines))
        else:
            known = opened.kept.readings.get((text.record, text.code))
            if known is not None and not may_be(text.text, known.raw):
                work.left_out["elsewhere"] += 1
            elif len(text.text) > _LONGEST:
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
        elif any(len(part) > _LONGEST for part in parts):
            work.left_out["too_long"] += 1
        else:
            work.readers.add(reader.version)
            for crop, part, proposal in zip(lines.crops, parts, read, strict=True):
                yield text, crop, part, proposal
