"""Who may come in: one-time addresses, sessions, and protection of posts, for one office on one machine.

The server prints an address with a token. The token works once; it is exchanged for a cookie that no script can read
and that no other site's request carries. Sessions live in memory and end with the server.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

COOKIE = "extractor_session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"


@dataclass
class Visit:
    """One browser that came in.

    Args:
        csrf: token that every post must repeat.
        person: name the person gave, or empty so far.
        formerly: names the person gave before in this visit. Who may not settle or re-key a field under one of them may
            not under the new one. There are no accounts: the same person with a new invitation and another name is
            another visit and cannot be recognised.
        language: ``vi`` or ``en``.
    """

    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    person: str = ""
    formerly: frozenset[str] = frozenset()
    language: str = "vi"


class Access:
    """Tokens not yet used, and the visits under way. Safe to share between threads.

    Args:
        announce: called with each new token; whoever started the server shows it.
    """

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._announce = announce
        self._lock = threading.Lock()
        self._token = ""
        self._visits: dict[str, Visit] = {}

    def invite(self) -> str:
        """Make the token for the next visitor and announce it; an unused earlier one no longer works."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._token = token
        self._announce(token)
        return token

    def redeem(self, token: str) -> str | None:
        """Exchange a token for a session's secret, once; none for a wrong or used token."""
        with self._lock:
            if not self._token or not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token = ""
            secret = secrets.token_urlsafe(32)
            self._visits[secret] = Visit()
        self.invite()
        return secret

    def visit(self, secret: str) -> Visit | None:
        """The visit a cookie stands for."""
        with self._lock:
            return self._visits.get(secret)


def csrf_fits(visit: Visit, given: str) -> bool:
    """Whether a post repeats the visit's token."""
    return hmac.compare_digest(visit.csrf.encode(), given.encode())
