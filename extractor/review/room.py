"""What every request needs: store, pictures, names, access; and how a request gets at its visitor."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le
from fastapi import Depends, Request
from jinja2 import Environment

from extractor.jobs import Intake
from extractor.review.access import (
    COOKIE,
    CSRF_FIELD,
    CSRF_HEADER,
    LANGUAGE_COOKIE,
    Access,
    Visit,
    cookie_name,
    csrf_fits,
)
from extractor.review.book_rules import BookRules
from extractor.review.labels import Labels
from extractor.review.page_preview import Previews
from extractor.review.permissions import Permission
from extractor.review.pictures import Pictures
from extractor.review.slow_counts import SlowCounts
from extractor.review.texts import LANGUAGES
from extractor.store import Approvals, Part, Store
from extractor.store.listing import Listing
from extractor.store.rechecking import RecordRules

Number = Annotated[int, Ge(0), Le(2**63 - 1)]
"""A number of the store; larger ones no database takes, so they are refused before it is asked."""

Token = Annotated[int, Ge(0), Le(2**31 - 1)]
"""Fencing token of a lease."""


class NotSignedInError(Exception):
    """The request carries no valid session."""


class PasswordDueError(Exception):
    """The password was given by somebody else and has to be changed first."""


class RefusedError(Exception):
    """Something that the log is told of.

    Args:
        account: number of who asked, 0 where that is not known.
    """

    def __init__(self, account: int = 0) -> None:
        super().__init__()
        self.account = account


class NotAllowedError(RefusedError):
    """The person's roles or books do not open this."""


class ForeignPostError(RefusedError):
    """A post does not repeat the visit's token."""


@dataclass(frozen=True)
class Room:
    """The parts of the running application."""

    store: Store
    out: Path
    """Output folder of the run."""
    pictures: Pictures
    labels: Labels
    access: Access
    pages: Environment
    listing: Listing
    approvals: Approvals
    rules: RecordRules
    book_rules: BookRules
    previews: Previews
    intake: Intake
    """Uploads, and the queue of jobs."""
    lease_seconds: float
    secure: bool
    slow_counts: SlowCounts = field(default_factory=SlowCounts)


# What asks no database runs in the loop itself: each of the others waits for a thread of its own, several for each
# request, which is what people wait for when many work at once.


async def get_room(request: Request) -> Room:
    """The room this application serves."""
    return _room_of(request)


def _room_of(request: Request) -> Room:
    room: Room = request.app.state.room
    return room


def get_language(request: Request) -> str:
    """The language chosen in this browser."""
    chosen = request.cookies.get(cookie_name(LANGUAGE_COOKIE, secure=_room_of(request).secure), "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def secret_of(request: Request) -> str:
    """The secret of the request's cookie, or nothing."""
    return request.cookies.get(cookie_name(COOKIE, secure=_room_of(request).secure), "")


def get_visit(request: Request, room: Annotated[Room, Depends(get_room)]) -> Visit:
    """The visit of the request's cookie."""
    # A page renews its leases and asks how far things are by itself, also when nobody sits before it.
    active = not request.url.path.endswith(("/renew", "/state"))
    visit = room.access.visit(secret_of(request), get_language(request), active=active)
    if visit is None:
        raise NotSignedInError
    return visit


async def checked_visit(request: Request, visit: Annotated[Visit, Depends(get_visit)]) -> Visit:
    """The visit, for a post: it must repeat the visit's token in a header or in its form."""
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not csrf_fits(visit, given):
        raise ForeignPostError(visit.account.id)
    return visit


def _check(visit: Visit, any_of: tuple[Permission, ...]) -> Visit:
    if visit.account.must_change:
        raise PasswordDueError
    if any_of and not any(map(visit.may, any_of)):
        raise NotAllowedError(visit.account.id)
    return visit


def allowed(*any_of: Permission) -> Any:
    """A dependency: the visit of somebody who may do one of these, and whose password is the person's own."""

    async def check(visit: Annotated[Visit, Depends(get_visit)]) -> Visit:
        return _check(visit, any_of)

    return Depends(check)


def allowed_post(*any_of: Permission) -> Any:
    """The same for a post, which must repeat the visit's token."""

    async def check(visit: Annotated[Visit, Depends(checked_visit)]) -> Visit:
        return _check(visit, any_of)

    return Depends(check)


AnyRoom = Annotated[Room, Depends(get_room)]
AnyLanguage = Annotated[str, Depends(get_language)]
AnyVisit = Annotated[Visit, Depends(get_visit)]
CheckedVisit = Annotated[Visit, Depends(checked_visit)]
"""Somebody who is signed in, whatever the roles."""


async def part_post(part: Part, visit: Annotated[Visit, Depends(checked_visit)]) -> Visit:
    """The visit for a post on a part of an inspection."""
    return _check(visit, (Permission.INSPECT if part is Part.INSPECTOR else Permission.JUDGE,))


PartPost = Annotated[Visit, Depends(part_post)]
AtHome = Annotated[Visit, allowed()]
Seer = Annotated[Visit, allowed(Permission.SEE)]
Solver = Annotated[Visit, allowed_post(Permission.SOLVE)]
Worker = Annotated[Visit, allowed(Permission.VERIFY, Permission.ADJUDICATE)]
WorkerPost = Annotated[Visit, allowed_post(Permission.VERIFY, Permission.ADJUDICATE)]
Inspecting = Annotated[Visit, allowed(Permission.INSPECT, Permission.JUDGE)]
InspectorPost = Annotated[Visit, allowed_post(Permission.INSPECT)]
JudgePost = Annotated[Visit, allowed_post(Permission.JUDGE)]
ApproverPost = Annotated[Visit, allowed_post(Permission.APPROVE)]
Author = Annotated[Visit, allowed(Permission.DESIGN)]
AuthorPost = Annotated[Visit, allowed_post(Permission.DESIGN)]
Administrator = Annotated[Visit, allowed(Permission.ADMINISTER)]
Scanner = Annotated[Visit, allowed(Permission.SCAN)]
ScannerPost = Annotated[Visit, allowed_post(Permission.SCAN)]
AdministratorPost = Annotated[Visit, allowed_post(Permission.ADMINISTER)]
