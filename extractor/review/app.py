"""The review application: where people verify what the machine was not sure of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from extractor.errors import ExtractorError, ImageError, NotStoredError
from extractor.jobs import Intake
from extractor.review import (
    administering,
    api,
    approving,
    boards,
    book_hand,
    book_pages,
    inspecting,
    mending,
    pages,
    record_form,
    scans,
    scans_api,
    signing,
)
from extractor.review.access import Access
from extractor.review.book_rules import BookRules
from extractor.review.designer import api as designer_api
from extractor.review.designer import pages as designer_pages
from extractor.review.designer import saving as designer_saving
from extractor.review.designer.desk import Desk
from extractor.review.headers import LOOPBACK, guard
from extractor.review.labels import Labels
from extractor.review.page_preview import Previews
from extractor.review.pictures import Pictures
from extractor.review.refusals import tell_mistake, tell_refusal
from extractor.review.room import (
    ForeignPostError,
    NotAllowedError,
    NotSignedInError,
    PasswordDueError,
    Room,
    get_language,
    secret_of,
)
from extractor.rules import record_rules
from extractor.scans import Limits
from extractor.service import health
from extractor.service.health import Readiness
from extractor.service.requests import Numbered, Observe, unobserved
from extractor.store import IDLE_SECONDS, LEASE_SECONDS, Approvals, Store
from extractor.store.listing import Listing
from extractor.templates.own_forms import folders_in_use

_HERE = Path(__file__).parent


def create_app(
    store: Store,
    out_dir: Path,
    *,
    templates: Sequence[Path] = (),
    announce: Callable[[str], None],
    hosts: Collection[str] = LOOPBACK,
    lease_seconds: float = LEASE_SECONDS,
    idle_seconds: float = IDLE_SECONDS,
    secure: bool = False,
    limits: Limits | None = None,
    wake: Callable[[], None] = lambda: None,
    queue_lives: Callable[[], bool] = lambda: True,
    observe: Observe = unobserved,
) -> FastAPI:
    """Make the application.

    Args:
        store: where records and decisions are; the caller closes it.
        out_dir: output folder of the run; page pictures and overlays are looked up below it.
        templates: folders of page templates, for the names of fields and for the designer.
        announce: called at once with the token for making the first account, where there is no account yet.
        hosts: names under which the server answers; none means any.
        lease_seconds: how long a person holds a field before it is free for others.
        idle_seconds: a browser in which nobody does anything for so long is signed out.
        secure: the server is reached by https alone, so that browsers send the cookie over nothing else.
        limits: how large scans may be.
        wake: called when there is a new job.
        queue_lives: whether the thread that works the queue of jobs lives.
        observe: told of each request when it was answered.
    """
    app = FastAPI(title="review", docs_url=None, redoc_url=None, openapi_url=None)
    labels = Labels.load(folders_in_use(templates, out_dir))
    app.state.room = Room(
        store=store,
        out=out_dir,
        pictures=Pictures(out_dir),
        labels=labels,
        access=Access(store, announce, idle_seconds=idle_seconds),
        pages=Environment(
            loader=PackageLoader("extractor.review"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        ),
        listing=Listing(store),
        approvals=Approvals(store),
        previews=Previews(out_dir, templates),
        intake=Intake(store, out_dir, limits or Limits(), wake),
        rules=record_rules(labels.schemas),
        book_rules=BookRules(store, labels),
        lease_seconds=lease_seconds,
        secure=secure,
    )
    app.state.desk = Desk(out_dir, templates)
    app.state.readiness = Readiness(store, out_dir, queue_lives)
    app.state.room.access.invite()
    app.middleware("http")(guard(hosts, secure=secure))
    app.mount("/static", StaticFiles(directory=_HERE / "static"))
    app.include_router(health.router)
    app.include_router(signing.router)
    app.include_router(administering.router)
    app.include_router(approving.router)
    app.include_router(boards.router)
    app.include_router(pages.router)
    app.include_router(book_pages.router)
    app.include_router(book_hand.router)
    app.include_router(mending.pages_router)
    app.include_router(mending.router)
    app.include_router(api.router)
    app.include_router(record_form.router)
    app.include_router(scans.router)
    app.include_router(scans_api.router)
    app.include_router(inspecting.pages_router)
    app.include_router(inspecting.router)
    for part in (designer_pages, designer_api, designer_saving):
        app.include_router(part.router)
    app.add_exception_handler(NotSignedInError, _not_signed_in)
    app.add_exception_handler(PasswordDueError, _password_due)
    app.add_exception_handler(NotAllowedError, _not_allowed)
    app.add_exception_handler(ForeignPostError, _foreign)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _no_such_page)
    app.add_exception_handler(ExtractorError, _trouble)
    app.add_middleware(Numbered, observe=observe)
    return app


def _wants_data(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/crop/", "/page/", "/problem/"))


def _page(request: Request, template: str, status: int, **content: str) -> Response:
    room: Room = request.app.state.room
    language = get_language(request)
    visit = room.access.visit(secret_of(request), language)
    return pages.render(room, visit, template, status, language=language, **content)


def _not_signed_in(request: Request, _error: Exception) -> Response:
    if _wants_data(request):
        return JSONResponse({"error": "session"}, 401)
    back = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        back += f"?{request.url.query}"
    return RedirectResponse("/sign-in" if back == "/" else f"/sign-in?back={quote(back)}", 303)


def _password_due(request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "password"}, 403) if _wants_data(request) else RedirectResponse("/account", 303)


def _not_allowed(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotAllowedError)
    tell_refusal("not allowed", account=error.account, request=request)
    if _wants_data(request):
        return JSONResponse({"error": "allowed"}, 403)
    return _page(request, "error.html", 403, message="not_allowed")


def _foreign(request: Request, error: Exception) -> Response:
    assert isinstance(error, ForeignPostError)
    tell_refusal("post without the token", account=error.account, request=request)
    return JSONResponse({"error": "csrf"}, 403)


def _not_understood(request: Request, _error: Exception) -> Response:
    # The standard answer would repeat what was sent, which may be text of a register.
    return (
        JSONResponse({"error": "invalid"}, 422)
        if _wants_data(request)
        else _page(request, "error.html", 404, message="not_found")
    )


def _no_such_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    if _wants_data(request):
        return JSONResponse({"error": "http"}, status)
    return _page(request, "error.html", status, message="not_found")


def _trouble(request: Request, error: Exception) -> Response:
    missing = isinstance(error, ImageError | NotStoredError)
    status = 404 if missing else 503
    if not missing:
        tell_mistake(error)
    if _wants_data(request):
        return JSONResponse({"error": "missing" if missing else "store"}, status)
    return _page(request, "error.html", status, message="not_found" if missing else "store_trouble")
