"""Files that clients send: what is known of each; the bytes lie in the output folder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, tuple_

from extractor.errors import NotStoredError
from extractor.store import audit
from extractor.store.client_tables import UploadRow
from extractor.store.clients import ROOM
from extractor.store.store import Store

_MANY = 500


class UploadState(StrEnum):
    """Where a file stands."""

    RECEIVING = "receiving"
    COMPLETE = "complete"
    REFUSED = "refused"
    """It arrived whole but cannot be used; ``reason`` and ``message`` say why."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client sends.

    Args:
        id: 32 hexadecimal digits.
        name: name or path below a folder, as the client calls it; records are known by it.
        size: bytes in all.
        sha256: hash the client named, or empty; once complete, that of the content.
        pages: pages in it, once complete; none for an archive.
        reason: code of why it was refused, or empty.
    """

    id: str
    client: str
    name: str
    size: int
    sha256: str
    state: UploadState
    created_at: datetime
    kind: str = ""
    pages: int | None = None
    reason: str = ""
    message: str = ""
    finished_at: datetime | None = None

    @property
    def folder(self) -> str:
        """The folder it lies in, as the client calls it; empty for none."""
        return self.name.rpartition("/")[0]

    @property
    def short(self) -> str:
        """Its name without that folder."""
        return self.name.rpartition("/")[2]


class Uploads:
    """The uploads of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, upload_id: str, client: str, name: str, size: int, sha256: str = "") -> Upload:
        """Announce a file; the same number again gives what was announced under it."""
        with self._store.writing() as writer:
            row = writer.session.get(UploadRow, upload_id)
            if row is None:
                row = UploadRow(
                    id=upload_id,
                    client=client,
                    name=name,
                    size=size,
                    sha256=sha256,
                    state=UploadState.RECEIVING.value,
                    kind="",
                    reason="",
                    message="",
                    created_at=writer.now,
                )
                writer.session.add(row)
                writer.session.flush()
            return _upload(row)

    def get(self, upload_id: str, client: str) -> Upload:
        """One of the client's uploads.

        Raises:
            NotStoredError: the client has no such upload.
        """
        with self._store.reading() as session:
            row = session.get(UploadRow, upload_id)
            if row is None or row.client != client:
                raise NotStoredError("There is no such upload.")
            return _upload(row)

    def several(self, ids: Collection[str], client: str) -> dict[str, Upload]:
        """Those of the numbers that are the client's, by number."""
        with self._store.reading() as session:
            wanted = select(UploadRow).where(UploadRow.id.in_(ids), UploadRow.client == client)
            return {row.id: _upload(row) for row in session.scalars(wanted)}

    def names(self, ids: Sequence[str]) -> list[str]:
        """What the files of these numbers are called, whoever sent them."""
        found: set[str] = set()
        with self._store.reading() as session:
            for first in range(0, len(ids), _MANY):
                wanted = select(UploadRow.name).where(UploadRow.id.in_(ids[first : first + _MANY]))
                found.update(session.scalars(wanted))
        return sorted(found)

    def of_room(
        self, *, state: UploadState | None = None, ids: Collection[str] | None = None, limit: int
    ) -> Sequence[Upload]:
        """Files that people of the review room sent, newest first; who it was makes no difference to a colleague."""
        with self._store.reading() as session:
            wanted = select(UploadRow).where(UploadRow.client.startswith(ROOM, autoescape=True))
            if state is not None:
                wanted = wanted.where(UploadRow.state == state.value)
            if ids is not None:
                wanted = wanted.where(UploadRow.id.in_(ids))
            wanted = wanted.order_by(UploadRow.created_at.desc(), UploadRow.id.desc()).limit(limit)
            return [_upload(row) for row in session.scalars(wanted)]

    def named(self, name: str) -> Sequence[Upload]:
        """Files of that name that people of the room sent or are sending, newest first."""
        with self._store.reading() as session:
            wanted = select(UploadRow).where(
                UploadRow.name == name,
                UploadRow.client.startswith(ROOM, autoescape=True),
                UploadRow.state != UploadState.REFUSED.value,
            )
            wanted = wanted.order_by(UploadRow.created_at.desc(), UploadRow.id.desc())
            return [_upload(row) for row in session.scalars(wanted)]

    def page(self, client: str, *, after: str = "", limit: int) -> Sequence[Upload]:
        """The client's uploads, newest first, from the one after ``after`` on."""
        with self._store.reading() as session:
            wanted = select(UploadRow).where(UploadRow.client == client)
            if after:
                last = session.get(UploadRow, after)
                if last is None or last.client != client:
                    raise NotStoredError("There is no such upload.")
                wanted = wanted.where(tuple_(UploadRow.created_at, UploadRow.id) < tuple_(last.created_at, last.id))
            wanted = wanted.order_by(UploadRow.created_at.desc(), UploadRow.id.desc()).limit(limit)
            return [_upload(row) for row in session.scalars(wanted)]

    def complete(self, upload_id: str, *, sha256: str, kind: str, pages: int | None) -> Upload:
        """The file is whole and can be used; one that was refused before stays so.

        Raises:
            NotStoredError: there is no such upload.
        """
        return self._finish(upload_id, UploadState.COMPLETE, sha256=sha256, kind=kind, pages=pages)

    def refuse(self, upload_id: str, *, reason: str, message: str) -> Upload:
        """The file cannot be used; one that was complete before stays so.

        Raises:
            NotStoredError: there is no such upload.
        """
        return self._finish(upload_id, UploadState.REFUSED, reason=reason, message=message)

    def remove(self, upload_id: str) -> None:
        """Forget a file that is not whole."""
        with self._store.writing() as writer:
            writer.session.execute(
                delete(UploadRow).where(UploadRow.id == upload_id, UploadRow.state != UploadState.COMPLETE.value)
            )

    def discard(self, upload_id: str, by: str) -> None:
        """Forget a file, also one that is whole: for one that nothing was made of."""
        with self._store.writing() as writer:
            row = writer.session.get(UploadRow, upload_id)
            if row is None:
                return
            content = [row.sha256, row.size, row.state]
            writer.session.delete(row)
            audit.append(
                writer.session,
                writer.key,
                at=writer.now,
                actor=by,
                action="upload_discarded",
                subject=f"upload:{upload_id}",
                content=content,
            )

    def unfinished_before(self, time: datetime) -> Sequence[Upload]:
        """Files announced before ``time`` that never became whole."""
        with self._store.reading() as session:
            wanted = select(UploadRow).where(
                UploadRow.state == UploadState.RECEIVING.value, UploadRow.created_at < time
            )
            return [_upload(row) for row in session.scalars(wanted)]

    def _finish(self, upload_id: str, state: UploadState, **columns: object) -> Upload:
        with self._store.writing() as writer:
            row = writer.session.scalar(select(UploadRow).where(UploadRow.id == upload_id).with_for_update())
            if row is None:
                raise NotStoredError("There is no such upload.")
            if row.state != UploadState.RECEIVING.value:
                return _upload(row)  # how it ended stays
            row.state, row.finished_at = state.value, writer.now
            for name, content in columns.items():
                setattr(row, name, content)
            audit.append(
                writer.session,
                writer.key,
                at=writer.now,
                actor=row.client,
                action=f"upload_{state.value}",
                subject=f"upload:{upload_id}",
                content=[row.sha256, row.size, row.reason],
            )
            writer.session.flush()
            return _upload(row)


def _upload(row: UploadRow) -> Upload:
    return Upload(
        id=row.id,
        client=row.client,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        state=UploadState(row.state),
        created_at=row.created_at,
        kind=row.kind,
        pages=row.pages,
        reason=row.reason,
        message=row.message,
        finished_at=row.finished_at,
    )
