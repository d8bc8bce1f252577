"""How far the books are, by place, register and book."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache

from sqlalchemy.orm import Session

from extractor.exports.naming import book_stem
from extractor.exports.profile import ExportProfile, load_profiles
from extractor.exports.reports.inventory import BookFacts
from extractor.exports.reports.words import texts
from extractor.records import BookKey
from extractor.review.board_settings import BoardSettings
from extractor.review.forecast import Forecast, forecast
from extractor.store import book_tallies
from extractor.store.activity import exports
from extractor.store.book_tallies import BookTally
from extractor.store.content import content_digest
from extractor.store.vietnam import VIETNAM


class Level(StrEnum):
    """By what books are put together."""

    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
    REGISTER = "register"
    BOOK = "book"


@dataclass(frozen=True, slots=True)
class BookState:
    """A book in numbers, and what became of it outside.

    Args:
        exported: day of its last export; none where it never was.
        changed: something in it was answered or read anew since.
        approved: a name stands under it as it is.
    """

    tally: BookTally
    exported: date | None = None
    changed: bool = False
    approved: bool = False

    @property
    def condition(self) -> int | None:
        """How good it is to read, as the inventory ranks it, 0 the best; none where nothing was read of it."""
        tally = self.tally
        facts = BookFacts(
            tally.key, tally.pages, fields=tally.fields, illegible=tally.illegible, bad_pages=tally.bad_pages
        )
        ranks = [condition["name"] for condition in texts()["conditions"]]
        return ranks.index(facts.condition) if facts.condition in ranks else None


@dataclass(frozen=True, slots=True)
class Line:
    """Books put together.

    Args:
        key: what they have in common, the larger place first; empty for a part that is not known.
        inventoried: paper books counted before scanning; none where nobody said.
        exported: books handed over and not changed since.
        changed: books handed over and changed since.
        ahead: when nothing of them waits any more; none where it cannot be said or nothing waits.
    """

    key: tuple[str, ...]
    books: int
    inventoried: int | None
    pages: int
    read: int
    problems: int
    records: int
    verified: int
    open: int
    exported: int
    changed: int
    approved: int
    ahead: Forecast | None = None


@dataclass(slots=True)
class _Group:
    members: list[BookState] = field(default_factory=list)
    inventoried: int | None = None


def states(
    session: Session, opens: Callable[[int], bool], digest_of: Callable[[Session, int], str] = content_digest
) -> list[BookState]:
    """All books with pages for which ``opens`` holds, by place, register, year and number.

    Args:
        digest_of: gives the digest of what a book holds.
    """
    tallies = book_tallies.book_tallies(session)
    handed_over = _exported(session, tallies)
    moments = [*handed_over.values(), *filter(None, [book_tallies.first_approval(session)])]
    changes = book_tallies.changed(session, min(moments)) if moments else {}
    tallies = tuple(tally for tally in tallies if opens(tally.id))
    approved = book_tallies.approved(session, tallies, changes, digest_of)
    return [_state(tally, handed_over.get(tally.id), changes.get(tally.id), tally.id in approved) for tally in tallies]


def _state(tally: BookTally, at: datetime | None, touched: datetime | None, approved: bool) -> BookState:
    if at is None:
        return BookState(tally, approved=approved)
    changed = any(moment is not None and moment > at for moment in (touched, tally.read_at))
    return BookState(tally, at.astimezone(VIETNAM).date(), changed, approved)


def _exported(session: Session, tallies: Sequence[BookTally]) -> dict[int, datetime]:
    """When each book was last exported.

    Where two books that are not the same would have the same files, nobody can tell whose they are, and the export
    itself refuses them: neither counts.
    """
    events = exports(session)
    if not events:
        return {}
    found: dict[int, datetime] = {}
    owners: dict[str, list[BookTally]] = {}
    for tally in tallies:
        for stem in stems(tally.key):
            owners.setdefault(stem, []).append(tally)
    for stem, (_, last) in events.items():
        books = owners.get(stem, [])
        if all(_compatible(one.key, other.key) for one in books for other in books):
            for tally in books:
                found[tally.id] = max(last, found.get(tally.id, last))
    return found


def stems(book: BookKey) -> frozenset[str]:
    """Names under which exports of a book are entered into the log, by the profiles of its register."""
    return frozenset(
        name
        for profile in _profiles().get(book.register, ())
        for stem in [book_stem(profile, book)]
        for name in (stem, f"{stem}{profile.naming.workbook_suffix}")
    )


def _compatible(one: BookKey, other: BookKey) -> bool:
    return all(a == b or not a or not b for a, b in zip(_parts(one), _parts(other), strict=True))


def _parts(book: BookKey) -> tuple[str, ...]:
    return book.register, book.year, book.number, book.agency, book.commune, book.district, book.province


@cache
def _profiles() -> Mapping[str, tuple[ExportProfile, ...]]:
    found: dict[str, tuple[ExportProfile, ...]] = {}
    for profile in load_profiles().values():
        found[profile.register_code] = (*found.get(profile.register_code, ()), profile)
    return found


def group_key(level: Level, book: BookKey) -> tuple[str, ...]:
    """What books of one line have in common; a commune that is not known goes by its registering authority."""
    if level is Level.PROVINCE:
        return (book.province,)
    if level is Level.DISTRICT:
        return book.province, book.district
    if level is Level.COMMUNE:
        return book.province, book.district, book.commune or book.agency
    return (book.register,)


def lines(
    level: Level,
    books: Sequence[BookState],
    settled: Mapping[tuple[int, date], int],
    settings: BoardSettings,
    *,
    today: date,
    first_work: date | None,
    whole: bool,
) -> tuple[list[Line], Line]:
    """The lines of a level, and the sum of all.

    Args:
        settled: fields settled for the first time, by book and day.
        first_work: first day on which anybody settled a field; days before it say nothing about the pace.
        whole: whether the books are all there are; otherwise the inventory, which is of all, is left out.
    """
    groups: dict[tuple[str, ...], _Group] = {}
    for book in books:
        groups.setdefault(group_key(level, book.tally.key), _Group()).members.append(book)
    inventory = settings.inventory if whole else ()
    for entry in inventory:
        group = groups.setdefault(group_key(level, entry.key), _Group())
        group.inventoried = (group.inventoried or 0) + entry.books
    first = max(first_work or today, today - timedelta(days=settings.forecast_days))
    days = [first + timedelta(days=number) for number in range((today - first).days)]
    total = sum(entry.books for entry in inventory) if inventory else None

    def line(key: tuple[str, ...], members: Collection[BookState], inventoried: int | None) -> Line:
        found = _sum(key, members, inventoried)
        daily = [sum(settled.get((book.tally.id, day), 0) for book in members) for day in days]
        ahead = forecast(found.open, daily, today, worked_days=settings.forecast_worked_days)
        return replace(found, ahead=ahead)

    return (
        [line(key, group.members, group.inventoried) for key, group in sorted(groups.items())],
        line((), books, total),
    )


def _sum(key: tuple[str, ...], books: Collection[BookState], inventoried: int | None) -> Line:
    return Line(
        key=key,
        books=len(books),
        inventoried=inventoried,
        pages=sum(book.tally.pages for book in books),
        read=sum(book.tally.read for book in books),
        problems=sum(book.tally.problems for book in books),
        records=sum(book.tally.records for book in books),
        verified=sum(book.tally.verified for book in books),
        open=sum(book.tally.open for book in books),
        exported=sum(book.exported is not None and not book.changed for book in books),
        changed=sum(book.exported is not None and book.changed for book in books),
        approved=sum(book.approved for book in books),
    )
