"""Signing in and out, the first account, and the person's own password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from extractor.errors import SettingsError
from extractor.review.access import COOKIE, Visit, cookie_name
from extractor.review.pages import local, render
from extractor.review.permissions import role_texts
from extractor.review.room import AnyLanguage, AnyRoom, AnyVisit, CheckedVisit, Room, secret_of
from extractor.store import PasswordError, SignInRefused
from extractor.store.vietnam import VIETNAM

router = APIRouter(default_response_class=HTMLResponse)

_SEE_OTHER = 303

Word = Annotated[str, Form(max_length=80)]
Password = Annotated[str, Form(max_length=1000)]
Back = Annotated[str, Form(max_length=200)]


@router.get("/sign-in")
def ask_who(room: AnyRoom, language: AnyLanguage, back: Annotated[str, Query(max_length=200)] = "/") -> HTMLResponse:
    """Ask for login and password."""
    if not room.access.accounts.any():
        return render(room, None, "no_access.html", 403, language=language)
    return render(room, None, "sign_in.html", language=language, back=local(back), login="", trouble="", wait=0)


@router.post("/sign-in")
def sign_in(
    request: Request,
    room: AnyRoom,
    language: AnyLanguage,
    *,
    login: Word = "",
    password: Password = "",
    back: Back = "/",
) -> Response:
    """Compare login and password; a right pair makes a new session, whatever the browser had before."""
    address = request.client.host if request.client else ""
    found = room.access.sign_in(login, password, address)
    if isinstance(found, SignInRefused):
        wait = max(1, round(found.wait_seconds)) if found.wait_seconds else 0
        trouble = "sign_in_wait" if wait else "sign_in_wrong"
        status = 429 if wait else 401
        answer = render(
            room,
            None,
            "sign_in.html",
            status,
            language=language,
            back=local(back),
            login=login,
            trouble=trouble,
            wait=wait,
        )
        if wait:
            answer.headers["Retry-After"] = str(wait)
        return answer
    room.access.sign_out(secret_of(request))
    return _signed_in(room, found, local(back))


@router.post("/sign-out")
def sign_out(request: Request, room: AnyRoom, _visit: CheckedVisit) -> Response:
    """End the session of this browser."""
    room.access.sign_out(secret_of(request))
    response = RedirectResponse("/sign-in", _SEE_OTHER)
    name = cookie_name(COOKIE, secure=room.secure)
    response.delete_cookie(name, path="/", secure=room.secure, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.get("/set-up")
def ask_first(room: AnyRoom, language: AnyLanguage, token: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Ask for the first account; the token stands in the address that the server printed."""
    if room.access.accounts.any():
        return RedirectResponse("/sign-in", _SEE_OTHER)
    if not room.access.invited(token):
        return render(room, None, "no_access.html", 403, language=language)
    return render(room, None, "set_up.html", language=language, token=token, login="", person="", trouble="")


@router.post("/set-up")
def set_up(
    room: AnyRoom,
    language: AnyLanguage,
    *,
    token: Annotated[str, Form(max_length=100)] = "",
    login: Word = "",
    person: Word = "",
    password: Password = "",
    again: Password = "",
) -> Response:
    """Make the first account and sign it in."""
    if not room.access.invited(token):
        return ask_first(room, language, token)
    trouble = ""
    try:
        if password != again:
            trouble = "password_differs"
        else:
            return _signed_in(room, room.access.set_up(token, login, person, password), "/")
    except PasswordError as error:
        trouble = error.weakness.value
    except SettingsError:
        trouble = "account_unusable"
    return render(
        room, None, "set_up.html", 422, language=language, token=token, login=login, person=person, trouble=trouble
    )


@router.get("/account")
def account(request: Request, room: AnyRoom, visit: AnyVisit) -> HTMLResponse:
    """Who is signed in and where, and changing the password."""
    return _account(request, room, visit)


@router.post("/account/password")
def change_password(
    request: Request,
    room: AnyRoom,
    visit: CheckedVisit,
    *,
    current: Password = "",
    password: Password = "",
    again: Password = "",
) -> Response:
    """Change the person's own password; all other browsers have to sign in again."""
    address = request.client.host if request.client else ""
    trouble = ""
    if not room.access.knows(visit.account, current, address):
        trouble = "password_wrong"
    elif password != again:
        trouble = "password_differs"
    elif password == current:
        trouble = "password_same"
    else:
        try:
            return _signed_in(room, room.access.change_password(visit.account, password), "/")
        except PasswordError as error:
            trouble = error.weakness.value
    return _account(request, room, visit, 422, trouble)


@router.post("/account/sessions")
def sign_out_elsewhere(request: Request, room: AnyRoom, visit: CheckedVisit, *, current: Password = "") -> Response:
    """End the sessions of all other browsers, for whoever left one open and knows the password."""
    if not room.access.knows(visit.account, current, request.client.host if request.client else ""):
        return _account(request, room, visit, 422, "password_wrong")
    room.access.sign_out_everywhere(visit.account.id, by=visit.person, but=secret_of(request))
    return RedirectResponse("/account", _SEE_OTHER)


def _account(request: Request, room: Room, visit: Visit, status: int = 200, trouble: str = "") -> HTMLResponse:
    return render(
        room,
        visit,
        "account.html",
        status,
        roles=[each for each in role_texts(visit.language) if each.role in visit.account.roles],
        browsers=[
            (each.this, *(at.astimezone(VIETNAM).strftime("%H:%M %d/%m") for at in (each.begun_at, each.seen_at)))
            for each in room.access.signed_in(visit.account, secret_of(request))
        ],
        trouble=trouble,
    )


def _signed_in(room: Room, secret: str, to: str) -> Response:
    response = RedirectResponse(to, _SEE_OTHER)
    name = cookie_name(COOKIE, secure=room.secure)
    response.set_cookie(name, secret, httponly=True, samesite="strict", path="/", secure=room.secure)
    return response
