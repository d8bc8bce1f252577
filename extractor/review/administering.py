"""The pages of the administrator: who has an account, with which roles and books."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from extractor.errors import SettingsError
from extractor.review.access import Visit
from extractor.review.labels import book_name
from extractor.review.pages import render
from extractor.review.permissions import role_texts
from extractor.review.room import Administrator, AdministratorPost, AnyRoom, Number, Room
from extractor.store import Account, Role, first_password

router = APIRouter(prefix="/accounts", default_response_class=HTMLResponse)

_SEE_OTHER = 303

Word = Annotated[str, Form(max_length=80)]
Roles = Annotated[list[Role], Form()]
Tick = Annotated[bool, Form()]
Books = Annotated[list[Number], Form()]


@router.get("")
def accounts(room: AnyRoom, visit: Administrator) -> HTMLResponse:
    """All accounts."""
    names = {each.role: each.name for each in role_texts(visit.language)}
    lines = [(each, [names[role] for role in Role if role in each.roles]) for each in room.access.accounts.all()]
    return render(room, visit, "accounts.html", accounts=lines)


@router.get("/new")
def ask_new(room: AnyRoom, visit: Administrator) -> HTMLResponse:
    """Ask for a new account."""
    return _form(room, visit, None)


@router.post("/new")
def add(
    room: AnyRoom,
    visit: AdministratorPost,
    *,
    login: Word = "",
    person: Word = "",
    roles: Roles = [],  # noqa: B006 - FastAPI copies it
    limited: Tick = False,
    books: Books = [],  # noqa: B006
) -> Response:
    """Make an account with a password that is good for choosing one, shown once."""
    password = first_password()
    try:
        account = room.access.accounts.add(
            login, person, roles, password, books=books if limited else None, by=visit.person
        )
    except SettingsError:
        return _form(room, visit, None, 422, login=login, person=person, roles=roles, trouble="account_unusable")
    return render(room, visit, "account_password.html", 201, account=account, password=password)


@router.get("/{account_id}")
def ask_change(room: AnyRoom, visit: Administrator, account_id: Number) -> HTMLResponse:
    """One account."""
    return _form(room, visit, room.access.accounts.get(account_id))


@router.post("/{account_id}")
def change(
    room: AnyRoom,
    visit: AdministratorPost,
    account_id: Number,
    *,
    person: Word = "",
    roles: Roles = [],  # noqa: B006
    limited: Tick = False,
    books: Books = [],  # noqa: B006
    enabled: Tick = False,
) -> Response:
    """Change an account's name, roles, books, or whether it may be used."""
    account = room.access.accounts.get(account_id)
    try:
        wanted = frozenset(books) if limited else None
        room.access.accounts.change(
            account_id,
            by=visit.person,
            person=person,
            roles=roles,
            books=False if wanted == account.books else wanted,
            enabled=enabled,
        )
    except SettingsError:
        return _form(room, visit, account, 422, person=person, roles=roles, trouble="account_unchangeable")
    return RedirectResponse("/accounts", _SEE_OTHER)


@router.post("/{account_id}/password")
def reset(room: AnyRoom, visit: AdministratorPost, account_id: Number) -> HTMLResponse:
    """Give an account a password that is good for choosing one, shown once."""
    account, password = room.access.accounts.get(account_id), first_password()
    room.access.accounts.set_password(account_id, password, by=visit.person, must_change=True)
    return render(room, visit, "account_password.html", account=account, password=password)


@router.post("/{account_id}/sessions")
def sign_out(room: AnyRoom, visit: AdministratorPost, account_id: Number) -> Response:
    """Sign an account out in all browsers."""
    room.access.sign_out_everywhere(room.access.accounts.get(account_id).id, by=visit.person)
    return RedirectResponse("/accounts", _SEE_OTHER)


def _form(
    room: Room,
    visit: Visit,
    account: Account | None,
    status: int = 200,
    *,
    login: str = "",
    person: str = "",
    roles: list[Role] | None = None,
    trouble: str = "",
) -> HTMLResponse:
    shown: dict[str, Any] = {
        "login": account.login if account else login,
        "person": person or (account.person if account else ""),
        "roles": roles if roles is not None else list(account.roles) if account else [Role.REVIEWER],
        "books": sorted(account.books) if account and account.books is not None else [],
        "limited": account is not None and account.books is not None,
        "enabled": account is None or account.disabled_at is None,
    }
    return render(
        room,
        visit,
        "account_form.html",
        status,
        account=account,
        shown=shown,
        roles=role_texts(visit.language),
        books=[
            (number, book_name(key, room.labels, visit.language)) for number, key in room.listing.book_keys().items()
        ],
        trouble=trouble,
    )
