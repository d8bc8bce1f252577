"""What the designer's page asks and tells the server while a form is drawn and tried."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from extractor.errors import NotStoredError
from extractor.review.designer import bench
from extractor.review.designer.answers import faults_view, tried_view
from extractor.review.designer.bench import Tried
from extractor.review.designer.desk import AnyDesk, picture_of
from extractor.review.designer.workshop import WorkshopError, WorkshopJob
from extractor.review.room import AnyRoom, Author, AuthorPost, Number
from extractor.review.texts import text
from extractor.store.form_pages import hides_fields
from extractor.templates.designing import Design, OddDesignError, to_form
from extractor.templates.designing.showing import laid_out
from extractor.templates.form import FORM_NAME

router = APIRouter(prefix="/api/templates")

MOST_TRIED = 12
"""Pages a design is tried on at once."""

Pixel = Annotated[float, Field(ge=-10_000, le=100_000, allow_inf_nan=False)]
Ident = Annotated[str, Field(pattern=r"^[a-z]\d{1,6}$")]


class Body(BaseModel):
    """What is posted; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class Designed(Body):
    """A design as it is now."""

    design: Design


class OnPage(Designed):
    """A design and the page it is shown on."""

    page: Number


class Rectangle(OnPage):
    """What was drawn on a page, clean pixels, and free numbers for the label, the field and the block."""

    rectangle: tuple[Pixel, Pixel, Pixel, Pixel]
    ids: tuple[Ident, Ident, Ident]


class Trial(Designed):
    """Pages to try a design on, and the field to read there."""

    pages: Annotated[list[Number], Field(min_length=1, max_length=MOST_TRIED)]
    code: Annotated[str, Field(max_length=80)] = ""


class NewForm(Body):
    """Pages to draft a form from."""

    name: Annotated[str, Field(pattern=f"^{FORM_NAME}$", max_length=60)]
    register_code: Annotated[str, Field(max_length=8)] = ""
    pages: Annotated[list[Number], Field(min_length=1, max_length=MOST_TRIED)]


@router.post("/faults")
def faults(desk: AnyDesk, visit: AuthorPost, asked: Designed) -> dict[str, Any]:
    """What is wrong with a design."""
    return {"faults": faults_view(desk, asked.design, visit.language)}


@router.post("/show", response_model=None)
def show(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: OnPage) -> dict[str, Any] | JSONResponse:
    """The design over a page, and its faults; over no page where it is no form yet."""
    picture = picture_of(room, visit, asked.page)
    found = faults_view(desk, asked.design, visit.language)
    try:
        to_form(laid_out(asked.design))
    except OddDesignError:
        return {"shown": None, "faults": found}
    try:
        return {"shown": desk.workshop.ask(bench.show_on, picture, asked.design), "faults": found}
    except WorkshopError:
        return JSONResponse({"error": "work", "message": text(visit.language, "tpl_no_work"), "faults": found}, 409)


@router.get("/snaps/{page_id}", response_model=None)
def snaps(room: AnyRoom, desk: AnyDesk, visit: Author, page_id: Number) -> dict[str, Any] | JSONResponse:
    """Lines and words of a page to hold on to."""
    try:
        found: dict[str, Any] = desk.workshop.ask(bench.snaps_of, picture_of(room, visit, page_id))
    except WorkshopError:
        return JSONResponse({"error": "work", "message": text(visit.language, "tpl_no_work")}, 409)
    return found


@router.post("/draw", response_model=None)
def draw(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Rectangle) -> dict[str, Any] | JSONResponse:
    """The label and field that a drawn rectangle becomes."""
    picture = picture_of(room, visit, asked.page)
    if asked.design.sheet is None:
        return JSONResponse({"error": "table"}, 409)
    try:
        found: dict[str, Any] = desk.workshop.ask(
            bench.draw_on, picture, asked.design, asked.rectangle, asked.ids, desk.folders
        )
    except WorkshopError:
        return JSONResponse({"error": "work", "message": text(visit.language, "tpl_no_work")}, 409)
    return found


