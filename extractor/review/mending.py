"""Mending pages that the machine read wrongly, or not at all: what people say of a page, and reading it anew."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from extractor.errors import InstructionError, NotStoredError
from extractor.jobs import QueueFullError, room_client
from extractor.page_instruction import PageInstruction, PageIs
from extractor.review.access import Visit
from extractor.review.doors import check_book
from extractor.review.labels import book_name
from extractor.review.page_preview import BusyError, OutdatedError
from extractor.review.pages import render
from extractor.review.permissions import Permission
from extractor.review.room import AnyRoom, Number, Room, Seer, allowed_post
from extractor.review.texts import text, texts
from extractor.store import Instructions, Job, JobKind, JobState, SaidOfPage, StoredPage
from extractor.store.vietnam import VIETNAM
from extractor.templates.form import Role

pages_router = APIRouter(default_response_class=HTMLResponse)
router = APIRouter()

Mender = Annotated[Visit, allowed_post(Permission.MEND)]
_SHOWN = 6
"""Of what was said of a page, so many are listed."""


class Asked(BaseModel):
    """An instruction that is tried out."""

    model_config = ConfigDict(extra="forbid")

    said: PageInstruction


class Told(Asked):
    """An instruction that counts from now on.

    Args:
        reread: whether the page is read anew at once.
        newest: number of what was said last when the page was opened, 0 for nothing; another word in between stands.
    """

    reread: bool = True
    newest: Number = 0


@pages_router.get("/pages/{page_id}/mend")
def mend(room: AnyRoom, visit: Seer, page_id: Number) -> HTMLResponse:
    """The tool: the page's picture, what is said of it, and how the form would lie."""
    page = _page(room, visit, page_id)
    said = Instructions(room.store).of_page(page)
    key = room.listing.book_keys()[page.book_id]
    forms = room.previews.forms()
    return render(
        room,
        visit,
        "mend.html",
        page=page,
        book=book_name(key, room.labels, visit.language),
        state=_state(room, visit, page),
        forms=[
            (form.name, form.schema.register_code, room.labels.title(form.name, visit.language))
            for form in sorted(
                forms, key=lambda form: (not form.schema.register_code, form.schema.register_code, form.name)
            )
            if form.schema.role is Role.RECORDS
        ],
        kinds=list(PageIs),
        history=[_line(visit, each) for each in said[:_SHOWN]],
        setup={
            "page": page.id,
            "width": page.width,
            "height": page.height,
            "said": said[0].said.model_dump(mode="json", by_alias=True, exclude_defaults=True) if said else {},
            "newest": said[0].id if said else 0,
            "may": visit.may(Permission.MEND),
            "decided": page.decided,
            "job": _job_of(room, page),
            "texts": dict(texts(visit.language)),
        },
    )


@router.get("/page/{page_id}/source")
def source(room: AnyRoom, visit: Seer, page_id: Number) -> Response:
    """The page's picture as it was scanned, made smaller."""
    return Response(room.previews.picture(_page(room, visit, page_id)), media_type="image/webp")


@router.post("/api/pages/{page_id}/preview", response_model=None)
def preview(room: AnyRoom, visit: Mender, page_id: Number, asked: Asked) -> dict[str, Any] | JSONResponse:
    """How the form would lie by an instruction; nothing is kept."""
    try:
        return room.previews.lay(_page(room, visit, page_id), asked.said)
    except InstructionError as error:
        return JSONResponse({"error": "instruction", "message": error.message}, 422)
    except OutdatedError:
        return JSONResponse({"error": "outdated"}, 409)
    except BusyError:
        return JSONResponse({"error": "busy"}, 429)


