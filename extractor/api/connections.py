"""Connections that nobody keeps open by doing nothing: uvicorn has no limit on how long a request's head may take."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
"""A connection on which no request is under way, and that sends something else than whole heads, lasts this long."""


def _most_files() -> int:
    """Files that this process may have open; 0 where there is no telling."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


_FILES = _most_files()
MOST_CONNECTIONS = min(400, _FILES // 2) if _FILES > 0 else 400
"""Above that, the one is closed that waits longest without a request; a process may usually have 1024 files open."""

_UNANSWERED_SECONDS = 120
"""A peer that takes nothing off the wire for this long is gone, or wants to hold a place."""


class Connection(H11Protocol):
    """A connection of the interface."""

    _head: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, a while; make room if there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        _watch_peer(transport.get_extra_info("socket"))
        self._wait_for_head()
        if len(self.connections) > MOST_CONNECTIONS:
            waiting = [other for other in self.connections if isinstance(other, Connection) and not other._busy]
            oldest = min(waiting, key=lambda other: other._since, default=self)
            self.connections.discard(oldest)  # at once, so that the next newcomer has another one closed
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what it waited for."""
        self._end_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; those that are no whole head do not prolong the wait."""
        super().data_received(data)
        if self._busy:
            self._since = self.loop.time()
            self._end_wait()
        elif not self.transport.is_closing():
            self._wait_for_head()

    @property
    def _busy(self) -> bool:
        cycle: Any = self.cycle  # none before the first request
        return cycle is not None and not cycle.response_complete

    def _wait_for_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _end_wait(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


def _watch_peer(connection: socket.socket | None) -> None:
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * _UNANSWERED_SECONDS)
