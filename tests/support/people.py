"""Invented people with accounts in the review room."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Any

from extractor.store import Account, Accounts, Role, Store

PASSWORD = "con trâu gỗ ngậm bút chì xanh"
EVERYTHING = tuple(Role)


def login_of(person: str) -> str:
    """A login for a name, always the same."""
    return f"p{hashlib.sha256(' '.join(person.split()).casefold().encode()).hexdigest()[:12]}"


def employ(
    store: Store, person: str, roles: Collection[Role] = EVERYTHING, *, books: Collection[int] | None = None
) -> Account:
    """The account of a person, made if there is none yet, with a password of its own (``PASSWORD``)."""
    accounts = Accounts(store)
    known = [account for account in accounts.all() if account.login == login_of(person)]
    if known:
        return known[0]
    return accounts.add(login_of(person), person, roles, PASSWORD, books=books, must_change=False, by="test")


def sign_in(client: Any, person: str) -> None:
    """Sign a client in that follows redirects, and let it repeat the token in every post."""
    page = client.post("/sign-in", data={"login": login_of(person), "password": PASSWORD})
    assert page.status_code == 200, page.status_code
    client.headers["X-CSRF-Token"] = re.search(r'name="csrf" content="([^"]+)"', page.text)[1]
