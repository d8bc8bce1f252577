"""Keys of the programs that work over the HTTP interface: made, looked up, revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from extractor.errors import NotStoredError, SettingsError
from extractor.store import audit
from extractor.store.client_tables import KeyRow
from extractor.store.convert import clean
from extractor.store.store import Store

_LONGEST_NAME = 80
_MARK = "hotich"
_NO_HASH = "0" * 64

ROOM = "room:"
"""How the clients begin that are people of the review room; the account's number follows."""


class Scope(StrEnum):
    """What a key may do."""

    UPLOADS_WRITE = "uploads:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    RECORDS_READ = "records:read"
    CROPS_READ = "crops:read"
    DECISIONS_WRITE = "decisions:write"
    EXPORTS_READ = "exports:read"
    EXPORTS_WRITE = "exports:write"

    @property
    def folder_wide(self) -> bool:
        """Whether it acts on, or tells of, the books of the whole output folder; not for keys for some books only.

        A scan says itself which book it belongs to, and a run judges and exports all books anew.
        """
        return self.value.partition(":")[0] in {"uploads", "runs", "exports"}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret.

    Args:
        client: name of the program that holds it; a client may have several keys.
        prefix: the part of the key that may be shown.
        books: numbers of the only books it opens; none means all.
    """

    id: int
    client: str
    prefix: str
    scopes: frozenset[Scope]
    books: frozenset[int] | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def opens(self, book_id: int) -> bool:
        """Whether the key is for that book."""
        return self.books is None or book_id in self.books


class ApiKeys:
    """The keys of a store. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        client: str,
        scopes: Collection[Scope],
        *,
        books: Collection[int] | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; returns it and its whole text, which is kept nowhere.

        The text holds 256 random bits, so that one round of SHA-256 is enough: nothing about it can be guessed.

        Raises:
            SettingsError: the name or the scopes are not usable.
        """
        name = client_name(client)
        if not scopes:
            raise SettingsError("The key has no scope.", mend=f"Give --scope, one of: {', '.join(Scope)}.")
        prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        text = f"{_MARK}_{prefix}_{secret}"
        with self._store.writing() as writer:
            row = KeyRow(
                client=name,
                prefix=prefix,
                sha256=_hash(text),
                scopes=sorted(scopes),
                books=None if books is None else sorted(set(books)),
                created_at=writer.now,
                expires_at=expires_at,
            )
            writer.session.add(row)
            writer.session.flush()
            audit.append(
                writer.session,
                writer.key,
                at=writer.now,
                actor=name,
                action="key_added",
                subject=f"api_key:{prefix}",
                content=[name, row.scopes, row.books],
            )
            return _key(row), text

    def find(self, text: str) -> ApiKey | None:
        """The key with that text if it is in force, or none.

        It is looked up by its open part; the rest is compared, as a hash, in a time that does not depend on it, also
        where there is no such key.
        """
        parts = text.split("_", 2)
        prefix = parts[1] if len(parts) == 3 and parts[0] == _MARK and parts[1].isascii() else ""
        with self._store.reading() as session:
            row = session.scalar(select(KeyRow).where(KeyRow.prefix == clean(prefix)[:16]))
            fits = hmac.compare_digest(row.sha256 if row else _NO_HASH, _hash(text))
            if row is None or not fits:
                return None
            return None if _over(row, self._store.now()) else _key(row)

    def in_force(self, key_id: int) -> bool:
        """Whether a key that was found a while ago would still be found."""
        with self._store.reading() as session:
            row = session.get(KeyRow, key_id)
            return row is not None and not _over(row, self._store.now())

    def all(self) -> tuple[ApiKey, ...]:
        """All keys ever made, oldest first."""
        with self._store.reading() as session:
            return tuple(_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.id)))

    def revoke(self, prefix: str) -> ApiKey:
        """Put a key out of force for good; doing it again changes nothing.

        Raises:
            NotStoredError: there is no such key.
        """
        with self._store.writing() as writer:
            row = writer.session.scalar(select(KeyRow).where(KeyRow.prefix == prefix).with_for_update())
            if row is None:
                raise NotStoredError(f"There is no key '{prefix}'.", mend="'extractor api key list' names them.")
            if row.revoked_at is None:
                row.revoked_at = writer.now
                audit.append(
                    writer.session,
                    writer.key,
                    at=writer.now,
                    actor=row.client,
                    action="key_revoked",
                    subject=f"api_key:{prefix}",
                )
            return _key(row)


def client_name(text: str) -> str:
    """A client's name in its one spelling.

    Raises:
        SettingsError: it is empty, too long, holds a slash, which parts client and person in the log, or is like those
            of people of the review room.
    """
    name = " ".join(clean(text).split())
    if not name or len(name) > _LONGEST_NAME or "/" in name or name.startswith(ROOM):
        raise SettingsError(
            "The client's name is not usable.",
            mend=f"Give 1 to {_LONGEST_NAME} characters without a slash, not beginning with '{ROOM}'.",
        )
    return name


def _over(row: KeyRow, now: datetime) -> bool:
    return row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: KeyRow) -> ApiKey:
    known = set(Scope)
    return ApiKey(
        id=row.id,
        client=row.client,
        prefix=row.prefix,
        scopes=frozenset(Scope(scope) for scope in row.scopes if scope in known),
        books=None if row.books is None else frozenset(row.books),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