@router.post("/api/pages/{page_id}/instruction", response_model=None)
def tell(room: AnyRoom, visit: Mender, page_id: Number, told: Told) -> dict[str, Any] | JSONResponse:
    """Keep an instruction, and have the page read anew by it."""
    page = _page(room, visit, page_id)
    instructions = Instructions(room.store)
    before = instructions.of_page(page)
    if (before[0].id if before else 0) != told.newest:
        return JSONResponse({"error": "changed", "message": text(visit.language, "mend_changed")}, 409)
    usable = {form.name for form in room.previews.forms() if form.schema.role is Role.RECORDS}
    if told.said.form and told.said.form not in usable:
        return JSONResponse({"error": "instruction", "message": text(visit.language, "mend_no_form")}, 422)
    try:
        kept = instructions.say(page_id, told.said, visit.person)
    except InstructionError as error:
        return JSONResponse({"error": "instruction", "message": error.message}, 422)
    if not told.reread:
        return {"newest": kept.id, "job": "", "history": _line(visit, kept)}
    wanted = {"pages": [{"file": page.file, "page": page.page}]}
    waiting = [job for job in room.intake.jobs.unfinished(room.intake.folder) if job.state is JobState.QUEUED]
    try:
        # One that waits will heed the newest word as well.
        job = next(
            (job for job in waiting if job.kind is JobKind.REREAD and job.options == wanted and not job.cancel), None
        ) or room.intake.queue(JobKind.REREAD, room_client(visit.account.id), wanted)
    except QueueFullError:
        message = text(visit.language, "mend_queue_full")
        return JSONResponse({"error": "queue", "message": message, "newest": kept.id}, 429)
    return {"newest": kept.id, "job": job.id, "history": _line(visit, kept)}


@router.get("/api/pages/{page_id}/state")
def state(
    room: AnyRoom, visit: Seer, page_id: Number, job: Annotated[str, Field(max_length=32)] = ""
) -> dict[str, Any]:
    """How far the reading is, and how the page stands."""
    page = _page(room, visit, page_id)
    found = _own_job(room, page, job)
    if found is None:
        return {"job": "", **_state(room, visit, page)}
    set_aside = [item for item in found.result.get("set_aside", ()) if item.get("page") == page.page]
    failed = found.state is JobState.FAILED or bool(set_aside)
    return {
        "job": found.state.value,
        "over": found.state.over,
        "failed": failed,
        # What went wrong is said in the words of the error, which never hold text of a register.
        "message": (found.message or (set_aside[0]["message"] if set_aside else "")) if failed else "",
        **_state(room, visit, page),
    }


def _page(room: Room, visit: Visit, page_id: int) -> StoredPage:
    page = Instructions(room.store).page(page_id)
    check_book(visit, page.book_id)
    return page


def _own_job(room: Room, page: StoredPage, job_id: str) -> Job | None:
    """A job by its number, where it reads this page."""
    if not job_id:
        return None
    try:
        job = room.intake.jobs.get(job_id)
    except NotStoredError:
        return None
    wanted = {"file": page.file, "page": page.page}
    return job if job.kind is JobKind.REREAD and wanted in job.options.get("pages", ()) else None


def _job_of(room: Room, page: StoredPage) -> str:
    """Number of the job that waits or works on the page, or empty."""
    for job in room.intake.jobs.unfinished(room.intake.folder):
        if _own_job(room, page, job.id) is not None:
            return job.id
    return ""


def _state(room: Room, visit: Visit, page: StoredPage) -> dict[str, Any]:
    """How a page stands, in words and with the way on."""
    if page.records:
        said = text(visit.language, "mend_has_records", count=len(page.records))
        form = room.labels.title(page.form, visit.language)
        return {"said": f"{said} {form}", "good": True, "link": f"/records/{page.records[0]}"}
    kind = text(visit.language, f"problem_{page.problem}") if page.problem else ""
    resolved = text(visit.language, f"resolution_{page.resolution}") if page.resolution else ""
    if resolved:
        by = text(visit.language, "resolution_by", what=resolved, person=page.resolved_by)
        return {"said": by, "good": True, "link": ""}
    return {"said": f"{kind}. {page.problem_message}".strip(". ") + ".", "good": False, "link": ""}


def _line(visit: Visit, each: SaidOfPage) -> str:
    """What was said, when and by whom, in a line."""
    said, language = each.said, visit.language
    parts = [
        text(language, f"mend_is_{said.is_.value}") if said.is_ else "",
        said.form,
        text(language, "mend_turned", degrees=90 * said.turn) if said.turn else "",
        text(language, "mend_corners") if said.corners else "",
        text(language, "mend_anchors") if said.anchors else "",
        text(language, "mend_rows_said", count=len(said.rows) - 1) if said.rows else "",
        text(language, f"mend_pages_{said.pages}") if said.pages else "",
    ]
    what = ", ".join(part for part in parts if part) or text(language, "mend_automatic_said")
    at = each.at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
    return f"{at}, {each.person}: {what}"
