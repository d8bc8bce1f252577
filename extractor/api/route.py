"""How operations take requests: nothing unknown in the query, JSON as JSON, a request sent twice carried out once."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import anyio
from fastapi import Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from extractor.api.problems import ApiError, FieldFault, as_api_error, wrong_field
from extractor.api.room import key_of, room_of
from extractor.errors import ExtractorError
from extractor.store import Reply, ReplyConflict

REPLAYED = "Idempotency-Replayed"
_PATTERN = r"^[!-~]{1,200}$"
_PARAMETER = "idempotency_key"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=_PATTERN,
        description="Any text of your own. The same request under the same key is carried out once, for 24 hours.",
    ),
]
"""Parameter of operations that make something."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ApiRoute(APIRoute):
    """An operation of the interface."""

    def get_route_handler(self) -> Handler:
        """The handler with the checks around it."""
        inner = super().get_route_handler()
        known = {str(param.alias) for param in self.dependant.query_params}
        creates = _PARAMETER in inspect.signature(self.endpoint).parameters

        async def handler(request: Request) -> Response:
            _check_query(request, known)
            if self.body_field is not None:
                _check_json(request)
            names = request.headers.getlist("idempotency-key")
            if len(names) > 1:
                raise wrong_field("header.Idempotency-Key", "stands twice")
            name = names[0] if names else ""
            if creates and re.match(_PATTERN, name):
                return await _once(request, name, inner)
            return await inner(request)

        return handler


def _check_query(request: Request, known: set[str]) -> None:
    """Refuse what would be overlooked: a misspelt parameter would silently widen what is asked for."""
    given = [name for name, _ in request.query_params.multi_items()]
    faults = [
        FieldFault(field="query", message=f"unknown parameter; known: {', '.join(sorted(known)) or 'none'}")
        for name in given
        if name not in known
    ]
    faults += [FieldFault(field=f"query.{name}", message="stands twice") for name in known if given.count(name) > 1]
    if faults:
        raise ApiError(422, "invalid", "The request is not valid.", mend="Correct the query.", errors=faults)


def _check_json(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and (kind or request.headers.get("content-length", "0") != "0"):
        raise ApiError(415, "unsupported-type", "The body is not JSON.", mend="Send Content-Type: application/json.")


async def _once(request: Request, name: str, inner: Handler) -> Response:
    """Carry a request out, or give the answer it was given before."""
    room, key = room_of(request), key_of(request)
    asked = b"\n".join([request.method.encode(), request.url.path.encode(), await request.body()])
    begun = await run_in_threadpool(room.replies.begin, key.id, name, hashlib.sha256(asked).hexdigest())
    if isinstance(begun, Reply):
        return Response(begun.body, begun.status, {**begun.headers, REPLAYED: "true"})
    if isinstance(begun, ReplyConflict):
        raise _conflict(begun)
    request.state.resource = begun.resource
    try:
        response = await inner(request)
    except BaseException as error:
        # A refused answer to a field was kept with its refusal, in one transaction; what else was refused did nothing.
        undo = room.replies.drop if _is_refusal(error) else room.replies.forget
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(undo, key.id, name)
        raise
    with anyio.CancelScope(shield=True):
        await run_in_threadpool(room.replies.finish, key.id, name, as_reply(response))
    return response


def _is_refusal(error: BaseException) -> bool:
    """Whether the request was at fault, and not the server or its surroundings."""
    if isinstance(error, ExtractorError):
        error = as_api_error(error)
    if isinstance(error, ApiError):
        return error.status < 500
    return isinstance(error, RequestValidationError) or (isinstance(error, HTTPException) and error.status_code < 500)


def as_reply(response: Response) -> Reply:
    """An answer as it is kept."""
    kept = {header: response.headers[header] for header in ("content-type", "location") if header in response.headers}
    return Reply(response.status_code, kept, bytes(response.body).decode())


def _conflict(conflict: ReplyConflict) -> ApiError:
    if conflict.under_way:
        detail, mend = "The same request is still worked on.", "Wait, then send it again."
        return ApiError(409, "under-way", detail, mend=mend, headers={"Retry-After": "1"})
    detail = "The Idempotency-Key was used for another request."
    return ApiError(409, "key-reused", detail, mend="Make a new one for each request.")
