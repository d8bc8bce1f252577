"""Uploads: announced with name and size, sent in pieces, taken up again where they broke off."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from extractor.api.cursor import MOST, USUAL, make_cursor, read_id
from extractor.api.models import UploadPage, UploadShown
from extractor.api.problems import ApiError, answers, wrong_key
from extractor.api.room import AnyRoom, ApiRoom, Resource, Uploader
from extractor.api.route import ApiRoute, IdempotencyKey
from extractor.api.views import upload_shown
from extractor.jobs.asking import HEX32, UploadAsked
from extractor.jobs.files import clean_name
from extractor.jobs.receiving import CONTENT_TYPE, Receiver
from extractor.jobs.receiving import drop as drop_upload
from extractor.store import Upload, UploadState

router = APIRouter(prefix="/v1/uploads", tags=["uploads"], route_class=ApiRoute)

UploadId = Annotated[str, Path(pattern=HEX32)]
_CONTENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes from Upload-Offset on; as many or few as you like.",
        "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
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
    drop_upload(room.uploads, room.upload_folder, upload_id, key.client)


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
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise ApiError(415, "unsupported-type", "The body is not sent as bytes.", mend=f"Content-Type: {CONTENT_TYPE}")

    def still() -> None:
        if not room.keys.in_force(key.id):
            raise wrong_key()

    receiver = Receiver(room.uploads, room.upload_folder, still)
    upload = await receiver.take(upload_id, key.client, upload_offset, request.stream())
    return await run_in_threadpool(_shown, room, upload)


def _shown(room: ApiRoom, upload: Upload) -> UploadShown:
    whole = upload.state is UploadState.COMPLETE
    return upload_shown(upload, upload.size if whole else room.upload_folder.offset(upload))
