"""Answers to requests that carry an idempotency key: a request sent twice is carried out once.

After the IETF draft "The Idempotency-Key HTTP Header Field": same key and same request give the same answer; same key
and another request is an error; while the first is under way the second is told so.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from extractor.store.client_tables import ReplyRow
from extractor.store.saving import Writer
from extractor.store.store import Store

KEPT = timedelta(hours=24)
LOCKED = timedelta(minutes=2)
"""A request not answered after this long is taken as lost with its server, and may be carried out again."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The request is to be carried out.

    Args:
        resource: number under which it makes what it makes; the same again after a request that was cut off.
    """

    resource: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer that was given before."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class ReplyConflict:
    """The request cannot be carried out under this key.

    Args:
        under_way: the first request is still worked on; otherwise the key was used for another request.
    """

    under_way: bool


class Replies:
    """Answers by the key's number and the idempotency key."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, key_id: int, name: str, fingerprint: str) -> Begun | Reply | ReplyConflict:
        """Take a request in, or say what became of it before."""
        with self._store.writing() as writer:
            session, now = writer.session, writer.now
            if session.get_bind().dialect.name == "postgresql":
                # Two requests with a key that is new have no row to wait for each other at.
                from sqlalchemy import func

                session.execute(select(func.pg_advisory_xact_lock(key_id, func.hashtext(name))))
            session.execute(delete(ReplyRow).where(ReplyRow.begun_at <= now - KEPT))
            row = session.get(ReplyRow, (key_id, name))
            if row is None:
                row = ReplyRow(
                    key_id=key_id,
                    name=name,
                    fingerprint=fingerprint,
                    resource=secrets.token_hex(16),
                    begun_at=now,
                    headers={},
                    body="",
                )
                session.add(row)
            elif row.fingerprint != fingerprint:
                return ReplyConflict(under_way=False)
            elif row.status is not None:
                return Reply(row.status, dict(row.headers), row.body)
            elif row.locked_until is not None and row.locked_until > now:
                return ReplyConflict(under_way=True)
            row.locked_until = now + LOCKED
            return Begun(row.resource)

    def finish(self, key_id: int, name: str, reply: Reply) -> None:
        """Keep the answer."""
        with self._store.writing() as writer:
            keep(writer, key_id, name, reply)

    def drop(self, key_id: int, name: str) -> None:
        """Forget a request that was refused: mended, it may come under the same key; an answer that was kept stays."""
        with self._store.writing() as writer:
            writer.session.execute(
                delete(ReplyRow).where(ReplyRow.key_id == key_id, ReplyRow.name == name, ReplyRow.status.is_(None))
            )

    def forget(self, key_id: int, name: str) -> None:
        """Let the same request be sent again, after it failed: it finds what it had made before."""
        with self._store.writing() as writer:
            writer.session.execute(
                update(ReplyRow)
                .where(ReplyRow.key_id == key_id, ReplyRow.name == name, ReplyRow.status.is_(None))
                .values(locked_until=None)
            )


def keep(writer: Writer, key_id: int, name: str, reply: Reply) -> None:
    """Keep an answer in the transaction that carries its request out: neither stands without the other."""
    writer.session.execute(
        update(ReplyRow)
        .where(ReplyRow.key_id == key_id, ReplyRow.name == name)
        .values(status=reply.status, headers=reply.headers, body=reply.body, locked_until=None)
    )
