"""Runs and exports: asked for, looked at, stopped, and what came of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from extractor.api.cursor import MOST, USUAL, make_cursor, read_id
from extractor.api.downloads import serve_file
from extractor.api.models import (
    ExportAsked,
    ExportFile,
    ExportFiles,
    ExportPage,
    ExportShown,
    RunPage,
    RunShown,
)
from extractor.api.problems import ApiError, answers, not_found, wrong_field
from extractor.api.room import AnyRoom, ApiRoom, ExportReader, ExportStarter, Resource, RunReader, RunStarter
from extractor.api.route import ApiRoute, IdempotencyKey
from extractor.api.views import export_shown, run_shown
from extractor.batch.exporting import export_formats
from extractor.jobs.asking import HEX32, RunAsked
from extractor.jobs.files import gone
from extractor.store import ApiKey, JobKind, JobState, UploadState

router = APIRouter(prefix="/v1", route_class=ApiRoute)

JobId = Annotated[str, Path(pattern=HEX32)]
After = Annotated[str | None, Query(max_length=80)]
Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.post("/runs", status_code=202, tags=["runs"], responses=answers(400, 404, 408, 409, 413, 415))
def start_run(
    *,
    room: AnyRoom,
    key: RunStarter,
    asked: RunAsked,
    resource: Resource,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunShown:
    """Read uploaded scans; runs are done one after the other."""
    if asked.form and asked.form not in room.forms:
        raise wrong_field("body.form", "is not the name of a known form", mend="'extractor template list' names them.")
    if len(set(asked.uploads)) < len(asked.uploads):
        raise wrong_field("body.uploads", "names an upload twice")
    found = room.uploads.several(asked.uploads, key.client)
    places: dict[str, int] = {}
    for index, upload_id in enumerate(asked.uploads):
        upload = found.get(upload_id)
        if upload is None:
            raise not_found(f"There is no such upload: body.uploads.{index}.")
        if upload.state is not UploadState.COMPLETE:
            raise ApiError(
                409, "not-complete", f"The upload is not complete: body.uploads.{index}.", mend="Send the rest of it."
            )
        if not room.upload_folder.is_there(upload):
            raise gone()
        if (first := places.setdefault(upload.name, index)) != index:
            # Records are known by the names of their files: those of one would stand for those of the other.
            raise wrong_field(
                f"body.uploads.{index}",
                f"{upload_id} and body.uploads.{first}, {asked.uploads[first]}, have one name: {upload.name}",
                mend="Leave one out, or announce and send it under a name of its own.",
            )
    job = room.intake.queue(JobKind.RUN, key.client, asked.model_dump(mode="json", by_alias=True), job_id=resource)
    response.headers["Location"] = f"/v1/runs/{job.id}"
    return run_shown(job)


@router.get("/runs", tags=["runs"], responses=answers(404))
def list_runs(room: AnyRoom, key: RunReader, after: After = None, limit: Limit = USUAL) -> RunPage:
    """The client's runs, newest first."""
    found = room.jobs.page(key.client, JobKind.RUN, after=read_id("j", after), limit=limit + 1)
    last = make_cursor("j", found[limit - 1].id) if len(found) > limit else None
    return RunPage(items=[run_shown(job) for job in found[:limit]], next=last)


@router.get("/runs/{job_id}", tags=["runs"], responses=answers(404))
def get_run(room: AnyRoom, key: RunReader, job_id: JobId) -> RunShown:
    """How far a run is, and at its end what was set aside and why."""
    return run_shown(room.jobs.get(job_id, key.client, JobKind.RUN))


@router.post("/runs/{job_id}/cancel", tags=["runs"], responses=answers(404))
def cancel_run(room: AnyRoom, key: RunStarter, job_id: JobId) -> RunShown:
    """Stop a run. Pages that were read stay; nothing happens to a run that is over."""
    job = room.jobs.cancel(job_id, key.client, JobKind.RUN)
    room.intake.wake()
    return run_shown(job)


@router.post("/exports", status_code=202, tags=["exports"], responses=answers(400, 408, 409, 413, 415))
def start_export(
    *,
    room: AnyRoom,
    key: ExportStarter,
    asked: ExportAsked,
    resource: Resource,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ExportShown:
    """Write what is handed over: workbooks, packages, records."""
    if asked.format not in export_formats():
        raise wrong_field("body.format", "is not known", mend="'extractor export --list' names them.")
    job = room.intake.queue(JobKind.EXPORT, key.client, asked.model_dump(mode="json"), job_id=resource)
    response.headers["Location"] = f"/v1/exports/{job.id}"
    return export_shown(job)


@router.get("/exports", tags=["exports"], responses=answers(404))
def list_exports(room: AnyRoom, key: ExportReader, after: After = None, limit: Limit = USUAL) -> ExportPage:
    """The client's exports, newest first."""
    found = room.jobs.page(key.client, JobKind.EXPORT, after=read_id("j", after), limit=limit + 1)
    last = make_cursor("j", found[limit - 1].id) if len(found) > limit else None
    return ExportPage(items=[export_shown(job) for job in found[:limit]], next=last)


@router.get("/exports/{job_id}", tags=["exports"], responses=answers(404))
def get_export(room: AnyRoom, key: ExportReader, job_id: JobId) -> ExportShown:
    """How far an export is."""
    return export_shown(room.jobs.get(job_id, key.client, JobKind.EXPORT))


@router.get("/exports/{job_id}/files", tags=["exports"], responses=answers(404, 409))
def list_files(room: AnyRoom, key: ExportReader, job_id: JobId) -> ExportFiles:
    """The files of an export that is done; they stay as they are whatever is exported later."""
    files = _files(room, key, job_id)
    return ExportFiles(
        items=[
            ExportFile(number=number, name=file["name"], size=file["size"], sha256=file["sha256"])
            for number, file in enumerate(files, start=1)
        ]
    )


_DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"application/octet-stream": {}}},
    206: {"description": "The part of it that Range names", "content": {"application/octet-stream": {}}},
    304: {"description": "It is what If-None-Match names"},
}


@router.get(
    "/exports/{job_id}/files/{number}",
    tags=["exports"],
    response_class=Response,
    responses={**_DOWNLOAD, **answers(400, 404, 409, 416)},
)
def download(
    request: Request,
    room: AnyRoom,
    key: ExportReader,
    job_id: JobId,
    number: Annotated[int, Path(ge=1, le=100_000)],
) -> Response:
    """A file of an export; with a Range header, part of it."""
    files = _files(room, key, job_id)
    if number > len(files):
        raise not_found("There is no such file.")
    file = files[number - 1]
    return serve_file(request, room.out / file["path"], file["sha256"], name=file["name"])


def _files(room: ApiRoom, key: ApiKey, job_id: str) -> list[dict[str, Any]]:
    job = room.jobs.get(job_id, key.client, JobKind.EXPORT)
    if job.state is not JobState.DONE:
        raise ApiError(409, "not-done", f"The export is {job.state}.", mend="Ask for its state until it is done.")
    return list(job.result["files"])
