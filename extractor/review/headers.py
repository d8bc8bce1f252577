"""Headers of every answer, and the check that requests are meant for this server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.responses import PlainTextResponse

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Nothing comes from elsewhere, nothing runs inline, nothing of a register stays in the browser's cache on disk."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

Next = Callable[[Request], Awaitable[Response]]


def guard(hosts: Collection[str]) -> Callable[[Request, Next], Awaitable[Response]]:
    """Middleware that refuses other hosts and foreign posts, and adds the headers.

    A page elsewhere can make a browser ask this server under a name of its own; the host's name gives it away.
    """

    async def middleware(request: Request, call_next: Next) -> Response:
        host = request.headers.get("host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        origin = request.headers.get("origin")
        if hosts and name not in hosts:
            response: Response = PlainTextResponse("This server does not answer under that name.", 421)
        elif request.method == "POST" and origin is not None and urlsplit(origin).netloc != host:
            response = PlainTextResponse("This request came from another site.", 403)
        else:
            response = await call_next(request)
        for header, content in SECURITY_HEADERS.items():
            if header != "Cache-Control" or not request.url.path.startswith("/static/"):
                response.headers[header] = content
        return response

    return middleware
