"""Adapt the reader to the hands of an output folder's books, and read what is still open in them anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from extractor.batch.hands import HandIndex, KnownHand, PageHand, read_index, write_index
from extractor.batch.rereading import reread
from extractor.batch.run import only_run
from extractor.batch.sources import KnownSource, load_sources
from extractor.batch.storage import open_store
from extractor.confidence import Certificate
from extractor.errors import StoreError
from extractor.learning.book_lines import BookLines, lines_of_book
from extractor.learning.hand_reader import HandLearner
from extractor.page_file import load_page_file, page_stem
from extractor.readers.handwriting import ADAPTED_FOLDER
from extractor.records import Decision, Record, book_label, find_book
from extractor.scans import HandOfPage
from extractor.store import BookSummary, Store

LEAST_LINES = 10
"""Verified lines below which a book is left as it is, if nothing else is said."""

ALL = "all"
"""Instead of a book's name: every book of the folder."""

_Page = tuple[str, int]


@dataclass(frozen=True, slots=True)
class BookOutcome:
    """What became of a book.

    Args:
        id: its number in the store.
        book: its name, see :func:`extractor.records.book_label`.
        what: ``adapted``; ``current`` (nothing was decided or taken back since); ``few`` lines; ``no_gain`` (the check
            found none); ``nothing_open``; or ``forgotten``.
        lines: verified lines of its hand.
        open_fields: fields of handwriting that nobody has decided.
        pages: pages that were read anew.
        changed: open fields of which the proposal changed.
        loss_before: see :class:`extractor.learning.adapting.Adapted`.
        loss_after: likewise.
        seconds: that learning took.
    """

    id: int
    book: str
    what: str
    lines: int = 0
    open_fields: int = 0
    pages: int = 0
    changed: int = 0
    loss_before: float | None = None
    loss_after: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AdaptedBooks:
    """All that was done.

    Args:
        books: one for each book.
        pages: pages that were read anew, as :func:`extractor.batch.rereading.reread` tells them.
        set_aside: pages that could not be, likewise.
    """

    books: tuple[BookOutcome, ...]
    pages: tuple[Mapping[str, object], ...] = ()
    set_aside: tuple[Mapping[str, object], ...] = ()


def adapt_books(
    out: Path, database: str, templates: Sequence[Path], which: str, report: Callable[[int, int], None], *,
    least: int = LEAST_LINES, forget: bool = False, certificate: Certificate | None = None,
) -> AdaptedBooks:  # fmt: skip
    """Adapt the reader to each book's hand, and read the pages anew on which something is open.

    What people decided stays; only proposals of handwriting that nobody decided are replaced. A book of which
    decisions were taken back is learnt anew from the weights as shipped, and forgotten where too few lines are left.

    Args:
        which: name or number of a book, see :func:`extractor.records.find_book`, or :data:`ALL`.
        report: is told how many pages are done, of how many.
        least: verified lines below which a book is left as it is.
        forget: go back to the usual reader instead.
        certificate: as :func:`extractor.batch.rereading.reread` takes it.

    Raises:
        SettingsError: there is no such book, or the folder is in use.
        ModelError: the reader's model is not usable.
    """
    known, learner = load_sources(out), HandLearner(out / ADAPTED_FOLDER)
    outcomes: list[BookOutcome] = []
    wanted: list[_Page] = []
    with only_run(out), open_store(out, database) as store:
        books = _chosen(store.books(), which)
        former = {book.id: _proposals(store.records(book.id)) for book in books}
        for book in books:
            found = lines_of_book(store, out, known, book.id)
            index = read_index(out)
            outcome, name = _learn(learner, index, book, found, least=least, forget=forget)
            hand = KnownHand(book=book.id, base=learner.base, lines=len(found.lines), decisions=found.decisions)
            keys = {page: f"{known[page[0]].sha256}:{page[1]}" for page in _pages(store, book, known)}
            index = _indexed(
                index, {name: hand} if name else {}, found, keys, anew=outcome.what in ("few", "forgotten")
            )
            write_index(out, index)
            pages = [page for page, key in keys.items() if _is_due(out, known, page, index.pages.get(key))]
            outcomes.append(replace(outcome, pages=len(pages)))
            wanted += pages
    result: dict[str, Any] = {"pages": [], "set_aside": []}
    if wanted:
        result = reread(out, database, templates, wanted, report, certificate=certificate)
    with open_store(out, database) as store:
        for place, outcome in enumerate(outcomes):
            now, before = _proposals(store.records(outcome.id)), former[outcome.id]
            changed = sum(before.get(key, text) != text for key, text in now.items())
            outcomes[place] = replace(outcome, changed=changed)
    return AdaptedBooks(tuple(outcomes), tuple(result["pages"]), tuple(result["set_aside"]))


