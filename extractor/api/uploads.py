"""Uploads: announced with name and size, sent in pieces, taken up again where they broke off."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from extractor.api.cursor import MOST, USUAL, make_cursor, read_id
from extractor.api.files import clean_name
from extractor.api.models import HEX32, UploadAsked, UploadPage, UploadShown
from extractor.api.problems import ApiError, answers
from extractor.api.room import AnyRoom, ApiRoom, Resource, Uploader
from extractor.api.route import ApiRoute, IdempotencyKey
from extractor.api.views import upload_shown
from extractor.errors import InputError
from extractor.store import Upload, UploadState

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


@router.post("", status_code=201, responses=answers(400, 409, 413, 415, 507))
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
    upload = room.uploads.get(upload_id, key.client)
    if upload.state is UploadState.COMPLETE:
        raise ApiError(409, "complete", "The file is whole and kept.", mend="Leave it out of further runs.")
    room.upload_folder.drop(upload_id)
    room.uploads.remove(upload_id)


@router.put("/{upload_id}/content", responses=answers(404, 409, 415), openapi_extra=_CONTENT)
async def send(
    request: Request,
    room: AnyRoom,
    key: Uploader,
    upload_id: UploadId,
    upload_offset: Annotated[
        int, Header(alias="Upload-Offset", ge=0, le=2**53, description="Where the piece begins in the file")
    ],
) -> UploadShown:
    """Send a piece of a file. With the last one the file is checked, and is complete or refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _CONTENT_TYPE:
        raise ApiError(415, "unsupported-type", "The body is not sent as bytes.", mend=f"Content-Type: {_CONTENT_TYPE}")
    upload = await run_in_threadpool(room.uploads.get, upload_id, key.client)
    if upload.state is not UploadState.RECEIVING:
        raise ApiError(409, upload.state.value, "The file takes no more bytes.", mend="Announce another one.")
    try:
        whole = await _receive(request, room, upload, upload_offset)
        if whole:
            upload = await run_in_threadpool(_finish, room, upload)
    except InputError as error:
        # The file is of no use whatever else is sent of it.
        await run_in_threadpool(_refuse, room, upload, error)
        raise ApiError(409, error.reason.replace("_", "-"), f"{upload.name}: {error.detail}", mend=error.mend) from None
    return await run_in_threadpool(_shown, room, upload)


def forget_unfinished(room: ApiRoom) -> int:
    """Give up files that were announced a week ago and never became whole; returns how many."""
    old = room.uploads.unfinished_before(room.store.now() - KEPT)
    for upload in old:
        room.upload_folder.drop(upload.id)
        room.uploads.remove(upload.id)
    return len(old)


async def _receive(request: Request, room: ApiRoom, upload: Upload, offset: int) -> bool:
    """Write what arrives; returns whether the file is whole. What had arrived before a break is kept."""
    folder = room.upload_folder
    entered = folder.writing(upload.id, offset)
    file = await run_in_threadpool(entered.__enter__)
    checked, waiting = False, bytearray()
    try:
        async for piece in request.stream():
            if offset + len(waiting) + len(piece) > upload.size:
                raise ApiError(
                    409, "too-long", "More arrived than was announced.", mend="Announce the file's true size."
                )
            waiting += piece
            if len(waiting) >= _BATCH:
                offset += await run_in_threadpool(file.write, bytes(waiting))
                waiting.clear()
                if not checked:
                    await run_in_threadpool(file.flush)
                    await run_in_threadpool(folder.check_beginning, upload.id, upload.name)
                    checked = True
    finally:
        with anyio.CancelScope(shield=True):  # also what arrived before the connection broke
            offset += await run_in_threadpool(file.write, bytes(waiting))
            await run_in_threadpool(entered.__exit__, None, None, None)
    if not checked and folder.beginning_is_there(upload.id):
        await run_in_threadpool(folder.check_beginning, upload.id, upload.name)
    return offset == upload.size


def _finish(room: ApiRoom, upload: Upload) -> Upload:
    found = room.upload_folder.finish(upload.id, upload.name, upload.sha256)
    return room.uploads.complete(upload.id, sha256=found.sha256, kind=found.kind, pages=found.pages)


def _refuse(room: ApiRoom, upload: Upload, error: InputError) -> None:
    room.upload_folder.drop(upload.id)
    room.uploads.refuse(upload.id, reason=error.reason, message=error.detail)


def _shown(room: ApiRoom, upload: Upload) -> UploadShown:
    whole = upload.state is UploadState.COMPLETE
    return upload_shown(upload, upload.size if whole else room.upload_folder.offset(upload.id))
