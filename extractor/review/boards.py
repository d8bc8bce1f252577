"""The boards: how far the books are, how much is done in a shift, how people work, and when all will be done."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from extractor.exports.reports.progress import Step, write_progress
from extractor.review import board_books, board_people
from extractor.review.access import Visit
from extractor.review.board_books import BookState, Level
from extractor.review.board_chart import colours, stacked_pillars
from extractor.review.board_figures import Figures
from extractor.review.board_settings import settings_or_default
from extractor.review.export_policy import only_approved
from extractor.review.pages import render
from extractor.review.permissions import Permission
from extractor.review.room import AnyRoom, AtHome, Number, Room
from extractor.store import DayCount, person_key
from extractor.store import work as worked
from extractor.store.missing import open_reports
from extractor.store.vietnam import VIETNAM, beginning

router = APIRouter(prefix="/boards", default_response_class=HTMLResponse)

DAYS = (7, 28, 91, 365)
"""Of how many days, today included, people's work can be looked at."""
_CHART_DAYS = 14
_A_PAGE = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("")
def boards(
    room: AnyRoom,
    visit: AtHome,
    *,
    by: Level = Level.COMMUNE,
    days: Annotated[int, Query(ge=1, le=365)] = 28,
    after: Number = 0,
) -> HTMLResponse:
    """Everything on one page; of people's work only what the person may see."""
    settings, trouble = settings_or_default(room.out)
    policy, policy_trouble = only_approved(room)
    now, books = room.store.now(), visit.account.books
    today, since = now.astimezone(VIETNAM).date(), beginning(now, days_before=days - 1)
    pace_since = beginning(now, days_before=max(settings.forecast_days, _CHART_DAYS))
    with room.store.reading() as session:
        states = board_books.states(session, visit.opens, room.approvals.digest)
        settled = worked.settled(session, pace_since)
        first_work = worked.first_work(session)
        work = [count for count in worked.work(session, min(since, pace_since)) if visit.opens(count.book_id)]
        speeds = worked.speeds(session, since, limit_seconds=settings.pause_seconds, books=books)
        blind = worked.blind_tallies(session, since, books=books)
        inspected = worked.inspected_tallies(session, since, books=books)
        missing = open_reports(session)
    names = board_people.Names(room.access.accounts.all())
    within = [count for count in work if count.day >= since.date()]
    lines, total = board_books.lines(
        by, states, settled, settings, today=today, first_work=first_work, whole=books is None
    )
    people = board_people.people(within, speeds, blind, inspected, names=names, least=settings.least_fields)
    small = frozenset[str]() if visit.may(Permission.PEOPLE) else board_people.small_teams(within, names, settings)
    paces = board_people.paces(within, names, settings, today)
    chart_days = board_people.by_day(work, settings, today, _CHART_DAYS)
    return render(
        room,
        visit,
        "boards.html",
        by=by,
        levels=list(Level),
        days=days,
        day_choices=DAYS,
        now=now.astimezone(VIETNAM),
        trouble=trouble,
        only_approved=policy,
        policy_trouble=policy_trouble,
        missing=[count for book_id, count in missing.items() if visit.opens(book_id)],
        figures=Figures(visit.language),
        lines=[] if by is Level.BOOK else [(_named(room, visit, by, line.key), line) for line in lines],
        books=_book_lines(room, visit, states, after) if by is Level.BOOK else [],
        after=after,
        more=after + _A_PAGE if by is Level.BOOK and len(states) > after + _A_PAGE else 0,
        total=total,
        paces=[line for line in paces if line.team not in small],
        hidden_teams=bool(small & {line.team for line in paces}),
        teams=bool(settings.teams),
        chart=stacked_pillars(chart_days, colours(len(settings.shifts))),
        chart_days=chart_days,
        shifts=list(zip([*settings.shifts, None], colours(len(settings.shifts)), strict=True)),
        people=people if visit.may(Permission.PEOPLE) else [line for line in people if line.person == visit.person],
        sees_people=visit.may(Permission.PEOPLE),
        settings=settings,
        priority=[room.labels.register(code, visit.language) for code in settings.priority],
    )


@router.get("/progress.xlsx")
def progress(room: AnyRoom, visit: AtHome, by: Step = Step.WEEK) -> Response:
    """The progress report of the person's books, with the names that the person may see."""
    with room.store.reading() as session:
        states = board_books.states(session, visit.opens, room.approvals.digest)
    stems = {stem for book in states for stem in board_books.stems(book.tally.key)}
    limited = visit.account.books
    counts = room.store.activity(limited, exports=None if limited is None else stems)
    with tempfile.TemporaryDirectory(prefix="progress-") as folder:
        path = Path(folder) / "progress.xlsx"
        write_progress(path, _of_people(visit, counts), step=by, named=True)
        content = path.read_bytes()
    name = f"tien-do.{by.value}.xlsx"
    return Response(content, media_type=_XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _of_people(visit: Visit, counts: Sequence[DayCount]) -> list[DayCount]:
    """The same counts; without the names of others where the person may not see them."""
    if visit.may(Permission.PEOPLE):
        return list(counts)
    own = {person_key(name) for name in (visit.person, *visit.formerly)}
    return [count if person_key(count.person) in own else replace(count, person="") for count in counts]


def _named(room: Room, visit: Visit, level: Level, key: tuple[str, ...]) -> str:
    """What a line is called: the smallest place first, as addresses are written."""
    if level is Level.REGISTER:
        return room.labels.register(key[0], visit.language)
    return ", ".join(part for part in reversed(key) if part)


def _book_lines(room: Room, visit: Visit, books: Sequence[BookState], after: int) -> list[dict[str, Any]]:
    return [
        {
            "state": book,
            "tally": book.tally,
            "condition": "boards_unknown" if book.condition is None else f"condition_{book.condition}",
            "register": room.labels.register(book.tally.key.register, visit.language),
            "place": ", ".join(
                part
                for key in [book.tally.key]
                for part in (key.commune or key.agency, key.district, key.province)
                if part
            ),
        }
        for book in books[after : after + _A_PAGE]
    ]
