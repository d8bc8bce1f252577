"""Who may come in: the first account, signing in, sessions, and protection of posts."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from extractor.errors import SettingsError
from extractor.review.permissions import Permission, permissions
from extractor.review.refusals import tell_refusal
from extractor.review.throttle import Throttle
from extractor.store import IDLE_SECONDS, Account, Accounts, Role, Sessions, SignedIn, SignInRefused, Store

COOKIE = "extractor_session"
LANGUAGE_COOKIE = "extractor_language"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"

FIRST_ROLES = tuple(role for role in Role if role not in (Role.AUDITOR, Role.RESEARCHER))
"""Of the first account: one person alone can do everything; who has more people gives roles to them."""


def cookie_name(name: str, *, secure: bool) -> str:
    """What a cookie is called; the prefix tells browsers to take it from this very server over https alone."""
    return f"__Host-{name}" if secure else name


_OF_ALL_BOOKS = frozenset({Permission.INSPECT, Permission.JUDGE, Permission.SCAN})


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who is signed in, for one request.

    Args:
        csrf: token that every post must repeat.
        language: ``vi`` or ``en``.
    """

    account: Account
    csrf: str
    language: str
    permissions: frozenset[Permission]

    @property
    def person(self) -> str:
        """The name that stands beside decisions."""
        return self.account.person

    @property
    def formerly(self) -> frozenset[str]:
        """Names the account had before. Who may not settle or re-key a field under one of them may not under this."""
        return frozenset(self.account.former_names)

    def may(self, permission: str) -> bool:
        """Whether the person may do that.

        Inspections draw from all books, scans say themselves which book they belong to, and reading them judges all
        books anew: so these are not for whoever is limited to some.
        """
        if self.account.books is not None and permission in _OF_ALL_BOOKS:
            return False
        return Permission(permission) in self.permissions

    def opens(self, book_id: int) -> bool:
        """Whether the person may work on that book."""
        return self.account.opens(book_id)

    @property
    def disputed(self) -> bool | None:
        """Which fields of the queue are the person's: disputed ones, the others, or both (none)."""
        may = (Permission.VERIFY in self.permissions, Permission.ADJUDICATE in self.permissions)
        return None if all(may) else may[1]


class Access:
    """Signing in and out. Safe to share between threads.

    Args:
        announce: called with the token for making the first account, while there is none; whoever started the server
            shows it.
        idle_seconds: a browser in which nobody does anything for so long is signed out.
    """

    def __init__(self, store: Store, announce: Callable[[str], None], *, idle_seconds: float = IDLE_SECONDS) -> None:
        self.accounts = Accounts(store)
        self._sessions = Sessions(store, idle_seconds=idle_seconds)
        self._throttle = Throttle()
        self._announce = announce
        self._lock = threading.Lock()
        self._token = ""

    def invite(self) -> None:
        """Announce the token for making the first account, unless there is one."""
        if self.accounts.any():
            return
        with self._lock:
            self._token = secrets.token_urlsafe(24)
        self._announce(self._token)

    def invited(self, token: str) -> bool:
        """Whether the token is the one announced and there still is no account."""
        with self._lock:
            fits = bool(self._token) and hmac.compare_digest(token.encode(), self._token.encode())
        return fits and not self.accounts.any()

    def set_up(self, token: str, login: str, person: str, password: str) -> str:
        """Make the first account and sign it in; gives the secret for the cookie.

        Raises:
            SettingsError: the token does not fit, there is an account already, or login or name are not usable.
            PasswordError: the password is not taken.
        """
        if not self.invited(token):
            raise SettingsError("The invitation is used up.", mend="Sign in.")
        account = self.accounts.add(login, person, FIRST_ROLES, password, must_change=False, by=person, only_first=True)
        return self._sessions.begin(account)

    def sign_in(self, login: str, password: str, address: str) -> str | SignInRefused:
        """Compare login and password; gives the secret for the cookie.

        Args:
            address: where the request comes from; one from which many wrong ones came waits.
        """
        wait = self._throttle.wait_seconds(address)
        if wait > 0:
            tell_refusal("sign-in, too many tries", address=address)
            return SignInRefused(wait)
        found = self.accounts.sign_in(login, password)
        if isinstance(found, SignInRefused):
            tell_refusal("sign-in", address=address)
            self._throttle.failed(address)
            return found
        return self._sessions.begin(found)

    def knows(self, account: Account, password: str, address: str) -> bool:
        """Whether somebody who is signed in knows the account's password; wrong ones count against the address."""
        if self._throttle.wait_seconds(address) > 0:
            tell_refusal("password, too many tries", account=account.id, address=address)
            return False
        known = self.accounts.is_password(account.id, password)
        if not known:
            tell_refusal("password asked again", account=account.id, address=address)
            self._throttle.failed(address)
        return known

    def change_password(self, account: Account, password: str) -> str:
        """Give the person's own account a new password; all its browsers are signed out, and this one in again.

        Raises:
            PasswordError: the password is not taken.
        """
        self.accounts.set_password(account.id, password, by=account.person, must_change=False)
        return self._sessions.begin(account)

    def sign_out(self, secret: str) -> None:
        """End the session of a cookie."""
        self._sessions.end(secret)

    def signed_in(self, account: Account, secret: str) -> tuple[SignedIn, ...]:
        """The browsers in which the account is signed in, the one with that cookie first."""
        return self._sessions.of(account.id, this=secret)

    def sign_out_everywhere(self, account_id: int, *, by: str, but: str = "") -> None:
        """End all sessions of an account, but for that of one cookie."""
        self._sessions.end_all(account_id, by=by, but=but)

    def visit(self, secret: str, language: str, *, active: bool = True) -> Visit | None:
        """The visit a cookie stands for; none where nobody is signed in.

        Args:
            active: a person asks, not a page by itself.
        """
        session = self._sessions.find(secret, active=active)
        if session is None:
            return None
        return Visit(session.account, session.csrf, language, permissions(session.account.roles))


def csrf_fits(visit: Visit, given: str) -> bool:
    """Whether a post repeats the visit's token."""
    return hmac.compare_digest(visit.csrf.encode(), given.encode())
