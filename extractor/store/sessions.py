"""Browsers that are signed in. They outlast the server, and end when nobody works in them or the account is closed."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, bindparam, delete, or_, select, update

from extractor.store import audit
from extractor.store.account_tables import AccountRow, SessionRow
from extractor.store.accounts import Account, to_account
from extractor.store.store import Store

IDLE_SECONDS = 1800.0
LONGEST_SECONDS = 12 * 3600.0
_SEEN_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in.

    Args:
        csrf: token that every post must repeat.
    """

    account: Account
    csrf: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser as the person who is signed in there sees it.

    Args:
        this: the one that asks.
    """

    begun_at: datetime
    seen_at: datetime
    this: bool


class Sessions:
    """The sessions of a store. Safe to share between threads.

    Args:
        idle_seconds: a session in which nobody did anything for so long is over.
        longest_seconds: so long after signing in it is over in any case.
    """

    def __init__(
        self, store: Store, *, idle_seconds: float = IDLE_SECONDS, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        self._store = store
        self._idle = timedelta(seconds=idle_seconds)
        self._longest = timedelta(seconds=longest_seconds)

    def begin(self, account: Account) -> str:
        """Sign a browser in; gives the secret for its cookie. Sessions that are over are forgotten."""
        secret = secrets.token_urlsafe(32)
        with self._store.writing() as writer:
            writer.session.execute(
                delete(SessionRow).where(
                    or_(SessionRow.seen_at < writer.now - self._idle, SessionRow.begun_at < writer.now - self._longest)
                )
            )
            writer.session.add(
                SessionRow(
                    sha256=_hash(secret),
                    account_id=account.id,
                    csrf=secrets.token_urlsafe(24),
                    begun_at=writer.now,
                    seen_at=writer.now,
                )
            )
        return secret

    def find(self, secret: str, *, active: bool = True) -> Session | None:
        """The session a cookie stands for, or none where it is over.

        Args:
            active: a person did something; what a page asks by itself keeps no session alive.
        """
        if not secret:
            return None
        now = self._store.now()
        with self._store.looking() as session:
            found = session.execute(_wanted(), {"sha256": _hash(secret)}).first()
            if found is None:
                return None
            row, account = found
            if row.seen_at < now - self._idle or row.begun_at < now - self._longest:
                return None
            stale = row.seen_at < now - timedelta(seconds=min(_SEEN_EVERY, self._idle.total_seconds() / 4))
            result = Session(to_account(account), row.csrf)
        if active and stale:
            with self._store.writing() as writer:
                writer.session.execute(
                    update(SessionRow).where(SessionRow.sha256 == _hash(secret)).values(seen_at=writer.now)
                )
        return result

    def end(self, secret: str) -> None:
        """Sign a browser out; one that is not signed in stays so."""
        with self._store.writing() as writer:
            row = writer.session.get(SessionRow, _hash(secret))
            if row is None:
                return
            account = writer.session.get_one(AccountRow, row.account_id)
            writer.session.delete(row)
            audit.append(
                writer.session,
                writer.key,
                at=writer.now,
                actor=account.person,
                action="signed_out",
                subject=f"account:{account.id}",
            )

    def of(self, account_id: int, *, this: str = "") -> tuple[SignedIn, ...]:
        """The browsers in which an account is signed in: the one with that secret first, then the newest."""
        now, own = self._store.now(), _hash(this)
        wanted = select(SessionRow).where(
            SessionRow.account_id == account_id,
            SessionRow.seen_at >= now - self._idle,
            SessionRow.begun_at >= now - self._longest,
        )
        with self._store.reading() as session:
            rows = session.scalars(wanted.order_by(SessionRow.begun_at.desc())).all()
            found = [SignedIn(row.begun_at, row.seen_at, row.sha256 == own) for row in rows]
        return tuple(sorted(found, key=lambda each: not each.this))

    def end_all(self, account_id: int, *, by: str, but: str = "") -> None:
        """Sign an account out everywhere, but for the browser with that secret."""
        with self._store.writing() as writer:
            writer.session.execute(
                delete(SessionRow).where(SessionRow.account_id == account_id, SessionRow.sha256 != _hash(but))
            )
            audit.append(
                writer.session,
                writer.key,
                at=writer.now,
                actor=by,
                action="signed_out_everywhere",
                subject=f"account:{account_id}",
            )


@cache
def _wanted() -> Select[SessionRow, AccountRow]:
    """The session of a cookie; made once, since every request asks for it."""
    return (
        select(SessionRow, AccountRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .where(SessionRow.sha256 == bindparam("sha256"), AccountRow.disabled_at.is_(None))
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
