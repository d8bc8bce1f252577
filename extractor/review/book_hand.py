"""Having what is open in a book read anew by its own hand: asking for it, and how it stands."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from extractor.batch.hands import read_index
from extractor.errors import ModelError, NotStoredError
from extractor.jobs import QueueFullError, room_client
from extractor.review.access import Visit
from extractor.review.doors import check_book
from extractor.review.permissions import Permission
from extractor.review.room import AnyRoom, Number, Room, allowed_post
from extractor.review.texts import text
from extractor.store import Instructions, Job, JobKind, JobState

router = APIRouter(prefix="/books/{book_id}/pages")

_SEE_OTHER = 303
Adapter = Annotated[Visit, allowed_post(Permission.MEND)]


@router.post("/adapt")
def adapt(room: AnyRoom, visit: Adapter, book_id: Number) -> Response:
    """Have the reader adapted to the book's hand; asked twice, it is done once."""
    check_book(visit, book_id)
    found = Instructions(room.store).pages(book_id)
    if not found:
        raise NotStoredError("There is no such book.")
    waiting = [job for job in room.intake.jobs.unfinished(room.intake.folder) if _of_book(job, book_id)]
    pages = [{"file": page.file, "page": page.page} for page in found if page.records]
    try:
        job = next((job for job in waiting if not job.cancel), None) or room.intake.queue(
            JobKind.REREAD, room_client(visit.account.id), {"pages": pages, "adapt": book_id}
        )
    except QueueFullError:
        return RedirectResponse(f"/books/{book_id}/pages?hand=full", _SEE_OTHER)
    return RedirectResponse(f"/books/{book_id}/pages?hand={job.id}", _SEE_OTHER)


def hand_standing(room: Room, visit: Visit, book_id: int, job_id: str) -> str:
    """In words how the book's hand stands, or what became of a job.

    Args:
        job_id: of the job that was asked for, ``full`` where there was no room for it, or empty.
    """
    language = visit.language
    if job_id == "full":
        return text(language, "mend_queue_full")
    job = _job(room, book_id, job_id)
    if job is None:
        try:
            index = read_index(room.out)
        except ModelError as error:
            return error.message
        known = index.hands.get(index.of_book(book_id))
        return text(language, "hand_known", lines=known.lines) if known else ""
    if not job.state.over:
        return text(language, "hand_working", done=job.done, total=job.total)
    if job.state is not JobState.DONE:
        return text(language, "hand_failed", why=job.message)
    book: dict[str, Any] = next(iter(job.result.get("books", ())), {})
    what = str(book.get("what", "current"))
    return text(language, f"hand_{what}", lines=book.get("lines", 0), changed=book.get("changed", 0))


def _job(room: Room, book_id: int, job_id: str) -> Job | None:
    """The job of that number where it is about this book, else one that is not over."""
    try:
        job = room.intake.jobs.get(job_id) if job_id else None
    except NotStoredError:
        job = None
    if job is not None and job.folder == room.intake.folder and _of_book(job, book_id):
        return job
    return next((job for job in room.intake.jobs.unfinished(room.intake.folder) if _of_book(job, book_id)), None)


def _of_book(job: Job, book_id: int) -> bool:
    return job.kind is JobKind.REREAD and job.options.get("adapt") == book_id
