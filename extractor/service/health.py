"""Whether a server lives, and whether it can work: for supervisors of processes, without signing in."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from extractor.store import Store

log = logging.getLogger(__name__)

PATHS = frozenset({"/healthz", "/readyz"})
"""Answered to anybody, with nothing but ok or not."""
_KEPT_SECONDS = 1.0
"""However often somebody asks, the database is asked no oftener."""

router = APIRouter(include_in_schema=False)


class Readiness:
    """Whether the database answers with the right schema, the folder can be written, and the queue is worked.

    Args:
        queue_lives: whether the thread that works the queue of jobs lives; where a server has none, it is not asked.
    """

    def __init__(self, store: Store, out: Path, queue_lives: Callable[[], bool] = lambda: True) -> None:
        self._checks: dict[str, Callable[[], bool]] = {
            "database": store.answers,
            "output folder": lambda: _can_write(out),
            "queue of jobs": queue_lives,
        }
        self._lock = threading.Lock()
        self._asked_at, self._failing = -_KEPT_SECONDS, ""

    def ready(self) -> bool:
        """Look, unless somebody just did; what changed is told to the log."""
        with self._lock:
            if time.monotonic() - self._asked_at >= _KEPT_SECONDS:
                before, self._failing = self._failing, ", ".join(self._failures())
                self._asked_at = time.monotonic()
                if self._failing != before:
                    log.warning("not ready: %s", self._failing) if self._failing else log.warning("ready again")
            return not self._failing

    def _failures(self) -> list[str]:
        failing = []
        for what, works in self._checks.items():
            try:
                if not works():
                    failing.append(what)
            except Exception as error:
                failing.append(f"{what} ({type(error).__name__})")
        return failing


def _can_write(folder: Path) -> bool:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"ready")  # a full disk takes the name of a file, but not its bytes
        file.flush()
    return True


def readiness_of(request: Request) -> Readiness:
    """What the application was made with."""
    readiness: Readiness = request.app.state.readiness
    return readiness


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """Whether the process lives; asks nothing, so that a database that is away restarts no server."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def readyz(readiness: Annotated[Readiness, Depends(readiness_of)]) -> JSONResponse:
    """Whether requests can be answered."""
    return JSONResponse({"status": "ok"}) if readiness.ready() else JSONResponse({"status": "not ready"}, 503)