@router.post("/try", response_model=None)
def begin_trial(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: Trial) -> dict[str, Any] | JSONResponse:
    """Begin trying the design on pages; the answer names the job to ask about."""
    pictures = [picture_of(room, visit, page) for page in asked.pages]
    try:
        to_form(asked.design)
    except OddDesignError:
        return JSONResponse({"error": "odd", "message": text(visit.language, "tpl_mend_first")}, 409)
    # What is being keyed blind must not be read out here.
    shown = [not hides_fields(room.store, page) for page in asked.pages]
    steps = [
        (bench.try_on, (picture, asked.design, asked.code, read)) for picture, read in zip(pictures, shown, strict=True)
    ]
    return {"job": desk.workshop.begin(visit.account.id, steps)}


@router.get("/tries/{job}")
def trial(desk: AnyDesk, visit: Author, job: str) -> dict[str, Any]:
    """How far a trial is, and what came of the pages that are done."""
    found = _job(desk, visit.account.id, job)
    results = list(found.results)
    views = [
        tried_view(result, job, number, visit.language)
        if isinstance(result, Tried)
        else {"failed": text(visit.language, "tpl_no_work")}
        for number, result in enumerate(results)
    ]
    return {"done": found.done, "total": found.total, "pages": views}


@router.get("/tries/{job}/{number}/overlay")
def overlay(desk: AnyDesk, visit: Author, job: str, number: Number) -> Response:
    """The design over a page of a trial."""
    return Response(_tried(desk, visit.account.id, job, number).overlay, media_type="image/webp")


@router.get("/tries/{job}/{number}/crop/{place}")
def crop(desk: AnyDesk, visit: Author, job: str, number: Number, place: Number) -> Response:
    """A field cut out of a page of a trial."""
    crops = _tried(desk, visit.account.id, job, number).crops
    if place >= len(crops):
        raise NotStoredError("There is no such picture.")
    return Response(crops[place]["picture"], media_type="image/webp")


@router.post("/draft", response_model=None)
def begin_draft(room: AnyRoom, desk: AnyDesk, visit: AuthorPost, asked: NewForm) -> dict[str, Any] | JSONResponse:
    """Begin drafting a form from pages; the answer names the job to ask about."""
    if desk.find(asked.name) is not None:
        return JSONResponse({"error": "taken", "message": text(visit.language, "tpl_name_taken")}, 409)
    pictures = [picture_of(room, visit, page) for page in asked.pages]
    steps = [(bench.draft_on, (pictures, asked.name, asked.register_code, desk.folders))]
    return {"job": desk.workshop.begin(visit.account.id, steps)}


@router.get("/drafts/{job}")
def drafted(room: AnyRoom, desk: AnyDesk, visit: Author, job: str) -> dict[str, Any]:
    """Whether a draft is made; when it is, it is kept as the person's unfinished work, to go on with."""
    found = _job(desk, visit.account.id, job)
    if not found.results:
        return {"done": False}
    result = found.results[0]
    if isinstance(result, WorkshopError):
        return {"done": True, "form": "", "message": text(visit.language, "tpl_no_draft")}
    design = Design.model_validate(result)
    desk.drafts.keep(design.head.form, visit.account.id, design, "", room.store.now())
    return {"done": True, "form": design.head.form}


def _job(desk: AnyDesk, owner: int, name: str) -> WorkshopJob:
    job = desk.workshop.job(name, owner)
    if job is None:
        raise NotStoredError("There is no such trial.")
    return job


def _tried(desk: AnyDesk, owner: int, name: str, number: int) -> Tried:
    results = _job(desk, owner, name).results
    if number >= len(results) or not isinstance(results[number], Tried):
        raise NotStoredError("There is no such picture.")
    tried: Tried = results[number]
    return tried
