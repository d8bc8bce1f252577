"""Takes the pieces of a file, whoever sends them: the HTTP interface and the review room answer in their own ways."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterable, Callable

import anyio
from starlette.concurrency import run_in_threadpool

from extractor.errors import InputError
from extractor.jobs.errors import UploadError
from extractor.jobs.files import Piece, UploadFolder, no_space
from extractor.store import Upload, Uploads, UploadState

CONTENT_TYPE = "application/octet-stream"
_BATCH = 1024 * 1024


class Receiver:
    """Takes pieces into the uploads of an output folder.

    Args:
        still: called before each batch of bytes is written, to raise where the sender may not go on: a large file takes
            hours.
    """

    def __init__(self, uploads: Uploads, folder: UploadFolder, still: Callable[[], None] = lambda: None) -> None:
        self._uploads = uploads
        self._folder = folder
        self._still = still

    async def take(self, upload_id: str, client: str, offset: int, content: AsyncIterable[bytes]) -> Upload:
        """Write a piece that begins at ``offset``. With the last one the file is checked, and complete or refused.

        A piece whose answer was lost can be sent again, the last one too: bytes that are there already are compared.
        What had arrived before a break is kept.

        Raises:
            NotStoredError: the client has no such upload.
            UploadError: the piece does not fit, the file cannot be used, or the disk is full.
        """
        with self._folder.holding(upload_id):
            upload = await run_in_threadpool(self._uploads.get, upload_id, client)
            if upload.state is UploadState.REFUSED:
                raise _useless(upload, mend="Announce another one.")
            try:
                whole = await self._write(upload, offset, content)
                if whole and upload.state is UploadState.RECEIVING:
                    upload = await run_in_threadpool(self._finish, upload)
            except InputError as error:
                # The file is of no use whatever else is sent of it.
                raise _useless(await run_in_threadpool(self._refuse, upload, error), mend=error.mend) from None
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise no_space() from None
        return upload

    async def _write(self, upload: Upload, offset: int, content: AsyncIterable[bytes]) -> bool:
        """Write what arrives; returns whether the file is whole."""
        entered = self._folder.writing(upload, offset)
        piece = await run_in_threadpool(entered.__enter__)
        checked, waiting = upload.state is UploadState.COMPLETE, bytearray()
        try:
            async for arrived in content:
                waiting += arrived
                if len(waiting) >= _BATCH:
                    await run_in_threadpool(self._put, piece, waiting)
                    if not checked:
                        await run_in_threadpool(self._folder.check_beginning, upload.id, upload.name)
                        checked = True
        finally:
            with anyio.CancelScope(shield=True):  # also what arrived before the connection broke
                try:
                    await run_in_threadpool(self._put, piece, waiting)
                finally:
                    await run_in_threadpool(entered.__exit__, None, None, None)
        if not checked and self._folder.beginning_is_there(upload):
            await run_in_threadpool(self._folder.check_beginning, upload.id, upload.name)
        return piece.whole

    def _put(self, piece: Piece, waiting: bytearray) -> None:
        content = bytes(waiting)
        waiting.clear()
        self._still()
        piece.put(content)

    def _finish(self, upload: Upload) -> Upload:
        found = self._folder.finish(upload)
        return self._uploads.complete(upload.id, sha256=found.sha256, kind=found.kind, pages=found.pages)

    def _refuse(self, upload: Upload, error: InputError) -> Upload:
        # The state first: what a server that dies between the two leaves, dropping the upload takes away.
        refused = self._uploads.refuse(upload.id, reason=error.reason, message=error.detail)
        self._folder.drop(upload.id)
        return refused


def drop(uploads: Uploads, folder: UploadFolder, upload_id: str, client: str) -> None:
    """Give up a file that is not whole; one that is whole belongs to the records made of it.

    Raises:
        NotStoredError: the client has no such upload.
        UploadError: the file is whole, or is being sent.
    """
    with folder.holding(upload_id):
        if uploads.get(upload_id, client).state is UploadState.COMPLETE:
            raise UploadError("complete", "The file is whole and kept.", mend="Leave it out of further runs.")
        folder.drop(upload_id)
        uploads.remove(upload_id)


def _useless(upload: Upload, *, mend: str) -> UploadError:
    return UploadError(upload.reason.replace("_", "-"), f"{upload.name}: {upload.message}", mend=mend)
