"""The outermost part of a server: gives each request a number, and tells how it was answered."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from extractor.logs import request_id

HEADER = b"x-request-id"
Observe = Callable[[str, str, int, float], None]
"""Told of each request: method, pattern of its address, status, seconds."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ELSEWHERE = "elsewhere"
"""Stands for all addresses that the server does not have."""
_CUT_OFF = 499
"""Status of requests that were left before they were answered, as web servers count them."""


def unobserved(_method: str, _route: str, _status: int, _seconds: float) -> None:
    """Tell nobody."""


class Numbered:
    """Gives each request a number of its own; one that comes with the request is not believed.

    The number stands in the header X-Request-Id of the answer and in the log, so that somebody who saw an error can
    name it without naming what they looked at.
    """

    def __init__(self, app: ASGIApp, observe: Observe = unobserved) -> None:
        self._app, self._observe = app, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, status, began = secrets.token_hex(8), _CUT_OFF, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, number.encode())]}
            await send(message)

        before = request_id.set(number)
        try:
            await self._app(scope, receive, sending)
        finally:
            request_id.reset(before)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._observe(method, _pattern(scope), status, time.perf_counter() - began)


def _pattern(scope: Scope) -> str:
    """The address without its numbers: few of them, and none tells what was looked at."""
    pattern = getattr(scope.get("route"), "path", "") or scope.get(
        "root_path", ""
    )  # the latter of files of the package
    return pattern if isinstance(pattern, str) and pattern else ELSEWHERE
