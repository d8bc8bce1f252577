"""What the page that sends scans asks and tells the server, and how far runs are.

The pieces of a file are taken as the HTTP interface takes them (:mod:`extractor.jobs.receiving`).
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from extractor.errors import InputError
from extractor.jobs import UploadError, room_client
from extractor.jobs.asking import HEX32
from extractor.jobs.receiving import Receiver
from extractor.review import scan_files
from extractor.review.room import AnyRoom, Number, Room, Scanner, ScannerPost
from extractor.review.scan_texts import explain, kind_of
from extractor.review.scan_view import newest, states
from extractor.store import Upload, UploadState

router = APIRouter(prefix="/api/scans")

UploadId = Annotated[str, Path(pattern=HEX32)]


class Announced(BaseModel):
    """A file that is to be sent. Without its hash it is only checked whether it may come."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=4000)
    size: Number
    head: str = Field(max_length=1400, description="The first 1,024 bytes, in base64")
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


@router.post("/announce", response_model=None)
def announce(room: AnyRoom, visit: ScannerPost, asked: Announced) -> JSONResponse:
    """Announce a file; tells how much of it is there already."""
    try:
        head = base64.b64decode(asked.head, validate=True)
    except binascii.Error:
        return JSONResponse({"error": "invalid"}, 422)
    try:
        name = scan_files.check_head(asked.name, head)
        if not asked.sha256:
            scan_files.check_room(room.intake, name, asked.size)
            return JSONResponse({"state": "welcome"})
        client = room_client(visit.account.id)
        return _shown(room, scan_files.announce(room.intake, client, name, asked.size, asked.sha256))
    except (UploadError, InputError) as error:
        return _refused(error, visit.language)


@router.post("/files/{upload_id}/content", response_model=None)
async def send(
    request: Request,
    room: AnyRoom,
    visit: ScannerPost,
    upload_id: UploadId,
    upload_offset: Annotated[int, Header(alias="Upload-Offset", ge=0, le=2**53)],
) -> JSONResponse:
    """Take a piece of a file that begins at the offset; with the last one the file is checked."""
    try:
        upload = await run_in_threadpool(scan_files.upload_of_room, room.intake, upload_id)
        receiver = Receiver(room.intake.uploads, room.intake.upload_folder)
        upload = await receiver.take(upload_id, upload.client, upload_offset, request.stream())
    except UploadError as error:
        return _refused(error, visit.language)
    except ClientDisconnect:
        return JSONResponse({"error": "broken"}, 400)  # what arrived is kept; nobody is left to answer
    return await run_in_threadpool(_shown, room, upload)


@router.post("/files/{upload_id}/drop", response_model=None)
def take_back(room: AnyRoom, visit: ScannerPost, upload_id: UploadId) -> JSONResponse:
    """Give up a file that nothing was made of."""
    try:
        scan_files.take_back(room.intake, upload_id, room_client(visit.account.id))
    except UploadError as error:
        return _refused(error, visit.language)
    return JSONResponse({"state": "dropped"})


@router.get("/runs/state")
def state(room: AnyRoom, visit: Scanner) -> dict[str, Any]:
    """How far the newest jobs are; the pages of runs ask by themselves."""
    return {"runs": states(room, visit.language, newest(room))}


def _shown(room: Room, upload: Upload) -> JSONResponse:
    whole = upload.state is UploadState.COMPLETE
    offset = upload.size if whole else room.intake.upload_folder.offset(upload)
    return JSONResponse({"id": upload.id, "state": upload.state.value, "offset": offset, "pages": upload.pages})


def _refused(error: UploadError | InputError, language: str) -> JSONResponse:
    reason = explain(language, kind_of(error))
    content = {"error": kind_of(error).replace("_", "-"), "why": reason.why, "mend": reason.mend}
    if isinstance(error, UploadError) and error.offset is not None:
        content["offset"] = str(error.offset)
    return JSONResponse(content, 409)
