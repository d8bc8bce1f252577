"""Approving a book: what an approver has to see, and the name under it."""

from __future__ import annotations

import random
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from extractor.errors import ApprovalError
from extractor.review.access import Visit
from extractor.review.doors import check_book
from extractor.review.export_policy import only_approved
from extractor.review.labels import book_name
from extractor.review.objecting import standing_warnings
from extractor.review.pages import render
from extractor.review.room import AnyRoom, ApproverPost, Number, Room, Seer
from extractor.review.texts import text
from extractor.store import Approval, Obstacle, Standing, person_key
from extractor.store.vietnam import VIETNAM

router = APIRouter(prefix="/books/{book_id}/approval", default_response_class=HTMLResponse)

_SEE_OTHER = 303
_LOOKED_AT = 5

Password = Annotated[str, Form(max_length=1000)]


@router.get("")
def approval(room: AnyRoom, visit: Seer, book_id: Number) -> HTMLResponse:
    """How the book stands, and the form for putting one's name under it."""
    check_book(visit, book_id)
    return _page(room, visit, book_id)


@router.post("")
def approve(
    request: Request,
    room: AnyRoom,
    visit: ApproverPost,
    book_id: Number,
    *,
    digest: Annotated[str, Form(max_length=64)] = "",
    password: Password = "",
) -> Response:
    """Put the person's name under the book, as it stood on the page that was looked at."""
    check_book(visit, book_id)
    if not room.access.knows(visit.account, password, request.client.host if request.client else ""):
        return _page(room, visit, book_id, 422, trouble="password_wrong")
    try:
        room.approvals.approve(book_id, visit.person, digest, formerly=visit.formerly)
    except ApprovalError:
        # The page says what stands in the way; where nothing does, the book changed meanwhile.
        return _page(room, visit, book_id, 409, trouble="approval_changed")
    return RedirectResponse(f"/books/{book_id}/approval", _SEE_OTHER)


@router.post("/withdraw")
def withdraw(room: AnyRoom, visit: ApproverPost, book_id: Number) -> Response:
    """Take the approval in force back."""
    check_book(visit, book_id)
    try:
        room.approvals.withdraw(book_id, visit.person)
    except ApprovalError:
        return _page(room, visit, book_id, 409)
    return RedirectResponse(f"/books/{book_id}/approval", _SEE_OTHER)


def _page(room: Room, visit: Visit, book_id: int, status: int = 200, *, trouble: str = "") -> HTMLResponse:
    standing = room.approvals.standing(book_id, visit.person, formerly=visit.formerly)
    if trouble == "approval_changed" and standing.obstacles:
        trouble = ""
    key = room.listing.book_keys()[book_id]
    room.book_rules.apply(book_id, standing.digest)
    warnings, lines = standing_warnings(room, book_id, visit.language)
    return render(
        room,
        visit,
        "approval.html",
        status,
        book=book_id,
        name=book_name(key, room.labels, visit.language),
        standing=standing,
        obstacles=_obstacles(visit, standing),
        history=[_line(visit, each) for each in standing.approvals],
        looks=_looks(room, book_id, standing.digest),
        trouble=trouble,
        warnings=warnings,
        warning_lines=lines,
        only_approved=only_approved(room)[0],
    )


def _obstacles(visit: Visit, standing: Standing) -> list[str]:
    own = {person_key(name) for name in (visit.person, *visit.formerly)}
    counted = {
        Obstacle.EMPTY: 0,
        Obstacle.WAITING: standing.waiting,
        Obstacle.PROBLEMS: standing.counts.page_problems,
        Obstacle.MISSING: standing.missing,
        Obstacle.OWN_WORK: sum(number for name, number in standing.people.items() if person_key(name) in own),
    }
    return [text(visit.language, each.value, count=counted[each]) for each in standing.obstacles]


def _line(visit: Visit, approval: Approval) -> dict[str, Any]:
    state = "in_force" if approval.current else "withdrawn" if approval.withdrawn_at else "outdated"
    said = {
        "person": approval.person,
        "day": approval.at.astimezone(VIETNAM).strftime("%d/%m/%Y"),
        "records": approval.records,
        "fields": approval.fields,
        "by": approval.withdrawn_by,
    }
    return {"state": state, "said": text(visit.language, f"approval_{state}", **said)}


def _looks(room: Room, book_id: int, digest: str) -> list[tuple[int, int]]:
    """A few records at random, the same as long as the book stays as it is: place in the book, and number."""
    ids = room.store.record_ids(book_id)
    drawn = random.Random(digest).sample(range(len(ids)), min(_LOOKED_AT, len(ids)))
    return [(place + 1, ids[place]) for place in sorted(drawn)]
