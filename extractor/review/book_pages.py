"""The pages of a book in their order, and reports that some are missing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from extractor.batch.judging import stated_pages
from extractor.errors import NotStoredError, SettingsError, StoreError
from extractor.review.access import Visit
from extractor.review.book_hand import hand_standing
from extractor.review.doors import check_book
from extractor.review.labels import book_name
from extractor.review.mending import Mender
from extractor.review.naming import record_name
from extractor.review.pages import render
from extractor.review.permissions import Permission
from extractor.review.room import AnyRoom, Number, Room, Seer
from extractor.review.texts import text
from extractor.store import Instructions, Missing, MissingPages, Outcome, StoredPage
from extractor.store.vietnam import VIETNAM

router = APIRouter(prefix="/books/{book_id}/pages", default_response_class=HTMLResponse)

_SEE_OTHER = 303
_DIGITS = 10
"""Numbers of pages have fewer."""
_NAMED = 200
"""In a book of more pages its records are listed without their names: each takes a look into the record."""
Words = Annotated[str, Form(max_length=1000)]


@router.get("")
def pages(
    room: AnyRoom, visit: Seer, book_id: Number, hand: Annotated[str, Query(pattern=r"^([0-9a-f]{32}|full)?$")] = ""
) -> HTMLResponse:
    """All pages of the book, what was read of each, which are reported missing, and how its hand stands."""
    check_book(visit, book_id)
    return _page(room, visit, book_id, hand=hand)


@router.post("/missing")
def report(
    room: AnyRoom,
    visit: Mender,
    book_id: Number,
    *,
    after: Annotated[str, Form(max_length=20)] = "",
    count: Annotated[str, Form(max_length=6)] = "",
    why: Words = "",
) -> Response:
    """Report missing pages."""
    check_book(visit, book_id)
    if after and not (after.isascii() and after.isdigit() and len(after) < _DIGITS):
        return _page(room, visit, book_id, 422, trouble="missing_wrong")
    after_page = int(after) if after else None
    try:
        pages = int(count) if count.strip().isascii() and count.strip().isdigit() else 0
        Missing(room.store).report(book_id, after_page, pages, why, visit.person)
    except SettingsError:
        return _page(room, visit, book_id, 422, trouble="missing_wrong")
    return RedirectResponse(f"/books/{book_id}/pages", _SEE_OTHER)


@router.post("/missing/{report_id}")
def settle(
    room: AnyRoom,
    visit: Mender,
    book_id: Number,
    report_id: Number,
    *,
    outcome: Annotated[str, Form(max_length=16)] = "",
    words: Words = "",
) -> Response:
    """Say what became of a report: found, accepted in words, or open again."""
    check_book(visit, book_id)
    missing = Missing(room.store)
    if missing.book_of(report_id) != book_id:
        check_book(visit, missing.book_of(report_id))
    try:
        missing.settle(report_id, Outcome(outcome) if outcome else None, words, visit.person)
    except (SettingsError, ValueError):
        return _page(room, visit, book_id, 422, trouble="missing_wrong")
    return RedirectResponse(f"/books/{book_id}/pages", _SEE_OTHER)


def _page(
    room: Room, visit: Visit, book_id: int, status: int = 200, *, trouble: str = "", hand: str = ""
) -> HTMLResponse:
    key = room.listing.book_keys().get(book_id)
    if key is None:
        raise NotStoredError("There is no such book.")
    found = Instructions(room.store).pages(book_id)
    said = Instructions(room.store).current()
    reports = Missing(room.store).of_book(book_id)
    standing = {(report.after) for report in reports if report.outcome is None}
    with_records = sum(bool(page.records) for page in found)
    return render(
        room,
        visit,
        "book_pages.html",
        status,
        book=book_id,
        name=book_name(key, room.labels, visit.language),
        pages=[
            _row(room, visit, page, mended=_holds(said.get((page.file, page.page)), page), named=len(found) <= _NAMED)
            for page in found
        ],
        gaps=standing,
        reports=[_report(visit, each) for each in reports],
        may=visit.may(Permission.MEND),
        hint=_hint(room, visit, book_id, with_records),
        trouble=trouble,
        hand=hand_standing(room, visit, book_id, hand),
    )


def _holds(said: Any, page: StoredPage) -> bool:
    return said is not None and said.sha256 == page.sha256 and not said.said.empty


def _row(room: Room, visit: Visit, page: StoredPage, *, mended: bool, named: bool) -> dict[str, Any]:
    language = visit.language
    if page.records:
        state = text(language, "mend_has_records", count=len(page.records))
    elif page.resolution:
        what = text(language, f"resolution_{page.resolution}")
        state = text(language, "resolution_by", what=what, person=page.resolved_by)
    else:
        state = text(language, f"problem_{page.problem}") if page.problem else ""
    return {
        "id": page.id,
        "file": page.file,
        "page": page.page,
        "state": state,
        "form": room.labels.title(page.form, language) if page.form else "",
        "record": page.records[0] if page.records else 0,
        "named": record_name(room.store.stored_record(page.records[0]), room.labels, language, settled=True)
        if named and len(page.records) == 1
        else "",
        "mended": mended,
        "trouble": not page.records and not page.resolution,
    }


def _report(visit: Visit, report: MissingPages) -> dict[str, Any]:
    language = visit.language
    place = text(language, "missing_place_first")
    if report.after:
        place = text(language, "missing_place_after", page=report.after[1], file=report.after[0])
    day = report.at.astimezone(VIETNAM).strftime("%d/%m/%Y")
    said = text(
        language, "missing_line", count=report.pages, place=place, why=report.why, person=report.person, day=day
    )
    became = ""
    if report.outcome is not None:
        became = text(language, f"missing_was_{report.outcome.value}", person=report.settled_by, words=report.words)
    return {"id": report.id, "said": said, "became": became, "open": report.outcome is None}


def _hint(room: Room, visit: Visit, book_id: int, scanned: int) -> str:
    """What the closing page says of the number of pages, where it was read and says another than was scanned."""
    try:
        stated = stated_pages(room.store, room.out, book_id)
    except StoreError:
        return ""
    if stated is None or stated == scanned:
        return ""
    return text(visit.language, "missing_hint", stated=stated, scanned=scanned)
