"""The figures of a server on a port of their own, so that no rule for the room has to let them through."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from extractor.errors import SettingsError
from extractor.service.requests import Observe, unobserved

if TYPE_CHECKING:
    from extractor.store import Store

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PATH = "/metrics"
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LEAST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class MetricsPlace:
    """Where figures are told.

    Args:
        host: address to listen on.
        port: port; 0 takes a free one.
        token: that a reader has to send as ``Authorization: Bearer ...``; none is asked for where it is empty.

    Raises:
        SettingsError: other machines could read them without a token, or the token is short.
    """

    port: int
    host: str = "127.0.0.1"
    token: str = ""

    def __post_init__(self) -> None:
        """Look at the token."""
        if self.host not in LOOPBACK and not self.token:
            raise SettingsError(
                f"--metrics-host {self.host}: other machines could read the figures.",
                mend="Set EXTRACTOR_METRICS_TOKEN, or leave the address at 127.0.0.1.",
            )
        if self.token and (len(self.token) < _LEAST_TOKEN or not self.token.isascii() or not self.token.isprintable()):
            raise SettingsError(
                "EXTRACTOR_METRICS_TOKEN is short, or holds other than ASCII signs.",
                mend=f"Take at least {_LEAST_TOKEN} of them, as 'openssl rand -hex 32' makes them.",
            )


@contextmanager
def telling_metrics(store: Store, place: MetricsPlace | None) -> Iterator[Observe]:
    """Serve the figures meanwhile, where a place is named; gives what has to be told of each request.

    Raises:
        SettingsError: the place cannot be listened on.
    """
    if place is None:
        yield unobserved
        return
    from extractor.service.metrics import Metrics

    metrics = Metrics(store)
    with serving(metrics.text, place):
        yield metrics.observe


@contextmanager
def serving(text: Callable[[], bytes], place: MetricsPlace) -> Iterator[int]:
    """Answer requests for the figures from threads of their own; gives the port."""
    from extractor.service.listening import listen

    class Handler(_Handler):
        figures = staticmethod(text)
        token = place.token

    server = ThreadingHTTPServer((place.host, place.port), Handler, bind_and_activate=False)
    server.daemon_threads = True
    server.socket.close()
    server.socket = listen(place.host, place.port)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    figures: Callable[[], bytes]
    token: str
    timeout = 10  # seconds of a silent connection

    def do_GET(self) -> None:
        """Tell the figures."""
        if self.path.partition("?")[0] != PATH:
            self._answer(HTTPStatus.NOT_FOUND, b"")
        elif self.token and not self._fits(self.headers.get("Authorization", "")):
            self._answer(HTTPStatus.UNAUTHORIZED, b"")
        else:
            self._answer(HTTPStatus.OK, self.figures())

    def _fits(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode())

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response_only(status)
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Type", _CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Nothing: who asked for figures is of no interest."""
