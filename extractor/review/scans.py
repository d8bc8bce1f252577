"""The pages for bringing scans in: sending files, having them read, and how far that is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field, ValidationError

from extractor.errors import NotStoredError
from extractor.jobs import QueueFullError, UploadError, room_client
from extractor.jobs.asking import HEX32, Id, RunAsked
from extractor.review import scan_files, scan_view
from extractor.review.access import Visit
from extractor.review.labels import book_name
from extractor.review.pages import render
from extractor.review.permissions import Permission
from extractor.review.room import AnyRoom, Room, Scanner, ScannerPost
from extractor.review.scan_texts import explain
from extractor.review.texts import text, texts
from extractor.scans import REGISTERS
from extractor.scans.kinds import HEAD_BYTES
from extractor.store import ROOM, Job, JobKind, Upload
from extractor.store.vietnam import VIETNAM

router = APIRouter(prefix="/scans", default_response_class=HTMLResponse)

_SEE_OTHER = 303
_BOOK = ("register", "year", "number", "agency", "commune", "district", "province")

JobId = Annotated[str, Path(pattern=HEX32)]
UploadId = Annotated[str, Path(pattern=HEX32)]
Word = Annotated[str, Form(max_length=200)]
Tick = Annotated[bool, Form()]


class _RoomRun(RunAsked):
    """A run asked for in the room: folders may hold many files."""

    uploads: list[Id] = Field(min_length=1, max_length=scan_files.MOST_SHOWN)


@router.get("")
def scans(room: AnyRoom, visit: Scanner) -> HTMLResponse:
    """Send files."""
    intake, language = room.intake, visit.language
    unfinished = [(upload, intake.upload_folder.offset(upload)) for upload in scan_files.unfinished(intake)]
    said = {key: words for key, words in texts(language).items() if key.startswith("scan_js_")}
    return render(
        room,
        visit,
        "scans.html",
        unread=len(scan_files.unread(intake)),
        unfinished=[
            (upload, offset, 100 * offset // upload.size, upload.created_at.astimezone(VIETNAM))
            for upload, offset in unfinished
        ],
        setup={
            "texts": said,
            "head": HEAD_BYTES,
            "most": {"file": intake.limits.file_bytes, "zip": intake.limits.zip_total_bytes},
            "language": language,
            "reasons": {kind: _reason(language, kind) for kind in ("empty", "limit", "changed", "unreadable")},
        },
    )


@router.post("/files/{upload_id}/drop")
def take_back(room: AnyRoom, visit: ScannerPost, upload_id: UploadId) -> Response:
    """Give up a file that nothing was made of, and go back to the page that lists such files."""
    try:
        whole = scan_files.take_back(room.intake, upload_id, room_client(visit.account.id))
    except UploadError as error:
        return _choose(room, visit, 409, troubles=[explain(visit.language, error.kind).why])
    return RedirectResponse("/scans/read" if whole else "/scans", _SEE_OTHER)


@router.get("/read")
def choose(room: AnyRoom, visit: Scanner) -> HTMLResponse:
    """Choose what is read, and how."""
    return _choose(room, visit)


@router.post("/read")
def read(
    room: AnyRoom,
    visit: ScannerPost,
    *,
    ask: Annotated[str, Form(pattern=HEX32)],
    folders: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    uploads: Annotated[list[str], Form()] = [],  # noqa: B006
    form: Word = "",
    code: Annotated[str, Form(max_length=20, alias="register")] = "",
    year: Word = "",
    number: Word = "",
    agency: Word = "",
    commune: Word = "",
    district: Word = "",
    province: Word = "",
    certificate: Tick = False,
    recheck: Word = "5",
    redo: Tick = False,
) -> Response:
    """Have files read; the same form sent twice asks once."""
    if room.intake.jobs.known(ask):
        return RedirectResponse(f"/scans/runs/{ask}", _SEE_OTHER)
    given = {
        "folders": folders, "uploads": uploads, "form": form, "register": code, "year": year, "number": number,
        "agency": agency, "commune": commune, "district": district, "province": province, "certificate": certificate,
        "recheck": recheck, "redo": redo,
    }  # fmt: skip
    chosen = [upload for upload in scan_files.unread(room.intake) if upload.id in uploads or upload.folder in folders]
    options, troubles = _options(room, visit.language, chosen, given)
    if options is None:
        return _choose(room, visit, 422, given=given, troubles=troubles)
    return _queue(room, visit, ask, options)


@router.get("/runs")
def runs(room: AnyRoom, visit: Scanner) -> HTMLResponse:
    """The newest runs."""
    lines = [scan_view.line(room, visit.language, job) for job in scan_view.newest(room)]
    return render(room, visit, "scan_runs.html", lines=lines, unread=len(scan_files.unread(room.intake)))


@router.get("/runs/{job_id}")
def run(room: AnyRoom, visit: Scanner, job_id: JobId) -> HTMLResponse:
    """One run: how far it is, what was set aside, where its pages went."""
    job = _job(room, job_id)
    names = _names(room, job)
    books = room.listing.books_of_files(names) if names else frozenset()
    return render(
        room,
        visit,
        "scan_run.html",
        line=scan_view.line(room, visit.language, job, details=True),
        names=names,
        title=room.labels.title(job.options["form"], visit.language) if job.options.get("form") else "",
        ask=secrets.token_hex(16),
        books=[
            (book.id, book_name(book.key, room.labels, visit.language), book.counts)
            for book in room.store.books()
            if book.id in books and visit.opens(book.id)
        ],
        sees=visit.may(Permission.SEE),
    )


@router.post("/runs/{job_id}/cancel")
def cancel(room: AnyRoom, visit: ScannerPost, job_id: JobId) -> Response:
    """Stop a run; pages that were read stay."""
    job = _job(room, job_id, mine=True)
    room.intake.jobs.cancel(job.id, job.client, job.kind)
    room.intake.wake()
    return RedirectResponse(f"/scans/runs/{job.id}", _SEE_OTHER)


@router.post("/runs/{job_id}/again")
def again(
    room: AnyRoom, visit: ScannerPost, job_id: JobId, *, ask: Annotated[str, Form(pattern=HEX32)], redo: Tick = False
) -> Response:
    """Ask for the same once more: only what is missing or has changed, or everything anew."""
    job = _job(room, job_id, mine=True)
    options = {**job.options, "redo": redo} if job.kind is JobKind.RUN else dict(job.options)
    return _queue(room, visit, ask, options, job.kind)


def _queue(room: Room, visit: Visit, ask: str, options: Mapping[str, Any], kind: JobKind = JobKind.RUN) -> Response:
    try:
        job = room.intake.queue(kind, room_client(visit.account.id), options, job_id=ask)
    except QueueFullError:
        return _choose(room, visit, 429, troubles=[text(visit.language, "scan_queue_full")])
    return RedirectResponse(f"/scans/runs/{job.id}", _SEE_OTHER)


def _job(room: Room, job_id: str, *, mine: bool = False) -> Job:
    """A job of this folder, or only one that was asked for in the room.

    Raises:
        NotStoredError: there is no such job.
    """
    job = room.intake.jobs.get(job_id)
    if job.folder != room.intake.folder or job.kind not in scan_view.KINDS or (
        mine and not job.client.startswith(ROOM)
    ):  # fmt: skip
        raise NotStoredError("There is no such job.")
    return job


def _names(room: Room, job: Job) -> list[str]:
    """Names of the files that a job reads."""
    if job.kind is JobKind.REREAD:
        return sorted({str(page["file"]) for page in job.options["pages"]})
    return room.intake.uploads.names(job.options["uploads"])


def _groups(found: Sequence[Upload]) -> list[tuple[str, list[Upload]]]:
    """The files by the folder they lie in."""
    ordered = sorted(found, key=lambda upload: (upload.folder, upload.name))
    return [(folder, list(files)) for folder, files in groupby(ordered, key=lambda upload: upload.folder)]


def _options(
    room: Room, language: str, chosen: Sequence[Upload], given: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, list[str]]:
    """The options of a run as the form asks for them; where they are not usable, none and why not."""
    troubles = []
    if not chosen:
        troubles.append("scan_none_chosen")
    elif len({upload.name for upload in chosen}) < len(chosen):
        troubles.append("scan_same_names")
    if given["form"] and given["form"] not in room.labels.schemas:
        troubles.append("scan_bad_form")
    asked = {
        "uploads": [upload.id for upload in chosen] or ["0" * 32],
        "book": {part: " ".join(given[part].split()) for part in _BOOK},
        "form": given["form"],
        "certificate": "shipped" if given["certificate"] else "none",
        "recheck": _share(given["recheck"]),
        "redo": given["redo"],
    }
    try:
        options = _RoomRun.model_validate(asked)
    except ValidationError as error:
        wrong = {str(fault["loc"][-1]) for fault in error.errors()}
        troubles += [f"scan_bad_{name}" if name in {"year", "recheck"} else "scan_bad_book" for name in sorted(wrong)]
        options = None
    if troubles or options is None:
        return None, [text(language, key) for key in dict.fromkeys(troubles)]
    return options.model_dump(mode="json", by_alias=True), []


def _share(percent: str) -> float:
    """A share written in percent; what is none gives -1, which nothing takes."""
    try:
        return float(percent.strip().replace(",", ".")) / 100
    except ValueError:
        return -1.0


def _choose(
    room: Room, visit: Visit, status: int = 200, *, given: Mapping[str, Any] | None = None, troubles: Sequence[str] = ()
) -> HTMLResponse:
    found = scan_files.unread(room.intake)
    shown: dict[str, Any] = {
        "folders": [folder for folder, _ in _groups(found)], "uploads": [], "form": "", "certificate": True,
        "recheck": "5", "redo": False, **dict.fromkeys(_BOOK, ""), **(given or {}),
    }  # fmt: skip
    return render(
        room,
        visit,
        "scan_read.html",
        status,
        groups=_groups(found),
        begun=scan_files.partly_read(room.intake, found),
        shown=shown,
        troubles=troubles,
        ask=secrets.token_hex(16),
        forms=sorted((room.labels.title(form, visit.language), form) for form in room.labels.schemas),
        registers=[(code, room.labels.register(code, visit.language)) for code in REGISTERS],
        places=_BOOK[3:],
    )


def _reason(language: str, kind: str) -> dict[str, str]:
    reason = explain(language, kind)
    return {"why": reason.why, "mend": reason.mend}
