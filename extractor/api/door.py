"""What every request passes before anything looks at it: headers, size, key, pace, and a catch for what fails."""

from __future__ import annotations

import json
import logging
import traceback
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.api.problems import MEDIA_TYPE, ApiError, as_api_error, as_response, wrong_key
from extractor.api.room import MOST_JSON, ApiRoom
from extractor.errors import ExtractorError
from extractor.service.health import PATHS
from extractor.store import ApiKey

log = logging.getLogger(__name__)

OPEN_PATHS = frozenset({"/v1/health", "/v1/openapi.json"})
"""What is answered without a key; neither tells anything of a register."""

HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""No answer is to be shown in a page, guessed at, or kept by a cache on the way."""

_UPLOAD_END = "/content"


class Door:
    """The outermost part of the application."""

    def __init__(self, app: ASGIApp, room: ApiRoom) -> None:
        self._app = app
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it at the door."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await sending(message)

        sending = _Sending(send)
        try:
            if scope["path"] in PATHS:  # a supervisor is told that the server lives, however full it is
                await self._app(scope, receive, noting)
                return
            if scope["path"] not in OPEN_PATHS:
                scope.setdefault("state", {})["key"] = await self._key(scope)
            key = scope["state"]["key"].id if "key" in scope.get("state", {}) else None
            self._check_places(key)
            with self._room.at_once.place(key):
                await self._app(scope, _limited(scope, self._room.pace.keep(receive)), noting)
        except ApiError as error:
            await as_response(error)(scope, receive, noting)
        except ExtractorError as error:
            await as_response(as_api_error(error))(scope, receive, noting)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            _tell(error)
            if begun:
                return  # the server sees that the answer is not whole, and breaks the connection off
            failed = ApiError(500, "failed", "The server made a mistake.", mend="Try again; tell who runs the server.")
            await as_response(failed)(scope, receive, noting)

    def _check_places(self, key: int | None) -> None:
        if self._room.at_once.full():
            raise ApiError(
                503, "busy", "Too many requests are under way.", mend="Wait as long as Retry-After says.",
                headers={"Retry-After": "2"},
            )  # fmt: skip
        if key is not None and self._room.at_once.full(key):
            raise ApiError(
                429, "too-many", "Too many requests of the key are under way.", mend="Wait for their answers.",
                headers={"Retry-After": "2"},
            )  # fmt: skip

    async def _key(self, scope: Scope) -> ApiKey:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        kind, _, text = given[0].decode("latin-1").partition(" ") if len(given) == 1 else ("", "", "")
        if kind.lower() != "bearer" or not text.strip():
            raise ApiError(
                401,
                "no-key",
                "The request carries no key.",
                mend="Send the header Authorization: Bearer KEY.",
                headers={"WWW-Authenticate": 'Bearer realm="extractor"'},
            )
        key = await run_in_threadpool(self._room.keys.find, text.strip())
        if key is None:
            self._slow_down(self._room.wrong_keys.take((scope.get("client") or ("",))[0]), "Too many wrong keys.")
            raise wrong_key()
        self._slow_down(self._room.throttle.take(key.id), "Too many requests.")
        return key

    @staticmethod
    def _slow_down(seconds: int, detail: str) -> None:
        if seconds:
            raise ApiError(
                429,
                "too-fast",
                detail,
                mend="Wait as long as Retry-After says.",
                headers={"Retry-After": str(seconds)},
            )


class _Sending:
    """Adds the headers, and turns plain-text errors of the framework into problem documents."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._swallow = False

    async def __call__(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            if not self._swallow:
                await self._send(message)
            return
        headers = dict(message["headers"])
        status = message["status"]
        body = b""
        if status >= 400 and headers.get(b"content-type", b"").startswith(b"text/plain"):
            self._swallow = True
            body = _plain_problem(status)
            headers[b"content-type"] = MEDIA_TYPE.encode()
            headers[b"content-length"] = str(len(body)).encode()
        for name, content in HEADERS.items():
            headers.setdefault(name.encode(), content.encode())
        await self._send({**message, "headers": list(headers.items())})
        if self._swallow:
            await self._send({"type": "http.response.body", "body": body})


def _plain_problem(status: int) -> bytes:
    error = ApiError(status, "http", HTTPStatus(status).phrase + ".")
    return json.dumps(error.problem.model_dump(exclude_none=True)).encode()


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Receive no more than a request may hold; uploads have a limit of their own."""
    if scope["path"].startswith("/v1/uploads/") and scope["path"].endswith(_UPLOAD_END):
        return receive
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MOST_JSON:
            raise HTTPException(413)
        return message

    return limited


def _tell(error: Exception) -> None:
    """Log a mistake of the program by its kind and place: its own text may quote what stands in a register."""
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-5:]]
    log.error("%s at %s", type(error).__name__, " > ".join(places))
