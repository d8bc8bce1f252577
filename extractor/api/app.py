"""The application: operations, errors, the door in front of them, and the queue of jobs behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

import extractor
from extractor.api import jobs, records, tasks, uploads
from extractor.api.description import describe
from extractor.api.door import Door
from extractor.api.forms import FormsInUse
from extractor.api.models import Health
from extractor.api.pace import Pace
from extractor.api.problems import ApiError, answers, as_api_error, as_response, of_http, of_validation
from extractor.api.room import AnyRoom, ApiRoom
from extractor.api.route import ApiRoute
from extractor.api.throttle import AtOnce, Throttle
from extractor.errors import ExtractorError
from extractor.jobs import Intake
from extractor.jobs.runner import Runner
from extractor.review.labels import Labels
from extractor.review.pictures import Pictures
from extractor.scans import Limits
from extractor.service import health as probes
from extractor.service.health import Readiness
from extractor.service.requests import Numbered, Observe, unobserved
from extractor.store import Store
from extractor.templates.own_forms import folders_in_use

REQUESTS_PER_SECOND = 50.0
WRONG_KEYS_PER_SECOND = 0.2
MOST_AT_ONCE = 100

_open = APIRouter(prefix="/v1", tags=["server"], route_class=ApiRoute)


@_open.get("/health", responses={code: answer for code, answer in answers().items() if code in {422, 500, 503}})
def health(room: AnyRoom) -> Health:
    """Whether server and database work; needs no key."""
    room.listing.alive()
    return Health(version=extractor.__version__)


ROUTERS = (_open, uploads.router, jobs.router, records.router, tasks.router)


def create_app(
    store: Store,
    out: Path,
    *,
    templates: Sequence[Path] = (),
    limits: Limits | None = None,
    runner: Runner | None = None,
    requests_per_second: float = REQUESTS_PER_SECOND,
    wrong_keys_per_second: float = WRONG_KEYS_PER_SECOND,
    most_at_once: int = MOST_AT_ONCE,
    pace: Pace | None = None,
    observe: Observe = unobserved,
) -> FastAPI:
    """Make the application.

    Args:
        store: where everything is; the caller closes it.
        out: output folder of the runs; scans, pictures and exports lie below it.
        templates: folders of page templates.
        limits: how large scans may be.
        runner: works the queue of jobs, from the application's start to its end; without one they wait.
        requests_per_second: that a key may make for a long time; four times as many at once.
        wrong_keys_per_second: that one address may try for a long time; twenty at once.
        most_at_once: requests that may be under way; a quarter of them from one key.
        pace: at which requests have to arrive.
        observe: told of each request when it was answered.
    """

    @asynccontextmanager
    async def working(_app: FastAPI) -> AsyncIterator[None]:
        if runner is not None:
            runner.start()
        yield
        if runner is not None:
            runner.stop()

    app = FastAPI(
        title="extractor",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=working,
        generate_unique_id_function=lambda route: route.name,
    )
    room = ApiRoom(
        store=store,
        out=out,
        pictures=Pictures(out),
        labels=Labels.load(folders_in_use(templates, out)),
        in_use=FormsInUse(templates, out),
        intake=Intake(store, out, limits or Limits(), runner.wake if runner is not None else lambda: None),
        throttle=Throttle(requests_per_second, int(4 * requests_per_second)),
        wrong_keys=Throttle(wrong_keys_per_second, 20),
        at_once=AtOnce(most_at_once),
        pace=pace or Pace(),
    )
    app.state.room = room
    app.state.readiness = Readiness(store, out, runner.is_alive if runner is not None else lambda: True)
    for router in (*ROUTERS, probes.router):
        app.include_router(router)
    app.openapi = lambda: describe(app, room, _operations())  # type: ignore[method-assign]
    app.add_api_route("/v1/openapi.json", lambda: JSONResponse(app.openapi()), include_in_schema=False)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ApiError, _problem)
    app.add_exception_handler(ExtractorError, _trouble)
    app.add_middleware(Door, room=room)
    app.add_middleware(Numbered, observe=observe)
    return app


def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return as_response(error)


def _not_valid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return as_response(of_validation(error))


def _trouble(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ExtractorError)
    return as_response(as_api_error(error))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = as_response(of_http(error))
    if error.status_code == 405:
        # The framework names the methods of the first operation at the address only.
        methods: set[str] = set()
        for route in _operations():
            if route.matches(request.scope)[0] is not Match.NONE:
                methods |= route.methods or set()
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _operations() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
