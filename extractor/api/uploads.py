"""Uploads: announced with name and size, sent in pieces, taken up again where they broke off."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from extractor.api.cursor import MOST, USUAL, make_cursor, read_id
from extractor.api.files import Piece, clean_name
from extractor.api.models import HEX32, UploadAsked, UploadPage, UploadShown
from extractor.api.problems import ApiError, answers, wrong_key
from extractor.api.room import AnyRoom, ApiRoom, Resource, Uploader
from extractor.api.route import ApiRoute, IdempotencyKey
from extractor.api.views import upload_shown
from extractor.errors import InputError
from extractor.store import ApiKey, Upload, UploadState

router = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=ApiRoute)

UploadId = Annotated[str, Path(pattern=HEX32)]
KEPT = timedelta(days=7)
"""How long a file may take to arrive."""

_BATCH = 1024 * 1024
_CONTENT_TYPE = "application/octet-stream"
_CONTENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes from Upload-Offset on; as many or few as you like.",
        "content": {_CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("", status_code=201, responses=answers(400, 408, 409, 413, 415, 507))
def announce(
    *,
    room: AnyRoom,
    key: Uploader,
    asked: UploadAsked,
    resource: Resource,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> UploadShown:
    """Announce a file; then send its bytes."""
    name = clean_name(asked.name)
    room.upload_folder.check_room(name, asked.size)
    upload = room.uploads.add(resource, key.client, name, asked.size, asked.sha256)
    response.headers["Location"] = f"/v1/uploads/{upload.id}"
    return _shown(room, upload)


@router.get("", responses=answers(404))
def list_uploads(
    room: AnyRoom,
    key: Uploader,
    after: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
) -> UploadPage:
    """The client's uploads, newest first."""
    found = room.uploads.page(key.client, after=read_id("u", after), limit=limit + 1)
    last = make_cursor("u", found[limit - 1].id) if len(found) > limit else None
    return UploadPage(items=[_shown(room, upload) for upload in found[:limit]], next=last)


@router.get("/{upload_id}", responses=answers(404))
def get_upload(room: AnyRoom, key: Uploader, upload_id: UploadId) -> UploadShown:
    """Where an upload stands; its offset is where the next piece begins."""
    return _shown(room, room.uploads.get(upload_id, key.client))


@router.delete("/{upload_id}", status_code=204, responses=answers(404, 409))
def drop(room: AnyRoom, key: Uploader, upload_id: UploadId) -> None:
    """Give up a file that is not whole; one that is whole belongs to the records made of it."""
    with room.upload_folder.holding(upload_id):
        upload = room.uploads.get(upload_id, key.client)
        if upload.state is UploadState.COMPLETE:
            raise ApiError(409, "complete", "The file is whole and kept.", mend="Leave it out of further runs.")
        room.upload_folder.drop(upload_id)
        room.uploads.remove(upload_id)


@router.put("/{upload_id}/content", responses=answers(404, 408, 409, 415, 507), openapi_extra=_CONTENT)
async def send(
    request: Request,
    room: AnyRoom,
    key: Uploader,
    upload_id: UploadId,
    upload_offset: Annotated[
        int, Header(alias="Upload-Offset", ge=0, le=2**53, description="Where the piece begins in the file")
    ],
) -> UploadShown:
    """Send a piece of a file. With the last one the file is checked, and is complete or refused.

    A piece whose answer was lost can be sent again, the last one too: bytes that are there already are compared.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _CONTENT_TYPE:
        raise ApiError(415, "unsupported-type", "The body is not sent as bytes.", mend=f"Content-Type: {_CONTENT_TYPE}")
    with room.upload_folder.holding(upload_id):
        upload = await run_in_threadpool(room.uploads.get, upload_id, key.client)
        if upload.state is UploadState.REFUSED:
            raise _useless(upload, mend="Announce another one.")
        try:
            whole = await _receive(request, room, key, upload, upload_offset)
            if whole and upload.state is UploadState.RECEIVING:
                upload = await run_in_threadpool(_finish, room, upload)
        except InputError as error:
            # The file is of no use whatever else is sent of it.
            raise _useless(await run_in_threadpool(_refuse, room, upload, error), mend=error.mend) from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise ApiError(
                507, "no-space", "The server's disk has no room for it.", mend="Free space on the server."
            ) from None
        return await run_in_threadpool(_shown, room, upload)


def forget_unfinished(room: ApiRoom) -> int:
    """Give up files that were announced a week ago and never became whole; returns how many."""
    old = room.uploads.unfinished_before(room.store.now() - KEPT)
    for upload in old:
        with room.upload_folder.holding(upload.id):
            room.upload_folder.drop(upload.id)
            room.uploads.remove(upload.id)
    return len(old)


async def _receive(request: Request, room: ApiRoom, key: ApiKey, upload: Upload, offset: int) -> bool:
    """Write what arrives; returns whether the file is whole. What had arrived before a break is kept."""
    folder = room.upload_folder
    entered = folder.writing(upload, offset)
    piece = await run_in_threadpool(entered.__enter__)
    checked, waiting = upload.state is UploadState.COMPLETE, bytearray()
    try:
        async for arrived in request.stream():
            waiting += arrived
            if len(waiting) >= _BATCH:
                await run_in_threadpool(_take, room, key, piece, waiting)
                if not checked:
                    await run_in_threadpool(folder.check_beginning, upload.id, upload.name)
                    checked = True
    finally:
        with anyio.CancelScope(shield=True):  # also what arrived before the connection broke
            try:
                await run_in_threadpool(_take, room, key, piece, waiting)
            finally:
                await run_in_threadpool(entered.__exit__, None, None, None)
    if not checked and folder.beginning_is_there(upload):
        await run_in_threadpool(folder.check_beginning, upload.id, upload.name)
    return piece.whole


def _take(room: ApiRoom, key: ApiKey, piece: Piece, waiting: bytearray) -> None:
    """Write what waits, unless the key was put out of force meanwhile: a large file takes hours."""
    content = bytes(waiting)
    waiting.clear()
    if not room.keys.in_force(key.id):
        raise wrong_key()
    piece.put(content)


def _finish(room: ApiRoom, upload: Upload) -> Upload:
    found = room.upload_folder.finish(upload)
    return room.uploads.complete(upload.id, sha256=found.sha256, kind=found.kind, pages=found.pages)


def _refuse(room: ApiRoom, upload: Upload, error: InputError) -> Upload:
    # The state first: what a server that dies between the two leaves, DELETE takes away.
    refused = room.uploads.refuse(upload.id, reason=error.reason, message=error.detail)
    room.upload_folder.drop(upload.id)
    return refused


def _useless(upload: Upload, *, mend: str) -> ApiError:
    return ApiError(409, upload.reason.replace("_", "-"), f"{upload.name}: {upload.message}", mend=mend)


def _shown(room: ApiRoom, upload: Upload) -> UploadShown:
    whole = upload.state is UploadState.COMPLETE
    return upload_shown(upload, upload.size if whole else room.upload_folder.offset(upload))
