"""Headers of every answer, and the check that requests are meant for this server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse

from extractor.review.refusals import tell_mistake, tell_refusal

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
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

HTTPS_ALONE = "max-age=31536000; includeSubDomains"
"""For a year the browser asks this host for nothing over plain http: give the room a host name of its own."""

MOST_BYTES = 1024 * 1024
"""Of what is posted: the longest is the form of an account with very many books."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

Next = Callable[[Request], Awaitable[Response]]


def guard(hosts: Collection[str], *, secure: bool = False) -> Callable[[Request, Next], Awaitable[Response]]:
    """Middleware that refuses other hosts, foreign posts and endless ones, answers mistakes, and adds the headers.

    A page elsewhere can make a browser ask this server under a name of its own; the host's name gives it away.
    """
    headers = {**SECURITY_HEADERS, "Strict-Transport-Security": HTTPS_ALONE} if secure else SECURITY_HEADERS

    async def middleware(request: Request, call_next: Next) -> Response:
        host = request.headers.get("host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        origin = request.headers.get("origin")
        if hosts and name not in hosts:
            response: Response = PlainTextResponse("This server does not answer under that name.", 421)
        elif request.method == "POST" and origin is not None and urlsplit(origin).netloc != host:
            tell_refusal("post from another site")
            response = PlainTextResponse("This request came from another site.", 403)
        elif request.method == "POST" and not _is_short(request):
            response = PlainTextResponse("The request tells no length, or is too long.", 413)
        else:
            try:
                response = await call_next(request)
            except ClientDisconnect:
                raise  # nobody is left to answer
            except Exception as error:
                tell_mistake(error)
                response = PlainTextResponse("Máy chủ gặp lỗi. The server made a mistake.", 500)
        for header, content in headers.items():
            if header != "Cache-Control" or not request.url.path.startswith("/static/"):
                response.headers[header] = content
        return response

    return middleware


def _is_short(request: Request) -> bool:
    length = request.headers.get("content-length", "")
    if "transfer-encoding" in request.headers:
        return False  # browsers do not send it, and two ways to tell a length are one too many
    return length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= MOST_BYTES
