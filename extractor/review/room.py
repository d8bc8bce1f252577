"""What every request needs: store, pictures, names, access; and how a request gets at its visitor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le
from fastapi import Depends, Request
from jinja2 import Environment

from extractor.review.access import COOKIE, CSRF_FIELD, CSRF_HEADER, Access, Visit, csrf_fits
from extractor.review.labels import Labels
from extractor.review.pictures import Pictures
from extractor.store import Store

Number = Annotated[int, Ge(0), Le(2**63 - 1)]
"""A number of the store; larger ones no database takes, so they are refused before it is asked."""

Token = Annotated[int, Ge(0), Le(2**31 - 1)]
"""Fencing token of a lease."""


class NotInvitedError(Exception):
    """The request carries no valid session."""


class NamelessError(Exception):
    """The visitor has not given a name yet."""


class ForeignPostError(Exception):
    """A post does not repeat the visit's token."""


@dataclass(frozen=True)
class Room:
    """The parts of the running application."""

    store: Store
    pictures: Pictures
    labels: Labels
    access: Access
    pages: Environment
    lease_seconds: float


def get_room(request: Request) -> Room:
    """The room this application serves."""
    room: Room = request.app.state.room
    return room


def get_visit(request: Request, room: Annotated[Room, Depends(get_room)]) -> Visit:
    """The visit of the request's cookie."""
    visit = room.access.visit(request.cookies.get(COOKIE, ""))
    if visit is None:
        raise NotInvitedError
    return visit


async def checked_visit(request: Request, visit: Annotated[Visit, Depends(get_visit)]) -> Visit:
    """The visit, for a post: it must repeat the visit's token in a header or in its form."""
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not csrf_fits(visit, given):
        raise ForeignPostError
    return visit


def named_visit(visit: Annotated[Visit, Depends(get_visit)]) -> Visit:
    """The visit of somebody who gave a name."""
    if not visit.person:
        raise NamelessError
    return visit


def named_checked_visit(visit: Annotated[Visit, Depends(checked_visit)]) -> Visit:
    """The visit of somebody who gave a name, for a post."""
    if not visit.person:
        raise NamelessError
    return visit


AnyRoom = Annotated[Room, Depends(get_room)]
AnyVisit = Annotated[Visit, Depends(get_visit)]
CheckedVisit = Annotated[Visit, Depends(checked_visit)]
NamedVisit = Annotated[Visit, Depends(named_visit)]
NamedCheckedVisit = Annotated[Visit, Depends(named_checked_visit)]