def _chosen(books: Sequence[BookSummary], which: str) -> list[BookSummary]:
    if which == ALL:
        return list(books)
    number = find_book({book.id: book.key for book in books}, which, said=f"--book {which}")
    return [book for book in books if book.id == number]


def _learn(
    learner: HandLearner, index: HandIndex, book: BookSummary, found: BookLines, *, least: int, forget: bool
) -> tuple[BookOutcome, str]:
    """What becomes of a book, and the name of the adapted reader that it has from now on, or empty."""
    outcome = BookOutcome(book.id, book_label(book.id, book.key), "adapted", len(found.lines), found.open_count)
    if forget:
        return replace(outcome, what="forgotten"), ""
    if len(found.lines) < least:
        return replace(outcome, what="few"), ""
    current = index.of_book(book.id)
    if current and (index.hands[current].decisions, index.hands[current].base) == (found.decisions, learner.base):
        return replace(outcome, what="current"), current
    if not found.open:
        return replace(outcome, what="nothing_open"), ""
    started = time.monotonic()
    learnt = learner.learn(found)
    outcome = replace(
        outcome,
        loss_before=learnt.adapted.loss_before,
        loss_after=learnt.adapted.loss_after,
        seconds=time.monotonic() - started,
        what="adapted" if learnt.name else "no_gain",
    )
    return outcome, learnt.name


def _indexed(
    index: HandIndex, hand: Mapping[str, KnownHand], found: BookLines, keys: Mapping[_Page, str], *, anew: bool
) -> HandIndex:
    """The index with a book's adapted reader on those of its pages on which something is open.

    Args:
        hand: the reader by its name, or nothing.
        keys: of all pages of the book.
        anew: nothing of the book is to be read by a former adapted reader. Without it, that stays with the pages on
            which nothing is open, unless it rests on a decision that was taken back.
    """
    stay = {name for name, item in index.hands.items() if not anew and item.decisions <= found.decisions}
    entries = dict(index.pages)
    for page, key in keys.items():
        if page in found.open and hand:
            entries[key] = PageHand(hand=next(iter(hand)), fields=found.open[page])
        elif key in entries and (page in found.open or entries[key].hand not in stay):
            del entries[key]
    return HandIndex(hands={**index.hands, **hand}, pages=entries)


def _pages(store: Store, book: BookSummary, known: Mapping[str, KnownSource]) -> list[_Page]:
    """Pages with records of a book that were read into this folder."""
    found = dict.fromkeys((record.file, record.page) for record in store.records(book.id))
    return [page for page in found if page[0] in known]


def _is_due(out: Path, known: Mapping[str, KnownSource], page: _Page, given: PageHand | None) -> bool:
    """Whether another reader reads a page now than when it was read last."""
    hand = HandOfPage(given.hand, given.fields) if given else None
    try:
        kept = load_page_file(out, page_stem(known[page[0]].sha256, page[1]))
    except StoreError:
        return hand is not None
    return kept.hand != (hand.digest() if hand else "")


def _proposals(records: Iterable[Record]) -> dict[tuple[tuple[str, int, int], str], str]:
    """What stands in fields that nobody decided."""
    return {
        (record.key, code): value.raw
        for record in records
        for code, value in record.fields.items()
        if value.decision not in (Decision.CONFIRMED, Decision.CORRECTED)
    }
