"""A real PostgreSQL server for a test, and its start over again."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any


def new_server(*, cleanup_mode: str = "delete") -> Any:
    """A server over a new data folder; raises what the last of three tries raised.

    The folder lies beside pytest's own, not in it: as root, the server runs as another user, and any pytest that starts
    meanwhile (tests start some) closes its folder to others again. A busy machine may also take longer than the ten
    seconds that pgserver waits.
    """
    for last_try in (False, False, True):
        folder = Path(tempfile.mkdtemp(prefix="extractor-pg-"))
        try:
            return server_over(folder, cleanup_mode=cleanup_mode)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            if last_try:
                raise
    raise AssertionError("unreachable")


def server_over(folder: Path, *, cleanup_mode: str) -> Any:
    """The server over this data folder, started where it is not running."""
    with warnings.catch_warnings(action="ignore"):  # pgserver's own, about the runtime folder
        import pgserver

        return pgserver.get_server(folder, cleanup_mode=cleanup_mode)
